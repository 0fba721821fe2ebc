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
VkCheckFn vkcheck_memory_types;
VkCheckFn vkcheck_memory_sizes;
VkCheckFn vkcheck_memory_remap;
VkCheckFn vkcheck_memory_many;
VkCheckFn vkcheck_memory_large;

/* vkcheck-work.c */
VkCheckFn vkcheck_copy;
VkCheckFn vkcheck_fill_update;
VkCheckFn vkcheck_compute;

/* vkcheck-draw.c */
VkCheckFn vkcheck_draw;

/* vkcheck-sync.c */
VkCheckFn vkcheck_fence;
VkCheckFn vkcheck_fence_timeout;
VkCheckFn vkcheck_event;
VkCheckFn vkcheck_semaphore;
VkCheckFn vkcheck_timeline;
VkCheckFn vkcheck_queues;
VkCheckFn vkcheck_many_submits;

/* True if @res is VK_SUCCESS, else false with @what in the reason. */
bool vkcheck_ok(VkResult res, const char *what, ProgReason *why);

/* Word @i of the test pattern number @seed. */
uint32_t vkcheck_word(uint32_t seed, uint32_t i);
void vkcheck_pattern(void *to, VkDeviceSize size, uint32_t seed);

/* Whether all whole words of @size bytes hold the pattern. */
bool vkcheck_compare(const void *from, VkDeviceSize size, uint32_t seed,
                     const char *what, ProgReason *why);

#endif
