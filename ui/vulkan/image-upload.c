/*
 * Vulkan presenter: memory that is copied by the CPU
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "image.h"
#include "result.h"

bool vulkan_image_make_uploads(VulkanImage *image, Error **errp)
{
    VkDeviceSize size = (VkDeviceSize)image->width * image->height * 4;
    int i;

    for (i = 0; i < VULKAN_SLOTS; i++) {
        VkResult res = vulkan_buffer_init(image->dev, &image->upload[i].buffer,
                                          VK_BUFFER_USAGE_TRANSFER_SRC_BIT,
                                          size);

        if (res != VK_SUCCESS) {
            /* What there is goes with the image. */
            error_setg_vulkan(errp, res, "upload buffer of %" PRIu64 " bytes",
                              (uint64_t)size);
            return false;
        }
    }
    return true;
}
