/*
 * What every layer for tests needs: the layer or driver below it
 *
 * Shared by the layers for tests, and by nothing that they test.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef VULKAN_TEST_LINK_H
#define VULKAN_TEST_LINK_H

#include <vulkan/vulkan.h>
#include <vulkan/vk_layer.h>

/**
 * link_instance - what the loader put below this layer
 * @info: of vkCreateInstance; its chain is moved on for the next layer
 *
 * Return: vkGetInstanceProcAddr of the next layer; NULL when there is none.
 */
PFN_vkGetInstanceProcAddr link_instance(const VkInstanceCreateInfo *info);

/**
 * link_device - the same for a device
 * @create: set to the next layer's vkCreateDevice
 */
PFN_vkGetDeviceProcAddr link_device(const VkDeviceCreateInfo *info,
                                    VkInstance instance,
                                    PFN_vkCreateDevice *create);

#endif
