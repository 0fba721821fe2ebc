/*
 * Reference counted memory of one scanned-out picture
 *
 * A ScanoutImage keeps the memory behind a guest's frame buffer alive for as
 * long as somebody looks at it: a console, a VNC worker that holds the pixman
 * image, or a presenter on another thread.  It knows nothing of virtio, of a
 * renderer or of any display.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef UI_SCANOUT_IMAGE_H
#define UI_SCANOUT_IMAGE_H

#include "ui/surface.h"

typedef struct ScanoutImage ScanoutImage;

/* Called with @opaque once the last reference is gone, on any thread. */
typedef void (*ScanoutImageRelease)(void *opaque);

/**
 * scanout_image_fd_size - how much memory can be mapped without risk
 * @fd: memfd, dma-buf or other mappable descriptor, not taken over
 * @size: bytes that will be used
 * @errp: set when not
 *
 * An access behind the end of a mapped file is SIGBUS.  Refuses a descriptor
 * that is shorter than @size or that could shrink; seals a memfd against it.
 *
 * Return: the size of the memory in bytes, -1 when it is refused.
 */
int64_t scanout_image_fd_size(int fd, size_t size, Error **errp);

/**
 * scanout_image_new_fd - wrap the memory behind a descriptor
 * @fd: memfd, dma-buf or other mappable descriptor; owned by the image on
 *      success, by the caller on failure
 * @size: bytes of it that belong to the picture, greater than 0
 * @errp: set on failure
 *
 * Maps the memory once, shared and readable, and refuses a descriptor that is
 * shorter than @size or that could shrink later: a read past its end would be
 * SIGBUS.
 *
 * Return: an image with one reference, NULL on failure.
 */
ScanoutImage *scanout_image_new_fd(int fd, size_t size, Error **errp);

/**
 * scanout_image_new_ptr - wrap memory that somebody else owns
 * @ptr: host address, stays valid until @release is called
 * @size: bytes
 * @release: called with @opaque when the last reference goes; may be NULL
 * @opaque: for @release
 *
 * Return: an image with one reference.
 */
ScanoutImage *scanout_image_new_ptr(void *ptr, size_t size,
                                    ScanoutImageRelease release,
                                    void *opaque);

/**
 * scanout_image_set_device_fd - say that the pixels are a copy
 * @image: without a descriptor and seen by nobody else yet
 * @fd: what holds the pixels themselves, in the same layout, and cannot be
 *      mapped; owned by the image from now on
 *
 * The memory shows what was last read back into it (ui/scanout-readback.h).
 */
void scanout_image_set_device_fd(ScanoutImage *image, int fd);

/** scanout_image_is_copy - whether scanout_image_set_device_fd() was called */
bool scanout_image_is_copy(const ScanoutImage *image);

/**
 * scanout_image_want_copy - ask for the copy to be kept up to date
 *
 * For a display that cannot use the descriptor after all.  Holds for the
 * image's life, and does nothing where the pixels are no copy; any thread.
 */
void scanout_image_want_copy(ScanoutImage *image);

/** scanout_image_copy_is_wanted - whether somebody asked; any thread */
bool scanout_image_copy_is_wanted(const ScanoutImage *image);

/** scanout_image_ref - take a reference; any thread */
ScanoutImage *scanout_image_ref(ScanoutImage *image);

/** scanout_image_unref - drop a reference; any thread, NULL is allowed */
void scanout_image_unref(ScanoutImage *image);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ScanoutImage, scanout_image_unref)

/**
 * scanout_image_is_shared - whether somebody besides the caller has a reference
 *
 * For caches, to let go of what nobody else wants; any thread.
 */
bool scanout_image_is_shared(const ScanoutImage *image);

/** scanout_image_ptr - address of the first byte, valid while referenced */
void *scanout_image_ptr(const ScanoutImage *image);

/** scanout_image_size - bytes */
size_t scanout_image_size(const ScanoutImage *image);

/** scanout_image_fd - the descriptor (borrowed), or -1 */
int scanout_image_fd(const ScanoutImage *image);

/**
 * scanout_image_new_surface - make a surface whose pixels are the image's
 * @image: the surface takes a reference of its own
 * @format: pixman format of the pixels
 * @width: pixels
 * @height: lines
 * @stride: bytes from one line to the next, a multiple of 4
 * @offset: bytes from the start of the image to the first pixel
 *
 * Return: a surface for dpy_gfx_replace_surface(), owned by the caller, or
 * NULL when the picture does not lie within the image or has no valid layout.
 */
DisplaySurface *scanout_image_new_surface(ScanoutImage *image,
                                          pixman_format_code_t format,
                                          uint32_t width, uint32_t height,
                                          uint32_t stride, uint64_t offset);

#endif
