/*
 * Pictures of virtio GPU tests: a pattern that is painted in any of the
 * formats, and screendumps that are compared with it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_LIBQOS_VIRTIO_GPU_SCREEN_H
#define TESTS_LIBQOS_VIRTIO_GPU_SCREEN_H

#include "../libqtest.h"

typedef struct GPUFormat {
    uint32_t format;            /* enum virtio_gpu_formats */
    const char *name;
    uint8_t red, green, blue;   /* byte of the pixel */
    uint8_t other;              /* the alpha or padding byte */
} GPUFormat;

#define GPU_NUM_FORMATS 8

extern const GPUFormat gpu_formats[GPU_NUM_FORMATS];

typedef struct GPUImage {
    unsigned width;
    unsigned height;
    uint8_t *rgb;               /* owned */
} GPUImage;

void gpu_image_free(GPUImage *image);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GPUImage, gpu_image_free)

/* What qdev device @device shows on its output @head, through QMP */
GPUImage *gpu_screendump(QTestState *qts, const char *device, int head);

/*
 * Paints a @width x @height picture that depends on every pixel's position
 * and on @seed.  Alpha is odd on purpose: it must not change what is shown.
 */
void gpu_paint(uint8_t *buf, uint32_t format, unsigned width, unsigned height,
               unsigned stride, unsigned seed);

typedef struct GPUScreenOpts {
    QTestState *qts;
    const char *device;         /* NULL: gpu0 */
    int head;
    unsigned x, y;              /* where in the picture the screen begins */
    unsigned width, height;
    unsigned seed;
} GPUScreenOpts;

/* Fails unless every pixel of the screen is that of the picture */
#define gpu_check_screen(...) qgpu_check_screen((GPUScreenOpts) __VA_ARGS__)

void qgpu_check_screen(GPUScreenOpts opt);

/* Whether the screen shows that picture; does not fail */
#define gpu_screen_matches(...) \
    qgpu_screen_matches((GPUScreenOpts) __VA_ARGS__)

bool qgpu_screen_matches(GPUScreenOpts opt);

/* Whether all bytes of the first screen's pixels are @value; does not fail */
bool gpu_screen_is(QTestState *qts, uint8_t value);

#endif
