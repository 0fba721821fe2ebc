/*
 * A Vulkan layer that loses devices on demand
 *
 * While the file that the variable LOSE_DEVICE names exists, vkQueueSubmit
 * returns VK_ERROR_DEVICE_LOST.  For tests with one driver: what lies below the
 * layer is remembered once for the process, not for each instance and device.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "link.h"

#define EXPORT __attribute__((visibility("default")))

static PFN_vkGetInstanceProcAddr next_instance_proc;
static PFN_vkGetDeviceProcAddr next_device_proc;
static PFN_vkQueueSubmit next_submit;

static VKAPI_ATTR VkResult VKAPI_CALL submit(VkQueue queue, uint32_t count,
                                             const VkSubmitInfo *info,
                                             VkFence fence)
{
    const char *path = getenv("LOSE_DEVICE");

    if (path && access(path, F_OK) == 0) {
        return VK_ERROR_DEVICE_LOST;
    }
    return next_submit(queue, count, info, fence);
}

static VKAPI_ATTR VkResult VKAPI_CALL
create_instance(const VkInstanceCreateInfo *info,
                const VkAllocationCallbacks *alloc, VkInstance *out)
{
    PFN_vkCreateInstance create;

    next_instance_proc = link_instance(info);
    if (!next_instance_proc) {
        return VK_ERROR_INITIALIZATION_FAILED;
    }
    create = (PFN_vkCreateInstance)next_instance_proc(NULL, "vkCreateInstance");
    return create(info, alloc, out);
}

static VKAPI_ATTR VkResult VKAPI_CALL
create_device(VkPhysicalDevice physical, const VkDeviceCreateInfo *info,
              const VkAllocationCallbacks *alloc, VkDevice *out)
{
    PFN_vkCreateDevice create;
    VkResult res;

    next_device_proc = link_device(info, NULL, &create);
    if (!next_device_proc) {
        return VK_ERROR_INITIALIZATION_FAILED;
    }
    res = create(physical, info, alloc, out);
    if (res == VK_SUCCESS) {
        next_submit = (PFN_vkQueueSubmit)next_device_proc(*out,
                                                          "vkQueueSubmit");
    }
    return res;
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL device_proc(VkDevice device,
                                                            const char *name)
{
    if (strcmp(name, "vkGetDeviceProcAddr") == 0) {
        return (PFN_vkVoidFunction)device_proc;
    }
    if (strcmp(name, "vkQueueSubmit") == 0) {
        return (PFN_vkVoidFunction)submit;
    }
    return next_device_proc(device, name);
}

static VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL
instance_proc(VkInstance instance, const char *name)
{
    if (strcmp(name, "vkGetInstanceProcAddr") == 0) {
        return (PFN_vkVoidFunction)instance_proc;
    }
    if (strcmp(name, "vkCreateInstance") == 0) {
        return (PFN_vkVoidFunction)create_instance;
    }
    if (strcmp(name, "vkCreateDevice") == 0) {
        return (PFN_vkVoidFunction)create_device;
    }
    if (strcmp(name, "vkGetDeviceProcAddr") == 0) {
        return (PFN_vkVoidFunction)device_proc;
    }
    if (strcmp(name, "vkQueueSubmit") == 0) {
        return (PFN_vkVoidFunction)submit;
    }
    return next_instance_proc ? next_instance_proc(instance, name) : NULL;
}

EXPORT VKAPI_ATTR VkResult VKAPI_CALL
vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface *layer)
{
    if (layer->loaderLayerInterfaceVersion > 2) {
        layer->loaderLayerInterfaceVersion = 2;
    }
    layer->pfnGetInstanceProcAddr = instance_proc;
    layer->pfnGetDeviceProcAddr = device_proc;
    layer->pfnGetPhysicalDeviceProcAddr = NULL;
    return VK_SUCCESS;
}
