/*
 * virtio-gpu Venus backend: contexts and the Venus capset
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/iov.h"
#include "qemu/main-loop.h"
#include "qapi/error.h"
#include "venus.h"
#include "window.h"
#include "trace.h"

enum virtio_gpu_ctrl_type venus_cmd_capset_info(VenusState *s, VenusCmd *cmd)
{
    struct virtio_gpu_resp_capset_info info = {
        .capset_id = VIRTIO_GPU_CAPSET_VENUS,
        .capset_max_version = s->capset_version,
        .capset_max_size = s->capset->len,
    };

    if (cmd->args.capset_info.capset_index != 0) {
        venus_guest_error(s, "there is no capset with index %" PRIu32,
                          cmd->args.capset_info.capset_index);
        return VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER;
    }
    cmd->reply = g_byte_array_append(g_byte_array_new(), (uint8_t *)&info,
                                     sizeof(info));
    return VIRTIO_GPU_RESP_OK_CAPSET_INFO;
}

enum virtio_gpu_ctrl_type venus_cmd_capset(VenusState *s, VenusCmd *cmd)
{
    const struct virtio_gpu_get_capset *args = &cmd->args.capset;
    struct virtio_gpu_ctrl_hdr hdr = { 0 };

    if (args->capset_id != VIRTIO_GPU_CAPSET_VENUS ||
        args->capset_version > s->capset_version) {
        venus_guest_error(s, "there is no capset %" PRIu32 " version %" PRIu32,
                          args->capset_id, args->capset_version);
        return VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER;
    }
    cmd->reply = g_byte_array_append(g_byte_array_new(), (uint8_t *)&hdr,
                                     sizeof(hdr));
    g_byte_array_append(cmd->reply, s->capset->data, s->capset->len);
    return VIRTIO_GPU_RESP_OK_CAPSET;
}

VenusContext *venus_context_find(VenusState *s, uint32_t id)
{
    return g_hash_table_lookup(s->contexts, GUINT_TO_POINTER(id));
}

/* Main loop: the worker of a context has ended by itself. */
static void venus_context_worker_exit(void *opaque)
{
    VenusContext *ctx = opaque;

    ctx->worker_ended = true;
    qemu_bh_schedule(ctx->s->death_bh);
}

static int venus_context_submit(VenusContext *ctx, void *buf, size_t size)
{
    VenusState *s = ctx->s;
    int ret;

    venus_call_begin(s, ctx);
    ret = s->renderer->ops->submit(s->renderer, ctx->id, buf, size / 4);
    venus_call_end(s);
    return ret;
}

/* Main loop, from a timer */
static void venus_context_ring_doorbell(void *opaque, void *cmd, size_t size)
{
    VenusContext *ctx = opaque;

    if (!ctx->lost && venus_context_submit(ctx, cmd, size)) {
        /* What that means for the context is answered elsewhere. */
        ctx->worker_ended = true;
        qemu_bh_schedule(ctx->s->death_bh);
    }
}

static void venus_context_leave_renderer(VenusContext *ctx, int error)
{
    VenusState *s = ctx->s;

    g_clear_pointer(&ctx->worker, venus_process_unwatch);
    g_clear_pointer(&ctx->doorbells, venus_doorbells_free);
    if (s->renderer && ctx->capset && !ctx->lost) {
        venus_call_begin(s, NULL);
        s->renderer->ops->context_destroy(s->renderer, ctx->id);
        venus_call_end(s);
    }
    venus_fence_flush_ctx(s->fences, ctx->id, error);
}

void venus_context_lose(VenusContext *ctx, const char *why)
{
    if (ctx->lost || !ctx->capset) {
        return;
    }
    venus_warn(ctx->s, "Vulkan context %" PRIu32 " is lost: %s", ctx->id, why);
    trace_venus_context_lost(ctx->id);
    /* The library's thread for a context without a worker spins: end it. */
    venus_context_leave_renderer(ctx, -EIO);
    ctx->lost = true;
}

void venus_context_orphan(VenusContext *ctx)
{
    g_clear_pointer(&ctx->worker, venus_process_unwatch);
    g_clear_pointer(&ctx->doorbells, venus_doorbells_free);
    venus_fence_flush_ctx(ctx->s->fences, ctx->id, -EIO);
    ctx->lost = true;
}

