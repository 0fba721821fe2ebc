/*
 * Images that will be bound to shared memory, and linear ones by modifier
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdlib.h>

#include "chain.h"
#include "layer.h"

/* drm_fourcc.h */
#define DRM_FORMAT_MODIFIER_LINEAR 0

/* What the layer changed about an image */
typedef struct LayerImage {
    bool is_shared;             /* goes into shared memory */
    bool by_modifier;           /* linear, and the application asks by planes */
} LayerImage;

/* What the driver is asked for in place of the application's image */
typedef struct ImagePlan {
    LayerImage image;
    VkImageCreateInfo info;
    VkExternalMemoryImageCreateInfo external;
    /* Borrowed: what the application says of the layout, or NULL */
    const VkImageDrmFormatModifierExplicitCreateInfoEXT *layout;
    LayerArena arena;
} ImagePlan;

bool layer_image_importable(const LayerInstance *inst, VkPhysicalDevice physical,
                            const VkPhysicalDeviceImageFormatInfo2 *info)
{
    VkPhysicalDeviceExternalImageFormatInfo external = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO,
        .pNext = info->pNext,
        .handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT,
    };
    VkPhysicalDeviceImageFormatInfo2 ask = *info;
    VkExternalImageFormatProperties shared = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES,
    };
    VkImageFormatProperties2 props = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_FORMAT_PROPERTIES_2,
        .pNext = &shared,
    };

    ask.pNext = &external;
    return inst->next.GetPhysicalDeviceImageFormatProperties2(
               physical, &ask, &props) == VK_SUCCESS &&
           shared.externalMemoryProperties.externalMemoryFeatures &
           VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT;
}

/* Whether the driver takes the planned image in host memory */
static bool image_plan_importable(const LayerDevice *dev, const ImagePlan *plan)
{
    VkPhysicalDeviceImageFormatInfo2 ask = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_FORMAT_INFO_2,
        .pNext = layer_chain_find(
            plan->info.pNext, VK_STRUCTURE_TYPE_IMAGE_FORMAT_LIST_CREATE_INFO),
        .format = plan->info.format,
        .type = plan->info.imageType,
        .tiling = plan->info.tiling,
        .usage = plan->info.usage,
        .flags = plan->info.flags,
    };
    VkImageFormatListCreateInfo formats;

    if (ask.pNext) {
        /* Only this structure of the chain belongs here. */
        formats = *(const VkImageFormatListCreateInfo *)ask.pNext;
        formats.pNext = NULL;
        ask.pNext = &formats;
    }
    return layer_image_importable(dev->instance, dev->physical->handle, &ask);
}

static bool image_modifier_is_linear(const VkImageCreateInfo *info,
                                     ImagePlan *plan)
{
    const VkImageDrmFormatModifierListCreateInfoEXT *list = layer_chain_find(
        info->pNext,
        VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_LIST_CREATE_INFO_EXT);

    plan->layout = layer_chain_find(
        info->pNext,
        VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_EXPLICIT_CREATE_INFO_EXT);
    if (plan->layout) {
        return plan->layout->drmFormatModifier == DRM_FORMAT_MODIFIER_LINEAR &&
               plan->layout->drmFormatModifierPlaneCount == 1;
    }
    for (uint32_t i = 0; list && i < list->drmFormatModifierCount; i++) {
        if (list->pDrmFormatModifiers[i] == DRM_FORMAT_MODIFIER_LINEAR) {
            return true;
        }
    }
    return false;
}

static VkResult image_plan(const LayerDevice *dev,
                           const VkImageCreateInfo *info, ImagePlan *plan)
{
    static const VkStructureType drop[] = {
        VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO,
        VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_EXPLICIT_CREATE_INFO_EXT,
        VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_LIST_CREATE_INFO_EXT,
    };
    const VkExternalMemoryImageCreateInfo *external =
        layer_chain_find(info->pNext, drop[0]);
    bool shared = dev->emulates[LAYER_MEMORY_FD] && external &&
                  external->handleTypes & LAYER_MEMORY_TYPES;
    bool by_modifier = dev->emulates[LAYER_MODIFIER] &&
        info->tiling == VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT;

    plan->image = (LayerImage) { shared, by_modifier };
    plan->info = *info;
    plan->layout = NULL;
    plan->arena.used = 0;
    if (by_modifier) {
        if (!image_modifier_is_linear(info, plan)) {
            return VK_ERROR_INVALID_DRM_FORMAT_MODIFIER_PLANE_LAYOUT_EXT;
        }
        plan->info.tiling = VK_IMAGE_TILING_LINEAR;
    }
    /* What is not the layer's stays: drop from where that begins. */
    plan->info.pNext = layer_chain_without(
        &plan->arena, info->pNext, shared ? drop : drop + 1,
        (by_modifier ? LAYER_COUNT(drop) : 1) - !shared);
    if (!shared) {
        return VK_SUCCESS;
    }
    plan->external = (VkExternalMemoryImageCreateInfo) {
        .sType = drop[0],
        .pNext = plan->info.pNext,
        .handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT |
                       (external->handleTypes & ~LAYER_MEMORY_TYPES),
    };
    /* MoltenVK 1.4.0 to 1.4.2 refuse it, and bind the memory all the same. */
    if (image_plan_importable(dev, plan)) {
        plan->info.pNext = &plan->external;
    }
    return VK_SUCCESS;
}

