/*
 * virtio-gpu Venus backend: the 2D commands
 *
 * The base class has a software implementation of them, which reads a command
 * from the guest's memory.  It is given a private copy of what was parsed
 * here: a guest that rewrites a command while it runs changes nothing.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/iov.h"
#include "venus.h"

/*
 * Longest 2D command: VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING with as many
 * entries as the base class takes.
 */
#define MAX_BACKING_ENTRIES 16384
#define MAX_2D_SIZE (sizeof(struct virtio_gpu_resource_attach_backing) + \
                     MAX_BACKING_ENTRIES * sizeof(struct virtio_gpu_mem_entry))

enum virtio_gpu_ctrl_type venus_cmd_2d(VenusState *s, VenusCmd *cmd)
{
    VirtQueueElement *elem = &cmd->base.elem;
    size_t size = MIN(iov_size(elem->out_sg, elem->out_num), MAX_2D_SIZE);
    g_autofree void *copy = g_malloc(MAX(size, sizeof(cmd->args)));
    struct iovec iov = { .iov_base = copy, .iov_len = size };
    struct virtio_gpu_ctrl_command shadow = {
        .elem.out_sg = &iov,
        .elem.out_num = 1,
        .vq = cmd->base.vq,
        /* The answer is ours to send. */
        .finished = true,
    };

    iov_to_buf(elem->out_sg, elem->out_num, 0, copy, size);
    /* The fixed part has been read and checked already: that is what counts. */
    memcpy(copy, &cmd->args, MIN(size, cmd->args_size));
    virtio_gpu_simple_process_cmd(s->g, &shadow);
    return shadow.error ? shadow.error : VIRTIO_GPU_RESP_OK_NODATA;
}

enum virtio_gpu_ctrl_type venus_cmd_create_2d(VenusState *s, VenusCmd *cmd)
{
    uint32_t id = cmd->args.create_2d.resource_id;

    if (venus_resource_find(s, id)) {
        venus_guest_error(s, "resource %" PRIu32 " exists already", id);
        return VIRTIO_GPU_RESP_ERR_INVALID_RESOURCE_ID;
    }
    return venus_cmd_2d(s, cmd);
}

enum virtio_gpu_ctrl_type venus_cmd_transfer_2d(VenusState *s, VenusCmd *cmd)
{
    if (venus_resource_find(s, cmd->args.transfer_2d.resource_id)) {
        /* A blob has no second copy that could be out of date. */
        return VIRTIO_GPU_RESP_OK_NODATA;
    }
    return venus_cmd_2d(s, cmd);
}

enum virtio_gpu_ctrl_type venus_cmd_set_scanout(VenusState *s, VenusCmd *cmd)
{
    const struct virtio_gpu_set_scanout *args = &cmd->args.set_scanout;
    enum virtio_gpu_ctrl_type type;

    if (args->scanout_id >= VIRTIO_GPU_BASE(s->g)->conf.max_outputs) {
        venus_guest_error(s, "there is no scanout %" PRIu32, args->scanout_id);
        return VIRTIO_GPU_RESP_ERR_INVALID_SCANOUT_ID;
    }
    if (!args->resource_id) {
        venus_scanout_disable(s, args->scanout_id);
        return VIRTIO_GPU_RESP_OK_NODATA;
    }
    if (venus_resource_find(s, args->resource_id)) {
        venus_guest_error(s, "resource %" PRIu32 " is a blob: SET_SCANOUT "
                          "cannot know its layout", args->resource_id);
        return VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER;
    }
    type = venus_cmd_2d(s, cmd);
    if (type == VIRTIO_GPU_RESP_OK_NODATA) {
        venus_scanout_forget(s, args->scanout_id);
    }
    return type;
}

enum virtio_gpu_ctrl_type venus_cmd_display_info(VenusState *s, VenusCmd *cmd)
{
    struct virtio_gpu_resp_display_info info = { 0 };

    virtio_gpu_base_fill_display_info(VIRTIO_GPU_BASE(s->g), &info);
    cmd->reply = g_byte_array_append(g_byte_array_new(), (uint8_t *)&info,
                                     sizeof(info));
    return VIRTIO_GPU_RESP_OK_DISPLAY_INFO;
}

enum virtio_gpu_ctrl_type venus_cmd_edid(VenusState *s, VenusCmd *cmd)
{
    VirtIOGPUBase *b = VIRTIO_GPU_BASE(s->g);
    struct virtio_gpu_resp_edid edid = { 0 };

    if (cmd->args.edid.scanout >= b->conf.max_outputs) {
        return VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER;
    }
    virtio_gpu_base_generate_edid(b, cmd->args.edid.scanout, &edid);
    cmd->reply = g_byte_array_append(g_byte_array_new(), (uint8_t *)&edid,
                                     sizeof(edid));
    return VIRTIO_GPU_RESP_OK_EDID;
}
