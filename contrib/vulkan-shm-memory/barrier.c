/*
 * Barriers to and from a foreign queue family
 *
 * A driver without VK_EXT_queue_family_foreign knows VK_QUEUE_FAMILY_EXTERNAL,
 * which asks for more where there is a difference.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdlib.h>
#include <string.h>

#include "layer.h"

/* What has been changed; owned, NULL where nothing had to be */
typedef struct BarrierCopy {
    VkBufferMemoryBarrier *buffers;
    VkImageMemoryBarrier *images;
} BarrierCopy;

/* The same of one VkDependencyInfo */
typedef struct DependencyCopy {
    VkDependencyInfo info;      /* what the driver gets */
    VkBufferMemoryBarrier2 *buffers;
    VkImageMemoryBarrier2 *images;
} DependencyCopy;

static bool barrier_is_foreign(uint32_t src, uint32_t dst)
{
    return src == VK_QUEUE_FAMILY_FOREIGN_EXT ||
           dst == VK_QUEUE_FAMILY_FOREIGN_EXT;
}

static void barrier_translate(uint32_t *family)
{
    if (*family == VK_QUEUE_FAMILY_FOREIGN_EXT) {
        *family = VK_QUEUE_FAMILY_EXTERNAL;
    }
}

/*
 * A command cannot fail: without memory for a copy the driver gets the number
 * that it does not know.
 */
static void *barrier_dup(const void *list, uint32_t count, size_t size)
{
    void *copy = malloc(count * size);

    return copy ? memcpy(copy, list, count * size) : NULL;
}

static VkBufferMemoryBarrier *barrier_buffers(const VkBufferMemoryBarrier *list,
                                              uint32_t count)
{
    VkBufferMemoryBarrier *copy = NULL;

    for (uint32_t i = 0; i < count && !copy; i++) {
        if (barrier_is_foreign(list[i].srcQueueFamilyIndex,
                               list[i].dstQueueFamilyIndex)) {
            copy = barrier_dup(list, count, sizeof(*list));
        }
    }
    for (uint32_t i = 0; copy && i < count; i++) {
        barrier_translate(&copy[i].srcQueueFamilyIndex);
        barrier_translate(&copy[i].dstQueueFamilyIndex);
    }
    return copy;
}

static VkImageMemoryBarrier *barrier_images(const VkImageMemoryBarrier *list,
                                            uint32_t count)
{
    VkImageMemoryBarrier *copy = NULL;

    for (uint32_t i = 0; i < count && !copy; i++) {
        if (barrier_is_foreign(list[i].srcQueueFamilyIndex,
                               list[i].dstQueueFamilyIndex)) {
            copy = barrier_dup(list, count, sizeof(*list));
        }
    }
    for (uint32_t i = 0; copy && i < count; i++) {
        barrier_translate(&copy[i].srcQueueFamilyIndex);
        barrier_translate(&copy[i].dstQueueFamilyIndex);
    }
    return copy;
}

static VkBufferMemoryBarrier2 *barrier_buffers2(const VkBufferMemoryBarrier2 *list,
                                                uint32_t count)
{
    VkBufferMemoryBarrier2 *copy = NULL;

    for (uint32_t i = 0; i < count && !copy; i++) {
        if (barrier_is_foreign(list[i].srcQueueFamilyIndex,
                               list[i].dstQueueFamilyIndex)) {
            copy = barrier_dup(list, count, sizeof(*list));
        }
    }
    for (uint32_t i = 0; copy && i < count; i++) {
        barrier_translate(&copy[i].srcQueueFamilyIndex);
        barrier_translate(&copy[i].dstQueueFamilyIndex);
    }
    return copy;
}

static VkImageMemoryBarrier2 *barrier_images2(const VkImageMemoryBarrier2 *list,
                                              uint32_t count)
{
    VkImageMemoryBarrier2 *copy = NULL;

    for (uint32_t i = 0; i < count && !copy; i++) {
        if (barrier_is_foreign(list[i].srcQueueFamilyIndex,
                               list[i].dstQueueFamilyIndex)) {
            copy = barrier_dup(list, count, sizeof(*list));
        }
    }
    for (uint32_t i = 0; copy && i < count; i++) {
        barrier_translate(&copy[i].srcQueueFamilyIndex);
        barrier_translate(&copy[i].dstQueueFamilyIndex);
    }
    return copy;
}

static void barrier_free(BarrierCopy *copy)
{
    free(copy->buffers);
    free(copy->images);
}

