/*
 * A few commands of the Venus protocol, for tests that need a real queue.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_VENUS_TEST_STREAM_H
#define TESTS_VENUS_TEST_STREAM_H

#include "libqos/virtio-gpu-cmd.h"

/*
 * Makes an instance, the first physical device, a device and its first queue
 * in a fresh context, and binds the queue to @ring_idx, so that fences of that
 * ring wait for the queue.
 */
void venus_bind_ring(QVirtioGPU *gpu, uint32_t ctx_id, uint32_t ring_idx);

/*
 * A ring: not one of the virtio-gpu protocol, but a queue of Venus commands in
 * memory that guest and render server share.  Where its parts are, in bytes.
 */
#define VENUS_RING_HEAD 0
#define VENUS_RING_TAIL 64
#define VENUS_RING_STATUS 128
#define VENUS_RING_BUFFER 192
#define VENUS_RING_EXTRA (VENUS_RING_BUFFER + 2048)
#define VENUS_RING_SIZE 4096

/* Of the status word: the ring sleeps until it is notified */
#define VENUS_RING_IDLE 1

/* Makes a ring in a host blob of VENUS_RING_SIZE zeroes */
void venus_create_ring(QVirtioGPU *gpu, uint32_t ctx_id, uint64_t ring,
                       uint32_t resource_id, uint64_t idle_ns);
void venus_notify_ring(QVirtioGPU *gpu, uint32_t ctx_id, uint64_t ring);
void venus_destroy_ring(QVirtioGPU *gpu, uint32_t ctx_id, uint64_t ring);

/* A command that a ring may be given; without effect.  The caller frees it. */
GByteArray *venus_ring_command(void);

/*
 * vkAllocateMemory that imports a resource, in a context after
 * venus_bind_ring().  No answer comes.
 */
void venus_import_memory(QVirtioGPU *gpu, uint32_t ctx_id, uint32_t resource_id,
                         uint64_t size);

#endif
