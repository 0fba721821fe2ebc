/*
 * The test card by way of a Vulkan swapchain that owns the display: the device
 * takes a KMS connector over (VK_EXT_acquire_drm_display, with a descriptor of
 * ours) and a VK_KHR_display swapchain shows what the device copied into it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xf86drmMode.h>

#include "card.h"
#include "gpu.h"
#include "kms.h"

enum { VKDISPLAY_FRAMES = 30, VKDISPLAY_IMAGES = 8 };

typedef struct VkDisplay {
    GpuDevice gpu;              /* without queues but one */
    int card;
    VkDisplayKHR display;
    VkSurfaceKHR surface;
    VkExtent2D extent;
    VkSwapchainKHR swapchain;
    VkImage images[VKDISPLAY_IMAGES];
    GpuBuffer picture;          /* the card, tightly packed */
} VkDisplay;

static void vkdisplay_create_instance(VkDisplay *d)
{
    static const char *const names[] = {
        VK_KHR_SURFACE_EXTENSION_NAME,
        VK_KHR_DISPLAY_EXTENSION_NAME,
        VK_EXT_DIRECT_MODE_DISPLAY_EXTENSION_NAME,
        VK_EXT_ACQUIRE_DRM_DISPLAY_EXTENSION_NAME,
    };
    const VkApplicationInfo app = {
        .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
        .pApplicationName = "vkdisplay",
        .apiVersion = VK_API_VERSION_1_1,
    };
    const VkInstanceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
        .pApplicationInfo = &app,
        .enabledExtensionCount = PROG_COUNT(names),
        .ppEnabledExtensionNames = names,
    };
    uint32_t count = 1;
    VkResult res;

    gpu_must(vkCreateInstance(&info, NULL, &d->gpu.instance),
             "vkCreateInstance");
    res = vkEnumeratePhysicalDevices(d->gpu.instance, &count,
                                     &d->gpu.physical);
    if (!count || (res != VK_SUCCESS && res != VK_INCOMPLETE)) {
        prog_die("no Vulkan device");
    }
    vkGetPhysicalDeviceProperties(d->gpu.physical, &d->gpu.props);
    vkGetPhysicalDeviceMemoryProperties(d->gpu.physical, &d->gpu.memory);
}

/* The first connector with something plugged in */
static uint32_t vkdisplay_connector(int card)
{
    drmModeRes *res = drmModeGetResources(card);
    uint32_t id = 0;

    for (int i = 0; res && i < res->count_connectors && !id; i++) {
        drmModeConnector *c = drmModeGetConnector(card, res->connectors[i]);

        if (c && c->connection == DRM_MODE_CONNECTED) {
            id = c->connector_id;
        }
        drmModeFreeConnector(c);
    }
    drmModeFreeResources(res);
    if (!id) {
        prog_die("no output");
    }
    return id;
}

static void vkdisplay_acquire(VkDisplay *d)
{
    VkInstance instance = d->gpu.instance;
    PFN_vkGetDrmDisplayEXT get = (PFN_vkGetDrmDisplayEXT)
        vkGetInstanceProcAddr(instance, "vkGetDrmDisplayEXT");
    PFN_vkAcquireDrmDisplayEXT acquire = (PFN_vkAcquireDrmDisplayEXT)
        vkGetInstanceProcAddr(instance, "vkAcquireDrmDisplayEXT");

    gpu_must(get(d->gpu.physical, d->card, vkdisplay_connector(d->card),
                 &d->display), "vkGetDrmDisplayEXT");
    gpu_must(acquire(d->gpu.physical, d->card, d->display),
             "vkAcquireDrmDisplayEXT");
}

static void vkdisplay_create_surface(VkDisplay *d)
{
    VkDisplayModePropertiesKHR mode;
    VkDisplaySurfaceCreateInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_DISPLAY_SURFACE_CREATE_INFO_KHR,
        .transform = VK_SURFACE_TRANSFORM_IDENTITY_BIT_KHR,
        .alphaMode = VK_DISPLAY_PLANE_ALPHA_OPAQUE_BIT_KHR,
    };
    uint32_t count = 1;
    VkResult res = vkGetDisplayModePropertiesKHR(d->gpu.physical, d->display,
                                                 &count, &mode);

    if (!count || (res != VK_SUCCESS && res != VK_INCOMPLETE)) {
        prog_die("the display has no modes");
    }
    /* The first one is the one that the display likes best. */
    d->extent = mode.parameters.visibleRegion;
    info.displayMode = mode.displayMode;
    info.imageExtent = d->extent;
    gpu_must(vkCreateDisplayPlaneSurfaceKHR(d->gpu.instance, &info, NULL,
                                            &d->surface),
             "vkCreateDisplayPlaneSurfaceKHR");
}

