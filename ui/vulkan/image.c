/*
 * Vulkan presenter: a frame as the device sees it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "image.h"
#include "result.h"
#include "trace.h"

/* How long an import is kept that is not used: it may pin memory. */
#define IMPORT_KEEP_US (2 * G_TIME_SPAN_SECOND)

static const struct {
    const char *name;
    bool (*make)(VulkanImage *image, Error **errp);
} vulkan_imports[VULKAN_IMPORT__MAX] = {
    [VULKAN_IMPORT_DMABUF] = { "dma-buf", vulkan_image_import_dmabuf },
    [VULKAN_IMPORT_HOST] = { "host-pointer", vulkan_image_import_host },
    [VULKAN_IMPORT_UPLOAD] = { "upload", vulkan_image_make_uploads },
};

const char *vulkan_import_name(VulkanImport import)
{
    return vulkan_imports[import].name;
}

static VkFormat vulkan_format_srgb(VkFormat format)
{
    switch (format) {
    case VK_FORMAT_B8G8R8A8_UNORM:
        return VK_FORMAT_B8G8R8A8_SRGB;
    case VK_FORMAT_R8G8B8A8_UNORM:
        return VK_FORMAT_R8G8B8A8_SRGB;
    default:
        return format;
    }
}

VkFormat vulkan_image_format(const VulkanDevice *dev, const VulkanFrame *frame)
{
    return vulkan_device_can_scale(dev, frame->format) ?
           frame->format : VK_FORMAT_B8G8R8A8_UNORM;
}

static bool vulkan_image_converts(const VulkanDevice *dev,
                                  const VulkanFrame *frame)
{
    return frame->needs_conversion ||
           vulkan_image_format(dev, frame) != frame->format;
}

static void vulkan_image_damage_all(VulkanImage *image)
{
    pixman_region32_t all;

    pixman_region32_init_rect(&all, 0, 0, image->width, image->height);
    vulkan_image_damage(image, &all);
    pixman_region32_fini(&all);
}

static VulkanImage *vulkan_image_alloc(VulkanDevice *dev, VulkanFrame *frame,
                                       VulkanImport best, bool is_srgb)
{
    VulkanImage *image = g_new0(VulkanImage, 1);
    int i;

    image->dev = dev;
    image->ref = 1;
    image->best = best;
    image->frame = vulkan_frame_ref(frame);
    image->width = frame->width;
    image->height = frame->height;
    image->row_length = frame->width;
    image->format = vulkan_image_format(dev, frame);
    if (is_srgb) {
        image->format = vulkan_format_srgb(image->format);
    }
    image->is_converted = vulkan_image_converts(dev, frame);
    for (i = 0; i < VULKAN_SLOTS; i++) {
        pixman_region32_init(&image->upload[i].damage);
    }
    return image;
}

static void vulkan_image_trace_new(const VulkanImage *image)
{
    trace_vulkan_image_new(image->frame, image->frame->image, image->width,
                           image->height, vulkan_import_name(image->import));
}

VulkanImage *vulkan_image_new(VulkanDevice *dev, VulkanFrame *frame,
                              VulkanImport best, bool is_srgb, Error **errp)
{
    VulkanImage *image = vulkan_image_alloc(dev, frame, best, is_srgb);
    VulkanImport import;

    for (import = best; import < VULKAN_IMPORT__MAX; import++) {
        Error *err = NULL;

        image->import = import;
        if (vulkan_imports[import].make(image, &err)) {
            vulkan_image_trace_new(image);
            vulkan_image_damage_all(image);
            if (import != VULKAN_IMPORT_DMABUF && frame->image) {
                scanout_image_want_copy(frame->image);
            }
            return image;
        }
        trace_vulkan_image_refused(frame, vulkan_import_name(import),
                                   error_get_pretty(err));
        if (import + 1 == VULKAN_IMPORT__MAX) {
            error_propagate(errp, err);
        } else {
            error_free(err);
        }
    }
    vulkan_image_unref(image);
    return NULL;
}

VulkanImage *vulkan_image_new_dmabuf(VulkanDevice *dev, VulkanFrame *frame,
                                     Error **errp)
{
    VulkanImage *image = vulkan_image_alloc(dev, frame, VULKAN_IMPORT_DMABUF,
                                            false);

    if (!vulkan_image_import_dmabuf(image, errp)) {
        vulkan_image_unref(image);
        return NULL;
    }
    vulkan_image_trace_new(image);
    return image;
}

VulkanImage *vulkan_image_ref(VulkanImage *image)
{
    image->ref++;
    return image;
}

