/*
 * Vulkan presenter: VkResult to words
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "result.h"

const char *vulkan_result_name(VkResult res)
{
    static const struct {
        VkResult res;
        const char *name;
    } names[] = {
        { VK_SUCCESS, "VK_SUCCESS" },
        { VK_NOT_READY, "VK_NOT_READY" },
        { VK_TIMEOUT, "VK_TIMEOUT" },
        { VK_INCOMPLETE, "VK_INCOMPLETE" },
        { VK_SUBOPTIMAL_KHR, "VK_SUBOPTIMAL_KHR" },
        { VK_ERROR_OUT_OF_HOST_MEMORY, "VK_ERROR_OUT_OF_HOST_MEMORY" },
        { VK_ERROR_OUT_OF_DEVICE_MEMORY, "VK_ERROR_OUT_OF_DEVICE_MEMORY" },
        { VK_ERROR_INITIALIZATION_FAILED, "VK_ERROR_INITIALIZATION_FAILED" },
        { VK_ERROR_DEVICE_LOST, "VK_ERROR_DEVICE_LOST" },
        { VK_ERROR_MEMORY_MAP_FAILED, "VK_ERROR_MEMORY_MAP_FAILED" },
        { VK_ERROR_LAYER_NOT_PRESENT, "VK_ERROR_LAYER_NOT_PRESENT" },
        { VK_ERROR_EXTENSION_NOT_PRESENT, "VK_ERROR_EXTENSION_NOT_PRESENT" },
        { VK_ERROR_FEATURE_NOT_PRESENT, "VK_ERROR_FEATURE_NOT_PRESENT" },
        { VK_ERROR_INCOMPATIBLE_DRIVER, "VK_ERROR_INCOMPATIBLE_DRIVER" },
        { VK_ERROR_TOO_MANY_OBJECTS, "VK_ERROR_TOO_MANY_OBJECTS" },
        { VK_ERROR_FORMAT_NOT_SUPPORTED, "VK_ERROR_FORMAT_NOT_SUPPORTED" },
        { VK_ERROR_SURFACE_LOST_KHR, "VK_ERROR_SURFACE_LOST_KHR" },
        { VK_ERROR_NATIVE_WINDOW_IN_USE_KHR,
          "VK_ERROR_NATIVE_WINDOW_IN_USE_KHR" },
        { VK_ERROR_OUT_OF_DATE_KHR, "VK_ERROR_OUT_OF_DATE_KHR" },
        { VK_ERROR_INVALID_EXTERNAL_HANDLE,
          "VK_ERROR_INVALID_EXTERNAL_HANDLE" },
    };
    int i;

    for (i = 0; i < ARRAY_SIZE(names); i++) {
        if (names[i].res == res) {
            return names[i].name;
        }
    }
    return "an unknown VkResult";
}

void error_setg_vulkan(Error **errp, VkResult res, const char *fmt, ...)
{
    g_autofree char *what = NULL;
    va_list ap;

    va_start(ap, fmt);
    what = g_strdup_vprintf(fmt, ap);
    va_end(ap);
    error_setg(errp, "%s: %s (%d)", what, vulkan_result_name(res), res);
}
