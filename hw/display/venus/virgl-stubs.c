/*
 * virtio-gpu-gl in a build without OpenGL: there is no stock renderer
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "hw/virtio/virtio-gpu.h"

/* Realize takes Venus-only mode, or fails, before any of these is reached. */

void virtio_gpu_virgl_process_cmd(VirtIOGPU *g,
                                  struct virtio_gpu_ctrl_command *cmd)
{
    g_assert_not_reached();
}

void virtio_gpu_virgl_fence_poll(VirtIOGPU *g)
{
    g_assert_not_reached();
}

void virtio_gpu_virgl_reset_scanout(VirtIOGPU *g)
{
    g_assert_not_reached();
}

void virtio_gpu_virgl_reset(VirtIOGPU *g)
{
    g_assert_not_reached();
}

int virtio_gpu_virgl_init(VirtIOGPU *g)
{
    g_assert_not_reached();
}

GArray *virtio_gpu_virgl_get_capsets(VirtIOGPU *g)
{
    g_assert_not_reached();
}
