/*
 * Vulkan presenter: a buffer that device and CPU both reach
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "buffer.h"

#define MAPPED (VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | \
                VK_MEMORY_PROPERTY_HOST_COHERENT_BIT)

static VkResult vulkan_buffer_allocate(VulkanDevice *dev, VulkanBuffer *buffer,
                                       VkBufferUsageFlags usage)
{
    VkMemoryRequirements req;
    VkResult res = VK_ERROR_OUT_OF_DEVICE_MEMORY;

    dev->vk.GetBufferMemoryRequirements(dev->handle, buffer->handle, &req);
    if (usage & VK_BUFFER_USAGE_TRANSFER_DST_BIT) {
        res = vulkan_device_allocate(dev, req.memoryTypeBits,
                                     MAPPED |
                                     VK_MEMORY_PROPERTY_HOST_CACHED_BIT,
                                     req.size, NULL, &buffer->memory);
    }
    if (res != VK_SUCCESS) {
        res = vulkan_device_allocate(dev, req.memoryTypeBits, MAPPED, req.size,
                                     NULL, &buffer->memory);
    }
    if (res != VK_SUCCESS) {
        buffer->memory = VK_NULL_HANDLE;
    }
    return res;
}

VkResult vulkan_buffer_init(VulkanDevice *dev, VulkanBuffer *buffer,
                            VkBufferUsageFlags usage, VkDeviceSize size)
{
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = size,
        .usage = usage,
        .sharingMode = VK_SHARING_MODE_EXCLUSIVE,
    };
    VkResult res;

    res = dev->vk.CreateBuffer(dev->handle, &info, NULL, &buffer->handle);
    if (res != VK_SUCCESS) {
        buffer->handle = VK_NULL_HANDLE;
        return res;
    }
    res = vulkan_buffer_allocate(dev, buffer, usage);
    if (res != VK_SUCCESS) {
        return res;
    }
    res = dev->vk.BindBufferMemory(dev->handle, buffer->handle, buffer->memory,
                                   0);
    if (res != VK_SUCCESS) {
        return res;
    }
    return dev->vk.MapMemory(dev->handle, buffer->memory, 0, VK_WHOLE_SIZE, 0,
                             (void **)&buffer->map);
}

void vulkan_buffer_cleanup(VulkanDevice *dev, VulkanBuffer *buffer)
{
    dev->vk.DestroyBuffer(dev->handle, buffer->handle, NULL);
    dev->vk.FreeMemory(dev->handle, buffer->memory, NULL);
    *buffer = (VulkanBuffer) {};
}
