/*
 * Tests of the shared-memory layer: images, buffers, barriers
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

#define FORMAT VK_FORMAT_B8G8R8A8_UNORM

enum { WIDTH = 61, HEIGHT = 17 };

static const uint64_t linear;   /* DRM_FORMAT_MODIFIER_LINEAR is 0 */
static const uint64_t tiled = 0x0100000000000001;   /* I915_FORMAT_MOD_X_TILED */

/* Memory for an exportable object, and a mapping of what was exported */
static uint8_t *back(Gpu *gpu, const VkMemoryRequirements *needs,
                     VkImage image, VkDeviceMemory *memory)
{
    VkMemoryDedicatedAllocateInfo dedicated = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO,
        .image = image,
    };
    VkExportMemoryAllocateInfo export = {
        .sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
        .pNext = image ? &dedicated : NULL,
        .handleTypes = DMA_BUF | OPAQUE_FD,
    };
    VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .pNext = &export,
        .allocationSize = needs->size,
        .memoryTypeIndex = gpu->type,
    };
    void *map;
    int fd = -1;

    CHECK(needs->memoryTypeBits == 1u << gpu->type);
    CHECK_RESULT(vkAllocateMemory(gpu->device, &info, NULL, memory),
                 VK_SUCCESS);
    CHECK_RESULT(gpu_fd(gpu, *memory, &fd), VK_SUCCESS);
    map = mmap(NULL, needs->size, PROT_READ, MAP_SHARED, fd, 0);
    CHECK(map != MAP_FAILED);
    close(fd);
    return map;
}

static VkImageCreateInfo image_info(const void *next)
{
    return (VkImageCreateInfo) {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .pNext = next,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = FORMAT,
        .extent = { WIDTH, HEIGHT, 1 },
        .mipLevels = 1,
        .arrayLayers = 1,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .tiling = VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT,
        .usage = VK_IMAGE_USAGE_TRANSFER_DST_BIT,
    };
}

static VkImageMemoryBarrier image_barrier(VkImage image)
{
    return (VkImageMemoryBarrier) {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .dstAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
        .newLayout = VK_IMAGE_LAYOUT_GENERAL,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = image,
        .subresourceRange = {
            .aspectMask = VK_IMAGE_ASPECT_COLOR_BIT,
            .levelCount = 1,
            .layerCount = 1,
        },
    };
}

/* Blue as BGRA, handed over to a display afterwards */
static void draw(Gpu *gpu, VkImage image)
{
    const VkClearColorValue blue = { .float32 = { 0, 0, 1, 1 } };
    VkImageMemoryBarrier barrier = image_barrier(image);
    VkCommandBuffer cmd = gpu_begin(gpu);

    vkCmdPipelineBarrier(cmd, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT,
                         VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0, NULL, 0, NULL, 1,
                         &barrier);
    vkCmdClearColorImage(cmd, image, VK_IMAGE_LAYOUT_GENERAL, &blue, 1,
                         &barrier.subresourceRange);
    barrier.srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT;
    barrier.dstAccessMask = 0;
    barrier.oldLayout = VK_IMAGE_LAYOUT_GENERAL;
    barrier.srcQueueFamilyIndex = 0;
    barrier.dstQueueFamilyIndex = VK_QUEUE_FAMILY_FOREIGN_EXT;
    vkCmdPipelineBarrier(cmd, VK_PIPELINE_STAGE_TRANSFER_BIT,
                         VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, 0, 0, NULL, 0,
                         NULL, 1, &barrier);
    gpu_run(gpu, cmd);
}

