/*
 * virtio-gpu Venus backend: what other hosts lack
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "venus.h"

int venus_mapping_clone(void *dst, void *src, size_t size)
{
    return -ENOTSUP;
}

bool venus_host_has_eventfd(void)
{
    return false;
}
