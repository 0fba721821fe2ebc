/*
 * virtio-gpu Venus backend: 2D (dumb) buffers in a Venus context
 *
 * A dumb buffer's pixels are scattered guest pages and a copy in QEMU: there is
 * no descriptor of it that a Vulkan driver could import.  The renderer ends a
 * context that names a resource which it does not know, so that it gets to
 * know a stand-in: plain shared memory, which it refuses to import with a
 * Vulkan error.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "standard-headers/linux/virtio_gpu.h"
#include "venus.h"
#include "trace.h"

/* Bytes of a stand-in; nobody sees them. */
#define VENUS_DUMB_SIZE 4096

bool venus_dumb_known(VenusState *s, VenusContext *ctx, uint32_t id,
                      bool create)
{
    const VenusBlobArgs args = {
        .resource_id = id,
        .ctx_id = ctx->id,
        .blob_mem = VIRTIO_GPU_BLOB_MEM_HOST3D,
        .blob_flags = VIRTIO_GPU_BLOB_FLAG_USE_MAPPABLE,
        .size = VENUS_DUMB_SIZE,
    };
    bool known = g_hash_table_contains(s->dumb, GUINT_TO_POINTER(id));

    assert(bql_locked());
    if (!known && create) {
        venus_call_begin(s, ctx);
        known = s->renderer->ops->blob_create(s->renderer, &args) == 0;
        venus_call_end(s);
        trace_venus_dumb_create(ctx->id, id, known);
    }
    if (known) {
        g_hash_table_add(s->dumb, GUINT_TO_POINTER(id));
    }
    return known;
}

void venus_dumb_forget(VenusState *s, uint32_t id)
{
    if (g_hash_table_remove(s->dumb, GUINT_TO_POINTER(id)) && s->renderer) {
        venus_call_begin(s, NULL);
        s->renderer->ops->resource_unref(s->renderer, id);
        venus_call_end(s);
    }
}