static void test_image(Gpu *gpu)
{
    VkImageDrmFormatModifierListCreateInfoEXT modifiers = {
        .sType =
        VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_LIST_CREATE_INFO_EXT,
        .drmFormatModifierCount = 1,
        .pDrmFormatModifiers = &linear,
    };
    VkExternalMemoryImageCreateInfo external = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO,
        .pNext = &modifiers,
        .handleTypes = DMA_BUF,
    };
    VkImageCreateInfo info = image_info(&external);
    VkImageSubresource plane = {
        .aspectMask = VK_IMAGE_ASPECT_MEMORY_PLANE_0_BIT_EXT,
    };
    VkImageDrmFormatModifierPropertiesEXT modifier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_PROPERTIES_EXT,
        .drmFormatModifier = ~(uint64_t)0,
    };
    const uint8_t blue[] = { 255, 0, 0, 255 };
    VkMemoryRequirements needs;
    VkSubresourceLayout layout;
    VkDeviceMemory memory;
    unsigned wrong = 0;
    VkImage image;
    uint8_t *map;

    if (!CHECK_RESULT(vkCreateImage(gpu->device, &info, NULL, &image),
                      VK_SUCCESS)) {
        return;
    }
    CHECK_RESULT(gpu->get_modifier(gpu->device, image, &modifier), VK_SUCCESS);
    CHECK(modifier.drmFormatModifier == linear);
    vkGetImageMemoryRequirements(gpu->device, image, &needs);
    map = back(gpu, &needs, image, &memory);
    CHECK_RESULT(vkBindImageMemory(gpu->device, image, memory, 0), VK_SUCCESS);
    vkGetImageSubresourceLayout(gpu->device, image, &plane, &layout);
    CHECK(layout.offset == 0 && layout.rowPitch >= WIDTH * 4);
    draw(gpu, image);
    for (unsigned i = 0; map != MAP_FAILED && i < WIDTH * HEIGHT; i++) {
        wrong += memcmp(&map[i / WIDTH * layout.rowPitch + i % WIDTH * 4],
                        blue, 4) != 0;
    }
    CHECK(wrong == 0);
    munmap(map, needs.size);
    vkDestroyImage(gpu->device, image, NULL);
    vkFreeMemory(gpu->device, memory, NULL);
}

/* The types of an image that @info describes, by each way to ask */
static void check_image_types(Gpu *gpu, const VkImageCreateInfo *info,
                              uint32_t types)
{
    VkDeviceImageMemoryRequirements unmade = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_IMAGE_MEMORY_REQUIREMENTS,
        .pCreateInfo = info,
    };
    VkImageMemoryRequirementsInfo2 made = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_REQUIREMENTS_INFO_2,
    };
    VkMemoryRequirements2 needs = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_REQUIREMENTS_2,
    };

    if (!CHECK_RESULT(vkCreateImage(gpu->device, info, NULL, &made.image),
                      VK_SUCCESS)) {
        return;
    }
    vkGetImageMemoryRequirements(gpu->device, made.image,
                                 &needs.memoryRequirements);
    CHECK(needs.memoryRequirements.memoryTypeBits == types);
    vkGetImageMemoryRequirements2(gpu->device, &made, &needs);
    CHECK(needs.memoryRequirements.memoryTypeBits == types);
    vkGetDeviceImageMemoryRequirements(gpu->device, &unmade, &needs);
    CHECK(needs.memoryRequirements.memoryTypeBits == types);
    vkDestroyImage(gpu->device, made.image, NULL);
}

static void check_buffer_types(Gpu *gpu, const VkBufferCreateInfo *info,
                               uint32_t types)
{
    VkDeviceBufferMemoryRequirements unmade = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_BUFFER_MEMORY_REQUIREMENTS,
        .pCreateInfo = info,
    };
    VkBufferMemoryRequirementsInfo2 made = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_MEMORY_REQUIREMENTS_INFO_2,
    };
    VkMemoryRequirements2 needs = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_REQUIREMENTS_2,
    };

    if (!CHECK_RESULT(vkCreateBuffer(gpu->device, info, NULL, &made.buffer),
                      VK_SUCCESS)) {
        return;
    }
    vkGetBufferMemoryRequirements(gpu->device, made.buffer,
                                  &needs.memoryRequirements);
    CHECK(needs.memoryRequirements.memoryTypeBits == types);
    vkGetBufferMemoryRequirements2(gpu->device, &made, &needs);
    CHECK(needs.memoryRequirements.memoryTypeBits == types);
    vkGetDeviceBufferMemoryRequirements(gpu->device, &unmade, &needs);
    CHECK(needs.memoryRequirements.memoryTypeBits == types);
    vkDestroyBuffer(gpu->device, made.buffer, NULL);
}

