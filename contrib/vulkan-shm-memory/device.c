/*
 * The layer's life with a device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "layer.h"

/* Functions that only passed calls on would cost time. */
static const struct {
    const LayerEntry *entries;
    LayerFeature needed_by[2];
} device_lists[] = {
    { layer_memory_entries, { LAYER_MEMORY_FD, LAYER_MEMORY_FD } },
    { layer_image_entries, { LAYER_MEMORY_FD, LAYER_MODIFIER } },
    { layer_buffer_entries, { LAYER_MEMORY_FD, LAYER_MEMORY_FD } },
    { layer_semaphore_entries, { LAYER_SEMAPHORE_FD, LAYER_SEMAPHORE_FD } },
    { layer_submit_entries, { LAYER_SEMAPHORE_FD, LAYER_SEMAPHORE_FD } },
    { layer_fence_entries, { LAYER_FENCE_FD, LAYER_FENCE_FD } },
    { layer_barrier_entries, { LAYER_FOREIGN_QUEUE, LAYER_FOREIGN_QUEUE } },
};

#define LOAD(name, alias) LAYER_LOAD(dev, name, alias)

static void device_load(LayerDevice *dev)
{
    LAYER_DEVICE_FUNCTIONS(LOAD)
}

VkResult layer_errno_to_result(int error)
{
    switch (error) {
    case -EINVAL:
        return VK_ERROR_INVALID_EXTERNAL_HANDLE;
    case -EMFILE:
    case -ENFILE:
        return VK_ERROR_TOO_MANY_OBJECTS;
    default:
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    }
}

static void device_free(LayerDevice *dev)
{
    layer_map_cleanup(&dev->memories, layer_memory_free);
    layer_map_cleanup(&dev->images, free);
    layer_map_cleanup(&dev->buffers, NULL);
    layer_map_cleanup(&dev->signaled, NULL);
    pthread_mutex_destroy(&dev->queue_lock);
    free(dev);
}

static LayerDevice *device_new(LayerInstance *inst, const LayerPhysical *phys)
{
    LayerDevice *dev = calloc(1, sizeof(*dev));

    if (dev) {
        dev->instance = inst;
        dev->physical = phys;
        pthread_mutex_init(&dev->queue_lock, NULL);
        layer_map_init(&dev->memories);
        layer_map_init(&dev->images);
        layer_map_init(&dev->buffers);
        layer_map_init(&dev->signaled);
    }
    return dev;
}

/* The emulated feature with that name that the driver must not hear of */
static LayerFeature device_feature(const LayerPhysical *phys, const char *name)
{
    unsigned i = 0;

    while (i < LAYER_FEATURES &&
           (!phys->emulates[i] || strcmp(layer_feature_name(i), name))) {
        i++;
    }
    return i;
}

/*
 * The application's list without what is emulated, with what that needs.
 * Sets dev->emulates.  The caller frees the array, not the names.
 */
static const char **device_names(LayerDevice *dev,
                                 const VkDeviceCreateInfo *info,
                                 const VkExtensionProperties *driver,
                                 uint32_t driver_count, uint32_t *count)
{
    const char **names = calloc(info->enabledExtensionCount + 1,
                                sizeof(*names));
    bool has_host = false;
    uint32_t n = 0;

    if (!names) {
        return NULL;
    }
    for (uint32_t i = 0; i < info->enabledExtensionCount; i++) {
        const char *name = info->ppEnabledExtensionNames[i];
        LayerFeature feature = device_feature(dev->physical, name);
        bool memory = feature == LAYER_MEMORY_FD || feature == LAYER_DMA_BUF;

        has_host |= !strcmp(name, VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME);
        if (feature < LAYER_FEATURES) {
            dev->emulates[feature] = true;
        }
        /* The driver may have other handle types of semaphores and fences. */
        if (feature == LAYER_FEATURES ||
            (!memory && layer_extension_listed(driver, driver_count, name))) {
            names[n++] = name;
        }
    }
    if (dev->emulates[LAYER_MEMORY_FD] && !has_host) {
        names[n++] = VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME;
    }
    *count = n;
    return names;
}

