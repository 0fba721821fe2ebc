/*
 * Vulkan presenter: a device that copies dma-bufs to memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "draw.h"
#include "reader.h"
#include "result.h"
#include "trace.h"

/* A device that is not done with a copy by then has hung. */
#define READ_NS (5 * 1000 * 1000 * 1000ull)

#define READ_BPP 4              /* bytes of a pixel */

struct VulkanReader {
    VulkanDevice *dev;          /* owned */
    VkCommandBuffer cmd;        /* of the device's pool */
    VkFence done;               /* owned */
    VulkanBuffer buffer;        /* what the device copies to */
    VkDeviceSize size;          /* bytes of it */
    GPtrArray *images;          /* VulkanImage, ref: imported dma-bufs */
};

static void vulkan_reader_image_unref(gpointer opaque)
{
    vulkan_image_unref(opaque);
}

VulkanReader *vulkan_reader_new(VulkanInstance *instance, Error **errp)
{
    g_autoptr(VulkanReader) r = g_new0(VulkanReader, 1);
    VkResult res;

    r->images = g_ptr_array_new_with_free_func(vulkan_reader_image_unref);
    r->dev = vulkan_device_new(instance, VK_NULL_HANDLE, errp);
    if (!r->dev) {
        return NULL;
    }
    res = vulkan_device_make_command(r->dev, &r->cmd, &r->done);
    if (res != VK_SUCCESS) {
        error_setg_vulkan(errp, res, "reading back on '%s'", r->dev->name);
        return NULL;
    }
    trace_vulkan_reader_new(r, r->dev->name);
    return g_steal_pointer(&r);
}

void vulkan_reader_free(VulkanReader *r)
{
    if (!r) {
        return;
    }
    if (r->dev) {
        r->dev->vk.DeviceWaitIdle(r->dev->handle);
        g_ptr_array_set_size(r->images, 0);
        vulkan_buffer_cleanup(r->dev, &r->buffer);
        r->dev->vk.DestroyFence(r->dev->handle, r->done, NULL);
        vulkan_device_free(r->dev);
    }
    g_ptr_array_unref(r->images);
    g_free(r);
}

/* Return: borrowed from the list of imports */
static VulkanImage *vulkan_reader_import(VulkanReader *r, ScanoutImage *memory,
                                         const ScanoutLayout *layout,
                                         Error **errp)
{
    g_autoptr(VulkanFrame) frame =
        vulkan_frame_new_raw(memory, layout->width, layout->height,
                             layout->stride, layout->offset);
    VulkanImage *image = NULL;
    guint i;

    for (i = 0; i < r->images->len && !image; i++) {
        VulkanImage *known = g_ptr_array_index(r->images, i);

        image = vulkan_image_take(known, frame, false) ? known : NULL;
    }
    if (!image) {
        image = vulkan_image_new_dmabuf(r->dev, frame, errp);
        if (!image) {
            return NULL;
        }
        g_ptr_array_add(r->images, image);
    }
    image->last_used = g_get_monotonic_time();
    return image;
}

/* Never shrinks: the next picture will be like this one. */
static VkResult vulkan_reader_need_buffer(VulkanReader *r, VkDeviceSize size)
{
    VkResult res;

    if (size <= r->size) {
        return VK_SUCCESS;
    }
    r->size = 0;
    vulkan_buffer_cleanup(r->dev, &r->buffer);
    res = vulkan_buffer_init(r->dev, &r->buffer,
                             VK_BUFFER_USAGE_TRANSFER_DST_BIT, size);
    if (res == VK_SUCCESS) {
        r->size = size;
    }
    return res;
}

static VkResult vulkan_reader_copy(VulkanReader *r, VulkanImage *image)
{
    VulkanDevice *dev = r->dev;
    const VkSubmitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .commandBufferCount = 1,
        .pCommandBuffers = &r->cmd,
    };
    VkResult res;

    res = vulkan_draw_record_readback(image, r->cmd, r->buffer.handle);
    if (res != VK_SUCCESS) {
        return res;
    }
    res = dev->vk.QueueSubmit(dev->queue, 1, &info, r->done);
    if (res != VK_SUCCESS) {
        return res;
    }
    res = dev->vk.WaitForFences(dev->handle, 1, &r->done, VK_TRUE, READ_NS);
    return res == VK_SUCCESS ?
           dev->vk.ResetFences(dev->handle, 1, &r->done) : res;
}

/* Displays may look meanwhile, as they may while a guest draws. */
static void vulkan_reader_store(const VulkanReader *r, ScanoutImage *image,
                                const ScanoutLayout *layout)
{
    size_t line = (size_t)layout->width * READ_BPP;
    uint8_t *to = (uint8_t *)scanout_image_ptr(image) + layout->offset;
    uint32_t y;

    for (y = 0; y < layout->height; y++) {
        memcpy(to + (size_t)y * layout->stride, r->buffer.map + y * line, line);
    }
}

bool vulkan_reader_read(VulkanReader *r, ScanoutImage *image,
                        const ScanoutLayout *layout, bool *is_usable,
                        Error **errp)
{
    VkDeviceSize size = (VkDeviceSize)layout->width * layout->height * READ_BPP;
    int64_t start = g_get_monotonic_time();
    VulkanImage *source;
    VkResult res;

    *is_usable = true;
    source = vulkan_reader_import(r, image, layout, errp);
    if (!source) {
        return false;
    }
    res = vulkan_reader_need_buffer(r, size);
    if (res != VK_SUCCESS) {
        error_setg_vulkan(errp, res, "a buffer of %" PRIu64 " bytes",
                          (uint64_t)size);
        return false;
    }
    res = vulkan_reader_copy(r, source);
    if (res != VK_SUCCESS) {
        *is_usable = false;
        error_setg_vulkan(errp, res, "reading back on '%s'", r->dev->name);
        return false;
    }
    vulkan_reader_store(r, image, layout);
    trace_vulkan_reader_read(r, image, layout->width, layout->height,
                             g_get_monotonic_time() - start);
    return true;
}

bool vulkan_reader_sweep(VulkanReader *r)
{
    int64_t now = g_get_monotonic_time();
    guint i = 0;

    while (i < r->images->len) {
        if (vulkan_image_is_wanted(g_ptr_array_index(r->images, i), now)) {
            i++;
        } else {
            g_ptr_array_remove_index(r->images, i);
        }
    }
    return r->images->len;
}
