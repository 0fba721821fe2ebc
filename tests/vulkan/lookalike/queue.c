/*
 * Queues that notice when two threads use them at the same time
 *
 * A driver may do anything then, and most often does what was meant.  The
 * devices of this layer have one queue.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <unistd.h>

#include "lookalike.h"

/* Call vk@name, unless another call of this kind is under way. */
#define LOOK_QUEUE(name, handle, ...) ({                                      \
        PFN_vk##name call_ = (PFN_vk##name)look_below(handle, "vk" #name);    \
        atomic_flag *used_ = look_queues(handle);                             \
        VkResult res_;                                                        \
                                                                              \
        if (atomic_flag_test_and_set(used_)) {                                \
            res_ = look_refuse("two threads at a queue");                     \
        } else {                                                              \
            usleep(1);  /* long enough to be seen */                          \
            res_ = call_(handle, ##__VA_ARGS__);                              \
            atomic_flag_clear(used_);                                         \
        }                                                                     \
        res_;                                                                 \
    })

static VKAPI_ATTR VkResult VKAPI_CALL
look_QueueSubmit(VkQueue queue, uint32_t count, const VkSubmitInfo *infos,
                 VkFence fence)
{
    return LOOK_QUEUE(QueueSubmit, queue, count, infos, fence);
}

static VKAPI_ATTR VkResult VKAPI_CALL
look_QueueSubmit2(VkQueue queue, uint32_t count, const VkSubmitInfo2 *infos,
                  VkFence fence)
{
    return LOOK_QUEUE(QueueSubmit2, queue, count, infos, fence);
}

static VKAPI_ATTR VkResult VKAPI_CALL
look_QueueBindSparse(VkQueue queue, uint32_t count,
                     const VkBindSparseInfo *infos, VkFence fence)
{
    return LOOK_QUEUE(QueueBindSparse, queue, count, infos, fence);
}

static VKAPI_ATTR VkResult VKAPI_CALL
look_QueuePresentKHR(VkQueue queue, const VkPresentInfoKHR *info)
{
    return LOOK_QUEUE(QueuePresentKHR, queue, info);
}

static VKAPI_ATTR VkResult VKAPI_CALL look_QueueWaitIdle(VkQueue queue)
{
    return LOOK_QUEUE(QueueWaitIdle, queue);
}

static VKAPI_ATTR VkResult VKAPI_CALL look_DeviceWaitIdle(VkDevice device)
{
    return LOOK_QUEUE(DeviceWaitIdle, device);
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
