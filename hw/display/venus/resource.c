/*
 * virtio-gpu Venus backend: blob resources
 *
 * Blobs live in a hash of ours, 2D resources in the base class's list.  An id
 * is in one of them at most.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/iov.h"
#include "qapi/error.h"
#include "venus.h"
#include "window.h"
#include "trace.h"

#define BLOB_FLAGS (VIRTIO_GPU_BLOB_FLAG_USE_MAPPABLE | \
                    VIRTIO_GPU_BLOB_FLAG_USE_SHAREABLE | \
                    VIRTIO_GPU_BLOB_FLAG_USE_CROSS_DEVICE)

VenusResource *venus_resource_find(VenusState *s, uint32_t id)
{
    return g_hash_table_lookup(s->resources, GUINT_TO_POINTER(id));
}

bool venus_resource_exists(VenusState *s, uint32_t id)
{
    return venus_resource_find(s, id) || virtio_gpu_find_resource(s->g, id);
}

/* The blob with that id, or NULL and a response. */
static VenusResource *venus_resource_get(VenusState *s, uint32_t id,
                                         enum virtio_gpu_ctrl_type *type)
{
    VenusResource *res = venus_resource_find(s, id);

    if (!res) {
        bool is_2d = virtio_gpu_find_resource(s->g, id);

        venus_guest_error(s, "resource %" PRIu32 " %s", id,
                          is_2d ? "is not a blob" : "does not exist");
        *type = is_2d ? VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER :
                        VIRTIO_GPU_RESP_ERR_INVALID_RESOURCE_ID;
    }
    return res;
}

static void venus_backing_release(VenusState *s, VenusBacking *backing)
{
    if (backing->iov) {
        virtio_gpu_cleanup_mapping_iov(s->g, backing->iov, backing->iov_cnt);
        *backing = (VenusBacking) { 0 };
    }
}

/*
 * Map the guest pages that follow the fixed part of a command.  They have to
 * cover @size bytes.
 */
static enum virtio_gpu_ctrl_type
venus_backing_map(VenusState *s, VenusCmd *cmd, uint32_t nr_entries,
                  uint64_t size, VenusBacking *backing)
{
    if (virtio_gpu_create_mapping_iov(s->g, nr_entries, cmd->args_size,
                                      &cmd->base, NULL, &backing->iov,
                                      &backing->iov_cnt)) {
        return VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER;
    }
    if (iov_size(backing->iov, backing->iov_cnt) < size) {
        venus_guest_error(s, "backing pages are shorter than the blob, "
                          "%" PRIu64 " bytes", size);
        venus_backing_release(s, backing);
        return VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER;
    }
    return VIRTIO_GPU_RESP_OK_NODATA;
}

static void venus_resource_free(VenusState *s, VenusResource *res)
{
    venus_image_drop(s, res);
    venus_backing_release(s, &res->backing);
    g_free(res);
}

void venus_resource_destroy(VenusState *s, VenusResource *res)
{
    venus_scanout_drop_resource(s, res);
    venus_window_unmap(s, res);
    if (res->in_renderer && s->renderer) {
        venus_call_begin(s, NULL);
        s->renderer->ops->resource_unref(s->renderer, res->id);
        venus_call_end(s);
    }
    trace_venus_resource_destroy(res->id);
    g_hash_table_remove(s->resources, GUINT_TO_POINTER(res->id));
    venus_resource_free(s, res);
}

/* Check everything about a new blob that does not need its context. */
static enum virtio_gpu_ctrl_type
venus_blob_check(VenusState *s,
                 const struct virtio_gpu_resource_create_blob *args)
{
    bool host_only = args->blob_mem == VIRTIO_GPU_BLOB_MEM_HOST3D;

    if (!args->resource_id || venus_resource_exists(s, args->resource_id)) {
        venus_guest_error(s, "resource %" PRIu32 " %s", args->resource_id,
                          args->resource_id ? "exists already" :
                          "is not allowed");
        return VIRTIO_GPU_RESP_ERR_INVALID_RESOURCE_ID;
    }
    if (args->blob_mem < VIRTIO_GPU_BLOB_MEM_GUEST ||
        args->blob_mem > VIRTIO_GPU_BLOB_MEM_HOST3D_GUEST ||
        (args->blob_flags & ~BLOB_FLAGS) || !args->size ||
        args->size > SIZE_MAX / 2 || host_only == !!args->nr_entries) {
        venus_guest_error(s, "resource %" PRIu32 ": no blob with memory %"
                          PRIu32 ", flags 0x%" PRIx32 ", %" PRIu64 " bytes, %"
                          PRIu32 " entries", args->resource_id, args->blob_mem,
                          args->blob_flags, args->size, args->nr_entries);
        return VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER;
    }
    if (venus_alignment_negotiated(s) &&
        !QEMU_IS_ALIGNED(args->size, s->blob_alignment)) {
        venus_guest_error(s, "resource %" PRIu32 ": %" PRIu64 " bytes are not "
                          "a multiple of blob_alignment, %" PRIu32,
                          args->resource_id, args->size, s->blob_alignment);
        venus_alignment_hint(s);
        return VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER;
    }
    return VIRTIO_GPU_RESP_OK_NODATA;
}

