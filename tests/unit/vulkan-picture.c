/*
 * Pictures as guests paint them: in a format, with a stride, at an offset
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "vulkan-picture.h"

#define JUNK 0x5a

const PictureFormat picture_formats[PICTURE_FORMATS] = {
    { "b8g8r8x8", PIXMAN_BE_b8g8r8x8, 4, { 8, 8, 8 }, { 16, 8, 0 } },
    { "b8g8r8a8", PIXMAN_BE_b8g8r8a8, 4, { 8, 8, 8 }, { 16, 8, 0 } },
    { "r8g8b8x8", PIXMAN_BE_r8g8b8x8, 4, { 8, 8, 8 }, { 0, 8, 16 } },
    { "r8g8b8a8", PIXMAN_BE_r8g8b8a8, 4, { 8, 8, 8 }, { 0, 8, 16 } },
    { "x8r8g8b8", PIXMAN_BE_x8r8g8b8, 4, { 8, 8, 8 }, { 8, 16, 24 } },
    { "a8r8g8b8", PIXMAN_BE_a8r8g8b8, 4, { 8, 8, 8 }, { 8, 16, 24 } },
    { "x8b8g8r8", PIXMAN_BE_x8b8g8r8, 4, { 8, 8, 8 }, { 24, 16, 8 } },
    { "a8b8g8r8", PIXMAN_BE_a8b8g8r8, 4, { 8, 8, 8 }, { 24, 16, 8 } },
    { "x2r10g10b10", PIXMAN_x2r10g10b10, 4, { 10, 10, 10 }, { 20, 10, 0 },
      true },
    { "a2r10g10b10", PIXMAN_a2r10g10b10, 4, { 10, 10, 10 }, { 20, 10, 0 },
      true },
    { "x2b10g10r10", PIXMAN_x2b10g10r10, 4, { 10, 10, 10 }, { 0, 10, 20 },
      true },
    { "a2b10g10r10", PIXMAN_a2b10g10r10, 4, { 10, 10, 10 }, { 0, 10, 20 },
      true },
    { "r5g6b5", PIXMAN_r5g6b5, 2, { 5, 6, 5 }, { 11, 5, 0 }, true },
    { "x1r5g5b5", PIXMAN_x1r5g5b5, 2, { 5, 5, 5 }, { 10, 5, 0 }, true },
    { "r8g8b8", PIXMAN_r8g8b8, 3, { 8, 8, 8 }, { 16, 8, 0 }, true },
};

/* Neighbours differ, and so do rows, columns and channels. */
static CanvasColor picture_color(const Picture *p, uint32_t x, uint32_t y)
{
    return (CanvasColor) { {
        x * 3 + p->seed * 50,
        y * 5 + x + p->seed * 90,
        (x ^ y) * 2 + p->seed * 20,
    } };
}

/* The value of a channel of @bits bits */
static uint32_t picture_value(uint8_t color, unsigned bits)
{
    return bits <= 8 ? color >> (8 - bits) :
                       (uint32_t)color << (bits - 8) | color >> (16 - bits);
}

static uint32_t picture_pixel(const Picture *p, uint32_t x, uint32_t y)
{
    const PictureFormat *f = p->format;
    CanvasColor color = picture_color(p, x, y);
    uint32_t used = 0;
    uint32_t word = 0;
    int i;

    for (i = 0; i < 3; i++) {
        used |= ((1u << f->bits[i]) - 1) << f->shift[i];
        word |= picture_value(color.channel[i], f->bits[i]) << f->shift[i];
    }
    return word | (~used & JUNK * 0x01010101u);
}

static void picture_store(const PictureFormat *f, uint8_t *at, uint32_t word)
{
    unsigned i;

    for (i = 0; i < f->bytes; i++) {
        at[f->is_word && HOST_BIG_ENDIAN ? f->bytes - 1 - i : i] =
            word >> (8 * i);
    }
}

const Picture picture_plain = {
    .format = PICTURE_BGRX,
    .width = PICTURE_WIDTH,
    .height = PICTURE_HEIGHT,
    .stride = PICTURE_WIDTH * 4,
};

size_t picture_size(const Picture *p)
{
    return ROUND_UP(p->offset + (size_t)p->stride * p->height,
                    qemu_real_host_page_size());
}

void picture_paint(const Picture *p, void *memory)
{
    uint32_t x, y;

    memset(memory, JUNK, picture_size(p));
    for (y = 0; y < p->height; y++) {
        uint8_t *line = (uint8_t *)memory + p->offset + (size_t)y * p->stride;

        for (x = 0; x < p->width; x++) {
            picture_store(p->format, line + x * p->format->bytes,
                          picture_pixel(p, x, y));
        }
    }
}

Canvas *picture_canvas(const Picture *p)
{
    Canvas *canvas = canvas_new((VkExtent2D) { p->width, p->height });
    uint32_t x, y;
    int i;

    for (y = 0; y < p->height; y++) {
        for (x = 0; x < p->width; x++) {
            CanvasColor color = picture_color(p, x, y);

            for (i = 0; i < 3; i++) {
                unsigned bits = p->format->bits[i];
                uint32_t max = (1u << bits) - 1;
                uint32_t v = picture_value(color.channel[i], bits);

                canvas_at(canvas, x, y)->channel[i] =
                    (v * 255 + max / 2) / max;
            }
        }
    }
    return canvas;
}

DisplaySurface *picture_surface(const Picture *p, ScanoutImage *image)
{
    DisplaySurface *surface;

    surface = scanout_image_new_surface(image, p->format->pixman, p->width,
                                        p->height, p->stride, p->offset);
    g_assert_nonnull(surface);
    return surface;
}

static void picture_free_cb(pixman_image_t *image, void *memory)
{
    g_free(memory);
}

DisplaySurface *picture_plain_surface(const Picture *p)
{
    uint8_t *memory = g_malloc(picture_size(p));
    pixman_image_t *image;
    DisplaySurface *surface;

    picture_paint(p, memory);
    image = pixman_image_create_bits(p->format->pixman, p->width, p->height,
                                     (uint32_t *)(memory + p->offset),
                                     p->stride);
    g_assert_nonnull(image);
    pixman_image_set_destroy_function(image, picture_free_cb, memory);
    surface = qemu_create_displaysurface_pixman(image);
    pixman_image_unref(image);
    return surface;
}
