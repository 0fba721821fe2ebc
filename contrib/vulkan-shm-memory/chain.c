/*
 * Copies of pNext chains
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdbool.h>
#include <string.h>

#include "chain.h"

typedef struct ChainType {
    VkStructureType type;
    uint32_t size;
} ChainType;

#define CHAIN_TYPE(name, structure) \
    { VK_STRUCTURE_TYPE_##name, sizeof(structure) }

/* What may stand in the chains that this layer changes */
static const ChainType chain_types[] = {
    /* VkMemoryAllocateInfo */
    CHAIN_TYPE(DEDICATED_ALLOCATION_MEMORY_ALLOCATE_INFO_NV,
               VkDedicatedAllocationMemoryAllocateInfoNV),
    CHAIN_TYPE(EXPORT_MEMORY_ALLOCATE_INFO, VkExportMemoryAllocateInfo),
    CHAIN_TYPE(IMPORT_MEMORY_FD_INFO_KHR, VkImportMemoryFdInfoKHR),
    CHAIN_TYPE(IMPORT_MEMORY_HOST_POINTER_INFO_EXT,
               VkImportMemoryHostPointerInfoEXT),
    CHAIN_TYPE(MEMORY_ALLOCATE_FLAGS_INFO, VkMemoryAllocateFlagsInfo),
    CHAIN_TYPE(MEMORY_DEDICATED_ALLOCATE_INFO, VkMemoryDedicatedAllocateInfo),
    CHAIN_TYPE(MEMORY_OPAQUE_CAPTURE_ADDRESS_ALLOCATE_INFO,
               VkMemoryOpaqueCaptureAddressAllocateInfo),
    CHAIN_TYPE(MEMORY_PRIORITY_ALLOCATE_INFO_EXT,
               VkMemoryPriorityAllocateInfoEXT),
    /* VkImageCreateInfo, VkPhysicalDeviceImageFormatInfo2 */
    CHAIN_TYPE(EXTERNAL_MEMORY_IMAGE_CREATE_INFO,
               VkExternalMemoryImageCreateInfo),
    CHAIN_TYPE(IMAGE_COMPRESSION_CONTROL_EXT, VkImageCompressionControlEXT),
    CHAIN_TYPE(IMAGE_DRM_FORMAT_MODIFIER_EXPLICIT_CREATE_INFO_EXT,
               VkImageDrmFormatModifierExplicitCreateInfoEXT),
    CHAIN_TYPE(IMAGE_DRM_FORMAT_MODIFIER_LIST_CREATE_INFO_EXT,
               VkImageDrmFormatModifierListCreateInfoEXT),
    CHAIN_TYPE(IMAGE_FORMAT_LIST_CREATE_INFO, VkImageFormatListCreateInfo),
    CHAIN_TYPE(IMAGE_STENCIL_USAGE_CREATE_INFO, VkImageStencilUsageCreateInfo),
    CHAIN_TYPE(IMAGE_SWAPCHAIN_CREATE_INFO_KHR, VkImageSwapchainCreateInfoKHR),
    CHAIN_TYPE(OPAQUE_CAPTURE_DESCRIPTOR_DATA_CREATE_INFO_EXT,
               VkOpaqueCaptureDescriptorDataCreateInfoEXT),
    CHAIN_TYPE(PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO,
               VkPhysicalDeviceExternalImageFormatInfo),
    CHAIN_TYPE(PHYSICAL_DEVICE_IMAGE_DRM_FORMAT_MODIFIER_INFO_EXT,
               VkPhysicalDeviceImageDrmFormatModifierInfoEXT),
    CHAIN_TYPE(PHYSICAL_DEVICE_IMAGE_VIEW_IMAGE_FORMAT_INFO_EXT,
               VkPhysicalDeviceImageViewImageFormatInfoEXT),
    /* VkBufferCreateInfo */
    CHAIN_TYPE(BUFFER_DEVICE_ADDRESS_CREATE_INFO_EXT,
               VkBufferDeviceAddressCreateInfoEXT),
    CHAIN_TYPE(BUFFER_OPAQUE_CAPTURE_ADDRESS_CREATE_INFO,
               VkBufferOpaqueCaptureAddressCreateInfo),
    CHAIN_TYPE(BUFFER_USAGE_FLAGS_2_CREATE_INFO,
               VkBufferUsageFlags2CreateInfo),
    CHAIN_TYPE(EXTERNAL_MEMORY_BUFFER_CREATE_INFO,
               VkExternalMemoryBufferCreateInfo),
    /* VkSemaphoreCreateInfo, VkFenceCreateInfo */
    CHAIN_TYPE(EXPORT_FENCE_CREATE_INFO, VkExportFenceCreateInfo),
    CHAIN_TYPE(EXPORT_SEMAPHORE_CREATE_INFO, VkExportSemaphoreCreateInfo),
    CHAIN_TYPE(SEMAPHORE_TYPE_CREATE_INFO, VkSemaphoreTypeCreateInfo),
    /* VkSubmitInfo, VkBindSparseInfo */
    CHAIN_TYPE(DEVICE_GROUP_BIND_SPARSE_INFO, VkDeviceGroupBindSparseInfo),
    CHAIN_TYPE(DEVICE_GROUP_SUBMIT_INFO, VkDeviceGroupSubmitInfo),
    CHAIN_TYPE(PERFORMANCE_QUERY_SUBMIT_INFO_KHR,
               VkPerformanceQuerySubmitInfoKHR),
    CHAIN_TYPE(PROTECTED_SUBMIT_INFO, VkProtectedSubmitInfo),
    CHAIN_TYPE(TIMELINE_SEMAPHORE_SUBMIT_INFO, VkTimelineSemaphoreSubmitInfo),
};

