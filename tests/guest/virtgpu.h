/*
 * What only the virtio-gpu kernel driver has: a Venus context, blobs and
 * fences, straight through its ioctls.  Every function exits with a message
 * when it fails.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef GUEST_VIRTGPU_H
#define GUEST_VIRTGPU_H

#include <stdint.h>

#include "kms.h"

typedef enum VirtGpuKind {
    VIRTGPU_HOST3D,     /* host memory, blob_id 0: shared memory of the host */
    VIRTGPU_GUEST,      /* guest pages, shared with the host */
    VIRTGPU_DUMB,       /* a classic 2D resource, copied to the host */
} VirtGpuKind;

/* "host3d", "guest" or "dumb"; anything else exits. */
VirtGpuKind virtgpu_kind(const char *name);

/* Makes @fd's context a Venus one.  Once per open file. */
void virtgpu_context_init(int fd);

/*
 * A mapped framebuffer of the given kind.  VIRTGPU_HOST3D needs a context.
 */
void virtgpu_buffer_init(KmsBuffer *buf, int fd, VirtGpuKind kind,
                         uint32_t width, uint32_t height);

/*
 * Submits an empty command, on ring 0 or on no ring: then it is the device that
 * answers, no renderer.  Returns a sync file that becomes readable when the
 * fence behind the command is signalled; the caller closes it.
 */
int virtgpu_submit_fence(int fd, bool on_ring);

#endif
