/*
 * What a physical device is said to be able to do
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdlib.h>
#include <string.h>

#include "chain.h"
#include "layer.h"

/* drm_fourcc.h */
#define DRM_FORMAT_MODIFIER_LINEAR 0

static bool query_emulates(VkPhysicalDevice handle, LayerFeature feature,
                           LayerInstance **inst, const LayerPhysical **phys)
{
    *inst = layer_instance(handle);
    *phys = layer_physical(*inst, handle);
    return *phys && (*phys)->emulates[feature];
}

static void query_add_extensions(const LayerPhysical *phys,
                                 VkExtensionProperties *list, uint32_t *count)
{
    uint32_t from_driver = *count;

    for (unsigned i = 0; i < LAYER_FEATURES; i++) {
        const char *name = layer_feature_name(i);

        if (phys->emulates[i] &&
            !layer_extension_listed(list, from_driver, name)) {
            /* The revision that Vulkan's registry had from the start */
            list[*count].specVersion = 1;
            strcpy(list[*count].extensionName, name);
            ++*count;
        }
    }
}

static VKAPI_ATTR VkResult VKAPI_CALL
layer_EnumerateDeviceExtensionProperties(VkPhysicalDevice handle,
                                         const char *layer, uint32_t *count,
                                         VkExtensionProperties *out)
{
    LayerInstance *inst = layer_instance(handle);
    const LayerPhysical *phys;
    VkExtensionProperties *list;
    uint32_t found, n;

    if (layer && !strcmp(layer, LAYER_NAME)) {
        *count = 0;             /* the layer adds to the driver's list */
        return VK_SUCCESS;
    }
    phys = layer ? NULL : layer_physical(inst, handle);
    if (!phys) {
        return inst->next.EnumerateDeviceExtensionProperties(handle, layer,
                                                             count, out);
    }
    list = layer_driver_extensions(inst, handle, &found);
    if (list) {
        VkExtensionProperties *more =
            realloc(list, (found + LAYER_FEATURES) * sizeof(*list));

        if (!more) {
            free(list);
        }
        list = more;
    }
    if (!list) {
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    }
    query_add_extensions(phys, list, &found);
    n = out && *count < found ? *count : found;
    if (out) {
        memcpy(out, list, n * sizeof(*out));
    }
    free(list);
    *count = n;
    return n < found ? VK_INCOMPLETE : VK_SUCCESS;
}

/*
 * virglrenderer exports all memory that the host can see.  Memory that shared
 * memory cannot become must therefore not look as if the host could.
 */
static void query_mask_memory(const LayerPhysical *phys,
                              VkPhysicalDeviceMemoryProperties *props)
{
    for (uint32_t i = 0; i < props->memoryTypeCount; i++) {
        if (!(phys->import_types & 1u << i)) {
            props->memoryTypes[i].propertyFlags &=
                ~(VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                  VK_MEMORY_PROPERTY_HOST_COHERENT_BIT |
                  VK_MEMORY_PROPERTY_HOST_CACHED_BIT);
        }
    }
}

static VKAPI_ATTR void VKAPI_CALL
layer_GetPhysicalDeviceMemoryProperties(VkPhysicalDevice handle,
                                        VkPhysicalDeviceMemoryProperties *props)
{
    LayerInstance *inst;
    const LayerPhysical *phys;
    bool ours = query_emulates(handle, LAYER_MEMORY_FD, &inst, &phys);

    inst->next.GetPhysicalDeviceMemoryProperties(handle, props);
    if (ours) {
        query_mask_memory(phys, props);
    }
}

static VKAPI_ATTR void VKAPI_CALL
layer_GetPhysicalDeviceMemoryProperties2(
    VkPhysicalDevice handle, VkPhysicalDeviceMemoryProperties2 *props)
{
    LayerInstance *inst;
    const LayerPhysical *phys;
    bool ours = query_emulates(handle, LAYER_MEMORY_FD, &inst, &phys);

    inst->next.GetPhysicalDeviceMemoryProperties2(handle, props);
    if (ours) {
        query_mask_memory(phys, &props->memoryProperties);
    }
}

/*
 * That our memory is the host's as well is how QEMU tells this layer from a
 * driver.
 */
static VkExternalMemoryProperties query_memory(void)
{
    return (VkExternalMemoryProperties) {
        .externalMemoryFeatures = VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT |
                                  VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT,
        .exportFromImportedHandleTypes = LAYER_MEMORY_TYPES,
        .compatibleHandleTypes = LAYER_MEMORY_TYPES |
            VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT,
    };
}

