/*
 * virtio-gpu-gl in a build that cannot have Venus-only mode
 *
 * virglrenderer is too old, or the host is not a POSIX one.  The stock device
 * is as ever; who asks for Venus-only mode is told.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "hw/virtio/virtio-gpu.h"

static bool venus_stub_prepare(VirtIOGPUBase *b, Error **errp)
{
    if (VIRTIO_GPU_GL(b)->venus_conf.virgl != ON_OFF_AUTO_OFF) {
        return true;
    }
    error_setg(errp, "virgl=off is not possible: this QEMU was built without "
               "Venus-only mode");
    error_append_hint(errp, "It needs virglrenderer 1.1.0 or later, and a host "
                      "other than Windows.\n");
    return false;
}

void virtio_gpu_venus_class_init(ObjectClass *klass)
{
    VIRTIO_GPU_BASE_CLASS(klass)->prepare = venus_stub_prepare;
}
