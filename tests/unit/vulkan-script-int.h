/*
 * A Vulkan that answers what a test tells it to: what its files share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_VULKAN_SCRIPT_INT_H
#define TESTS_UNIT_VULKAN_SCRIPT_INT_H

#include "qemu/thread.h"
#include "vulkan-script.h"

typedef struct VulkanScript {
    QemuMutex lock;             /* of everything below */
    bool is_started;
    VulkanScriptConfig config;
    VulkanScriptLog log;
    struct {
        VkResult res;
        unsigned times;
        unsigned calls;
    } calls[SCRIPT__MAX];
    bool has_surfaces;          /* extension of the instance is enabled */
    bool has_swapchains;        /* extension of the device is enabled */
    int alive;
    uint64_t next_handle;
    uint32_t next_image;
    uint32_t *map;              /* the last memory that was mapped */
} VulkanScript;

/** vulkan_script - the one there is */
VulkanScript *vulkan_script(void);

/** vulkan_script_call - count a call: the result it is to have */
VkResult vulkan_script_call(VulkanScriptCall call);
VkResult vulkan_script_call_locked(VulkanScriptCall call);

#define PROC(name, function) { "vk" name, (PFN_vkVoidFunction)function }

/** vulkan_script_window_proc - a function of windows and swapchains, or NULL */
PFN_vkVoidFunction vulkan_script_window_proc(const char *name);

/** vulkan_script_new - make an object, whose handle goes to @out */
VkResult vulkan_script_new(void *out);
uint64_t vulkan_script_new_locked(void);

/** vulkan_script_delete - destroy an object; 0 is none */
void vulkan_script_delete(uint64_t handle);

#endif
