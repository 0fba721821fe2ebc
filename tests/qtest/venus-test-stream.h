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

#endif
