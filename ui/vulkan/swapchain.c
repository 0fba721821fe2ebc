/*
 * Vulkan presenter: the images of a window
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "swapchain.h"
#include "trace.h"

/* What vkGetPhysicalDeviceSurfaceCapabilitiesKHR says for "you choose" */
#define EXTENT_IS_OURS UINT32_MAX

VulkanPresentStatus vulkan_present_status(VkResult res)
{
    switch (res) {
    case VK_SUCCESS:
        return VULKAN_PRESENT_OK;
    case VK_SUBOPTIMAL_KHR:
        return VULKAN_PRESENT_STALE;
    case VK_TIMEOUT:
    case VK_NOT_READY:
        return VULKAN_PRESENT_BUSY;
    case VK_ERROR_OUT_OF_DATE_KHR:
    case VK_ERROR_FULL_SCREEN_EXCLUSIVE_MODE_LOST_EXT:
        return VULKAN_PRESENT_RECREATE;
    case VK_ERROR_SURFACE_LOST_KHR:
    case VK_ERROR_NATIVE_WINDOW_IN_USE_KHR:
        return VULKAN_PRESENT_NO_SURFACE;
    case VK_ERROR_DEVICE_LOST:
    default:
        /* Out of memory and the like: a new device frees what the old had. */
        return VULKAN_PRESENT_NO_DEVICE;
    }
}

bool vulkan_format_is_srgb(VkFormat format)
{
    return format == VK_FORMAT_B8G8R8A8_SRGB ||
           format == VK_FORMAT_R8G8B8A8_SRGB;
}

static bool vulkan_format_is_deep(VkFormat format)
{
    return format == VK_FORMAT_A2R10G10B10_UNORM_PACK32 ||
           format == VK_FORMAT_A2B10G10R10_UNORM_PACK32;
}

/* The smaller the better; 0 is not usable. */
static unsigned vulkan_format_rank(VkFormat format, VkFormat wanted)
{
    if (format == wanted) {
        return 1;
    }
    if (vulkan_format_is_deep(format)) {
        return vulkan_format_is_deep(wanted) ? 2 : 5;
    }
    switch (format) {
    case VK_FORMAT_B8G8R8A8_UNORM:
        return 3;
    case VK_FORMAT_R8G8B8A8_UNORM:
        return 4;
    case VK_FORMAT_B8G8R8A8_SRGB:
        return 6;
    case VK_FORMAT_R8G8B8A8_SRGB:
        return 7;
    default:
        return 0;
    }
}

bool vulkan_swapchain_choose_format(const VkSurfaceFormatKHR *offered,
                                    uint32_t count, VkFormat wanted,
                                    VkSurfaceFormatKHR *out)
{
    unsigned best = 0;
    uint32_t i;

    for (i = 0; i < count; i++) {
        unsigned rank = vulkan_format_rank(offered[i].format, wanted);

        if (offered[i].colorSpace != VK_COLOR_SPACE_SRGB_NONLINEAR_KHR) {
            continue;
        }
        if (rank && (!best || rank < best)) {
            best = rank;
            *out = offered[i];
        }
    }
    return best;
}

static VkResult vulkan_swapchain_format(VulkanDevice *dev,
                                        const VulkanSwapchainConfig *config,
                                        VkSurfaceFormatKHR *out)
{
    VulkanInstance *in = dev->instance;
    g_autofree VkSurfaceFormatKHR *list = NULL;
    uint32_t count = 0;
    VkResult res;

    res = in->vk.GetPhysicalDeviceSurfaceFormatsKHR(dev->physical,
                                                    config->surface, &count,
                                                    NULL);
    if (res != VK_SUCCESS) {
        return res;
    }
    list = g_new0(VkSurfaceFormatKHR, count);
    res = in->vk.GetPhysicalDeviceSurfaceFormatsKHR(dev->physical,
                                                    config->surface, &count,
                                                    list);
    if (res != VK_SUCCESS && res != VK_INCOMPLETE) {
        return res;
    }
    return vulkan_swapchain_choose_format(list, count, config->format, out) ?
           VK_SUCCESS : VK_ERROR_FORMAT_NOT_SUPPORTED;
}

/* Every surface has FIFO. */
static VkPresentModeKHR vulkan_swapchain_mode(VulkanDevice *dev,
                                              const VulkanSwapchainConfig *c)
{
    VulkanInstance *in = dev->instance;
    g_autofree VkPresentModeKHR *list = NULL;
    uint32_t count = 0;
    uint32_t i;

    if (in->vk.GetPhysicalDeviceSurfacePresentModesKHR(
            dev->physical, c->surface, &count, NULL) != VK_SUCCESS) {
        return VK_PRESENT_MODE_FIFO_KHR;
    }
    list = g_new0(VkPresentModeKHR, count);
    if (in->vk.GetPhysicalDeviceSurfacePresentModesKHR(
            dev->physical, c->surface, &count, list) < 0) {
        return VK_PRESENT_MODE_FIFO_KHR;
    }
    for (i = 0; i < count; i++) {
        if (list[i] == c->mode) {
            return c->mode;
        }
    }
    return VK_PRESENT_MODE_FIFO_KHR;
}

static VkCompositeAlphaFlagBitsKHR
vulkan_swapchain_alpha(VkCompositeAlphaFlagsKHR supported)
{
    if (supported & VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR) {
        return VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR;
    }
    /* Whatever there is: its lowest bit. */
    return supported & -supported;
}

