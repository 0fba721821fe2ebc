/*
 * Vulkan presenter: the instance
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "instance.h"
#include "result.h"

/* Those of the window system, and one of ours */
#define MAX_EXTENSIONS 16

bool vulkan_extension_listed(const VkExtensionProperties *list,
                             uint32_t count, const char *name)
{
    uint32_t i;

    for (i = 0; i < count; i++) {
        if (g_str_equal(list[i].extensionName, name)) {
            return true;
        }
    }
    return false;
}

/* Whether the loader hides portable drivers from those who do not ask. */
static bool vulkan_instance_has_portability(PFN_vkGetInstanceProcAddr get_proc)
{
    PFN_vkEnumerateInstanceExtensionProperties enumerate;
    g_autofree VkExtensionProperties *list = NULL;
    uint32_t count = 0;
    VkResult res;

    enumerate = (PFN_vkEnumerateInstanceExtensionProperties)
        get_proc(NULL, "vkEnumerateInstanceExtensionProperties");
    if (!enumerate || enumerate(NULL, &count, NULL) != VK_SUCCESS) {
        return false;
    }
    list = g_new0(VkExtensionProperties, count);
    res = enumerate(NULL, &count, list);
    /* VK_INCOMPLETE: one was added meanwhile, and these are still true. */
    return (res == VK_SUCCESS || res == VK_INCOMPLETE) &&
           vulkan_extension_listed(
               list, count, VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME);
}

const char *vulkan_fns_load(void *table, const VulkanFn *fns, unsigned count,
                            PFN_vkVoidFunction (*get)(void *owner,
                                                      const char *name),
                            void *owner)
{
    unsigned i;

    for (i = 0; i < count; i++) {
        PFN_vkVoidFunction *at = (void *)((char *)table + fns[i].offset);

        *at = get(owner, fns[i].name);
        if (!*at && fns[i].required) {
            return fns[i].name;
        }
    }
    return NULL;
}

static PFN_vkVoidFunction vulkan_instance_proc(void *owner, const char *name)
{
    VulkanInstance *in = owner;

    return in->get_proc(in->handle, name);
}

static bool vulkan_instance_load(VulkanInstance *in, Error **errp)
{
#define VULKAN_FN(name) { "vk" #name, offsetof(VulkanInstanceFns, name), true },
#define VULKAN_FN_OPTIONAL(name) \
    { "vk" #name, offsetof(VulkanInstanceFns, name), false },
    static const VulkanFn fns[] = {
#include "instance-fns.h.inc"
    };
#undef VULKAN_FN
#undef VULKAN_FN_OPTIONAL
    const char *missing = vulkan_fns_load(&in->vk, fns, ARRAY_SIZE(fns),
                                          vulkan_instance_proc, in);

    if (missing) {
        error_setg(errp, "the Vulkan loader has no %s", missing);
    }
    return !missing;
}

static bool vulkan_instance_has_device(VulkanInstance *in, Error **errp)
{
    uint32_t count = 0;
    VkResult res;

    res = in->vk.EnumeratePhysicalDevices(in->handle, &count, NULL);
    if (res != VK_SUCCESS) {
        error_setg_vulkan(errp, res, "vkEnumeratePhysicalDevices");
        return false;
    }
    if (!count) {
        error_setg(errp, "the Vulkan drivers found no device");
        error_append_hint(errp, "`vulkaninfo --summary`, run as the same "
                          "user, shows what there is.\n");
        return false;
    }
    return true;
}

VulkanInstance *vulkan_instance_new(PFN_vkGetInstanceProcAddr get_proc,
                                    const char *const *extensions,
                                    unsigned count, Error **errp)
{
    ERRP_GUARD();
    g_autoptr(VulkanInstance) in = g_new0(VulkanInstance, 1);
    const char *names[MAX_EXTENSIONS];
    const VkApplicationInfo app = {
        .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
        .pApplicationName = "QEMU",
        .apiVersion = VK_API_VERSION_1_1,
    };
    VkInstanceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
        .pApplicationInfo = &app,
        .ppEnabledExtensionNames = names,
    };
    PFN_vkCreateInstance create;
    VkResult res;

    assert(count < MAX_EXTENSIONS);
    if (count) {
        memcpy(names, extensions, count * sizeof(names[0]));
    }
    if (vulkan_instance_has_portability(get_proc)) {
        names[count++] = VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME;
        info.flags |= VK_INSTANCE_CREATE_ENUMERATE_PORTABILITY_BIT_KHR;
    }
    info.enabledExtensionCount = count;

    create = (PFN_vkCreateInstance)get_proc(NULL, "vkCreateInstance");
    if (!create) {
        error_setg(errp, "the Vulkan loader has no vkCreateInstance");
        return NULL;
    }
    in->get_proc = get_proc;
    res = create(&info, NULL, &in->handle);
    if (res != VK_SUCCESS) {
        in->handle = NULL;
        error_setg_vulkan(errp, res, "vkCreateInstance");
        return NULL;
    }
    if (!vulkan_instance_load(in, errp) ||
        !vulkan_instance_has_device(in, errp)) {
        return NULL;
    }
    return g_steal_pointer(&in);
}

void vulkan_instance_free(VulkanInstance *in)
{
    if (!in) {
        return;
    }
    if (in->handle && in->vk.DestroyInstance) {
        in->vk.DestroyInstance(in->handle, NULL);
    }
    g_free(in);
}

void vulkan_instance_destroy_surface(VulkanInstance *in, VkSurfaceKHR surface)
{
    in->vk.DestroySurfaceKHR(in->handle, surface, NULL);
}
