/*
 * Vulkan presenter: the instance
 *
 * One for all windows of a display.  It knows no device and no window.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef UI_VULKAN_INSTANCE_H
#define UI_VULKAN_INSTANCE_H

#include "prelude.h"

typedef struct VulkanInstanceFns {
#define VULKAN_FN(name) PFN_vk##name name;
#define VULKAN_FN_OPTIONAL(name) PFN_vk##name name;
#include "instance-fns.h.inc"
#undef VULKAN_FN
#undef VULKAN_FN_OPTIONAL
} VulkanInstanceFns;

/* A member of a table of functions, such as VulkanInstanceFns */
typedef struct VulkanFn {
    const char *name;           /* with "vk" */
    size_t offset;              /* in the table, bytes */
    bool required;
} VulkanFn;

/* Constant once made; any thread may use it. */
typedef struct VulkanInstance {
    VkInstance handle;          /* owned */
    PFN_vkGetInstanceProcAddr get_proc;
    VulkanInstanceFns vk;
} VulkanInstance;

/**
 * vulkan_instance_new - load a Vulkan instance
 * @get_proc: the loader's vkGetInstanceProcAddr
 * @extensions: instance extensions that the window system needs
 * @count: of @extensions
 * @errp: set when there is no driver, no device, or an extension is missing
 *
 * Vulkan 1.1.  Drivers that are only portable (MoltenVK) are taken as well,
 * where the loader wants to be asked for them.
 *
 * Return: an instance with at least one physical device, NULL on failure.
 */
VulkanInstance *vulkan_instance_new(PFN_vkGetInstanceProcAddr get_proc,
                                    const char *const *extensions,
                                    unsigned count, Error **errp);

/** vulkan_instance_free - all made of it is gone; NULL is allowed */
void vulkan_instance_free(VulkanInstance *instance);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VulkanInstance, vulkan_instance_free)

/**
 * vulkan_instance_destroy_surface - give a window's surface back
 * @surface: not used by any swapchain any more; VK_NULL_HANDLE is fine
 */
void vulkan_instance_destroy_surface(VulkanInstance *instance,
                                     VkSurfaceKHR surface);

/**
 * vulkan_fns_load - fill a table of functions
 * @table: what the offsets in @fns are counted from
 * @get: looks a function of @owner up, NULL where there is none
 *
 * Return: the name of a required function that is missing; NULL: all are there.
 */
const char *vulkan_fns_load(void *table, const VulkanFn *fns, unsigned count,
                            PFN_vkVoidFunction (*get)(void *owner,
                                                      const char *name),
                            void *owner);

/**
 * vulkan_extension_listed - look an extension up
 * @list: what the driver or loader has
 * @count: of @list
 * @name: the extension
 */
bool vulkan_extension_listed(const VkExtensionProperties *list,
                             uint32_t count, const char *name);

#endif
