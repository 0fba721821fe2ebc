/*
 * Trials: what a driver can really do
 *
 * A driver may list extensions and then fail to allocate, as lavapipe does
 * where it finds no /dev/udmabuf.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backing.h"
#include "layer.h"

/* A device below this layer, for trials */
typedef struct Trial {
    const LayerInstance *inst;
    LayerPhysical *phys;
    bool can_export;            /* the extensions for it are enabled */
    bool can_import;
    VkPhysicalDeviceMemoryProperties memory;
    VkDevice device;
    PFN_vkDestroyDevice destroy;
    PFN_vkAllocateMemory allocate;
    PFN_vkFreeMemory free_memory;
    PFN_vkGetMemoryFdKHR get_fd;
    PFN_vkGetMemoryHostPointerPropertiesEXT get_pointer_properties;
} Trial;

/* Extensions of a trial's device; a subset has to be enabled where it is. */
static const char *const trial_extensions[] = {
    VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME,
    VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME,
    VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME,
    "VK_KHR_portability_subset",
};

static bool trial_begin(Trial *t, const VkExtensionProperties *list,
                        uint32_t count)
{
    static const float priority = 1;
    const char *names[LAYER_COUNT(trial_extensions)];
    VkDeviceQueueCreateInfo queue = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    VkDeviceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &queue,
        .ppEnabledExtensionNames = names,
    };
    PFN_vkGetDeviceProcAddr get = NULL;

    for (size_t i = 0; i < LAYER_COUNT(trial_extensions); i++) {
        if (layer_extension_listed(list, count, trial_extensions[i])) {
            names[info.enabledExtensionCount++] = trial_extensions[i];
        }
    }
    if (!t->inst->create_device ||
        t->inst->create_device(t->inst->handle, t->phys->handle, &info, NULL,
                               &t->device, layer_GetInstanceProcAddr,
                               &get) != VK_SUCCESS) {
        return false;
    }
    t->destroy = (PFN_vkDestroyDevice)get(t->device, "vkDestroyDevice");
    t->allocate = (PFN_vkAllocateMemory)get(t->device, "vkAllocateMemory");
    t->free_memory = (PFN_vkFreeMemory)get(t->device, "vkFreeMemory");
    t->get_fd = (PFN_vkGetMemoryFdKHR)get(t->device, "vkGetMemoryFdKHR");
    t->get_pointer_properties = (PFN_vkGetMemoryHostPointerPropertiesEXT)
        get(t->device, "vkGetMemoryHostPointerPropertiesEXT");
    t->inst->next.GetPhysicalDeviceMemoryProperties(t->phys->handle,
                                                    &t->memory);
    return true;
}

static void trial_end(Trial *t)
{
    t->inst->destroy_device(t->device, NULL, t->destroy);
}

static bool trial_visible(const Trial *t, uint32_t type)
{
    const VkMemoryPropertyFlags visible =
        VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
        VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;

    return (t->memory.memoryTypes[type].propertyFlags & visible) == visible;
}

/* Whether memory that the host can see can be exported as a dma-buf */
static bool trial_export(const Trial *t)
{
    VkExportMemoryAllocateInfo export = {
        .sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
        .handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT,
    };
    VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .pNext = &export,
        .allocationSize = LAYER_GRANULE,
    };
    VkMemoryGetFdInfoKHR get = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_GET_FD_INFO_KHR,
        .handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT,
    };
    int fd = -1;

    while (info.memoryTypeIndex < t->memory.memoryTypeCount &&
           !trial_visible(t, info.memoryTypeIndex)) {
        info.memoryTypeIndex++;
    }
    if (info.memoryTypeIndex == t->memory.memoryTypeCount ||
        t->allocate(t->device, &info, NULL, &get.memory) != VK_SUCCESS) {
        return false;
    }
    if (t->get_fd(t->device, &get, &fd) != VK_SUCCESS) {
        fd = -1;
    }
    t->free_memory(t->device, get.memory, NULL);
    if (fd < 0) {
        return false;
    }
    close(fd);
    return true;
}

/* Bits of the memory types that take shared memory at @ptr */
static uint32_t trial_import_types(const Trial *t, void *ptr)
{
    VkMemoryHostPointerPropertiesEXT props = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_HOST_POINTER_PROPERTIES_EXT,
    };
    VkImportMemoryHostPointerInfoEXT import = {
        .sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT,
        .handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT,
        .pHostPointer = ptr,
    };
    VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .pNext = &import,
        .allocationSize = t->phys->granule,
    };
    uint32_t found = 0;

    if (t->get_pointer_properties(t->device, import.handleType, ptr,
                                  &props) != VK_SUCCESS) {
        return 0;
    }
    for (uint32_t i = 0; i < t->memory.memoryTypeCount; i++) {
        VkDeviceMemory memory;

        info.memoryTypeIndex = i;
        if (props.memoryTypeBits & 1u << i && trial_visible(t, i) &&
            t->allocate(t->device, &info, NULL, &memory) == VK_SUCCESS) {
            t->free_memory(t->device, memory, NULL);
            found |= 1u << i;
        }
    }
    return found;
}

static uint32_t trial_import(const Trial *t)
{
    size_t size = t->phys->granule;
    int fd = layer_backing_create(size);
    uint32_t types;
    void *ptr;

    if (fd < 0) {
        return 0;
    }
    ptr = layer_backing_map(fd, size, size);
    close(fd);
    if (!ptr) {
        return 0;
    }
    types = trial_import_types(t, ptr);
    munmap(ptr, size);
    return types;
}

static VkDeviceSize trial_granule(const Trial *t)
{
    VkPhysicalDeviceExternalMemoryHostPropertiesEXT host = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT,
    };
    VkPhysicalDeviceProperties2 props = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
        .pNext = &host,
    };

    t->inst->next.GetPhysicalDeviceProperties2(t->phys->handle, &props);
    return host.minImportedHostPointerAlignment > LAYER_GRANULE ?
           host.minImportedHostPointerAlignment : LAYER_GRANULE;
}

void layer_trial(const LayerInstance *inst, LayerPhysical *phys,
                 const VkExtensionProperties *list, uint32_t count,
                 bool ask_export)
{
    Trial t = {
        .inst = inst,
        .phys = phys,
        .can_export = layer_extension_listed(list, count, trial_extensions[0])
                      && layer_extension_listed(list, count,
                                                trial_extensions[1]),
        .can_import = layer_extension_listed(list, count, trial_extensions[2]),
    };
    bool exports;

    if (!t.can_import || !trial_begin(&t, list, count)) {
        return;
    }
    phys->granule = trial_granule(&t);
    exports = ask_export && t.can_export && trial_export(&t);
    if (!exports) {
        phys->import_types = trial_import(&t);
    }
    phys->emulates[LAYER_MEMORY_FD] = phys->import_types;
    phys->emulates[LAYER_DMA_BUF] = phys->import_types;
    trial_end(&t);
}
