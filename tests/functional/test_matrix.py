# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests x memory x mappings x granules, as a table: a row is a group.

A row of `make check` shows what no other row of it shows; what is only another
combination of it belongs to `make check-long`.
"""

from harness import env
from harness.matrix import Row, group
from test_granule import LIBRARY, LibrarySizes, SmallPages, Works
from test_guests import Basics, Fences, Frame, Guest, NoOpenGL, Pages16k
from test_memory import Lookalike, Swapchain, ZeroCopy

ALL = ('*',)
NONE = ()           # in `make check`
NO_LOOPS = ('*', '!vulkaninfo_200_times*')

ROWS = (
    # Guests, on the main build and on others
    Row('new', 'new', (Guest,), NO_LOOPS, time_limit=1000),
    Row('old', 'old', (Guest,), NO_LOOPS, time_limit=1000),
    Row('16k', '16k', (Guest, Pages16k), NO_LOOPS, time_limit=1000),
    Row('no-opengl', 'new', (Basics, NoOpenGL), ALL,
        qemu=env.QEMU_NO_OPENGL),
    # Fences on a timer, as where the library cannot have threads
    Row('fence-poll', 'new', (Fences,), ('fences_*', 'vkspin_frame'),
        options='x-fence-poll=on'),
    # A processor that exists, and a guest without SMP
    Row('cortex-a72', 'new', (Frame,), NONE,
        extra=('-cpu', 'cortex-a72', '-smp', '1')),

    # The shared-memory layer above lavapipe
    Row('zero-copy-new', 'new', (ZeroCopy,),
        ('*', '!vkcheck_*', '!*_many_frames')),
    Row('zero-copy-old', 'old', (ZeroCopy,), NONE),
    Row('zero-copy-16k', '16k', (ZeroCopy,), NONE),
    # and above lavapipe that looks like MoltenVK
    Row('lookalike-new', 'new', (Lookalike, Swapchain),
        ('*', '!zero_copy_frame_0'), memory='lookalike'),
    Row('lookalike-old', 'old', (Lookalike,), NONE, memory='lookalike'),
    Row('lookalike-16k', '16k', (Lookalike,), NONE, memory='lookalike'),

    # A region for each blob, at the guest's own pages
    Row('subregion-new', 'new', (Works,), ('vkcheck', 'vkspin'),
        mapping='subregion'),
    # A guest that has large pages itself needs nothing.
    Row('granule-16k', '16k', (Works,), ALL, granule='16K'),
    Row('granule-16k-subregion', '16k', (Works,), NONE,
        granule='16K', mapping='subregion'),
    # Linux 7.2 knows BLOB_ALIGNMENT, its Mesa does not; not told of it, the
    # library asks the device, as with Linux 6.12, which does not know it.
    Row('granule-new', 'new', (SmallPages,), ALL, granule='16K'),
    Row('granule-new-untold', 'new', (SmallPages,), NONE,
        granule='16K', options='blob-alignment=off'),
    Row('granule-old', 'old', (SmallPages,),
        ('hint_*', 'library_vulkaninfo', 'library_rounds_*'), granule='16K'),
    Row('granule-old-subregion', 'old', (SmallPages,), NONE,
        granule='16K', mapping='subregion'),
    # The library where it has nothing to do
    Row('guest-align-new', 'new', (Works, LibrarySizes),
        ('sizes_*', 'wish_*'), granule='4K', prefix=LIBRARY),
    Row('guest-align-old', 'old', (Works, LibrarySizes), NONE,
        granule='4K', prefix=LIBRARY),
    # Larger pages than the library would guess for such a kernel
    Row('guest-align-old-64k', 'old', (Works,), NONE,
        granule='64K', prefix=LIBRARY),
)

GROUPS = [group(row) for row in ROWS]
