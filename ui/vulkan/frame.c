/*
 * Vulkan presenter: one picture to show
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/atomic.h"
#include "qemu/lockable.h"
#include "frame.h"

#define FRAME_BPP 4             /* bytes of a pixel that Vulkan reads */

typedef struct VulkanFormatDesc {
    pixman_format_code_t pixman;
    VkFormat format;
    bool skips_first_byte;
} VulkanFormatDesc;

/* PIXMAN_BE_*: the letters are in the order of bytes in memory, as Vulkan's. */
static const VulkanFormatDesc vulkan_formats[] = {
    { PIXMAN_BE_b8g8r8a8, VK_FORMAT_B8G8R8A8_UNORM, false },
    { PIXMAN_BE_b8g8r8x8, VK_FORMAT_B8G8R8A8_UNORM, false },
    { PIXMAN_BE_r8g8b8a8, VK_FORMAT_R8G8B8A8_UNORM, false },
    { PIXMAN_BE_r8g8b8x8, VK_FORMAT_R8G8B8A8_UNORM, false },
    { PIXMAN_BE_a8r8g8b8, VK_FORMAT_R8G8B8A8_UNORM, true },
    { PIXMAN_BE_x8r8g8b8, VK_FORMAT_R8G8B8A8_UNORM, true },
    { PIXMAN_BE_a8b8g8r8, VK_FORMAT_B8G8R8A8_UNORM, true },
    { PIXMAN_BE_x8b8g8r8, VK_FORMAT_B8G8R8A8_UNORM, true },
    { PIXMAN_a2r10g10b10, VK_FORMAT_A2R10G10B10_UNORM_PACK32, false },
    { PIXMAN_x2r10g10b10, VK_FORMAT_A2R10G10B10_UNORM_PACK32, false },
    { PIXMAN_a2b10g10r10, VK_FORMAT_A2B10G10R10_UNORM_PACK32, false },
    { PIXMAN_x2b10g10r10, VK_FORMAT_A2B10G10R10_UNORM_PACK32, false },
};

/* What everything else (16 bits a pixel, 24 bits) is converted to */
#define CONVERTED_FORMAT PIXMAN_BE_b8g8r8x8

static const VulkanFormatDesc *vulkan_format_find(pixman_format_code_t code)
{
    int i;

    for (i = 0; i < ARRAY_SIZE(vulkan_formats); i++) {
        if (vulkan_formats[i].pixman == code) {
            return &vulkan_formats[i];
        }
    }
    return NULL;
}

static VulkanFrame *vulkan_frame_alloc(void)
{
    VulkanFrame *frame = g_new0(VulkanFrame, 1);

    qemu_mutex_init(&frame->lock);
    frame->ref = 1;
    return frame;
}

VulkanFrame *vulkan_frame_new(DisplaySurface *surface)
{
    VulkanFrame *frame = vulkan_frame_alloc();
    const VulkanFormatDesc *desc = vulkan_format_find(surface_format(surface));

    frame->width = surface_width(surface);
    frame->height = surface_height(surface);
    frame->stride = surface_stride(surface);
    frame->pixman_format = surface_format(surface);
    frame->needs_conversion = !desc;
    frame->format = desc ? desc->format : VK_FORMAT_B8G8R8A8_UNORM;
    frame->skips_first_byte = desc && desc->skips_first_byte;
    frame->data = surface_data(surface);
    if (surface->scanout_image) {
        frame->image = scanout_image_ref(surface->scanout_image);
        frame->offset = frame->data -
                        (uint8_t *)scanout_image_ptr(frame->image);
    }
    return frame;
}

VulkanFrame *vulkan_frame_new_raw(ScanoutImage *image, uint32_t width,
                                  uint32_t height, uint32_t stride,
                                  uint64_t offset)
{
    VulkanFrame *frame = vulkan_frame_alloc();

    frame->width = width;
    frame->height = height;
    frame->stride = stride;
    frame->pixman_format = PIXMAN_BE_b8g8r8a8;
    frame->format = VK_FORMAT_B8G8R8A8_UNORM;
    frame->image = scanout_image_ref(image);
    frame->offset = offset;
    frame->data = (uint8_t *)scanout_image_ptr(image) + offset;
    return frame;
}

VulkanFrame *vulkan_frame_ref(VulkanFrame *frame)
{
    qatomic_inc(&frame->ref);
    return frame;
}

void vulkan_frame_unref(VulkanFrame *frame)
{
    if (!frame || qatomic_fetch_dec(&frame->ref) != 1) {
        return;
    }
    scanout_image_unref(frame->image);
    qemu_mutex_destroy(&frame->lock);
    g_free(frame);
}

void vulkan_frame_revoke(VulkanFrame *frame)
{
    if (frame && !frame->image) {
        QEMU_LOCK_GUARD(&frame->lock);
        frame->data = NULL;
    }
}

/* @box of the frame, with the bytes as they are */
static void vulkan_frame_copy(const VulkanFrame *frame,
                              const pixman_box32_t *box, uint8_t *dst)
{
    size_t skip = frame->skips_first_byte;
    size_t line = (size_t)(box->x2 - box->x1) * FRAME_BPP - skip;
    int32_t y;

    for (y = box->y1; y < box->y2; y++) {
        size_t x = (size_t)box->x1 * FRAME_BPP;

        memcpy(dst + (size_t)y * frame->width * FRAME_BPP + x,
               frame->data + (size_t)y * frame->stride + x + skip, line);
    }
}

static void vulkan_frame_convert(const VulkanFrame *frame,
                                 const pixman_box32_t *box, uint8_t *dst)
{
    pixman_image_t *from, *to;

    from = pixman_image_create_bits_no_clear(frame->pixman_format,
                                             frame->width, frame->height,
                                             (void *)frame->data,
                                             frame->stride);
    to = pixman_image_create_bits_no_clear(CONVERTED_FORMAT, frame->width,
                                           frame->height, (void *)dst,
                                           frame->width * FRAME_BPP);
    pixman_image_composite32(PIXMAN_OP_SRC, from, NULL, to, box->x1, box->y1,
                             0, 0, box->x1, box->y1, box->x2 - box->x1,
                             box->y2 - box->y1);
    pixman_image_unref(from);
    pixman_image_unref(to);
}

uint64_t vulkan_frame_read(VulkanFrame *frame, pixman_region32_t *region,
                           bool convert, uint8_t *dst)
{
    const pixman_box32_t *boxes;
    uint64_t pixels = 0;
    int count, i;

    QEMU_LOCK_GUARD(&frame->lock);
    if (!frame->data) {
        return 0;
    }
    boxes = pixman_region32_rectangles(region, &count);
    for (i = 0; i < count; i++) {
        if (convert || frame->needs_conversion) {
            vulkan_frame_convert(frame, &boxes[i], dst);
        } else {
            vulkan_frame_copy(frame, &boxes[i], dst);
        }
        pixels += (uint64_t)(boxes[i].x2 - boxes[i].x1) *
                  (boxes[i].y2 - boxes[i].y1);
    }
    return pixels;
}
