/*
 * A swapchain, and buffers as its pictures.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "gpu-present.h"
#include "prog.h"

void gpu_swapchain_init(const GpuDevice *gpu, GpuSwapchain *chain,
                        VkSurfaceKHR surface, uint32_t at_least)
{
    VkSurfaceCapabilitiesKHR caps;
    VkSwapchainCreateInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_SWAPCHAIN_CREATE_INFO_KHR,
        .surface = surface,
        .imageFormat = VK_FORMAT_B8G8R8A8_UNORM,
        .imageColorSpace = VK_COLOR_SPACE_SRGB_NONLINEAR_KHR,
        .imageExtent = chain->extent,
        .imageArrayLayers = 1,
        .imageUsage = VK_IMAGE_USAGE_TRANSFER_DST_BIT,
        .compositeAlpha = VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR,
        .presentMode = chain->mode,
        .clipped = VK_TRUE,
    };

    gpu_must(vkGetPhysicalDeviceSurfaceCapabilitiesKHR(gpu->physical, surface,
                                                       &caps),
             "vkGetPhysicalDeviceSurfaceCapabilitiesKHR");
    /* Of a Wayland window the swapchain makes the size, and says UINT32_MAX. */
    if (caps.currentExtent.width != UINT32_MAX &&
        (caps.currentExtent.width != chain->extent.width ||
         caps.currentExtent.height != chain->extent.height)) {
        prog_die("the window has got %ux%u pixels", caps.currentExtent.width,
                 caps.currentExtent.height);
    }
    info.minImageCount = caps.minImageCount + 1 > at_least ?
                         caps.minImageCount + 1 : at_least;
    info.preTransform = caps.currentTransform;
    gpu_must(vkCreateSwapchainKHR(gpu->device, &info, NULL, &chain->handle),
             "vkCreateSwapchainKHR");
    chain->count = GPU_MAX_IMAGES;
    gpu_must(vkGetSwapchainImagesKHR(gpu->device, chain->handle, &chain->count,
                                     chain->images),
             "vkGetSwapchainImagesKHR");
}

static void present_barrier(VkCommandBuffer cmd,
                            const VkImageMemoryBarrier *barrier)
{
    vkCmdPipelineBarrier(cmd, VK_PIPELINE_STAGE_TRANSFER_BIT,
                         VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0, NULL, 0, NULL,
                         1, barrier);
}

void gpu_swapchain_fill(const GpuSwapchain *chain, VkCommandBuffer cmd,
                        uint32_t index, VkBuffer from)
{
    VkImage image = chain->images[index];
    VkImageMemoryBarrier before =
        gpu_transition(image, VK_IMAGE_LAYOUT_UNDEFINED,
                       VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
    VkImageMemoryBarrier after =
        gpu_transition(image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
                       VK_IMAGE_LAYOUT_PRESENT_SRC_KHR);
    const VkBufferImageCopy whole = {
        .imageSubresource = {
            .aspectMask = VK_IMAGE_ASPECT_COLOR_BIT, .layerCount = 1,
        },
        .imageExtent = { chain->extent.width, chain->extent.height, 1 },
    };

    before.dstAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT;
    after.srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT;
    present_barrier(cmd, &before);
    vkCmdCopyBufferToImage(cmd, from, image,
                           VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &whole);
    present_barrier(cmd, &after);
}

VkSemaphore gpu_semaphore(const GpuDevice *gpu)
{
    const VkSemaphoreCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
    };
    VkSemaphore semaphore;

    gpu_must(vkCreateSemaphore(gpu->device, &info, NULL, &semaphore),
             "vkCreateSemaphore");
    return semaphore;
}
