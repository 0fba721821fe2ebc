# SPDX-License-Identifier: GPL-2.0-or-later
"""-display sdl,vulkan=on: what is in the window, to the pixel."""

import re
import subprocess
import tempfile
import time

import test_displays
from harness import env, layers, picture
from harness.case import FunctionalTest, expected_card
from harness.layers import lookalike
from harness.vm import Vm
from harness.vnc import VncClient
from harness.xserver import ManagedXServer

DISPLAY = 'sdl,vulkan=on'


class Window(test_displays.Sdl):
    """A guest in a Vulkan window."""

    group = None
    options = ('-display', DISPLAY, '-trace', 'vulkan_*',
               '-trace', 'venus_cmd', '-trace', 'venus_cmd_reply',
               '-trace', 'venus_scanout_put', '-trace', 'console_refresh')
    layer = None
    bar = 100           # pixels beside a picture

    # Once is enough: SdlVulkan has them.
    test_text_console = test_vkspin_frame = test_card_in_host3d_blob = None

    @classmethod
    def make_vm(cls):
        environ = dict(cls.x.environ)
        if cls.layer:
            environ |= layers.environ(cls.log_dir(), cls.layer)
        return Vm(cls.log_dir(), cls.guest, display=cls.options,
                  environ=environ)

    def window(self):
        return self.x.wait_windows()[0]

    def assert_window_follows(self, timeout=30):
        """Asserts that the window comes to show what the console shows."""
        window = self.window()
        deadline = time.monotonic() + timeout
        while True:
            shown, wanted = self.x.picture(window), self.vm.picture()
            delta = picture.difference(shown, wanted)
            if delta == 0:
                break
            if time.monotonic() > deadline:
                path = self.log_dir() / self.short_name
                shown.save(f'{path}.png')
                wanted.save(f'{path}.expected.png')
                self.fail(f'{shown.size} is not {wanted.size}, or differs by '
                          f'{delta}: see {path}.png')
            time.sleep(0.3)

    def counters(self):
        """Frames shown so far, and pixels that the CPU copied for them."""
        found = re.search(r'frames (\d+) pixels copied (\d+)',
                          self.events('vulkan_presenter_frame')[-1])
        return [int(n) for n in found.groups()]

    def assert_quits(self):
        """Asserts that nothing hangs when QEMU ends while the guest flips."""
        self.program('flipbench --kind host3d --draw --fps 60 '
                     '--frames 100000', '').forget()
        self.vm.qmp.execute('quit')
        self.assert_ends()

    def assert_ends(self):
        """Asserts that QEMU ends as it was told to; there is no VM then."""
        cls = type(self)
        vm, cls.vm = self.vm, None
        self.assertEqual(vm.wait_exit(), 0)
        vm.kill()

    def resized_shows(self, width, height, wanted, tolerance=0):
        """Asserts that a window of that size shows the picture in black."""
        window = self.window()
        self.x.resize(window, width, height)
        self.assert_shows(lambda: self.x.picture(window),
                          picture.letterboxed(wanted, (width, height)),
                          tolerance)