/*
 * The renderer keeps a blob's descriptor, without which the context that made
 * the blob cannot import it, only where devices may share it.  Guests ask for
 * that if resources have UUIDs, and these have none.  The layer's memory can be
 * shared; a driver's may be opaque, and then the renderer would refuse.
 */
static uint32_t venus_blob_renderer_flags(const VenusState *s,
                                          const VenusResource *res)
{
    bool shared = s->exporter == VENUS_EXPORTER_LAYER &&
                  res->blob_flags & VIRTIO_GPU_BLOB_FLAG_USE_SHAREABLE;

    return res->blob_flags |
           (shared ? VIRTIO_GPU_BLOB_FLAG_USE_CROSS_DEVICE : 0);
}

/* Have the renderer make the host part of @res. */
static enum virtio_gpu_ctrl_type
venus_blob_enter_renderer(VenusState *s, VenusResource *res,
                          const struct virtio_gpu_resource_create_blob *args)
{
    VenusContext *ctx = venus_context_find(s, args->hdr.ctx_id);
    const VenusBlobArgs blob = {
        .resource_id = res->id,
        .ctx_id = args->hdr.ctx_id,
        .blob_mem = res->blob_mem,
        .blob_flags = venus_blob_renderer_flags(s, res),
        .blob_id = args->blob_id,
        .size = res->size,
        .iov = res->backing.iov,
        .iov_cnt = res->backing.iov_cnt,
    };
    int ret;

    if (!ctx || !ctx->capset || ctx->lost) {
        venus_guest_error(s, "resource %" PRIu32 ": context %" PRIu32
                          " cannot make a host blob", res->id,
                          args->hdr.ctx_id);
        return VIRTIO_GPU_RESP_ERR_INVALID_CONTEXT_ID;
    }
    ctx->used = true;
    venus_call_begin(s, ctx);
    ret = s->renderer->ops->blob_create(s->renderer, &blob);
    venus_call_end(s);
    if (ret) {
        venus_guest_error(s, "resource %" PRIu32 ": the renderer has no blob "
                          "0x%" PRIx64 " of %" PRIu64 " bytes for context %"
                          PRIu32, res->id, args->blob_id, res->size, ctx->id);
        return venus_resp_from_errno(ret);
    }
    res->in_renderer = true;
    return VIRTIO_GPU_RESP_OK_NODATA;
}

enum virtio_gpu_ctrl_type venus_cmd_create_blob(VenusState *s, VenusCmd *cmd)
{
    const struct virtio_gpu_resource_create_blob *args =
        &cmd->args.create_blob;
    enum virtio_gpu_ctrl_type type = venus_blob_check(s, args);
    VenusResource *res;

    if (type != VIRTIO_GPU_RESP_OK_NODATA) {
        return type;
    }
    res = g_new0(VenusResource, 1);
    res->id = args->resource_id;
    res->blob_mem = args->blob_mem;
    res->blob_flags = args->blob_flags;
    res->size = args->size;

    if (args->nr_entries) {
        type = venus_backing_map(s, cmd, args->nr_entries, res->size,
                                 &res->backing);
    }
    if (type == VIRTIO_GPU_RESP_OK_NODATA &&
        res->blob_mem != VIRTIO_GPU_BLOB_MEM_GUEST) {
        type = venus_blob_enter_renderer(s, res, args);
    }
    if (type != VIRTIO_GPU_RESP_OK_NODATA) {
        venus_resource_free(s, res);
        return type;
    }
    trace_venus_resource_create(res->id, res->blob_mem, res->size,
                                args->blob_id);
    g_hash_table_insert(s->resources, GUINT_TO_POINTER(res->id), res);
    return VIRTIO_GPU_RESP_OK_NODATA;
}

enum virtio_gpu_ctrl_type venus_cmd_unref(VenusState *s, VenusCmd *cmd)
{
    VenusResource *res = venus_resource_find(s, cmd->args.unref.resource_id);

    if (!res) {
        venus_dumb_forget(s, cmd->args.unref.resource_id);
        return venus_cmd_2d(s, cmd);
    }
    venus_resource_destroy(s, res);
    return VIRTIO_GPU_RESP_OK_NODATA;
}

