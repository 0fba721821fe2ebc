/*
 * virtio-gpu Venus backend: the control queue
 *
 * A command is read from the guest's memory once, checked against a table and
 * handed to its function, which returns the response.  One place answers.
 * Byte order: realize refuses big-endian hosts, so that no command is swapped.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/iov.h"
#include "qemu/log.h"
#include "qemu/main-loop.h"
#include "venus.h"
#include "trace.h"

/* At most so many log lines in a second. */
#define GUEST_ERROR_LINES 20
#define WARNING_LINES 5

/* After so long the rest of the queue waits for a turn of the main loop. */
#define BATCH_NS (5 * SCALE_MS)

/* Which feature bits a command needs; 0 is always there. */
#define NEEDS_3D    (1ull << VIRTIO_GPU_F_VIRGL)
#define NEEDS_BLOB  (1ull << VIRTIO_GPU_F_RESOURCE_BLOB)
#define NEEDS_EDID  (1ull << VIRTIO_GPU_F_EDID)

typedef struct VenusCmdDesc {
    uint32_t type;              /* VIRTIO_GPU_CMD_* */
    uint32_t size;              /* bytes of the fixed part, with the header */
    uint64_t needs;             /* feature bits */
    enum virtio_gpu_ctrl_type (*run)(VenusState *s, VenusCmd *cmd);
} VenusCmdDesc;

/*
 * virtio 1.4, 5.7.6.7 and 5.7.6.8.  What is not here (CREATE_3D, TRANSFER_*_3D
 * and RESOURCE_ASSIGN_UUID, for which no renderer exists in this mode) gets
 * VIRTIO_GPU_RESP_ERR_UNSPEC.
 */
static const VenusCmdDesc venus_cmds[] = {
    { VIRTIO_GPU_CMD_GET_DISPLAY_INFO, sizeof(struct virtio_gpu_ctrl_hdr),
      0, venus_cmd_display_info },
    { VIRTIO_GPU_CMD_RESOURCE_CREATE_2D,
      sizeof(struct virtio_gpu_resource_create_2d), 0, venus_cmd_create_2d },
    { VIRTIO_GPU_CMD_RESOURCE_UNREF, sizeof(struct virtio_gpu_resource_unref),
      0, venus_cmd_unref },
    { VIRTIO_GPU_CMD_SET_SCANOUT, sizeof(struct virtio_gpu_set_scanout),
      0, venus_cmd_set_scanout },
    { VIRTIO_GPU_CMD_RESOURCE_FLUSH, sizeof(struct virtio_gpu_resource_flush),
      0, venus_cmd_flush },
    { VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D,
      sizeof(struct virtio_gpu_transfer_to_host_2d),
      0, venus_cmd_transfer_2d },
    { VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING,
      sizeof(struct virtio_gpu_resource_attach_backing),
      0, venus_cmd_attach_backing },
    { VIRTIO_GPU_CMD_RESOURCE_DETACH_BACKING,
      sizeof(struct virtio_gpu_resource_detach_backing),
      0, venus_cmd_detach_backing },
    { VIRTIO_GPU_CMD_GET_CAPSET_INFO,
      sizeof(struct virtio_gpu_get_capset_info),
      NEEDS_3D, venus_cmd_capset_info },
    { VIRTIO_GPU_CMD_GET_CAPSET, sizeof(struct virtio_gpu_get_capset),
      NEEDS_3D, venus_cmd_capset },
    { VIRTIO_GPU_CMD_GET_EDID, sizeof(struct virtio_gpu_cmd_get_edid),
      NEEDS_EDID, venus_cmd_edid },
    { VIRTIO_GPU_CMD_RESOURCE_CREATE_BLOB,
      sizeof(struct virtio_gpu_resource_create_blob),
      NEEDS_BLOB, venus_cmd_create_blob },
    { VIRTIO_GPU_CMD_SET_SCANOUT_BLOB,
      sizeof(struct virtio_gpu_set_scanout_blob),
      NEEDS_BLOB, venus_cmd_set_scanout_blob },
    { VIRTIO_GPU_CMD_CTX_CREATE, sizeof(struct virtio_gpu_ctx_create),
      NEEDS_3D, venus_cmd_ctx_create },
    { VIRTIO_GPU_CMD_CTX_DESTROY, sizeof(struct virtio_gpu_ctrl_hdr),
      NEEDS_3D, venus_cmd_ctx_destroy },
    { VIRTIO_GPU_CMD_CTX_ATTACH_RESOURCE,
      sizeof(struct virtio_gpu_ctx_resource),
      NEEDS_3D, venus_cmd_ctx_resource },
    { VIRTIO_GPU_CMD_CTX_DETACH_RESOURCE,
      sizeof(struct virtio_gpu_ctx_resource),
      NEEDS_3D, venus_cmd_ctx_resource },
    { VIRTIO_GPU_CMD_SUBMIT_3D, sizeof(struct virtio_gpu_cmd_submit),
      NEEDS_3D, venus_cmd_submit },
    { VIRTIO_GPU_CMD_RESOURCE_MAP_BLOB,
      sizeof(struct virtio_gpu_resource_map_blob),
      NEEDS_BLOB, venus_cmd_map_blob },
    { VIRTIO_GPU_CMD_RESOURCE_UNMAP_BLOB,
      sizeof(struct virtio_gpu_resource_unmap_blob),
      NEEDS_BLOB, venus_cmd_unmap_blob },
};

