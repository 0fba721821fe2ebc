/*
 * Vulkan presenter: the commands that bring an image into a window
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef UI_VULKAN_DRAW_H
#define UI_VULKAN_DRAW_H

#include "image.h"

/* An image of a swapchain */
typedef struct VulkanTarget {
    VkImage image;
    VkFormat format;
    VkExtent2D extent;          /* pixels */
} VulkanTarget;

/**
 * vulkan_draw_place - where a picture lies in a window
 * @width: of the picture, pixels
 * @height: of the picture, pixels
 * @extent: of the window, pixels
 *
 * As large as fits with its proportions kept, in the middle.
 *
 * Return: the place in the window's pixels; never empty.
 */
VkRect2D vulkan_draw_place(uint32_t width, uint32_t height, VkExtent2D extent);

/**
 * vulkan_draw_pixel_at - which pixel of a picture is at a place in a window
 * @width: of the picture, pixels
 * @height: of the picture, pixels
 * @extent: of the window, pixels
 * @x: of the place, in the window's pixels
 * @y: of the place, in the window's pixels
 *
 * Return: a pixel of the picture; the nearest one for a place beside it.
 */
VkOffset2D vulkan_draw_pixel_at(uint32_t width, uint32_t height,
                                VkExtent2D extent, int x, int y);

/**
 * vulkan_draw_record - record the commands of one frame
 * @image: stays referenced until the commands are done
 * @slot: whose copy of @image is read
 * @cmd: a command buffer that can be begun
 * @target: is left ready for vkQueuePresentKHR; its acquire semaphore is
 *          waited for at VK_PIPELINE_STAGE_TRANSFER_BIT
 *
 * Pixels are copied as they are where size and format agree, else scaled with
 * a linear filter between black bars.
 *
 * Return: VK_SUCCESS or what went wrong.
 */
VkResult vulkan_draw_record(VulkanImage *image, unsigned slot,
                            VkCommandBuffer cmd, const VulkanTarget *target);

/**
 * vulkan_draw_record_readback - record the commands that copy a dma-buf
 * @image: a dma-buf; stays referenced until the commands are done
 * @cmd: a command buffer that can be begun
 * @to: gets the pixels, 4 bytes each, without padding; for the CPU to read
 *      once the commands are done
 *
 * Return: VK_SUCCESS or what went wrong.
 */
VkResult vulkan_draw_record_readback(VulkanImage *image, VkCommandBuffer cmd,
                                     VkBuffer to);

#endif
