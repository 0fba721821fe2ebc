/*
 * virtio-gpu Venus backend: blobs on the outputs
 *
 * Shows a blob by making its memory the console's surface, and does no more
 * surface switches than the displays ask for.  Outputs that show a 2D resource
 * are the base class's.  Nothing here knows what kind of memory a blob is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "venus.h"
#include "trace.h"

/* Flips that come sooner after another wait for the displays' next refresh. */
#define FLIP_MIN_NS (4 * SCALE_MS)

static struct virtio_gpu_scanout *venus_scanout_base(VenusState *s, int i)
{
    return &s->g->parent_obj.scanout[i];
}

static void venus_scanout_set_next(VenusState *s, int i, DisplaySurface *next)
{
    qemu_free_displaysurface(s->scanout[i].next);
    s->scanout[i].next = next;
}

/* Only the memory changes, not the picture's layout. */
static bool venus_scanout_is_flip(DisplaySurface *shown, DisplaySurface *next)
{
    return shown &&
           surface_width(shown) == surface_width(next) &&
           surface_height(shown) == surface_height(next) &&
           surface_stride(shown) == surface_stride(next) &&
           surface_format(shown) == surface_format(next);
}

void venus_scanout_put(VenusState *s, int i, DisplaySurface *next)
{
    struct virtio_gpu_scanout *scanout = venus_scanout_base(s, i);
    VenusResource *res;

    trace_venus_scanout_put(i, scanout->resource_id);
    res = venus_resource_find(s, scanout->resource_id);
    if (res) {
        venus_image_gather(res, &scanout->fb, &(struct virtio_gpu_rect) {
                               .width = scanout->width,
                               .height = scanout->height,
                           });
    }
    if (next && venus_scanout_is_flip(scanout->ds, next) &&
        surface_data(scanout->ds) == surface_data(next)) {
        /* Flipped there and back since the last refresh. */
        qemu_free_displaysurface(next);
    } else if (next) {
        scanout->ds = next;
        dpy_gfx_replace_surface(scanout->con, next);
    }
    dpy_gfx_update_full(scanout->con);
}

/* Make the newest picture of an output the one that its displays see. */
void venus_scanout_apply(VenusState *s, int i)
{
    if (!venus_readback_begin(s, i) && s->scanout[i].next) {
        venus_scanout_put(s, i, g_steal_pointer(&s->scanout[i].next));
    }
}

/*
 * Displays that have no work with it get a flip when the guest flushes it, if
 * the device has none either: not more copies than the displays ask for.
 */
static void venus_scanout_flush_flip(VenusState *s, int i,
                                     const VenusResource *res)
{
    int64_t now = get_clock();

    if (!res->image_is_shadow &&
        now - s->scanout[i].flushed_ns >= FLIP_MIN_NS &&
        dpy_gfx_wants_flips(venus_scanout_base(s, i)->con)) {
        s->scanout[i].flushed_ns = now;
        venus_scanout_apply(s, i);
    }
}

/* What virtio_gpu_update_scanout() does for a 2D resource. */
static void venus_scanout_assign(VenusState *s, int i, uint32_t resource_id,
                                 const struct virtio_gpu_framebuffer *fb,
                                 const struct virtio_gpu_rect *r)
{
    struct virtio_gpu_scanout *scanout = venus_scanout_base(s, i);
    struct virtio_gpu_simple_resource *old;

    old = virtio_gpu_find_resource(s->g, scanout->resource_id);
    if (old) {
        old->scanout_bitmask &= ~(1u << i);
    }
    s->g->parent_obj.enable = 1;
    scanout->resource_id = resource_id;
    scanout->x = r->x;
    scanout->y = r->y;
    scanout->width = r->width;
    scanout->height = r->height;
    scanout->fb = *fb;
}

static enum virtio_gpu_ctrl_type
venus_scanout_show(VenusState *s, VenusResource *res,
                   struct virtio_gpu_set_scanout_blob *ss)
{
    struct virtio_gpu_framebuffer fb = { 0 };
    uint32_t error = VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER;
    int i = ss->scanout_id;
    Error *err = NULL;
    DisplaySurface *next;
    ScanoutImage *image;
    bool flip;

    if (!virtio_gpu_scanout_blob_to_fb(&fb, ss, res->size) ||
        !virtio_gpu_check_scanout_bounds(i, res->id, fb.width, fb.height,
                                         &ss->r, &error)) {
        return error;
    }
    image = venus_image_get(s, res, &err);
    if (!image) {
        warn_report_once("virtio-gpu: a blob cannot be shown: %s",
                         error_get_pretty(err));
        error_free(err);
        return VIRTIO_GPU_RESP_ERR_UNSPEC;
    }
    next = scanout_image_new_surface(image, fb.format, ss->r.width,
                                     ss->r.height, fb.stride, fb.offset);
    if (!next) {
        venus_guest_error(s, "scanout of blob %u: offset %u, stride %u do not "
                          "lay out %ux%u pixels", res->id, fb.offset,
                          fb.stride, ss->r.width, ss->r.height);
        return VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER;
    }

    flip = venus_scanout_is_flip(venus_scanout_base(s, i)->ds, next);
    trace_venus_scanout_set(i, res->id, ss->r.width, ss->r.height, flip);
    venus_scanout_assign(s, i, res->id, &fb, &ss->r);
    venus_scanout_set_next(s, i, next);
    if (!flip) {
        venus_readback_forget(s, i);
        venus_scanout_apply(s, i);
    }
    return VIRTIO_GPU_RESP_OK_NODATA;
}

