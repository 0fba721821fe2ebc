/*
 * Cursors of virtio GPU tests: a picture to paint, and what a display shows
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_DISPLAY_CURSOR_H
#define TESTS_DISPLAY_CURSOR_H

#include "display-listener.h"

/* The only size that virtio GPUs have */
#define CURSOR_SIZE 64
#define CURSOR_BYTES (CURSOR_SIZE * CURSOR_SIZE * 4)

/* The pixels of a cursor, which depend on @seed; free with g_free() */
uint8_t *display_cursor_paint(unsigned seed);

typedef struct DisplayCursorCheck {
    DisplayListener *listener;
    unsigned seed;
    int x, y;
    int hot_x, hot_y;
    bool hidden;
} DisplayCursorCheck;

/* Fails unless the display has that cursor at that place */
#define display_check_cursor(...) \
    qdisplay_check_cursor((DisplayCursorCheck) __VA_ARGS__)

void qdisplay_check_cursor(DisplayCursorCheck want);

#endif