static const VenusCmdDesc *venus_cmd_desc(uint32_t type)
{
    for (size_t i = 0; i < ARRAY_SIZE(venus_cmds); i++) {
        if (venus_cmds[i].type == type) {
            return &venus_cmds[i];
        }
    }
    return NULL;
}

/* Whether one more line fits into this second. */
static bool venus_log_allowed(VenusLogLimit *limit, uint32_t lines)
{
    int64_t now = qemu_clock_get_ns(QEMU_CLOCK_REALTIME);

    if (now - limit->since_ns > NANOSECONDS_PER_SECOND) {
        limit->since_ns = now;
        limit->lines = 0;
    }
    return limit->lines++ < lines;
}

void venus_guest_error(VenusState *s, const char *fmt, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    if (!qemu_loglevel_mask(LOG_GUEST_ERROR) ||
        !venus_log_allowed(&s->guest_errors, GUEST_ERROR_LINES)) {
        return;
    }
    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    qemu_log("virtio-gpu: %s\n", text);
}

void venus_warn(VenusState *s, const char *fmt, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    if (!venus_log_allowed(&s->warnings, WARNING_LINES)) {
        return;
    }
    va_start(ap, fmt);
    text = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    warn_report("virtio-gpu: %s", text);
}

enum virtio_gpu_ctrl_type venus_resp_from_errno(int ret)
{
    switch (ret) {
    case 0:
        return VIRTIO_GPU_RESP_OK_NODATA;
    case -ENOMEM:
    case -EMFILE:
    case -ENFILE:
    case -ENOSPC:
        return VIRTIO_GPU_RESP_ERR_OUT_OF_MEMORY;
    case -EINVAL:
        return VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER;
    default:
        return VIRTIO_GPU_RESP_ERR_UNSPEC;
    }
}

void venus_cmd_free(VenusCmd *cmd)
{
    if (cmd->reply) {
        g_byte_array_unref(cmd->reply);
    }
    g_free(cmd);
}

void venus_cmd_drop(VenusCmd *cmd)
{
    virtqueue_detach_element(cmd->base.vq, &cmd->base.elem, 0);
    venus_cmd_free(cmd);
}

void venus_cmd_reply(VenusState *s, VenusCmd *cmd,
                     enum virtio_gpu_ctrl_type type)
{
    cmd->response = type;
    QSIMPLEQ_INSERT_TAIL(&s->answers, cmd, next);
}