enum virtio_gpu_ctrl_type venus_cmd_set_scanout_blob(VenusState *s,
                                                     VenusCmd *cmd)
{
    struct virtio_gpu_set_scanout_blob *ss = &cmd->args.set_scanout_blob;
    VenusResource *res;

    assert(bql_locked());
    if (ss->scanout_id >= s->g->parent_obj.conf.max_outputs) {
        venus_guest_error(s, "SET_SCANOUT_BLOB: no scanout %u",
                          ss->scanout_id);
        return VIRTIO_GPU_RESP_ERR_INVALID_SCANOUT_ID;
    }
    if (!ss->resource_id) {
        venus_scanout_disable(s, ss->scanout_id);
        return VIRTIO_GPU_RESP_OK_NODATA;
    }
    res = venus_resource_find(s, ss->resource_id);
    if (!res) {
        venus_guest_error(s, "SET_SCANOUT_BLOB: resource %u is no blob",
                          ss->resource_id);
        return virtio_gpu_find_resource(s->g, ss->resource_id) ?
               VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER :
               VIRTIO_GPU_RESP_ERR_INVALID_RESOURCE_ID;
    }
    return venus_scanout_show(s, res, ss);
}

/*
 * The part of @flush, given in the frame buffer's pixels, that the output
 * shows, in the output's pixels.
 */
static bool venus_scanout_clip(const struct virtio_gpu_scanout *scanout,
                               const struct virtio_gpu_rect *flush,
                               struct virtio_gpu_rect *out)
{
    int64_t left = MAX((int64_t)flush->x - scanout->x, 0);
    int64_t top = MAX((int64_t)flush->y - scanout->y, 0);
    int64_t right = (int64_t)flush->x + flush->width - scanout->x;
    int64_t bottom = (int64_t)flush->y + flush->height - scanout->y;

    right = MIN(right, scanout->width);
    bottom = MIN(bottom, scanout->height);
    if (left >= right || top >= bottom) {
        return false;
    }
    *out = (struct virtio_gpu_rect) {
        .x = left,
        .y = top,
        .width = right - left,
        .height = bottom - top,
    };
    return true;
}

enum virtio_gpu_ctrl_type venus_cmd_flush(VenusState *s, VenusCmd *cmd)
{
    const struct virtio_gpu_resource_flush *flush = &cmd->args.flush;
    VenusResource *res = venus_resource_find(s, flush->resource_id);
    int i;

    assert(bql_locked());
    if (!res) {
        return venus_cmd_2d(s, cmd);
    }
    for (i = 0; i < s->g->parent_obj.conf.max_outputs; i++) {
        struct virtio_gpu_scanout *scanout = venus_scanout_base(s, i);
        struct virtio_gpu_rect r;

        if (scanout->resource_id != res->id) {
            continue;
        }
        /* A flip that is still to be shown draws everything. */
        if (s->scanout[i].next) {
            venus_scanout_flush_flip(s, i, res);
            continue;
        }
        if (!venus_scanout_clip(scanout, &flush->r, &r) ||
            venus_readback_defer(s, i)) {
            continue;
        }
        venus_image_gather(res, &scanout->fb, &r);
        dpy_gfx_update(scanout->con, r.x, r.y, r.width, r.height);
    }
    return VIRTIO_GPU_RESP_OK_NODATA;
}

/* A display is about to draw.  Which one is not said, so all are served. */
static void venus_scanout_gfx_update(void *opaque)
{
    VirtIOGPUBase *b = opaque;
    VenusState *s = venus_from_device(VIRTIO_GPU(b));
    int i;

    assert(bql_locked());
    for (i = 0; i < b->conf.max_outputs; i++) {
        venus_scanout_apply(s, i);
    }
    s->base_ops->gfx_update(opaque);
    s->hw_ops.gfx_update_async = !QLIST_EMPTY(&s->readbacks);
}

void venus_scanout_init(VenusState *s)
{
    VirtIOGPUBase *b = &s->g->parent_obj;
    int i;

    assert(bql_locked());
    s->base_ops = b->hw_ops;
    s->hw_ops = *b->hw_ops;
    s->hw_ops.gfx_update = venus_scanout_gfx_update;
    b->hw_ops = &s->hw_ops;
    for (i = 0; i < b->conf.max_outputs; i++) {
        graphic_console_set_hwops(b->scanout[i].con, &s->hw_ops, b);
    }
}

void venus_scanout_cleanup(VenusState *s)
{
    VirtIOGPUBase *b = &s->g->parent_obj;
    int i;

    if (!s->base_ops) {
        return;
    }
    venus_readback_cleanup(s);
    b->hw_ops = s->base_ops;
    for (i = 0; i < b->conf.max_outputs; i++) {
        graphic_console_set_hwops(b->scanout[i].con, b->hw_ops, b);
    }
    s->base_ops = NULL;
}

void venus_scanout_forget(VenusState *s, int i)
{
    assert(bql_locked());
    venus_readback_forget(s, i);
    venus_scanout_set_next(s, i, NULL);
}

void venus_scanout_disable(VenusState *s, int i)
{
    assert(bql_locked());
    trace_venus_scanout_disable(i, venus_scanout_base(s, i)->resource_id);
    venus_scanout_forget(s, i);
    virtio_gpu_disable_scanout(s->g, i);
}

void venus_scanout_drop_resource(VenusState *s, VenusResource *res)
{
    int i;

    assert(bql_locked());
    for (i = 0; i < s->g->parent_obj.conf.max_outputs; i++) {
        if (venus_scanout_base(s, i)->resource_id == res->id) {
            venus_scanout_disable(s, i);
        }
    }
}

void venus_scanout_reset(VenusState *s)
{
    int i;

    assert(bql_locked());
    if (!s->base_ops) {
        return;                 /* realize failed before there were outputs */
    }
    for (i = 0; i < s->g->parent_obj.conf.max_outputs; i++) {
        venus_scanout_disable(s, i);
    }
}
