/*
 * A window of VK_EXT_headless_surface, and what is to be seen in it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_VULKAN_HEADLESS_WINDOW_H
#define TESTS_UNIT_VULKAN_HEADLESS_WINDOW_H

#include "vulkan-headless.h"
#include "vulkan-picture.h"
#include "vulkan-window.h"

typedef struct HeadlessWindowConfig {
    VulkanPresenterConfig presenter;
    VkFormat offer;             /* as for vulkan_headless_start() */
} HeadlessWindowConfig;

/* One frame is waited for after each change. */
typedef struct HeadlessWindow {
    Window window;
    VkSurfaceKHR surface;       /* the presenter's */
    VkExtent2D extent;          /* pixels */
    uint64_t frames;            /* that are to be shown by now */
} HeadlessWindow;

/* MAILBOX, host pointers, and whatever format comes first */
extern const HeadlessWindowConfig headless_window_plain;

/**
 * headless_window_open - a window that has no size yet
 *
 * Return: false, with the test skipped, where no driver can do it.
 */
bool headless_window_open(HeadlessWindow *h,
                          const HeadlessWindowConfig *config);

/** headless_window_close - end its presenter */
void headless_window_close(HeadlessWindow *h);

/* What makes the presenter draw one more frame, once there is a surface */
void headless_window_resize(HeadlessWindow *h, uint32_t width,
                            uint32_t height);
void headless_window_show(HeadlessWindow *h, DisplaySurface *surface);
void headless_window_damage(HeadlessWindow *h, int x, int y, int width,
                            int height);

/* A difference that scaling may make: filters work with weights of 8 bits. */
#define HEADLESS_FILTERED 2

/**
 * headless_window_check - wait for the frame, and look at all of its pixels
 * @picture: that the window is to show, in the size that it has
 * @tolerance: greatest difference of a channel
 */
void headless_window_check(HeadlessWindow *h, const Picture *picture,
                           int tolerance);

/** headless_window_check_canvas - the same with what is to be in @canvas */
void headless_window_check_canvas(HeadlessWindow *h, const Canvas *canvas,
                                  int tolerance);

/** headless_wait_held - until the device waits for vulkan_headless_release */
void headless_wait_held(void);

#endif
