# SPDX-License-Identifier: GPL-2.0-or-later
"""A real desktop: weston on zink on Venus, and programs nobody changed.

zink takes no processor for a GPU, and weston shows what it need not copy only
where memory and fences have descriptors: hence the look-alike of a driver that
has neither and says that it is a GPU, with the shared-memory layer above it.
"""

import os
import re
import time

import numpy

from harness import picture
from harness.case import VmTest
from harness.layers import lookalike
from harness.vm import Vm

SOAK_SECONDS = float(os.environ.get('SOAK_SECONDS') or 300)

# Mesa tells of waits that take long at its debug level only.
ENVIRONMENT = ('XDG_RUNTIME_DIR=/tmp/run WAYLAND_DISPLAY=wayland-1 '
               'MESA_LOADER_DRIVER_OVERRIDE=zink MESA_LOG_LEVEL=debug')

BACKGROUND = (32, 64, 96)
PANEL = (128, 160, 64)
PANEL_HEIGHT = 32
WESTON_INI = rf'''[core]
require-input=false
idle-time=0
[shell]
locking=false
background-color=0xff{bytes(BACKGROUND).hex()}
panel-color=0xff{bytes(PANEL).hex()}
'''

# Waits that end nowhere, contexts that are gone, what the layers refuse.
TROUBLE = re.compile(r'stuck in|expired|abort on|\*ERROR\*|is lost'
                     r'|vkr: failed|resulted in CS error|lookalike: refused')

VKCUBE_CLEAR = (51, 51, 51)
KMSCUBE_CLEAR = (128, 128, 128)
BLACK = (0, 0, 0)
# The corners of what weston-simple-dmabuf-egl draws, from the upper left.
DMABUF_CORNERS = ((0, 255, 0), (255, 255, 0), (255, 0, 0), (0, 0, 255))


def window(image, width, height):
    """What the only window on the desktop shows, None if there is none."""
    area = image.crop((0, PANEL_HEIGHT, *image.size))
    box = picture.bounds(~picture.has_colour(area, BACKGROUND))
    part = area.crop(box) if box else area
    return part if part.size == (width, height) else None


def desktop(image):
    """What is missing for an empty desktop."""
    panel = image.crop((0, 0, image.width, PANEL_HEIGHT))
    share = picture.has_colour(panel, PANEL).mean()
    if not 0.8 < share < 1:
        return f'has a panel to {share:.0%}, without a clock'
    area = image.crop((0, PANEL_HEIGHT, *image.size))
    if not picture.has_colour(area, BACKGROUND).all():
        return 'has no even background'
    return None


def vkcube(image):
    """What is missing for vkcube's window: a grey cube with blue labels."""
    part = window(image, 500, 500)
    if part is None:
        return 'has no window of 500x500'
    clear = picture.has_colour(part, VKCUBE_CLEAR).mean()
    red, green, blue = numpy.asarray(part, numpy.int16).transpose(2, 0, 1)
    labels = int(((green > red + 20) & (blue > red + 20)).sum())
    if not 0.4 < clear < 0.9 or labels < 2000:
        return f'has {clear:.0%} around a cube with {labels} pixels of label'
    return None


def dmabuf(image):
    """What is missing for weston-simple-dmabuf-egl: a coloured square."""
    part = window(image, 256, 256)
    if part is None:
        return 'has no window of 256x256'
    box = picture.bounds(~picture.has_colour(part, BLACK))
    square = part.crop(box) if box else part
    if square.size != (128, 128):
        return f'has a square of {square.size}'
    found = [square.getpixel(at)
             for at in ((1, 1), (126, 1), (1, 126), (126, 126))]
    if any(abs(a - b) > 16 for pixel, wanted in zip(found, DMABUF_CORNERS)
           for a, b in zip(pixel, wanted)):
        return f'has the corners {found}'
    return None


def kmscube(image):
    """What is missing for kmscube: a cube of full colours on grey."""
    clear = picture.has_colour(image, KMSCUBE_CLEAR, 1)
    box = picture.bounds(~clear)
    if not box or 0 in box or box[2:] == image.size:
        return 'has nothing in its middle'
    pixels = numpy.asarray(image, numpy.int16)
    vivid = (numpy.ptp(pixels, axis=2) > 100).mean()
    if not 0.5 < clear.mean() < 0.95 or vivid < 0.03:
        return f'has {clear.mean():.0%} grey and {vivid:.1%} in full colours'
    return None