static VKAPI_ATTR void VKAPI_CALL
layer_GetPhysicalDeviceExternalBufferProperties(
    VkPhysicalDevice handle, const VkPhysicalDeviceExternalBufferInfo *info,
    VkExternalBufferProperties *props)
{
    const VkBufferCreateFlags sparse = VK_BUFFER_CREATE_SPARSE_BINDING_BIT;
    LayerInstance *inst;
    const LayerPhysical *phys;

    if (!query_emulates(handle, LAYER_MEMORY_FD, &inst, &phys) ||
        !(info->handleType & LAYER_MEMORY_TYPES)) {
        inst->next.GetPhysicalDeviceExternalBufferProperties(handle, info,
                                                             props);
        return;
    }
    props->externalMemoryProperties = info->flags & sparse ?
        (VkExternalMemoryProperties) { 0 } : query_memory();
}

static VKAPI_ATTR void VKAPI_CALL
layer_GetPhysicalDeviceExternalSemaphoreProperties(
    VkPhysicalDevice handle, const VkPhysicalDeviceExternalSemaphoreInfo *info,
    VkExternalSemaphoreProperties *props)
{
    const VkExternalSemaphoreHandleTypeFlagBits sync_fd =
        VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT;
    const VkSemaphoreTypeCreateInfo *type =
        layer_chain_find(info->pNext,
                         VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO);
    LayerInstance *inst;
    const LayerPhysical *phys;

    if (!query_emulates(handle, LAYER_SEMAPHORE_FD, &inst, &phys) ||
        info->handleType != sync_fd ||
        (type && type->semaphoreType != VK_SEMAPHORE_TYPE_BINARY)) {
        inst->next.GetPhysicalDeviceExternalSemaphoreProperties(handle, info,
                                                                props);
        return;
    }
    props->exportFromImportedHandleTypes = sync_fd;
    props->compatibleHandleTypes = sync_fd;
    props->externalSemaphoreFeatures =
        VK_EXTERNAL_SEMAPHORE_FEATURE_EXPORTABLE_BIT |
        VK_EXTERNAL_SEMAPHORE_FEATURE_IMPORTABLE_BIT;
}

static VKAPI_ATTR void VKAPI_CALL
layer_GetPhysicalDeviceExternalFenceProperties(
    VkPhysicalDevice handle, const VkPhysicalDeviceExternalFenceInfo *info,
    VkExternalFenceProperties *props)
{
    LayerInstance *inst;
    const LayerPhysical *phys;

    if (!query_emulates(handle, LAYER_FENCE_FD, &inst, &phys) ||
        info->handleType != VK_EXTERNAL_FENCE_HANDLE_TYPE_SYNC_FD_BIT) {
        inst->next.GetPhysicalDeviceExternalFenceProperties(handle, info,
                                                            props);
        return;
    }
    props->exportFromImportedHandleTypes = 0;
    props->compatibleHandleTypes = info->handleType;
    props->externalFenceFeatures = VK_EXTERNAL_FENCE_FEATURE_EXPORTABLE_BIT;
}

/* How many modifiers the caller has room for, of both lists */
typedef struct QueryRoom {
    uint32_t list;
    uint32_t list2;
} QueryRoom;

static VkDrmFormatModifierPropertiesListEXT *
query_modifier_list(const VkFormatProperties2 *props)
{
    return layer_chain_find_out(
        props->pNext, VK_STRUCTURE_TYPE_DRM_FORMAT_MODIFIER_PROPERTIES_LIST_EXT);
}

static VkDrmFormatModifierPropertiesList2EXT *
query_modifier_list2(const VkFormatProperties2 *props)
{
    return layer_chain_find_out(
        props->pNext,
        VK_STRUCTURE_TYPE_DRM_FORMAT_MODIFIER_PROPERTIES_LIST_2_EXT);
}

/* To be asked before the driver writes its own modifiers, if it has any. */
static QueryRoom query_modifier_room(const VkFormatProperties2 *props)
{
    VkDrmFormatModifierPropertiesListEXT *list = query_modifier_list(props);
    VkDrmFormatModifierPropertiesList2EXT *list2 = query_modifier_list2(props);

    return (QueryRoom) {
        .list = list && list->pDrmFormatModifierProperties ?
                list->drmFormatModifierCount : 0,
        .list2 = list2 && list2->pDrmFormatModifierProperties ?
                 list2->drmFormatModifierCount : 0,
    };
}