/* What is shared goes where shared memory can be, all else anywhere. */
static void test_memory_types(Gpu *gpu)
{
    VkExternalMemoryImageCreateInfo shared_image = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO,
        .handleTypes = DMA_BUF,
    };
    VkImageDrmFormatModifierListCreateInfoEXT modifiers = {
        .sType =
        VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_LIST_CREATE_INFO_EXT,
        .drmFormatModifierCount = 1,
        .pDrmFormatModifiers = &linear,
    };
    VkExternalMemoryBufferCreateInfo shared_buffer = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO,
        .handleTypes = OPAQUE_FD,
    };
    VkImageCreateInfo image = image_info(&modifiers);
    VkBufferCreateInfo buffer = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = 5000,
        .usage = VK_BUFFER_USAGE_TRANSFER_DST_BIT,
    };
    VkPhysicalDeviceMemoryProperties memory;
    uint32_t all;

    vkGetPhysicalDeviceMemoryProperties(gpu->physical, &memory);
    all = (1u << memory.memoryTypeCount) - 1;
    check_image_types(gpu, &image, all);
    check_buffer_types(gpu, &buffer, all);
    shared_image.pNext = &modifiers;
    image.pNext = &shared_image;
    check_image_types(gpu, &image, 1u << gpu->type);
    image.tiling = VK_IMAGE_TILING_LINEAR;
    shared_image.pNext = NULL;
    check_image_types(gpu, &image, 1u << gpu->type);
    buffer.pNext = &shared_buffer;
    check_buffer_types(gpu, &buffer, 1u << gpu->type);
}

/* An image of a layout that somebody else chose */
static VkResult create_explicit(Gpu *gpu, uint64_t modifier, VkDeviceSize pitch)
{
    VkSubresourceLayout plane = { .rowPitch = pitch };
    VkImageDrmFormatModifierExplicitCreateInfoEXT layout = {
        .sType =
        VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_EXPLICIT_CREATE_INFO_EXT,
        .drmFormatModifier = modifier,
        .drmFormatModifierPlaneCount = 1,
        .pPlaneLayouts = &plane,
    };
    VkExternalMemoryImageCreateInfo external = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO,
        .pNext = &layout,
        .handleTypes = DMA_BUF,
    };
    VkImageCreateInfo info = image_info(&external);
    VkImage image = VK_NULL_HANDLE;
    VkResult res = vkCreateImage(gpu->device, &info, NULL, &image);

    if (res == VK_SUCCESS) {
        vkDestroyImage(gpu->device, image, NULL);
    }
    return res;
}

static void test_explicit_layout(Gpu *gpu)
{
    VkDeviceSize pitch = WIDTH * 4;

    while (create_explicit(gpu, linear, pitch) != VK_SUCCESS &&
           pitch < WIDTH * 8) {
        pitch += 4;
    }
    CHECK(pitch < WIDTH * 8);
    CHECK_RESULT(create_explicit(gpu, linear, pitch + 4096),
                 VK_ERROR_INVALID_DRM_FORMAT_MODIFIER_PLANE_LAYOUT_EXT);
    CHECK_RESULT(create_explicit(gpu, tiled, pitch),
                 VK_ERROR_INVALID_DRM_FORMAT_MODIFIER_PLANE_LAYOUT_EXT);
}

static VkResult ask_image(Gpu *gpu, uint64_t modifier,
                          VkExternalMemoryProperties *memory)
{
    VkPhysicalDeviceImageDrmFormatModifierInfoEXT by_modifier = {
        .sType =
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_DRM_FORMAT_MODIFIER_INFO_EXT,
        .drmFormatModifier = modifier,
    };
    VkPhysicalDeviceExternalImageFormatInfo external = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO,
        .pNext = &by_modifier,
        .handleType = DMA_BUF,
    };
    VkPhysicalDeviceImageFormatInfo2 info = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_FORMAT_INFO_2,
        .pNext = &external,
        .format = FORMAT,
        .type = VK_IMAGE_TYPE_2D,
        .tiling = VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT,
        .usage = VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT,
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

    *memory = shared.externalMemoryProperties;
    return res;
}