/* The first queue of the application, to submit to as well */
static void device_find_queue(LayerDevice *dev, const VkDeviceCreateInfo *info,
                              PFN_vkSetDeviceLoaderData set_loader_data)
{
    for (uint32_t i = 0; i < info->queueCreateInfoCount; i++) {
        const VkDeviceQueueCreateInfo *queue = &info->pQueueCreateInfos[i];

        if (!queue->flags && queue->queueCount) {
            dev->next.GetDeviceQueue(dev->handle, queue->queueFamilyIndex, 0,
                                     &dev->queue);
            /* What is below finds its device by what the loader puts there. */
            if (dev->queue && set_loader_data) {
                set_loader_data(dev->handle, dev->queue);
            }
            return;
        }
    }
}

static VkResult device_create(LayerDevice *dev, const VkDeviceCreateInfo *info,
                              const VkAllocationCallbacks *alloc,
                              VkDevice *device)
{
    VkLayerDeviceCreateInfo *link =
        layer_loader_device_info(info, VK_LAYER_LINK_INFO);
    VkLayerDeviceCreateInfo *data =
        layer_loader_device_info(info, VK_LOADER_DATA_CALLBACK);
    VkDeviceCreateInfo changed = *info;
    VkExtensionProperties *driver;
    PFN_vkCreateDevice create;
    const char **names;
    uint32_t count;
    VkResult res;

    if (!link) {
        return VK_ERROR_INITIALIZATION_FAILED;
    }
    driver = layer_driver_extensions(dev->instance, dev->physical->handle,
                                     &count);
    names = driver ? device_names(dev, info, driver, count,
                                  &changed.enabledExtensionCount) : NULL;
    free(driver);
    if (!names) {
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    }
    changed.ppEnabledExtensionNames = names;
    dev->next_proc_addr = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
    create = (PFN_vkCreateDevice)
        link->u.pLayerInfo->pfnNextGetInstanceProcAddr(dev->instance->handle,
                                                       "vkCreateDevice");
    link->u.pLayerInfo = link->u.pLayerInfo->pNext;
    res = create(dev->physical->handle, &changed, alloc, device);
    free(names);
    if (res != VK_SUCCESS) {
        return res;
    }
    dev->handle = *device;
    device_load(dev);
    device_find_queue(dev, info, data ? data->u.pfnSetDeviceLoaderData : NULL);
    if (!layer_register_device(dev)) {
        dev->next.DestroyDevice(*device, alloc);
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    }
    return VK_SUCCESS;
}

VKAPI_ATTR VkResult VKAPI_CALL
layer_CreateDevice(VkPhysicalDevice handle, const VkDeviceCreateInfo *info,
                   const VkAllocationCallbacks *alloc, VkDevice *device)
{
    LayerInstance *inst = layer_instance(handle);
    const LayerPhysical *phys = layer_physical(inst, handle);
    LayerDevice *dev = phys ? device_new(inst, phys) : NULL;
    VkResult res;

    if (!dev) {
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    }
    res = device_create(dev, info, alloc, device);
    if (res != VK_SUCCESS) {
        device_free(dev);
    }
    return res;
}

static VKAPI_ATTR void VKAPI_CALL
layer_DestroyDevice(VkDevice device, const VkAllocationCallbacks *alloc)
{
    LayerDevice *dev = device ? layer_forget_device(device) : NULL;

    if (dev) {
        dev->next.DestroyDevice(device, alloc);
        device_free(dev);
    }
}

static const LayerEntry device_entries[] = {
    LAYER_NEW_ENTRY("GetDeviceProcAddr", layer_GetDeviceProcAddr),
    LAYER_NEW_ENTRY("DestroyDevice", layer_DestroyDevice),
    { NULL },
};

/* The layer's function of that name for what the application enabled */
static const LayerEntry *device_find_entry(const LayerDevice *dev,
                                           const char *name)
{
    const LayerEntry *entry = layer_entry_find(device_entries, name);

    for (size_t i = 0; !entry && i < LAYER_COUNT(device_lists); i++) {
        if (dev->emulates[device_lists[i].needed_by[0]] ||
            dev->emulates[device_lists[i].needed_by[1]]) {
            entry = layer_entry_find(device_lists[i].entries, name);
        }
    }
    return entry;
}

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL
layer_GetDeviceProcAddr(VkDevice device, const char *name)
{
    LayerDevice *dev = layer_device(device);
    const LayerEntry *entry = device_find_entry(dev, name);
    PFN_vkVoidFunction below;

    if (entry && entry->is_new) {
        return entry->function;
    }
    below = dev->next_proc_addr(device, name);
    return entry && below ? entry->function : below;
}
