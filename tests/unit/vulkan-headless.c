/*
 * A Vulkan driver of this machine: loader, instance, surfaces, and the log
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/lockable.h"
#include <dlfcn.h>
#include "vulkan-headless-int.h"

/* A loader's functions have no argument that could carry it. */
static Headless headless;

Headless *vulkan_headless(void)
{
    return &headless;
}

static VkResult headless_formats(VkPhysicalDevice physical,
                                 VkSurfaceKHR surface, uint32_t *count,
                                 VkSurfaceFormatKHR *list)
{
    PFN_vkGetPhysicalDeviceSurfaceFormatsKHR get =
        (PFN_vkGetPhysicalDeviceSurfaceFormatsKHR)
        headless.loader(headless.instance->handle,
                        "vkGetPhysicalDeviceSurfaceFormatsKHR");
    VkResult res = get(physical, surface, count, list);
    uint32_t kept = 0;
    uint32_t i;

    QEMU_LOCK_GUARD(&headless.lock);
    if (res != VK_SUCCESS || !list || headless.offer == VK_FORMAT_UNDEFINED) {
        return res;
    }
    for (i = 0; i < *count; i++) {
        if (list[i].format == headless.offer) {
            list[kept++] = list[i];
        }
    }
    *count = kept;
    return res;
}

static PFN_vkVoidFunction headless_get_proc(VkInstance instance,
                                            const char *name)
{
    if (g_str_equal(name, "vkCreateDevice")) {
        return (PFN_vkVoidFunction)vulkan_headless_create_device;
    }
    if (g_str_equal(name, "vkGetDeviceProcAddr")) {
        return (PFN_vkVoidFunction)vulkan_headless_device_proc;
    }
    if (g_str_equal(name, "vkGetPhysicalDeviceSurfaceFormatsKHR")) {
        return (PFN_vkVoidFunction)headless_formats;
    }
    return headless.loader(instance, name);
}

static void *headless_load(void)
{
    static const char *const names[] = {
        "libvulkan.so.1", "libvulkan.1.dylib",
    };
    void *lib = NULL;
    int i;

    for (i = 0; i < ARRAY_SIZE(names) && !lib; i++) {
        lib = dlopen(names[i], RTLD_NOW);
    }
    return lib ? dlsym(lib, "vkGetInstanceProcAddr") : NULL;
}

static void headless_init(void)
{
    static const char *const extensions[] = {
        VK_KHR_SURFACE_EXTENSION_NAME, VK_EXT_HEADLESS_SURFACE_EXTENSION_NAME,
    };
    g_autoptr(Error) err = NULL;

    qemu_mutex_init(&headless.lock);
    headless.loader = headless_load();
    if (!headless.loader) {
        headless.why_not = g_strdup("there is no Vulkan loader");
        return;
    }
    headless.instance = vulkan_instance_new(headless_get_proc, extensions,
                                            ARRAY_SIZE(extensions), &err);
    if (!headless.instance) {
        headless.why_not = g_strdup(error_get_pretty(err));
    }
}

VulkanInstance *vulkan_headless_start(VkFormat offer)
{
    if (!headless.instance && !headless.why_not) {
        headless_init();
    }
    if (headless.why_not) {
        g_test_skip(headless.why_not);
        return NULL;
    }
    QEMU_LOCK_GUARD(&headless.lock);
    headless.offer = offer;
    headless.log = (HeadlessLog) {};
    return headless.instance;
}

VkSurfaceKHR vulkan_headless_surface(void)
{
    const VkHeadlessSurfaceCreateInfoEXT info = {
        .sType = VK_STRUCTURE_TYPE_HEADLESS_SURFACE_CREATE_INFO_EXT,
    };
    VkInstance instance = headless.instance->handle;
    PFN_vkCreateHeadlessSurfaceEXT create = (PFN_vkCreateHeadlessSurfaceEXT)
        headless.loader(instance, "vkCreateHeadlessSurfaceEXT");
    VkSurfaceKHR surface;
    int i;

    g_assert_cmpint(create(instance, &info, NULL, &surface), ==, VK_SUCCESS);
    QEMU_LOCK_GUARD(&headless.lock);
    /* The oldest goes: nobody looks at it any more. */
    canvas_free(headless.surfaces[HEADLESS_SURFACES - 1].shot);
    canvas_free(headless.surfaces[HEADLESS_SURFACES - 1].held_shot);
    for (i = HEADLESS_SURFACES - 1; i > 0; i--) {
        headless.surfaces[i] = headless.surfaces[i - 1];
    }
    headless.surfaces[0] = (HeadlessSurface) { .handle = surface };
    return surface;
}

HeadlessLog vulkan_headless_log(void)
{
    QEMU_LOCK_GUARD(&headless.lock);
    return headless.log;
}

static Canvas *headless_copy_shot(VkSurfaceKHR surface, bool was_held)
{
    int i;

    QEMU_LOCK_GUARD(&headless.lock);
    for (i = 0; i < HEADLESS_SURFACES; i++) {
        HeadlessSurface *s = &headless.surfaces[i];

        if (s->handle == surface) {
            const Canvas *shot = was_held ? s->held_shot : s->shot;

            g_assert_nonnull(shot);
            return canvas_copy(shot);
        }
    }
    g_assert_not_reached();
}

Canvas *vulkan_headless_shot(VkSurfaceKHR surface)
{
    return headless_copy_shot(surface, false);
}

Canvas *vulkan_headless_held_shot(VkSurfaceKHR surface)
{
    return headless_copy_shot(surface, true);
}

bool vulkan_headless_has_mode(VkPresentModeKHR mode)
{
    VulkanInstance *in = headless.instance;
    VkSurfaceKHR surface = vulkan_headless_surface();
    VkPresentModeKHR list[16];
    VkPhysicalDevice physical;
    uint32_t count = 1;
    bool found = false;

    in->vk.EnumeratePhysicalDevices(in->handle, &count, &physical);
    count = ARRAY_SIZE(list);
    in->vk.GetPhysicalDeviceSurfacePresentModesKHR(physical, surface, &count,
                                                   list);
    while (count) {
        found |= list[--count] == mode;
    }
    vulkan_instance_destroy_surface(in, surface);
    return found;
}
