/*
 * Pictures as tests compare them: 8 bits a channel, whatever they came from
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_VULKAN_CANVAS_H
#define TESTS_UNIT_VULKAN_CANVAS_H

#include "ui/vulkan/prelude.h"

typedef struct CanvasColor {
    uint8_t channel[3];         /* red, green, blue */
} CanvasColor;

typedef struct Canvas {
    VkExtent2D extent;          /* pixels */
    CanvasColor *pixels;        /* owned; row by row without padding */
} Canvas;

/** canvas_new - a black one, of any size but 0 */
Canvas *canvas_new(VkExtent2D extent);

/** canvas_free - NULL is allowed */
void canvas_free(Canvas *canvas);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Canvas, canvas_free)

/** canvas_copy - another one with the same pixels */
Canvas *canvas_copy(const Canvas *canvas);

/** canvas_at - the pixel at (@x, @y), which lies within @canvas */
CanvasColor *canvas_at(const Canvas *canvas, uint32_t x, uint32_t y);

/**
 * canvas_show - how a window of the size @window is to show @picture
 * @is_linear: colours are mixed as light is, not as their sRGB codes
 *
 * As large as fits with its proportions kept, in the middle, black around it,
 * by a linear filter that repeats the picture's edge.
 */
Canvas *canvas_show(const Canvas *picture, VkExtent2D window, bool is_linear);

/** canvas_decode - pixels of a format that a window can have, 4 bytes each */
Canvas *canvas_decode(VkFormat format, VkExtent2D extent,
                      const void *pixels);

/** canvas_assert_same - fail if any channel differs by more than @tolerance */
void canvas_assert_same(const Canvas *is, const Canvas *wanted,
                        int tolerance);

#endif
