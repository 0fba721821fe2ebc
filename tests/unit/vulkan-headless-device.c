/*
 * A Vulkan driver of this machine: functions of a device, and swapchains
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/lockable.h"
#include "vulkan-headless-int.h"

HeadlessDevice *vulkan_headless_device(VkDevice handle)
{
    Headless *h = vulkan_headless();
    int i;

    QEMU_LOCK_GUARD(&h->lock);
    for (i = 0; i < HEADLESS_DEVICES; i++) {
        if (h->devices[i] && h->devices[i]->dev.handle == handle) {
            return h->devices[i];
        }
    }
    return NULL;
}

/* Return: the device whose queue it is; every device has one. */
static HeadlessDevice *headless_queue_device(VkQueue queue)
{
    Headless *h = vulkan_headless();
    int i;

    QEMU_LOCK_GUARD(&h->lock);
    for (i = 0; i < HEADLESS_DEVICES; i++) {
        if (h->devices[i] && h->devices[i]->dev.queue == queue) {
            return h->devices[i];
        }
    }
    g_assert_not_reached();
}

/* @from is replaced by @to, where a device of NULL stands for a free place. */
static void headless_replace_device(HeadlessDevice *from, HeadlessDevice *to)
{
    Headless *h = vulkan_headless();
    int i;

    QEMU_LOCK_GUARD(&h->lock);
    for (i = 0; i < HEADLESS_DEVICES; i++) {
        if (h->devices[i] == from) {
            h->devices[i] = to;
            h->log.devices += to != NULL;
            return;
        }
    }
    g_assert_not_reached();
}

static void headless_load_device(VulkanDevice *dev)
{
    PFN_vkGetDeviceProcAddr get = (PFN_vkGetDeviceProcAddr)
        vulkan_headless()->loader(dev->instance->handle,
                                  "vkGetDeviceProcAddr");

#define VULKAN_FN(name) \
    dev->vk.name = (PFN_vk##name)get(dev->handle, "vk" #name);
#define VULKAN_FN_OPTIONAL(name) VULKAN_FN(name)
#include "ui/vulkan/device-fns.h.inc"
#undef VULKAN_FN
#undef VULKAN_FN_OPTIONAL
}

VkResult vulkan_headless_create_device(VkPhysicalDevice physical,
                                       const VkDeviceCreateInfo *info,
                                       const VkAllocationCallbacks *alloc,
                                       VkDevice *out)
{
    Headless *h = vulkan_headless();
    VulkanInstance *in = h->instance;
    PFN_vkCreateDevice create = (PFN_vkCreateDevice)
        h->loader(in->handle, "vkCreateDevice");
    HeadlessDevice *d;
    VkResult res;

    res = vulkan_headless_gate_create_device(create, physical, info, out);
    if (res != VK_SUCCESS) {
        return res;
    }
    d = g_new0(HeadlessDevice, 1);
    d->dev.instance = in;
    d->dev.physical = physical;
    d->dev.handle = *out;
    d->dev.queue_family = info->pQueueCreateInfos[0].queueFamilyIndex;
    headless_load_device(&d->dev);
    in->vk.GetPhysicalDeviceMemoryProperties(physical, &d->dev.memory);
    d->dev.vk.GetDeviceQueue(*out, d->dev.queue_family, 0, &d->dev.queue);
    vulkan_headless_capture_init(d);
    headless_replace_device(NULL, d);
    return VK_SUCCESS;
}

static void headless_destroy_device(VkDevice handle,
                                    const VkAllocationCallbacks *alloc)
{
    HeadlessDevice *d = vulkan_headless_device(handle);

    headless_replace_device(d, NULL);
    vulkan_headless_gate_forget(&d->dev);
    vulkan_headless_capture_cleanup(d);
    d->dev.vk.DestroyDevice(handle, alloc);
    g_free(d);
}

static VkResult headless_wait_idle(VkDevice handle)
{
    Headless *h = vulkan_headless();

    WITH_QEMU_LOCK_GUARD(&h->lock) {
        h->log.wait_idles++;
    }
    return vulkan_headless_device(handle)->dev.vk.DeviceWaitIdle(handle);
}

/* Counts what is imported of it. */
static VkResult headless_allocate(VkDevice handle,
                                  const VkMemoryAllocateInfo *info,
                                  const VkAllocationCallbacks *alloc,
                                  VkDeviceMemory *out)
{
    Headless *h = vulkan_headless();
    const VkBaseInStructure *next = info->pNext;
    VkResult res;

    res = vulkan_headless_device(handle)->dev.vk.AllocateMemory(handle, info,
                                                                alloc, out);
    if (res != VK_SUCCESS) {
        return res;
    }
    QEMU_LOCK_GUARD(&h->lock);
    for (; next; next = next->pNext) {
        if (next->sType == VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR) {
            const VkImportMemoryFdInfoKHR *fd = (const void *)next;

            h->log.dmabuf_imports += fd->handleType ==
                VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT;
        }
        h->log.host_imports += next->sType ==
            VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT;
    }
    return res;
}

static void headless_log_swapchain(const VkSwapchainCreateInfoKHR *info,
                                   VkSwapchainKHR handle)
{
    Headless *h = vulkan_headless();
    int i;

    QEMU_LOCK_GUARD(&h->lock);
    h->log.swapchains++;
    h->log.swapchains_alive++;
    h->log.swapchains_old += info->oldSwapchain != VK_NULL_HANDLE;
    h->log.mode = info->presentMode;
    h->log.format = info->imageFormat;
    for (i = 0; i < HEADLESS_SWAPCHAINS; i++) {
        if (h->swapchains[i].handle == VK_NULL_HANDLE) {
            h->swapchains[i] = (HeadlessSwapchain) {
                .handle = handle,
                .surface = info->surface,
                .format = info->imageFormat,
                .extent = info->imageExtent,
            };
            return;
        }
    }
    g_assert_not_reached();
}

/* Its images can be read as well. */
static VkResult headless_create_swapchain(VkDevice handle,
                                          const VkSwapchainCreateInfoKHR *info,
                                          const VkAllocationCallbacks *alloc,
                                          VkSwapchainKHR *out)
{
    VulkanDevice *dev = &vulkan_headless_device(handle)->dev;
    VkSwapchainCreateInfoKHR readable = *info;
    VkResult res;

    readable.imageUsage |= VK_IMAGE_USAGE_TRANSFER_SRC_BIT;
    res = dev->vk.CreateSwapchainKHR(handle, &readable, alloc, out);
    if (res == VK_SUCCESS) {
        headless_log_swapchain(info, *out);
    }
    return res;
}

static void headless_destroy_swapchain(VkDevice handle, VkSwapchainKHR sc,
                                       const VkAllocationCallbacks *alloc)
{
    Headless *h = vulkan_headless();
    int i;

    WITH_QEMU_LOCK_GUARD(&h->lock) {
        for (i = 0; sc && i < HEADLESS_SWAPCHAINS; i++) {
            if (h->swapchains[i].handle == sc) {
                h->swapchains[i] = (HeadlessSwapchain) {};
                h->log.swapchains_alive--;
            }
        }
    }
    vulkan_headless_device(handle)->dev.vk.DestroySwapchainKHR(handle, sc,
                                                               alloc);
}

static VkResult headless_submit(VkQueue queue, uint32_t count,
                                const VkSubmitInfo *info, VkFence fence)
{
    return vulkan_headless_gate_submit(&headless_queue_device(queue)->dev,
                                       count, info, fence);
}

static HeadlessSwapchain headless_find_swapchain(VkSwapchainKHR handle)
{
    Headless *h = vulkan_headless();
    int i;

    QEMU_LOCK_GUARD(&h->lock);
    for (i = 0; i < HEADLESS_SWAPCHAINS; i++) {
        if (h->swapchains[i].handle == handle) {
            return h->swapchains[i];
        }
    }
    g_assert_not_reached();
}

static void headless_take_shot(VkSurfaceKHR surface, Canvas *shot,
                               bool was_held)
{
    Headless *h = vulkan_headless();
    int i;

    QEMU_LOCK_GUARD(&h->lock);
    for (i = 0; i < HEADLESS_SURFACES; i++) {
        HeadlessSurface *s = &h->surfaces[i];

        if (s->handle == surface) {
            Canvas **to = was_held ? &s->held_shot : &s->shot;

            canvas_free(*to);
            *to = shot;
            return;
        }
    }
    g_assert_not_reached();
}

static VkResult headless_show(HeadlessDevice *d, const HeadlessPresent *p,
                              bool was_held)
{
    const VkPresentInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_PRESENT_INFO_KHR,
        .swapchainCount = 1,
        .pSwapchains = &p->swapchain,
        .pImageIndices = &p->index,
    };
    HeadlessSwapchain sc = headless_find_swapchain(p->swapchain);
    VkResult res;
    Canvas *shot = vulkan_headless_capture(d, &sc, p, &res);

    if (!shot) {
        return res;
    }
    headless_take_shot(sc.surface, shot, was_held);
    return d->dev.vk.QueuePresentKHR(d->dev.queue, &info);
}

