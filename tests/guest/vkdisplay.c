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
#include "gpu-present.h"
#include "kms.h"

enum { VKDISPLAY_FRAMES = 30 };

typedef struct VkDisplay {
    GpuDevice gpu;              /* without queues but one */
    int card;
    VkDisplayKHR display;
    VkSurfaceKHR surface;
    GpuSwapchain swapchain;
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

    gpu_open_instance(&d->gpu, "vkdisplay", names, PROG_COUNT(names));
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
    d->swapchain.extent = mode.parameters.visibleRegion;
    info.displayMode = mode.displayMode;
    info.imageExtent = d->swapchain.extent;
    gpu_must(vkCreateDisplayPlaneSurfaceKHR(d->gpu.instance, &info, NULL,
                                            &d->surface),
             "vkCreateDisplayPlaneSurfaceKHR");
}

static void vkdisplay_create_swapchain(VkDisplay *d)
{
    static const char *const names[] = { VK_KHR_SWAPCHAIN_EXTENSION_NAME };

    gpu_open_presenting_device(&d->gpu, d->surface, names, PROG_COUNT(names));
    d->swapchain.mode = VK_PRESENT_MODE_FIFO_KHR;
    gpu_swapchain_init(&d->gpu, &d->swapchain, d->surface, 0);
}

static void vkdisplay_draw(VkDisplay *d)
{
    VkExtent2D extent = d->swapchain.extent;
    size_t stride = (size_t)extent.width * 4;

    gpu_must(gpu_buffer_init(&d->gpu, &d->picture, stride * extent.height,
                             VK_BUFFER_USAGE_TRANSFER_SRC_BIT,
                             VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                             VK_MEMORY_PROPERTY_HOST_COHERENT_BIT),
             "the card's buffer");
    card_draw(d->picture.map, extent.width, extent.height, stride, 0);
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
    VkSemaphore acquired = gpu_semaphore(&d->gpu);
    VkSemaphore drawn = gpu_semaphore(&d->gpu);
    VkPresentInfoKHR present = {
        .sType = VK_STRUCTURE_TYPE_PRESENT_INFO_KHR,
        .waitSemaphoreCount = 1,
        .pWaitSemaphores = &drawn,
        .swapchainCount = 1,
        .pSwapchains = &d->swapchain.handle,
    };
    VkCommandBuffer cmd;
    uint32_t index;

    gpu_must(vkAcquireNextImageKHR(d->gpu.device, d->swapchain.handle,
                                   UINT64_MAX, acquired, VK_NULL_HANDLE,
                                   &index),
             "vkAcquireNextImageKHR");
    gpu_must(gpu_begin(&d->gpu, &cmd), "recording a frame");
    gpu_swapchain_fill(&d->swapchain, cmd, index, d->picture.buffer);
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
    vkdisplay_create_swapchain(&d);
    vkdisplay_draw(&d);
    for (unsigned i = 0; i < VKDISPLAY_FRAMES; i++) {
        vkdisplay_present(&d);
    }
    printf("vkdisplay: device \"%s\" %ux%u\n", d.gpu.props.deviceName,
           d.swapchain.extent.width, d.swapchain.extent.height);
    if (hold) {
        printf("vkdisplay: holding\n");
        prog_hold(hold_seconds);
    }
    vkDeviceWaitIdle(d.gpu.device);
    gpu_buffer_cleanup(&d.gpu, &d.picture);
    vkDestroySwapchainKHR(d.gpu.device, d.swapchain.handle, NULL);
    vkDestroySurfaceKHR(d.gpu.instance, d.surface, NULL);
    gpu_close(&d.gpu);
    close(d.card);
    return 0;
}
