/*
 * What MoltenVK says of itself
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdlib.h>
#include <string.h>

#include "lookalike.h"

static const char *const look_hidden[] = {
    "VK_KHR_external_memory_fd",
    "VK_EXT_external_memory_dma_buf",
    "VK_KHR_external_semaphore_fd",
    "VK_KHR_external_fence_fd",
    "VK_EXT_image_drm_format_modifier",
    "VK_EXT_queue_family_foreign",
};

bool look_exports(void)
{
    const char *value = getenv("LOOKALIKE");

    return value && !strcmp(value, "exporter");
}

bool look_is_hidden(const char *extension)
{
    if (look_exports()) {
        return false;
    }
    for (size_t i = 0; i < sizeof(look_hidden) / sizeof(*look_hidden); i++) {
        if (!strcmp(look_hidden[i], extension)) {
            return true;
        }
    }
    return false;
}

static VKAPI_ATTR VkResult VKAPI_CALL
look_EnumerateDeviceExtensionProperties(VkPhysicalDevice physical,
                                        const char *layer, uint32_t *count,
                                        VkExtensionProperties *out)
{
    PFN_vkEnumerateDeviceExtensionProperties next =
        (PFN_vkEnumerateDeviceExtensionProperties)
        look_below(physical, "vkEnumerateDeviceExtensionProperties");
    VkExtensionProperties *list;
    uint32_t all = 0, n = 0;

    if (layer) {
        return next(physical, layer, count, out);
    }
    next(physical, NULL, &all, NULL);
    list = calloc(all + 1, sizeof(*list));
    if (!list) {
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    }
    next(physical, NULL, &all, list);
    for (uint32_t i = 0; i < all; i++) {
        if (!look_is_hidden(list[i].extensionName)) {
            list[n++] = list[i];
        }
    }
    list[n++] = (VkExtensionProperties) { "VK_KHR_portability_subset", 1 };
    if (out) {
        memcpy(out, list, (*count < n ? *count : n) * sizeof(*out));
    }
    all = out && *count < n ? *count : n;
    free(list);
    *count = all;
    return all < n ? VK_INCOMPLETE : VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL
look_GetPhysicalDeviceProperties(VkPhysicalDevice physical,
                                 VkPhysicalDeviceProperties *props)
{
    LOOK_BELOW(GetPhysicalDeviceProperties, physical, props);
    /* zink takes no processor for a GPU. */
    props->deviceType = VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU;
}

static VKAPI_ATTR void VKAPI_CALL
look_GetPhysicalDeviceProperties2(VkPhysicalDevice physical,
                                  VkPhysicalDeviceProperties2 *props)
{
    VkPhysicalDeviceExternalMemoryHostPropertiesEXT *host;

    LOOK_BELOW(GetPhysicalDeviceProperties2, physical, props);
    props->properties.deviceType = VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU;
    host = look_find(
        props->pNext,
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT);
    if (host) {
        host->minImportedHostPointerAlignment = LOOK_GRANULE;
    }
}

static void look_two_types(VkPhysicalDeviceMemoryProperties *props)
{
    props->memoryTypeCount = 2;
    props->memoryTypes[LOOK_HOST_TYPE] = props->memoryTypes[0];
    props->memoryTypes[LOOK_DEVICE_TYPE].propertyFlags =
        VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
}

static VKAPI_ATTR void VKAPI_CALL
look_GetPhysicalDeviceMemoryProperties(VkPhysicalDevice physical,
                                       VkPhysicalDeviceMemoryProperties *props)
{
    LOOK_BELOW(GetPhysicalDeviceMemoryProperties, physical, props);
    look_two_types(props);
}

static VKAPI_ATTR void VKAPI_CALL
look_GetPhysicalDeviceMemoryProperties2(
    VkPhysicalDevice physical, VkPhysicalDeviceMemoryProperties2 *props)
{
    LOOK_BELOW(GetPhysicalDeviceMemoryProperties2, physical, props);
    look_two_types(&props->memoryProperties);
}

static VKAPI_ATTR void VKAPI_CALL
look_GetPhysicalDeviceExternalBufferProperties(
    VkPhysicalDevice physical, const VkPhysicalDeviceExternalBufferInfo *info,
    VkExternalBufferProperties *props)
{
    if (info->handleType & LOOK_HIDDEN_TYPES) {
        memset(&props->externalMemoryProperties, 0,
               sizeof(props->externalMemoryProperties));
        return;
    }
    LOOK_BELOW(GetPhysicalDeviceExternalBufferProperties, physical, info,
               props);
}

static VKAPI_ATTR void VKAPI_CALL
look_GetPhysicalDeviceExternalSemaphoreProperties(
    VkPhysicalDevice physical,
    const VkPhysicalDeviceExternalSemaphoreInfo *info,
    VkExternalSemaphoreProperties *props)
{
    (void)physical;
    (void)info;
    props->exportFromImportedHandleTypes = 0;
    props->compatibleHandleTypes = 0;
    props->externalSemaphoreFeatures = 0;
}

static VKAPI_ATTR void VKAPI_CALL
look_GetPhysicalDeviceExternalFenceProperties(
    VkPhysicalDevice physical, const VkPhysicalDeviceExternalFenceInfo *info,
    VkExternalFenceProperties *props)
{
    (void)physical;
    (void)info;
    props->exportFromImportedHandleTypes = 0;
    props->compatibleHandleTypes = 0;
    props->externalFenceFeatures = 0;
}

/* Host memory becomes linear images only. */
static VKAPI_ATTR VkResult VKAPI_CALL
look_GetPhysicalDeviceImageFormatProperties2(
    VkPhysicalDevice physical, const VkPhysicalDeviceImageFormatInfo2 *info,
    VkImageFormatProperties2 *props)
{
    const VkPhysicalDeviceExternalImageFormatInfo *external = look_find(
        info->pNext,
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO);

    if (info->tiling == VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT ||
        (external && (external->handleType & LOOK_HIDDEN_TYPES ||
                      info->tiling != VK_IMAGE_TILING_LINEAR))) {
        return VK_ERROR_FORMAT_NOT_SUPPORTED;
    }
    return LOOK_BELOW(GetPhysicalDeviceImageFormatProperties2, physical, info,
                      props);
}

const LookEntry look_property_entries[] = {
    LOOK_ENTRY(EnumerateDeviceExtensionProperties),
    LOOK_ENTRY_ALIAS(GetPhysicalDeviceExternalBufferProperties),
    LOOK_ENTRY_ALIAS(GetPhysicalDeviceExternalFenceProperties),
    LOOK_ENTRY_ALIAS(GetPhysicalDeviceExternalSemaphoreProperties),
    LOOK_ENTRY_ALIAS(GetPhysicalDeviceImageFormatProperties2),
    LOOK_ENTRY(GetPhysicalDeviceMemoryProperties),
    LOOK_ENTRY_ALIAS(GetPhysicalDeviceMemoryProperties2),
    LOOK_ENTRY(GetPhysicalDeviceProperties),
    LOOK_ENTRY_ALIAS(GetPhysicalDeviceProperties2),
    { NULL },
};
