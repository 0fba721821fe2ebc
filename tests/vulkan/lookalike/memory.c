/*
 * Memory as MoltenVK takes it
 *
 * What it would refuse is refused here, with a line that says why.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdio.h>
#include <sys/mman.h>

#include "chain.h"
#include "lookalike.h"

/* The functions of memory by descriptor are not there. */
static VkResult look_refuse(const char *what)
{
    fprintf(stderr, "lookalike: refused: %s\n", what);
    return VK_ERROR_INVALID_EXTERNAL_HANDLE;
}

static VKAPI_ATTR VkResult VKAPI_CALL
look_AllocateMemory(VkDevice device, const VkMemoryAllocateInfo *info,
                    const VkAllocationCallbacks *alloc, VkDeviceMemory *memory)
{
    const VkImportMemoryHostPointerInfoEXT *import = layer_chain_find(
        info->pNext, VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT);
    const VkStructureType export =
        VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO;
    VkMemoryAllocateInfo changed = *info;
    LayerArena arena = { .used = 0 };

    if (look_exports()) {
        changed.pNext = layer_chain_without(&arena, info->pNext, &export, 1);
    } else if (layer_chain_find(info->pNext, export) ||
               layer_chain_find(info->pNext,
                                VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR)) {
        return look_refuse("memory by descriptor");
    }
    if (import && info->memoryTypeIndex != LOOK_HOST_TYPE) {
        return look_refuse("host memory of a type that only the device sees");
    }
    if (import && (info->allocationSize % LOOK_GRANULE ||
                   (uintptr_t)import->pHostPointer % LOOK_GRANULE)) {
        return look_refuse("host memory that is not whole pages");
    }
    changed.memoryTypeIndex = 0;
    return look_device(device)->next.AllocateMemory(device, &changed, alloc,
                                                    memory);
}

static VKAPI_ATTR VkResult VKAPI_CALL
look_GetMemoryFdKHR(VkDevice device, const VkMemoryGetFdInfoKHR *info, int *fd)
{
    if (!look_exports()) {
        return look_device(device)->next.GetMemoryFdKHR(device, info, fd);
    }
    *fd = memfd_create("lookalike", MFD_CLOEXEC);
    return *fd < 0 ? VK_ERROR_TOO_MANY_OBJECTS : VK_SUCCESS;
}

static VKAPI_ATTR VkResult VKAPI_CALL
look_GetMemoryHostPointerPropertiesEXT(
    VkDevice device, VkExternalMemoryHandleTypeFlagBits type,
    const void *pointer, VkMemoryHostPointerPropertiesEXT *props)
{
    VkResult res = look_device(device)->next.GetMemoryHostPointerPropertiesEXT(
        device, type, pointer, props);

    props->memoryTypeBits = props->memoryTypeBits ? 1 << LOOK_HOST_TYPE : 0;
    return res;
}

static VKAPI_ATTR VkResult VKAPI_CALL
look_CreateImage(VkDevice device, const VkImageCreateInfo *info,
                 const VkAllocationCallbacks *alloc, VkImage *image)
{
    const VkExternalMemoryImageCreateInfo *external = layer_chain_find(
        info->pNext, VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO);

    if ((external && external->handleTypes & LOOK_HIDDEN_TYPES) ||
        info->tiling == VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT) {
        return look_refuse("an image for memory by descriptor");
    }
    return look_device(device)->next.CreateImage(device, info, alloc, image);
}

static VKAPI_ATTR VkResult VKAPI_CALL
look_CreateBuffer(VkDevice device, const VkBufferCreateInfo *info,
                  const VkAllocationCallbacks *alloc, VkBuffer *buffer)
{
    const VkExternalMemoryBufferCreateInfo *external = layer_chain_find(
        info->pNext, VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO);

    if (external && external->handleTypes & LOOK_HIDDEN_TYPES) {
        return look_refuse("a buffer for memory by descriptor");
    }
    return look_device(device)->next.CreateBuffer(device, info, alloc, buffer);
}

