/*
 * What every layer for tests needs: the layer or driver below it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "link.h"

PFN_vkGetInstanceProcAddr link_instance(const VkInstanceCreateInfo *info)
{
    VkLayerInstanceCreateInfo *link = (void *)info->pNext;
    VkLayerInstanceLink *next;

    while (link &&
           (link->sType != VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO ||
            link->function != VK_LAYER_LINK_INFO)) {
        link = (void *)link->pNext;
    }
    if (!link) {
        return NULL;
    }
    next = link->u.pLayerInfo;
    link->u.pLayerInfo = next->pNext;
    return next->pfnNextGetInstanceProcAddr;
}

PFN_vkGetDeviceProcAddr link_device(const VkDeviceCreateInfo *info,
                                    VkInstance instance,
                                    PFN_vkCreateDevice *create)
{
    VkLayerDeviceCreateInfo *link = (void *)info->pNext;
    VkLayerDeviceLink *next;

    while (link &&
           (link->sType != VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO ||
            link->function != VK_LAYER_LINK_INFO)) {
        link = (void *)link->pNext;
    }
    if (!link) {
        return NULL;
    }
    next = link->u.pLayerInfo;
    link->u.pLayerInfo = next->pNext;
    *create = (PFN_vkCreateDevice)
        next->pfnNextGetInstanceProcAddr(instance, "vkCreateDevice");
    return next->pfnNextGetDeviceProcAddr;
}
