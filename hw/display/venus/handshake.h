/*
 * virtio-gpu Venus backend: does the render server have a Vulkan driver?
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_DISPLAY_VENUS_HANDSHAKE_H
#define HW_DISPLAY_VENUS_HANDSHAKE_H

#include "renderer.h"

/**
 * venus_handshake - make a Vulkan instance in the server and count its devices
 * @r: open renderer
 * @errp: set on failure, naming what failed and what to do
 *
 * A render server reports success before it has looked for a driver.  This
 * makes a context, sends it vkCreateInstance and vkEnumeratePhysicalDevices as
 * a guest would, reads the replies and destroys the context again.  Blocks for
 * the answers; the caller bounds the time.
 *
 * Return: false when guests could not use Vulkan.
 */
bool venus_handshake(VenusRenderer *r, Error **errp);

#endif
