# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests on a host that maps their memory in larger pages.

These are sets of tests: test_matrix.py says which guest is put to which.
"""

import re
import time

GRANULE_BYTES = 16384
LIBRARY = 'LD_PRELOAD=/usr/lib/libvenus-guest-align.so'
WISH = 'VENUS_GUEST_ALIGN=16K'
HINT = 'contrib/guest-align'


class Blobs:
    def blob_sizes(self, prefix):
        """The sizes of all blobs that a program makes, as the host has them."""
        before = len(self.vm.stderr)
        output = self.vm.console.check(f'{prefix} vulkaninfo --summary', 120)
        self.assertNotIn('cannot be preloaded', output)
        sizes = re.findall(r'venus_resource_create .* size (\d+)',
                           self.vm.stderr[before:])
        self.assertGreater(len(sizes), 1)
        return [int(size) for size in sizes]


class Works(Blobs):
    """All Vulkan programs run, and nobody is told of a problem."""

    def assert_no_hint(self):
        self.assertNotIn(HINT, self.vm.stderr)

    def test_vulkaninfo(self):
        self.assert_vulkaninfo(self.prefix)
        self.assert_no_hint()

    def test_vkcheck(self):
        self.assert_vkcheck(self.prefix)
        self.assert_no_hint()

    def test_vkspin(self):
        self.hold_frame(37, prefix=self.prefix)
        self.assert_frame(37)
        self.assert_no_hint()


class LibrarySizes(Blobs):
    """The library on a host that has no need of it."""

    def test_sizes_are_left_alone(self):
        sizes = self.blob_sizes('')
        self.assertTrue(any(size % GRANULE_BYTES for size in sizes), sizes)
        self.assertEqual(self.blob_sizes(LIBRARY), sizes)

    def test_wish_rounds_sizes(self):
        sizes = [-size // GRANULE_BYTES * -GRANULE_BYTES
                 for size in self.blob_sizes('')]
        self.assertEqual(self.blob_sizes(f'{WISH} {LIBRARY}'), sizes)


class SmallPages(Blobs):
    """A guest with pages of 4 KiB: refused at once, or with the library."""

    def assert_gives_up(self, program):
        """Asserts that a program ends by itself and fails: what it said."""
        status, output = self.vm.console.run(f'{program} 2>&1', 120)
        self.assertNotEqual(status, 0, output)
        return output

    def test_vulkaninfo_gives_up_at_once(self):
        start = time.monotonic()
        self.assert_vulkaninfo(LIBRARY)
        success = time.monotonic() - start
        output = self.assert_gives_up('vulkaninfo --summary')
        refusal = time.monotonic() - start - success
        self.assertRegex(output, r'vkCreateInstance|CreateInstance')
        # Nothing is waited for that never comes.
        self.assertLess(refusal, 2 * success)

    def test_vkcheck_and_vkspin_give_up(self):
        self.assertIn('vkCreateInstance', self.assert_gives_up('vkcheck'))
        self.assertIn('vkCreateInstance',
                      self.assert_gives_up('vkspin --frames 1'))

    def test_hint_comes_once(self):
        for _ in range(2):
            self.assert_gives_up('vulkaninfo --summary')
        self.assertEqual(self.vm.stderr.count(HINT), 1, self.vm.stderr)
        self.assertIn('pages of 16 KiB', self.vm.stderr)

    def test_text_console_goes_on(self):
        self.assert_gives_up('vulkaninfo --summary')
        self.assert_text_follows()

    def test_whole_granules_work(self):
        self.hold_card('host3d')
        self.assert_card()

    def test_library_vulkaninfo(self):
        self.assert_vulkaninfo(LIBRARY)

    def test_library_vkcheck(self):
        self.assert_vkcheck(LIBRARY)

    def test_library_vkspin(self):
        self.hold_frame(37, prefix=LIBRARY)
        self.assert_frame(37)

    def test_library_rounds_sizes(self):
        sizes = self.blob_sizes(LIBRARY)
        self.assertFalse([s for s in sizes if s % GRANULE_BYTES], sizes)
