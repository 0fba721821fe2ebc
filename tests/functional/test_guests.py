# SPDX-License-Identifier: GPL-2.0-or-later
"""What a guest shows, from the first text on the screen to Vulkan's pictures.

These are sets of tests: test_matrix.py says which guest is put to which.
"""

import subprocess

from harness import env, picture

# The banner of the guests: a blue bar with text, then a row of the colours
# of the text console, then lines of text.
BLUE = (0, 0, 170)
TEXT_COLOURS = [(170, 0, 0), (0, 170, 0), (170, 85, 0), BLUE,
                (170, 0, 170), (0, 170, 170), (170, 170, 170)]

LOOP = '''n=0; ok=0
while [ $n -lt {count} ]; do
  timeout 30 vulkaninfo --summary >/tmp/vulkaninfo.{job} 2>&1 &&
    grep -q 'Virtio-GPU Venus' /tmp/vulkaninfo.{job} && ok=$((ok+1))
  n=$((n+1))
done; echo $ok >/tmp/ok.{job}'''


class Basics:
    """What every guest has to show on every build."""

    def test_text_console_is_painted_before_vulkan(self):
        self.assertEqual(self.vm.render_workers(), [],
                         'something used Vulkan already')
        image = picture.stable(self.vm.picture)
        image.save(self.log_dir() / f'{self.short_name}.png')
        self.assertEqual(image.getpixel((image.width - 1, 2)), BLUE,
                         'the first line is not a blue bar')
        self.assertEqual([image.getpixel((32 + 64 * n, 24))
                          for n in range(len(TEXT_COLOURS))], TEXT_COLOURS)
        text = image.crop((0, 3 * 16, image.width, 5 * 16))
        width, _, pixels = picture.lit_box(text)
        self.assertGreater(width, 200, 'no line of text')
        self.assertTrue(500 < pixels < text.width * text.height // 4,
                        'this is no text on a dark screen')

    def test_text_console_follows_what_is_written(self):
        self.assert_text_follows()

    def test_vulkaninfo_names_venus_on_llvmpipe(self):
        self.assert_vulkaninfo()

    def test_vkcheck_passes(self):
        self.assert_vkcheck()

    def test_vkspin_frame_0(self):
        self.hold_frame(0)
        self.assert_frame(0)

    def test_vkspin_frame_37(self):
        self.hold_frame(37)
        self.assert_frame(37)

    def test_vkspin_frame_200(self):
        self.hold_frame(200)
        self.assert_frame(200)

    def test_card_in_host3d_blob(self):
        self.hold_card('host3d')
        self.assert_card()

    def test_card_in_guest_blob(self):
        self.hold_card('guest')
        self.assert_card()

    def test_card_in_dumb_buffer(self):
        self.hold_card('dumb')
        self.assert_card()

    def test_text_console_comes_back(self):
        with_card = self.hold_card('host3d')
        self.assert_card()
        with_card.stop()
        image = picture.stable(self.vm.picture)
        image.save(self.log_dir() / f'{self.short_name}.png')
        self.assertLess(picture.colours(image), 64, 'the card is still there')
        self.assertGreater(picture.lit_box(image)[2], 0, 'no text')


class Guest(Basics):
    """What is shown on the main build only."""

    def test_vkspin_runs_through(self):
        output = self.vm.console.check('vkspin --frames 30', 300)
        self.assertRegex(
            output, r'vkspin: device "Virtio-GPU Venus \(llvmpipe[^"]*"'
                    r' path (zero-copy|copy) frames 30 fps [0-9.]+')

    def assert_vulkaninfo_loops(self, count):
        """Asserts that two loops of vulkaninfo beside each other end well."""
        jobs = range(2)
        loops = ' '.join('(' + LOOP.format(count=count, job=job) + ')&'
                         for job in jobs)
        self.vm.console.check(f'{loops} wait', 60 + 7 * count)
        for job in jobs:
            done = self.vm.console.check(f'cat /tmp/ok.{job}').strip()
            self.assertEqual(done, str(count), 'vulkaninfo failed or hung')
        self.assertEqual(self.vm.render_workers(), [], 'contexts left over')

    def test_vulkaninfo_10_times_without_a_hang(self):
        self.assert_vulkaninfo_loops(5)

    def test_vulkaninfo_200_times_without_a_hang(self):
        self.assert_vulkaninfo_loops(100)


class Pages16k:
    def test_pages_are_16k(self):
        self.assertRegex(
            self.vm.console.check('grep KernelPageSize /proc/self/smaps'),
            r'^KernelPageSize: +16 kB')


class NoOpenGL:
    """Besides, of the build with --disable-opengl and --disable-vulkan."""

    def setUp(self):
        if not env.QEMU_NO_OPENGL.exists():
            self.skipTest('the build with --disable-opengl is not there')
        super().setUp()

    def test_binary_has_no_opengl(self):
        needed = subprocess.run(['readelf', '-d', str(env.QEMU_NO_OPENGL)],
                                check=True, text=True,
                                stdout=subprocess.PIPE).stdout
        for name in ('libEGL', 'libGL.', 'libepoxy'):
            self.assertNotIn(name, needed)

    def test_display_has_no_vulkan(self):
        done = subprocess.run(
            [str(env.QEMU_NO_OPENGL), '-M', 'none', '-display',
             'sdl,vulkan=on'], check=False, text=True, timeout=60,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT)
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("Parameter 'vulkan' is unexpected", done.stdout)


class Frame:
    """One picture by Vulkan."""

    def test_vkspin_frame(self):
        self.hold_frame(37)
        self.assert_frame(37)


class Fences(Frame):
    def test_vkcheck_passes(self):
        self.assert_vkcheck()

    def test_fences_come_back(self):
        output = self.vm.console.check('fencebench --count 100', 60)
        self.assertIn('fencebench: ring n 100 median_us', output)
