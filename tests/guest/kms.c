/*
 * One output of a DRM device: its mode, framebuffers and page flips.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <drm_fourcc.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>

#include "kms.h"

enum {
    KMS_FLIP_TIMEOUT_MS = 10000,
    KMS_FALLBACK_WIDTH = 1024,
    KMS_FALLBACK_HEIGHT = 768,
};

int kms_open(const char *card)
{
    int fd = open(card, O_RDWR | O_CLOEXEC);

    if (fd < 0) {
        prog_die_errno("%s", card);
    }
    return fd;
}

static drmModeRes *kms_resources(int fd)
{
    drmModeRes *res = drmModeGetResources(fd);

    if (!res) {
        prog_die_errno("the card has no outputs");
    }
    return res;
}

unsigned kms_connector_count(int fd)
{
    drmModeRes *res = kms_resources(fd);
    unsigned count = res->count_connectors;

    drmModeFreeResources(res);
    return count;
}

static drmModeConnector *kms_connector(int fd, const drmModeRes *res,
                                       unsigned index)
{
    drmModeConnector *connector;

    if (index >= (unsigned)res->count_connectors) {
        prog_die("no connector %u, the card has %d", index,
                 res->count_connectors);
    }
    connector = drmModeGetConnector(fd, res->connectors[index]);
    if (!connector) {
        prog_die_errno("connector %u", index);
    }
    return connector;
}

bool kms_connected(int fd, unsigned index)
{
    drmModeRes *res = kms_resources(fd);
    drmModeConnector *connector = kms_connector(fd, res, index);
    bool connected = connector->connection == DRM_MODE_CONNECTED;

    drmModeFreeConnector(connector);
    drmModeFreeResources(res);
    return connected;
}

static uint32_t kms_find_crtc(int fd, const drmModeRes *res,
                              const drmModeConnector *connector)
{
    for (int i = 0; i < connector->count_encoders; i++) {
        drmModeEncoder *encoder =
            drmModeGetEncoder(fd, connector->encoders[i]);
        uint32_t possible = encoder ? encoder->possible_crtcs : 0;

        drmModeFreeEncoder(encoder);
        for (int crtc = 0; crtc < res->count_crtcs; crtc++) {
            if (possible & 1u << crtc) {
                return res->crtcs[crtc];
            }
        }
    }
    prog_die("connector %u can be driven by no CRTC", connector->connector_id);
}

/* 60 Hz with the shortest blanking; virtual outputs need no more. */
static drmModeModeInfo kms_make_mode(ProgSize size)
{
    drmModeModeInfo mode = {
        .hdisplay = size.width,
        .hsync_start = size.width + 8,
        .hsync_end = size.width + 16,
        .htotal = size.width + 32,
        .vdisplay = size.height,
        .vsync_start = size.height + 2,
        .vsync_end = size.height + 4,
        .vtotal = size.height + 8,
        .vrefresh = 60,
        .type = DRM_MODE_TYPE_USERDEF,
    };

    mode.clock = (uint64_t)mode.htotal * mode.vtotal * mode.vrefresh / 1000;
    snprintf(mode.name, sizeof(mode.name), "%ux%u", size.width, size.height);
    return mode;
}

static drmModeModeInfo kms_find_mode(const drmModeConnector *connector,
                                     ProgSize size)
{
    for (int i = 0; i < connector->count_modes; i++) {
        const drmModeModeInfo *mode = &connector->modes[i];

        if (size.width ? mode->hdisplay == size.width &&
                         mode->vdisplay == size.height
                       : mode->type & DRM_MODE_TYPE_PREFERRED) {
            return *mode;
        }
    }
    if (!size.width) {
        if (connector->count_modes) {
            return connector->modes[0];
        }
        size = (ProgSize) { KMS_FALLBACK_WIDTH, KMS_FALLBACK_HEIGHT };
    }
    return kms_make_mode(size);
}

