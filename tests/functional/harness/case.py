# SPDX-License-Identifier: GPL-2.0-or-later
"""The base of the test classes: one class, one VM kept between its tests."""

import fnmatch
import functools
import re
import time
import unittest

from . import env, picture
from .vm import Vm

CELL_WIDTH = 8          # of the text console's font


@functools.lru_cache(maxsize=None)
def expected(program, size, *args):
    """The picture the host's build of a guest program writes."""
    path = env.LOG / 'expected' / '-'.join(
        [program, f'{size[0]}x{size[1]}', *map(str, args)])
    path.parent.mkdir(parents=True, exist_ok=True)
    path = path.with_suffix('.ppm')
    env.host_program(program, '--size', f'{size[0]}x{size[1]}', *args,
                     '--output', path)
    return picture.load(path)


def expected_frame(frame, size):
    return expected('vkspin', size, '--path', 'offscreen', '--frame', frame,
                    '--frames', 1)


def expected_card(size, connector=0):
    return expected('blobcard', size, '--picture-only',
                    '--connector', connector)


class FunctionalTest(unittest.TestCase):
    """Tests are run in the order they are written in."""

    group = None        # the first part of the tests' names
    time_limit = 600    # seconds for the whole class
    # Which of them `make check` runs: globs, and "!GLOB" for exceptions.  The
    # others are of `make check-long` only.
    check = ('*',)

    @classmethod
    def in_check(cls, name):
        """Whether `make check` runs a test, given without the group."""
        wanted = [glob for glob in cls.check if not glob.startswith('!')]
        unwanted = [glob[1:] for glob in cls.check if glob.startswith('!')]
        return (any(fnmatch.fnmatch(name, glob) for glob in wanted) and
                not any(fnmatch.fnmatch(name, glob) for glob in unwanted))

    @classmethod
    def log_dir(cls):
        return env.LOG / cls.group

    @property
    def short_name(self):
        return self._testMethodName.removeprefix('test_')

    def wait_until(self, condition, what, timeout=30):
        """Waits until condition() is true; fails with what is not so."""
        deadline = time.monotonic() + timeout
        while not condition():
            self.assertLess(time.monotonic(), deadline, what)
            time.sleep(0.2)

    def assert_no_line(self, pattern, text):
        self.assertEqual([line for line in text.splitlines()
                          if re.search(pattern, line)], [])

    def assert_shows(self, take, wanted, tolerance=0, timeout=30):
        """Asserts that take() comes to give the wanted picture."""
        image, why = picture.same(take, wanted, tolerance, timeout)
        path = self.log_dir() / self.short_name
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(f'{path}.png')
        if why:
            wanted.save(f'{path}.expected.png')
            self.fail(f'the picture {why}: see {path}.png')


class VmTest(FunctionalTest):
    """Tests that share one VM; it is started anew when it stopped working."""

    vm = None
    guest = 'new'
    bars = 0            # of assert_text_follows()

    @classmethod
    def make_vm(cls):
        return Vm(cls.log_dir(), cls.guest)

    @classmethod
    def tearDownClass(cls):
        if cls.vm:
            cls.vm.kill()
            cls.vm = None

    def setUp(self):
        cls = type(self)
        if cls.vm and not cls.vm.responsive():
            cls.tearDownClass()
        if not cls.vm:
            cls.vm = cls.make_vm()
            cls.vm.start()
            cls.vm.wait_ready()

    def program(self, command, until, timeout=60):
        """Starts a guest program that is stopped at the end of the test."""
        program = self.vm.background(command, until, timeout)
        self.addCleanup(program.stop)
        return program

    def events(self, name):
        """The lines of a trace event so far."""
        return [line for line in self.vm.stderr.splitlines()
                if line.startswith(name + ' ')]

    def hold_frame(self, frame, options='', prefix=''):
        return self.program(f'{prefix} vkspin --frame {frame} --hold {options}',
                            f'holding frame {frame}')

    def hold_card(self, kind='host3d', options=''):
        return self.program(f'blobcard --kind {kind} --hold {options}',
                            'blobcard: holding')

    def assert_text_follows(self):
        """Asserts that the text console shows what is written to it now."""
        type(self).bars += 1
        cells = 80 - self.bars % 60     # never what is there already
        self.vm.console.check(rf"printf '\033[2J\033[H\033[7m%{cells}s"
                              r"\033[0m\n' >/dev/tty1")
        image = picture.stable(self.vm.picture)
        image.save(self.log_dir() / f'{self.short_name}.png')
        width, height, pixels = picture.lit_box(image)
        self.assertEqual(width, cells * CELL_WIDTH, 'the bar is not there')
        self.assertLess(height, 40)
        self.assertEqual(pixels, width * height, 'the bar has holes')

    def assert_no_panic(self):
        """Asserts that no kernel of this group's guest had a fault."""
        serial = (self.log_dir() / 'serial.log').read_text(errors='replace')
        self.assert_no_line(r'Kernel panic|Oops|BUG:', serial)

    def assert_vulkaninfo(self, prefix=''):
        """Asserts that Vulkan is there: what vulkaninfo says."""
        output = self.vm.console.check(f'{prefix} vulkaninfo --summary', 120)
        self.assertIn('Virtio-GPU Venus (llvmpipe', output)
        return output

    def assert_vkcheck(self, prefix=''):
        output = self.vm.console.check(f'{prefix} vkcheck', 180)
        self.assertRegex(output, r'vkcheck: [1-9]\d* passed, 0 failed')

    def assert_frame(self, frame, take=None):
        take = take or self.vm.picture
        self.assert_shows(take, expected_frame(frame, take().size), 2)

    def assert_card(self, take=None):
        take = take or self.vm.picture
        self.assert_shows(take, expected_card(take().size))
