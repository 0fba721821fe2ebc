/*
 * virtio-gpu Venus backend: pictures that only a device can reach
 *
 * Decides when such a picture is read back, and keeps it from the displays
 * until it has its pixels.  How it is read is ui/scanout-readback.h's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "venus.h"
#include "trace.h"

/* One picture on its way */
struct VenusReadback {
    VenusState *s;              /* borrowed */
    int output;
    DisplaySurface *next;       /* owned: to be shown then; NULL: it is */
    QLIST_ENTRY(VenusReadback) link;
};

/* Screendumps wait until all outputs are up to date. */
static void venus_readback_settle(VenusState *s)
{
    VirtIOGPUBase *b = &s->g->parent_obj;
    int i;

    if (!QLIST_EMPTY(&s->readbacks)) {
        return;
    }
    for (i = 0; i < b->conf.max_outputs; i++) {
        graphic_hw_update_done(b->scanout[i].con);
    }
}

static void venus_readback_free(VenusReadback *rb)
{
    QLIST_REMOVE(rb, link);
    qemu_free_displaysurface(rb->next);
    g_free(rb);
}

/* ScanoutReadbackDone */
static void venus_readback_done(void *opaque, const char *why)
{
    VenusReadback *rb = opaque;
    VenusState *s = rb->s;
    VenusScanout *out = &s->scanout[rb->output];

    assert(bql_locked());
    trace_venus_readback_done(rb->output, why ?: "");
    if (why) {
        warn_report_once("virtio-gpu: a picture in the memory of a device "
                         "cannot be read back: %s", why);
    }
    if (out->reading == rb) {
        out->reading = NULL;
        venus_scanout_put(s, rb->output, g_steal_pointer(&rb->next));
        if (out->was_asked) {
            venus_scanout_apply(s, rb->output);
        }
    }
    venus_readback_free(rb);
    venus_readback_settle(s);
}

static void venus_readback_start(VenusState *s, int i, DisplaySurface *surface)
{
    VenusScanout *out = &s->scanout[i];
    ScanoutImage *image = surface->scanout_image;
    VenusReadback *rb = g_new0(VenusReadback, 1);
    const ScanoutLayout layout = {
        .width = surface_width(surface),
        .height = surface_height(surface),
        .stride = surface_stride(surface),
        .offset = (uint8_t *)surface_data(surface) -
                  (uint8_t *)scanout_image_ptr(image),
    };

    rb->s = s;
    rb->output = i;
    rb->next = g_steal_pointer(&out->next);
    out->reading = rb;
    out->is_stale = false;
    out->was_asked = false;
    QLIST_INSERT_HEAD(&s->readbacks, rb, link);
    trace_venus_readback_start(i, layout.width, layout.height);
    scanout_readback_start(s->readback, image, &layout, venus_readback_done,
                           rb);
}

static bool venus_readback_is_wanted(QemuConsole *con,
                                     const DisplaySurface *surface)
{
    return dpy_gfx_reads_pixels(con) ||
           scanout_image_copy_is_wanted(surface->scanout_image);
}

bool venus_readback_begin(VenusState *s, int i)
{
    struct virtio_gpu_scanout *scanout = &s->g->parent_obj.scanout[i];
    VenusScanout *out = &s->scanout[i];
    DisplaySurface *surface = out->next;

    assert(bql_locked());
    if (!surface && out->is_stale) {
        surface = scanout->ds;
    }
    if (!surface || !surface->scanout_image ||
        !scanout_image_is_copy(surface->scanout_image)) {
        return false;
    }
    if (!venus_readback_is_wanted(scanout->con, surface)) {
        out->is_stale = true;
        return false;
    }
    if (out->reading) {
        out->was_asked = true;
    } else {
        venus_readback_start(s, i, surface);
    }
    return true;
}

bool venus_readback_defer(VenusState *s, int i)
{
    struct virtio_gpu_scanout *scanout = &s->g->parent_obj.scanout[i];
    const DisplaySurface *surface = scanout->ds;

    assert(bql_locked());
    if (!surface || !surface->scanout_image ||
        !scanout_image_is_copy(surface->scanout_image)) {
        return false;
    }
    s->scanout[i].is_stale = true;
    return venus_readback_is_wanted(scanout->con, surface);
}

void venus_readback_forget(VenusState *s, int i)
{
    VenusScanout *out = &s->scanout[i];

    assert(bql_locked());
    out->is_stale = false;
    out->reading = NULL;
}

void venus_readback_cleanup(VenusState *s)
{
    assert(bql_locked());
    scanout_readback_free(s->readback);
    s->readback = NULL;
    while (!QLIST_EMPTY(&s->readbacks)) {
        venus_readback_free(QLIST_FIRST(&s->readbacks));
    }
    venus_readback_settle(s);
}
