/*
 * Submissions: without waits that have nothing to wait for, and in turns
 * where the layer submits to the same queue
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

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

/* One batch of a changed submission: what its copied info points to */
typedef struct SubmitBatch {
    SubmitWaits waits;
    VkTimelineSemaphoreSubmitInfo timeline;
    VkDeviceGroupSubmitInfo group;
    LayerArena arena;
} SubmitBatch;

/* A function of the driver that submits @count batches of some structure */
typedef VkResult SubmitFn(LayerDevice *dev, VkQueue queue, uint32_t count,
                          const void *infos, VkFence fence);

/* Where a structure for batches keeps its waits, in arrays side by side */
typedef struct SubmitKind {
    SubmitFn *submit;
    size_t size;                /* bytes from one batch to the next */
    size_t count;               /* offset of waitSemaphoreCount */
    size_t semaphores;          /* offset of pWaitSemaphores */
    size_t stages;              /* offset of pWaitDstStageMask; 0: it has none */
} SubmitKind;

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

/* Change the chain of a batch, which may have something for each wait. */
static void submit_chain_filter(SubmitBatch *batch, VkBaseInStructure *info,
                                const VkTimelineSemaphoreSubmitInfo *timeline,
                                const VkDeviceGroupSubmitInfo *group)
{
    static const VkStructureType drop[] = {
        VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
        VK_STRUCTURE_TYPE_DEVICE_GROUP_SUBMIT_INFO,
    };
    const void *chain = layer_chain_without(&batch->arena, info->pNext, drop,
                                            LAYER_COUNT(drop));

    if (timeline) {
        batch->timeline = *timeline;
        batch->timeline.pNext = chain;
        batch->timeline.waitSemaphoreValueCount =
            timeline->waitSemaphoreValueCount ? batch->waits.count : 0;
        batch->timeline.pWaitSemaphoreValues = batch->waits.values;
        chain = &batch->timeline;
    }
    if (group) {
        batch->group = *group;
        batch->group.pNext = chain;
        batch->group.waitSemaphoreCount =
            group->waitSemaphoreCount ? batch->waits.count : 0;
        batch->group.pWaitSemaphoreDeviceIndices = batch->waits.devices;
        chain = &batch->group;
    }
    info->pNext = chain;
}

/* The same in @info, a copy of a batch's structure */
static void submit_batch_filter(LayerDevice *dev, const SubmitKind *kind,
                                void *info, SubmitBatch *batch)
{
    VkBaseInStructure *base = info;
    uint32_t *count = (uint32_t *)((char *)info + kind->count);
    const VkSemaphore **semaphores =
        (const VkSemaphore **)((char *)info + kind->semaphores);
    const VkPipelineStageFlags **stages = kind->stages ?
        (const VkPipelineStageFlags **)((char *)info + kind->stages) : NULL;
    const VkTimelineSemaphoreSubmitInfo *timeline = layer_chain_find(
        base->pNext, VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO);
    const VkDeviceGroupSubmitInfo *group = layer_chain_find(
        base->pNext, VK_STRUCTURE_TYPE_DEVICE_GROUP_SUBMIT_INFO);
    bool values = timeline && timeline->waitSemaphoreValueCount;
    bool devices = group && group->waitSemaphoreCount;

    submit_filter(dev, &batch->waits, *count, *semaphores,
                  stages ? *stages : NULL,
                  values ? timeline->pWaitSemaphoreValues : NULL,
                  devices ? group->pWaitSemaphoreDeviceIndices : NULL);
    *count = batch->waits.count;
    *semaphores = batch->waits.semaphores;
    if (stages) {
        *stages = batch->waits.stages;
    }
    submit_chain_filter(batch, base, timeline, group);
}

/* False when out of memory: no wait has been taken out of any batch then. */
static bool submit_batches_filter(LayerDevice *dev, const SubmitKind *kind,
                                  char *infos, SubmitBatch *batches,
                                  uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const char *info = infos + i * kind->size;

        if (!submit_waits_alloc(&batches[i].waits,
                                *(const uint32_t *)(info + kind->count))) {
            return false;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        submit_batch_filter(dev, kind, infos + i * kind->size, &batches[i]);
    }
    return true;
}

/* Submit while the layer does not submit to the same queue. */
static VkResult submit_in_turn(LayerDevice *dev, VkQueue queue,
                               SubmitFn *submit, uint32_t count,
                               const void *infos, VkFence fence)
{
    VkResult res;

    submit_lock(dev, queue);
    res = submit(dev, queue, count, infos, fence);
    submit_unlock(dev, queue);
    return res;
}

