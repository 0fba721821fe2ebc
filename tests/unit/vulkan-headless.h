/*
 * A Vulkan driver of this machine, with windows that nobody sees
 *
 * Stands between the presenter and the loader: what is presented to a surface
 * of VK_EXT_headless_surface is read back first, and a few calls are counted.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_VULKAN_HEADLESS_H
#define TESTS_UNIT_VULKAN_HEADLESS_H

#include "ui/vulkan/instance.h"
#include "vulkan-canvas.h"

/* What happened since the last vulkan_headless_start() */
typedef struct HeadlessLog {
    unsigned dmabuf_imports;    /* memory that was imported so */
    unsigned host_imports;
    unsigned wait_idles;        /* calls of vkDeviceWaitIdle */
    unsigned devices;           /* created */
    unsigned swapchains;        /* created */
    unsigned swapchains_old;    /* of these, with oldSwapchain */
    unsigned swapchains_alive;
    VkPresentModeKHR mode;      /* of the last swapchain */
    VkFormat format;            /* of the last swapchain */
} HeadlessLog;

/**
 * vulkan_headless_start - forget what was logged and seen
 * @offer: the only format that surfaces offer, if the driver has it;
 *         VK_FORMAT_UNDEFINED: all that it has
 *
 * Calls g_test_skip() where there is no driver to test with.
 *
 * Return: the instance, which lives as long as the program; NULL: skip.
 */
VulkanInstance *vulkan_headless_start(VkFormat offer);

/** vulkan_headless_surface - a window's, for a presenter that destroys it */
VkSurfaceKHR vulkan_headless_surface(void);

/** vulkan_headless_log - what happened so far */
HeadlessLog vulkan_headless_log(void);

/** vulkan_headless_shot - what was last presented to @surface; a copy */
Canvas *vulkan_headless_shot(VkSurfaceKHR surface);

/**
 * vulkan_headless_held_shot - the frame that vulkan_headless_hold() stopped
 *
 * Known once the next one has been presented.
 */
Canvas *vulkan_headless_held_shot(VkSurfaceKHR surface);

/** vulkan_headless_has_mode - whether surfaces offer a present mode */
bool vulkan_headless_has_mode(VkPresentModeKHR mode);

/**
 * vulkan_headless_hold - the device stops before the next work it gets
 *
 * Until vulkan_headless_release().  One device at a time, which gets no more
 * than one frame in addition.
 */
void vulkan_headless_hold(void);

/** vulkan_headless_is_held - whether the device has come to that point */
bool vulkan_headless_is_held(void);

/** vulkan_headless_release - let the device go on */
void vulkan_headless_release(void);

#endif
