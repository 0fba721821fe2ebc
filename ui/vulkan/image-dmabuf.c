/*
 * Vulkan presenter: a dma-buf that the device reads in place
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/memfd.h"
#include "standard-headers/drm/drm_fourcc.h"
#include "image.h"
#include "result.h"

#define DMABUF VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT

static VkResult vulkan_dmabuf_create_image(VulkanImage *image)
{
    VulkanDevice *dev = image->dev;
    const VulkanFrame *frame = image->frame;
    const VkSubresourceLayout plane = {
        .offset = frame->offset,
        .rowPitch = frame->stride,
    };
    const VkImageDrmFormatModifierExplicitCreateInfoEXT modifier = {
        .sType =
        VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_EXPLICIT_CREATE_INFO_EXT,
        .drmFormatModifier = DRM_FORMAT_MOD_LINEAR,
        .drmFormatModifierPlaneCount = 1,
        .pPlaneLayouts = &plane,
    };
    const VkExternalMemoryImageCreateInfo external = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO,
        .pNext = &modifier,
        .handleTypes = DMABUF,
    };
    VkImageCreateInfo info = vulkan_image_create_info(
        image, VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT,
        VK_IMAGE_USAGE_TRANSFER_SRC_BIT);

    info.pNext = &external;
    return dev->vk.CreateImage(dev->handle, &info, NULL, &image->image);
}

/* Whether the device says it can read such an image of a dma-buf. */
static VkResult vulkan_dmabuf_supported(const VulkanImage *image)
{
    VulkanDevice *dev = image->dev;
    const VkPhysicalDeviceImageDrmFormatModifierInfoEXT modifier = {
        .sType =
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_DRM_FORMAT_MODIFIER_INFO_EXT,
        .drmFormatModifier = DRM_FORMAT_MOD_LINEAR,
        .sharingMode = VK_SHARING_MODE_EXCLUSIVE,
    };
    const VkPhysicalDeviceExternalImageFormatInfo external = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO,
        .pNext = &modifier,
        .handleType = DMABUF,
    };
    const VkPhysicalDeviceImageFormatInfo2 info = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_FORMAT_INFO_2,
        .pNext = &external,
        .format = image->format,
        .type = VK_IMAGE_TYPE_2D,
        .tiling = VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT,
        .usage = VK_IMAGE_USAGE_TRANSFER_SRC_BIT,
    };
    VkExternalImageFormatProperties can = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES,
    };
    VkImageFormatProperties2 props = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_FORMAT_PROPERTIES_2,
        .pNext = &can,
    };
    VkResult res;

    res = dev->instance->vk.GetPhysicalDeviceImageFormatProperties2(
        dev->physical, &info, &props);
    if (res == VK_SUCCESS &&
        !(can.externalMemoryProperties.externalMemoryFeatures &
          VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT)) {
        return VK_ERROR_FORMAT_NOT_SUPPORTED;
    }
    return res;
}

/* @fd: belongs to the memory on success, to the caller on failure */
static VkResult vulkan_dmabuf_bind(VulkanImage *image, int fd)
{
    VulkanDevice *dev = image->dev;
    VkMemoryFdPropertiesKHR props = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_FD_PROPERTIES_KHR,
    };
    const VkMemoryDedicatedAllocateInfo dedicated = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO,
        .image = image->image,
    };
    const VkImportMemoryFdInfoKHR import = {
        .sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR,
        .pNext = &dedicated,
        .handleType = DMABUF,
        .fd = fd,
    };
    VkMemoryRequirements req;
    VkResult res;

    res = dev->vk.GetMemoryFdPropertiesKHR(dev->handle, DMABUF, fd, &props);
    if (res != VK_SUCCESS) {
        return res;
    }
    dev->vk.GetImageMemoryRequirements(dev->handle, image->image, &req);
    if (req.size > scanout_image_size(image->frame->image)) {
        return VK_ERROR_INVALID_EXTERNAL_HANDLE;
    }
    return vulkan_device_allocate(dev,
                                  req.memoryTypeBits & props.memoryTypeBits,
                                  0, req.size, &import, &image->memory);
}

bool vulkan_image_import_dmabuf(VulkanImage *image, Error **errp)
{
    VulkanFrame *frame = image->frame;
    VulkanDevice *dev = image->dev;
    int fd = frame->image ? scanout_image_fd(frame->image) : -1;
    VkResult res;

    if (!dev->has_dmabuf || fd < 0 || image->is_converted ||
        frame->skips_first_byte) {
        error_setg(errp, "no dma-buf, or not on '%s'", dev->name);
        return false;
    }
    /* A memfd that calls itself a dma-buf: only a memfd has seals. */
    if (fcntl(fd, F_GET_SEALS) >= 0) {
        error_setg(errp, "the descriptor is shared memory");
        return false;
    }
    fd = qemu_dup(fd);
    if (fd < 0) {
        error_setg_errno(errp, errno, "cannot duplicate a descriptor");
        return false;
    }
    res = vulkan_dmabuf_supported(image);
    if (res == VK_SUCCESS) {
        res = vulkan_dmabuf_create_image(image);
    }
    if (res != VK_SUCCESS) {
        image->image = VK_NULL_HANDLE;
        close(fd);
        error_setg_vulkan(errp, res, "image of a dma-buf");
        return false;
    }
    res = vulkan_dmabuf_bind(image, fd);
    if (res != VK_SUCCESS) {
        image->memory = VK_NULL_HANDLE;
        close(fd);
    } else {
        res = dev->vk.BindImageMemory(dev->handle, image->image,
                                      image->memory, 0);
    }
    if (res == VK_SUCCESS) {
        return true;
    }
    dev->vk.DestroyImage(dev->handle, image->image, NULL);
    dev->vk.FreeMemory(dev->handle, image->memory, NULL);
    image->image = VK_NULL_HANDLE;
    image->memory = VK_NULL_HANDLE;
    error_setg_vulkan(errp, res, "import of a dma-buf");
    return false;
}
