/*
 * Queues that tell the thread sanitizer when they are used
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "lookalike.h"

static VKAPI_ATTR VkResult VKAPI_CALL
look_QueueSubmit(VkQueue queue, uint32_t count, const VkSubmitInfo *infos,
                 VkFence fence)
{
    look_use_queues(queue);
    return LOOK_BELOW(QueueSubmit, queue, count, infos, fence);
}

static VKAPI_ATTR VkResult VKAPI_CALL
look_QueueSubmit2(VkQueue queue, uint32_t count, const VkSubmitInfo2 *infos,
                  VkFence fence)
{
    look_use_queues(queue);
    return LOOK_BELOW(QueueSubmit2, queue, count, infos, fence);
}

static VKAPI_ATTR VkResult VKAPI_CALL
look_QueueBindSparse(VkQueue queue, uint32_t count,
                     const VkBindSparseInfo *infos, VkFence fence)
{
    look_use_queues(queue);
    return LOOK_BELOW(QueueBindSparse, queue, count, infos, fence);
}

static VKAPI_ATTR VkResult VKAPI_CALL
look_QueuePresentKHR(VkQueue queue, const VkPresentInfoKHR *info)
{
    look_use_queues(queue);
    return LOOK_BELOW(QueuePresentKHR, queue, info);
}

static VKAPI_ATTR VkResult VKAPI_CALL look_QueueWaitIdle(VkQueue queue)
{
    look_use_queues(queue);
    return LOOK_BELOW(QueueWaitIdle, queue);
}

static VKAPI_ATTR VkResult VKAPI_CALL look_DeviceWaitIdle(VkDevice device)
{
    look_use_queues(device);
    return LOOK_BELOW(DeviceWaitIdle, device);
}

const LookEntry look_queue_entries[] = {
    LOOK_ENTRY(DeviceWaitIdle),
    LOOK_ENTRY(QueueBindSparse),
    LOOK_ENTRY(QueuePresentKHR),
    LOOK_ENTRY(QueueSubmit),
    LOOK_ENTRY_ALIAS(QueueSubmit2),
    LOOK_ENTRY(QueueWaitIdle),
    { NULL },
};
