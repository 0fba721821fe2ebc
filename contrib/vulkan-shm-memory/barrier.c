/*
 * Barriers to and from a foreign queue family
 *
 * A driver without VK_EXT_queue_family_foreign knows VK_QUEUE_FAMILY_EXTERNAL,
 * which asks for more where there is a difference.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stddef.h>
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

/* Where the barriers of one of Vulkan's four structures name queue families */
typedef struct BarrierKind {
    size_t size;                /* bytes from one barrier to the next */
    size_t src;                 /* offset of srcQueueFamilyIndex */
    size_t dst;                 /* offset of dstQueueFamilyIndex */
} BarrierKind;

#define BARRIER_KIND(type) {                                                 \
        sizeof(type), offsetof(type, srcQueueFamilyIndex),                   \
        offsetof(type, dstQueueFamilyIndex),                                 \
    }

static const BarrierKind barrier_buffer = BARRIER_KIND(VkBufferMemoryBarrier);
static const BarrierKind barrier_image = BARRIER_KIND(VkImageMemoryBarrier);
static const BarrierKind barrier_buffer2 = BARRIER_KIND(VkBufferMemoryBarrier2);
static const BarrierKind barrier_image2 = BARRIER_KIND(VkImageMemoryBarrier2);

static bool barrier_is_foreign(const char *barrier, size_t offset)
{
    return *(const uint32_t *)(barrier + offset) ==
           VK_QUEUE_FAMILY_FOREIGN_EXT;
}

static void barrier_translate(char *barrier, size_t offset)
{
    if (barrier_is_foreign(barrier, offset)) {
        *(uint32_t *)(barrier + offset) = VK_QUEUE_FAMILY_EXTERNAL;
    }
}

/*
 * A changed copy of @list, or NULL where nothing has to be changed.  A command
 * cannot fail: without memory for a copy the driver gets the number that it
 * does not know.
 */
static void *barrier_copy(const void *list, uint32_t count,
                          const BarrierKind *kind)
{
    const char *from = list;
    size_t end = count * kind->size;
    bool foreign = false;
    char *copy;

    for (size_t at = 0; at < end; at += kind->size) {
        foreign |= barrier_is_foreign(from + at, kind->src) ||
                   barrier_is_foreign(from + at, kind->dst);
    }
    copy = foreign ? malloc(end) : NULL;
    if (!copy) {
        return NULL;
    }
    memcpy(copy, list, end);
    for (size_t at = 0; at < end; at += kind->size) {
        barrier_translate(copy + at, kind->src);
        barrier_translate(copy + at, kind->dst);
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
        .buffers = barrier_copy(buffers, buffer_count, &barrier_buffer),
        .images = barrier_copy(images, image_count, &barrier_image),
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
        .buffers = barrier_copy(buffers, buffer_count, &barrier_buffer),
        .images = barrier_copy(images, image_count, &barrier_image),
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
    copy->buffers = barrier_copy(info->pBufferMemoryBarriers,
                                 info->bufferMemoryBarrierCount,
                                 &barrier_buffer2);
    copy->images = barrier_copy(info->pImageMemoryBarriers,
                                info->imageMemoryBarrierCount,
                                &barrier_image2);
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
