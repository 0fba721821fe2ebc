/*
 * Checks of fences, events, semaphores and queues.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vkcheck.h"

/* Generous: the guest may be emulated on a busy machine. */
#define SYNC_TIMEOUT_NS (20 * 1000000000ull)

static VkResult sync_fence_new(const GpuDevice *gpu, VkFence *fence)
{
    VkFenceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO,
    };

    return vkCreateFence(gpu->device, &info, NULL, fence);
}

static bool sync_wait(const GpuDevice *gpu, VkFence fence, ProgReason *why)
{
    return vkcheck_ok(vkWaitForFences(gpu->device, 1, &fence, VK_TRUE,
                                      SYNC_TIMEOUT_NS),
                      "vkWaitForFences", why);
}

static bool sync_fence(const GpuDevice *gpu, VkFence fence, ProgReason *why)
{
    for (unsigned i = 0; i < 20; i++) {
        VkResult res = vkGetFenceStatus(gpu->device, fence);

        if (res != VK_NOT_READY) {
            return prog_refuse(why, "an unused fence: %s",
                               gpu_result_name(res));
        }
        if (!vkcheck_ok(vkQueueSubmit(gpu->queues[0], 0, NULL, fence),
                        "vkQueueSubmit", why) ||
            !sync_wait(gpu, fence, why) ||
            !vkcheck_ok(vkGetFenceStatus(gpu->device, fence),
                        "the fence after the wait", why) ||
            !vkcheck_ok(vkResetFences(gpu->device, 1, &fence),
                        "vkResetFences", why)) {
            return false;
        }
    }
    return true;
}

bool vkcheck_fence(const GpuDevice *gpu, ProgReason *why)
{
    VkFence fence;
    bool ok;

    if (!vkcheck_ok(sync_fence_new(gpu, &fence), "vkCreateFence", why)) {
        return false;
    }
    ok = sync_fence(gpu, fence, why);
    vkDestroyFence(gpu->device, fence, NULL);
    return ok;
}

bool vkcheck_fence_timeout(const GpuDevice *gpu, ProgReason *why)
{
    VkFence fence;
    VkResult res;

    if (!vkcheck_ok(sync_fence_new(gpu, &fence), "vkCreateFence", why)) {
        return false;
    }
    res = vkWaitForFences(gpu->device, 1, &fence, VK_TRUE, 5000000);
    vkDestroyFence(gpu->device, fence, NULL);
    if (res != VK_TIMEOUT) {
        return prog_refuse(why, "waiting for nothing: %s",
                           gpu_result_name(res));
    }
    return true;
}

bool vkcheck_event(const GpuDevice *gpu, ProgReason *why)
{
    VkEventCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_EVENT_CREATE_INFO,
    };
    VkEvent event;
    VkCommandBuffer cmd;
    VkResult res;
    bool ok;

    res = vkCreateEvent(gpu->device, &info, NULL, &event);
    if (res == VK_ERROR_FEATURE_NOT_PRESENT) {
        prog_refuse(why, "not offered");
        return true;
    }
    if (!vkcheck_ok(res, "vkCreateEvent", why)) {
        return false;
    }
    ok = vkcheck_ok(gpu_begin(gpu, &cmd), "recording", why);
    if (ok) {
        vkCmdSetEvent(cmd, event, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT);
        ok = vkcheck_ok(gpu_run(gpu, cmd), "setting an event", why);
    }
    if (ok) {
        res = vkGetEventStatus(gpu->device, event);
        if (res != VK_EVENT_SET) {
            ok = prog_refuse(why, "the event is not set (%d)", res);
        }
    }
    vkDestroyEvent(gpu->device, event, NULL);
    return ok;
}

static VkResult sync_semaphore_new(const GpuDevice *gpu, bool timeline,
                                   VkSemaphore *semaphore)
{
    VkSemaphoreTypeCreateInfo type = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
        .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE,
        .initialValue = 1,
    };
    VkSemaphoreCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
        .pNext = timeline ? &type : NULL,
    };

    return vkCreateSemaphore(gpu->device, &info, NULL, semaphore);
}