/* Write a response and tell the guest, which may do anything in return. */
static void venus_cmd_send(VenusState *s, VenusCmd *cmd)
{
    const struct virtio_gpu_ctrl_hdr *request = &cmd->base.cmd_hdr;
    const enum virtio_gpu_ctrl_type type = cmd->response;
    VirtQueueElement *elem = &cmd->base.elem;
    struct virtio_gpu_ctrl_hdr hdr = { .type = type };
    size_t len = sizeof(hdr);
    size_t done;

    /* virtio 1.4, 5.7.6.7: a fenced response repeats what names the fence. */
    if (request->flags & VIRTIO_GPU_FLAG_FENCE) {
        hdr.flags = request->flags & (VIRTIO_GPU_FLAG_FENCE |
                                      VIRTIO_GPU_FLAG_INFO_RING_IDX);
        hdr.fence_id = request->fence_id;
        hdr.ctx_id = request->ctx_id;
        hdr.ring_idx = request->ring_idx;
    }
    done = iov_from_buf(elem->in_sg, elem->in_num, 0, &hdr, sizeof(hdr));
    if (cmd->reply && type < VIRTIO_GPU_RESP_ERR_UNSPEC) {
        len = cmd->reply->len;
        done += iov_from_buf(elem->in_sg, elem->in_num, sizeof(hdr),
                             cmd->reply->data + sizeof(hdr),
                             len - sizeof(hdr));
    }
    if (done < len) {
        venus_guest_error(s, "command 0x%x: no room for a response of %zu "
                          "bytes", request->type, len);
    }
    trace_venus_cmd_reply(request->type, type, request->fence_id);
    virtqueue_push(cmd->base.vq, elem, done);
    virtio_notify(VIRTIO_DEVICE(s->g), cmd->base.vq);
    venus_cmd_free(cmd);
}

static void venus_cmd_unref_bh(void *opaque)
{
    object_unref(opaque);
}

bool venus_cmd_send_answers(VenusState *s)
{
    /* The bottom half that runs this uses the transport's re-entrancy guard. */
    Object *transport = OBJECT(qdev_get_parent_bus(DEVICE(s->g))->parent);
    VenusCmd *cmd;
    bool alive;

    assert(bql_locked());
    if (QSIMPLEQ_EMPTY(&s->answers)) {
        return true;
    }
    object_ref(transport);
    venus_state_ref(s);
    while ((cmd = QSIMPLEQ_FIRST(&s->answers))) {
        QSIMPLEQ_REMOVE_HEAD(&s->answers, next);
        venus_cmd_send(s, cmd);
    }
    alive = !s->removed;
    venus_state_unref(s);
    if (alive) {
        object_unref(transport);
    } else {
        aio_bh_schedule_oneshot(qemu_get_aio_context(), venus_cmd_unref_bh,
                                transport);
    }
    return alive;
}

void venus_cmd_drop_answers(VenusState *s)
{
    VenusCmd *cmd;

    while ((cmd = QSIMPLEQ_FIRST(&s->answers))) {
        QSIMPLEQ_REMOVE_HEAD(&s->answers, next);
        venus_cmd_drop(cmd);
    }
}

/* The context whose ring a fenced command names, checked; *type on failure. */
static VenusContext *venus_cmd_ring(VenusState *s, const VenusCmd *cmd,
                                    enum virtio_gpu_ctrl_type *type)
{
    const struct virtio_gpu_ctrl_hdr *hdr = &cmd->base.cmd_hdr;
    VenusContext *ctx = venus_context_find(s, hdr->ctx_id);

    if (!ctx || !ctx->capset || ctx->lost) {
        venus_guest_error(s, "command 0x%x: fence on context %" PRIu32 ", "
                          "which has no rings", hdr->type, hdr->ctx_id);
        *type = VIRTIO_GPU_RESP_ERR_INVALID_CONTEXT_ID;
        return NULL;
    }
    if (hdr->ring_idx >= VENUS_MAX_RINGS) {
        venus_guest_error(s, "command 0x%x: there is no ring %u", hdr->type,
                          hdr->ring_idx);
        *type = VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER;
        return NULL;
    }
    return ctx;
}

