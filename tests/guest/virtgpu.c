/*
 * What only the virtio-gpu kernel driver has: a Venus context, blobs and
 * fences.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <drm/virtgpu_drm.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <xf86drm.h>

#include "virtgpu.h"

enum {
    VIRTGPU_CAPSET_VENUS = 4,
    VIRTGPU_RINGS = 64,
    /*
     * The largest page that a Linux guest or host has: sizes that are
     * multiples of it suit every one of them.
     */
    VIRTGPU_BLOB_ALIGN = 65536,
};

VirtGpuKind virtgpu_kind(const char *name)
{
    static const char *const names[] = {
        [VIRTGPU_HOST3D] = "host3d",
        [VIRTGPU_GUEST] = "guest",
        [VIRTGPU_DUMB] = "dumb",
    };

    for (unsigned i = 0; i < PROG_COUNT(names); i++) {
        if (!strcmp(name, names[i])) {
            return i;
        }
    }
    prog_die("--kind is host3d, guest or dumb, not '%s'", name);
}

void virtgpu_context_init(int fd)
{
    struct drm_virtgpu_context_set_param params[] = {
        { VIRTGPU_CONTEXT_PARAM_CAPSET_ID, VIRTGPU_CAPSET_VENUS },
        { VIRTGPU_CONTEXT_PARAM_NUM_RINGS, VIRTGPU_RINGS },
        { VIRTGPU_CONTEXT_PARAM_POLL_RINGS_MASK, 0 },
    };
    struct drm_virtgpu_context_init init = {
        .num_params = PROG_COUNT(params),
        .ctx_set_params = (uintptr_t)params,
    };

    if (drmIoctl(fd, DRM_IOCTL_VIRTGPU_CONTEXT_INIT, &init)) {
        prog_die_errno("making a Venus context (does the device offer it?)");
    }
}

static void virtgpu_blob_create(KmsBuffer *buf, int fd, uint32_t blob_mem)
{
    struct drm_virtgpu_resource_create_blob create = {
        .blob_mem = blob_mem,
        .blob_flags = VIRTGPU_BLOB_FLAG_USE_MAPPABLE,
        .size = buf->size,
    };
    struct drm_virtgpu_map map = { 0 };

    if (drmIoctl(fd, DRM_IOCTL_VIRTGPU_RESOURCE_CREATE_BLOB, &create)) {
        prog_die_errno("creating a blob of %llu bytes",
                       (unsigned long long)buf->size);
    }
    buf->handle = create.bo_handle;
    map.handle = create.bo_handle;
    if (drmIoctl(fd, DRM_IOCTL_VIRTGPU_MAP, &map)) {
        prog_die_errno("mapping a blob");
    }
    buf->pixels = mmap(NULL, buf->size, PROT_READ | PROT_WRITE, MAP_SHARED,
                       fd, map.offset);
    if (buf->pixels == MAP_FAILED) {
        prog_die_errno("mapping a blob into the process");
    }
}

void virtgpu_buffer_init(KmsBuffer *buf, int fd, VirtGpuKind kind,
                         uint32_t width, uint32_t height)
{
    uint64_t size;
    int error;

    if (kind == VIRTGPU_DUMB) {
        kms_buffer_init_dumb(buf, fd, width, height);
        return;
    }
    *buf = (KmsBuffer) {
        .width = width,
        .height = height,
        .stride = width * 4,
    };
    size = (uint64_t)buf->stride * height;
    buf->size = (size + VIRTGPU_BLOB_ALIGN - 1) & -(uint64_t)VIRTGPU_BLOB_ALIGN;
    virtgpu_blob_create(buf, fd, kind == VIRTGPU_HOST3D ?
                        VIRTGPU_BLOB_MEM_HOST3D : VIRTGPU_BLOB_MEM_GUEST);
    error = kms_buffer_add_fb(fd, buf);
    if (error) {
        errno = -error;
        prog_die_errno("framebuffer of a blob");
    }
}

int virtgpu_submit_fence(int fd, bool on_ring)
{
    struct drm_virtgpu_execbuffer submit = {
        .flags = VIRTGPU_EXECBUF_FENCE_FD_OUT |
                 (on_ring ? VIRTGPU_EXECBUF_RING_IDX : 0),
        .ring_idx = 0,
        .fence_fd = -1,
    };

    if (drmIoctl(fd, DRM_IOCTL_VIRTGPU_EXECBUFFER, &submit)) {
        prog_die_errno("submitting to the Venus context");
    }
    return submit.fence_fd;
}
