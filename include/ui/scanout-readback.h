/*
 * Reading back pictures that only a device can reach
 *
 * A ScanoutImage whose pixels are a copy (scanout_image_is_copy()) shows what
 * was last read back.  A device does that, on a thread of its own; the main
 * loop only asks and is told.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef UI_SCANOUT_READBACK_H
#define UI_SCANOUT_READBACK_H

#include "ui/scanout-image.h"

typedef struct ScanoutReadback ScanoutReadback;

/* Where a picture of 4 bytes a pixel lies in the memory of an image */
typedef struct ScanoutLayout {
    uint32_t width, height;     /* pixels */
    uint32_t stride;            /* bytes from one line to the next */
    uint64_t offset;            /* bytes to the first pixel */
} ScanoutLayout;

/*
 * Main loop, under the BQL.  @why: NULL when the copy is up to date, else what
 * kept it from being that, valid until the function returns.
 */
typedef void (*ScanoutReadbackDone)(void *opaque, const char *why);

/**
 * scanout_readback_new - have something that reads back
 * @errp: set when this QEMU has no way to do it
 *
 * Starts no thread and looks for no device before it is asked to read.
 *
 * Return: to be freed with scanout_readback_free(), NULL on failure.
 */
ScanoutReadback *scanout_readback_new(Error **errp);

/**
 * scanout_readback_free - end it; NULL is allowed
 *
 * Nobody is told about what was not done yet.  Waits for what the device is
 * doing.  Main loop.
 */
void scanout_readback_free(ScanoutReadback *rb);

/**
 * scanout_readback_start - bring the copy of a picture up to date
 * @image: with a descriptor; kept alive until it is done
 * @layout: of the picture, which lies within the image; copied
 * @done: called once, never from within this function
 * @opaque: for @done
 *
 * Main loop; returns at once.  Several are done one after the other.
 */
void scanout_readback_start(ScanoutReadback *rb, ScanoutImage *image,
                            const ScanoutLayout *layout,
                            ScanoutReadbackDone done, void *opaque);

#endif
