/*
 * Vulkan presenter: a frame as the device sees it
 *
 * The best of three ways that works: the descriptor imported as a VkImage
 * (dma-buf), the memory imported as a VkBuffer (host pointer), or a copy of
 * what was damaged in buffers of our own (upload).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef UI_VULKAN_IMAGE_H
#define UI_VULKAN_IMAGE_H

#include "buffer.h"
#include "frame.h"

/* Frames that the device may be working on at the same time */
#define VULKAN_SLOTS 2

typedef enum VulkanImport {
    VULKAN_IMPORT_DMABUF,
    VULKAN_IMPORT_HOST,
    VULKAN_IMPORT_UPLOAD,
    VULKAN_IMPORT__MAX,
} VulkanImport;

/* A copy of the frame; one a slot, so that no copy is written while read. */
typedef struct VulkanUpload {
    VulkanBuffer buffer;
    pixman_region32_t damage;   /* what is still to be copied */
} VulkanUpload;

/* One thread, which made it, uses it. */
typedef struct VulkanImage {
    VulkanDevice *dev;          /* borrowed, outlives the image */
    unsigned ref;
    VulkanFrame *frame;         /* ref: keeps imported memory valid */
    VulkanImport best;          /* that was to be tried */
    VulkanImport import;        /* that worked */
    VkFormat format;            /* that the device reads the frame in */
    bool is_converted;          /* the frame, by the CPU, to @format */
    uint32_t width, height;     /* pixels */

    VkImage image;              /* owned: the dma-buf */
    VkBuffer buffer;            /* owned: the host pointer */
    VkDeviceMemory memory;      /* owned, of @image or @buffer */
    VkDeviceSize buffer_offset; /* bytes to the first pixel */
    uint32_t row_length;        /* pixels from a line to the next */
    VulkanUpload upload[VULKAN_SLOTS];

    /* What buffers are copied to when the picture has to be scaled */
    VkImage scratch;            /* owned, made when needed */
    VkDeviceMemory scratch_memory;  /* owned */

    int64_t last_used;          /* g_get_monotonic_time() */
} VulkanImage;

/** vulkan_import_name - "dma-buf", "host-pointer" or "upload" */
const char *vulkan_import_name(VulkanImport import);

/**
 * vulkan_image_new - make a frame readable by a device
 * @dev: outlives the image
 * @frame: the image takes a reference of its own
 * @best: the first way to try; the others follow
 * @is_srgb: the picture goes to an sRGB format, so scaling it has to decode
 *           and encode
 * @errp: set on failure
 *
 * Return: an image with one reference whose damage is the whole picture, NULL
 * when even upload failed.
 */
VulkanImage *vulkan_image_new(VulkanDevice *dev, VulkanFrame *frame,
                              VulkanImport best, bool is_srgb, Error **errp);

/**
 * vulkan_image_new_dmabuf - make a dma-buf readable by a device
 * @dev: outlives the image
 * @frame: the image takes a reference of its own
 * @errp: set on failure
 *
 * Like vulkan_image_new() with that one way.
 */
VulkanImage *vulkan_image_new_dmabuf(VulkanDevice *dev, VulkanFrame *frame,
                                     Error **errp);

/** vulkan_image_format - what a device reads a frame in, sRGB left aside */
VkFormat vulkan_image_format(const VulkanDevice *dev,
                             const VulkanFrame *frame);

/** vulkan_image_ref - take a reference */
VulkanImage *vulkan_image_ref(VulkanImage *image);

/**
 * vulkan_image_unref - drop a reference; NULL is allowed
 *
 * The last one to go has to know that the device is done with the image.
 */
void vulkan_image_unref(VulkanImage *image);

/**
 * vulkan_image_take - show another frame with the same image, if it can
 * @frame: of a ScanoutImage that was imported, the same memory in the same
 *         shape; of an upload, any of the same size and format, which damages
 *         all of it
 *
 * Return: whether it can.
 */
bool vulkan_image_take(VulkanImage *image, VulkanFrame *frame, bool is_srgb);

/**
 * vulkan_image_is_wanted - whether an import is worth keeping
 * @now: g_get_monotonic_time()
 *
 * While its guest may come back to the memory: for two seconds, and not when
 * nobody else has the ScanoutImage any more.
 */
bool vulkan_image_is_wanted(const VulkanImage *image, int64_t now);

/** vulkan_image_damage - pixels that changed since they were last copied */
void vulkan_image_damage(VulkanImage *image, pixman_region32_t *region);

/**
 * vulkan_image_copy_damage - bring the copy of a slot up to date
 * @slot: the device does not read it now
 *
 * Return: pixels that the CPU copied, 0 where nothing has to be.
 */
uint64_t vulkan_image_copy_damage(VulkanImage *image, unsigned slot);

/** vulkan_image_buffer - what to copy from; VK_NULL_HANDLE for a dma-buf */
VkBuffer vulkan_image_buffer(const VulkanImage *image, unsigned slot);

/**
 * vulkan_image_need_scratch - make sure that there is image->scratch
 *
 * Return: VK_SUCCESS or what went wrong.
 */
VkResult vulkan_image_need_scratch(VulkanImage *image);

/**
 * vulkan_image_create_info - a VkImage of the frame's size and format
 * @usage: of the VkImage
 *
 * Return: what the caller may add a chain to; it borrows nothing.
 */
VkImageCreateInfo vulkan_image_create_info(const VulkanImage *image,
                                           VkImageTiling tiling,
                                           VkImageUsageFlags usage);

/* For image.c: one way each.  On failure nothing is left in @image. */
bool vulkan_image_import_dmabuf(VulkanImage *image, Error **errp);
bool vulkan_image_import_host(VulkanImage *image, Error **errp);
bool vulkan_image_make_uploads(VulkanImage *image, Error **errp);

#endif
