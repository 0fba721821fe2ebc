/*
 * Vulkan presenter: one frame, from a picture to the screen
 *
 * All of it on the presenter's thread.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef UI_VULKAN_PRESENT_FRAME_H
#define UI_VULKAN_PRESENT_FRAME_H

#include "presenter-int.h"

/**
 * vulkan_present_frame - draw the newest picture and give it to the screen
 * @p: has a surface and something to show
 * @errp: set when the status is one that lost something
 *
 * Makes the device and the swapchain first where there is none.  Waits at most
 * for a fraction of a second, and is BUSY after that.
 *
 * Return: what became of it.
 */
VulkanPresentStatus vulkan_present_frame(VulkanPresenter *p, Error **errp);

/**
 * vulkan_presenter_collect - release what the device is done with
 *
 * Return: milliseconds until it is worth to look again, 0 when nothing is left
 * to look after.
 */
int vulkan_presenter_collect(VulkanPresenter *p);

/** vulkan_presenter_drop_device - wait for the device, free all made of it */
void vulkan_presenter_drop_device(VulkanPresenter *p);

#endif
