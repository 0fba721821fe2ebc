/*
 * The KMS output of vkspin and the framebuffers on it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xf86drm.h>

#include "kms.h"
#include "vkspin-screen.h"

struct SpinScreen {
    int fd;                     /* owned */
    KmsOutput out;
    KmsBuffer bufs[SPIN_BUFFERS];
    bool shown;                 /* something of ours is on the screen */
    unsigned front;             /* presented last */
    unsigned before;            /* presented before that */
};

SpinScreen *spin_screen_new(const char *card, unsigned connector,
                            ProgSize size, ProgReason *why)
{
    SpinScreen *screen;

    if (access(card, R_OK | W_OK)) {
        prog_refuse(why, "%s: %s", card, strerror(errno));
        return NULL;
    }
    screen = calloc(1, sizeof(*screen));
    if (!screen) {
        prog_die("out of memory");
    }
    screen->fd = kms_open(card);
    kms_output_init(&screen->out, screen->fd, connector, size);
    return screen;
}

void spin_screen_clear(SpinScreen *screen)
{
    for (unsigned i = 0; i < SPIN_BUFFERS; i++) {
        kms_buffer_cleanup(&screen->bufs[i], screen->fd);
    }
}

void spin_screen_free(SpinScreen *screen)
{
    if (screen) {
        spin_screen_clear(screen);
        close(screen->fd);
        free(screen);
    }
}

ProgSize spin_screen_size(const SpinScreen *screen)
{
    return (ProgSize) { screen->out.mode.hdisplay, screen->out.mode.vdisplay };
}

bool spin_screen_import(SpinScreen *screen, unsigned index, int fd,
                        uint32_t stride, ProgReason *why)
{
    KmsBuffer *buf = &screen->bufs[index];
    int error;

    *buf = (KmsBuffer) {
        .width = screen->out.mode.hdisplay,
        .height = screen->out.mode.vdisplay,
        .stride = stride,
    };
    if (drmPrimeFDToHandle(screen->fd, fd, &buf->handle)) {
        return prog_refuse(why, "importing into KMS: %s", strerror(errno));
    }
    error = kms_buffer_add_fb(screen->fd, buf);
    if (error) {
        return prog_refuse(why, "a framebuffer of it: %s", strerror(-error));
    }
    return true;
}

void spin_screen_make_dumb(SpinScreen *screen)
{
    for (unsigned i = 0; i < SPIN_BUFFERS; i++) {
        kms_buffer_init_dumb(&screen->bufs[i], screen->fd,
                             screen->out.mode.hdisplay,
                             screen->out.mode.vdisplay);
    }
}

void spin_screen_fill(SpinScreen *screen, unsigned index, const void *pixels)
{
    KmsBuffer *buf = &screen->bufs[index];
    size_t row = buf->width * 4;

    for (uint32_t y = 0; y < buf->height; y++) {
        memcpy(buf->pixels + (size_t)y * buf->stride,
               (const uint8_t *)pixels + y * row, row);
    }
}

unsigned spin_screen_next(const SpinScreen *screen)
{
    unsigned index = 0;

    while (screen->shown &&
           (index == screen->front || index == screen->before)) {
        index++;
    }
    return index;
}

bool spin_screen_ready(SpinScreen *screen)
{
    return kms_flip_done(&screen->out);
}

void spin_screen_present(SpinScreen *screen, unsigned index)
{
    if (!screen->shown) {
        kms_show(&screen->out, &screen->bufs[index]);
        screen->shown = true;
        screen->before = index;
    } else {
        kms_flip_wait(&screen->out);
        kms_flip(&screen->out, &screen->bufs[index]);
        screen->before = screen->front;
    }
    screen->front = index;
}

double spin_screen_interval(const SpinScreen *screen)
{
    unsigned rate = screen->out.mode.vrefresh;

    return 1e3 / (rate ? rate : 60);
}

void spin_screen_finish(SpinScreen *screen)
{
    kms_flip_wait(&screen->out);
}