static VKAPI_ATTR void VKAPI_CALL
layer_CmdPipelineBarrier(VkCommandBuffer cmd, VkPipelineStageFlags src,
                         VkPipelineStageFlags dst, VkDependencyFlags flags,
                         uint32_t memory_count, const VkMemoryBarrier *memory,
                         uint32_t buffer_count,
                         const VkBufferMemoryBarrier *buffers,
                         uint32_t image_count,
                         const VkImageMemoryBarrier *images)
{
    BarrierCopy copy = {
        .buffers = barrier_buffers(buffers, buffer_count),
        .images = barrier_images(images, image_count),
    };

    layer_device(cmd)->next.CmdPipelineBarrier(
        cmd, src, dst, flags, memory_count, memory, buffer_count,
        copy.buffers ? copy.buffers : buffers, image_count,
        copy.images ? copy.images : images);
    barrier_free(&copy);
}

static VKAPI_ATTR void VKAPI_CALL
layer_CmdWaitEvents(VkCommandBuffer cmd, uint32_t event_count,
                    const VkEvent *events, VkPipelineStageFlags src,
                    VkPipelineStageFlags dst, uint32_t memory_count,
                    const VkMemoryBarrier *memory, uint32_t buffer_count,
                    const VkBufferMemoryBarrier *buffers, uint32_t image_count,
                    const VkImageMemoryBarrier *images)
{
    BarrierCopy copy = {
        .buffers = barrier_buffers(buffers, buffer_count),
        .images = barrier_images(images, image_count),
    };

    layer_device(cmd)->next.CmdWaitEvents(
        cmd, event_count, events, src, dst, memory_count, memory, buffer_count,
        copy.buffers ? copy.buffers : buffers, image_count,
        copy.images ? copy.images : images);
    barrier_free(&copy);
}

static void dependency_init(DependencyCopy *copy, const VkDependencyInfo *info)
{
    copy->info = *info;
    copy->buffers = barrier_buffers2(info->pBufferMemoryBarriers,
                                     info->bufferMemoryBarrierCount);
    copy->images = barrier_images2(info->pImageMemoryBarriers,
                                   info->imageMemoryBarrierCount);
    if (copy->buffers) {
        copy->info.pBufferMemoryBarriers = copy->buffers;
    }
    if (copy->images) {
        copy->info.pImageMemoryBarriers = copy->images;
    }
}

static void dependency_cleanup(DependencyCopy *copy)
{
    free(copy->buffers);
    free(copy->images);
}

static VKAPI_ATTR void VKAPI_CALL
layer_CmdPipelineBarrier2(VkCommandBuffer cmd, const VkDependencyInfo *info)
{
    DependencyCopy copy;

    dependency_init(&copy, info);
    layer_device(cmd)->next.CmdPipelineBarrier2(cmd, &copy.info);
    dependency_cleanup(&copy);
}

static VKAPI_ATTR void VKAPI_CALL
layer_CmdSetEvent2(VkCommandBuffer cmd, VkEvent event,
                   const VkDependencyInfo *info)
{
    DependencyCopy copy;

    dependency_init(&copy, info);
    layer_device(cmd)->next.CmdSetEvent2(cmd, event, &copy.info);
    dependency_cleanup(&copy);
}

static VKAPI_ATTR void VKAPI_CALL
layer_CmdWaitEvents2(VkCommandBuffer cmd, uint32_t count,
                     const VkEvent *events, const VkDependencyInfo *infos)
{
    LayerDevice *dev = layer_device(cmd);
    DependencyCopy *copies = calloc(count + 1, sizeof(*copies));
    VkDependencyInfo *changed = calloc(count + 1, sizeof(*changed));
    uint32_t i;

    for (i = 0; copies && changed && i < count; i++) {
        dependency_init(&copies[i], &infos[i]);
        changed[i] = copies[i].info;
    }
    dev->next.CmdWaitEvents2(cmd, count, events,
                             copies && changed ? changed : infos);
    for (i = 0; copies && changed && i < count; i++) {
        dependency_cleanup(&copies[i]);
    }
    free(changed);
    free(copies);
}

const LayerEntry layer_barrier_entries[] = {
    LAYER_ENTRY("CmdPipelineBarrier", layer_CmdPipelineBarrier),
    LAYER_ENTRY("CmdPipelineBarrier2", layer_CmdPipelineBarrier2),
    LAYER_ENTRY("CmdPipelineBarrier2KHR", layer_CmdPipelineBarrier2),
    LAYER_ENTRY("CmdSetEvent2", layer_CmdSetEvent2),
    LAYER_ENTRY("CmdSetEvent2KHR", layer_CmdSetEvent2),
    LAYER_ENTRY("CmdWaitEvents", layer_CmdWaitEvents),
    LAYER_ENTRY("CmdWaitEvents2", layer_CmdWaitEvents2),
    LAYER_ENTRY("CmdWaitEvents2KHR", layer_CmdWaitEvents2),
    { NULL },
};