/*
 * The first frame behind the gate is put off, for the presenter to go on as it
 * does with devices that do not wait here.  The one after it has to wait.
 */
static VkResult headless_present(VkQueue queue, const VkPresentInfoKHR *info)
{
    HeadlessDevice *d = headless_queue_device(queue);
    const HeadlessPresent present = {
        .swapchain = info->pSwapchains[0],
        .drawn = info->pWaitSemaphores[0],
        .index = info->pImageIndices[0],
    };

    g_assert_cmpuint(info->swapchainCount, ==, 1);
    g_assert_cmpuint(info->waitSemaphoreCount, ==, 1);
    if (d->held.swapchain == VK_NULL_HANDLE &&
        vulkan_headless_gate_is_closed(&d->dev)) {
        d->held = present;
        return VK_SUCCESS;
    }
    vulkan_headless_gate_wait(&d->dev);
    if (d->held.swapchain != VK_NULL_HANDLE) {
        headless_show(d, &d->held, true);
        d->held = (HeadlessPresent) {};
    }
    return headless_show(d, &present, false);
}

#define PROC(name, function) { "vk" name, (PFN_vkVoidFunction)function }

PFN_vkVoidFunction vulkan_headless_device_proc(VkDevice handle,
                                               const char *name)
{
    static const struct {
        const char *name;
        PFN_vkVoidFunction function;
    } procs[] = {
        PROC("AllocateMemory", headless_allocate),
        PROC("CreateSwapchainKHR", headless_create_swapchain),
        PROC("DestroyDevice", headless_destroy_device),
        PROC("DestroySwapchainKHR", headless_destroy_swapchain),
        PROC("DeviceWaitIdle", headless_wait_idle),
        PROC("QueuePresentKHR", headless_present),
        PROC("QueueSubmit", headless_submit),
    };
    Headless *h = vulkan_headless();
    PFN_vkGetDeviceProcAddr get = (PFN_vkGetDeviceProcAddr)
        h->loader(h->instance->handle, "vkGetDeviceProcAddr");
    int i;

    for (i = 0; i < ARRAY_SIZE(procs); i++) {
        if (g_str_equal(procs[i].name, name)) {
            return procs[i].function;
        }
    }
    return get(handle, name);
}
