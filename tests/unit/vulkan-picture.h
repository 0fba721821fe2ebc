/*
 * Pictures as guests paint them: in a format, with a stride, at an offset
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_VULKAN_PICTURE_H
#define TESTS_UNIT_VULKAN_PICTURE_H

#include "ui/scanout-image.h"
#include "vulkan-canvas.h"

typedef struct PictureFormat {
    const char *name;
    pixman_format_code_t pixman;
    uint8_t bytes;              /* of a pixel */
    uint8_t bits[3];            /* of red, green and blue */
    uint8_t shift[3];           /* of their lowest bits */
    bool is_word;               /* in the host's order of bytes, else LE */
} PictureFormat;

/* The eight of virtio with 8 bits a channel, those with 10, and odd ones */
#define PICTURE_FORMATS 15
extern const PictureFormat picture_formats[PICTURE_FORMATS];

/* What guests use most: bytes in memory are blue, green, red, unused. */
#define PICTURE_BGRX (&picture_formats[0])

typedef struct Picture {
    const PictureFormat *format;
    uint32_t width, height;     /* pixels */
    uint32_t stride;            /* bytes from a line to the next */
    uint32_t offset;            /* bytes to the first pixel */
    unsigned seed;              /* another one makes another picture */
} Picture;

/* What most tests show: nothing about it is odd. */
#define PICTURE_WIDTH 64
#define PICTURE_HEIGHT 48
extern const Picture picture_plain;

/** picture_size - bytes of memory that it takes, whole pages */
size_t picture_size(const Picture *picture);

/**
 * picture_paint - write all of it
 * @memory: picture_size() bytes; padding and unused bits get junk
 */
void picture_paint(const Picture *picture, void *memory);

/** picture_canvas - what is to be seen of it */
Canvas *picture_canvas(const Picture *picture);

/** picture_surface - a surface that shows it in the memory of @image */
DisplaySurface *picture_surface(const Picture *picture, ScanoutImage *image);

/** picture_plain_surface - a surface with painted memory of its own */
DisplaySurface *picture_plain_surface(const Picture *picture);

#endif
