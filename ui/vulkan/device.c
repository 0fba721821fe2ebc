/*
 * Vulkan presenter: a device that can show pictures in a window
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "device.h"
#include "result.h"

/* Vulkan wants it enabled where it is listed; its header is a beta one. */
#define PORTABILITY_SUBSET "VK_KHR_portability_subset"

/* What a dma-buf takes to become a VkImage of Vulkan 1.1 */
static const char *const dmabuf_extensions[] = {
    VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME,
    VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME,
    VK_EXT_QUEUE_FAMILY_FOREIGN_EXTENSION_NAME,
    VK_KHR_IMAGE_FORMAT_LIST_EXTENSION_NAME,
    VK_EXT_IMAGE_DRM_FORMAT_MODIFIER_EXTENSION_NAME,
};

/* A physical device under examination */
typedef struct VulkanCandidate {
    VkPhysicalDevice physical;
    VkPhysicalDeviceProperties props;
    VkExtensionProperties *extensions;  /* owned */
    uint32_t extension_count;
    uint32_t queue_family;
} VulkanCandidate;

static void vulkan_candidate_cleanup(VulkanCandidate *c)
{
    g_free(c->extensions);
    c->extensions = NULL;
}

static bool vulkan_candidate_has(const VulkanCandidate *c, const char *name)
{
    return vulkan_extension_listed(c->extensions, c->extension_count, name);
}

static bool vulkan_candidate_has_dmabuf(const VulkanCandidate *c)
{
    bool has_all = true;
    int i;

    for (i = 0; i < ARRAY_SIZE(dmabuf_extensions); i++) {
        has_all &= vulkan_candidate_has(c, dmabuf_extensions[i]);
    }
    return has_all;
}

static bool vulkan_candidate_list_extensions(VulkanInstance *in,
                                             VulkanCandidate *c)
{
    uint32_t count = 0;
    VkResult res;

    res = in->vk.EnumerateDeviceExtensionProperties(c->physical, NULL, &count,
                                                    NULL);
    if (res != VK_SUCCESS) {
        return false;
    }
    c->extensions = g_new0(VkExtensionProperties, count);
    res = in->vk.EnumerateDeviceExtensionProperties(c->physical, NULL, &count,
                                                    c->extensions);
    c->extension_count = count;
    return res == VK_SUCCESS || res == VK_INCOMPLETE;
}

/* A queue that blits (graphics) and that presents to @surface. */
static bool vulkan_candidate_find_queue(VulkanInstance *in, VulkanCandidate *c,
                                        VkSurfaceKHR surface)
{
    g_autofree VkQueueFamilyProperties *families = NULL;
    uint32_t count = 0;
    uint32_t i;

    in->vk.GetPhysicalDeviceQueueFamilyProperties(c->physical, &count, NULL);
    families = g_new0(VkQueueFamilyProperties, count);
    in->vk.GetPhysicalDeviceQueueFamilyProperties(c->physical, &count,
                                                  families);
    for (i = 0; i < count; i++) {
        VkBool32 presents = surface == VK_NULL_HANDLE;

        if (!(families[i].queueFlags & VK_QUEUE_GRAPHICS_BIT) ||
            !families[i].queueCount) {
            continue;
        }
        if (surface != VK_NULL_HANDLE &&
            in->vk.GetPhysicalDeviceSurfaceSupportKHR(
                c->physical, i, surface, &presents) != VK_SUCCESS) {
            continue;
        }
        if (presents) {
            c->queue_family = i;
            return true;
        }
    }
    return false;
}

static bool vulkan_candidate_fits(VulkanInstance *in, VulkanCandidate *c,
                                  VkSurfaceKHR surface)
{
    in->vk.GetPhysicalDeviceProperties(c->physical, &c->props);
    if (c->props.apiVersion < VK_API_VERSION_1_1 ||
        !vulkan_candidate_list_extensions(in, c)) {
        return false;
    }
    if (surface == VK_NULL_HANDLE ? !vulkan_candidate_has_dmabuf(c) :
        !vulkan_candidate_has(c, VK_KHR_SWAPCHAIN_EXTENSION_NAME)) {
        return false;
    }
    return vulkan_candidate_find_queue(in, c, surface);
}

