/*
 * Vulkan presenter: the thread's half
 *
 * Waits for something to show, brings it to the screen, and puts right what
 * Vulkan finds stale or lost.  Every wait for Vulkan is here, each of them
 * short, so that the thread notices that it is to stop.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/lockable.h"
#include "presenter-int.h"
#include "present-frame.h"
#include "result.h"
#include "trace.h"

/* Failures in a row until the window is given up, and how they are paced */
#define MAX_FAILURES 5
#define FAILURE_PAUSE_MS 20
/* Frames in a row after which a failure is forgotten */
#define GOOD_FRAMES 60

static void vulkan_presenter_take_surface_locked(VulkanPresenter *p)
{
    if (p->surface == VK_NULL_HANDLE) {
        p->surface = p->next_surface;
        p->next_surface = VK_NULL_HANDLE;
    }
}

static bool vulkan_presenter_has_work_locked(VulkanPresenter *p)
{
    return p->is_dirty && !p->is_held && p->frame &&
           p->surface != VK_NULL_HANDLE && p->extent.width && p->extent.height;
}

/*
 * Sleeps until there is something to show.  Frames in flight and imports are
 * looked after meanwhile; when there are none, nothing wakes the thread.
 *
 * Return: false when the thread is to end.
 */
static bool vulkan_presenter_wait(VulkanPresenter *p)
{
    while (true) {
        int poll_ms = vulkan_presenter_collect(p);

        QEMU_LOCK_GUARD(&p->lock);
        vulkan_presenter_take_surface_locked(p);
        if (p->is_stopping) {
            return false;
        }
        if (vulkan_presenter_has_work_locked(p)) {
            return true;
        }
        if (poll_ms) {
            qemu_cond_timedwait(&p->changed, &p->lock, poll_ms);
        } else {
            qemu_cond_wait(&p->changed, &p->lock);
        }
    }
}

/* A pause that ends early when the thread is to end. */
static void vulkan_presenter_pause(VulkanPresenter *p, int ms)
{
    int64_t end = g_get_monotonic_time() + ms * G_TIME_SPAN_MILLISECOND;

    QEMU_LOCK_GUARD(&p->lock);
    while (!p->is_stopping) {
        int64_t left = end - g_get_monotonic_time();

        if (left <= 0) {
            return;
        }
        qemu_cond_timedwait(&p->changed, &p->lock,
                            DIV_ROUND_UP(left, G_TIME_SPAN_MILLISECOND));
    }
}

static void vulkan_presenter_draw_again(VulkanPresenter *p)
{
    QEMU_LOCK_GUARD(&p->lock);
    p->is_dirty = true;
}

static void vulkan_presenter_count_good(VulkanPresenter *p)
{
    if (++p->good_frames >= GOOD_FRAMES) {
        p->failures = 0;
    }
}

/*
 * A new device is made for the next frame.
 *
 * Return: false when it failed too often.
 */
static bool vulkan_presenter_fail(VulkanPresenter *p, Error *err)
{
    p->failures++;
    p->good_frames = 0;
    trace_vulkan_presenter_fail(p, p->failures, error_get_pretty(err));
    vulkan_presenter_drop_device(p);
    if (p->failures > MAX_FAILURES) {
        QEMU_LOCK_GUARD(&p->lock);
        p->error = g_strdup(error_get_pretty(err));
        return false;
    }
    vulkan_presenter_draw_again(p);
    vulkan_presenter_pause(p, FAILURE_PAUSE_MS << p->failures);
    return true;
}

static void vulkan_presenter_drop_surface(VulkanPresenter *p)
{
    vulkan_instance_destroy_surface(p->instance, p->surface);
    p->surface = VK_NULL_HANDLE;
}

/* Return: false when the presenter gives up. */
static bool vulkan_presenter_handle(VulkanPresenter *p,
                                    VulkanPresentStatus status, Error *err)
{
    switch (status) {
    case VULKAN_PRESENT_OK:
        vulkan_presenter_count_good(p);
        return true;
    case VULKAN_PRESENT_STALE:
        vulkan_presenter_count_good(p);
        if (!p->ignores_stale) {
            p->needs_recreate = true;
            vulkan_presenter_draw_again(p);
        }
        return true;
    case VULKAN_PRESENT_BUSY:
        vulkan_presenter_draw_again(p);
        return true;
    case VULKAN_PRESENT_HIDDEN:
        return true;
    case VULKAN_PRESENT_RECREATE:
        p->needs_recreate = true;
        vulkan_presenter_draw_again(p);
        return true;
    case VULKAN_PRESENT_NO_SURFACE:
        if (!vulkan_presenter_fail(p, err)) {
            return false;
        }
        vulkan_presenter_drop_surface(p);
        p->ops->surface_lost(p->opaque);
        return true;
    case VULKAN_PRESENT_NO_DEVICE:
        return vulkan_presenter_fail(p, err);
    }
    g_assert_not_reached();
}

static void vulkan_presenter_end(VulkanPresenter *p)
{
    vulkan_presenter_drop_device(p);
    if (p->surface != VK_NULL_HANDLE) {
        vulkan_presenter_drop_surface(p);
    }
    WITH_QEMU_LOCK_GUARD(&p->lock) {
        /* One that came too late to be taken */
        p->surface = p->next_surface;
        p->next_surface = VK_NULL_HANDLE;
    }
    if (p->surface != VK_NULL_HANDLE) {
        vulkan_presenter_drop_surface(p);
    }
}

void *vulkan_present_loop(void *opaque)
{
    VulkanPresenter *p = opaque;
    bool goes_on = true;

    while (goes_on && vulkan_presenter_wait(p)) {
        g_autoptr(Error) err = NULL;
        VulkanPresentStatus status = vulkan_present_frame(p, &err);

        goes_on = vulkan_presenter_handle(p, status, err);
    }
    vulkan_presenter_end(p);
    p->ops->stopped(p->opaque);
    return NULL;
}
