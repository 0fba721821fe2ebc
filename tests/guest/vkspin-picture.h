/*
 * An image that vkspin draws a frame into, plain or shared with the display.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef VKSPIN_PICTURE_H
#define VKSPIN_PICTURE_H

#include "gpu.h"
#include "prog.h"

typedef struct SpinPicture {
    GpuImage image;             /* no view where it is not drawn into */
    GpuImage drawn;             /* what is, and then copied; or none */
    uint32_t width;
    uint32_t height;
    uint32_t stride;            /* bytes; only of shared ones */
    VkFramebuffer framebuffer;  /* owned; the caller fills it in */
} SpinPicture;

/* Exits with a message on failure. */
void spin_picture_init(SpinPicture *pic, const GpuDevice *gpu, uint32_t width,
                       uint32_t height);

/*
 * Linear, in memory of its own that other drivers can take: @fd is the
 * dma-buf, which the caller closes.  With @gpu_copy, or where the device does
 * not draw into linear images, it has an image beside it that is drawn into.
 * False with a reason when the driver cannot do that.
 */
bool spin_picture_init_shared(SpinPicture *pic, const GpuDevice *gpu,
                              uint32_t width, uint32_t height, bool gpu_copy,
                              int *fd, ProgReason *why);

/* What a framebuffer is for. */
VkImageView spin_picture_view(const SpinPicture *pic);

/*
 * Has the device copy what was drawn, in TRANSFER_SRC_OPTIMAL, into a shared
 * picture.  Only of those with an image beside them.
 */
void spin_picture_copy(const SpinPicture *pic, VkCommandBuffer cmd);

/* Accepts an empty picture. */
void spin_picture_cleanup(SpinPicture *pic, const GpuDevice *gpu);

/* Hands a shared picture, in VK_IMAGE_LAYOUT_GENERAL, to the display... */
void spin_picture_release(const SpinPicture *pic, const GpuDevice *gpu,
                          VkCommandBuffer cmd);

/* ...and takes it back with its contents, for reading them. */
void spin_picture_acquire(const SpinPicture *pic, const GpuDevice *gpu,
                          VkCommandBuffer cmd);

#endif
