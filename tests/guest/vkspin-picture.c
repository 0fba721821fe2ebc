/*
 * An image that vkspin draws a frame into, plain or shared with the display.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vkspin-picture.h"
#include "vkspin-scene.h"

#define SPIN_HANDLE VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT
#define SPIN_USAGE (VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | \
                    VK_IMAGE_USAGE_TRANSFER_SRC_BIT)
#define SPIN_COPIED_USAGE (VK_IMAGE_USAGE_TRANSFER_DST_BIT | \
                           VK_IMAGE_USAGE_TRANSFER_SRC_BIT)

static const uint64_t spin_modifier_linear;

static void spin_init_plain(const SpinPicture *pic, const GpuDevice *gpu,
                            GpuImage *image)
{
    GpuImageInfo info = {
        .width = pic->width,
        .height = pic->height,
        .format = SPIN_FORMAT,
        .usage = SPIN_USAGE,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .aspect = VK_IMAGE_ASPECT_COLOR_BIT,
    };

    gpu_must(gpu_image_init(gpu, image, &info), "the picture");
}

void spin_picture_init(SpinPicture *pic, const GpuDevice *gpu, uint32_t width,
                       uint32_t height)
{
    *pic = (SpinPicture) { .width = width, .height = height };
    spin_init_plain(pic, gpu, &pic->image);
}

static VkImageTiling spin_tiling(const GpuDevice *gpu)
{
    return gpu->has[GPU_DRM_MODIFIER] ?
           VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT : VK_IMAGE_TILING_LINEAR;
}

static bool spin_check_format(const GpuDevice *gpu, VkImageUsageFlags usage,
                              ProgReason *why)
{
    VkPhysicalDeviceImageDrmFormatModifierInfoEXT modifier = {
        .sType =
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_DRM_FORMAT_MODIFIER_INFO_EXT,
        .drmFormatModifier = spin_modifier_linear,
    };
    VkPhysicalDeviceExternalImageFormatInfo external = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO,
        .pNext = gpu->has[GPU_DRM_MODIFIER] ? &modifier : NULL,
        .handleType = SPIN_HANDLE,
    };
    VkPhysicalDeviceImageFormatInfo2 info = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_FORMAT_INFO_2,
        .pNext = &external,
        .format = SPIN_FORMAT,
        .type = VK_IMAGE_TYPE_2D,
        .tiling = spin_tiling(gpu),
        .usage = usage,
    };
    VkExternalImageFormatProperties shared = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES,
    };
    VkImageFormatProperties2 props = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_FORMAT_PROPERTIES_2,
        .pNext = &shared,
    };
    VkResult res = vkGetPhysicalDeviceImageFormatProperties2(gpu->physical,
                                                             &info, &props);

    if (res != VK_SUCCESS) {
        return prog_refuse(why, "no linear dma-buf images (%s)",
                           gpu_result_name(res));
    }
    if (!(shared.externalMemoryProperties.externalMemoryFeatures &
          VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT)) {
        return prog_refuse(why, "linear images cannot be exported");
    }
    return true;
}

static bool spin_create_shared(SpinPicture *pic, const GpuDevice *gpu,
                               VkImageUsageFlags usage, ProgReason *why)
{
    VkImageDrmFormatModifierListCreateInfoEXT modifiers = {
        .sType =
        VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_LIST_CREATE_INFO_EXT,
        .drmFormatModifierCount = 1,
        .pDrmFormatModifiers = &spin_modifier_linear,
    };
    VkExternalMemoryImageCreateInfo external = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO,
        .pNext = gpu->has[GPU_DRM_MODIFIER] ? &modifiers : NULL,
        .handleTypes = SPIN_HANDLE,
    };
    VkImageCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .pNext = &external,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = SPIN_FORMAT,
        .extent = { pic->width, pic->height, 1 },
        .mipLevels = 1,
        .arrayLayers = 1,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .tiling = spin_tiling(gpu),
        .usage = usage,
    };
    VkImageSubresource plane = {
        .aspectMask = gpu->has[GPU_DRM_MODIFIER] ?
                      VK_IMAGE_ASPECT_MEMORY_PLANE_0_BIT_EXT :
                      VK_IMAGE_ASPECT_COLOR_BIT,
    };
    VkSubresourceLayout layout;
    VkResult res = vkCreateImage(gpu->device, &info, NULL, &pic->image.image);

    if (res != VK_SUCCESS) {
        return prog_refuse(why, "an exportable image: %s",
                           gpu_result_name(res));
    }
    vkGetImageSubresourceLayout(gpu->device, pic->image.image, &plane,
                                &layout);
    if (layout.offset) {
        return prog_refuse(why, "the image does not begin with its memory");
    }
    pic->stride = layout.rowPitch;
    return true;
}

/* Memory that the host can map is shared in the most places. */
static uint32_t spin_shared_type(const GpuDevice *gpu, uint32_t bits)
{
    uint32_t type = gpu_memory_type(gpu, bits,
                                    VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT);

    return type != UINT32_MAX ? type : gpu_memory_type(gpu, bits, 0);
}

