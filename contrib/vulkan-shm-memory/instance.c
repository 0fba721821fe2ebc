/*
 * Entry of the layer, and its life with an instance
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdlib.h>

#include "chain.h"
#include "layer.h"

#define LOAD(name, alias) LAYER_LOAD(inst, name, alias)

static void instance_load(LayerInstance *inst)
{
    LAYER_INSTANCE_FUNCTIONS(LOAD)
}

static void instance_init_lock(LayerInstance *inst)
{
    pthread_mutexattr_t attr;

    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&inst->lock, &attr);
    pthread_mutexattr_destroy(&attr);
}

static void instance_free(LayerInstance *inst)
{
    if (inst) {
        layer_physical_free(inst->physicals);
        pthread_mutex_destroy(&inst->lock);
        free(inst);
    }
}

static VKAPI_ATTR VkResult VKAPI_CALL
layer_CreateInstance(const VkInstanceCreateInfo *info,
                     const VkAllocationCallbacks *alloc, VkInstance *instance)
{
    VkLayerInstanceCreateInfo *link =
        layer_loader_instance_info(info, VK_LAYER_LINK_INFO);
    VkLayerInstanceCreateInfo *callback =
        layer_loader_instance_info(info, VK_LOADER_LAYER_CREATE_DEVICE_CALLBACK);
    LayerInstance *inst = calloc(1, sizeof(*inst));
    PFN_vkCreateInstance create;
    VkResult res;

    if (!inst || !link) {
        free(inst);
        return inst ? VK_ERROR_INITIALIZATION_FAILED :
                      VK_ERROR_OUT_OF_HOST_MEMORY;
    }
    inst->next_proc_addr = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    if (callback) {
        inst->create_device = callback->u.layerDevice.pfnLayerCreateDevice;
        inst->destroy_device = callback->u.layerDevice.pfnLayerDestroyDevice;
    }
    create = (PFN_vkCreateInstance)inst->next_proc_addr(NULL,
                                                        "vkCreateInstance");
    res = create(info, alloc, instance);
    if (res != VK_SUCCESS) {
        free(inst);
        return res;
    }
    inst->handle = *instance;
    instance_init_lock(inst);
    instance_load(inst);
    if (!layer_register_instance(inst)) {
        inst->next.DestroyInstance(*instance, alloc);
        instance_free(inst);
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    }
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL
layer_DestroyInstance(VkInstance instance, const VkAllocationCallbacks *alloc)
{
    LayerInstance *inst = instance ? layer_forget_instance(instance) : NULL;

    if (inst) {
        inst->next.DestroyInstance(instance, alloc);
        instance_free(inst);
    }
}

static const LayerEntry instance_entries[] = {
    LAYER_NEW_ENTRY("GetInstanceProcAddr", layer_GetInstanceProcAddr),
    LAYER_NEW_ENTRY("GetDeviceProcAddr", layer_GetDeviceProcAddr),
    LAYER_NEW_ENTRY("CreateInstance", layer_CreateInstance),
    LAYER_ENTRY("DestroyInstance", layer_DestroyInstance),
    LAYER_ENTRY("CreateDevice", layer_CreateDevice),
    { NULL },
};

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL
layer_GetInstanceProcAddr(VkInstance instance, const char *name)
{
    const LayerEntry *entry = layer_entry_find(instance_entries, name);
    LayerInstance *inst;
    PFN_vkVoidFunction below;

    if (!entry) {
        entry = layer_entry_find(layer_query_entries, name);
    }
    if (entry && entry->is_new) {
        return entry->function;
    }
    inst = instance ? layer_instance(instance) : NULL;
    if (!inst) {
        return NULL;
    }
    below = inst->next_proc_addr(instance, name);
    return entry && below ? entry->function : below;
}

/* The one symbol that the loader looks for */
__attribute__((visibility("default"))) VKAPI_ATTR VkResult VKAPI_CALL
vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface *version)
{
    if (version->loaderLayerInterfaceVersion < 2) {
        return VK_ERROR_INITIALIZATION_FAILED;
    }
    version->loaderLayerInterfaceVersion = 2;
    version->pfnGetInstanceProcAddr = layer_GetInstanceProcAddr;
    version->pfnGetDeviceProcAddr = layer_GetDeviceProcAddr;
    version->pfnGetPhysicalDeviceProcAddr = NULL;
    return VK_SUCCESS;
}