static void test_queries(Gpu *gpu)
{
    const VkExternalMemoryFeatureFlags both =
        VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT |
        VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT;
    VkDrmFormatModifierPropertiesEXT modifier = { .drmFormatModifier = 9 };
    VkDrmFormatModifierPropertiesListEXT list = {
        .sType = VK_STRUCTURE_TYPE_DRM_FORMAT_MODIFIER_PROPERTIES_LIST_EXT,
        .drmFormatModifierCount = 1,
        .pDrmFormatModifierProperties = &modifier,
    };
    VkFormatProperties2 format = {
        .sType = VK_STRUCTURE_TYPE_FORMAT_PROPERTIES_2,
        .pNext = &list,
    };
    VkPhysicalDeviceExternalBufferInfo buffer = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_BUFFER_INFO,
        .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT,
        .handleType = OPAQUE_FD,
    };
    VkExternalBufferProperties shared = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_BUFFER_PROPERTIES,
    };
    VkExternalMemoryProperties memory;

    CHECK_RESULT(ask_image(gpu, linear, &memory), VK_SUCCESS);
    CHECK((memory.externalMemoryFeatures & both) == both);
    CHECK(memory.exportFromImportedHandleTypes & DMA_BUF);
    CHECK_RESULT(ask_image(gpu, tiled, &memory), VK_ERROR_FORMAT_NOT_SUPPORTED);
    vkGetPhysicalDeviceExternalBufferProperties(gpu->physical, &buffer,
                                                &shared);
    memory = shared.externalMemoryProperties;
    CHECK((memory.externalMemoryFeatures & both) == both);
    CHECK(memory.exportFromImportedHandleTypes & OPAQUE_FD);
    vkGetPhysicalDeviceFormatProperties2(gpu->physical, FORMAT, &format);
    CHECK(list.drmFormatModifierCount == 1);
    CHECK(modifier.drmFormatModifier == linear);
    CHECK(modifier.drmFormatModifierTilingFeatures ==
          format.formatProperties.linearTilingFeatures);
}

static void test_buffer(Gpu *gpu)
{
    VkExternalMemoryBufferCreateInfo external = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO,
        .handleTypes = OPAQUE_FD,
    };
    VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .pNext = &external,
        .size = 5000,
        .usage = VK_BUFFER_USAGE_TRANSFER_DST_BIT,
    };
    VkBufferMemoryBarrier2 barrier = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_MEMORY_BARRIER_2,
        .srcStageMask = VK_PIPELINE_STAGE_2_TRANSFER_BIT,
        .srcAccessMask = VK_ACCESS_2_TRANSFER_WRITE_BIT,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_FOREIGN_EXT,
        .size = VK_WHOLE_SIZE,
    };
    VkDependencyInfo dependency = {
        .sType = VK_STRUCTURE_TYPE_DEPENDENCY_INFO,
        .bufferMemoryBarrierCount = 1,
        .pBufferMemoryBarriers = &barrier,
    };
    VkMemoryRequirements needs;
    VkDeviceMemory memory;
    VkCommandBuffer cmd;
    unsigned wrong = 0;
    uint8_t *map;

    CHECK_RESULT(vkCreateBuffer(gpu->device, &info, NULL, &barrier.buffer),
                 VK_SUCCESS);
    vkGetBufferMemoryRequirements(gpu->device, barrier.buffer, &needs);
    map = back(gpu, &needs, VK_NULL_HANDLE, &memory);
    CHECK_RESULT(vkBindBufferMemory(gpu->device, barrier.buffer, memory, 0),
                 VK_SUCCESS);
    cmd = gpu_begin(gpu);
    vkCmdFillBuffer(cmd, barrier.buffer, 0, VK_WHOLE_SIZE, 0x5a5a5a5a);
    gpu->cmd_barrier2(cmd, &dependency);
    gpu_run(gpu, cmd);
    for (unsigned i = 0; map != MAP_FAILED && i < info.size; i++) {
        wrong += map[i] != 0x5a;
    }
    CHECK(wrong == 0);
    munmap(map, needs.size);
    vkDestroyBuffer(gpu->device, barrier.buffer, NULL);
    vkFreeMemory(gpu->device, memory, NULL);
}

const Test object_tests[] = {
    { "queries", test_queries },
    { "image", test_image },
    { "memory-types", test_memory_types },
    { "explicit-layout", test_explicit_layout },
    { "buffer", test_buffer },
    { NULL },
};