static bool spin_back_shared(SpinPicture *pic, const GpuDevice *gpu,
                             VkImageUsageFlags usage, ProgReason *why)
{
    VkMemoryDedicatedAllocateInfo dedicated = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO,
        .image = pic->image.image,
    };
    VkExportMemoryAllocateInfo export = {
        .sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
        .pNext = &dedicated,
        .handleTypes = SPIN_HANDLE,
    };
    VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .pNext = &export,
    };
    VkMemoryRequirements needs;
    VkResult res;

    vkGetImageMemoryRequirements(gpu->device, pic->image.image, &needs);
    info.allocationSize = needs.size;
    info.memoryTypeIndex = spin_shared_type(gpu, needs.memoryTypeBits);
    res = vkAllocateMemory(gpu->device, &info, NULL, &pic->image.memory);
    if (res != VK_SUCCESS) {
        return prog_refuse(why, "exportable memory: %s",
                           gpu_result_name(res));
    }
    res = vkBindImageMemory(gpu->device, pic->image.image, pic->image.memory,
                            0);
    if (res == VK_SUCCESS && usage == SPIN_USAGE) {
        res = gpu_image_view(gpu, pic->image.image, SPIN_FORMAT,
                             VK_IMAGE_ASPECT_COLOR_BIT, &pic->image.view);
    }
    if (res != VK_SUCCESS) {
        return prog_refuse(why, "using exportable memory: %s",
                           gpu_result_name(res));
    }
    return true;
}

static bool spin_export(const SpinPicture *pic, const GpuDevice *gpu, int *fd,
                        ProgReason *why)
{
    VkMemoryGetFdInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_GET_FD_INFO_KHR,
        .memory = pic->image.memory,
        .handleType = SPIN_HANDLE,
    };
    PFN_vkGetMemoryFdKHR get = (PFN_vkGetMemoryFdKHR)
        vkGetDeviceProcAddr(gpu->device, "vkGetMemoryFdKHR");
    VkResult res = get ? get(gpu->device, &info, fd) :
                         VK_ERROR_EXTENSION_NOT_PRESENT;

    if (res != VK_SUCCESS) {
        return prog_refuse(why, "exporting a dma-buf: %s",
                           gpu_result_name(res));
    }
    return true;
}

bool spin_picture_init_shared(SpinPicture *pic, const GpuDevice *gpu,
                              uint32_t width, uint32_t height, bool gpu_copy,
                              int *fd, ProgReason *why)
{
    VkImageUsageFlags usage = SPIN_USAGE;

    *pic = (SpinPicture) { .width = width, .height = height };
    if (!gpu->has[GPU_DMA_BUF]) {
        return prog_refuse(why, "the driver has no %s",
                           gpu->has[GPU_MEMORY_FD] ?
                           VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME :
                           VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME);
    }
    if (gpu_copy || !spin_check_format(gpu, usage, why)) {
        usage = SPIN_COPIED_USAGE;
        if (!spin_check_format(gpu, usage, why)) {
            return false;
        }
    }
    if (!spin_create_shared(pic, gpu, usage, why) ||
        !spin_back_shared(pic, gpu, usage, why) ||
        !spin_export(pic, gpu, fd, why)) {
        spin_picture_cleanup(pic, gpu);
        return false;
    }
    if (usage == SPIN_COPIED_USAGE) {
        spin_init_plain(pic, gpu, &pic->drawn);
    }
    return true;
}