static bool sync_semaphore(const GpuDevice *gpu, VkSemaphore semaphore,
                           VkFence fence, ProgReason *why)
{
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    VkSubmitInfo submits[] = {
        {
            .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
            .signalSemaphoreCount = 1,
            .pSignalSemaphores = &semaphore,
        },
        {
            .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
            .waitSemaphoreCount = 1,
            .pWaitSemaphores = &semaphore,
            .pWaitDstStageMask = &stage,
        },
    };
    VkQueue second = gpu->queues[gpu->queue_count - 1];

    return vkcheck_ok(vkQueueSubmit(gpu->queues[0], 1, &submits[0],
                                    VK_NULL_HANDLE),
                      "the submission that signals", why) &&
           vkcheck_ok(vkQueueSubmit(second, 1, &submits[1], fence),
                      "the submission that waits", why) &&
           sync_wait(gpu, fence, why);
}

bool vkcheck_semaphore(const GpuDevice *gpu, ProgReason *why)
{
    VkSemaphore semaphore;
    VkFence fence;
    bool ok;

    if (!vkcheck_ok(sync_semaphore_new(gpu, false, &semaphore),
                    "vkCreateSemaphore", why)) {
        return false;
    }
    ok = vkcheck_ok(sync_fence_new(gpu, &fence), "vkCreateFence", why);
    if (ok) {
        ok = sync_semaphore(gpu, semaphore, fence, why);
        vkDestroyFence(gpu->device, fence, NULL);
    }
    vkDestroySemaphore(gpu->device, semaphore, NULL);
    return ok;
}

/* A submission that goes from 2 to 3 once somebody has signalled 2. */
static VkResult sync_timeline_submit(const GpuDevice *gpu,
                                     VkSemaphore semaphore)
{
    const uint64_t wait_value = 2;
    const uint64_t signal_value = 3;
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    VkTimelineSemaphoreSubmitInfo values = {
        .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
        .waitSemaphoreValueCount = 1,
        .pWaitSemaphoreValues = &wait_value,
        .signalSemaphoreValueCount = 1,
        .pSignalSemaphoreValues = &signal_value,
    };
    VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .pNext = &values,
        .waitSemaphoreCount = 1,
        .pWaitSemaphores = &semaphore,
        .pWaitDstStageMask = &stage,
        .signalSemaphoreCount = 1,
        .pSignalSemaphores = &semaphore,
    };

    return vkQueueSubmit(gpu->queues[0], 1, &submit, VK_NULL_HANDLE);
}

static VkResult sync_timeline_signal(const GpuDevice *gpu,
                                     VkSemaphore semaphore, uint64_t value)
{
    VkSemaphoreSignalInfo info = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO,
        .semaphore = semaphore,
        .value = value,
    };
    PFN_vkSignalSemaphoreKHR signal = (PFN_vkSignalSemaphoreKHR)
        vkGetDeviceProcAddr(gpu->device, "vkSignalSemaphoreKHR");

    return signal ? signal(gpu->device, &info) :
                    VK_ERROR_EXTENSION_NOT_PRESENT;
}

static VkResult sync_timeline_wait(const GpuDevice *gpu,
                                   VkSemaphore semaphore, uint64_t value)
{
    VkSemaphoreWaitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
        .semaphoreCount = 1,
        .pSemaphores = &semaphore,
        .pValues = &value,
    };
    PFN_vkWaitSemaphoresKHR wait = (PFN_vkWaitSemaphoresKHR)
        vkGetDeviceProcAddr(gpu->device, "vkWaitSemaphoresKHR");

    return wait ? wait(gpu->device, &info, SYNC_TIMEOUT_NS) :
                  VK_ERROR_EXTENSION_NOT_PRESENT;
}

static VkResult sync_timeline_value(const GpuDevice *gpu,
                                    VkSemaphore semaphore, uint64_t *value)
{
    PFN_vkGetSemaphoreCounterValueKHR get =
        (PFN_vkGetSemaphoreCounterValueKHR)
        vkGetDeviceProcAddr(gpu->device, "vkGetSemaphoreCounterValueKHR");

    return get ? get(gpu->device, semaphore, value) :
                 VK_ERROR_EXTENSION_NOT_PRESENT;
}

