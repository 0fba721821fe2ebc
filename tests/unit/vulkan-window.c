/*
 * Helpers of the Vulkan presenter's tests: a window that shows surfaces
 *
 * Surfaces are made here, so that no console has to be linked.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/atomic.h"
#include "qemu/memalign.h"
#include "vulkan-window.h"

#define PATIENCE_US (120 * G_TIME_SPAN_SECOND)

const VulkanScriptConfig window_plain = {
    .has_host_pointer = true,
    .has_mailbox = true,
    .extent = { WINDOW_SIZE, WINDOW_SIZE },
    .formats = { VK_FORMAT_B8G8R8A8_UNORM },
};

static void window_lost_cb(void *opaque)
{
    Window *w = opaque;

    qatomic_inc(&w->lost);
}

static void window_stopped_cb(void *opaque)
{
    Window *w = opaque;

    qatomic_inc(&w->stopped);
}

static const VulkanPresenterOps window_ops = {
    .surface_lost = window_lost_cb,
    .stopped = window_stopped_cb,
};

void window_init(Window *w, VulkanInstance *instance, VkSurfaceKHR surface,
                 const VulkanPresenterConfig *config)
{
    *w = (Window) { .instance = instance };
    w->presenter = vulkan_presenter_new(instance, surface, config,
                                        &window_ops, w);
}

void window_cleanup(Window *w)
{
    vulkan_presenter_stop(w->presenter);
    qemu_free_displaysurface(w->surface);
    vulkan_presenter_free(w->presenter);
    g_assert_cmpint(qatomic_read(&w->stopped), ==, 1);
}

void window_open(Window *w, const VulkanScriptConfig *config)
{
    static const char *const extensions[] = { "VK_KHR_surface" };
    const VulkanPresenterConfig presenter = {
        .mode = VK_PRESENT_MODE_MAILBOX_KHR,
    };
    VulkanInstance *instance;

    vulkan_script_start(config);
    instance = vulkan_instance_new(vulkan_script_get_proc, extensions, 1,
                                   &error_abort);
    window_init(w, instance, vulkan_script_surface(), &presenter);
    vulkan_presenter_resize(w->presenter, WINDOW_SIZE, WINDOW_SIZE);
}

void window_show(Window *w, DisplaySurface *surface)
{
    g_autoptr(VulkanFrame) frame = vulkan_frame_new(surface);

    vulkan_presenter_set_frame(w->presenter, frame);
    vulkan_presenter_damage(w->presenter, 0, 0, frame->width, frame->height);
    qemu_free_displaysurface(w->surface);
    w->surface = surface;
}

void window_close(Window *w)
{
    window_cleanup(w);
    vulkan_instance_free(w->instance);
    g_assert_cmpint(vulkan_script_alive(), ==, 0);
}

uint64_t window_frames(Window *w)
{
    return vulkan_presenter_stats(w->presenter).frames;
}

uint64_t window_copied(Window *w)
{
    return vulkan_presenter_stats(w->presenter).copied;
}

void window_wait_frames(Window *w, uint64_t count)
{
    int64_t end = g_get_monotonic_time() + PATIENCE_US;

    while (window_frames(w) < count && g_get_monotonic_time() < end) {
        g_usleep(500);
    }
    g_assert_cmpuint(window_frames(w), >=, count);
}

void window_wait_calls(VulkanScriptCall call, unsigned count)
{
    int64_t end = g_get_monotonic_time() + PATIENCE_US;

    while (vulkan_script_calls(call) < count &&
           g_get_monotonic_time() < end) {
        g_usleep(500);
    }
    g_assert_cmpuint(vulkan_script_calls(call), >=, count);
}

void window_wait_flag(int *flag)
{
    int64_t end = g_get_monotonic_time() + PATIENCE_US;

    while (!qatomic_read(flag) && g_get_monotonic_time() < end) {
        g_usleep(500);
    }
    g_assert_cmpint(qatomic_read(flag), ==, 1);
}

static void window_blob_release_cb(void *opaque)
{
    qatomic_inc((int *)opaque);
}

ScanoutImage *window_blob_new(int *released)
{
    size_t page = qemu_real_host_page_size();
    size_t size = ROUND_UP(WINDOW_PIXELS * 4, page);

    *released = 0;
    return scanout_image_new_ptr(qemu_memalign(page, size), size,
                                 window_blob_release_cb, released);
}

DisplaySurface *window_blob_surface(ScanoutImage *blob)
{
    return scanout_image_new_surface(blob, PIXMAN_x8r8g8b8, WINDOW_SIZE,
                                     WINDOW_SIZE, WINDOW_SIZE * 4, 0);
}

DisplaySurface *window_surface_new(void)
{
    pixman_image_t *image = pixman_image_create_bits(PIXMAN_x8r8g8b8,
                                                     WINDOW_SIZE, WINDOW_SIZE,
                                                     NULL, WINDOW_SIZE * 4);
    DisplaySurface *surface = qemu_create_displaysurface_pixman(image);

    pixman_image_unref(image);
    return surface;
}
