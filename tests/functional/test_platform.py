# SPDX-License-Identifier: GPL-2.0-or-later
"""Firmware, the stock OpenGL path, and what a user reads on errors."""

import os
import subprocess
import time

from harness import env, picture
from harness.case import FunctionalTest, VmTest, expected_card
from harness.vm import MACHINE, Vm
from harness.xserver import XServer


class Firmware(VmTest):
    group = 'firmware'

    @classmethod
    def make_vm(cls):
        image = next(path for path in env.FIRMWARE if path.exists())
        return Vm(cls.log_dir(), None, extra=('-bios', str(image)))

    def setUp(self):
        if not any(path.exists() for path in env.FIRMWARE):
            self.skipTest('qemu-efi-aarch64 is not installed')
        cls = type(self)
        if not cls.vm:
            cls.vm = cls.make_vm()
            cls.vm.start()

    def test_edk2_paints_its_screen(self):
        deadline = time.monotonic() + 90
        while picture.colours(self.vm.picture()) < 16:
            self.assertLess(time.monotonic(), deadline,
                            'EDK2 painted no logo')
            time.sleep(1)
        image = self.vm.picture()
        image.save(self.log_dir() / f'{self.short_name}.png')
        self.assertGreater(picture.lit_box(image)[2], 2000)

    def test_edk2_goes_on_painting(self):
        before = self.vm.picture()
        deadline = time.monotonic() + 60
        while picture.difference(before, self.vm.picture()) == 0:
            self.assertLess(time.monotonic(), deadline, 'the screen is frozen')
            self.vm.qmp.execute('send-key', keys=[
                {'type': 'qcode', 'data': 'esc'}])
            time.sleep(1)
        self.vm.picture().save(self.log_dir() / f'{self.short_name}.png')


class StockOpenGL(VmTest):
    """With a GL display the stock device still runs, untouched by ours."""

    group = 'stock-opengl'
    devices = ('virtio-gpu-gl-pci,romfile=,id=gpu0',)

    @classmethod
    def setUpClass(cls):
        cls.x = XServer(cls.log_dir() / 'xvfb.log')
        cls.x.__enter__()
        cls.addClassCleanup(cls.x.__exit__)

    @classmethod
    def make_vm(cls):
        return Vm(cls.log_dir(), cls.guest, gpu=cls.devices,
                  display=('-display', 'sdl,gl=on'), environ=cls.x.environ)

    def test_window_shows_the_text_console(self):
        window = self.x.wait_windows()[0]
        image = picture.stable(lambda: self.x.picture(window), 60)
        image.save(self.log_dir() / f'{self.short_name}.png')
        self.assertGreater(picture.lit_box(image)[2], 500, 'no text')
        self.assertLess(picture.colours(image), 200)

    def test_guest_sees_virgl(self):
        features = self.vm.console.check(
            'cat /sys/class/drm/card0/device/virtio*/features')
        self.assertEqual(features[0], '1', 'no F_VIRGL')
        self.assertIn('+virgl', self.vm.console.check('dmesg | grep virgl'))

    def test_window_shows_the_card_in_a_dumb_buffer(self):
        self.hold_card('dumb')
        window = self.x.wait_windows()[0]
        size = self.x.picture(window).size
        self.assert_shows(lambda: self.x.picture(window), expected_card(size))

    def test_no_render_server_is_started(self):
        self.assertIsNone(self.vm.render_server())


class StockVenus(StockOpenGL):
    """Venus through the stock device's own path, beside OpenGL."""

    group = 'stock-venus'
    devices = ('virtio-gpu-gl-pci,venus=on,blob=on,hostmem=256M,'
               'romfile=,id=gpu0',)

    # The library starts its server by itself there.
    test_no_render_server_is_started = None

    def test_vulkaninfo_names_venus(self):
        self.assert_vulkaninfo()


class Errors(FunctionalTest):
    """What QEMU prints when the device cannot be had as asked for."""

    group = 'errors'

    def refused(self, device, *more, environ=None, machine=MACHINE):
        """Starts QEMU, which has to refuse: what it said of why."""
        command = [str(env.QEMU), '-nodefaults', *machine, '-display', 'none',
                   '-S', '-device', device, *more]
        log = self.log_dir() / f'{self.short_name}.log'
        with open(log, 'w', encoding='utf-8') as file:
            try:
                status = subprocess.run(command, stdin=subprocess.DEVNULL,
                                        stdout=file, stderr=file, timeout=60,
                                        env=environ).returncode
            except subprocess.TimeoutExpired:
                self.fail('QEMU started, or hangs')
        said = log.read_text(encoding='utf-8')
        self.assertEqual(status, 1, f'not a plain refusal: {said}')
        self.assertLessEqual(len(said.splitlines()), 6, 'too many words')
        return said.replace(device, '')     # that is our own text

    def test_blob_off(self):
        self.assertRegex(self.refused(env.VENUS + ',blob=off'), 'blob')

    def test_hostmem_not_a_power_of_two(self):
        self.assertRegex(self.refused(env.VENUS + ',hostmem=100M'), 'hostmem')

    def test_virgl_and_venus_off(self):
        self.assertRegex(self.refused(
            'virtio-gpu-gl-pci,venus=off,virgl=off,romfile='), 'virgl')

    def test_virtio_mmio(self):
        self.assertRegex(self.refused('virtio-gpu-gl-device,venus=on'),
                         '(?i)mmio|pci')

    def test_no_render_server(self):
        environ = dict(os.environ, RENDER_SERVER_EXEC_PATH='/nonexistent')
        self.assertRegex(self.refused(env.VENUS, environ=environ),
                         'render.server')

    def test_no_vulkan_driver(self):
        environ = dict(os.environ, VK_DRIVER_FILES='/nonexistent.json',
                       VK_ICD_FILENAMES='/nonexistent.json')
        self.assertRegex(self.refused(env.VENUS, environ=environ),
                         '(?i)vulkan|driver|ICD')