static bool sync_timeline(const GpuDevice *gpu, VkSemaphore semaphore,
                          ProgReason *why)
{
    uint64_t value = 0;

    if (!vkcheck_ok(sync_timeline_signal(gpu, semaphore, 2),
                    "vkSignalSemaphore", why) ||
        !vkcheck_ok(sync_timeline_submit(gpu, semaphore), "vkQueueSubmit",
                    why) ||
        !vkcheck_ok(sync_timeline_wait(gpu, semaphore, 3),
                    "vkWaitSemaphores", why) ||
        !vkcheck_ok(sync_timeline_value(gpu, semaphore, &value),
                    "vkGetSemaphoreCounterValue", why)) {
        return false;
    }
    if (value != 3) {
        return prog_refuse(why, "the value is %llu, not 3",
                           (unsigned long long)value);
    }
    return true;
}

bool vkcheck_timeline(const GpuDevice *gpu, ProgReason *why)
{
    VkSemaphore semaphore;
    bool ok;

    if (!gpu->has[GPU_TIMELINE]) {
        prog_refuse(why, "not offered");
        return true;
    }
    if (!vkcheck_ok(sync_semaphore_new(gpu, true, &semaphore),
                    "vkCreateSemaphore", why)) {
        return false;
    }
    ok = sync_timeline(gpu, semaphore, why);
    vkDeviceWaitIdle(gpu->device);
    vkDestroySemaphore(gpu->device, semaphore, NULL);
    return ok;
}

bool vkcheck_queues(const GpuDevice *gpu, ProgReason *why)
{
    VkFence fences[GPU_MAX_QUEUES] = { VK_NULL_HANDLE };
    bool ok = true;

    for (uint32_t i = 0; ok && i < gpu->queue_count; i++) {
        ok = vkcheck_ok(sync_fence_new(gpu, &fences[i]), "vkCreateFence",
                        why) &&
             vkcheck_ok(vkQueueSubmit(gpu->queues[i], 0, NULL, fences[i]),
                        "vkQueueSubmit", why);
    }
    ok = ok && vkcheck_ok(vkWaitForFences(gpu->device, gpu->queue_count,
                                          fences, VK_TRUE, SYNC_TIMEOUT_NS),
                          "vkWaitForFences on all queues", why);
    ok = vkcheck_ok(vkDeviceWaitIdle(gpu->device), "vkDeviceWaitIdle",
                    ok ? why : &(ProgReason) { "" }) && ok;
    for (uint32_t i = 0; i < gpu->queue_count; i++) {
        vkDestroyFence(gpu->device, fences[i], NULL);
    }
    if (ok) {
        prog_refuse(why, "%u in family %u", gpu->queue_count, gpu->family);
    }
    return ok;
}

static bool sync_add(const GpuDevice *gpu, GpuBuffer *buf, uint32_t value,
                     ProgReason *why)
{
    VkCommandBuffer cmd;

    if (!vkcheck_ok(gpu_begin(gpu, &cmd), "recording", why)) {
        return false;
    }
    vkCmdFillBuffer(cmd, buf->buffer, 0, 4, value);
    gpu_barrier_to_host(cmd, VK_PIPELINE_STAGE_TRANSFER_BIT,
                        VK_ACCESS_TRANSFER_WRITE_BIT);
    if (!vkcheck_ok(gpu_run(gpu, cmd), "one of many submissions", why)) {
        return false;
    }
    if (*(uint32_t *)buf->map != value) {
        return prog_refuse(why, "submission %u had no effect", value);
    }
    return true;
}

/* Each fence means that the work before it is done, again and again. */
bool vkcheck_many_submits(const GpuDevice *gpu, ProgReason *why)
{
    GpuBuffer buf;
    bool ok = vkcheck_ok(gpu_buffer_init(gpu, &buf, 64,
                                         VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                                         VKCHECK_HOST), "a buffer", why);

    for (uint32_t i = 1; ok && i <= 200; i++) {
        ok = sync_add(gpu, &buf, i, why);
    }
    gpu_buffer_cleanup(gpu, &buf);
    return ok;
}
