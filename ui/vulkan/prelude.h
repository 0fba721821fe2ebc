/*
 * Vulkan presenter: the one place that includes Vulkan's headers
 *
 * No prototypes: every function comes from a table that was filled through
 * vkGetInstanceProcAddr, so that nothing links with a loader and tests can
 * answer instead of a driver.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef UI_VULKAN_PRELUDE_H
#define UI_VULKAN_PRELUDE_H

#define VK_NO_PROTOTYPES
#include <vulkan/vulkan.h>

#endif