class SdlVulkan(Window):
    group = 'sdl-vulkan'
    time_limit = 1200

    test_text_console = test_displays.Sdl.test_text_console
    test_vkspin_frame = test_displays.Sdl.test_vkspin_frame
    test_card_in_host3d_blob = test_displays.Sdl.test_card_in_host3d_blob

    def test_card_in_dumb_buffer(self):
        self.hold_card('dumb')
        self.assert_card()
        self.window_shows(expected_card(self.vm.picture().size), 0)

    def test_blob_is_imported(self):
        before = len(self.events('vulkan_image_new'))
        self.hold_card('host3d')
        self.window_shows(expected_card(self.vm.picture().size), 0)
        self.assertIn('by host-pointer',
                      self.events('vulkan_image_new')[before:][-1])

    def test_flips_of_blobs_are_copied_by_nobody(self):
        before = len(self.events('vulkan_image_new'))
        self.program('flipbench --kind host3d --draw --fps 30 '
                     '--frames 100000', '')
        # The text console's last frame is gone when a blob's is made.
        self.wait_until(lambda: 'by host-pointer' in ' '.join(
            self.events('vulkan_image_new')[before:]), 'no blob is shown', 60)
        shown, copied = self.counters()
        self.wait_until(lambda: self.counters()[0] >= shown + 20,
                        'no 20 frames', 60)
        self.assertEqual(self.counters()[1], copied, 'pixels copied')

    def test_flips_are_shown_at_once_and_once(self):
        self.hold_card('host3d').stop()         # the window has its size
        first = len(self.vm.stderr)
        before = self.counters()[0]
        self.vm.console.check('flipbench --kind host3d --fps 60 --frames 120',
                              120)
        shown = self.counters()[0] - before
        lines = [line for line in self.vm.stderr[first:].splitlines()
                 if line.startswith(('venus_cmd', 'venus_scanout_put'))]
        # Between the guest's RESOURCE_FLUSH and its answer
        at_once = sum(command.startswith('venus_cmd type 0x104 ') and
                      put.startswith('venus_scanout_put')
                      for command, put in zip(lines, lines[1:]))
        # Of those that come together because the host is busy only the last
        # is shown, by the refresh; and the text console has a few frames.
        self.assertGreater(shown, 12)
        self.assertGreater(at_once, shown / 2)
        self.assertLess(shown, 120 + 60)

    def test_refresh_rate_is_the_screens_while_it_matters(self):
        def wait_interval(ms):
            self.wait_until(lambda: f'interval {ms} ms' in
                            self.events('console_refresh')[-1],
                            f'not {ms} ms', 60)
        # Gathered from the guest's memory, and so with the refresh
        self.program('flipbench --kind guest --fps 60 --frames 100000', '')
        wait_interval(1000 // 60)
        self.vm.qmp.execute('stop')     # nothing is drawn any more
        self.addCleanup(self.vm.qmp.execute, 'cont')
        wait_interval(30)

    def test_switching_between_all_kinds(self):
        for kind in ('host3d', 'dumb', 'guest', 'host3d'):
            card = self.hold_card(kind)
            self.window_shows(expected_card(self.vm.picture().size), 0)
            card.stop()
            self.assert_text_follows()
            self.window_shows(picture.stable(self.vm.picture), 0)

    # The size is given: a guest takes that of the window sooner or later.
    def test_resized_window_has_bars(self):
        self.hold_card('host3d', '--size 1280x720')
        card = expected_card((1280, 720))
        self.window_shows(card, 0)
        self.resized_shows(card.width + 2 * self.bar, card.height, card)
        self.resized_shows(card.width, card.height + 2 * self.bar, card)
        self.resized_shows(card.width, card.height, card)

    def test_resized_window_scales(self):
        self.hold_card('dumb', '--size 1280x720')
        card = expected_card((1280, 720))
        self.window_shows(card, 0)
        self.resized_shows(card.width // 2, card.height // 2, card, 2)
        self.resized_shows(card.width * 3 // 2, card.height * 3 // 2, card, 2)
        self.resized_shows(card.width, card.height, card)

    def test_many_sizes_while_the_guest_flips(self):
        self.program('flipbench --kind host3d --draw --fps 60 '
                     '--frames 100000', '')
        window = self.window()
        # The program's mode is another: the window takes its size first.
        self.wait_until(lambda: self.x.picture(window).size == (1920, 1080),
                        'no new mode')
        # Widths of whole words: QEMU's screendump shears others.
        for step in range(30):
            self.x.resize(window, 400 + 36 * step, 900 - 17 * step)
        self.assertTrue(self.vm.responsive())
        self.assertEqual(self.x.picture(window).size, (1444, 407))

    def test_title_and_mouse_grab(self):
        window = self.window()
        self.assertIn('QEMU', self.x.title(window))
        for grab in (True, False):
            self.x.press(window, 'ctrl+alt+g', lambda: grab == (
                'exit grab' in self.x.title(window)))

    def test_guest_reboots(self):
        for again in (self.vm.reset, self.vm.reboot):
            card = self.hold_card('host3d')
            self.window_shows(expected_card(self.vm.picture().size), 0)
            card.forget()
            again()
            self.assert_window_follows()

    def test_zz_quits(self):
        """Last: QEMU is gone then."""
        self.assert_quits()


class Validated:
    """All of a class once more with the validation layer, which is silent."""

    layer = layers.VALIDATION

    def test_zz_quits(self):
        super().test_zz_quits()
        self.assertIn('Logging validation error to',
                      (self.log_dir() / 'qemu.log').read_text(),
                      'the layer was not there')
        self.assertEqual(
            (self.log_dir() / 'validation.log').read_text().strip(), '')


class SdlVulkanValidation(Validated, SdlVulkan):
    group = 'sdl-vulkan-validation'
    check = ('card_in_*', 'switching_*', 'resized_window_scales', 'zz_quits')


class FullScreen(Window):
    """A guest in a Vulkan window that may take the whole screen."""

    time_limit = 1200
    screen = (1600, 1200)       # the guest's picture is smaller, and flatter

    @classmethod
    def make_x(cls):
        return ManagedXServer(cls.log_dir() / 'xvfb.log', cls.screen)

    def setUp(self):
        super().setUp()
        self.x.move(self.window(), 0, 0)    # it may grow to the right

    def full_screen(self, wanted):
        """Goes there, or back, by the key of QEMU's window."""
        window = self.window()
        self.x.press(window, 'ctrl+alt+f',
                     lambda: self.x.is_full_screen(window) == wanted)

    def assert_fills_screen(self, wanted):
        """Asserts that the screen shows the picture as large as it can."""
        self.window_shows(picture.letterboxed(wanted, self.screen),
                          0 if wanted.size == self.screen else 2)

    def test_zz_quits(self):
        """Last: QEMU is gone then."""
        self.full_screen(True)
        self.assert_quits()


class SdlVulkanFullScreen(FullScreen):
    """From a window to full screen and back."""

    group = 'sdl-vulkan-full-screen'
    check = ()          # its validated class has it all

    def setUp(self):
        super().setUp()
        self.full_screen(False)

    def test_guests_picture_is_scaled(self):
        self.hold_card('host3d', '--size 1280x720')
        card = expected_card((1280, 720))
        self.window_shows(card, 0)
        self.full_screen(True)
        self.assert_fills_screen(card)
        self.full_screen(False)
        self.window_shows(card, 0)

    def test_guest_takes_the_size_of_the_screen(self):
        self.full_screen(True)
        size = '{}x{}'.format(*self.screen)
        self.wait_until(lambda: self.vm.console.check(
            '(cd /sys/class/drm/card*-Virtual-1; echo detect >status; '
            'cat modes)').startswith(size), 'the guest is not told')
        before = len(self.events('vulkan_image_new'))
        self.hold_card('host3d')
        self.assertEqual(self.vm.picture().size, self.screen)
        self.assert_fills_screen(expected_card(self.screen))
        self.assertIn('by host-pointer',
                      self.events('vulkan_image_new')[before:][-1])

    def test_in_and_out_while_the_guest_flips(self):
        self.program('flipbench --kind host3d --draw --fps 30 '
                     '--size 1280x720 --frames 100000', '')
        window = self.window()
        self.wait_until(lambda: self.x.picture(window).size == (1280, 720),
                        'no new mode')
        for full in (True, False, True, False):
            self.full_screen(full)
            shown = self.counters()[0]
            self.wait_until(lambda: self.counters()[0] > shown + 5,
                            'frames do not go on')
            self.vm.qmp.execute('stop')         # the picture stands still
            try:
                if full:
                    self.assert_fills_screen(self.vm.picture())
                else:
                    self.window_shows(self.vm.picture(), 0)
            finally:
                self.vm.qmp.execute('cont')


class SdlVulkanFullScreenValidation(Validated, SdlVulkanFullScreen):
    group = 'sdl-vulkan-full-screen-validation'
    check = ('*',)


class SdlVulkanStartsFullScreen(Validated, FullScreen):
    """From full screen to a window and back."""

    group = 'sdl-vulkan-starts-full-screen'
    options = (*Window.options, '-full-screen')

    def test_guest_boots_in_full_screen(self):
        self.assertTrue(self.x.is_full_screen(self.window()))
        self.assertEqual(self.vm.picture().size, self.screen)
        self.assert_fills_screen(picture.stable(self.vm.picture))

    def test_leaves_and_comes_back(self):
        self.hold_card('dumb')
        self.assert_card()
        card = self.vm.picture()
        self.full_screen(False)
        window = self.window()
        self.wait_until(lambda: self.x.picture(window).size != self.screen,
                        'the window keeps the size of the screen')
        size = self.x.picture(window).size
        self.window_shows(picture.letterboxed(card, size), 2)
        self.full_screen(True)
        self.assert_fills_screen(card)


class SdlVulkanLookalike(Window):
    """On a driver such as MoltenVK, which the loader hides from others."""

    group = 'sdl-vulkan-lookalike'
    check = ('device_*', 'card_*')

    test_text_console = test_displays.Sdl.test_text_console
    test_vkspin_frame = test_displays.Sdl.test_vkspin_frame
    test_card_in_host3d_blob = test_displays.Sdl.test_card_in_host3d_blob

    @classmethod
    def make_vm(cls):
        return Vm(cls.log_dir(), cls.guest, display=cls.options,
                  environ=cls.x.environ | lookalike(cls.log_dir()))

    def test_device_is_the_lookalike(self):
        # 16 KiB are more than a page here, so that pixels are uploaded.
        self.window()
        self.wait_until(lambda: self.events('vulkan_presenter_device'),
                        'no device')
        self.assertRegex(self.events('vulkan_presenter_device')[0],
                         'dmabuf 0 host_align 16384')


class SdlVulkanDeviceLost(Window):
    group = 'sdl-vulkan-device-lost'
    layer = layers.LOSE_DEVICE

    def lose(self):
        """The file that makes the layer lose devices while it is there."""
        path = self.log_dir() / 'lose-device'
        path.touch()
        self.addCleanup(path.unlink, missing_ok=True)
        return path

    def wait_for(self, text, timeout=30):
        self.wait_until(lambda: text in self.vm.stderr, f'no {text!r}',
                        timeout)

    def test_picture_comes_back(self):
        window = self.window()
        self.program('flipbench --kind host3d --draw --fps 60 '
                     '--frames 100000', '')
        lost = self.lose()
        self.wait_for('vulkan_presenter_fail')
        lost.unlink()
        self.assertIn('VK_ERROR_DEVICE_LOST',
                      self.events('vulkan_presenter_fail')[0])
        self.doCleanups()
        self.hold_card('host3d')
        self.assert_card()
        self.window_shows(expected_card(self.vm.picture().size), 0)
        self.assertEqual(self.window(), window, 'another window')

    def test_zz_software_takes_over(self):
        """Last: this window never comes back to Vulkan."""
        self.hold_card('host3d')
        self.lose()
        window = self.window()
        self.x.resize(window, 700, 700)     # something to draw
        self.wait_for('this window goes on without it')
        self.assertTrue(self.vm.responsive())
        self.window_shows(expected_card(self.vm.picture().size), 0)


class SdlVulkanOutputs(Window):
    """A window for each output; one goes with its output."""

    group = 'sdl-vulkan-outputs'

    @classmethod
    def make_vm(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        return Vm(cls.log_dir(), cls.guest, environ=cls.x.environ,
                  display=(*cls.options, '-vnc',
                           f'unix:{cls.folder.name}/vnc,display=gpu0,head=1'),
                  gpu=(env.VENUS + ',id=gpu0,max_outputs=2',))

    def test_second_window_comes_and_goes(self):
        client = VncClient(f'{self.folder.name}/vnc')
        self.addCleanup(client.__exit__)
        self.assertEqual(len(self.x.windows()), 1)
        client.set_size(800, 600)
        windows = self.x.wait_windows(2)
        sizes = (self.vm.picture(0).size, (800, 600))
        card = self.hold_card('host3d', '--all')
        self.x.resize(windows[0], *sizes[0])
        self.x.resize(windows[1], *sizes[1], top=sizes[0][1])
        for head, size in enumerate(sizes):
            self.assert_shows(lambda h=head: self.x.picture(windows[h]),
                              expected_card(size, head))
        card.forget()
        self.vm.qmp.execute('system_reset')
        self.wait_until(lambda: len(self.x.windows()) == 1, 'window 2 stays')
        self.vm.wait_ready()


class SdlVulkanErrors(FunctionalTest):
    """What QEMU says when it cannot be done."""

    group = 'sdl-vulkan-errors'

    def error(self, options, **environ):
        x = test_displays.XServer(self.log_dir() / 'xvfb.log')
        with x:
            done = subprocess.run(
                [str(env.QEMU), '-M', 'none', '-display', options],
                env=dict(x.environ, PATH='/usr/bin:/bin', **environ),
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, text=True, timeout=60)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def test_present_mode_without_vulkan(self):
        self.assertIn('present-mode and vulkan-import need vulkan=on',
                      self.error('sdl,present-mode=fifo'))

    def test_vulkan_and_opengl(self):
        self.assertIn('vulkan=on and gl=on exclude each other',
                      self.error('sdl,vulkan=on,gl=on'))

    def test_unknown_present_mode(self):
        self.assertIn("present-mode' does not accept value 'often'",
                      self.error('sdl,vulkan=on,present-mode=often'))

    def test_no_loader(self):
        self.assertIn('vulkan=on: SDL cannot load Vulkan: ',
                      self.error('sdl,vulkan=on',
                                 SDL_VULKAN_LIBRARY='/nowhere.so'))

    def test_no_driver(self):
        self.assertIn("vulkan=on: SDL cannot load Vulkan: Installed Vulkan "
                      "doesn't implement the VK_KHR_surface extension",
                      self.error('sdl,vulkan=on',
                                 VK_DRIVER_FILES='/nowhere.json'))
