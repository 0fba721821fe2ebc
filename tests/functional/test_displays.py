# SPDX-License-Identifier: GPL-2.0-or-later
"""The same picture through every kind of display, and on two outputs."""

import re
import subprocess
import tempfile

from harness import env, picture
from harness.case import VmTest, expected_card
from harness.vm import Vm
from harness.vnc import VncClient
from harness.xserver import XServer


class Vnc(VmTest):
    group = 'vnc'

    @classmethod
    def make_vm(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.socket = f'{cls.folder.name}/vnc'
        return Vm(cls.log_dir(), cls.guest,
                  display=('-vnc', f'unix:{cls.socket}'),
                  extra=('-trace', 'venus_scanout_set'))

    def client(self):
        client = VncClient(self.socket)
        self.addCleanup(client.__exit__)
        return client

    def test_text_console(self):
        image = picture.stable(self.client().picture)
        self.assert_shows(self.vm.picture, image)
        self.assertGreater(picture.lit_box(image)[2], 500, 'no text')

    def test_vkspin_frame(self):
        self.hold_frame(37)
        self.assert_frame(37, self.client().picture)

    def test_card_in_host3d_blob(self):
        self.hold_card('host3d')
        self.assert_card(self.client().picture)

    def test_card_in_dumb_buffer(self):
        self.hold_card('dumb')
        self.assert_card(self.client().picture)

    def test_client_that_stays_sees_60_flips_a_second(self):
        client = self.client()
        client.picture()
        # Small, so that a busy host has the time to compare and send it
        self.program('flipbench --kind host3d --size 640x480 --draw --fps 60 '
                     '--frames 100000', '')
        self.wait_until(lambda: len(self.events('venus_scanout_set')) > 10,
                        'no flips', 60)
        before = len(self.events('venus_scanout_set'))
        updates = client.updates(5)
        flips = len(self.events('venus_scanout_set')) - before
        # VNC asks for the picture every 30 ms at best, which is every other
        # of 60 flips a second; a busy host may take twice as long.
        self.assertGreater(flips, 20, 'flips in 5 seconds')
        self.assertGreater(updates, flips / 4, 'updates')
        self.assertNotEqual(0, picture.difference(client.picture(),
                                                  client.picture()))

    def test_client_may_leave_while_a_blob_is_shown(self):
        first = self.client()
        self.hold_card('host3d')
        self.assert_card(first.picture)
        first.__exit__()
        self.assert_card(self.client().picture)


class Sdl(VmTest):
    group = 'sdl'
    options = ('-display', 'sdl')
    wanted = 'sdl'

    @classmethod
    def make_x(cls):
        return XServer(cls.log_dir() / 'xvfb.log')

    @classmethod
    def setUpClass(cls):
        cls.x = cls.make_x()
        cls.x.__enter__()
        cls.addClassCleanup(cls.x.__exit__)

    @classmethod
    def make_vm(cls):
        return Vm(cls.log_dir(), cls.guest, display=cls.options,
                  environ=cls.x.environ)

    def setUp(self):
        if self.wanted not in env.displays():
            self.skipTest(f'QEMU was built without {self.wanted}')
        super().setUp()

    def window_shows(self, wanted, tolerance):
        """Asserts that the guest's window holds the wanted picture."""
        window = self.x.wait_windows()[0]
        self.assert_shows(lambda: self.x.picture(window), wanted, tolerance)

    def test_text_console(self):
        self.window_shows(picture.stable(self.vm.picture), 0)

    def test_vkspin_frame(self):
        self.hold_frame(37)
        self.assert_frame(37)
        self.window_shows(self.vm.picture(), 0)

    def test_card_in_host3d_blob(self):
        self.hold_card('host3d')
        self.assert_card()
        self.window_shows(expected_card(self.vm.picture().size), 0)


class Gtk(Sdl):
    group = 'gtk'
    options = ('-display', 'gtk,show-menubar=off')
    wanted = 'gtk'

    def window_shows(self, wanted, tolerance):
        window = self.x.wait_windows()[0]

        def crop():
            image = self.x.picture(window)
            place = picture.find(image, wanted)
            if not place:
                return image
            return image.crop((*place, place[0] + wanted.width,
                               place[1] + wanted.height))
        self.assert_shows(crop, wanted, tolerance)


class Dbus(VmTest):
    group = 'dbus'

    @classmethod
    def setUpClass(cls):
        bus = subprocess.Popen(
            ['setpriv', '--pdeathsig', 'KILL', 'dbus-daemon', '--session',
             '--nofork', '--print-address'],
            stdout=subprocess.PIPE, text=True)
        cls.addClassCleanup(bus.wait)
        cls.addClassCleanup(bus.kill)
        # Without the guid that follows: QEMU would take it for an option.
        cls.address = bus.stdout.readline().strip().split(',')[0]
        bus.stdout.close()

    @classmethod
    def make_vm(cls):
        return Vm(cls.log_dir(), cls.guest,
                  display=('-display', f'dbus,addr={cls.address}'))

    def setUp(self):
        if 'dbus' not in env.displays():
            self.skipTest('QEMU was built without dbus')
        super().setUp()

    def console_property(self, name):
        out = subprocess.run(
            ['gdbus', 'call', '--address', self.address,
             '--dest', 'org.qemu', '--object-path',
             '/org/qemu/Display1/Console_0', '--method',
             'org.freedesktop.DBus.Properties.Get',
             'org.qemu.Display1.Console', name],
            check=True, text=True, timeout=30, stdout=subprocess.PIPE).stdout
        return int(re.search(r'(\d+)>', out).group(1))

    def test_vkspin_frame_beside_the_bus(self):
        self.hold_frame(37)
        self.assert_frame(37)

    def test_bus_knows_the_size_of_a_blob_scanout(self):
        self.hold_card('host3d')
        self.assert_card()
        size = self.vm.picture().size
        self.assertEqual((self.console_property('Width'),
                          self.console_property('Height')), size)


class TwoOutputs(VmTest):
    """One VNC server an output; its client's wish enables the output."""

    group = 'two-outputs'

    @classmethod
    def make_vm(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        display = []
        for head in range(2):
            display += ['-vnc', f'unix:{cls.folder.name}/{head},id=vnc{head},'
                                f'display=gpu0,head={head}']
        return Vm(cls.log_dir(), cls.guest, display=display,
                  gpu=(env.VENUS + ',id=gpu0,max_outputs=2',))

    def client(self, head):
        client = VncClient(f'{self.folder.name}/{head}')
        self.addCleanup(client.__exit__)
        return client

    def connectors(self):
        return self.vm.console.check(
            'cat /sys/class/drm/card0-*/status').split()

    def test_second_output_is_off_until_somebody_looks(self):
        self.assertEqual(self.connectors(), ['connected', 'disconnected'])

    def test_each_output_shows_its_own_card(self):
        clients = [self.client(head) for head in range(2)]
        clients[1].set_size(800, 600)
        self.vm.console.check('for i in 1 2 3 4 5 6 7 8 9 10; do '
                              'grep -q ^connected /sys/class/drm/card0-*2/'
                              'status && break; sleep 1; done')
        self.assertEqual(self.connectors(), ['connected', 'connected'])
        sizes = (self.vm.picture(0).size, (800, 600))
        self.hold_card('host3d', '--all')
        for head, size in enumerate(sizes):
            card = expected_card(size, head)
            self.assert_shows(lambda h=head: self.vm.picture(h), card)
            self.assert_shows(clients[head].picture, card)


class SecondGpu(VmTest):
    """-device virtio-gpu-pci -device virtio-gpu-gl-pci,venus=on"""

    group = 'beside-virtio-gpu-pci'

    @classmethod
    def make_vm(cls):
        return Vm(cls.log_dir(), cls.guest,
                  gpu=('virtio-gpu-pci,romfile=,id=plain0',
                       env.VENUS + ',id=gpu0'))

    def card(self):
        """The guest's name for the card that has a render context."""
        # The first feature bit of virtio-gpu is F_VIRGL: it has contexts.
        return self.vm.console.check(
            'for c in /sys/class/drm/card?; do '
            'grep -q ^1 $c/device/virtio*/features && '
            'echo /dev/dri/${c##*/}; done; true').split()[0]

    def test_vulkaninfo_names_venus(self):
        self.assert_vulkaninfo()

    def test_plain_gpu_has_its_text_console(self):
        image = picture.stable(lambda: self.vm.picture(device='plain0'))
        self.assertGreater(picture.lit_box(image)[2], 500, 'no text')

    def test_vkspin_on_the_venus_gpu(self):
        self.hold_frame(37, f'--card {self.card()}')
        self.assert_frame(37)
