/*
 * Submissions: without waits that have nothing to wait for, and in turns
 * where the layer submits to the same queue
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdlib.h>

#include "chain.h"
#include "layer.h"

/* The waits that are left of one batch, with what comes with each of them */
typedef struct SubmitWaits {
    uint32_t count;
    VkSemaphore *semaphores;
    VkPipelineStageFlags *stages;
    uint64_t *values;
    uint32_t *devices;
} SubmitWaits;

/*
 * One batch of a changed submission.  The pointers are to members of its copied
 * info, of whatever kind.
 */
typedef struct SubmitBatch {
    const void **chain;
    uint32_t *wait_count;
    const VkSemaphore **wait_semaphores;
    const VkPipelineStageFlags **wait_stages;   /* NULL: it has none */
    SubmitWaits waits;
    VkTimelineSemaphoreSubmitInfo timeline;
    VkDeviceGroupSubmitInfo group;
    LayerArena arena;
} SubmitBatch;

static void submit_lock(LayerDevice *dev, VkQueue queue)
{
    if (queue == dev->queue) {
        pthread_mutex_lock(&dev->queue_lock);
    }
}

static void submit_unlock(LayerDevice *dev, VkQueue queue)
{
    if (queue == dev->queue) {
        pthread_mutex_unlock(&dev->queue_lock);
    }
}

static bool submit_waits_alloc(SubmitWaits *waits, uint32_t count)
{
    /* One more: nothing may be of size 0. */
    waits->semaphores = calloc(count + 1, sizeof(*waits->semaphores));
    waits->stages = calloc(count + 1, sizeof(*waits->stages));
    waits->values = calloc(count + 1, sizeof(*waits->values));
    waits->devices = calloc(count + 1, sizeof(*waits->devices));
    return waits->semaphores && waits->stages && waits->values &&
           waits->devices;
}

static void submit_waits_free(SubmitWaits *waits)
{
    free(waits->semaphores);
    free(waits->stages);
    free(waits->values);
    free(waits->devices);
}

static void submit_batches_free(SubmitBatch *batches, uint32_t count)
{
    for (uint32_t i = 0; batches && i < count; i++) {
        submit_waits_free(&batches[i].waits);
    }
    free(batches);
}

/*
 * Leave out the waits for payloads that were imported signaled.  Arrays of
 * what comes with each may be NULL.
 */
static void submit_filter(LayerDevice *dev, SubmitWaits *waits, uint32_t count,
                          const VkSemaphore *semaphores,
                          const VkPipelineStageFlags *stages,
                          const uint64_t *values, const uint32_t *devices)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t n = waits->count;

        if (layer_semaphore_take(dev, semaphores[i])) {
            continue;
        }
        waits->semaphores[n] = semaphores[i];
        waits->stages[n] = stages ? stages[i] : 0;
        waits->values[n] = values ? values[i] : 0;
        waits->devices[n] = devices ? devices[i] : 0;
        waits->count++;
    }
}

/* The same in a batch's info, with what its chain has for each wait */
static void submit_batch_filter(LayerDevice *dev, SubmitBatch *batch)
{
    static const VkStructureType drop[] = {
        VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
        VK_STRUCTURE_TYPE_DEVICE_GROUP_SUBMIT_INFO,
    };
    const void *chain = *batch->chain;
    const VkTimelineSemaphoreSubmitInfo *timeline =
        layer_chain_find(chain, drop[0]);
    const VkDeviceGroupSubmitInfo *group = layer_chain_find(chain, drop[1]);
    bool values = timeline && timeline->waitSemaphoreValueCount;
    bool devices = group && group->waitSemaphoreCount;

    submit_filter(dev, &batch->waits, *batch->wait_count,
                  *batch->wait_semaphores,
                  batch->wait_stages ? *batch->wait_stages : NULL,
                  values ? timeline->pWaitSemaphoreValues : NULL,
                  devices ? group->pWaitSemaphoreDeviceIndices : NULL);
    *batch->wait_count = batch->waits.count;
    *batch->wait_semaphores = batch->waits.semaphores;
    if (batch->wait_stages) {
        *batch->wait_stages = batch->waits.stages;
    }
    chain = layer_chain_without(&batch->arena, chain, drop, LAYER_COUNT(drop));
    if (timeline) {
        batch->timeline = *timeline;
        batch->timeline.pNext = chain;
        batch->timeline.waitSemaphoreValueCount = values ? batch->waits.count :
                                                           0;
        batch->timeline.pWaitSemaphoreValues = batch->waits.values;
        chain = &batch->timeline;
    }
    if (group) {
        batch->group = *group;
        batch->group.pNext = chain;
        batch->group.waitSemaphoreCount = devices ? batch->waits.count : 0;
        batch->group.pWaitSemaphoreDeviceIndices = batch->waits.devices;
        chain = &batch->group;
    }
    *batch->chain = chain;
}