class DesktopTest(VmTest):
    """A guest with a desktop on a host that looks like macOS."""

    guest = 'desktop'

    @classmethod
    def make_vm(cls):
        return Vm(cls.log_dir(), cls.guest,
                  environ=lookalike(cls.log_dir()))

    def setUp(self):
        super().setUp()
        self.vm.console.check(f'mkdir -p -m 700 /tmp/run; export {ENVIRONMENT}')
        self.addCleanup(self.assert_no_trouble)

    def assert_picture(self, judge, timeout=60):
        """Asserts that the screen comes to show what judge() looks for."""
        image, why = picture.wait(self.vm.picture, judge, timeout)
        image.save(self.log_dir() / f'{self.short_name}.png')
        self.assertIsNone(why, f'the picture {why}')
        return image

    def assert_moves(self, judge, pixels, timeout=60):
        """Asserts that it shows that, and then that with other pixels."""
        first = self.assert_picture(judge, timeout)

        def moved(image):
            if picture.changed(first, image) < pixels:
                return 'stands still'
            return judge(image)

        self.assert_picture(moved, timeout)

    def assert_no_trouble(self):
        """Asserts that nobody told of trouble since the guest's start."""
        guest = self.vm.console.check('cat /tmp/program.*; dmesg')
        self.assert_no_line(TROUBLE, guest + self.vm.stderr)


class Weston(DesktopTest):
    group = 'desktop'
    check = ('*', '!soak')
    time_limit = 900 + SOAK_SECONDS

    def setUp(self):
        super().setUp()
        if self.vm.console.run('pidof weston')[0]:
            self.start_weston()

    def start_weston(self):
        self.vm.console.check(f"echo '{WESTON_INI}' >/tmp/weston.ini")
        self.vm.background('/usr/sbin/seatd', 'seatd started')
        self.vm.background('weston -B drm -c /tmp/weston.ini',
                           'weston-desktop-shell', 180)

    def test_panel_and_background(self):
        self.assert_picture(desktop)

    def test_renderer_is_zink_on_venus(self):
        self.assertRegex(
            self.vm.console.check('cat /tmp/program.*'),
            r'GL renderer: zink Vulkan [\d.]+ ?\(Virtio-GPU Venus \(llvmpipe')

    def test_vkcube(self):
        cube = self.program('vkcube --wsi wayland', 'Virtio-GPU Venus')
        self.assert_moves(vkcube, 2000)
        cube.stop()
        self.assert_picture(desktop)        # its window is gone

    def test_simple_dmabuf(self):
        self.program('weston-simple-dmabuf-egl', '')
        self.assert_moves(dmabuf, 200)

    def assert_moves_for(self, seconds):
        """Asserts that two programs show new frames all the time."""
        programs = [self.program('vkcube --wsi wayland', 'Virtio-GPU Venus'),
                    self.program('weston-simple-egl', '')]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            last = self.vm.picture()
            self.assert_picture(
                lambda image: None if picture.changed(last, image) > 2000
                else 'stands still', 20)
            for program in programs:
                self.assertTrue(program.running(), program.output()[-500:])
            time.sleep(2)
        programs.pop().stop()
        self.assert_moves(vkcube, 2000)

    def test_two_programs_for_10_seconds(self):
        self.assert_moves_for(10)

    def test_soak(self):
        self.assert_moves_for(SOAK_SECONDS)


class Kms(DesktopTest):
    """Programs that show their frames themselves."""

    group = 'desktop-kms'
    check = ('kmscube',)

    def test_kmscube(self):
        # Whatever can be read from its input ends it.
        cube = self.program('sleep 1000 | kmscube', 'renderer:')
        self.assertRegex(cube.output(),
                         r'renderer: "zink Vulkan [\d.]+ ?\(Virtio-GPU Venus')
        self.assert_moves(kmscube, 2000)

    def test_vkmark(self):
        output = self.vm.console.check(
            'vkmark --winsys kms -b vertex:duration=3', 120)
        self.assertRegex(output, r'\[vertex\] duration=3: FPS: [1-9]')