static VkExtent2D vulkan_swapchain_extent(const VkSurfaceCapabilitiesKHR *caps,
                                          VkExtent2D wanted)
{
    VkExtent2D min = caps->minImageExtent;
    VkExtent2D max = caps->maxImageExtent;

    if (caps->currentExtent.width != EXTENT_IS_OURS) {
        return caps->currentExtent;
    }
    if (!wanted.width || !wanted.height) {
        return (VkExtent2D) {};
    }
    return (VkExtent2D) {
        .width = MIN(MAX(wanted.width, min.width), max.width),
        .height = MIN(MAX(wanted.height, min.height), max.height),
    };
}

static VkResult vulkan_swapchain_create(VulkanSwapchain *sc,
                                        const VulkanSwapchainConfig *config,
                                        const VkSurfaceCapabilitiesKHR *caps,
                                        const VulkanSwapchain *old)
{
    VkSurfaceFormatKHR format;
    VkSwapchainCreateInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_SWAPCHAIN_CREATE_INFO_KHR,
        .surface = config->surface,
        .imageArrayLayers = 1,
        .imageUsage = VK_IMAGE_USAGE_TRANSFER_DST_BIT,
        .imageSharingMode = VK_SHARING_MODE_EXCLUSIVE,
        .preTransform = caps->currentTransform,
        .compositeAlpha = vulkan_swapchain_alpha(caps->supportedCompositeAlpha),
        .clipped = VK_TRUE,
        .oldSwapchain = old ? old->handle : VK_NULL_HANDLE,
    };
    VulkanDevice *dev = sc->dev;
    VkResult res;

    if (!(caps->supportedUsageFlags & VK_IMAGE_USAGE_TRANSFER_DST_BIT)) {
        return VK_ERROR_FEATURE_NOT_PRESENT;
    }
    res = vulkan_swapchain_format(dev, config, &format);
    if (res != VK_SUCCESS) {
        return res;
    }
    sc->format = format.format;
    sc->mode = vulkan_swapchain_mode(dev, config);
    sc->extent = vulkan_swapchain_extent(caps, config->extent);

    /* One on the screen, one waiting for it, one to draw into */
    info.minImageCount = MAX(caps->minImageCount + 1, 3);
    if (caps->maxImageCount) {
        info.minImageCount = MIN(info.minImageCount, caps->maxImageCount);
    }
    info.imageFormat = format.format;
    info.imageColorSpace = format.colorSpace;
    info.imageExtent = sc->extent;
    info.presentMode = sc->mode;
    res = dev->vk.CreateSwapchainKHR(dev->handle, &info, NULL, &sc->handle);
    if (res != VK_SUCCESS) {
        sc->handle = VK_NULL_HANDLE;
    }
    return res;
}

static VkResult vulkan_swapchain_get_images(VulkanSwapchain *sc)
{
    const VkSemaphoreCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
    };
    VulkanDevice *dev = sc->dev;
    uint32_t count = 0;
    VkResult res;
    uint32_t i;

    res = dev->vk.GetSwapchainImagesKHR(dev->handle, sc->handle, &count, NULL);
    if (res != VK_SUCCESS) {
        return res;
    }
    sc->images = g_new0(VkImage, count);
    sc->drawn = g_new0(VkSemaphore, count);
    sc->count = count;
    res = dev->vk.GetSwapchainImagesKHR(dev->handle, sc->handle, &count,
                                        sc->images);
    for (i = 0; i < sc->count && res == VK_SUCCESS; i++) {
        res = dev->vk.CreateSemaphore(dev->handle, &info, NULL, &sc->drawn[i]);
        if (res != VK_SUCCESS) {
            sc->drawn[i] = VK_NULL_HANDLE;
        }
    }
    return res;
}

VkResult vulkan_swapchain_new(VulkanDevice *dev,
                              const VulkanSwapchainConfig *config,
                              const VulkanSwapchain *old,
                              VulkanSwapchain **out)
{
    g_autoptr(VulkanSwapchain) sc = g_new0(VulkanSwapchain, 1);
    VkSurfaceCapabilitiesKHR caps;
    VkExtent2D extent;
    VkResult res;

    sc->dev = dev;
    res = dev->instance->vk.GetPhysicalDeviceSurfaceCapabilitiesKHR(
        dev->physical, config->surface, &caps);
    if (res != VK_SUCCESS) {
        return res;
    }
    extent = vulkan_swapchain_extent(&caps, config->extent);
    if (!extent.width || !extent.height) {
        return VK_NOT_READY;
    }
    res = vulkan_swapchain_create(sc, config, &caps, old);
    if (res == VK_SUCCESS) {
        res = vulkan_swapchain_get_images(sc);
    }
    if (res != VK_SUCCESS) {
        return res;
    }
    trace_vulkan_swapchain_new(sc, sc->extent.width, sc->extent.height,
                               sc->count, sc->format, sc->mode);
    *out = g_steal_pointer(&sc);
    return VK_SUCCESS;
}

void vulkan_swapchain_free(VulkanSwapchain *sc)
{
    uint32_t i;

    if (!sc) {
        return;
    }
    for (i = 0; i < sc->count; i++) {
        sc->dev->vk.DestroySemaphore(sc->dev->handle, sc->drawn[i], NULL);
    }
    sc->dev->vk.DestroySwapchainKHR(sc->dev->handle, sc->handle, NULL);
    g_free(sc->images);
    g_free(sc->drawn);
    g_free(sc);
}
