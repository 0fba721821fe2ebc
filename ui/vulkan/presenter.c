/*
 * Vulkan presenter: the main loop's half
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/lockable.h"
#include "presenter-int.h"

/* More rectangles than this are drawn as one. */
#define MAX_DAMAGE_RECTS 32

VulkanPresenter *vulkan_presenter_new(VulkanInstance *instance,
                                      VkSurfaceKHR surface,
                                      const VulkanPresenterConfig *config,
                                      const VulkanPresenterOps *ops,
                                      void *opaque)
{
    VulkanPresenter *p = g_new0(VulkanPresenter, 1);

    p->instance = instance;
    p->config = *config;
    p->ops = ops;
    p->opaque = opaque;
    p->next_surface = surface;
    qemu_mutex_init(&p->lock);
    qemu_cond_init(&p->changed);
    pixman_region32_init(&p->damage);
    stat64_init(&p->frames, 0);
    stat64_init(&p->copied, 0);
    p->retired = g_ptr_array_new_with_free_func(
        (GDestroyNotify)vulkan_swapchain_free);
    p->images = g_ptr_array_new_with_free_func(
        (GDestroyNotify)vulkan_image_unref);
    qemu_thread_create(&p->thread, "vulkan-present", vulkan_present_loop, p,
                       QEMU_THREAD_JOINABLE);
    return p;
}

static void vulkan_presenter_wake_locked(VulkanPresenter *p)
{
    p->is_dirty = true;
    qemu_cond_signal(&p->changed);
}

void vulkan_presenter_set_frame(VulkanPresenter *p, VulkanFrame *frame)
{
    g_autoptr(VulkanFrame) old = NULL;

    WITH_QEMU_LOCK_GUARD(&p->lock) {
        old = p->frame;
        p->frame = frame ? vulkan_frame_ref(frame) : NULL;
        p->is_held = true;
        pixman_region32_clear(&p->damage);
        if (frame) {
            pixman_region32_union_rect(&p->damage, &p->damage, 0, 0,
                                       frame->width, frame->height);
        }
    }
    vulkan_frame_revoke(old);
}

void vulkan_presenter_damage(VulkanPresenter *p, int x, int y, int w, int h)
{
    QEMU_LOCK_GUARD(&p->lock);
    pixman_region32_union_rect(&p->damage, &p->damage, x, y, w, h);
    if (pixman_region32_n_rects(&p->damage) > MAX_DAMAGE_RECTS) {
        pixman_box32_t all = *pixman_region32_extents(&p->damage);

        pixman_region32_reset(&p->damage, &all);
    }
    p->is_held = false;
    vulkan_presenter_wake_locked(p);
}

void vulkan_presenter_resize(VulkanPresenter *p, uint32_t width,
                             uint32_t height)
{
    QEMU_LOCK_GUARD(&p->lock);
    if (p->extent.width != width || p->extent.height != height) {
        p->extent = (VkExtent2D) { .width = width, .height = height };
        vulkan_presenter_wake_locked(p);
    }
}

void vulkan_presenter_set_surface(VulkanPresenter *p, VkSurfaceKHR surface)
{
    QEMU_LOCK_GUARD(&p->lock);
    assert(p->next_surface == VK_NULL_HANDLE);
    p->next_surface = surface;
    vulkan_presenter_wake_locked(p);
}

void vulkan_presenter_stop(VulkanPresenter *p)
{
    vulkan_presenter_set_frame(p, NULL);
    WITH_QEMU_LOCK_GUARD(&p->lock) {
        p->is_stopping = true;
        qemu_cond_signal(&p->changed);
    }
}

const char *vulkan_presenter_error(VulkanPresenter *p)
{
    QEMU_LOCK_GUARD(&p->lock);
    return p->error;
}

VulkanPresenterStats vulkan_presenter_stats(VulkanPresenter *p)
{
    return (VulkanPresenterStats) {
        .frames = stat64_get(&p->frames),
        .copied = stat64_get(&p->copied),
    };
}

void vulkan_presenter_free(VulkanPresenter *p)
{
    if (!p) {
        return;
    }
    vulkan_presenter_stop(p);
    qemu_thread_join(&p->thread);
    g_ptr_array_free(p->images, true);
    g_ptr_array_free(p->retired, true);
    pixman_region32_fini(&p->damage);
    qemu_cond_destroy(&p->changed);
    qemu_mutex_destroy(&p->lock);
    g_free(p->error);
    g_free(p);
}
