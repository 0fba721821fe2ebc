/*
 * Vulkan presenter: VkResult to words
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef UI_VULKAN_RESULT_H
#define UI_VULKAN_RESULT_H

#include "qapi/error.h"
#include "prelude.h"

/** vulkan_result_name - the name of a result; a static string, never NULL */
const char *vulkan_result_name(VkResult res);

/**
 * error_setg_vulkan - set an error that ends with the name of a result
 * @errp: as for error_setg()
 * @res: what Vulkan answered
 * @fmt: what was tried, printf style
 */
void error_setg_vulkan(Error **errp, VkResult res, const char *fmt, ...)
    G_GNUC_PRINTF(3, 4);

#endif
