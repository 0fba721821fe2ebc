/*
 * The look-alike layer's life with instances and devices
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"
#include "lookalike.h"

/* An instance or a device; there are a few at a time. */
typedef struct LookObject {
    const void *key;            /* what the loader puts into its handles */
    VkInstance instance;        /* NULL: it is a device */
    VkDevice device;
    PFN_vkGetInstanceProcAddr instance_proc;    /* of an instance */
    PFN_vkGetDeviceProcAddr device_proc;        /* of a device */
    atomic_flag queues;         /* set while a queue of a device is used */
    struct LookObject *next;    /* owned */
} LookObject;

/* A layer is handed nothing but handles, and has no place of its own. */
static LookObject *objects;
static pthread_mutex_t objects_lock = PTHREAD_MUTEX_INITIALIZER;

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL
look_GetInstanceProcAddr(VkInstance instance, const char *name);
static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL
look_GetDeviceProcAddr(VkDevice device, const char *name);

void *look_find(const void *chain, VkStructureType type)
{
    const VkBaseInStructure *s = chain;

    while (s && s->sType != type) {
        s = s->pNext;
    }
    return (void *)s;
}

static const void *object_key(const void *handle)
{
    return *(void *const *)handle;
}

static void object_add(LookObject *object, const void *handle)
{
    object->key = object_key(handle);
    pthread_mutex_lock(&objects_lock);
    object->next = objects;
    objects = object;
    pthread_mutex_unlock(&objects_lock);
}

/* The object of @handle; @remove: it is the caller's to free from now on. */
static LookObject *object_find(const void *handle, bool remove)
{
    LookObject **place = &objects;
    LookObject *object;

    pthread_mutex_lock(&objects_lock);
    while (*place && (*place)->key != object_key(handle)) {
        place = &(*place)->next;
    }
    object = *place;
    if (object && remove) {
        *place = object->next;
    }
    pthread_mutex_unlock(&objects_lock);
    return object;
}

static PFN_vkVoidFunction object_proc(const LookObject *object,
                                      const char *name)
{
    return object->instance ? object->instance_proc(object->instance, name) :
                              object->device_proc(object->device, name);
}

PFN_vkVoidFunction look_below(const void *handle, const char *name)
{
    const LookObject *object = object_find(handle, false);
    PFN_vkVoidFunction function = object_proc(object, name);
    char alias[80];

    if (!function) {
        snprintf(alias, sizeof(alias), "%sKHR", name);
        function = object_proc(object, alias);
    }
    return function;
}

atomic_flag *look_queues(const void *handle)
{
    return &object_find(handle, false)->queues;
}

VkResult look_refuse(const char *what)
{
    fprintf(stderr, "lookalike: refused: %s\n", what);
    return VK_ERROR_INVALID_EXTERNAL_HANDLE;
}

static VKAPI_ATTR VkResult VKAPI_CALL
look_CreateInstance(const VkInstanceCreateInfo *info,
                    const VkAllocationCallbacks *alloc, VkInstance *instance)
{
    LookObject *object = calloc(1, sizeof(*object));
    PFN_vkCreateInstance create;
    VkResult res;

    if (!object) {
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    }
    object->instance_proc = link_instance(info);
    create = (PFN_vkCreateInstance)object->instance_proc(NULL,
                                                         "vkCreateInstance");
    res = create(info, alloc, instance);
    if (res != VK_SUCCESS) {
        free(object);
        return res;
    }
    object->instance = *instance;
    object_add(object, *instance);
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL
look_DestroyInstance(VkInstance instance, const VkAllocationCallbacks *alloc)
{
    LookObject *object = object_find(instance, true);

    ((PFN_vkDestroyInstance)object_proc(object, "vkDestroyInstance"))(instance,
                                                                      alloc);
    free(object);
}

/* The driver has never heard of the subset that it is said to be. */
static VkResult look_device_names(const VkDeviceCreateInfo *info,
                                  VkDeviceCreateInfo *changed,
                                  const char **names)
{
    *changed = *info;
    changed->enabledExtensionCount = 0;
    changed->ppEnabledExtensionNames = names;
    for (uint32_t i = 0; i < info->enabledExtensionCount; i++) {
        const char *name = info->ppEnabledExtensionNames[i];

        if (look_is_hidden(name)) {
            return VK_ERROR_EXTENSION_NOT_PRESENT;
        }
        if (strcmp(name, "VK_KHR_portability_subset")) {
            names[changed->enabledExtensionCount++] = name;
        }
    }
    return VK_SUCCESS;
}

static VKAPI_ATTR VkResult VKAPI_CALL
look_CreateDevice(VkPhysicalDevice physical, const VkDeviceCreateInfo *info,
                  const VkAllocationCallbacks *alloc, VkDevice *device)
{
    LookObject *object = calloc(1, sizeof(*object));
    const char **names = calloc(info->enabledExtensionCount + 1,
                                sizeof(*names));
    VkDeviceCreateInfo changed;
    PFN_vkCreateDevice create;
    VkResult res = VK_ERROR_OUT_OF_HOST_MEMORY;

    if (object && names) {
        res = look_device_names(info, &changed, names);
    }
    if (res == VK_SUCCESS) {
        object->device_proc =
            link_device(info, object_find(physical, false)->instance, &create);
        res = create(physical, &changed, alloc, device);
    }
    free(names);
    if (res != VK_SUCCESS) {
        free(object);
        return res;
    }
    object->device = *device;
    object_add(object, *device);
    return VK_SUCCESS;
}

static VKAPI_ATTR void VKAPI_CALL
look_DestroyDevice(VkDevice device, const VkAllocationCallbacks *alloc)
{
    LookObject *object = object_find(device, true);

    ((PFN_vkDestroyDevice)object_proc(object, "vkDestroyDevice"))(device,
                                                                  alloc);
    free(object);
}

static const LookEntry look_instance_entries[] = {
    LOOK_ENTRY(GetInstanceProcAddr),
    LOOK_ENTRY(GetDeviceProcAddr),
    LOOK_ENTRY(CreateInstance),
    LOOK_ENTRY(DestroyInstance),
    LOOK_ENTRY(CreateDevice),
    { NULL },
};

static const LookEntry look_device_entries[] = {
    LOOK_ENTRY(GetDeviceProcAddr),
    LOOK_ENTRY(DestroyDevice),
    { NULL },
};

/* NULL where no list of @lists, which ends with NULL, has the name */
static PFN_vkVoidFunction look_entry(const LookEntry *const *lists,
                                     const char *name)
{
    for (; *lists; lists++) {
        for (const LookEntry *entry = *lists; entry->name; entry++) {
            if (!strcmp(entry->name, name)) {
                return entry->function;
            }
        }
    }
    return NULL;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL
look_GetInstanceProcAddr(VkInstance instance, const char *name)
{
    static const LookEntry *const lists[] = {
        look_instance_entries, look_property_entries, NULL,
    };
    PFN_vkVoidFunction ours = look_entry(lists, name), below;

    if (!instance) {
        return ours;
    }
    below = object_proc(object_find(instance, false), name);
    return ours && below ? ours : below;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL
look_GetDeviceProcAddr(VkDevice device, const char *name)
{
    static const LookEntry *const lists[] = {
        look_device_entries, look_memory_entries, look_queue_entries, NULL,
    };
    PFN_vkVoidFunction ours = look_entry(lists, name);
    PFN_vkVoidFunction below = object_proc(object_find(device, false), name);

    return ours && below ? ours : below;
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
