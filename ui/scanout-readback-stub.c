/*
 * Reading back pictures that only a device can reach: not in this build
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "ui/scanout-readback.h"

ScanoutReadback *scanout_readback_new(Error **errp)
{
    error_setg(errp, "this QEMU was built without Vulkan");
    return NULL;
}

void scanout_readback_free(ScanoutReadback *rb)
{
    assert(!rb);
}

void scanout_readback_start(ScanoutReadback *rb, ScanoutImage *image,
                            const ScanoutLayout *layout,
                            ScanoutReadbackDone done, void *opaque)
{
    g_assert_not_reached();
}