static void look_both_types(VkMemoryRequirements *needs)
{
    needs->memoryTypeBits = 1 << LOOK_DEVICE_TYPE | 1 << LOOK_HOST_TYPE;
}

static VKAPI_ATTR void VKAPI_CALL
look_GetBufferMemoryRequirements(VkDevice device, VkBuffer buffer,
                                 VkMemoryRequirements *needs)
{
    look_device(device)->next.GetBufferMemoryRequirements(device, buffer,
                                                          needs);
    look_both_types(needs);
}

static VKAPI_ATTR void VKAPI_CALL
look_GetBufferMemoryRequirements2(VkDevice device,
                                  const VkBufferMemoryRequirementsInfo2 *info,
                                  VkMemoryRequirements2 *needs)
{
    look_device(device)->next.GetBufferMemoryRequirements2(device, info, needs);
    look_both_types(&needs->memoryRequirements);
}

static VKAPI_ATTR void VKAPI_CALL
look_GetDeviceBufferMemoryRequirements(
    VkDevice device, const VkDeviceBufferMemoryRequirements *info,
    VkMemoryRequirements2 *needs)
{
    look_device(device)->next.GetDeviceBufferMemoryRequirements(device, info,
                                                                needs);
    look_both_types(&needs->memoryRequirements);
}

static VKAPI_ATTR void VKAPI_CALL
look_GetImageMemoryRequirements(VkDevice device, VkImage image,
                                VkMemoryRequirements *needs)
{
    look_device(device)->next.GetImageMemoryRequirements(device, image, needs);
    look_both_types(needs);
}

static VKAPI_ATTR void VKAPI_CALL
look_GetImageMemoryRequirements2(VkDevice device,
                                 const VkImageMemoryRequirementsInfo2 *info,
                                 VkMemoryRequirements2 *needs)
{
    look_device(device)->next.GetImageMemoryRequirements2(device, info, needs);
    look_both_types(&needs->memoryRequirements);
}

static VKAPI_ATTR void VKAPI_CALL
look_GetDeviceImageMemoryRequirements(
    VkDevice device, const VkDeviceImageMemoryRequirements *info,
    VkMemoryRequirements2 *needs)
{
    look_device(device)->next.GetDeviceImageMemoryRequirements(device, info,
                                                               needs);
    look_both_types(&needs->memoryRequirements);
}

const LayerEntry look_memory_entries[] = {
    LAYER_ENTRY("AllocateMemory", look_AllocateMemory),
    LAYER_ENTRY("CreateBuffer", look_CreateBuffer),
    LAYER_ENTRY("CreateImage", look_CreateImage),
    LAYER_ENTRY("GetBufferMemoryRequirements",
                look_GetBufferMemoryRequirements),
    LAYER_ENTRY("GetBufferMemoryRequirements2",
                look_GetBufferMemoryRequirements2),
    LAYER_ENTRY("GetBufferMemoryRequirements2KHR",
                look_GetBufferMemoryRequirements2),
    LAYER_ENTRY("GetDeviceBufferMemoryRequirements",
                look_GetDeviceBufferMemoryRequirements),
    LAYER_ENTRY("GetDeviceBufferMemoryRequirementsKHR",
                look_GetDeviceBufferMemoryRequirements),
    LAYER_ENTRY("GetDeviceImageMemoryRequirements",
                look_GetDeviceImageMemoryRequirements),
    LAYER_ENTRY("GetDeviceImageMemoryRequirementsKHR",
                look_GetDeviceImageMemoryRequirements),
    LAYER_ENTRY("GetImageMemoryRequirements", look_GetImageMemoryRequirements),
    LAYER_ENTRY("GetImageMemoryRequirements2",
                look_GetImageMemoryRequirements2),
    LAYER_ENTRY("GetImageMemoryRequirements2KHR",
                look_GetImageMemoryRequirements2),
    LAYER_ENTRY("GetMemoryFdKHR", look_GetMemoryFdKHR),
    LAYER_ENTRY("GetMemoryHostPointerPropertiesEXT",
                look_GetMemoryHostPointerPropertiesEXT),
    { NULL },
};