/* Whether the driver's linear layout is the one that was asked for */
static bool image_layout_fits(const LayerDevice *dev, VkImage image,
                              const ImagePlan *plan)
{
    const VkImageSubresource colour = {
        .aspectMask = VK_IMAGE_ASPECT_COLOR_BIT,
    };
    VkSubresourceLayout layout;

    if (!plan->layout) {
        return true;
    }
    dev->next.GetImageSubresourceLayout(dev->handle, image, &colour, &layout);
    return layout.offset == plan->layout->pPlaneLayouts[0].offset &&
           layout.rowPitch == plan->layout->pPlaneLayouts[0].rowPitch;
}

static VkResult image_remember(LayerDevice *dev, VkImage image,
                               const ImagePlan *plan)
{
    LayerImage *copy;

    if (!image_layout_fits(dev, image, plan)) {
        return VK_ERROR_INVALID_DRM_FORMAT_MODIFIER_PLANE_LAYOUT_EXT;
    }
    copy = malloc(sizeof(*copy));
    if (!copy) {
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    }
    *copy = plan->image;
    if (!layer_map_insert(&dev->images, LAYER_KEY(image), copy)) {
        free(copy);
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    }
    return VK_SUCCESS;
}

static VKAPI_ATTR VkResult VKAPI_CALL
layer_CreateImage(VkDevice device, const VkImageCreateInfo *info,
                  const VkAllocationCallbacks *alloc, VkImage *image)
{
    LayerDevice *dev = layer_device(device);
    ImagePlan plan;
    VkResult res = image_plan(dev, info, &plan);

    if (res != VK_SUCCESS) {
        return res;
    }
    res = dev->next.CreateImage(device, &plan.info, alloc, image);
    if (res == VK_SUCCESS && (plan.image.is_shared || plan.image.by_modifier)) {
        res = image_remember(dev, *image, &plan);
        if (res != VK_SUCCESS) {
            dev->next.DestroyImage(device, *image, alloc);
        }
    }
    return res;
}

static VKAPI_ATTR void VKAPI_CALL
layer_DestroyImage(VkDevice device, VkImage image,
                   const VkAllocationCallbacks *alloc)
{
    LayerDevice *dev = layer_device(device);

    if (image) {
        free(layer_map_take(&dev->images, LAYER_KEY(image)));
    }
    dev->next.DestroyImage(device, image, alloc);
}

static void image_mask(const LayerDevice *dev, const LayerImage *image,
                       VkMemoryRequirements *needs)
{
    if (image && image->is_shared) {
        needs->memoryTypeBits &= dev->physical->import_types;
    }
}

static VKAPI_ATTR void VKAPI_CALL
layer_GetImageMemoryRequirements(VkDevice device, VkImage image,
                                 VkMemoryRequirements *needs)
{
    LayerDevice *dev = layer_device(device);

    dev->next.GetImageMemoryRequirements(device, image, needs);
    image_mask(dev, layer_map_find(&dev->images, LAYER_KEY(image)), needs);
}

static VKAPI_ATTR void VKAPI_CALL
layer_GetImageMemoryRequirements2(VkDevice device,
                                  const VkImageMemoryRequirementsInfo2 *info,
                                  VkMemoryRequirements2 *needs)
{
    LayerDevice *dev = layer_device(device);

    dev->next.GetImageMemoryRequirements2(device, info, needs);
    image_mask(dev, layer_map_find(&dev->images, LAYER_KEY(info->image)),
               &needs->memoryRequirements);
}

static VKAPI_ATTR void VKAPI_CALL
layer_GetDeviceImageMemoryRequirements(
    VkDevice device, const VkDeviceImageMemoryRequirements *info,
    VkMemoryRequirements2 *needs)
{
    LayerDevice *dev = layer_device(device);
    VkDeviceImageMemoryRequirements changed = *info;
    ImagePlan plan;

    /* An image that cannot be made has no requirements to get right. */
    if (image_plan(dev, info->pCreateInfo, &plan) == VK_SUCCESS) {
        changed.pCreateInfo = &plan.info;
    }
    dev->next.GetDeviceImageMemoryRequirements(device, &changed, needs);
    image_mask(dev, &plan.image, &needs->memoryRequirements);
}

