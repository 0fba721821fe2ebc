/*
 * Fences as SYNC_FD, without sync files: export only
 *
 * An exported payload is waited for and then -1, which stands for one that is
 * signaled already.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "chain.h"
#include "layer.h"

#define SYNC_FD VK_EXTERNAL_FENCE_HANDLE_TYPE_SYNC_FD_BIT

static VKAPI_ATTR VkResult VKAPI_CALL
layer_CreateFence(VkDevice device, const VkFenceCreateInfo *info,
                  const VkAllocationCallbacks *alloc, VkFence *fence)
{
    const VkStructureType type = VK_STRUCTURE_TYPE_EXPORT_FENCE_CREATE_INFO;
    LayerDevice *dev = layer_device(device);
    const VkExportFenceCreateInfo *export = layer_chain_find(info->pNext, type);
    VkFenceCreateInfo changed = *info;
    VkExportFenceCreateInfo rest;
    LayerArena arena = { .used = 0 };

    if (export && export->handleTypes & SYNC_FD) {
        changed.pNext = layer_chain_without(&arena, info->pNext, &type, 1);
        rest = (VkExportFenceCreateInfo) {
            .sType = type,
            .pNext = changed.pNext,
            .handleTypes = export->handleTypes & ~SYNC_FD,
        };
        changed.pNext = rest.handleTypes ? &rest : rest.pNext;
    }
    return dev->next.CreateFence(device, &changed, alloc, fence);
}

static VKAPI_ATTR VkResult VKAPI_CALL
layer_GetFenceFdKHR(VkDevice device, const VkFenceGetFdInfoKHR *info, int *fd)
{
    LayerDevice *dev = layer_device(device);
    VkResult res;

    if (info->handleType != SYNC_FD) {
        return dev->next.GetFenceFdKHR ?
               dev->next.GetFenceFdKHR(device, info, fd) :
               VK_ERROR_INVALID_EXTERNAL_HANDLE;
    }
    *fd = -1;
    res = dev->next.WaitForFences(device, 1, &info->fence, VK_TRUE,
                                  UINT64_MAX);
    /* Exporting a payload that is copied resets the fence. */
    return res == VK_SUCCESS ?
           dev->next.ResetFences(device, 1, &info->fence) : res;
}

static VKAPI_ATTR VkResult VKAPI_CALL
layer_ImportFenceFdKHR(VkDevice device, const VkImportFenceFdInfoKHR *info)
{
    LayerDevice *dev = layer_device(device);

    if (dev->next.ImportFenceFdKHR && info->handleType != SYNC_FD) {
        return dev->next.ImportFenceFdKHR(device, info);
    }
    return VK_ERROR_INVALID_EXTERNAL_HANDLE;    /* as the properties say */
}

const LayerEntry layer_fence_entries[] = {
    LAYER_ENTRY("CreateFence", layer_CreateFence),
    LAYER_NEW_ENTRY("GetFenceFdKHR", layer_GetFenceFdKHR),
    LAYER_NEW_ENTRY("ImportFenceFdKHR", layer_ImportFenceFdKHR),
    { NULL },
};
