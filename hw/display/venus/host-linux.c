/*
 * virtio-gpu Venus backend: what Linux can do
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <sys/mman.h>
#include "venus.h"

int venus_mapping_clone(void *dst, void *src, size_t size)
{
    /* mremap(2): an old size of 0 makes a second mapping of shared pages. */
    void *ptr = mremap(src, 0, size, MREMAP_MAYMOVE | MREMAP_FIXED, dst);

    return ptr == MAP_FAILED ? -errno : 0;
}

bool venus_host_has_eventfd(void)
{
    /* The variable is virglrenderer's: it then has no threads either. */
    return !getenv("VIRGL_DISABLE_MT");
}
