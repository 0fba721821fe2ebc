/*
 * Semaphores as SYNC_FD, without sync files
 *
 * An exported payload is waited for and then -1, which stands for one that is
 * signaled already.  An imported one is waited for at once; the next wait of a
 * queue for that semaphore is left out.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "chain.h"
#include "layer.h"

#define SYNC_FD VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT

static VKAPI_ATTR VkResult VKAPI_CALL
layer_CreateSemaphore(VkDevice device, const VkSemaphoreCreateInfo *info,
                      const VkAllocationCallbacks *alloc,
                      VkSemaphore *semaphore)
{
    const VkStructureType type = VK_STRUCTURE_TYPE_EXPORT_SEMAPHORE_CREATE_INFO;
    LayerDevice *dev = layer_device(device);
    const VkExportSemaphoreCreateInfo *export =
        layer_chain_find(info->pNext, type);
    VkSemaphoreCreateInfo changed = *info;
    VkExportSemaphoreCreateInfo rest;
    LayerArena arena = { .used = 0 };

    if (export && export->handleTypes & SYNC_FD) {
        changed.pNext = layer_chain_without(&arena, info->pNext, &type, 1);
        rest = (VkExportSemaphoreCreateInfo) {
            .sType = type,
            .pNext = changed.pNext,
            .handleTypes = export->handleTypes & ~SYNC_FD,
        };
        changed.pNext = rest.handleTypes ? &rest : rest.pNext;
    }
    return dev->next.CreateSemaphore(device, &changed, alloc, semaphore);
}

bool layer_semaphore_take(LayerDevice *dev, VkSemaphore semaphore)
{
    if (!atomic_load(&dev->signaled_count) ||
        !layer_map_take(&dev->signaled, LAYER_KEY(semaphore))) {
        return false;
    }
    atomic_fetch_sub(&dev->signaled_count, 1);
    return true;
}

static VKAPI_ATTR void VKAPI_CALL
layer_DestroySemaphore(VkDevice device, VkSemaphore semaphore,
                       const VkAllocationCallbacks *alloc)
{
    LayerDevice *dev = layer_device(device);

    if (semaphore) {
        layer_semaphore_take(dev, semaphore);
    }
    dev->next.DestroySemaphore(device, semaphore, alloc);
}

VkResult layer_semaphore_wait(LayerDevice *dev, VkSemaphore semaphore)
{
    const VkPipelineStageFlags stages = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .waitSemaphoreCount = 1,
        .pWaitSemaphores = &semaphore,
        .pWaitDstStageMask = &stages,
    };

    return dev->queue ? layer_submit_and_wait(dev, &submit) :
                        VK_ERROR_INITIALIZATION_FAILED;
}

static VKAPI_ATTR VkResult VKAPI_CALL
layer_GetSemaphoreFdKHR(VkDevice device, const VkSemaphoreGetFdInfoKHR *info,
                        int *fd)
{
    LayerDevice *dev = layer_device(device);
    VkResult res = VK_SUCCESS;

    if (info->handleType != SYNC_FD) {
        return dev->next.GetSemaphoreFdKHR ?
               dev->next.GetSemaphoreFdKHR(device, info, fd) :
               VK_ERROR_INVALID_EXTERNAL_HANDLE;
    }
    if (!layer_semaphore_take(dev, info->semaphore)) {
        res = layer_semaphore_wait(dev, info->semaphore);
    }
    *fd = -1;
    return res;
}

/* Wait for a sync file of somebody else's.  -1 is one that is signaled. */
static VkResult semaphore_wait_fd(int fd)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    int n = 1;

    if (fd >= 0) {
        do {
            n = poll(&poll_fd, 1, -1);
        } while (n < 0 && (errno == EINTR || errno == EAGAIN));
    }
    return n < 0 || poll_fd.revents & POLLNVAL ?
           VK_ERROR_INVALID_EXTERNAL_HANDLE : VK_SUCCESS;
}

static VKAPI_ATTR VkResult VKAPI_CALL
layer_ImportSemaphoreFdKHR(VkDevice device,
                           const VkImportSemaphoreFdInfoKHR *info)
{
    LayerDevice *dev = layer_device(device);
    VkResult res;

    if (info->handleType != SYNC_FD) {
        return dev->next.ImportSemaphoreFdKHR ?
               dev->next.ImportSemaphoreFdKHR(device, info) :
               VK_ERROR_INVALID_EXTERNAL_HANDLE;
    }
    res = semaphore_wait_fd(info->fd);
    if (res != VK_SUCCESS) {
        return res;
    }
    /* A payload that was imported before is replaced. */
    layer_semaphore_take(dev, info->semaphore);
    if (!layer_map_insert(&dev->signaled, LAYER_KEY(info->semaphore), dev)) {
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    }
    atomic_fetch_add(&dev->signaled_count, 1);
    if (info->fd >= 0) {
        close(info->fd);
    }
    return VK_SUCCESS;
}

const LayerEntry layer_semaphore_entries[] = {
    LAYER_ENTRY("CreateSemaphore", layer_CreateSemaphore),
    LAYER_ENTRY("DestroySemaphore", layer_DestroySemaphore),
    LAYER_NEW_ENTRY("GetSemaphoreFdKHR", layer_GetSemaphoreFdKHR),
    LAYER_NEW_ENTRY("ImportSemaphoreFdKHR", layer_ImportSemaphoreFdKHR),
    { NULL },
};
