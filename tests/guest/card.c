/*
 * The test card: a picture whose every pixel is known; card.h defines it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdbool.h>
#include <string.h>

#include "card.h"

enum { CARD_MARK = 16 };

static uint32_t card_rgb(uint32_t red, uint32_t green, uint32_t blue)
{
    return (red & 255) << 16 | (green & 255) << 8 | (blue & 255);
}

static bool card_is_mark(uint32_t x, uint32_t y, uint32_t width,
                         uint32_t height, uint32_t *pixel)
{
    bool left = x <= CARD_MARK;
    bool right = x >= width - 1 - CARD_MARK;
    bool top = y <= CARD_MARK;
    bool bottom = y >= height - 1 - CARD_MARK;

    if (!(left || right) || !(top || bottom)) {
        return false;
    }
    if (top) {
        *pixel = left ? card_rgb(255, 0, 0) : card_rgb(0, 255, 0);
    } else {
        *pixel = left ? card_rgb(0, 0, 255) : card_rgb(255, 255, 0);
    }
    return true;
}

static uint32_t card_bar(uint32_t x, uint32_t width, unsigned number)
{
    unsigned colour = (7 - (uint64_t)x * 8 / width + number) % 8;

    return card_rgb(colour & 2 ? 191 : 0, colour & 4 ? 191 : 0,
                    colour & 1 ? 191 : 0);
}

static uint32_t card_pixel(uint32_t x, uint32_t y, uint32_t width,
                           uint32_t height, unsigned number)
{
    uint32_t pixel;

    if (!x || !y || x == width - 1 || y == height - 1) {
        return card_rgb(255, 255, 255);
    }
    if (card_is_mark(x, y, width, height, &pixel)) {
        return pixel;
    }
    if (y < height / 2) {
        return card_bar(x, width, number);
    }
    if (y < height * 3 / 4) {
        uint32_t grey = (uint64_t)x * 255 / (width - 1);

        return card_rgb(grey, grey, grey);
    }
    return card_rgb(x ^ y, x, y + 32 * number);
}

void card_draw(void *pixels, uint32_t width, uint32_t height, size_t stride,
               unsigned number)
{
    for (uint32_t y = 0; y < height; y++) {
        uint8_t *row = (uint8_t *)pixels + y * stride;

        for (uint32_t x = 0; x < width; x++) {
            uint32_t pixel = card_pixel(x, y, width, height, number);

            memcpy(row + 4 * x, &pixel, sizeof(pixel));
        }
    }
}