/* False when out of memory: no wait has been taken out of any batch then. */
static bool submit_batches_filter(LayerDevice *dev, SubmitBatch *batches,
                                  uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!submit_waits_alloc(&batches[i].waits, *batches[i].wait_count)) {
            return false;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        submit_batch_filter(dev, &batches[i]);
    }
    return true;
}

static VkResult submit_filtered(LayerDevice *dev, VkQueue queue, uint32_t count,
                                const VkSubmitInfo *infos, VkFence fence)
{
    VkSubmitInfo *changed = calloc(count + 1, sizeof(*changed));
    SubmitBatch *batches = calloc(count + 1, sizeof(*batches));
    VkResult res = VK_ERROR_OUT_OF_HOST_MEMORY;
    bool ok = changed && batches;

    for (uint32_t i = 0; ok && i < count; i++) {
        changed[i] = infos[i];
        batches[i].chain = &changed[i].pNext;
        batches[i].wait_count = &changed[i].waitSemaphoreCount;
        batches[i].wait_semaphores = &changed[i].pWaitSemaphores;
        batches[i].wait_stages = &changed[i].pWaitDstStageMask;
    }
    if (ok && submit_batches_filter(dev, batches, count)) {
        submit_lock(dev, queue);
        res = dev->next.QueueSubmit(queue, count, changed, fence);
        submit_unlock(dev, queue);
    }
    submit_batches_free(batches, count);
    free(changed);
    return res;
}

static VKAPI_ATTR VkResult VKAPI_CALL
layer_QueueSubmit(VkQueue queue, uint32_t count, const VkSubmitInfo *infos,
                  VkFence fence)
{
    LayerDevice *dev = layer_device(queue);
    VkResult res;

    if (atomic_load(&dev->signaled_count)) {
        return submit_filtered(dev, queue, count, infos, fence);
    }
    submit_lock(dev, queue);
    res = dev->next.QueueSubmit(queue, count, infos, fence);
    submit_unlock(dev, queue);
    return res;
}

/* Each wait has everything that belongs to it here. */
static VkSemaphoreSubmitInfo *submit2_filter(LayerDevice *dev,
                                             VkSubmitInfo2 *info)
{
    VkSemaphoreSubmitInfo *left = calloc(info->waitSemaphoreInfoCount + 1,
                                         sizeof(*left));
    uint32_t n = 0;

    for (uint32_t i = 0; left && i < info->waitSemaphoreInfoCount; i++) {
        if (!layer_semaphore_take(dev,
                                  info->pWaitSemaphoreInfos[i].semaphore)) {
            left[n++] = info->pWaitSemaphoreInfos[i];
        }
    }
    if (left) {
        info->pWaitSemaphoreInfos = left;
        info->waitSemaphoreInfoCount = n;
    }
    return left;
}

static VkResult submit2_filtered(LayerDevice *dev, VkQueue queue,
                                 uint32_t count, const VkSubmitInfo2 *infos,
                                 VkFence fence)
{
    VkSubmitInfo2 *changed = calloc(count + 1, sizeof(*changed));
    VkSemaphoreSubmitInfo **waits = calloc(count + 1, sizeof(*waits));
    VkResult res = VK_ERROR_OUT_OF_HOST_MEMORY;
    bool ok = changed && waits;
    uint32_t i;

    for (i = 0; ok && i < count; i++) {
        changed[i] = infos[i];
        waits[i] = submit2_filter(dev, &changed[i]);
        ok = waits[i];
    }
    if (ok) {
        submit_lock(dev, queue);
        res = dev->next.QueueSubmit2(queue, count, changed, fence);
        submit_unlock(dev, queue);
    }
    for (i = 0; waits && i < count; i++) {
        free(waits[i]);
    }
    free(waits);
    free(changed);
    return res;
}

static VKAPI_ATTR VkResult VKAPI_CALL
layer_QueueSubmit2(VkQueue queue, uint32_t count, const VkSubmitInfo2 *infos,
                   VkFence fence)
{
    LayerDevice *dev = layer_device(queue);
    VkResult res;

    if (atomic_load(&dev->signaled_count)) {
        return submit2_filtered(dev, queue, count, infos, fence);
    }
    submit_lock(dev, queue);
    res = dev->next.QueueSubmit2(queue, count, infos, fence);
    submit_unlock(dev, queue);
    return res;
}