static VkResult submit_filtered(LayerDevice *dev, VkQueue queue,
                                const SubmitKind *kind, uint32_t count,
                                const void *infos, VkFence fence)
{
    char *changed = calloc(count + 1, kind->size);
    SubmitBatch *batches = calloc(count + 1, sizeof(*batches));
    VkResult res = VK_ERROR_OUT_OF_HOST_MEMORY;

    if (changed && batches) {
        if (count) {
            memcpy(changed, infos, count * kind->size);
        }
        if (submit_batches_filter(dev, kind, changed, batches, count)) {
            res = submit_in_turn(dev, queue, kind->submit, count, changed,
                                 fence);
        }
    }
    submit_batches_free(batches, count);
    free(changed);
    return res;
}

static VkResult submit_kind(VkQueue queue, const SubmitKind *kind,
                            uint32_t count, const void *infos, VkFence fence)
{
    LayerDevice *dev = layer_device(queue);

    return atomic_load(&dev->signaled_count) ?
           submit_filtered(dev, queue, kind, count, infos, fence) :
           submit_in_turn(dev, queue, kind->submit, count, infos, fence);
}

static VkResult submit_next(LayerDevice *dev, VkQueue queue, uint32_t count,
                            const void *infos, VkFence fence)
{
    return dev->next.QueueSubmit(queue, count, infos, fence);
}

static VkResult submit2_next(LayerDevice *dev, VkQueue queue, uint32_t count,
                             const void *infos, VkFence fence)
{
    return dev->next.QueueSubmit2(queue, count, infos, fence);
}

static VkResult sparse_next(LayerDevice *dev, VkQueue queue, uint32_t count,
                            const void *infos, VkFence fence)
{
    return dev->next.QueueBindSparse(queue, count, infos, fence);
}

static VKAPI_ATTR VkResult VKAPI_CALL
layer_QueueSubmit(VkQueue queue, uint32_t count, const VkSubmitInfo *infos,
                  VkFence fence)
{
    static const SubmitKind kind = {
        .submit = submit_next,
        .size = sizeof(VkSubmitInfo),
        .count = offsetof(VkSubmitInfo, waitSemaphoreCount),
        .semaphores = offsetof(VkSubmitInfo, pWaitSemaphores),
        .stages = offsetof(VkSubmitInfo, pWaitDstStageMask),
    };

    return submit_kind(queue, &kind, count, infos, fence);
}

static VKAPI_ATTR VkResult VKAPI_CALL
layer_QueueBindSparse(VkQueue queue, uint32_t count,
                      const VkBindSparseInfo *infos, VkFence fence)
{
    static const SubmitKind kind = {
        .submit = sparse_next,
        .size = sizeof(VkBindSparseInfo),
        .count = offsetof(VkBindSparseInfo, waitSemaphoreCount),
        .semaphores = offsetof(VkBindSparseInfo, pWaitSemaphores),
    };

    return submit_kind(queue, &kind, count, infos, fence);
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
        res = submit_in_turn(dev, queue, submit2_next, count, changed, fence);
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

    return atomic_load(&dev->signaled_count) ?
           submit2_filtered(dev, queue, count, infos, fence) :
           submit_in_turn(dev, queue, submit2_next, count, infos, fence);
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
VkResult layer_submit_and_wait(LayerDevice *dev, const VkSubmitInfo *submit)
{
    VkFenceCreateInfo info = { .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO };
    VkFence fence;
    VkResult res = dev->next.CreateFence(dev->handle, &info, NULL, &fence);

    if (res != VK_SUCCESS) {
        return res;
    }
    res = submit_in_turn(dev, dev->queue, submit_next, submit ? 1 : 0, submit,
                         fence);
    if (res == VK_SUCCESS) {
        res = dev->next.WaitForFences(dev->handle, 1, &fence, VK_TRUE,
                                      UINT64_MAX);
    }
    dev->next.DestroyFence(dev->handle, fence, NULL);
    return res;
}

static VKAPI_ATTR VkResult VKAPI_CALL
layer_QueueWaitIdle(VkQueue queue)
{
    LayerDevice *dev = layer_device(queue);

    return queue == dev->queue ? layer_submit_and_wait(dev, NULL) :
                                 dev->next.QueueWaitIdle(queue);
}

static VKAPI_ATTR VkResult VKAPI_CALL
layer_DeviceWaitIdle(VkDevice device)
{
    LayerDevice *dev = layer_device(device);
    VkResult res = dev->queue ? layer_submit_and_wait(dev, NULL) : VK_SUCCESS;

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
