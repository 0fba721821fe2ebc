/*
 * Vulkan presenter: shows pictures in one window, on a thread of its own
 *
 * The main loop says what to show and never waits for Vulkan: the newest frame
 * wins, and what was damaged adds up over frames that were skipped.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef UI_VULKAN_PRESENTER_H
#define UI_VULKAN_PRESENTER_H

#include "image.h"

typedef struct VulkanPresenter VulkanPresenter;

/* Called on the presenter's thread with no lock held; they only schedule. */
typedef struct VulkanPresenterOps {
    /* Answer with vulkan_presenter_set_surface(); the old one is gone. */
    void (*surface_lost)(void *opaque);
    /* Last call: the thread is about to end, vulkan_presenter_free() it. */
    void (*stopped)(void *opaque);
} VulkanPresenterOps;

typedef struct VulkanPresenterConfig {
    VkPresentModeKHR mode;      /* FIFO is taken where it is not offered */
    VulkanImport import;        /* the first way to try */
} VulkanPresenterConfig;

typedef struct VulkanPresenterStats {
    uint64_t frames;            /* shown */
    uint64_t copied;            /* pixels that the CPU copied for them */
} VulkanPresenterStats;

/**
 * vulkan_presenter_new - start showing pictures in a window
 * @instance: outlives the presenter
 * @surface: of the window; the presenter destroys it before it ends
 * @config: copied
 * @ops: for as long as the presenter lives
 * @opaque: for @ops
 *
 * Return: a presenter with a running thread that has nothing to show yet.
 */
VulkanPresenter *vulkan_presenter_new(VulkanInstance *instance,
                                      VkSurfaceKHR surface,
                                      const VulkanPresenterConfig *config,
                                      const VulkanPresenterOps *ops,
                                      void *opaque);

/**
 * vulkan_presenter_set_frame - the picture is another one from now on
 * @frame: the presenter takes a reference; NULL: nothing.  The frame shown
 *         before is revoked.
 *
 * It is drawn with the next vulkan_presenter_damage(), all of it.  Until then
 * its pixels may still be on their way, and it would be drawn twice.
 */
void vulkan_presenter_set_frame(VulkanPresenter *p, VulkanFrame *frame);

/** vulkan_presenter_damage - a part of the picture changed (pixels of it) */
void vulkan_presenter_damage(VulkanPresenter *p, int x, int y, int w, int h);

/**
 * vulkan_presenter_resize - the window's size, in its pixels
 *
 * Draws the picture again if it changed.  0 x 0 stands for a window that
 * cannot be seen, for which nothing is done.
 */
void vulkan_presenter_resize(VulkanPresenter *p, uint32_t width,
                             uint32_t height);

/** vulkan_presenter_set_surface - the answer to surface_lost() */
void vulkan_presenter_set_surface(VulkanPresenter *p, VkSurfaceKHR surface);

/**
 * vulkan_presenter_stop - let the thread end; returns at once
 *
 * The frame is revoked.  stopped() is called when the device is done.
 */
void vulkan_presenter_stop(VulkanPresenter *p);

/**
 * vulkan_presenter_error - why the thread ended by itself
 *
 * Between stopped() and vulkan_presenter_free().  Return: a message that
 * belongs to the presenter, NULL when it was told to stop.
 */
const char *vulkan_presenter_error(VulkanPresenter *p);

/** vulkan_presenter_stats - what was done so far; any thread */
VulkanPresenterStats vulkan_presenter_stats(VulkanPresenter *p);

/** vulkan_presenter_free - wait for the thread's end; NULL is allowed */
void vulkan_presenter_free(VulkanPresenter *p);

#endif
