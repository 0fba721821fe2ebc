/*
 * The test card: a picture whose every pixel is known.
 *
 * For a picture of W x H pixels and card number N (0 for the first output),
 * pixel (x, y) counted from the top left corner is, first match wins:
 *
 *  1. border: white (255, 255, 255) where x is 0 or W-1, or y is 0 or H-1;
 *  2. corner marks, 16 x 16 pixels inside the border: red (255, 0, 0) top
 *     left, green (0, 255, 0) top right, blue (0, 0, 255) bottom left,
 *     yellow (255, 255, 0) bottom right;
 *  3. y < H/2: eight bars, bar b = x * 8 / W; with c = (7 - b + N) mod 8,
 *     red is bit 1, green bit 2, blue bit 0 of c, each 191 or 0;
 *  4. y < H*3/4: a grey ramp of 255 * x / (W-1);
 *  5. else a texture no wrong stride or offset survives: red is
 *     (x xor y) mod 256, green x mod 256, blue (y + 32 * N) mod 256.
 *
 * All divisions are of integers and round down.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef GUEST_CARD_H
#define GUEST_CARD_H

#include <stddef.h>
#include <stdint.h>

/* Draws the card in XRGB8888, the unused byte 0. */
void card_draw(void *pixels, uint32_t width, uint32_t height, size_t stride,
               unsigned number);

#endif
