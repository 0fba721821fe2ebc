/*
 * What a layer finds: its place in the loader's chain, and its own functions
 *
 * Knows nothing of what the layer does.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <string.h>

#include "functions.h"

/* What the loader's structures for instances and devices both begin with */
typedef struct LoaderInfo {
    VkStructureType sType;
    const struct LoaderInfo *pNext;
    VkLayerFunction function;
} LoaderInfo;

static void *loader_info_find(const void *chain, VkStructureType type,
                              VkLayerFunction function)
{
    const LoaderInfo *info = chain;

    while (info && (info->sType != type || info->function != function)) {
        info = info->pNext;
    }
    return (void *)info;
}

VkLayerInstanceCreateInfo *
layer_loader_instance_info(const VkInstanceCreateInfo *info,
                           VkLayerFunction function)
{
    return loader_info_find(info->pNext,
                            VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO,
                            function);
}

VkLayerDeviceCreateInfo *
layer_loader_device_info(const VkDeviceCreateInfo *info,
                         VkLayerFunction function)
{
    return loader_info_find(info->pNext,
                            VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO,
                            function);
}

const LayerEntry *layer_entry_find(const LayerEntry *list, const char *name)
{
    while (list->name && strcmp(list->name, name)) {
        list++;
    }
    return list->name ? list : NULL;
}