static bool vulkan_device_choose(VulkanInstance *in, VkSurfaceKHR surface,
                                 VulkanCandidate *out, Error **errp)
{
    g_autofree VkPhysicalDevice *list = NULL;
    uint32_t count = 0;
    bool found = false;
    VkResult res;
    uint32_t i;

    res = in->vk.EnumeratePhysicalDevices(in->handle, &count, NULL);
    list = g_new0(VkPhysicalDevice, count);
    if (res == VK_SUCCESS) {
        res = in->vk.EnumeratePhysicalDevices(in->handle, &count, list);
    }
    if (res != VK_SUCCESS && res != VK_INCOMPLETE) {
        error_setg_vulkan(errp, res, "vkEnumeratePhysicalDevices");
        return false;
    }
    for (i = 0; i < count; i++) {
        VulkanCandidate c = { .physical = list[i] };
        bool is_cpu;

        if (!vulkan_candidate_fits(in, &c, surface)) {
            vulkan_candidate_cleanup(&c);
            continue;
        }
        is_cpu = c.props.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
        if (found && is_cpu) {
            vulkan_candidate_cleanup(&c);
            continue;
        }
        vulkan_candidate_cleanup(out);
        *out = c;
        found = true;
        if (!is_cpu) {
            break;
        }
    }
    if (!found) {
        error_setg(errp, "none of %u Vulkan devices can %s", count,
                   surface == VK_NULL_HANDLE ? "read a dma-buf" :
                   "show a picture in this window");
    }
    return found;
}

static VkDeviceSize vulkan_device_host_align(VulkanInstance *in,
                                             VkPhysicalDevice physical)
{
    VkPhysicalDeviceExternalMemoryHostPropertiesEXT host = {
        .sType =
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT,
    };
    VkPhysicalDeviceProperties2 props = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2,
        .pNext = &host,
    };

    in->vk.GetPhysicalDeviceProperties2(physical, &props);
    return host.minImportedHostPointerAlignment;
}

static PFN_vkVoidFunction vulkan_device_proc(void *owner, const char *name)
{
    VulkanDevice *dev = owner;

    return dev->instance->vk.GetDeviceProcAddr(dev->handle, name);
}

static bool vulkan_device_load(VulkanDevice *dev, Error **errp)
{
#define VULKAN_FN(name) { "vk" #name, offsetof(VulkanDeviceFns, name), true },
#define VULKAN_FN_OPTIONAL(name) \
    { "vk" #name, offsetof(VulkanDeviceFns, name), false },
    static const VulkanFn fns[] = {
#include "device-fns.h.inc"
    };
#undef VULKAN_FN
#undef VULKAN_FN_OPTIONAL
    const char *missing = vulkan_fns_load(&dev->vk, fns, ARRAY_SIZE(fns),
                                          vulkan_device_proc, dev);

    if (missing) {
        error_setg(errp, "'%s' has no %s", dev->name, missing);
    }
    return !missing;
}

/* Enables what we use of what the device lists. */
static VkResult vulkan_device_create(VulkanDevice *dev,
                                     const VulkanCandidate *c,
                                     bool is_for_window)
{
    const char *names[ARRAY_SIZE(dmabuf_extensions) + 3];
    const float priority = 1;
    const VkDeviceQueueCreateInfo queue = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueFamilyIndex = c->queue_family,
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    VkDeviceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &queue,
        .ppEnabledExtensionNames = names,
    };
    uint32_t count = 0;
    VkResult res;
    int i;

    if (is_for_window) {
        names[count++] = VK_KHR_SWAPCHAIN_EXTENSION_NAME;
    }
    if (vulkan_candidate_has(c, PORTABILITY_SUBSET)) {
        names[count++] = PORTABILITY_SUBSET;
    }
    if (vulkan_candidate_has(c, VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME)) {
        names[count++] = VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME;
        dev->host_align = vulkan_device_host_align(dev->instance, c->physical);
    }
    dev->has_dmabuf = vulkan_candidate_has_dmabuf(c);
    for (i = 0; dev->has_dmabuf && i < ARRAY_SIZE(dmabuf_extensions); i++) {
        names[count++] = dmabuf_extensions[i];
    }
    info.enabledExtensionCount = count;
    res = dev->instance->vk.CreateDevice(c->physical, &info, NULL,
                                         &dev->handle);
    if (res != VK_SUCCESS) {
        dev->handle = NULL;
    }
    return res;
}

static VkResult vulkan_device_create_pool(VulkanDevice *dev)
{
    const VkCommandPoolCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
        .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
        .queueFamilyIndex = dev->queue_family,
    };

    return dev->vk.CreateCommandPool(dev->handle, &info, NULL, &dev->pool);
}

