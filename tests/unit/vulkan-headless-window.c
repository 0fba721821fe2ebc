/*
 * A window of VK_EXT_headless_surface, and what is to be seen in it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "vulkan-headless-window.h"

#define PATIENCE_US (120 * G_TIME_SPAN_SECOND)

const HeadlessWindowConfig headless_window_plain = {
    .presenter = {
        .mode = VK_PRESENT_MODE_MAILBOX_KHR,
        .import = VULKAN_IMPORT_HOST,
    },
};

bool headless_window_open(HeadlessWindow *h,
                          const HeadlessWindowConfig *config)
{
    VulkanInstance *instance = vulkan_headless_start(config->offer);

    if (!instance) {
        return false;
    }
    *h = (HeadlessWindow) { .surface = vulkan_headless_surface() };
    window_init(&h->window, instance, h->surface, &config->presenter);
    return true;
}

void headless_window_close(HeadlessWindow *h)
{
    window_cleanup(&h->window);
}

void headless_window_resize(HeadlessWindow *h, uint32_t width, uint32_t height)
{
    h->extent = (VkExtent2D) { width, height };
    h->frames += h->window.surface != NULL && width && height;
    vulkan_presenter_resize(h->window.presenter, width, height);
}

void headless_window_show(HeadlessWindow *h, DisplaySurface *surface)
{
    h->frames += h->extent.width && h->extent.height;
    window_show(&h->window, surface);
}

void headless_window_damage(HeadlessWindow *h, int x, int y, int width,
                            int height)
{
    h->frames++;
    vulkan_presenter_damage(h->window.presenter, x, y, width, height);
}

void headless_window_check_canvas(HeadlessWindow *h, const Canvas *canvas,
                                  int tolerance)
{
    VkFormat format;
    g_autoptr(Canvas) wanted = NULL;
    g_autoptr(Canvas) shot = NULL;

    window_wait_frames(&h->window, h->frames);
    g_assert_cmpuint(window_frames(&h->window), ==, h->frames);
    format = vulkan_headless_log().format;
    wanted = canvas_show(canvas, h->extent,
                         format == VK_FORMAT_B8G8R8A8_SRGB ||
                         format == VK_FORMAT_R8G8B8A8_SRGB);
    shot = vulkan_headless_shot(h->surface);
    canvas_assert_same(shot, wanted, tolerance);
}

void headless_window_check(HeadlessWindow *h, const Picture *picture,
                           int tolerance)
{
    g_autoptr(Canvas) canvas = picture_canvas(picture);

    headless_window_check_canvas(h, canvas, tolerance);
}

void headless_wait_held(void)
{
    int64_t end = g_get_monotonic_time() + PATIENCE_US;

    while (!vulkan_headless_is_held() && g_get_monotonic_time() < end) {
        g_usleep(500);
    }
    g_assert_true(vulkan_headless_is_held());
}
