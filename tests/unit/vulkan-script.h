/*
 * A Vulkan that answers what a test tells it to
 *
 * Its objects are numbers, its commands do nothing, its frames are done at
 * once.  What it copies to a buffer are the numbers of the pixels.  It counts
 * calls and living objects, and may be asked from any thread.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_VULKAN_SCRIPT_H
#define TESTS_UNIT_VULKAN_SCRIPT_H

#include "ui/vulkan/prelude.h"

/* Calls whose result can be set */
typedef enum VulkanScriptCall {
    SCRIPT_CREATE_INSTANCE,
    SCRIPT_CREATE_DEVICE,
    SCRIPT_CAPABILITIES,
    SCRIPT_CREATE_SWAPCHAIN,
    SCRIPT_ACQUIRE,
    SCRIPT_SUBMIT,
    SCRIPT_PRESENT,
    SCRIPT_WAIT,                /* vkWaitForFences with a timeout */
    SCRIPT_POLL,                /* the same with none */
    SCRIPT_ALLOCATE,
    SCRIPT_HOST_POINTER,
    SCRIPT_WAIT_IDLE,
    SCRIPT__MAX,
} VulkanScriptCall;

/* What the script's device and window are; set before they are looked at */
typedef struct VulkanScriptConfig {
    bool has_portability;       /* a loader and device like MoltenVK's */
    bool has_host_pointer;
    bool has_dmabuf;
    bool has_no_device;
    bool has_no_deep_scaling;   /* of VK_FORMAT_A2R10G10B10_UNORM_PACK32 */
    bool has_mailbox;
    VkExtent2D extent;          /* of the window */
    VkFormat formats[4];        /* of the window, 0 ends them */
} VulkanScriptConfig;

typedef struct VulkanScriptLog {
    VkInstanceCreateFlags instance_flags;
    bool asked_portability;     /* instance extension was enabled */
    bool enabled_subset;        /* device extension was enabled */
    VkExtent2D extent;          /* of the last swapchain */
    VkPresentModeKHR mode;      /* of the last swapchain */
    VkFormat format;            /* of the last swapchain */
    bool had_old;               /* the last swapchain replaced one */
    unsigned copies, blits, clears;
    unsigned dmabufs;           /* descriptors imported, and closed */
} VulkanScriptLog;

/** vulkan_script_start - forget everything, take @config */
void vulkan_script_start(const VulkanScriptConfig *config);

/** vulkan_script_resize - the window has another size now */
void vulkan_script_resize(uint32_t width, uint32_t height);

/** vulkan_script_answer - the next @times calls have this result */
void vulkan_script_answer(VulkanScriptCall call, VkResult res,
                          unsigned times);

/** vulkan_script_calls - how often @call was made */
unsigned vulkan_script_calls(VulkanScriptCall call);

/** vulkan_script_log - what was asked for so far */
VulkanScriptLog vulkan_script_log(void);

/** vulkan_script_alive - objects created and not yet destroyed */
int vulkan_script_alive(void);

/** vulkan_script_surface - an object that stands for a window's surface */
VkSurfaceKHR vulkan_script_surface(void);

/** vulkan_script_get_proc - the loader's entry */
PFN_vkVoidFunction VKAPI_CALL vulkan_script_get_proc(VkInstance instance,
                                                     const char *name);

#endif