/* Linear images of one plane: the only modifier is DRM_FORMAT_MODIFIER_LINEAR. */
static void query_fill_modifiers(VkFormatProperties2 *props, QueryRoom room)
{
    VkFormatFeatureFlags linear = props->formatProperties.linearTilingFeatures;
    VkDrmFormatModifierPropertiesListEXT *list = query_modifier_list(props);
    VkDrmFormatModifierPropertiesList2EXT *list2 = query_modifier_list2(props);
    bool none = !linear || linear & VK_FORMAT_FEATURE_DISJOINT_BIT ||
                linear & VK_FORMAT_FEATURE_MIDPOINT_CHROMA_SAMPLES_BIT;

    if (list) {
        list->drmFormatModifierCount = !none;
        if (room.list && !none) {
            list->pDrmFormatModifierProperties[0] =
                (VkDrmFormatModifierPropertiesEXT) {
                    .drmFormatModifier = DRM_FORMAT_MODIFIER_LINEAR,
                    .drmFormatModifierPlaneCount = 1,
                    .drmFormatModifierTilingFeatures = linear,
                };
        }
    }
    if (list2) {
        list2->drmFormatModifierCount = !none;
        if (room.list2 && !none) {
            list2->pDrmFormatModifierProperties[0] =
                (VkDrmFormatModifierProperties2EXT) {
                    .drmFormatModifier = DRM_FORMAT_MODIFIER_LINEAR,
                    .drmFormatModifierPlaneCount = 1,
                    .drmFormatModifierTilingFeatures = linear,
                };
        }
    }
}

static VKAPI_ATTR void VKAPI_CALL
layer_GetPhysicalDeviceFormatProperties2(VkPhysicalDevice handle,
                                         VkFormat format,
                                         VkFormatProperties2 *props)
{
    LayerInstance *inst;
    const LayerPhysical *phys;
    bool ours = query_emulates(handle, LAYER_MODIFIER, &inst, &phys);
    QueryRoom room = query_modifier_room(props);

    inst->next.GetPhysicalDeviceFormatProperties2(handle, format, props);
    if (ours) {
        query_fill_modifiers(props, room);
    }
}

/*
 * Whether linear images may be used so, by the format's features.  The query
 * for images of NVIDIA's driver (580) does not look at them: it knows linear
 * colour attachments, which then come out tiled or hang the device.
 */
static bool query_linear_usage(const LayerInstance *inst,
                               VkPhysicalDevice handle,
                               const VkPhysicalDeviceImageFormatInfo2 *info)
{
    static const struct {
        VkImageUsageFlags usage;
        VkFormatFeatureFlags any;
    } needs[] = {
        { VK_IMAGE_USAGE_SAMPLED_BIT, VK_FORMAT_FEATURE_SAMPLED_IMAGE_BIT },
        { VK_IMAGE_USAGE_STORAGE_BIT, VK_FORMAT_FEATURE_STORAGE_IMAGE_BIT },
        { VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT,
          VK_FORMAT_FEATURE_COLOR_ATTACHMENT_BIT },
        { VK_IMAGE_USAGE_DEPTH_STENCIL_ATTACHMENT_BIT,
          VK_FORMAT_FEATURE_DEPTH_STENCIL_ATTACHMENT_BIT },
        { VK_IMAGE_USAGE_INPUT_ATTACHMENT_BIT,
          VK_FORMAT_FEATURE_COLOR_ATTACHMENT_BIT |
          VK_FORMAT_FEATURE_DEPTH_STENCIL_ATTACHMENT_BIT },
    };
    VkFormatProperties2 props = {
        .sType = VK_STRUCTURE_TYPE_FORMAT_PROPERTIES_2,
    };
    VkFormatFeatureFlags linear;

    if (info->tiling != VK_IMAGE_TILING_LINEAR ||
        info->flags & VK_IMAGE_CREATE_EXTENDED_USAGE_BIT) {
        return true;
    }
    inst->next.GetPhysicalDeviceFormatProperties2(handle, info->format,
                                                  &props);
    linear = props.formatProperties.linearTilingFeatures;
    for (unsigned i = 0; i < LAYER_COUNT(needs); i++) {
        if (info->usage & needs[i].usage && !(linear & needs[i].any)) {
            return false;
        }
    }
    return true;
}

/*
 * Ask the driver for the image that a shared one would be: linear, in memory
 * of the host.  Where it knows no such images, linear ones will do.
 */