/* The one format of those that we read which Vulkan does not demand this of */
static bool vulkan_device_scales_a2r10g10b10(VulkanInstance *in,
                                             VkPhysicalDevice physical)
{
    const VkFormatFeatureFlags wanted =
        VK_FORMAT_FEATURE_BLIT_SRC_BIT |
        VK_FORMAT_FEATURE_SAMPLED_IMAGE_FILTER_LINEAR_BIT;
    VkFormatProperties props = {};

    in->vk.GetPhysicalDeviceFormatProperties(
        physical, VK_FORMAT_A2R10G10B10_UNORM_PACK32, &props);
    return (props.optimalTilingFeatures & wanted) == wanted;
}

VulkanDevice *vulkan_device_new(VulkanInstance *in, VkSurfaceKHR surface,
                                Error **errp)
{
    g_autoptr(VulkanDevice) dev = g_new0(VulkanDevice, 1);
    VulkanCandidate c = {};
    VkResult res;

    if (!vulkan_device_choose(in, surface, &c, errp)) {
        return NULL;
    }
    dev->instance = in;
    dev->physical = c.physical;
    dev->queue_family = c.queue_family;
    pstrcpy(dev->name, sizeof(dev->name), c.props.deviceName);
    in->vk.GetPhysicalDeviceMemoryProperties(c.physical, &dev->memory);
    dev->scales_a2r10g10b10 =
        vulkan_device_scales_a2r10g10b10(in, c.physical);
    res = vulkan_device_create(dev, &c, surface != VK_NULL_HANDLE);
    vulkan_candidate_cleanup(&c);
    if (res != VK_SUCCESS) {
        error_setg_vulkan(errp, res, "vkCreateDevice on '%s'", dev->name);
        return NULL;
    }
    if (!vulkan_device_load(dev, errp)) {
        return NULL;
    }
    dev->has_dmabuf &= !!dev->vk.GetMemoryFdPropertiesKHR;
    if (!dev->vk.GetMemoryHostPointerPropertiesEXT) {
        dev->host_align = 0;
    }
    dev->vk.GetDeviceQueue(dev->handle, dev->queue_family, 0, &dev->queue);
    res = vulkan_device_create_pool(dev);
    if (res != VK_SUCCESS) {
        error_setg_vulkan(errp, res, "vkCreateCommandPool on '%s'", dev->name);
        return NULL;
    }
    return g_steal_pointer(&dev);
}

void vulkan_device_free(VulkanDevice *dev)
{
    if (!dev) {
        return;
    }
    if (dev->pool != VK_NULL_HANDLE) {
        dev->vk.DestroyCommandPool(dev->handle, dev->pool, NULL);
    }
    if (dev->handle && dev->vk.DestroyDevice) {
        dev->vk.DestroyDevice(dev->handle, NULL);
    }
    g_free(dev);
}

bool vulkan_device_can_scale(const VulkanDevice *dev, VkFormat format)
{
    return format != VK_FORMAT_A2R10G10B10_UNORM_PACK32 ||
           dev->scales_a2r10g10b10;
}

VkResult vulkan_device_make_command(VulkanDevice *dev, VkCommandBuffer *cmd,
                                    VkFence *done)
{
    const VkCommandBufferAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = dev->pool,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = 1,
    };
    const VkFenceCreateInfo fence = {
        .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO,
    };
    VkResult res;

    *done = VK_NULL_HANDLE;
    res = dev->vk.AllocateCommandBuffers(dev->handle, &info, cmd);
    if (res != VK_SUCCESS) {
        return res;
    }
    res = dev->vk.CreateFence(dev->handle, &fence, NULL, done);
    if (res != VK_SUCCESS) {
        *done = VK_NULL_HANDLE;
    }
    return res;
}

VkResult vulkan_device_allocate(VulkanDevice *dev, uint32_t bits,
                                VkMemoryPropertyFlags flags, VkDeviceSize size,
                                const void *next, VkDeviceMemory *out)
{
    VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .pNext = next,
        .allocationSize = size,
    };
    uint32_t i;

    for (i = 0; i < dev->memory.memoryTypeCount; i++) {
        if ((bits & (1u << i)) &&
            (dev->memory.memoryTypes[i].propertyFlags & flags) == flags) {
            info.memoryTypeIndex = i;
            return dev->vk.AllocateMemory(dev->handle, &info, NULL, out);
        }
    }
    return VK_ERROR_OUT_OF_DEVICE_MEMORY;
}
