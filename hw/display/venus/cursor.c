/*
 * virtio-gpu Venus backend: the cursor's picture
 *
 * The base class keeps the cursor; this file only fills in its pixels, which
 * may lie in a blob that the base class does not know.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "venus.h"
#include "trace.h"

void venus_update_cursor_data(VirtIOGPU *g, struct virtio_gpu_scanout *scanout,
                              uint32_t resource_id)
{
    VenusState *s = venus_from_device(g);
    QEMUCursor *cursor = scanout->current_cursor;
    uint32_t width = cursor->width, height = cursor->height;
    uint32_t stride = width * sizeof(uint32_t);
    VenusResource *res = venus_resource_find(s, resource_id);
    ScanoutImage *image;
    Error *err = NULL;

    assert(bql_locked());
    if (!res) {
        virtio_gpu_update_cursor_data(g, scanout, resource_id);
        return;
    }
    trace_venus_update_cursor_data(resource_id, res->size);
    if (res->size < (uint64_t)stride * height) {
        venus_guest_error(s, "cursor in a blob of %" PRIu64 " bytes",
                          res->size);
        return;
    }
    image = venus_image_get(s, res, &err);
    if (!image) {
        warn_report_once("virtio-gpu: no cursor from a blob: %s",
                         error_get_pretty(err));
        error_free(err);
        return;
    }
    if (scanout_image_is_copy(image)) {
        venus_guest_error(s, "cursor in a blob that only a device reaches");
        return;
    }
    venus_image_gather(res,
        &(struct virtio_gpu_framebuffer) {
            .format = PIXMAN_a8r8g8b8,
            .width = width,
            .height = height,
            .stride = stride,
        },
        &(struct virtio_gpu_rect) { .width = width, .height = height });
    memcpy(cursor->data, scanout_image_ptr(image), (size_t)stride * height);
}