void vulkan_image_unref(VulkanImage *image)
{
    VulkanDevice *dev;
    int i;

    if (!image || --image->ref) {
        return;
    }
    dev = image->dev;
    dev->vk.DestroyImage(dev->handle, image->scratch, NULL);
    dev->vk.FreeMemory(dev->handle, image->scratch_memory, NULL);
    dev->vk.DestroyImage(dev->handle, image->image, NULL);
    dev->vk.DestroyBuffer(dev->handle, image->buffer, NULL);
    dev->vk.FreeMemory(dev->handle, image->memory, NULL);
    for (i = 0; i < VULKAN_SLOTS; i++) {
        vulkan_buffer_cleanup(dev, &image->upload[i].buffer);
        pixman_region32_fini(&image->upload[i].damage);
    }
    /* Last: until here the device could reach the frame's memory. */
    vulkan_frame_unref(image->frame);
    g_free(image);
}

bool vulkan_image_take(VulkanImage *image, VulkanFrame *frame, bool is_srgb)
{
    VulkanFrame *old = image->frame;
    VkFormat format = vulkan_image_format(image->dev, frame);

    if (is_srgb) {
        format = vulkan_format_srgb(format);
    }
    if (old == frame) {
        return image->format == format;
    }
    if (old->width != frame->width || old->height != frame->height ||
        image->format != format ||
        old->skips_first_byte != frame->skips_first_byte) {
        return false;
    }
    if (image->import == VULKAN_IMPORT_UPLOAD) {
        /* Another try to import is worth it only for new memory. */
        if (frame->image && old->image != frame->image &&
            image->best != VULKAN_IMPORT_UPLOAD) {
            return false;
        }
        image->frame = vulkan_frame_ref(frame);
        image->is_converted = vulkan_image_converts(image->dev, frame);
        vulkan_frame_unref(old);
        vulkan_image_damage_all(image);
        return true;
    }
    return old->image == frame->image && old->offset == frame->offset &&
           old->stride == frame->stride;
}

bool vulkan_image_is_wanted(const VulkanImage *image, int64_t now)
{
    const VulkanFrame *frame = image->frame;

    return now - image->last_used < IMPORT_KEEP_US &&
           (!frame->image || scanout_image_is_shared(frame->image));
}

void vulkan_image_damage(VulkanImage *image, pixman_region32_t *region)
{
    int i;

    if (image->import != VULKAN_IMPORT_UPLOAD) {
        return;
    }
    for (i = 0; i < VULKAN_SLOTS; i++) {
        pixman_region32_t *damage = &image->upload[i].damage;

        pixman_region32_union(damage, damage, region);
        pixman_region32_intersect_rect(damage, damage, 0, 0, image->width,
                                       image->height);
    }
}

uint64_t vulkan_image_copy_damage(VulkanImage *image, unsigned slot)
{
    VulkanUpload *upload = &image->upload[slot];
    uint64_t pixels;

    if (image->import != VULKAN_IMPORT_UPLOAD) {
        return 0;
    }
    pixels = vulkan_frame_read(image->frame, &upload->damage,
                               image->is_converted, upload->buffer.map);
    if (pixels) {
        pixman_region32_clear(&upload->damage);
    }
    return pixels;
}

VkBuffer vulkan_image_buffer(const VulkanImage *image, unsigned slot)
{
    return image->import == VULKAN_IMPORT_UPLOAD ?
           image->upload[slot].buffer.handle : image->buffer;
}

VkImageCreateInfo vulkan_image_create_info(const VulkanImage *image,
                                           VkImageTiling tiling,
                                           VkImageUsageFlags usage)
{
    return (VkImageCreateInfo) {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = image->format,
        .extent = { image->width, image->height, 1 },
        .mipLevels = 1,
        .arrayLayers = 1,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .tiling = tiling,
        .usage = usage,
        .sharingMode = VK_SHARING_MODE_EXCLUSIVE,
        .initialLayout = VK_IMAGE_LAYOUT_UNDEFINED,
    };
}

VkResult vulkan_image_need_scratch(VulkanImage *image)
{
    const VkImageCreateInfo info = vulkan_image_create_info(
        image, VK_IMAGE_TILING_OPTIMAL,
        VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT);
    VulkanDevice *dev = image->dev;
    VkMemoryRequirements req;
    VkResult res;

    if (image->scratch_memory != VK_NULL_HANDLE) {
        return VK_SUCCESS;
    }
    if (image->scratch == VK_NULL_HANDLE) {
        res = dev->vk.CreateImage(dev->handle, &info, NULL, &image->scratch);
        if (res != VK_SUCCESS) {
            image->scratch = VK_NULL_HANDLE;
            return res;
        }
    }
    dev->vk.GetImageMemoryRequirements(dev->handle, image->scratch, &req);
    res = vulkan_device_allocate(dev, req.memoryTypeBits, 0, req.size, NULL,
                                 &image->scratch_memory);
    if (res != VK_SUCCESS) {
        image->scratch_memory = VK_NULL_HANDLE;
        return res;
    }
    return dev->vk.BindImageMemory(dev->handle, image->scratch,
                                   image->scratch_memory, 0);
}