void venus_context_free(VenusContext *ctx)
{
    venus_context_leave_renderer(ctx, 0);
    g_free(ctx);
}

/* Make the context in the renderer and find out which process serves it. */
static int venus_context_enter_renderer(VenusState *s, VenusContext *ctx,
                                        const char *name)
{
    g_autoptr(GArray) before = NULL;
    Error *err = NULL;
    pid_t pid;
    int ret;

    if (!venus_session_start(s, &err)) {
        venus_warn(s, "%s", error_get_pretty(err));
        error_free(err);
        return -EIO;
    }
    s->session_used = true;
    before = venus_server_workers(s->server);
    venus_call_begin(s, NULL);
    ret = s->renderer->ops->context_create(s->renderer, ctx->id, ctx->capset,
                                           name);
    venus_call_end(s);
    if (ret) {
        return ret;
    }
    pid = venus_server_new_worker(s->server, before);
    if (pid) {
        ctx->worker = venus_process_watch(pid, venus_context_worker_exit, ctx);
    }
    ctx->doorbells = venus_doorbells_new(venus_context_ring_doorbell, ctx);
    trace_venus_context_create(ctx->id, pid, name);
    return 0;
}

enum virtio_gpu_ctrl_type venus_cmd_ctx_create(VenusState *s, VenusCmd *cmd)
{
    const struct virtio_gpu_ctx_create *args = &cmd->args.ctx_create;
    uint32_t id = args->hdr.ctx_id;
    uint32_t capset = args->context_init & VENUS_CAPSET_MASK;
    g_autofree char *name = NULL;
    VenusContext *ctx;
    int ret;

    if (!id || venus_context_find(s, id)) {
        venus_guest_error(s, "context %" PRIu32 " %s", id,
                          id ? "exists already" : "is not allowed");
        return VIRTIO_GPU_RESP_ERR_INVALID_CONTEXT_ID;
    }
    if (args->nlen > sizeof(args->debug_name) ||
        (args->context_init & ~VENUS_CAPSET_MASK) ||
        (args->context_init && !virtio_vdev_has_feature(
            VIRTIO_DEVICE(s->g), VIRTIO_GPU_F_CONTEXT_INIT)) ||
        (capset && capset != VIRTIO_GPU_CAPSET_VENUS)) {
        venus_guest_error(s, "context %" PRIu32 ": context_init 0x%" PRIx32
                          " or name length %" PRIu32 " is not valid", id,
                          args->context_init, args->nlen);
        return VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER;
    }

    name = g_strndup(args->debug_name, args->nlen);
    ctx = g_new0(VenusContext, 1);
    ctx->id = id;
    ctx->capset = capset;
    ctx->s = s;
    ret = capset ? venus_context_enter_renderer(s, ctx, name) : 0;
    if (ret) {
        g_free(ctx);
        return venus_resp_from_errno(ret);
    }
    g_hash_table_insert(s->contexts, GUINT_TO_POINTER(id), ctx);
    return VIRTIO_GPU_RESP_OK_NODATA;
}

enum virtio_gpu_ctrl_type venus_cmd_ctx_destroy(VenusState *s, VenusCmd *cmd)
{
    uint32_t id = cmd->args.hdr.ctx_id;
    VenusContext *ctx = venus_context_find(s, id);

    if (!ctx) {
        venus_guest_error(s, "there is no context %" PRIu32, id);
        return VIRTIO_GPU_RESP_ERR_INVALID_CONTEXT_ID;
    }
    /*
     * A guest kernel that has negotiated it refuses a misaligned blob itself:
     * all that is seen of it here is a context that never did anything.
     */
    if (ctx->capset && !ctx->used && venus_alignment_negotiated(s)) {
        venus_alignment_hint(s);
    }
    g_hash_table_remove(s->contexts, GUINT_TO_POINTER(id));
    trace_venus_context_destroy(id);
    return VIRTIO_GPU_RESP_OK_NODATA;
}