/* Read the header, find out what it is, read the rest; not yet run. */
static const VenusCmdDesc *venus_cmd_parse(VenusState *s, VenusCmd *cmd,
                                           enum virtio_gpu_ctrl_type *type)
{
    VirtIODevice *vdev = VIRTIO_DEVICE(s->g);
    VirtQueueElement *elem = &cmd->base.elem;
    struct virtio_gpu_ctrl_hdr *hdr = &cmd->base.cmd_hdr;
    const VenusCmdDesc *desc;
    size_t got;

    got = iov_to_buf(elem->out_sg, elem->out_num, 0, hdr, sizeof(*hdr));
    if (got != sizeof(*hdr)) {
        memset(hdr, 0, sizeof(*hdr));
        venus_guest_error(s, "command of %zu bytes, shorter than a header",
                          got);
        *type = VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER;
        return NULL;
    }
    trace_venus_cmd(hdr->type, hdr->ctx_id, hdr->flags, hdr->fence_id);

    desc = venus_cmd_desc(hdr->type);
    if (!desc || (vdev->guest_features & desc->needs) != desc->needs) {
        venus_guest_error(s, "command 0x%x: %s", hdr->type, desc ?
                          "its feature was not negotiated" :
                          "not known in Venus-only mode");
        *type = VIRTIO_GPU_RESP_ERR_UNSPEC;
        return NULL;
    }

    got = iov_to_buf(elem->out_sg, elem->out_num, 0, &cmd->args, desc->size);
    if (got != desc->size) {
        venus_guest_error(s, "command 0x%x: %zu bytes instead of %" PRIu32,
                          hdr->type, got, desc->size);
        *type = VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER;
        return NULL;
    }
    /* The header was read twice: the first reading is the one that counts. */
    cmd->args.hdr = *hdr;
    cmd->args_size = desc->size;
    return desc;
}

static void venus_cmd_process(VenusState *s, VenusCmd *cmd)
{
    const uint32_t ring_fence = VIRTIO_GPU_FLAG_FENCE |
                                VIRTIO_GPU_FLAG_INFO_RING_IDX;
    enum virtio_gpu_ctrl_type type;
    VenusContext *ctx = NULL;
    const VenusCmdDesc *desc = venus_cmd_parse(s, cmd, &type);

    if (!desc) {
        venus_cmd_reply(s, cmd, type);
        return;
    }
    if ((cmd->base.cmd_hdr.flags & ring_fence) == ring_fence) {
        ctx = venus_cmd_ring(s, cmd, &type);
        if (!ctx) {
            venus_cmd_reply(s, cmd, type);
            return;
        }
    }

    type = desc->run(s, cmd);

    /* A fence without a ring is complete when its command has run. */
    if (!ctx || type >= VIRTIO_GPU_RESP_ERR_UNSPEC) {
        venus_cmd_reply(s, cmd, type);
        return;
    }
    /* The command may have ended its own context. */
    ctx = venus_context_find(s, cmd->base.cmd_hdr.ctx_id);
    cmd->ok_type = type;
    if (!ctx || ctx->lost) {
        venus_cmd_reply(s, cmd, type);
        return;
    }
    venus_session_fence(s, ctx, cmd);
}

void venus_handle_ctrl(VirtIODevice *vdev, VirtQueue *vq)
{
    VenusState *s = venus_from_device(VIRTIO_GPU(vdev));
    VenusCmd *cmd;
    int64_t end;

    assert(bql_locked());
    if (s->resetting || !virtio_queue_ready(vq)) {
        return;
    }
    s->call_timed_out = false;
    end = get_clock() + BATCH_NS;
    while ((cmd = virtqueue_pop(vq, sizeof(*cmd)))) {
        cmd->base.vq = vq;
        cmd->reply = NULL;
        cmd->args_size = 0;
        venus_cmd_process(s, cmd);
        if (!venus_cmd_send_answers(s)) {
            return;             /* the guest has ejected the device */
        }
        /* A guest that fills the queue for ever must not starve the others. */
        if (s->call_timed_out || get_clock() > end) {
            qemu_bh_schedule(s->g->ctrl_bh);
            break;
        }
    }
}
