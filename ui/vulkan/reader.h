/*
 * Vulkan presenter: a device that copies dma-bufs to memory
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef UI_VULKAN_READER_H
#define UI_VULKAN_READER_H

#include "ui/scanout-readback.h"
#include "instance.h"

/* One thread, which made it, uses it. */
typedef struct VulkanReader VulkanReader;

/**
 * vulkan_reader_new - take the first device that reads dma-bufs
 * @instance: outlives the reader
 * @errp: set on failure
 */
VulkanReader *vulkan_reader_new(VulkanInstance *instance, Error **errp);

/** vulkan_reader_free - waits for the device; NULL is allowed */
void vulkan_reader_free(VulkanReader *r);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VulkanReader, vulkan_reader_free)

/**
 * vulkan_reader_read - bring the copy of a picture up to date
 * @image: with the descriptor of a dma-buf
 * @layout: of the picture, within the image
 * @is_usable: set to whether the reader can go on; it is to be freed if not
 * @errp: set on failure
 *
 * Blocks until the device is done, some seconds at most.
 *
 * Return: whether the image's memory has the pixels.
 */
bool vulkan_reader_read(VulkanReader *r, ScanoutImage *image,
                        const ScanoutLayout *layout, bool *is_usable,
                        Error **errp);

/**
 * vulkan_reader_sweep - let go of memory that was not read for a while
 *
 * Return: whether any is still held.
 */
bool vulkan_reader_sweep(VulkanReader *r);

#endif
