/*
 * One output of a DRM device: its mode, framebuffers and page flips.
 * Knows nothing of where a framebuffer's memory comes from, but for dumb
 * buffers.  Every function exits with a message when it fails, unless said
 * otherwise.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef GUEST_KMS_H
#define GUEST_KMS_H

#include <stdbool.h>
#include <stdint.h>
#include <xf86drmMode.h>

#include "prog.h"

#define KMS_DEFAULT_CARD "/dev/dri/card0"

typedef struct KmsOutput {
    int fd;                     /* borrowed from whoever called kms_open() */
    uint32_t connector_id;
    uint32_t crtc_id;
    drmModeModeInfo mode;
    bool flip_pending;
} KmsOutput;

/* Pixels in XRGB8888; all zero is "none". */
typedef struct KmsBuffer {
    uint32_t width;
    uint32_t height;
    uint32_t stride;            /* bytes */
    uint32_t handle;            /* owned, GEM handle of the output's fd */
    uint32_t fb_id;             /* owned */
    uint64_t size;              /* bytes */
    uint8_t *pixels;            /* owned mapping of @size bytes, or NULL */
} KmsBuffer;

int kms_open(const char *card);

/* How many connectors @fd has, connected or not. */
unsigned kms_connector_count(int fd);

/* Whether something is plugged into connector number @index. */
bool kms_connected(int fd, unsigned index);

/*
 * Takes connector number @index with the mode of @size, made up if the
 * connector does not list it; a @size of 0x0 takes the preferred mode.
 */
void kms_output_init(KmsOutput *out, int fd, unsigned index, ProgSize size);

/* Puts @buf (of the mode's size) on the screen. */
void kms_show(KmsOutput *out, const KmsBuffer *buf);

/* Asks for a flip to @buf; one may be pending at a time. */
void kms_flip(KmsOutput *out, const KmsBuffer *buf);

/* Waits until the pending flip, if any, has happened. */
void kms_flip_wait(KmsOutput *out);

/* Whether no flip is pending any more.  Does not wait. */
bool kms_flip_done(KmsOutput *out);

/* Tells the driver that the pixels of the whole buffer have changed. */
void kms_dirty(const KmsOutput *out, const KmsBuffer *buf);

/*
 * Makes a framebuffer of the GEM handle, size and stride in @buf.  Returns
 * 0 or -errno.
 */
int kms_buffer_add_fb(int fd, KmsBuffer *buf);

/* A dumb buffer with its framebuffer, mapped. */
void kms_buffer_init_dumb(KmsBuffer *buf, int fd, uint32_t width,
                          uint32_t height);

/* Framebuffer, mapping and handle; accepts an empty buffer. */
void kms_buffer_cleanup(KmsBuffer *buf, int fd);

#endif
