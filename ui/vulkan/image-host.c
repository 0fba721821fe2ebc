/*
 * Vulkan presenter: memory of this process that the device reads in place
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "image.h"
#include "result.h"

#define HOST_POINTER VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT

static VkResult vulkan_host_create(VulkanImage *image, void *start,
                                   VkDeviceSize size)
{
    VulkanDevice *dev = image->dev;
    VkMemoryHostPointerPropertiesEXT host = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_HOST_POINTER_PROPERTIES_EXT,
    };
    const VkExternalMemoryBufferCreateInfo external = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO,
        .handleTypes = HOST_POINTER,
    };
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .pNext = &external,
        .size = size,
        .usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT,
        .sharingMode = VK_SHARING_MODE_EXCLUSIVE,
    };
    const VkImportMemoryHostPointerInfoEXT import = {
        .sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT,
        .handleType = HOST_POINTER,
        .pHostPointer = start,
    };
    VkMemoryRequirements req;
    VkResult res;

    res = dev->vk.GetMemoryHostPointerPropertiesEXT(dev->handle, HOST_POINTER,
                                                    start, &host);
    if (res != VK_SUCCESS) {
        return res;
    }
    res = dev->vk.CreateBuffer(dev->handle, &info, NULL, &image->buffer);
    if (res != VK_SUCCESS) {
        image->buffer = VK_NULL_HANDLE;
        return res;
    }
    dev->vk.GetBufferMemoryRequirements(dev->handle, image->buffer, &req);
    if (req.size > size) {
        return VK_ERROR_INVALID_EXTERNAL_HANDLE;
    }
    res = vulkan_device_allocate(dev, req.memoryTypeBits & host.memoryTypeBits,
                                 0, size, &import, &image->memory);
    if (res != VK_SUCCESS) {
        image->memory = VK_NULL_HANDLE;
        return res;
    }
    return dev->vk.BindBufferMemory(dev->handle, image->buffer, image->memory,
                                    0);
}

/*
 * Whole pages around the picture: they are mapped as a whole, so that rounding
 * reaches nothing else as long as the device asks for no more than a page.
 */
bool vulkan_image_import_host(VulkanImage *image, Error **errp)
{
    VulkanFrame *frame = image->frame;
    VulkanDevice *dev = image->dev;
    size_t page = qemu_real_host_page_size();
    uintptr_t start, end;
    VkResult res;

    if (!frame->image || image->is_converted || frame->skips_first_byte ||
        frame->stride % sizeof(uint32_t)) {
        error_setg(errp, "the pixels have to be copied");
        return false;
    }
    if (!dev->host_align || dev->host_align > page) {
        error_setg(errp, "no host pointers on '%s'", dev->name);
        return false;
    }
    start = (uintptr_t)scanout_image_ptr(frame->image);
    end = ROUND_UP(start + scanout_image_size(frame->image), page);
    image->buffer_offset = start % page + frame->offset;
    start = ROUND_DOWN(start, page);
    if (image->buffer_offset % sizeof(uint32_t)) {
        error_setg(errp, "the first pixel is at an odd address");
        return false;
    }
    image->row_length = frame->stride / sizeof(uint32_t);

    res = vulkan_host_create(image, (void *)start, end - start);
    if (res == VK_SUCCESS) {
        return true;
    }
    dev->vk.DestroyBuffer(dev->handle, image->buffer, NULL);
    dev->vk.FreeMemory(dev->handle, image->memory, NULL);
    image->buffer = VK_NULL_HANDLE;
    image->memory = VK_NULL_HANDLE;
    image->buffer_offset = 0;
    image->row_length = image->width;
    error_setg_vulkan(errp, res, "import of %zu bytes at a host pointer",
                      (size_t)(end - start));
    return false;
}
