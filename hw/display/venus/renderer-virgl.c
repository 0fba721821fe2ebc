/*
 * virtio-gpu Venus backend: the renderer that is virglrenderer
 *
 * The only file that includes <virglrenderer.h>.  The library keeps its state
 * in globals, so that there is at most one open renderer in a process.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "qapi/error.h"
#include "standard-headers/linux/virtio_gpu.h"
#include "renderer.h"
#include "trace.h"

#include <virglrenderer.h>

typedef struct VirglRenderer {
    VenusRenderer parent;
    const VenusRendererCallbacks *cb;   /* borrowed from the opener */
    void *opaque;                       /* for cb */
    struct virgl_renderer_callbacks virgl_cb;   /* the library points to it */
} VirglRenderer;

/* The library wants this callback; without OpenGL it has no such fences. */
static void virgl_no_fence_cb(void *opaque, uint32_t fence)
{
}

/* Renderer thread, or the main loop from poll().  No BQL may be taken. */
static void virgl_context_fence_cb(void *opaque, uint32_t ctx_id,
                                   uint32_t ring_idx, uint64_t fence_id)
{
    VirglRenderer *v = opaque;

    v->cb->fence(v->opaque, ctx_id, ring_idx, fence_id);
}

static int virgl_server_fd_cb(void *opaque, uint32_t version)
{
    VirglRenderer *v = opaque;

    /* Version 0 is the only one there is: a SOCK_SEQPACKET socket. */
    return version == 0 ? v->cb->server_fd(v->opaque) : -1;
}

/* Any thread of the library. */
static void virgl_log_cb(enum virgl_log_level_flags level, const char *message,
                         void *opaque)
{
    trace_venus_renderer_log(level, message);
}

static VenusRenderer *virgl_open(const VenusRendererCallbacks *cb,
                                 void *opaque, bool poll, Error **errp)
{
    VirglRenderer *v = g_new0(VirglRenderer, 1);
    int flags = VIRGL_RENDERER_VENUS | VIRGL_RENDERER_NO_VIRGL |
                VIRGL_RENDERER_RENDER_SERVER;
    int ret;

    assert(bql_locked());
    v->parent.ops = &venus_renderer_virgl;
    v->cb = cb;
    v->opaque = opaque;
    v->virgl_cb = (struct virgl_renderer_callbacks) {
        .version = 3,
        .write_fence = virgl_no_fence_cb,
        .write_context_fence = virgl_context_fence_cb,
        .get_server_fd = virgl_server_fd_cb,
    };
    if (!poll) {
        flags |= VIRGL_RENDERER_THREAD_SYNC | VIRGL_RENDERER_ASYNC_FENCE_CB;
    }

    virgl_set_log_callback(virgl_log_cb, NULL, NULL);
    ret = virgl_renderer_init(v, flags, &v->virgl_cb);
    if (ret) {
        error_setg(errp, "virglrenderer does not start in Venus-only mode (%d)",
                   ret);
        error_append_hint(errp, "It has to be built with Venus and the render "
                          "server; Debian's and Fedora's are.\n");
        g_free(v);
        return NULL;
    }
    return &v->parent;
}

static void virgl_close(VenusRenderer *r)
{
    virgl_renderer_cleanup(r);
    g_free(container_of(r, VirglRenderer, parent));
}

static int virgl_capset_info(VenusRenderer *r, uint32_t capset,
                             uint32_t *version, uint32_t *size)
{
    virgl_renderer_get_cap_set(capset, version, size);
    return *size ? 0 : -ENOENT;
}

static int virgl_capset(VenusRenderer *r, uint32_t capset, uint32_t version,
                        void *data)
{
    virgl_renderer_fill_caps(capset, version, data);
    return 0;
}

/* Some functions of the library answer -1, -EINVAL or EINVAL alike. */
static int virgl_errno(int ret)
{
    if (ret == 0) {
        return 0;
    }
    return ret == -1 ? -EIO : -ABS(ret);
}

/* The library does not say that it ran out of descriptors: try one more. */
static int virgl_errno_fds(int ret)
{
    ret = virgl_errno(ret);
    if (ret == -EIO) {
        int fd = qemu_dup(STDERR_FILENO);

        if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
            return -errno;
        }
        if (fd >= 0) {
            close(fd);
        }
    }
    return ret;
}

static int virgl_context_create(VenusRenderer *r, uint32_t ctx_id,
                                uint32_t capset, const char *name)
{
    return virgl_errno(virgl_renderer_context_create_with_flags(
        ctx_id, capset & VIRGL_RENDERER_CONTEXT_FLAG_CAPSET_ID_MASK,
        strlen(name), name));
}