static VkResult sparse_filtered(LayerDevice *dev, VkQueue queue, uint32_t count,
                                const VkBindSparseInfo *infos, VkFence fence)
{
    VkBindSparseInfo *changed = calloc(count + 1, sizeof(*changed));
    SubmitBatch *batches = calloc(count + 1, sizeof(*batches));
    VkResult res = VK_ERROR_OUT_OF_HOST_MEMORY;
    bool ok = changed && batches;

    for (uint32_t i = 0; ok && i < count; i++) {
        changed[i] = infos[i];
        batches[i].chain = &changed[i].pNext;
        batches[i].wait_count = &changed[i].waitSemaphoreCount;
        batches[i].wait_semaphores = &changed[i].pWaitSemaphores;
    }
    if (ok && submit_batches_filter(dev, batches, count)) {
        submit_lock(dev, queue);
        res = dev->next.QueueBindSparse(queue, count, changed, fence);
        submit_unlock(dev, queue);
    }
    submit_batches_free(batches, count);
    free(changed);
    return res;
}

static VKAPI_ATTR VkResult VKAPI_CALL
layer_QueueBindSparse(VkQueue queue, uint32_t count,
                      const VkBindSparseInfo *infos, VkFence fence)
{
    LayerDevice *dev = layer_device(queue);
    VkResult res;

    if (atomic_load(&dev->signaled_count)) {
        return sparse_filtered(dev, queue, count, infos, fence);
    }
    submit_lock(dev, queue);
    res = dev->next.QueueBindSparse(queue, count, infos, fence);
    submit_unlock(dev, queue);
    return res;
}

static VKAPI_ATTR VkResult VKAPI_CALL
layer_QueuePresentKHR(VkQueue queue, const VkPresentInfoKHR *info)
{
    LayerDevice *dev = layer_device(queue);
    VkPresentInfoKHR changed = *info;
    SubmitWaits waits = { 0 };
    VkResult res = VK_ERROR_OUT_OF_HOST_MEMORY;

    if (submit_waits_alloc(&waits, info->waitSemaphoreCount)) {
        submit_filter(dev, &waits, info->waitSemaphoreCount,
                      info->pWaitSemaphores, NULL, NULL, NULL);
        changed.waitSemaphoreCount = waits.count;
        changed.pWaitSemaphores = waits.semaphores;
        submit_lock(dev, queue);
        res = dev->next.QueuePresentKHR(queue, &changed);
        submit_unlock(dev, queue);
    }
    submit_waits_free(&waits);
    return res;
}

/* Waiting with the lock held would stop exports of semaphores meanwhile. */
static VKAPI_ATTR VkResult VKAPI_CALL
layer_QueueWaitIdle(VkQueue queue)
{
    VkFenceCreateInfo info = { .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO };
    LayerDevice *dev = layer_device(queue);
    VkFence fence;
    VkResult res;

    if (queue != dev->queue) {
        return dev->next.QueueWaitIdle(queue);
    }
    res = dev->next.CreateFence(dev->handle, &info, NULL, &fence);
    if (res != VK_SUCCESS) {
        return res;
    }
    submit_lock(dev, queue);
    res = dev->next.QueueSubmit(queue, 0, NULL, fence);
    submit_unlock(dev, queue);
    if (res == VK_SUCCESS) {
        res = dev->next.WaitForFences(dev->handle, 1, &fence, VK_TRUE,
                                      UINT64_MAX);
    }
    dev->next.DestroyFence(dev->handle, fence, NULL);
    return res;
}

static VKAPI_ATTR VkResult VKAPI_CALL
layer_DeviceWaitIdle(VkDevice device)
{
    LayerDevice *dev = layer_device(device);
    VkResult res = dev->queue ? layer_QueueWaitIdle(dev->queue) : VK_SUCCESS;

    if (res != VK_SUCCESS) {
        return res;
    }
    submit_lock(dev, dev->queue);
    res = dev->next.DeviceWaitIdle(device);
    submit_unlock(dev, dev->queue);
    return res;
}

const LayerEntry layer_submit_entries[] = {
    LAYER_ENTRY("DeviceWaitIdle", layer_DeviceWaitIdle),
    LAYER_ENTRY("QueueBindSparse", layer_QueueBindSparse),
    LAYER_ENTRY("QueuePresentKHR", layer_QueuePresentKHR),
    LAYER_ENTRY("QueueSubmit", layer_QueueSubmit),
    LAYER_ENTRY("QueueSubmit2", layer_QueueSubmit2),
    LAYER_ENTRY("QueueSubmit2KHR", layer_QueueSubmit2),
    LAYER_ENTRY("QueueWaitIdle", layer_QueueWaitIdle),
    { NULL },
};
