/*
 * Helpers of the Vulkan presenter's tests: a window that shows surfaces
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_VULKAN_WINDOW_H
#define TESTS_UNIT_VULKAN_WINDOW_H

#include "ui/vulkan/presenter.h"
#include "vulkan-script.h"

#define WINDOW_SIZE 64          /* of pictures, pixels each way */
#define WINDOW_PIXELS (WINDOW_SIZE * WINDOW_SIZE)

/* A window and who looks after it */
typedef struct Window {
    VulkanInstance *instance;   /* of window_open(): owned, else borrowed */
    VulkanPresenter *presenter;
    DisplaySurface *surface;    /* owned; what is shown */
    int lost;                   /* atomic: calls of surface_lost */
    int stopped;                /* atomic: calls of stopped */
} Window;

/* A device and a window that can do everything */
extern const VulkanScriptConfig window_plain;

/**
 * window_init - a presenter of a window, of any Vulkan
 * @instance: outlives the window
 * @surface: the presenter destroys it
 *
 * Its size is not known yet.
 */
void window_init(Window *w, VulkanInstance *instance, VkSurfaceKHR surface,
                 const VulkanPresenterConfig *config);

/** window_cleanup - end the presenter of window_init() */
void window_cleanup(Window *w);

/** window_open - start the script anew, and a presenter of a window */
void window_open(Window *w, const VulkanScriptConfig *config);

/**
 * window_show - show @surface and take it over
 *
 * The one before is freed at once, as a console does.
 */
void window_show(Window *w, DisplaySurface *surface);

/** window_close - end that of window_open(); nothing of Vulkan's may be left */
void window_close(Window *w);

/** window_frames - shown so far */
uint64_t window_frames(Window *w);

/** window_copied - pixels that the CPU has copied so far */
uint64_t window_copied(Window *w);

/* Wait until at least that many frames, calls, or the flag; fail if never. */
void window_wait_frames(Window *w, uint64_t count);
void window_wait_calls(VulkanScriptCall call, unsigned count);
void window_wait_flag(int *flag);

/** window_surface_new - a surface with memory of its own */
DisplaySurface *window_surface_new(void);

/** window_blob_new - memory of a guest; @released is set when it may go */
ScanoutImage *window_blob_new(int *released);

/** window_blob_surface - a surface that shows @blob */
DisplaySurface *window_blob_surface(ScanoutImage *blob);

#endif
