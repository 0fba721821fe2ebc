/*
 * What the layer emulates for a physical device
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdlib.h>
#include <string.h>

#include "layer.h"

typedef enum LayerMode {
    LAYER_MODE_AUTO,            /* emulate where the driver cannot export */
    LAYER_MODE_DRIVER,          /* never */
    LAYER_MODE_SHM,             /* always */
} LayerMode;

static const char *const feature_names[LAYER_FEATURES] = {
    [LAYER_MEMORY_FD] = VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME,
    [LAYER_DMA_BUF] = VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME,
    [LAYER_SEMAPHORE_FD] = VK_KHR_EXTERNAL_SEMAPHORE_FD_EXTENSION_NAME,
    [LAYER_FENCE_FD] = VK_KHR_EXTERNAL_FENCE_FD_EXTENSION_NAME,
    [LAYER_MODIFIER] = VK_EXT_IMAGE_DRM_FORMAT_MODIFIER_EXTENSION_NAME,
    [LAYER_FOREIGN_QUEUE] = VK_EXT_QUEUE_FAMILY_FOREIGN_EXTENSION_NAME,
};

const char *layer_feature_name(LayerFeature feature)
{
    return feature_names[feature];
}

static LayerMode physical_mode(void)
{
    const char *value = getenv(LAYER_MODE_VARIABLE);

    if (value && !strcmp(value, "driver")) {
        return LAYER_MODE_DRIVER;
    }
    return value && !strcmp(value, "shm") ? LAYER_MODE_SHM : LAYER_MODE_AUTO;
}

VkExtensionProperties *layer_driver_extensions(const LayerInstance *inst,
                                               VkPhysicalDevice handle,
                                               uint32_t *count)
{
    PFN_vkEnumerateDeviceExtensionProperties enumerate =
        inst->next.EnumerateDeviceExtensionProperties;
    VkExtensionProperties *list;

    if (enumerate(handle, NULL, count, NULL) != VK_SUCCESS) {
        return NULL;
    }
    /* One more: calloc(0) may be NULL as well. */
    list = calloc(*count + 1, sizeof(*list));
    if (list && enumerate(handle, NULL, count, list) < 0) {
        free(list);
        return NULL;
    }
    return list;
}

bool layer_extension_listed(const VkExtensionProperties *list, uint32_t count,
                            const char *name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!strcmp(list[i].extensionName, name)) {
            return true;
        }
    }
    return false;
}

static bool physical_has_sync_semaphores(const LayerInstance *inst,
                                         VkPhysicalDevice handle)
{
    const VkExternalSemaphoreFeatureFlags both =
        VK_EXTERNAL_SEMAPHORE_FEATURE_EXPORTABLE_BIT |
        VK_EXTERNAL_SEMAPHORE_FEATURE_IMPORTABLE_BIT;
    VkPhysicalDeviceExternalSemaphoreInfo info = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_SEMAPHORE_INFO,
        .handleType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT,
    };
    VkExternalSemaphoreProperties props = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_SEMAPHORE_PROPERTIES,
    };

    inst->next.GetPhysicalDeviceExternalSemaphoreProperties(handle, &info,
                                                            &props);
    return (props.externalSemaphoreFeatures & both) == both;
}

static bool physical_has_sync_fences(const LayerInstance *inst,
                                     VkPhysicalDevice handle)
{
    VkPhysicalDeviceExternalFenceInfo info = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_FENCE_INFO,
        .handleType = VK_EXTERNAL_FENCE_HANDLE_TYPE_SYNC_FD_BIT,
    };
    VkExternalFenceProperties props = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_FENCE_PROPERTIES,
    };

    inst->next.GetPhysicalDeviceExternalFenceProperties(handle, &info, &props);
    return props.externalFenceFeatures &
           VK_EXTERNAL_FENCE_FEATURE_EXPORTABLE_BIT;
}

/* What there is beside memory where memory is emulated */
static void physical_find_others(const LayerInstance *inst,
                                 LayerPhysical *phys,
                                 const VkExtensionProperties *list,
                                 uint32_t count)
{
    bool has[LAYER_FEATURES];

    for (unsigned i = 0; i < LAYER_FEATURES; i++) {
        has[i] = layer_extension_listed(list, count, feature_names[i]);
    }
    phys->emulates[LAYER_SEMAPHORE_FD] = !has[LAYER_SEMAPHORE_FD] ||
        !physical_has_sync_semaphores(inst, phys->handle);
    phys->emulates[LAYER_FENCE_FD] = !has[LAYER_FENCE_FD] ||
        !physical_has_sync_fences(inst, phys->handle);
    /* A driver's own modifiers are for dma-bufs, not for memory of the host. */
    phys->emulates[LAYER_MODIFIER] = true;
    phys->emulates[LAYER_FOREIGN_QUEUE] = !has[LAYER_FOREIGN_QUEUE];
}

/* Fill in a new element of the list; while it is tried out it lacks nothing. */
static bool physical_init(const LayerInstance *inst, LayerPhysical *phys)
{
    VkExtensionProperties *list;
    VkPhysicalDeviceProperties props;
    LayerMode mode = physical_mode();
    uint32_t count = 0;

    inst->next.GetPhysicalDeviceProperties(phys->handle, &props);
    /* Vulkan 1.0 has no external memory to speak of. */
    if (mode == LAYER_MODE_DRIVER || props.apiVersion < VK_API_VERSION_1_1 ||
        !inst->next.GetPhysicalDeviceExternalBufferProperties) {
        return true;
    }
    list = layer_driver_extensions(inst, phys->handle, &count);
    if (!list) {
        return false;
    }
    layer_trial(inst, phys, list, count, mode == LAYER_MODE_AUTO);
    if (phys->emulates[LAYER_MEMORY_FD]) {
        physical_find_others(inst, phys, list, count);
    }
    free(list);
    return true;
}

/* To be called with the instance's lock held. */
static LayerPhysical *physical_new_locked(LayerInstance *inst,
                                          VkPhysicalDevice handle)
{
    LayerPhysical *phys = calloc(1, sizeof(*phys));

    if (!phys) {
        return NULL;
    }
    phys->handle = handle;
    phys->next = inst->physicals;
    inst->physicals = phys;
    if (!physical_init(inst, phys)) {
        inst->physicals = phys->next;
        free(phys);
        return NULL;
    }
    return phys;
}

const LayerPhysical *layer_physical(LayerInstance *inst,
                                    VkPhysicalDevice handle)
{
    LayerPhysical *phys;

    pthread_mutex_lock(&inst->lock);
    for (phys = inst->physicals; phys; phys = phys->next) {
        if (phys->handle == handle) {
            break;
        }
    }
    if (!phys) {
        phys = physical_new_locked(inst, handle);
    }
    pthread_mutex_unlock(&inst->lock);
    return phys;
}

void layer_physical_free(LayerPhysical *list)
{
    while (list) {
        LayerPhysical *next = list->next;

        free(list);
        list = next;
    }
}
