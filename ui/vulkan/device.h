/*
 * Vulkan presenter: a device that can show pictures in a window
 *
 * Or one without a window, which reads them back.  Every window has a device of
 * its own, so that its thread shares no queue with anybody and a lost device is
 * one window's trouble.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef UI_VULKAN_DEVICE_H
#define UI_VULKAN_DEVICE_H

#include "instance.h"

typedef struct VulkanDeviceFns {
#define VULKAN_FN(name) PFN_vk##name name;
#define VULKAN_FN_OPTIONAL(name) PFN_vk##name name;
#include "device-fns.h.inc"
#undef VULKAN_FN
#undef VULKAN_FN_OPTIONAL
} VulkanDeviceFns;

/* Constant once made; commands go through the one thread that made it. */
typedef struct VulkanDevice {
    VulkanInstance *instance;   /* borrowed */
    VkPhysicalDevice physical;
    VkDevice handle;            /* owned */
    VkQueue queue;              /* graphics and present */
    uint32_t queue_family;
    VkCommandPool pool;         /* owned; its buffers can be reset */
    char name[VK_MAX_PHYSICAL_DEVICE_NAME_SIZE];
    VkPhysicalDeviceMemoryProperties memory;
    bool has_dmabuf;            /* a dma-buf can become a VkImage */
    bool scales_a2r10g10b10;    /* VK_FORMAT_A2R10G10B10_UNORM_PACK32 */
    VkDeviceSize host_align;    /* of imported host memory; 0: not possible */
    VulkanDeviceFns vk;
} VulkanDevice;

/**
 * vulkan_device_new - make a device that can present to @surface
 * @instance: outlives the device
 * @surface: a window's; VK_NULL_HANDLE: nothing is presented, dma-bufs are read
 * @errp: set on failure
 *
 * The first device in the loader's order that can do it, one that is not a
 * processor if there is one.
 *
 * Return: a device, NULL on failure.
 */
VulkanDevice *vulkan_device_new(VulkanInstance *instance, VkSurfaceKHR surface,
                                Error **errp);

/** vulkan_device_free - everything made of it is gone; NULL is fine */
void vulkan_device_free(VulkanDevice *dev);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VulkanDevice, vulkan_device_free)

/**
 * vulkan_device_can_scale - whether pictures of a format can be scaled
 * @format: one that the presenter reads; all but one of these are mandatory
 */
bool vulkan_device_can_scale(const VulkanDevice *dev, VkFormat format);

/**
 * vulkan_device_make_command - what one submission takes
 * @cmd: a command buffer of the pool, which goes with the device
 * @done: an unsignalled fence, to be destroyed; VK_NULL_HANDLE on failure
 *
 * Return: VK_SUCCESS or what went wrong.
 */
VkResult vulkan_device_make_command(VulkanDevice *dev, VkCommandBuffer *cmd,
                                    VkFence *done);

/**
 * vulkan_device_allocate - memory of a kind
 * @bits: memory types that will do, from vkGet*MemoryRequirements and the like
 * @flags: VK_MEMORY_PROPERTY_* that the type must have
 * @size: bytes
 * @next: chain for VkMemoryAllocateInfo, or NULL.  A descriptor imported there
 *        belongs to the memory on success and to the caller on failure.
 * @out: the memory, to be freed with vkFreeMemory
 *
 * Return: VK_SUCCESS; VK_ERROR_OUT_OF_DEVICE_MEMORY also when no type fits.
 */
VkResult vulkan_device_allocate(VulkanDevice *dev, uint32_t bits,
                                VkMemoryPropertyFlags flags, VkDeviceSize size,
                                const void *next, VkDeviceMemory *out);

#endif
