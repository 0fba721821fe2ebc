/*
 * A Vulkan that answers what a test tells it to: windows and swapchains
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/lockable.h"
#include "vulkan-script-int.h"

#define SCRIPT_IMAGES 3

static VkResult script_support(VkPhysicalDevice physical, uint32_t family,
                               VkSurfaceKHR surface, VkBool32 *out)
{
    *out = family == 1;
    return VK_SUCCESS;
}

static VkResult script_capabilities(VkPhysicalDevice physical,
                                    VkSurfaceKHR surface,
                                    VkSurfaceCapabilitiesKHR *caps)
{
    QEMU_LOCK_GUARD(&vulkan_script()->lock);
    *caps = (VkSurfaceCapabilitiesKHR) {
        .minImageCount = 2,
        .currentExtent = vulkan_script()->config.extent,
        .minImageExtent = { 1, 1 },
        .maxImageExtent = { 16384, 16384 },
        .supportedCompositeAlpha = VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR,
        .supportedUsageFlags = VK_IMAGE_USAGE_TRANSFER_DST_BIT,
    };
    return vulkan_script_call_locked(SCRIPT_CAPABILITIES);
}

static VkResult script_formats(VkPhysicalDevice physical, VkSurfaceKHR surface,
                               uint32_t *count, VkSurfaceFormatKHR *list)
{
    uint32_t n;

    for (n = 0; n < 4 && vulkan_script()->config.formats[n]; n++) {
        if (list) {
            list[n] = (VkSurfaceFormatKHR) {
                .format = vulkan_script()->config.formats[n],
                .colorSpace = VK_COLOR_SPACE_SRGB_NONLINEAR_KHR,
            };
        }
    }
    *count = n;
    return VK_SUCCESS;
}

static VkResult script_modes(VkPhysicalDevice physical, VkSurfaceKHR surface,
                             uint32_t *count, VkPresentModeKHR *list)
{
    *count = 1 + vulkan_script()->config.has_mailbox;
    if (list) {
        list[0] = VK_PRESENT_MODE_FIFO_KHR;
        if (vulkan_script()->config.has_mailbox) {
            list[1] = VK_PRESENT_MODE_MAILBOX_KHR;
        }
    }
    return VK_SUCCESS;
}

static VkResult script_create_swapchain(VkDevice dev,
                                        const VkSwapchainCreateInfoKHR *info,
                                        const VkAllocationCallbacks *alloc,
                                        VkSwapchainKHR *out)
{
    VkResult res;

    QEMU_LOCK_GUARD(&vulkan_script()->lock);
    res = vulkan_script_call_locked(SCRIPT_CREATE_SWAPCHAIN);
    if (res == VK_SUCCESS) {
        vulkan_script()->log.extent = info->imageExtent;
        vulkan_script()->log.mode = info->presentMode;
        vulkan_script()->log.format = info->imageFormat;
        vulkan_script()->log.had_old = info->oldSwapchain != VK_NULL_HANDLE;
        *(uint64_t *)out = vulkan_script_new_locked();
    }
    return res;
}

static VkResult script_images(VkDevice dev, VkSwapchainKHR sc, uint32_t *count,
                              VkImage *list)
{
    uint32_t i;

    *count = SCRIPT_IMAGES;
    for (i = 0; list && i < SCRIPT_IMAGES; i++) {
        *(uint64_t *)&list[i] = i + 1;
    }
    return VK_SUCCESS;
}

static VkResult script_acquire(VkDevice dev, VkSwapchainKHR sc, uint64_t ns,
                               VkSemaphore semaphore, VkFence fence,
                               uint32_t *index)
{
    QEMU_LOCK_GUARD(&vulkan_script()->lock);
    *index = ++vulkan_script()->next_image % SCRIPT_IMAGES;
    return vulkan_script_call_locked(SCRIPT_ACQUIRE);
}

static VkResult script_present(VkQueue queue, const VkPresentInfoKHR *info)
{
    return vulkan_script_call(SCRIPT_PRESENT);
}

PFN_vkVoidFunction vulkan_script_window_proc(const char *name)
{
    static const struct {
        const char *name;
        PFN_vkVoidFunction function;
    } procs[] = {
        PROC("GetPhysicalDeviceSurfaceSupportKHR", script_support),
        PROC("GetPhysicalDeviceSurfaceCapabilitiesKHR", script_capabilities),
        PROC("GetPhysicalDeviceSurfaceFormatsKHR", script_formats),
        PROC("GetPhysicalDeviceSurfacePresentModesKHR", script_modes),
        PROC("CreateSwapchainKHR", script_create_swapchain),
        PROC("GetSwapchainImagesKHR", script_images),
        PROC("AcquireNextImageKHR", script_acquire),
        PROC("QueuePresentKHR", script_present),
    };
    int i;

    for (i = 0; i < ARRAY_SIZE(procs); i++) {
        if (g_str_equal(procs[i].name, name)) {
            return procs[i].function;
        }
    }
    return NULL;
}
