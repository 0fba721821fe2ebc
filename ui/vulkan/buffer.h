/*
 * Vulkan presenter: a buffer that device and CPU both reach
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef UI_VULKAN_BUFFER_H
#define UI_VULKAN_BUFFER_H

#include "device.h"

typedef struct VulkanBuffer {
    VkBuffer handle;            /* owned */
    VkDeviceMemory memory;      /* owned */
    uint8_t *map;               /* of all of it, coherent */
} VulkanBuffer;

/**
 * vulkan_buffer_init - make a buffer in memory that is mapped
 * @buffer: zeroed; to be cleaned up after a failure, too
 * @usage: what the device does with it
 * @size: bytes
 *
 * What the device writes is for the CPU to read, which cached memory is better
 * for; it is preferred for VK_BUFFER_USAGE_TRANSFER_DST_BIT.
 *
 * Return: VK_SUCCESS or what went wrong.
 */
VkResult vulkan_buffer_init(VulkanDevice *dev, VulkanBuffer *buffer,
                            VkBufferUsageFlags usage, VkDeviceSize size);

/** vulkan_buffer_cleanup - the device is done with it; zeroed is fine */
void vulkan_buffer_cleanup(VulkanDevice *dev, VulkanBuffer *buffer);

#endif