static VkResult query_shared_image(const LayerInstance *inst,
                                   VkPhysicalDevice handle,
                                   VkPhysicalDeviceImageFormatInfo2 *info,
                                   VkImageFormatProperties2 *props)
{
    if ((!layer_image_importable(inst, handle, info) &&
         info->tiling != VK_IMAGE_TILING_LINEAR) ||
        !query_linear_usage(inst, handle, info)) {
        return VK_ERROR_FORMAT_NOT_SUPPORTED;
    }
    return inst->next.GetPhysicalDeviceImageFormatProperties2(handle, info,
                                                              props);
}

static VKAPI_ATTR VkResult VKAPI_CALL
layer_GetPhysicalDeviceImageFormatProperties2(
    VkPhysicalDevice handle, const VkPhysicalDeviceImageFormatInfo2 *info,
    VkImageFormatProperties2 *props)
{
    VkStructureType drop[2];
    uint32_t drops = 0;
    LayerArena arena = { .used = 0 };
    LayerInstance *inst;
    const LayerPhysical *phys;
    bool ours = query_emulates(handle, LAYER_MEMORY_FD, &inst, &phys);
    VkPhysicalDeviceImageFormatInfo2 changed = *info;
    const VkPhysicalDeviceExternalImageFormatInfo *external = layer_chain_find(
        info->pNext,
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO);
    const VkPhysicalDeviceImageDrmFormatModifierInfoEXT *modifier =
        layer_chain_find(
            info->pNext,
            VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_DRM_FORMAT_MODIFIER_INFO_EXT);
    VkExternalImageFormatProperties *out;
    VkResult res;

    if (ours && phys->emulates[LAYER_MODIFIER] && modifier &&
        info->tiling == VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT) {
        if (modifier->drmFormatModifier != DRM_FORMAT_MODIFIER_LINEAR) {
            return VK_ERROR_FORMAT_NOT_SUPPORTED;
        }
        changed.tiling = VK_IMAGE_TILING_LINEAR;
        drop[drops++] = modifier->sType;
    }
    ours = ours && external && external->handleType & LAYER_MEMORY_TYPES;
    if (ours) {
        drop[drops++] = external->sType;
    }
    changed.pNext = layer_chain_without(&arena, info->pNext, drop, drops);
    if (!ours) {
        return inst->next.GetPhysicalDeviceImageFormatProperties2(
            handle, &changed, props);
    }
    res = query_shared_image(inst, handle, &changed, props);
    out = layer_chain_find_out(props->pNext,
                               VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES);
    if (res == VK_SUCCESS && out) {
        out->externalMemoryProperties = query_memory();
    }
    return res;
}

const LayerEntry layer_query_entries[] = {
    LAYER_ENTRY("EnumerateDeviceExtensionProperties",
                layer_EnumerateDeviceExtensionProperties),
    LAYER_ENTRY("GetPhysicalDeviceExternalBufferProperties",
                layer_GetPhysicalDeviceExternalBufferProperties),
    LAYER_ENTRY("GetPhysicalDeviceExternalBufferPropertiesKHR",
                layer_GetPhysicalDeviceExternalBufferProperties),
    LAYER_ENTRY("GetPhysicalDeviceExternalFenceProperties",
                layer_GetPhysicalDeviceExternalFenceProperties),
    LAYER_ENTRY("GetPhysicalDeviceExternalFencePropertiesKHR",
                layer_GetPhysicalDeviceExternalFenceProperties),
    LAYER_ENTRY("GetPhysicalDeviceExternalSemaphoreProperties",
                layer_GetPhysicalDeviceExternalSemaphoreProperties),
    LAYER_ENTRY("GetPhysicalDeviceExternalSemaphorePropertiesKHR",
                layer_GetPhysicalDeviceExternalSemaphoreProperties),
    LAYER_ENTRY("GetPhysicalDeviceFormatProperties2",
                layer_GetPhysicalDeviceFormatProperties2),
    LAYER_ENTRY("GetPhysicalDeviceFormatProperties2KHR",
                layer_GetPhysicalDeviceFormatProperties2),
    LAYER_ENTRY("GetPhysicalDeviceImageFormatProperties2",
                layer_GetPhysicalDeviceImageFormatProperties2),
    LAYER_ENTRY("GetPhysicalDeviceImageFormatProperties2KHR",
                layer_GetPhysicalDeviceImageFormatProperties2),
    LAYER_ENTRY("GetPhysicalDeviceMemoryProperties",
                layer_GetPhysicalDeviceMemoryProperties),
    LAYER_ENTRY("GetPhysicalDeviceMemoryProperties2",
                layer_GetPhysicalDeviceMemoryProperties2),
    LAYER_ENTRY("GetPhysicalDeviceMemoryProperties2KHR",
                layer_GetPhysicalDeviceMemoryProperties2),
    { NULL },
};