/* The one plane of a linear image is its colour. */
static VkImageSubresource image_subresource(const LayerImage *image,
                                            const VkImageSubresource *asked)
{
    VkImageSubresource changed = *asked;

    if (image && image->by_modifier &&
        asked->aspectMask == VK_IMAGE_ASPECT_MEMORY_PLANE_0_BIT_EXT) {
        changed.aspectMask = VK_IMAGE_ASPECT_COLOR_BIT;
    }
    return changed;
}

static VKAPI_ATTR void VKAPI_CALL
layer_GetImageSubresourceLayout(VkDevice device, VkImage image,
                                const VkImageSubresource *subresource,
                                VkSubresourceLayout *layout)
{
    LayerDevice *dev = layer_device(device);
    VkImageSubresource changed =
        image_subresource(layer_map_find(&dev->images, LAYER_KEY(image)),
                          subresource);

    dev->next.GetImageSubresourceLayout(device, image, &changed, layout);
}

static VKAPI_ATTR void VKAPI_CALL
layer_GetImageSubresourceLayout2(VkDevice device, VkImage image,
                                 const VkImageSubresource2 *subresource,
                                 VkSubresourceLayout2 *layout)
{
    LayerDevice *dev = layer_device(device);
    VkImageSubresource2 changed = *subresource;

    changed.imageSubresource =
        image_subresource(layer_map_find(&dev->images, LAYER_KEY(image)),
                          &subresource->imageSubresource);
    dev->next.GetImageSubresourceLayout2(device, image, &changed, layout);
}

static VKAPI_ATTR void VKAPI_CALL
layer_GetDeviceImageSubresourceLayout(
    VkDevice device, const VkDeviceImageSubresourceInfo *info,
    VkSubresourceLayout2 *layout)
{
    LayerDevice *dev = layer_device(device);
    VkDeviceImageSubresourceInfo changed = *info;
    VkImageSubresource2 subresource = *info->pSubresource;
    ImagePlan plan;

    if (image_plan(dev, info->pCreateInfo, &plan) == VK_SUCCESS) {
        changed.pCreateInfo = &plan.info;
    }
    subresource.imageSubresource =
        image_subresource(&plan.image, &subresource.imageSubresource);
    changed.pSubresource = &subresource;
    dev->next.GetDeviceImageSubresourceLayout(device, &changed, layout);
}

static VKAPI_ATTR VkResult VKAPI_CALL
layer_GetImageDrmFormatModifierPropertiesEXT(
    VkDevice device, VkImage image,
    VkImageDrmFormatModifierPropertiesEXT *props)
{
    LayerDevice *dev = layer_device(device);

    if (!dev->emulates[LAYER_MODIFIER]) {
        return dev->next.GetImageDrmFormatModifierPropertiesEXT(device, image,
                                                                props);
    }
    props->drmFormatModifier = DRM_FORMAT_MODIFIER_LINEAR;
    return VK_SUCCESS;
}

const LayerEntry layer_image_entries[] = {
    LAYER_ENTRY("CreateImage", layer_CreateImage),
    LAYER_ENTRY("DestroyImage", layer_DestroyImage),
    LAYER_ENTRY("GetDeviceImageMemoryRequirements",
                layer_GetDeviceImageMemoryRequirements),
    LAYER_ENTRY("GetDeviceImageMemoryRequirementsKHR",
                layer_GetDeviceImageMemoryRequirements),
    LAYER_ENTRY("GetDeviceImageSubresourceLayout",
                layer_GetDeviceImageSubresourceLayout),
    LAYER_ENTRY("GetDeviceImageSubresourceLayoutKHR",
                layer_GetDeviceImageSubresourceLayout),
    LAYER_NEW_ENTRY("GetImageDrmFormatModifierPropertiesEXT",
                    layer_GetImageDrmFormatModifierPropertiesEXT),
    LAYER_ENTRY("GetImageMemoryRequirements",
                layer_GetImageMemoryRequirements),
    LAYER_ENTRY("GetImageMemoryRequirements2",
                layer_GetImageMemoryRequirements2),
    LAYER_ENTRY("GetImageMemoryRequirements2KHR",
                layer_GetImageMemoryRequirements2),
    LAYER_ENTRY("GetImageSubresourceLayout", layer_GetImageSubresourceLayout),
    LAYER_ENTRY("GetImageSubresourceLayout2",
                layer_GetImageSubresourceLayout2),
    LAYER_ENTRY("GetImageSubresourceLayout2EXT",
                layer_GetImageSubresourceLayout2),
    LAYER_ENTRY("GetImageSubresourceLayout2KHR",
                layer_GetImageSubresourceLayout2),
    { NULL },
};
