/*
 * Vulkan presenter: memory that is copied by the CPU
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "image.h"
#include "result.h"

static VkResult vulkan_upload_init(VulkanDevice *dev, VulkanUpload *upload,
                                   VkDeviceSize size)
{
    const VkMemoryPropertyFlags flags = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                                        VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = size,
        .usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT,
        .sharingMode = VK_SHARING_MODE_EXCLUSIVE,
    };
    VkMemoryRequirements req;
    VkResult res;

    res = dev->vk.CreateBuffer(dev->handle, &info, NULL, &upload->buffer);
    if (res != VK_SUCCESS) {
        upload->buffer = VK_NULL_HANDLE;
        return res;
    }
    dev->vk.GetBufferMemoryRequirements(dev->handle, upload->buffer, &req);
    res = vulkan_device_allocate(dev, req.memoryTypeBits, flags, req.size,
                                 NULL, &upload->memory);
    if (res != VK_SUCCESS) {
        upload->memory = VK_NULL_HANDLE;
        return res;
    }
    res = dev->vk.BindBufferMemory(dev->handle, upload->buffer,
                                   upload->memory, 0);
    if (res != VK_SUCCESS) {
        return res;
    }
    return dev->vk.MapMemory(dev->handle, upload->memory, 0, VK_WHOLE_SIZE, 0,
                             (void **)&upload->map);
}

bool vulkan_image_make_uploads(VulkanImage *image, Error **errp)
{
    VkDeviceSize size = (VkDeviceSize)image->width * image->height * 4;
    int i;

    for (i = 0; i < VULKAN_SLOTS; i++) {
        VkResult res = vulkan_upload_init(image->dev, &image->upload[i], size);

        if (res != VK_SUCCESS) {
            /* What there is goes with the image. */
            error_setg_vulkan(errp, res, "upload buffer of %" PRIu64 " bytes",
                              (uint64_t)size);
            return false;
        }
    }
    return true;
}