void kms_output_init(KmsOutput *out, int fd, unsigned index, ProgSize size)
{
    drmModeRes *res = kms_resources(fd);
    drmModeConnector *connector = kms_connector(fd, res, index);

    *out = (KmsOutput) {
        .fd = fd,
        .connector_id = connector->connector_id,
        .crtc_id = kms_find_crtc(fd, res, connector),
        .mode = kms_find_mode(connector, size),
    };
    drmModeFreeConnector(connector);
    drmModeFreeResources(res);
}

void kms_show(KmsOutput *out, const KmsBuffer *buf)
{
    if (drmModeSetCrtc(out->fd, out->crtc_id, buf->fb_id, 0, 0,
                       &out->connector_id, 1, &out->mode)) {
        prog_die_errno("showing mode %s", out->mode.name);
    }
}

void kms_flip(KmsOutput *out, const KmsBuffer *buf)
{
    if (drmModePageFlip(out->fd, out->crtc_id, buf->fb_id,
                        DRM_MODE_PAGE_FLIP_EVENT, out)) {
        prog_die_errno("page flip");
    }
    out->flip_pending = true;
}

static void kms_flip_event(int fd, unsigned sequence, unsigned sec,
                           unsigned usec, void *opaque)
{
    KmsOutput *out = opaque;

    (void)fd, (void)sequence, (void)sec, (void)usec;
    out->flip_pending = false;
}

static bool kms_flip_poll(KmsOutput *out, int timeout_ms)
{
    drmEventContext events = {
        .version = 2,
        .page_flip_handler = kms_flip_event,
    };

    while (out->flip_pending && prog_wait_readable(out->fd, timeout_ms)) {
        if (drmHandleEvent(out->fd, &events)) {
            prog_die_errno("reading the page flip event");
        }
    }
    return !out->flip_pending;
}

void kms_flip_wait(KmsOutput *out)
{
    if (!kms_flip_poll(out, KMS_FLIP_TIMEOUT_MS)) {
        prog_die("no page flip event in %d ms", KMS_FLIP_TIMEOUT_MS);
    }
}

bool kms_flip_done(KmsOutput *out)
{
    return kms_flip_poll(out, 0);
}

void kms_dirty(const KmsOutput *out, const KmsBuffer *buf)
{
    drmModeClip all = { .x2 = buf->width, .y2 = buf->height };

    if (drmModeDirtyFB(out->fd, buf->fb_id, &all, 1)) {
        prog_die_errno("flushing the framebuffer");
    }
}

int kms_buffer_add_fb(int fd, KmsBuffer *buf)
{
    const uint32_t handles[4] = { buf->handle };
    const uint32_t strides[4] = { buf->stride };
    const uint32_t offsets[4] = { 0 };

    if (drmModeAddFB2(fd, buf->width, buf->height, DRM_FORMAT_XRGB8888,
                      handles, strides, offsets, &buf->fb_id, 0)) {
        return -errno;
    }
    return 0;
}

void kms_buffer_init_dumb(KmsBuffer *buf, int fd, uint32_t width,
                          uint32_t height)
{
    uint64_t offset;
    int error;

    *buf = (KmsBuffer) { .width = width, .height = height };
    if (drmModeCreateDumbBuffer(fd, width, height, 32, 0, &buf->handle,
                                &buf->stride, &buf->size) ||
        drmModeMapDumbBuffer(fd, buf->handle, &offset)) {
        prog_die_errno("dumb buffer of %ux%u", width, height);
    }
    buf->pixels = mmap(NULL, buf->size, PROT_READ | PROT_WRITE, MAP_SHARED,
                       fd, offset);
    if (buf->pixels == MAP_FAILED) {
        prog_die_errno("mapping a dumb buffer");
    }
    error = kms_buffer_add_fb(fd, buf);
    if (error) {
        errno = -error;
        prog_die_errno("framebuffer of a dumb buffer");
    }
}

void kms_buffer_cleanup(KmsBuffer *buf, int fd)
{
    if (buf->fb_id) {
        drmModeRmFB(fd, buf->fb_id);
    }
    if (buf->pixels) {
        munmap(buf->pixels, buf->size);
    }
    if (buf->handle) {
        drmCloseBufferHandle(fd, buf->handle);
    }
    *buf = (KmsBuffer) { 0 };
}
