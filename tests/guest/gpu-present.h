/*
 * A swapchain, and buffers as its pictures.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef GUEST_GPU_PRESENT_H
#define GUEST_GPU_PRESENT_H

#include "gpu.h"

enum { GPU_MAX_IMAGES = 8 };

typedef struct GpuSwapchain {
    VkSwapchainKHR handle;
    VkExtent2D extent;          /* the caller's to choose, as is the mode */
    VkPresentModeKHR mode;
    uint32_t count;
    VkImage images[GPU_MAX_IMAGES];
} GpuSwapchain;

/*
 * Images of the extent that is in @chain: one more than the surface needs, and
 * @at_least so many.  Exits with a message where the surface has another size.
 */
void gpu_swapchain_init(const GpuDevice *gpu, GpuSwapchain *chain,
                        VkSurfaceKHR surface, uint32_t at_least);

/* Records a copy of @from, tightly packed, to a picture that can be shown. */
void gpu_swapchain_fill(const GpuSwapchain *chain, VkCommandBuffer cmd,
                        uint32_t index, VkBuffer from);

/* A binary one; exits with a message on failure. */
VkSemaphore gpu_semaphore(const GpuDevice *gpu);

#endif