/*
 * Both ids of an attach or detach, checked.  *blob is NULL for a 2D resource:
 * a guest attaches all buffers that a process opens, also those that Vulkan
 * never sees.
 */
static enum virtio_gpu_ctrl_type
venus_ctx_resource_find(VenusState *s,
                        const struct virtio_gpu_ctx_resource *args,
                        VenusContext **ctx, VenusResource **blob)
{
    *ctx = venus_context_find(s, args->hdr.ctx_id);
    *blob = venus_resource_find(s, args->resource_id);
    if (!*ctx) {
        venus_guest_error(s, "there is no context %" PRIu32, args->hdr.ctx_id);
        return VIRTIO_GPU_RESP_ERR_INVALID_CONTEXT_ID;
    }
    if (!venus_resource_exists(s, args->resource_id)) {
        venus_guest_error(s, "there is no resource %" PRIu32,
                          args->resource_id);
        return VIRTIO_GPU_RESP_ERR_INVALID_RESOURCE_ID;
    }
    return VIRTIO_GPU_RESP_OK_NODATA;
}

/* VIRTIO_GPU_CMD_CTX_ATTACH_RESOURCE and _DETACH_RESOURCE */
enum virtio_gpu_ctrl_type venus_cmd_ctx_resource(VenusState *s, VenusCmd *cmd)
{
    const struct virtio_gpu_ctx_resource *args = &cmd->args.ctx_resource;
    bool attach = cmd->base.cmd_hdr.type == VIRTIO_GPU_CMD_CTX_ATTACH_RESOURCE;
    VenusContext *ctx;
    VenusResource *blob;
    enum virtio_gpu_ctrl_type type = venus_ctx_resource_find(s, args, &ctx,
                                                             &blob);

    if (type != VIRTIO_GPU_RESP_OK_NODATA || !s->renderer || !ctx->capset ||
        ctx->lost) {
        return type;
    }
    if (blob ? blob->in_renderer :
               venus_dumb_known(s, ctx, args->resource_id, attach)) {
        const VenusRendererOps *ops = s->renderer->ops;

        venus_call_begin(s, ctx);
        (attach ? ops->attach : ops->detach)(s->renderer, ctx->id,
                                             args->resource_id);
        venus_call_end(s);
    }
    return type;
}

enum virtio_gpu_ctrl_type venus_cmd_submit(VenusState *s, VenusCmd *cmd)
{
    const struct virtio_gpu_cmd_submit *args = &cmd->args.submit;
    VirtQueueElement *elem = &cmd->base.elem;
    VenusContext *ctx = venus_context_find(s, args->hdr.ctx_id);
    g_autofree void *buf = NULL;
    size_t got;

    if (!ctx || !ctx->capset || ctx->lost) {
        venus_guest_error(s, "context %" PRIu32 " %s", args->hdr.ctx_id,
                          !ctx ? "does not exist" :
                          ctx->lost ? "is lost" : "has no renderer");
        return VIRTIO_GPU_RESP_ERR_INVALID_CONTEXT_ID;
    }
    ctx->used = true;
    if (args->size > VIRTIO_GPU_MAX_CMD_SUBMIT_SIZE || args->size % 4) {
        venus_guest_error(s, "commands of %" PRIu32 " bytes: too long or not "
                          "whole words", args->size);
        return VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER;
    }
    if (!args->size) {
        return VIRTIO_GPU_RESP_OK_NODATA;
    }
    buf = g_malloc(args->size);
    got = iov_to_buf(elem->out_sg, elem->out_num, sizeof(*args), buf,
                     args->size);
    if (got != args->size) {
        venus_guest_error(s, "%zu bytes of commands instead of %" PRIu32, got,
                          args->size);
        return VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER;
    }

    if (venus_context_submit(ctx, buf, args->size)) {
        /* The renderer refuses everything after commands it cannot decode. */
        venus_context_lose(ctx, "it sent commands that the renderer refuses, "
                           "or did not answer");
        return VIRTIO_GPU_RESP_ERR_UNSPEC;
    }
    venus_doorbells_look(ctx->doorbells, buf, args->size);
    return VIRTIO_GPU_RESP_OK_NODATA;
}
