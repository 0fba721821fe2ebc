/*
 * Cursors of virtio GPU tests
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "standard-headers/linux/virtio_gpu.h"
#include "libqos/virtio-gpu-screen.h"
#include "display-cursor.h"

uint8_t *display_cursor_paint(unsigned seed)
{
    uint8_t *pixels = g_malloc(CURSOR_BYTES);

    gpu_paint(pixels, VIRTIO_GPU_FORMAT_B8G8R8A8_UNORM, CURSOR_SIZE,
              CURSOR_SIZE, CURSOR_SIZE * 4, seed);
    return pixels;
}

void qdisplay_check_cursor(DisplayCursorCheck want)
{
    const DisplayCursor *got = display_listener_cursor(want.listener);
    g_autofree uint8_t *pixels = display_cursor_paint(want.seed);
    const uint8_t *data;
    gsize size;

    g_assert_cmpint(got->on, ==, !want.hidden);
    g_assert_cmpint(got->x, ==, want.x);
    g_assert_cmpint(got->y, ==, want.y);
    g_assert_cmpint(got->hot_x, ==, want.hot_x);
    g_assert_cmpint(got->hot_y, ==, want.hot_y);
    g_assert_cmpint(got->width, ==, CURSOR_SIZE);
    g_assert_cmpint(got->height, ==, CURSOR_SIZE);
    g_assert_nonnull(got->pixels);
    data = g_bytes_get_data(got->pixels, &size);
    g_assert_cmpmem(data, size, pixels, CURSOR_BYTES);
}
