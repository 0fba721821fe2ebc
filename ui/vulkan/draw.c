/*
 * Vulkan presenter: the commands that bring an image into a window
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "draw.h"

static const VkImageSubresourceRange all_of_image = {
    .aspectMask = VK_IMAGE_ASPECT_COLOR_BIT,
    .levelCount = 1,
    .layerCount = 1,
};

static const VkImageSubresourceLayers layer_of_image = {
    .aspectMask = VK_IMAGE_ASPECT_COLOR_BIT,
    .layerCount = 1,
};

VkRect2D vulkan_draw_place(uint32_t width, uint32_t height, VkExtent2D extent)
{
    VkRect2D place = { .extent = extent };

    if ((uint64_t)extent.width * height > (uint64_t)extent.height * width) {
        place.extent.width = MAX((uint64_t)extent.height * width / height, 1);
    } else {
        place.extent.height = MAX((uint64_t)extent.width * height / width, 1);
    }
    place.offset.x = (extent.width - place.extent.width) / 2;
    place.offset.y = (extent.height - place.extent.height) / 2;
    return place;
}

VkOffset2D vulkan_draw_pixel_at(uint32_t width, uint32_t height,
                                VkExtent2D extent, int x, int y)
{
    VkRect2D place = vulkan_draw_place(width, height, extent);
    int64_t left = (int64_t)(x - place.offset.x) * width / place.extent.width;
    int64_t top = (int64_t)(y - place.offset.y) * height / place.extent.height;

    return (VkOffset2D) {
        .x = MIN(MAX(left, 0), width - 1),
        .y = MIN(MAX(top, 0), height - 1),
    };
}

/* One image changes its layout between two uses. */
static void vulkan_draw_barrier(VulkanDevice *dev, VkCommandBuffer cmd,
                                VkPipelineStageFlags after,
                                VkPipelineStageFlags before,
                                VkImageMemoryBarrier barrier)
{
    barrier.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER;
    barrier.subresourceRange = all_of_image;
    dev->vk.CmdPipelineBarrier(cmd, after, before, 0, 0, NULL, 0, NULL, 1,
                               &barrier);
}

static void vulkan_draw_layout(VulkanDevice *dev, VkCommandBuffer cmd,
                               VkImage image, VkAccessFlags from_access,
                               VkImageLayout from, VkAccessFlags to_access,
                               VkImageLayout to)
{
    vulkan_draw_barrier(dev, cmd, VK_PIPELINE_STAGE_TRANSFER_BIT,
                        VK_PIPELINE_STAGE_TRANSFER_BIT,
                        (VkImageMemoryBarrier) {
        .srcAccessMask = from_access,
        .dstAccessMask = to_access,
        .oldLayout = from,
        .newLayout = to,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = image,
    });
}

/* A dma-buf is somebody else's between our uses of it. */
static void vulkan_draw_dmabuf_owner(VulkanImage *image, VkCommandBuffer cmd,
                                     bool acquire)
{
    uint32_t own = image->dev->queue_family;

    vulkan_draw_barrier(image->dev, cmd,
                        acquire ? VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT :
                                  VK_PIPELINE_STAGE_TRANSFER_BIT,
                        acquire ? VK_PIPELINE_STAGE_TRANSFER_BIT :
                                  VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT,
                        (VkImageMemoryBarrier) {
        .dstAccessMask = acquire ? VK_ACCESS_TRANSFER_READ_BIT : 0,
        .oldLayout = acquire ? VK_IMAGE_LAYOUT_GENERAL :
                               VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
        .newLayout = acquire ? VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL :
                               VK_IMAGE_LAYOUT_GENERAL,
        .srcQueueFamilyIndex = acquire ? VK_QUEUE_FAMILY_FOREIGN_EXT : own,
        .dstQueueFamilyIndex = acquire ? own : VK_QUEUE_FAMILY_FOREIGN_EXT,
        .image = image->image,
    });
}

/* Formats of one memory layout differ in how they are interpreted alone. */
static VkFormat vulkan_format_raw(VkFormat format)
{
    switch (format) {
    case VK_FORMAT_B8G8R8A8_SRGB:
        return VK_FORMAT_B8G8R8A8_UNORM;
    case VK_FORMAT_R8G8B8A8_SRGB:
        return VK_FORMAT_R8G8B8A8_UNORM;
    default:
        return format;
    }
}

static bool vulkan_draw_is_straight(const VulkanImage *image,
                                    const VulkanTarget *target)
{
    return image->width == target->extent.width &&
           image->height == target->extent.height &&
           vulkan_format_raw(image->format) ==
           vulkan_format_raw(target->format);
}

static void vulkan_draw_copy_buffer(VulkanImage *image, unsigned slot,
                                    VkCommandBuffer cmd, VkImage to)
{
    const VkBufferImageCopy region = {
        .bufferOffset = image->buffer_offset,
        .bufferRowLength = image->row_length,
        .imageSubresource = layer_of_image,
        .imageExtent = { image->width, image->height, 1 },
    };

    image->dev->vk.CmdCopyBufferToImage(cmd, vulkan_image_buffer(image, slot),
                                        to,
                                        VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
                                        1, &region);
}

static void vulkan_draw_copy_image(VulkanImage *image, VkCommandBuffer cmd,
                                   VkImage to)
{
    const VkImageCopy region = {
        .srcSubresource = layer_of_image,
        .dstSubresource = layer_of_image,
        .extent = { image->width, image->height, 1 },
    };

    image->dev->vk.CmdCopyImage(cmd, image->image,
                                VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, to,
                                VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1,
                                &region);
}

