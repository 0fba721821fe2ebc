/*
 * Memory as MoltenVK takes it
 *
 * What it would refuse is refused here, with a line that says why.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <sys/mman.h>

#include "lookalike.h"

static VKAPI_ATTR VkResult VKAPI_CALL
look_AllocateMemory(VkDevice device, const VkMemoryAllocateInfo *info,
                    const VkAllocationCallbacks *alloc, VkDeviceMemory *memory)
{
    const VkImportMemoryHostPointerInfoEXT *import = look_find(
        info->pNext, VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT);
    const VkExportMemoryAllocateInfo *export = look_find(
        info->pNext, VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO);
    VkMemoryAllocateInfo changed = *info;

    if (look_exports() && export == info->pNext) {
        changed.pNext = export ? export->pNext : NULL;
    } else if (export ||
               look_find(info->pNext,
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
    return LOOK_BELOW(AllocateMemory, device, &changed, alloc, memory);
}

static VKAPI_ATTR VkResult VKAPI_CALL
look_GetMemoryFdKHR(VkDevice device, const VkMemoryGetFdInfoKHR *info, int *fd)
{
    if (!look_exports()) {
        return LOOK_BELOW(GetMemoryFdKHR, device, info, fd);
    }
    *fd = memfd_create("lookalike", MFD_CLOEXEC);
    return *fd < 0 ? VK_ERROR_TOO_MANY_OBJECTS : VK_SUCCESS;
}

static VKAPI_ATTR VkResult VKAPI_CALL
look_GetMemoryHostPointerPropertiesEXT(
    VkDevice device, VkExternalMemoryHandleTypeFlagBits type,
    const void *pointer, VkMemoryHostPointerPropertiesEXT *props)
{
    VkResult res = LOOK_BELOW(GetMemoryHostPointerPropertiesEXT, device, type,
                              pointer, props);

    props->memoryTypeBits = props->memoryTypeBits ? 1 << LOOK_HOST_TYPE : 0;
    return res;
}

static VKAPI_ATTR VkResult VKAPI_CALL
look_CreateImage(VkDevice device, const VkImageCreateInfo *info,
                 const VkAllocationCallbacks *alloc, VkImage *image)
{
    const VkExternalMemoryImageCreateInfo *external = look_find(
        info->pNext, VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO);

    if ((external && external->handleTypes & LOOK_HIDDEN_TYPES) ||
        info->tiling == VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT) {
        return look_refuse("an image for memory by descriptor");
    }
    return LOOK_BELOW(CreateImage, device, info, alloc, image);
}

static VKAPI_ATTR VkResult VKAPI_CALL
look_CreateBuffer(VkDevice device, const VkBufferCreateInfo *info,
                  const VkAllocationCallbacks *alloc, VkBuffer *buffer)
{
    const VkExternalMemoryBufferCreateInfo *external = look_find(
        info->pNext, VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO);

    if (external && external->handleTypes & LOOK_HIDDEN_TYPES) {
        return look_refuse("a buffer for memory by descriptor");
    }
    return LOOK_BELOW(CreateBuffer, device, info, alloc, buffer);
}

static void look_both_types(VkMemoryRequirements *needs)
{
    needs->memoryTypeBits = 1 << LOOK_DEVICE_TYPE | 1 << LOOK_HOST_TYPE;
}

static VKAPI_ATTR void VKAPI_CALL
look_GetBufferMemoryRequirements(VkDevice device, VkBuffer buffer,
                                 VkMemoryRequirements *needs)
{
    LOOK_BELOW(GetBufferMemoryRequirements, device, buffer, needs);
    look_both_types(needs);
}

static VKAPI_ATTR void VKAPI_CALL
look_GetBufferMemoryRequirements2(VkDevice device,
                                  const VkBufferMemoryRequirementsInfo2 *info,
                                  VkMemoryRequirements2 *needs)
{
    LOOK_BELOW(GetBufferMemoryRequirements2, device, info, needs);
    look_both_types(&needs->memoryRequirements);
}

static VKAPI_ATTR void VKAPI_CALL
look_GetDeviceBufferMemoryRequirements(
    VkDevice device, const VkDeviceBufferMemoryRequirements *info,
    VkMemoryRequirements2 *needs)
{
    LOOK_BELOW(GetDeviceBufferMemoryRequirements, device, info, needs);
    look_both_types(&needs->memoryRequirements);
}

static VKAPI_ATTR void VKAPI_CALL
look_GetImageMemoryRequirements(VkDevice device, VkImage image,
                                VkMemoryRequirements *needs)
{
    LOOK_BELOW(GetImageMemoryRequirements, device, image, needs);
    look_both_types(needs);
}

static VKAPI_ATTR void VKAPI_CALL
look_GetImageMemoryRequirements2(VkDevice device,
                                 const VkImageMemoryRequirementsInfo2 *info,
                                 VkMemoryRequirements2 *needs)
{
    LOOK_BELOW(GetImageMemoryRequirements2, device, info, needs);
    look_both_types(&needs->memoryRequirements);
}

static VKAPI_ATTR void VKAPI_CALL
look_GetDeviceImageMemoryRequirements(
    VkDevice device, const VkDeviceImageMemoryRequirements *info,
    VkMemoryRequirements2 *needs)
{
    LOOK_BELOW(GetDeviceImageMemoryRequirements, device, info, needs);
    look_both_types(&needs->memoryRequirements);
}

const LookEntry look_memory_entries[] = {
    LOOK_ENTRY(AllocateMemory),
    LOOK_ENTRY(CreateBuffer),
    LOOK_ENTRY(CreateImage),
    LOOK_ENTRY(GetBufferMemoryRequirements),
    LOOK_ENTRY_ALIAS(GetBufferMemoryRequirements2),
    LOOK_ENTRY_ALIAS(GetDeviceBufferMemoryRequirements),
    LOOK_ENTRY_ALIAS(GetDeviceImageMemoryRequirements),
    LOOK_ENTRY(GetImageMemoryRequirements),
    LOOK_ENTRY_ALIAS(GetImageMemoryRequirements2),
    LOOK_ENTRY(GetMemoryFdKHR),
    LOOK_ENTRY(GetMemoryHostPointerPropertiesEXT),
    { NULL },
};
