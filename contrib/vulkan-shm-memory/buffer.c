/*
 * Buffers that will be bound to shared memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "chain.h"
#include "layer.h"

/* What the driver is asked for in place of an external buffer */
typedef struct BufferPlan {
    bool ours;
    VkBufferCreateInfo info;
    VkExternalMemoryBufferCreateInfo external;
    LayerArena arena;
} BufferPlan;

static bool buffer_importable(const LayerDevice *dev,
                              const VkBufferCreateInfo *info)
{
    VkPhysicalDeviceExternalBufferInfo ask = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_BUFFER_INFO,
        .flags = info->flags,
        .usage = info->usage,
        .handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT,
    };
    VkExternalBufferProperties props = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_BUFFER_PROPERTIES,
    };

    dev->instance->next.GetPhysicalDeviceExternalBufferProperties(
        dev->physical->handle, &ask, &props);
    return props.externalMemoryProperties.externalMemoryFeatures &
           VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT;
}

static void buffer_plan(const LayerDevice *dev, const VkBufferCreateInfo *info,
                        BufferPlan *plan)
{
    const VkStructureType type =
        VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO;
    const VkExternalMemoryBufferCreateInfo *external =
        layer_chain_find(info->pNext, type);

    plan->ours = external && external->handleTypes & LAYER_MEMORY_TYPES;
    plan->info = *info;
    if (!plan->ours) {
        return;
    }
    plan->arena.used = 0;
    plan->info.pNext = layer_chain_without(&plan->arena, info->pNext, &type, 1);
    plan->external = (VkExternalMemoryBufferCreateInfo) {
        .sType = type,
        .pNext = plan->info.pNext,
        .handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT |
                       (external->handleTypes & ~LAYER_MEMORY_TYPES),
    };
    /* A driver that knows no such buffers takes plain ones for it. */
    if (buffer_importable(dev, info)) {
        plan->info.pNext = &plan->external;
    }
}

static VKAPI_ATTR VkResult VKAPI_CALL
layer_CreateBuffer(VkDevice device, const VkBufferCreateInfo *info,
                   const VkAllocationCallbacks *alloc, VkBuffer *buffer)
{
    LayerDevice *dev = layer_device(device);
    BufferPlan plan;
    VkResult res;

    buffer_plan(dev, info, &plan);
    res = dev->next.CreateBuffer(device, &plan.info, alloc, buffer);
    if (res == VK_SUCCESS && plan.ours &&
        !layer_map_insert(&dev->buffers, LAYER_KEY(*buffer), dev)) {
        dev->next.DestroyBuffer(device, *buffer, alloc);
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    }
    return res;
}

static VKAPI_ATTR void VKAPI_CALL
layer_DestroyBuffer(VkDevice device, VkBuffer buffer,
                    const VkAllocationCallbacks *alloc)
{
    LayerDevice *dev = layer_device(device);

    if (buffer) {
        layer_map_take(&dev->buffers, LAYER_KEY(buffer));
    }
    dev->next.DestroyBuffer(device, buffer, alloc);
}

static void buffer_mask(LayerDevice *dev, VkBuffer buffer,
                        VkMemoryRequirements *needs)
{
    if (layer_map_find(&dev->buffers, LAYER_KEY(buffer))) {
        needs->memoryTypeBits &= dev->physical->import_types;
    }
}

static VKAPI_ATTR void VKAPI_CALL
layer_GetBufferMemoryRequirements(VkDevice device, VkBuffer buffer,
                                  VkMemoryRequirements *needs)
{
    LayerDevice *dev = layer_device(device);

    dev->next.GetBufferMemoryRequirements(device, buffer, needs);
    buffer_mask(dev, buffer, needs);
}

static VKAPI_ATTR void VKAPI_CALL
layer_GetBufferMemoryRequirements2(VkDevice device,
                                   const VkBufferMemoryRequirementsInfo2 *info,
                                   VkMemoryRequirements2 *needs)
{
    LayerDevice *dev = layer_device(device);

    dev->next.GetBufferMemoryRequirements2(device, info, needs);
    buffer_mask(dev, info->buffer, &needs->memoryRequirements);
}

static VKAPI_ATTR void VKAPI_CALL
layer_GetDeviceBufferMemoryRequirements(
    VkDevice device, const VkDeviceBufferMemoryRequirements *info,
    VkMemoryRequirements2 *needs)
{
    LayerDevice *dev = layer_device(device);
    VkDeviceBufferMemoryRequirements changed = *info;
    BufferPlan plan;

    buffer_plan(dev, info->pCreateInfo, &plan);
    changed.pCreateInfo = &plan.info;
    dev->next.GetDeviceBufferMemoryRequirements(device, &changed, needs);
    if (plan.ours) {
        needs->memoryRequirements.memoryTypeBits &= dev->physical->import_types;
    }
}

const LayerEntry layer_buffer_entries[] = {
    LAYER_ENTRY("CreateBuffer", layer_CreateBuffer),
    LAYER_ENTRY("DestroyBuffer", layer_DestroyBuffer),
    LAYER_ENTRY("GetBufferMemoryRequirements",
                layer_GetBufferMemoryRequirements),
    LAYER_ENTRY("GetBufferMemoryRequirements2",
                layer_GetBufferMemoryRequirements2),
    LAYER_ENTRY("GetBufferMemoryRequirements2KHR",
                layer_GetBufferMemoryRequirements2),
    LAYER_ENTRY("GetDeviceBufferMemoryRequirements",
                layer_GetDeviceBufferMemoryRequirements),
    LAYER_ENTRY("GetDeviceBufferMemoryRequirementsKHR",
                layer_GetDeviceBufferMemoryRequirements),
    { NULL },
};
