/*
 * Vulkan presenter: one picture to show
 *
 * What a DisplaySurface shows, in a form that another thread can read.  The
 * memory of a ScanoutImage is kept alive; any other memory belongs to the
 * surface and is revoked when the surface goes.  Knows no Vulkan object.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef UI_VULKAN_FRAME_H
#define UI_VULKAN_FRAME_H

#include "qemu/thread.h"
#include "ui/scanout-image.h"
#include "prelude.h"

typedef struct VulkanFrame {
    /* Constant */
    uint32_t width, height;     /* pixels */
    uint32_t stride;            /* bytes */
    VkFormat format;            /* of the pixels in a buffer */
    pixman_format_code_t pixman_format;
    /*
     * Vulkan has no format with the unused byte in front.  Read from the next
     * byte on, such pixels have it at their end.
     */
    bool skips_first_byte;
    bool needs_conversion;      /* by the CPU, to @format */
    ScanoutImage *image;        /* ref; NULL: memory of the surface */
    uint64_t offset;            /* bytes into @image */

    QemuMutex lock;             /* nothing is taken while it is held */
    const uint8_t *data;        /* lock; NULL once revoked */

    int ref;                    /* atomic */
} VulkanFrame;

/**
 * vulkan_frame_new - take what a surface shows
 * @surface: of a console.  When it has no ScanoutImage, vulkan_frame_revoke()
 *           is to be called before it is freed.
 *
 * Return: a frame with one reference.
 */
VulkanFrame *vulkan_frame_new(DisplaySurface *surface);

/**
 * vulkan_frame_new_raw - memory as pixels of 4 bytes, whatever they mean
 * @image: the frame takes a reference
 * @width: pixels
 * @height: lines
 * @stride: bytes from a line to the next
 * @offset: bytes to the first pixel; all lies within @image
 *
 * For copies of the bytes.  Return: a frame with one reference.
 */
VulkanFrame *vulkan_frame_new_raw(ScanoutImage *image, uint32_t width,
                                  uint32_t height, uint32_t stride,
                                  uint64_t offset);

/** vulkan_frame_ref - take a reference; any thread */
VulkanFrame *vulkan_frame_ref(VulkanFrame *frame);

/** vulkan_frame_unref - drop a reference; any thread, NULL is allowed */
void vulkan_frame_unref(VulkanFrame *frame);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VulkanFrame, vulkan_frame_unref)

/**
 * vulkan_frame_revoke - the memory is about to go
 *
 * Once it returns nobody reads memory of the surface.  It waits for a copy
 * that is under way, never for Vulkan.  The memory of a ScanoutImage stays
 * readable.  Main loop; NULL is allowed.
 */
void vulkan_frame_revoke(VulkanFrame *frame);

/**
 * vulkan_frame_read - copy pixels
 * @region: pixels to copy, within the frame
 * @convert: to VK_FORMAT_B8G8R8A8_UNORM, also where that is not needed
 * @dst: a picture of the frame's size, 4 bytes a pixel without padding
 *
 * Any thread.  Return: pixels copied; 0 when the frame was revoked.
 */
uint64_t vulkan_frame_read(VulkanFrame *frame, pixman_region32_t *region,
                           bool convert, uint8_t *dst);

#endif