enum virtio_gpu_ctrl_type venus_cmd_attach_backing(VenusState *s,
                                                   VenusCmd *cmd)
{
    const struct virtio_gpu_resource_attach_backing *args =
        &cmd->args.attach_backing;
    VenusResource *res = venus_resource_find(s, args->resource_id);

    if (!res) {
        return venus_cmd_2d(s, cmd);
    }
    if (res->blob_mem != VIRTIO_GPU_BLOB_MEM_GUEST || res->backing.iov) {
        venus_guest_error(s, "resource %" PRIu32 " %s", res->id,
                          res->backing.iov ? "has backing pages already" :
                          "takes its pages when it is created");
        return VIRTIO_GPU_RESP_ERR_UNSPEC;
    }
    return venus_backing_map(s, cmd, args->nr_entries, res->size,
                             &res->backing);
}

enum virtio_gpu_ctrl_type venus_cmd_detach_backing(VenusState *s,
                                                   VenusCmd *cmd)
{
    VenusResource *res =
        venus_resource_find(s, cmd->args.detach_backing.resource_id);

    if (!res) {
        return venus_cmd_2d(s, cmd);
    }
    if (res->blob_mem != VIRTIO_GPU_BLOB_MEM_GUEST || !res->backing.iov) {
        venus_guest_error(s, "resource %" PRIu32 " has no backing pages that "
                          "can be detached", res->id);
        return VIRTIO_GPU_RESP_ERR_UNSPEC;
    }
    venus_scanout_drop_resource(s, res);
    venus_image_drop(s, res);
    venus_backing_release(s, &res->backing);
    return VIRTIO_GPU_RESP_OK_NODATA;
}

/* Show memory that only the driver can map. */
static int venus_map_opaque(VenusState *s, VenusResource *res,
                            const VenusWindowRange *range)
{
    uint64_t size = 0;
    void *ptr;
    int ret;

    ret = s->renderer->ops->blob_map(s->renderer, res->id, &ptr, &size);
    if (ret) {
        return ret;
    }
    ret = venus_window_clone(s, res, range, ptr, size);
    s->renderer->ops->blob_unmap(s->renderer, res->id);
    if (ret) {
        warn_report_once("virtio-gpu: the host cannot show this Vulkan "
                         "driver's memory to the guest: %s", strerror(-ret));
    }
    return ret;
}

static int venus_map(VenusState *s, VenusResource *res,
                     const VenusWindowRange *range)
{
    VenusFdType fd_type;
    int fd = -1;
    int ret;

    ret = s->renderer->ops->blob_export(s->renderer, res->id, &fd_type, &fd);
    if (ret) {
        return ret;
    }
    if (fd_type == VENUS_FD_OPAQUE) {
        ret = venus_map_opaque(s, res, range);
    } else {
        ret = venus_window_map(s, res, range, fd);
    }
    close(fd);
    return ret;
}

enum virtio_gpu_ctrl_type venus_cmd_map_blob(VenusState *s, VenusCmd *cmd)
{
    const struct virtio_gpu_resource_map_blob *args = &cmd->args.map_blob;
    struct virtio_gpu_resp_map_info info = { 0 };
    enum virtio_gpu_ctrl_type type;
    VenusResource *res = venus_resource_get(s, args->resource_id, &type);
    VenusWindowRange range;
    int ret;

    if (!res) {
        return type;
    }
    if (!res->in_renderer || res->mapped ||
        !(res->blob_flags & VIRTIO_GPU_BLOB_FLAG_USE_MAPPABLE)) {
        venus_guest_error(s, "resource %" PRIu32 " %s", res->id, res->mapped ?
                          "is mapped already" : "cannot be mapped");
        return VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER;
    }
    if (!venus_window_range(s, res, args->offset, &range)) {
        return VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER;
    }
    ret = venus_map(s, res, &range);
    if (ret) {
        return venus_resp_from_errno(ret);
    }
    if (s->renderer->ops->blob_map_info(s->renderer, res->id,
                                        &info.map_info)) {
        info.map_info = VIRTIO_GPU_MAP_CACHE_CACHED;
    }
    cmd->reply = g_byte_array_append(g_byte_array_new(), (uint8_t *)&info,
                                     sizeof(info));
    return VIRTIO_GPU_RESP_OK_MAP_INFO;
}

enum virtio_gpu_ctrl_type venus_cmd_unmap_blob(VenusState *s, VenusCmd *cmd)
{
    enum virtio_gpu_ctrl_type type;
    VenusResource *res =
        venus_resource_get(s, cmd->args.unmap_blob.resource_id, &type);

    if (!res) {
        return type;
    }
    if (!res->mapped) {
        venus_guest_error(s, "resource %" PRIu32 " is not mapped", res->id);
        return VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER;
    }
    venus_window_unmap(s, res);
    return VIRTIO_GPU_RESP_OK_NODATA;
}
