/*
 * Vulkan presenter: pictures read back on a thread
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef UI_VULKAN_READBACK_H
#define UI_VULKAN_READBACK_H

#include "ui/scanout-readback.h"
#include "prelude.h"

/**
 * vulkan_readback_new - scanout_readback_new() with a loader
 * @get_proc: the loader's vkGetInstanceProcAddr
 */
ScanoutReadback *vulkan_readback_new(PFN_vkGetInstanceProcAddr get_proc);

#endif
