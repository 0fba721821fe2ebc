/*
 * A Vulkan driver of this machine: reads back what is presented
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "vulkan-headless-int.h"

#define MAX_IMAGES 16

static void headless_check(VkResult res)
{
    g_assert_cmpint(res, ==, VK_SUCCESS);
}

void vulkan_headless_capture_init(HeadlessDevice *d)
{
    const VkCommandPoolCreateInfo pool = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
        .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
        .queueFamilyIndex = d->dev.queue_family,
    };
    VkCommandBufferAllocateInfo cmd = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = 1,
    };
    const VkFenceCreateInfo fence = {
        .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO,
    };
    VulkanDevice *dev = &d->dev;

    headless_check(dev->vk.CreateCommandPool(dev->handle, &pool, NULL,
                                             &dev->pool));
    cmd.commandPool = dev->pool;
    headless_check(dev->vk.AllocateCommandBuffers(dev->handle, &cmd, &d->cmd));
    headless_check(dev->vk.CreateFence(dev->handle, &fence, NULL, &d->done));
}

void vulkan_headless_capture_cleanup(HeadlessDevice *d)
{
    vulkan_buffer_cleanup(&d->dev, &d->buffer);
    d->dev.vk.DestroyFence(d->dev.handle, d->done, NULL);
    d->dev.vk.DestroyCommandPool(d->dev.handle, d->dev.pool, NULL);
}

static void headless_need_buffer(HeadlessDevice *d, VkDeviceSize size)
{
    if (size > d->size) {
        vulkan_buffer_cleanup(&d->dev, &d->buffer);
        headless_check(vulkan_buffer_init(&d->dev, &d->buffer,
                                          VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                                          size));
        d->size = size;
    }
}

static void headless_barrier(HeadlessDevice *d, VkImage image,
                             VkImageLayout from, VkImageLayout to)
{
    const VkImageMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT,
        .oldLayout = from,
        .newLayout = to,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = image,
        .subresourceRange = {
            .aspectMask = VK_IMAGE_ASPECT_COLOR_BIT,
            .levelCount = 1,
            .layerCount = 1,
        },
    };

    d->dev.vk.CmdPipelineBarrier(d->cmd, VK_PIPELINE_STAGE_TRANSFER_BIT,
                                 VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0, NULL, 0,
                                 NULL, 1, &barrier);
}

/* What the device wrote to the buffer is there for the host. */
static void headless_host_barrier(HeadlessDevice *d)
{
    const VkMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_HOST_READ_BIT,
    };

    d->dev.vk.CmdPipelineBarrier(d->cmd, VK_PIPELINE_STAGE_TRANSFER_BIT,
                                 VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &barrier, 0,
                                 NULL, 0, NULL);
}

static void headless_record(HeadlessDevice *d, VkImage image,
                            VkExtent2D extent)
{
    const VkCommandBufferBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
        .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
    };
    const VkBufferImageCopy region = {
        .imageSubresource = {
            .aspectMask = VK_IMAGE_ASPECT_COLOR_BIT,
            .layerCount = 1,
        },
        .imageExtent = { extent.width, extent.height, 1 },
    };

    headless_check(d->dev.vk.BeginCommandBuffer(d->cmd, &begin));
    headless_barrier(d, image, VK_IMAGE_LAYOUT_PRESENT_SRC_KHR,
                     VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
    d->dev.vk.CmdCopyImageToBuffer(d->cmd, image,
                                   VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                                   d->buffer.handle, 1, &region);
    headless_barrier(d, image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                     VK_IMAGE_LAYOUT_PRESENT_SRC_KHR);
    headless_host_barrier(d);
    headless_check(d->dev.vk.EndCommandBuffer(d->cmd));
}

static VkImage headless_image(HeadlessDevice *d, VkSwapchainKHR sc,
                              uint32_t index)
{
    VkImage images[MAX_IMAGES];
    uint32_t count = MAX_IMAGES;

    headless_check(d->dev.vk.GetSwapchainImagesKHR(d->dev.handle, sc, &count,
                                                   images));
    g_assert_cmpuint(index, <, count);
    return images[index];
}

Canvas *vulkan_headless_capture(HeadlessDevice *d, const HeadlessSwapchain *sc,
                                const HeadlessPresent *present, VkResult *res)
{
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_TRANSFER_BIT;
    const VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .waitSemaphoreCount = 1,
        .pWaitSemaphores = &present->drawn,
        .pWaitDstStageMask = &stage,
        .commandBufferCount = 1,
        .pCommandBuffers = &d->cmd,
    };
    VulkanDevice *dev = &d->dev;

    headless_need_buffer(d, (VkDeviceSize)sc->extent.width *
                            sc->extent.height * sizeof(uint32_t));
    headless_record(d, headless_image(d, sc->handle, present->index),
                    sc->extent);
    *res = dev->vk.QueueSubmit(dev->queue, 1, &submit, d->done);
    if (*res == VK_SUCCESS) {
        *res = dev->vk.WaitForFences(dev->handle, 1, &d->done, VK_TRUE,
                                     UINT64_MAX);
    }
    if (*res != VK_SUCCESS) {
        return NULL;
    }
    headless_check(dev->vk.ResetFences(dev->handle, 1, &d->done));
    return canvas_decode(sc->format, sc->extent, d->buffer.map);
}
