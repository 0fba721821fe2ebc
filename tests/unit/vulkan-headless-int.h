/*
 * A Vulkan driver of this machine: what the files of it share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_VULKAN_HEADLESS_INT_H
#define TESTS_UNIT_VULKAN_HEADLESS_INT_H

#include "qemu/thread.h"
#include "ui/vulkan/buffer.h"
#include "vulkan-headless.h"

#define HEADLESS_DEVICES 4
#define HEADLESS_SURFACES 4
#define HEADLESS_SWAPCHAINS 16

/* What vkQueuePresentKHR was called with */
typedef struct HeadlessPresent {
    VkSwapchainKHR swapchain;
    VkSemaphore drawn;
    uint32_t index;
} HeadlessPresent;

/* A device of a presenter; its thread alone uses it. */
typedef struct HeadlessDevice {
    VulkanDevice dev;           /* of the driver, with functions of its own */
    VkCommandBuffer cmd;
    VkFence done;               /* owned */
    /* What a frame is read back to; made anew when it is too small */
    VulkanBuffer buffer;
    VkDeviceSize size;          /* bytes of @buffer */
    HeadlessPresent held;       /* put off until the gate opens, or zero */
} HeadlessDevice;

typedef struct HeadlessSurface {
    VkSurfaceKHR handle;
    Canvas *shot;               /* owned; what was last presented, or NULL */
    Canvas *held_shot;          /* owned; the same of one that was put off */
} HeadlessSurface;

typedef struct HeadlessSwapchain {
    VkSwapchainKHR handle;
    VkSurfaceKHR surface;
    VkFormat format;
    VkExtent2D extent;
} HeadlessSwapchain;

/* Work that waits for the host */
typedef struct HeadlessGate {
    bool is_wanted;
    VulkanDevice *dev;          /* that stands at it, or NULL */
    VkSemaphore semaphore;      /* owned while @dev is set; a timeline */
} HeadlessGate;

typedef struct Headless {
    /* Constant once started */
    PFN_vkGetInstanceProcAddr loader;
    VulkanInstance *instance;
    char *why_not;              /* there is no instance */

    QemuMutex lock;             /* of everything below; Vulkan may be called */
    VkFormat offer;
    HeadlessLog log;
    HeadlessDevice *devices[HEADLESS_DEVICES];
    HeadlessSurface surfaces[HEADLESS_SURFACES];
    HeadlessSwapchain swapchains[HEADLESS_SWAPCHAINS];
    HeadlessGate gate;
} Headless;

/** vulkan_headless - the one there is */
Headless *vulkan_headless(void);

/** vulkan_headless_device - the one of a handle, or NULL */
HeadlessDevice *vulkan_headless_device(VkDevice handle);

/* vulkan-headless-device.c: functions that stand before the driver's */
PFN_vkVoidFunction vulkan_headless_device_proc(VkDevice handle,
                                               const char *name);
VkResult vulkan_headless_create_device(VkPhysicalDevice physical,
                                       const VkDeviceCreateInfo *info,
                                       const VkAllocationCallbacks *alloc,
                                       VkDevice *out);

/* vulkan-headless-capture.c */

/**
 * vulkan_headless_capture_init - make what reading back takes
 * @d: has its VulkanDevice
 */
void vulkan_headless_capture_init(HeadlessDevice *d);

/** vulkan_headless_capture_cleanup - free it; the device has nothing to do */
void vulkan_headless_capture_cleanup(HeadlessDevice *d);

/**
 * vulkan_headless_capture - read back an image that is about to be presented
 * @sc: its swapchain
 * @present: the image, and the semaphore to wait for
 *
 * Waits until it is done, so that nobody has to wait for that again.
 *
 * Return: a picture, NULL with @res set when the device failed.
 */
Canvas *vulkan_headless_capture(HeadlessDevice *d, const HeadlessSwapchain *sc,
                                const HeadlessPresent *present,
                                VkResult *res);

/* vulkan-headless-gate.c */

/** vulkan_headless_gate_create_device - a device that can be made to wait */
VkResult vulkan_headless_gate_create_device(PFN_vkCreateDevice create,
                                            VkPhysicalDevice physical,
                                            const VkDeviceCreateInfo *info,
                                            VkDevice *out);

/** vulkan_headless_gate_submit - submit work, behind the gate if wanted */
VkResult vulkan_headless_gate_submit(VulkanDevice *dev, uint32_t count,
                                     const VkSubmitInfo *info, VkFence fence);

/** vulkan_headless_gate_is_closed - whether work of @dev waits behind it */
bool vulkan_headless_gate_is_closed(VulkanDevice *dev);

/**
 * vulkan_headless_gate_wait - wait until work behind the gate may go on
 *
 * Its semaphores must not be waited for before that.
 */
void vulkan_headless_gate_wait(VulkanDevice *dev);

/** vulkan_headless_gate_forget - @dev is about to go, and has no work left */
void vulkan_headless_gate_forget(VulkanDevice *dev);

#endif
