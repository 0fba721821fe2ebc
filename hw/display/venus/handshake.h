/*
 * virtio-gpu Venus backend: does the render server have a Vulkan driver?
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_DISPLAY_VENUS_HANDSHAKE_H
#define HW_DISPLAY_VENUS_HANDSHAKE_H

#include "renderer.h"

/* Who exports the memory that a guest maps and shows. */
typedef enum VenusExporter {
    VENUS_EXPORTER_NONE,        /* nobody can */
    VENUS_EXPORTER_DRIVER,
    VENUS_EXPORTER_LAYER,       /* contrib/vulkan-shm-memory */
} VenusExporter;

/**
 * venus_handshake - make a Vulkan instance in the server and count its devices
 * @r: open renderer
 * @exporter: set on success, for the first device
 * @errp: set on failure, naming what failed and what to do
 *
 * A render server reports success before it has looked for a driver.  This
 * makes a context, sends it vkCreateInstance, vkEnumeratePhysicalDevices and
 * vkGetPhysicalDeviceExternalBufferProperties as a guest would, reads the
 * replies and destroys the context again.  Blocks for the answers; the caller
 * bounds the time.
 *
 * Return: false when guests could not use Vulkan.
 */
bool venus_handshake(VenusRenderer *r, VenusExporter *exporter, Error **errp);

#endif