static void vulkan_draw_clear(VulkanDevice *dev, VkCommandBuffer cmd,
                              const VulkanTarget *target)
{
    const VkClearColorValue black = { .float32 = { 0, 0, 0, 1 } };

    dev->vk.CmdClearColorImage(cmd, target->image,
                               VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, &black,
                               1, &all_of_image);
    vulkan_draw_layout(dev, cmd, target->image, VK_ACCESS_TRANSFER_WRITE_BIT,
                       VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
                       VK_ACCESS_TRANSFER_WRITE_BIT,
                       VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
}

/* @from: in the layout for a transfer's source */
static void vulkan_draw_blit(VulkanImage *image, VkCommandBuffer cmd,
                             VkImage from, const VulkanTarget *target)
{
    VkRect2D to = vulkan_draw_place(image->width, image->height,
                                    target->extent);
    const VkImageBlit region = {
        .srcSubresource = layer_of_image,
        .srcOffsets[1] = { image->width, image->height, 1 },
        .dstSubresource = layer_of_image,
        .dstOffsets[0] = { to.offset.x, to.offset.y, 0 },
        .dstOffsets[1] = { to.offset.x + to.extent.width,
                           to.offset.y + to.extent.height, 1 },
    };

    if (to.extent.width != target->extent.width ||
        to.extent.height != target->extent.height) {
        vulkan_draw_clear(image->dev, cmd, target);
    }
    image->dev->vk.CmdBlitImage(cmd, from,
                                VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                                target->image,
                                VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1,
                                &region, VK_FILTER_LINEAR);
}

/* A buffer cannot be scaled, an image can. */
static void vulkan_draw_fill_scratch(VulkanImage *image, unsigned slot,
                                     VkCommandBuffer cmd)
{
    /* The frame before may still read it. */
    vulkan_draw_layout(image->dev, cmd, image->scratch,
                       VK_ACCESS_TRANSFER_READ_BIT, VK_IMAGE_LAYOUT_UNDEFINED,
                       VK_ACCESS_TRANSFER_WRITE_BIT,
                       VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
    vulkan_draw_copy_buffer(image, slot, cmd, image->scratch);
    vulkan_draw_layout(image->dev, cmd, image->scratch,
                       VK_ACCESS_TRANSFER_WRITE_BIT,
                       VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
                       VK_ACCESS_TRANSFER_READ_BIT,
                       VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
}

static void vulkan_draw_picture(VulkanImage *image, unsigned slot,
                                VkCommandBuffer cmd,
                                const VulkanTarget *target)
{
    bool is_dmabuf = image->import == VULKAN_IMPORT_DMABUF;
    bool is_straight = vulkan_draw_is_straight(image, target);

    if (is_dmabuf) {
        vulkan_draw_dmabuf_owner(image, cmd, true);
        if (is_straight) {
            vulkan_draw_copy_image(image, cmd, target->image);
        } else {
            vulkan_draw_blit(image, cmd, image->image, target);
        }
        vulkan_draw_dmabuf_owner(image, cmd, false);
    } else if (is_straight) {
        vulkan_draw_copy_buffer(image, slot, cmd, target->image);
    } else {
        vulkan_draw_fill_scratch(image, slot, cmd);
        vulkan_draw_blit(image, cmd, image->scratch, target);
    }
}

static VkResult vulkan_draw_begin(VulkanDevice *dev, VkCommandBuffer cmd)
{
    const VkCommandBufferBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
        .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
    };

    return dev->vk.BeginCommandBuffer(cmd, &begin);
}

VkResult vulkan_draw_record(VulkanImage *image, unsigned slot,
                            VkCommandBuffer cmd, const VulkanTarget *target)
{
    VulkanDevice *dev = image->dev;
    VkResult res;

    if (image->import != VULKAN_IMPORT_DMABUF &&
        !vulkan_draw_is_straight(image, target)) {
        res = vulkan_image_need_scratch(image);
        if (res != VK_SUCCESS) {
            return res;
        }
    }
    res = vulkan_draw_begin(dev, cmd);
    if (res != VK_SUCCESS) {
        return res;
    }
    vulkan_draw_layout(dev, cmd, target->image, 0, VK_IMAGE_LAYOUT_UNDEFINED,
                       VK_ACCESS_TRANSFER_WRITE_BIT,
                       VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
    vulkan_draw_picture(image, slot, cmd, target);
    vulkan_draw_layout(dev, cmd, target->image, VK_ACCESS_TRANSFER_WRITE_BIT,
                       VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 0,
                       VK_IMAGE_LAYOUT_PRESENT_SRC_KHR);
    return dev->vk.EndCommandBuffer(cmd);
}

VkResult vulkan_draw_record_readback(VulkanImage *image, VkCommandBuffer cmd,
                                     VkBuffer to)
{
    const VkBufferImageCopy region = {
        .imageSubresource = layer_of_image,
        .imageExtent = { image->width, image->height, 1 },
    };
    const VkBufferMemoryBarrier written = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_HOST_READ_BIT,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .buffer = to,
        .size = VK_WHOLE_SIZE,
    };
    VulkanDevice *dev = image->dev;
    VkResult res = vulkan_draw_begin(dev, cmd);

    if (res != VK_SUCCESS) {
        return res;
    }
    vulkan_draw_dmabuf_owner(image, cmd, true);
    dev->vk.CmdCopyImageToBuffer(cmd, image->image,
                                 VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, to, 1,
                                 &region);
    vulkan_draw_dmabuf_owner(image, cmd, false);
    dev->vk.CmdPipelineBarrier(cmd, VK_PIPELINE_STAGE_TRANSFER_BIT,
                               VK_PIPELINE_STAGE_HOST_BIT, 0, 0, NULL, 1,
                               &written, 0, NULL);
    return dev->vk.EndCommandBuffer(cmd);
}