const void *layer_chain_find(const void *chain, VkStructureType type)
{
    const VkBaseInStructure *s = chain;

    while (s && s->sType != type) {
        s = s->pNext;
    }
    return s;
}

void *layer_chain_find_out(void *chain, VkStructureType type)
{
    VkBaseOutStructure *s = chain;

    while (s && s->sType != type) {
        s = s->pNext;
    }
    return s;
}

static bool chain_listed(VkStructureType type, const VkStructureType *list,
                         uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (list[i] == type) {
            return true;
        }
    }
    return false;
}

/* NULL when the type is not known, or comes a second time too often. */
static VkBaseInStructure *chain_copy(LayerArena *arena,
                                     const VkBaseInStructure *s)
{
    VkBaseInStructure *copy;

    for (size_t i = 0; i < sizeof(chain_types) / sizeof(*chain_types); i++) {
        uint32_t size = chain_types[i].size;

        if (chain_types[i].type == s->sType &&
            size <= sizeof(arena->bytes) - arena->used) {
            copy = (void *)&arena->bytes[arena->used];
            memcpy(copy, s, size);
            arena->used += (size + 7) & ~7u;
            return copy;
        }
    }
    return NULL;
}

const void *layer_chain_without(LayerArena *arena, const void *chain,
                                const VkStructureType *drop, uint32_t count)
{
    const VkBaseInStructure *s, *rest = chain;
    const VkBaseInStructure *first = NULL;
    VkBaseInStructure *last = NULL;

    for (s = chain; s; s = s->pNext) {
        if (chain_listed(s->sType, drop, count)) {
            rest = s->pNext;
        }
    }
    for (s = chain; s != rest; s = s->pNext) {
        VkBaseInStructure *copy = chain_listed(s->sType, drop, count) ? NULL :
                                  chain_copy(arena, s);

        if (copy && last) {
            last->pNext = copy;
        } else if (copy) {
            first = copy;
        }
        last = copy ? copy : last;
    }
    if (last) {
        last->pNext = rest;
    }
    return first ? first : rest;
}
