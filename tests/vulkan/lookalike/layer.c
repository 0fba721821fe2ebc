/*
 * The look-alike layer's life with instances and devices
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdlib.h>
#include <string.h>

#include "lookalike.h"

static LayerMap instances = { .lock = PTHREAD_MUTEX_INITIALIZER };
static LayerMap devices = { .lock = PTHREAD_MUTEX_INITIALIZER };

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL
look_GetInstanceProcAddr(VkInstance instance, const char *name);
static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL
look_GetDeviceProcAddr(VkDevice device, const char *name);

static uint64_t look_key(const void *dispatchable)
{
    return (uintptr_t)*(void *const *)dispatchable;
}

LookInstance *look_instance(const void *dispatchable)
{
    return layer_map_find(&instances, look_key(dispatchable));
}

LookDevice *look_device(const void *dispatchable)
{
    return layer_map_find(&devices, look_key(dispatchable));
}

#define LOAD_INSTANCE(name, alias) LAYER_LOAD(inst, name, alias)
#define LOAD_DEVICE(name, alias) LAYER_LOAD(dev, name, alias)

static VKAPI_ATTR VkResult VKAPI_CALL
look_CreateInstance(const VkInstanceCreateInfo *info,
                    const VkAllocationCallbacks *alloc, VkInstance *instance)
{
    VkLayerInstanceCreateInfo *link =
        layer_loader_instance_info(info, VK_LAYER_LINK_INFO);
    LookInstance *inst = calloc(1, sizeof(*inst));
    PFN_vkCreateInstance create;
    VkResult res;

    if (!inst) {
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    }
    inst->next_proc_addr = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    create = (PFN_vkCreateInstance)inst->next_proc_addr(NULL,
                                                        "vkCreateInstance");
    res = create(info, alloc, instance);
    if (res != VK_SUCCESS) {
        free(inst);
        return res;
    }
    inst->handle = *instance;
    LAYER_INSTANCE_FUNCTIONS(LOAD_INSTANCE)
    layer_map_insert(&instances, look_key(*instance), inst);
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL
look_DestroyInstance(VkInstance instance, const VkAllocationCallbacks *alloc)
{
    LookInstance *inst = layer_map_take(&instances, look_key(instance));

    inst->next.DestroyInstance(instance, alloc);
    free(inst);
}

/* The driver has never heard of the subset that it is said to be. */
static VKAPI_ATTR VkResult VKAPI_CALL
look_CreateDevice(VkPhysicalDevice physical, const VkDeviceCreateInfo *info,
                  const VkAllocationCallbacks *alloc, VkDevice *device)
{
    VkLayerDeviceCreateInfo *link =
        layer_loader_device_info(info, VK_LAYER_LINK_INFO);
    LookInstance *inst = look_instance(physical);
    LookDevice *dev = calloc(1, sizeof(*dev));
    const char **names = calloc(info->enabledExtensionCount + 1,
                                sizeof(*names));
    VkDeviceCreateInfo changed = *info;
    PFN_vkCreateDevice create;
    VkResult res = VK_ERROR_OUT_OF_HOST_MEMORY;

    changed.enabledExtensionCount = 0;
    changed.ppEnabledExtensionNames = names;
    for (uint32_t i = 0; names && i < info->enabledExtensionCount; i++) {
        const char *name = info->ppEnabledExtensionNames[i];

        if (look_is_hidden(name)) {
            free(names);
            free(dev);
            return VK_ERROR_EXTENSION_NOT_PRESENT;
        }
        if (strcmp(name, "VK_KHR_portability_subset")) {
            names[changed.enabledExtensionCount++] = name;
        }
    }
    if (dev && names) {
        dev->next_proc_addr = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
        create = (PFN_vkCreateDevice)
            link->u.pLayerInfo->pfnNextGetInstanceProcAddr(inst->handle,
                                                           "vkCreateDevice");
        link->u.pLayerInfo = link->u.pLayerInfo->pNext;
        res = create(physical, &changed, alloc, device);
    }
    free(names);
    if (res != VK_SUCCESS) {
        free(dev);
        return res;
    }
    dev->handle = *device;
    LAYER_DEVICE_FUNCTIONS(LOAD_DEVICE)
    layer_map_insert(&devices, look_key(*device), dev);
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL
look_DestroyDevice(VkDevice device, const VkAllocationCallbacks *alloc)
{
    LookDevice *dev = layer_map_take(&devices, look_key(device));

    dev->next.DestroyDevice(device, alloc);
    free(dev);
}

static const LayerEntry look_instance_entries[] = {
    LAYER_NEW_ENTRY("GetInstanceProcAddr", look_GetInstanceProcAddr),
    LAYER_NEW_ENTRY("GetDeviceProcAddr", look_GetDeviceProcAddr),
    LAYER_NEW_ENTRY("CreateInstance", look_CreateInstance),
    LAYER_ENTRY("DestroyInstance", look_DestroyInstance),
    LAYER_ENTRY("CreateDevice", look_CreateDevice),
    { NULL },
};

static const LayerEntry look_device_entries[] = {
    LAYER_NEW_ENTRY("GetDeviceProcAddr", look_GetDeviceProcAddr),
    LAYER_NEW_ENTRY("DestroyDevice", look_DestroyDevice),
    { NULL },
};

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL
look_GetInstanceProcAddr(VkInstance instance, const char *name)
{
    const LayerEntry *entry = layer_entry_find(look_instance_entries, name);
    PFN_vkVoidFunction below;

    entry = entry ? entry : layer_entry_find(look_property_entries, name);
    if (!instance || (entry && entry->is_new)) {
        return entry ? entry->function : NULL;
    }
    below = look_instance(instance)->next_proc_addr(instance, name);
    return entry && below ? entry->function : below;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL
look_GetDeviceProcAddr(VkDevice device, const char *name)
{
    const LayerEntry *entry = layer_entry_find(look_device_entries, name);
    PFN_vkVoidFunction below;

    entry = entry ? entry : layer_entry_find(look_memory_entries, name);
    below = look_device(device)->next_proc_addr(device, name);
    return entry && (below || entry->is_new) ? entry->function : below;
}

__attribute__((visibility("default"))) VKAPI_ATTR VkResult VKAPI_CALL
vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface *version)
{
    version->loaderLayerInterfaceVersion = 2;
    version->pfnGetInstanceProcAddr = look_GetInstanceProcAddr;
    version->pfnGetDeviceProcAddr = look_GetDeviceProcAddr;
    version->pfnGetPhysicalDeviceProcAddr = NULL;
    return VK_SUCCESS;
}
