# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests on a host that maps their memory in pages of 16 KiB."""

import re
import time

from harness import env
from harness.case import VmTest
from harness.vm import Vm

GRANULE_BYTES = 16384
GRANULE = ',hostmem-granule=16K'
LIBRARY = 'LD_PRELOAD=/usr/lib/libvenus-guest-align.so'
WISH = 'VENUS_GUEST_ALIGN=16K'
HINT = 'contrib/guest-align'
SECONDS = 10        # until a program without a remedy has to give up


class GranuleTest(VmTest):
    options = GRANULE
    prefix = ''     # of each Vulkan program

    @classmethod
    def make_vm(cls):
        return Vm(cls.log_dir(), cls.guest,
                  gpu=(env.VENUS + cls.options + ',id=gpu0',),
                  extra=('-trace', 'venus_resource_create'))

    def blob_sizes(self, prefix):
        """The sizes of all blobs that a program makes, as the host has them."""
        before = len(self.vm.stderr)
        output = self.vm.console.check(f'{prefix} vulkaninfo --summary', 120)
        self.assertNotIn('cannot be preloaded', output)
        sizes = re.findall(r'venus_resource_create .* size (\d+)',
                           self.vm.stderr[before:])
        self.assertGreater(len(sizes), 1)
        return [int(size) for size in sizes]

    def assert_vulkaninfo(self, prefix):
        output = self.vm.console.check(f'{prefix} vulkaninfo --summary', 120)
        self.assertIn('Virtio-GPU Venus (llvmpipe', output)

    def assert_vkcheck(self, prefix):
        output = self.vm.console.check(f'{prefix} vkcheck', 180)
        self.assertRegex(output, r'vkcheck: [1-9]\d* passed, 0 failed')

    def assert_vkspin(self, prefix):
        self.program(f'{prefix} vkspin --frame 37 --hold', 'holding frame 37')
        self.assert_frame(37)


class Works(GranuleTest):
    """All Vulkan programs run, and nobody is told of a problem."""

    def test_vulkaninfo(self):
        self.assert_vulkaninfo(self.prefix)

    def test_vkcheck(self):
        self.assert_vkcheck(self.prefix)

    def test_vkspin(self):
        self.assert_vkspin(self.prefix)

    def test_no_hint(self):
        self.assertNotIn(HINT, self.vm.stderr)


class Granule16k(Works):
    """A guest that has such pages itself needs nothing."""

    group = 'granule-16k'
    guest = '16k'


class Subregion16k(Works):
    """The same in the other way of mapping."""

    group = 'granule-16k-subregion'
    guest = '16k'
    options = GRANULE + ',hostmem-mapping=subregion'


class SubregionNew(Works):
    """A region for each blob, at the guest's own pages."""

    group = 'subregion-new'
    guest = 'new'
    options = ',hostmem-mapping=subregion'


class LibraryNew(Works):
    """The library on a host that has no need of it."""

    group = 'guest-align-new'
    guest = 'new'
    options = ',hostmem-granule=4K'
    prefix = LIBRARY

    def test_sizes_are_left_alone(self):
        sizes = self.blob_sizes('')
        self.assertTrue(any(size % GRANULE_BYTES for size in sizes), sizes)
        self.assertEqual(self.blob_sizes(LIBRARY), sizes)

    def test_wish_rounds_sizes(self):
        sizes = [-size // GRANULE_BYTES * -GRANULE_BYTES
                 for size in self.blob_sizes('')]
        self.assertEqual(self.blob_sizes(f'{WISH} {LIBRARY}'), sizes)


class LibraryOld(LibraryNew):
    """Linux 6.12, which cannot tell: the library has to ask the device."""

    group = 'guest-align-old'
    guest = 'old'


class LibraryOld64k(Works):
    """Larger pages than the library would guess for such a kernel."""

    group = 'guest-align-old-64k'
    guest = 'old'
    options = ',hostmem-granule=64K'
    prefix = LIBRARY


class SmallPages(GranuleTest):
    """A guest with pages of 4 KiB: refused at once, or with the library."""

    def assert_gives_up(self, program):
        start = time.monotonic()
        status, output = self.vm.console.run(f'{program} 2>&1', 60)
        self.assertLess(time.monotonic() - start, SECONDS)
        self.assertNotEqual(status, 0, output)
        return output

    def test_1_vulkaninfo_gives_up(self):
        output = self.assert_gives_up('vulkaninfo --summary')
        self.assertRegex(output, r'vkCreateInstance|CreateInstance')

    def test_2_vkcheck_and_vkspin_give_up(self):
        self.assertIn('vkCreateInstance', self.assert_gives_up('vkcheck'))
        self.assertIn('vkCreateInstance',
                      self.assert_gives_up('vkspin --frames 1'))

    def test_3_hint_came_once(self):
        self.assertEqual(self.vm.stderr.count(HINT), 1, self.vm.stderr)
        self.assertIn('pages of 16 KiB', self.vm.stderr)

    def test_4_text_console_goes_on(self):
        self.assert_text_follows()

    def test_5_whole_granules_work(self):
        self.hold_card('host3d')
        self.assert_card()

    def test_6_library_vulkaninfo(self):
        self.assert_vulkaninfo(LIBRARY)

    def test_7_library_vkcheck(self):
        self.assert_vkcheck(LIBRARY)

    def test_8_library_vkspin(self):
        self.assert_vkspin(LIBRARY)

    def test_9_library_rounds_sizes(self):
        sizes = self.blob_sizes(LIBRARY)
        self.assertFalse([s for s in sizes if s % GRANULE_BYTES], sizes)


class GranuleNew(SmallPages):
    """Linux 7.2, which knows BLOB_ALIGNMENT: its Mesa does not."""

    group = 'granule-new'
    guest = 'new'


class GranuleNewUntold(SmallPages):
    """The same guest, not told of it: the library asks the device."""

    group = 'granule-new-untold'
    guest = 'new'
    options = GRANULE + ',blob-alignment=off'


class GranuleOld(SmallPages):
    """Linux 6.12, which does not know it."""

    group = 'granule-old'
    guest = 'old'


class GranuleOldSubregion(SmallPages):
    group = 'granule-old-subregion'
    guest = 'old'
    options = GRANULE + ',hostmem-mapping=subregion'
