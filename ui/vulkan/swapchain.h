/*
 * Vulkan presenter: the images of a window
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef UI_VULKAN_SWAPCHAIN_H
#define UI_VULKAN_SWAPCHAIN_H

#include "device.h"

/* What a result of acquiring or presenting means, decided in one place */
typedef enum VulkanPresentStatus {
    VULKAN_PRESENT_OK,          /* on its way to the screen */
    VULKAN_PRESENT_STALE,       /* shown, but recreate before the next frame */
    VULKAN_PRESENT_BUSY,        /* no image is free yet */
    VULKAN_PRESENT_HIDDEN,      /* nothing to see until something changes */
    VULKAN_PRESENT_RECREATE,    /* not shown: recreate, and show it again */
    VULKAN_PRESENT_NO_SURFACE,  /* the window has to give a new surface */
    VULKAN_PRESENT_NO_DEVICE,   /* the device is lost, or has failed */
} VulkanPresentStatus;

/** vulkan_present_status - classify what Vulkan answered */
VulkanPresentStatus vulkan_present_status(VkResult res);

typedef struct VulkanSwapchainConfig {
    VkSurfaceKHR surface;       /* borrowed */
    VkExtent2D extent;          /* for surfaces that leave the size to us */
    VkPresentModeKHR mode;      /* FIFO is taken where it is not offered */
    VkFormat format;            /* of the pictures: to be matched if possible */
} VulkanSwapchainConfig;

/* One thread, which made it, uses it. */
typedef struct VulkanSwapchain {
    VulkanDevice *dev;          /* borrowed, outlives the swapchain */
    VkSwapchainKHR handle;      /* owned */
    VkFormat format;
    VkPresentModeKHR mode;
    VkExtent2D extent;
    uint32_t count;
    VkImage *images;            /* @count, of the swapchain */
    VkSemaphore *drawn;         /* @count, owned: present waits for them */
    uint64_t retired_at;        /* submission after which it was replaced */
} VulkanSwapchain;

/**
 * vulkan_swapchain_choose_format - the best format a surface offers
 * @offered: by the surface
 * @count: of @offered
 * @wanted: format of the pictures
 * @out: the format chosen
 *
 * Pixels are the guest's and already encoded for an sRGB screen, so a format
 * that stores them unchanged comes first; one that encodes is for last, and
 * the picture then has to be decoded when it is read.
 *
 * Return: false when there is none that can be used.
 */
bool vulkan_swapchain_choose_format(const VkSurfaceFormatKHR *offered,
                                    uint32_t count, VkFormat wanted,
                                    VkSurfaceFormatKHR *out);

/** vulkan_format_is_srgb - whether values are encoded when they are written */
bool vulkan_format_is_srgb(VkFormat format);

/**
 * vulkan_swapchain_new - make the images of a window
 * @dev: outlives the swapchain
 * @config: what is wanted
 * @old: is replaced, or NULL; it stays the caller's, who may free it when the
 *       device and the screen are done with it
 * @out: the swapchain
 *
 * Return: VK_SUCCESS; VK_NOT_READY when the window has no area; else what
 * went wrong.  @old must not be used for drawing in any case.
 */
VkResult vulkan_swapchain_new(VulkanDevice *dev,
                              const VulkanSwapchainConfig *config,
                              const VulkanSwapchain *old,
                              VulkanSwapchain **out);

/** vulkan_swapchain_free - the device is done with it; NULL is allowed */
void vulkan_swapchain_free(VulkanSwapchain *sc);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VulkanSwapchain, vulkan_swapchain_free)

#endif