static void virgl_context_destroy(VenusRenderer *r, uint32_t ctx_id)
{
    virgl_renderer_context_destroy(ctx_id);
}

static void virgl_attach(VenusRenderer *r, uint32_t ctx_id,
                         uint32_t resource_id)
{
    virgl_renderer_ctx_attach_resource(ctx_id, resource_id);
}

static void virgl_detach(VenusRenderer *r, uint32_t ctx_id,
                         uint32_t resource_id)
{
    virgl_renderer_ctx_detach_resource(ctx_id, resource_id);
}

static int virgl_submit(VenusRenderer *r, uint32_t ctx_id, void *buf,
                        uint32_t dwords)
{
    return virgl_errno(virgl_renderer_submit_cmd(buf, ctx_id, dwords));
}

static int virgl_blob_create(VenusRenderer *r, const VenusBlobArgs *args)
{
    const struct virgl_renderer_resource_create_blob_args virgl_args = {
        .res_handle = args->resource_id,
        .ctx_id = args->ctx_id,
        .blob_mem = args->blob_mem,
        .blob_flags = args->blob_flags,
        .blob_id = args->blob_id,
        .size = args->size,
        .iovecs = args->iov,
        .num_iovs = args->iov_cnt,
    };

    return virgl_errno_fds(virgl_renderer_resource_create_blob(&virgl_args));
}

static void virgl_resource_unref(VenusRenderer *r, uint32_t resource_id)
{
    virgl_renderer_resource_unref(resource_id);
}

static int virgl_blob_export(VenusRenderer *r, uint32_t resource_id,
                             VenusFdType *type, int *fd)
{
    uint32_t fd_type = 0;
    int ret = virgl_renderer_resource_export_blob(resource_id, &fd_type, fd);

    if (ret) {
        return virgl_errno(ret);
    }
    switch (fd_type) {
    case VIRGL_RENDERER_BLOB_FD_TYPE_DMABUF:
        *type = VENUS_FD_DMABUF;
        return 0;
    case VIRGL_RENDERER_BLOB_FD_TYPE_OPAQUE:
        *type = VENUS_FD_OPAQUE;
        return 0;
    case VIRGL_RENDERER_BLOB_FD_TYPE_SHM:
        *type = VENUS_FD_SHM;
        return 0;
    default:
        close(*fd);
        return -ENOTSUP;
    }
}

static int virgl_blob_map(VenusRenderer *r, uint32_t resource_id, void **ptr,
                          uint64_t *size)
{
    return virgl_errno(virgl_renderer_resource_map(resource_id, ptr, size));
}

static void virgl_blob_unmap(VenusRenderer *r, uint32_t resource_id)
{
    virgl_renderer_resource_unmap(resource_id);
}

static int virgl_blob_map_info(VenusRenderer *r, uint32_t resource_id,
                               uint32_t *map_info)
{
    int ret = virgl_renderer_resource_get_map_info(resource_id, map_info);

    /* The library's VIRGL_RENDERER_MAP_CACHE_* have virtio's values. */
    *map_info &= VIRGL_RENDERER_MAP_CACHE_MASK;
    return virgl_errno(ret);
}

static int virgl_fence(VenusRenderer *r, uint32_t ctx_id, uint32_t ring_idx,
                       uint64_t fence_id)
{
    /* Mergeable: one call for the last of several is enough for us. */
    return virgl_errno(virgl_renderer_context_create_fence(
        ctx_id, VIRGL_RENDERER_FENCE_FLAG_MERGEABLE, ring_idx, fence_id));
}

static void virgl_poll(VenusRenderer *r, uint32_t ctx_id)
{
    virgl_renderer_context_poll(ctx_id);
}

const VenusRendererOps venus_renderer_virgl = {
    .name = "virglrenderer",
    .open = virgl_open,
    .close = virgl_close,
    .capset_info = virgl_capset_info,
    .capset = virgl_capset,
    .context_create = virgl_context_create,
    .context_destroy = virgl_context_destroy,
    .attach = virgl_attach,
    .detach = virgl_detach,
    .submit = virgl_submit,
    .blob_create = virgl_blob_create,
    .resource_unref = virgl_resource_unref,
    .blob_export = virgl_blob_export,
    .blob_map = virgl_blob_map,
    .blob_unmap = virgl_blob_unmap,
    .blob_map_info = virgl_blob_map_info,
    .fence = virgl_fence,
    .poll = virgl_poll,
};
