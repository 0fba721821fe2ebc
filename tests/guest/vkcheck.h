/*
 * The checks of vkcheck: each does something with the device and verifies
 * values, not only results.  A check returns true, or false with the reason;
 * what the device does not offer is passed, with a remark.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef VKCHECK_H
#define VKCHECK_H

#include "gpu.h"
#include "prog.h"

/* Memory that the CPU writes and reads without flushing. */
#define VKCHECK_HOST (VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | \
                      VK_MEMORY_PROPERTY_HOST_COHERENT_BIT)

/* On success @why may hold a remark. */
typedef bool VkCheckFn(const GpuDevice *gpu, ProgReason *why);

/* vkcheck-memory.c */
bool vkcheck_memory_types(const GpuDevice *gpu, ProgReason *why);
bool vkcheck_memory_sizes(const GpuDevice *gpu, ProgReason *why);
bool vkcheck_memory_remap(const GpuDevice *gpu, ProgReason *why);
bool vkcheck_memory_many(const GpuDevice *gpu, ProgReason *why);
bool vkcheck_memory_large(const GpuDevice *gpu, ProgReason *why);

/* vkcheck-work.c */
bool vkcheck_copy(const GpuDevice *gpu, ProgReason *why);
bool vkcheck_fill_update(const GpuDevice *gpu, ProgReason *why);
bool vkcheck_compute(const GpuDevice *gpu, ProgReason *why);

/* vkcheck-draw.c */
bool vkcheck_draw(const GpuDevice *gpu, ProgReason *why);

/* vkcheck-sync.c */
bool vkcheck_fence(const GpuDevice *gpu, ProgReason *why);
bool vkcheck_fence_timeout(const GpuDevice *gpu, ProgReason *why);
bool vkcheck_event(const GpuDevice *gpu, ProgReason *why);
bool vkcheck_semaphore(const GpuDevice *gpu, ProgReason *why);
bool vkcheck_timeline(const GpuDevice *gpu, ProgReason *why);
bool vkcheck_queues(const GpuDevice *gpu, ProgReason *why);
bool vkcheck_many_submits(const GpuDevice *gpu, ProgReason *why);

/* True if @res is VK_SUCCESS, else false with @what in the reason. */
bool vkcheck_ok(VkResult res, const char *what, ProgReason *why);

/* Word @i of the test pattern number @seed. */
uint32_t vkcheck_word(uint32_t seed, uint32_t i);
void vkcheck_pattern(void *to, VkDeviceSize size, uint32_t seed);

/* Whether all whole words of @size bytes hold the pattern. */
bool vkcheck_compare(const void *from, VkDeviceSize size, uint32_t seed,
                     const char *what, ProgReason *why);

#endif