static void vkdisplay_create_device(VkDisplay *d)
{
    static const char *const names[] = { VK_KHR_SWAPCHAIN_EXTENSION_NAME };
    static const float priority = 0;
    const VkDeviceQueueCreateInfo queue = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    const VkDeviceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &queue,
        .enabledExtensionCount = PROG_COUNT(names),
        .ppEnabledExtensionNames = names,
    };
    const VkCommandPoolCreateInfo pool = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
    };
    VkBool32 can = VK_FALSE;

    gpu_must(vkGetPhysicalDeviceSurfaceSupportKHR(d->gpu.physical, 0,
                                                  d->surface, &can),
             "vkGetPhysicalDeviceSurfaceSupportKHR");
    if (!can) {
        prog_die("the device's first queues cannot present");
    }
    gpu_must(vkCreateDevice(d->gpu.physical, &info, NULL, &d->gpu.device),
             "vkCreateDevice");
    d->gpu.queue_count = 1;
    vkGetDeviceQueue(d->gpu.device, 0, 0, &d->gpu.queues[0]);
    gpu_must(vkCreateCommandPool(d->gpu.device, &pool, NULL, &d->gpu.pool),
             "vkCreateCommandPool");
}

static void vkdisplay_create_swapchain(VkDisplay *d)
{
    VkSurfaceCapabilitiesKHR caps;
    VkSwapchainCreateInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_SWAPCHAIN_CREATE_INFO_KHR,
        .surface = d->surface,
        .imageFormat = VK_FORMAT_B8G8R8A8_UNORM,
        .imageColorSpace = VK_COLOR_SPACE_SRGB_NONLINEAR_KHR,
        .imageExtent = d->extent,
        .imageArrayLayers = 1,
        .imageUsage = VK_IMAGE_USAGE_TRANSFER_DST_BIT,
        .preTransform = VK_SURFACE_TRANSFORM_IDENTITY_BIT_KHR,
        .compositeAlpha = VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR,
        .presentMode = VK_PRESENT_MODE_FIFO_KHR,
        .clipped = VK_TRUE,
    };
    uint32_t count = VKDISPLAY_IMAGES;

    gpu_must(vkGetPhysicalDeviceSurfaceCapabilitiesKHR(d->gpu.physical,
                                                       d->surface, &caps),
             "vkGetPhysicalDeviceSurfaceCapabilitiesKHR");
    /* One is seen, one is on its way, one is drawn into. */
    info.minImageCount = caps.minImageCount + 1;
    gpu_must(vkCreateSwapchainKHR(d->gpu.device, &info, NULL, &d->swapchain),
             "vkCreateSwapchainKHR");
    gpu_must(vkGetSwapchainImagesKHR(d->gpu.device, d->swapchain, &count,
                                     d->images),
             "vkGetSwapchainImagesKHR");
}

static void vkdisplay_draw(VkDisplay *d)
{
    size_t stride = (size_t)d->extent.width * 4;

    gpu_must(gpu_buffer_init(&d->gpu, &d->picture, stride * d->extent.height,
                             VK_BUFFER_USAGE_TRANSFER_SRC_BIT,
                             VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                             VK_MEMORY_PROPERTY_HOST_COHERENT_BIT),
             "the card's buffer");
    card_draw(d->picture.map, d->extent.width, d->extent.height, stride, 0);
}

static void vkdisplay_transition(VkCommandBuffer cmd, VkImage image,
                                 VkImageLayout from, VkImageLayout to,
                                 VkAccessFlags written, VkAccessFlags writes)
{
    const VkImageMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .srcAccessMask = written,
        .dstAccessMask = writes,
        .oldLayout = from,
        .newLayout = to,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = image,
        .subresourceRange = {
            .aspectMask = VK_IMAGE_ASPECT_COLOR_BIT,
            .levelCount = 1,
            .layerCount = 1,
        },
    };

    vkCmdPipelineBarrier(cmd, VK_PIPELINE_STAGE_TRANSFER_BIT,
                         VK_PIPELINE_STAGE_TRANSFER_BIT, 0,
                         0, NULL, 0, NULL, 1, &barrier);
}

static VkSemaphore vkdisplay_semaphore(const VkDisplay *d)
{
    const VkSemaphoreCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
    };
    VkSemaphore semaphore;

    gpu_must(vkCreateSemaphore(d->gpu.device, &info, NULL, &semaphore),
             "vkCreateSemaphore");
    return semaphore;
}