VkImageView spin_picture_view(const SpinPicture *pic)
{
    return pic->drawn.image ? pic->drawn.view : pic->image.view;
}

void spin_picture_cleanup(SpinPicture *pic, const GpuDevice *gpu)
{
    vkDestroyFramebuffer(gpu->device, pic->framebuffer, NULL);
    gpu_image_cleanup(gpu, &pic->drawn);
    gpu_image_cleanup(gpu, &pic->image);
    *pic = (SpinPicture) { 0 };
}

/* Between uses of a picture by the device and by the display */
static VkImageMemoryBarrier spin_barrier(const SpinPicture *pic)
{
    return gpu_transition(pic->image.image, VK_IMAGE_LAYOUT_GENERAL,
                          VK_IMAGE_LAYOUT_GENERAL);
}

void spin_picture_copy(const SpinPicture *pic, VkCommandBuffer cmd)
{
    /* All of it is written anew. */
    VkImageMemoryBarrier barrier = gpu_transition(pic->image.image,
                                                  VK_IMAGE_LAYOUT_UNDEFINED,
                                                  VK_IMAGE_LAYOUT_GENERAL);
    const VkImageSubresourceLayers colour = {
        .aspectMask = VK_IMAGE_ASPECT_COLOR_BIT, .layerCount = 1,
    };
    const VkImageCopy whole = {
        .srcSubresource = colour,
        .dstSubresource = colour,
        .extent = { pic->width, pic->height, 1 },
    };

    barrier.dstAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT;
    vkCmdPipelineBarrier(cmd, VK_PIPELINE_STAGE_TRANSFER_BIT,
                         VK_PIPELINE_STAGE_TRANSFER_BIT, 0,
                         0, NULL, 0, NULL, 1, &barrier);
    vkCmdCopyImage(cmd, pic->drawn.image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                   pic->image.image, VK_IMAGE_LAYOUT_GENERAL, 1, &whole);
}

static uint32_t spin_display_family(const GpuDevice *gpu)
{
    return gpu->has[GPU_FOREIGN_QUEUE] ? VK_QUEUE_FAMILY_FOREIGN_EXT :
                                         VK_QUEUE_FAMILY_EXTERNAL;
}

void spin_picture_release(const SpinPicture *pic, const GpuDevice *gpu,
                          VkCommandBuffer cmd)
{
    VkImageMemoryBarrier barrier = spin_barrier(pic);

    barrier.srcAccessMask = VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT |
                            VK_ACCESS_TRANSFER_WRITE_BIT;
    barrier.srcQueueFamilyIndex = gpu->family;
    barrier.dstQueueFamilyIndex = spin_display_family(gpu);
    vkCmdPipelineBarrier(cmd, VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT |
                         VK_PIPELINE_STAGE_TRANSFER_BIT,
                         VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, 0,
                         0, NULL, 0, NULL, 1, &barrier);
}

void spin_picture_acquire(const SpinPicture *pic, const GpuDevice *gpu,
                          VkCommandBuffer cmd)
{
    VkImageMemoryBarrier barrier = spin_barrier(pic);

    barrier.dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT;
    barrier.srcQueueFamilyIndex = spin_display_family(gpu);
    barrier.dstQueueFamilyIndex = gpu->family;
    vkCmdPipelineBarrier(cmd, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT,
                         VK_PIPELINE_STAGE_TRANSFER_BIT, 0,
                         0, NULL, 0, NULL, 1, &barrier);
}