/* As gpu_run(), between two semaphores. */
static void vkdisplay_run(VkDisplay *d, VkCommandBuffer cmd,
                          VkSemaphore before, VkSemaphore after)
{
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_TRANSFER_BIT;
    const VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .waitSemaphoreCount = 1,
        .pWaitSemaphores = &before,
        .pWaitDstStageMask = &stage,
        .commandBufferCount = 1,
        .pCommandBuffers = &cmd,
        .signalSemaphoreCount = 1,
        .pSignalSemaphores = &after,
    };

    gpu_must(vkEndCommandBuffer(cmd), "recording a frame");
    gpu_must(vkQueueSubmit(d->gpu.queues[0], 1, &submit, VK_NULL_HANDLE),
             "vkQueueSubmit");
}

static void vkdisplay_present(VkDisplay *d)
{
    const VkBufferImageCopy whole = {
        .imageSubresource = {
            .aspectMask = VK_IMAGE_ASPECT_COLOR_BIT, .layerCount = 1,
        },
        .imageExtent = { d->extent.width, d->extent.height, 1 },
    };
    VkSemaphore acquired = vkdisplay_semaphore(d);
    VkSemaphore drawn = vkdisplay_semaphore(d);
    VkPresentInfoKHR present = {
        .sType = VK_STRUCTURE_TYPE_PRESENT_INFO_KHR,
        .waitSemaphoreCount = 1,
        .pWaitSemaphores = &drawn,
        .swapchainCount = 1,
        .pSwapchains = &d->swapchain,
    };
    VkCommandBuffer cmd;
    VkImage image;
    uint32_t index;

    gpu_must(vkAcquireNextImageKHR(d->gpu.device, d->swapchain, UINT64_MAX,
                                   acquired, VK_NULL_HANDLE, &index),
             "vkAcquireNextImageKHR");
    image = d->images[index];
    gpu_must(gpu_begin(&d->gpu, &cmd), "recording a frame");
    vkdisplay_transition(cmd, image, VK_IMAGE_LAYOUT_UNDEFINED,
                         VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 0,
                         VK_ACCESS_TRANSFER_WRITE_BIT);
    vkCmdCopyBufferToImage(cmd, d->picture.buffer, image,
                           VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &whole);
    vkdisplay_transition(cmd, image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
                         VK_IMAGE_LAYOUT_PRESENT_SRC_KHR,
                         VK_ACCESS_TRANSFER_WRITE_BIT, 0);
    vkdisplay_run(d, cmd, acquired, drawn);
    present.pImageIndices = &index;
    gpu_must(vkQueuePresentKHR(d->gpu.queues[0], &present),
             "vkQueuePresentKHR");
    gpu_must(vkQueueWaitIdle(d->gpu.queues[0]), "vkQueueWaitIdle");
    vkFreeCommandBuffers(d->gpu.device, d->gpu.pool, 1, &cmd);
    vkDestroySemaphore(d->gpu.device, acquired, NULL);
    vkDestroySemaphore(d->gpu.device, drawn, NULL);
}

int main(int argc, char **argv)
{
    const char *card = KMS_DEFAULT_CARD;
    unsigned hold_seconds = 0;
    bool hold = false;
    const ProgOption options[] = {
        { "--card", PROG_STRING, &card, "default " KMS_DEFAULT_CARD, NULL },
        { "--hold", PROG_NUMBER, &hold_seconds,
          "keep the last frame, N seconds or until killed", &hold },
    };
    VkDisplay d = { 0 };

    prog_options(argc, argv, options, PROG_COUNT(options));
    d.card = kms_open(card);
    vkdisplay_create_instance(&d);
    vkdisplay_acquire(&d);
    vkdisplay_create_surface(&d);
    vkdisplay_create_device(&d);
    vkdisplay_create_swapchain(&d);
    vkdisplay_draw(&d);
    for (unsigned i = 0; i < VKDISPLAY_FRAMES; i++) {
        vkdisplay_present(&d);
    }
    printf("vkdisplay: device \"%s\" %ux%u\n", d.gpu.props.deviceName,
           d.extent.width, d.extent.height);
    if (hold) {
        printf("vkdisplay: holding\n");
        prog_hold(hold_seconds);
    }
    vkDeviceWaitIdle(d.gpu.device);
    gpu_buffer_cleanup(&d.gpu, &d.picture);
    vkDestroySwapchainKHR(d.gpu.device, d.swapchain, NULL);
    vkDestroySurfaceKHR(d.gpu.instance, d.surface, NULL);
    gpu_close(&d.gpu);
    close(d.card);
    return 0;
}
