/*
 * A Vulkan that answers what a test tells it to
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "qemu/lockable.h"
#include "vulkan-script-int.h"

#define SCRIPT_MEMORY (64 * 1024 * 1024)

static void script_list(VkExtensionProperties *list, uint32_t *count,
                        const char *name, bool is_listed)
{
    if (!is_listed) {
        return;
    }
    if (list) {
        pstrcpy(list[*count].extensionName, VK_MAX_EXTENSION_NAME_SIZE, name);
    }
    ++*count;
}

static bool script_names(const char *const *names, uint32_t count,
                         const char *name)
{
    uint32_t i;

    for (i = 0; i < count; i++) {
        if (g_str_equal(names[i], name)) {
            return true;
        }
    }
    return false;
}

/* vkEnumerateInstanceExtensionProperties and so on: the names say it */
static VkResult script_instance_extensions(const char *layer, uint32_t *count,
                                           VkExtensionProperties *list)
{
    *count = 0;
    script_list(list, count, "VK_KHR_surface", true);
    script_list(list, count, "VK_KHR_portability_enumeration",
                vulkan_script()->config.has_portability);
    return VK_SUCCESS;
}

static VkResult script_create_instance(const VkInstanceCreateInfo *info,
                                       const VkAllocationCallbacks *alloc,
                                       VkInstance *out)
{
    QEMU_LOCK_GUARD(&vulkan_script()->lock);
    vulkan_script()->log.instance_flags = info->flags;
    vulkan_script()->log.asked_portability =
        script_names(info->ppEnabledExtensionNames,
                     info->enabledExtensionCount,
                     "VK_KHR_portability_enumeration");
    vulkan_script()->has_surfaces =
        script_names(info->ppEnabledExtensionNames,
                     info->enabledExtensionCount, "VK_KHR_surface");
    *out = (VkInstance)(uintptr_t)1;
    return vulkan_script_call_locked(SCRIPT_CREATE_INSTANCE);
}

static VkResult script_devices(VkInstance instance, uint32_t *count,
                               VkPhysicalDevice *list)
{
    *count = !vulkan_script()->config.has_no_device;
    if (list) {
        list[0] = (VkPhysicalDevice)(uintptr_t)1;
    }
    return VK_SUCCESS;
}

static VkResult script_device_extensions(VkPhysicalDevice physical,
                                         const char *layer, uint32_t *count,
                                         VkExtensionProperties *list)
{
    static const char *const dmabuf[] = {
        "VK_KHR_external_memory_fd",
        "VK_EXT_external_memory_dma_buf",
        "VK_EXT_queue_family_foreign",
        "VK_KHR_image_format_list",
        "VK_EXT_image_drm_format_modifier",
    };
    int i;

    *count = 0;
    script_list(list, count, "VK_KHR_swapchain", true);
    script_list(list, count, "VK_KHR_portability_subset",
                vulkan_script()->config.has_portability);
    script_list(list, count, "VK_EXT_external_memory_host",
                vulkan_script()->config.has_host_pointer);
    for (i = 0; i < ARRAY_SIZE(dmabuf); i++) {
        script_list(list, count, dmabuf[i],
                    vulkan_script()->config.has_dmabuf);
    }
    return VK_SUCCESS;
}

static void script_properties(VkPhysicalDevice physical,
                              VkPhysicalDeviceProperties *props)
{
    *props = (VkPhysicalDeviceProperties) {
        .apiVersion = VK_API_VERSION_1_1,
        .deviceName = "script",
    };
}

static void script_properties2(VkPhysicalDevice physical,
                               VkPhysicalDeviceProperties2 *props)
{
    VkPhysicalDeviceExternalMemoryHostPropertiesEXT *host = props->pNext;

    host->minImportedHostPointerAlignment = 4096;
}

static void script_format(VkPhysicalDevice physical, VkFormat format,
                          VkFormatProperties *props)
{
    *props = (VkFormatProperties) {
        .optimalTilingFeatures =
            VK_FORMAT_FEATURE_SAMPLED_IMAGE_FILTER_LINEAR_BIT |
            (vulkan_script()->config.has_no_deep_scaling ?
             0 : VK_FORMAT_FEATURE_BLIT_SRC_BIT),
    };
}

static void script_memory(VkPhysicalDevice physical,
                          VkPhysicalDeviceMemoryProperties *props)
{
    *props = (VkPhysicalDeviceMemoryProperties) {
        .memoryTypeCount = 1,
        .memoryTypes[0].propertyFlags = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                                        VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
    };
}

static void script_families(VkPhysicalDevice physical, uint32_t *count,
                            VkQueueFamilyProperties *list)
{
    *count = 2;
    if (list) {
        list[0] = (VkQueueFamilyProperties) {
            .queueFlags = VK_QUEUE_COMPUTE_BIT,
            .queueCount = 1,
        };
        list[1] = (VkQueueFamilyProperties) {
            .queueFlags = VK_QUEUE_GRAPHICS_BIT,
            .queueCount = 1,
        };
    }
}

static VkResult script_create_device(VkPhysicalDevice physical,
                                     const VkDeviceCreateInfo *info,
                                     const VkAllocationCallbacks *alloc,
                                     VkDevice *out)
{
    VkResult res;

    QEMU_LOCK_GUARD(&vulkan_script()->lock);
    vulkan_script()->log.enabled_subset =
        script_names(info->ppEnabledExtensionNames,
                     info->enabledExtensionCount,
                     "VK_KHR_portability_subset");
    vulkan_script()->has_swapchains =
        script_names(info->ppEnabledExtensionNames,
                     info->enabledExtensionCount, "VK_KHR_swapchain");
    res = vulkan_script_call_locked(SCRIPT_CREATE_DEVICE);
    if (res == VK_SUCCESS) {
        vulkan_script()->alive++;
        *out = (VkDevice)(uintptr_t)1;
    }
    return res;
}

static void script_destroy_device(VkDevice dev,
                                  const VkAllocationCallbacks *alloc)
{
    vulkan_script_delete((uintptr_t)dev);
}

/* vkDestroy* and vkFreeMemory: an object that has no pointer for a handle */
static void script_destroy(VkDevice dev, uint64_t handle,
                           const VkAllocationCallbacks *alloc)
{
    vulkan_script_delete(handle);
}

/* vkCreate* that cannot be told to fail */
static VkResult script_create(VkDevice dev, const void *info,
                              const VkAllocationCallbacks *alloc, void *out)
{
    return vulkan_script_new(out);
}

static VkResult script_commands(VkDevice dev,
                                const VkCommandBufferAllocateInfo *info,
                                VkCommandBuffer *out)
{
    *out = (VkCommandBuffer)(uintptr_t)1;
    return VK_SUCCESS;
}

static VkResult script_allocate(VkDevice dev, const VkMemoryAllocateInfo *info,
                                const VkAllocationCallbacks *alloc,
                                VkDeviceMemory *out)
{
    const VkImportMemoryFdInfoKHR *import = info->pNext;
    VkResult res;

    QEMU_LOCK_GUARD(&vulkan_script()->lock);
    res = vulkan_script_call_locked(SCRIPT_ALLOCATE);
    if (res != VK_SUCCESS) {
        return res;
    }
    if (import &&
        import->sType == VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR) {
        g_assert_cmpint(close(import->fd), ==, 0);
        vulkan_script()->log.dmabufs++;
    }
    *(uint64_t *)out = vulkan_script_new_locked();
    return VK_SUCCESS;
}

/* Whatever is asked for can be imported. */
static VkResult script_image_format(
    VkPhysicalDevice physical, const VkPhysicalDeviceImageFormatInfo2 *info,
    VkImageFormatProperties2 *props)
{
    VkExternalImageFormatProperties *external = props->pNext;

    external->externalMemoryProperties.externalMemoryFeatures =
        VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT;
    return VK_SUCCESS;
}

static VkResult script_fd_properties(VkDevice dev,
                                     VkExternalMemoryHandleTypeFlagBits type,
                                     int fd, VkMemoryFdPropertiesKHR *props)
{
    props->memoryTypeBits = 1;
    return VK_SUCCESS;
}

static VkResult script_ok(void)
{
    return VK_SUCCESS;
}

static void script_requirements(VkDevice dev, uint64_t object,
                                VkMemoryRequirements *req)
{
    *req = (VkMemoryRequirements) {
        .size = 4096,
        .alignment = 4096,
        .memoryTypeBits = 1,
    };
}

/* Never freed: whoever wrote last may still be about to look. */
static VkResult script_map(VkDevice dev, VkDeviceMemory memory,
                           VkDeviceSize offset, VkDeviceSize size,
                           VkMemoryMapFlags flags, void **out)
{
    *out = mmap(NULL, SCRIPT_MEMORY, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    QEMU_LOCK_GUARD(&vulkan_script()->lock);
    vulkan_script()->map = *out;
    return *out == MAP_FAILED ? VK_ERROR_MEMORY_MAP_FAILED : VK_SUCCESS;
}

static VkResult script_host_pointer(VkDevice dev,
                                    VkExternalMemoryHandleTypeFlagBits type,
                                    const void *at,
                                    VkMemoryHostPointerPropertiesEXT *props)
{
    props->memoryTypeBits = 1;
    return vulkan_script_call(SCRIPT_HOST_POINTER);
}

static void script_queue(VkDevice dev, uint32_t family, uint32_t index,
                         VkQueue *out)
{
    *out = (VkQueue)(uintptr_t)1;
}

static VkResult script_wait(VkDevice dev, uint32_t count, const VkFence *list,
                            VkBool32 all, uint64_t ns)
{
    return vulkan_script_call(ns ? SCRIPT_WAIT : SCRIPT_POLL);
}

static VkResult script_submit(VkQueue queue, uint32_t count,
                              const VkSubmitInfo *info, VkFence fence)
{
    return vulkan_script_call(SCRIPT_SUBMIT);
}

static VkResult script_wait_idle(VkDevice dev)
{
    return vulkan_script_call(SCRIPT_WAIT_IDLE);
}

static void script_copy(VkCommandBuffer cmd)
{
    QEMU_LOCK_GUARD(&vulkan_script()->lock);
    vulkan_script()->log.copies++;
}

static void script_copy_out(VkCommandBuffer cmd, VkImage image,
                            VkImageLayout layout, VkBuffer to, uint32_t count,
                            const VkBufferImageCopy *region)
{
    uint32_t i;

    QEMU_LOCK_GUARD(&vulkan_script()->lock);
    for (i = 0; i < region->imageExtent.width * region->imageExtent.height;
         i++) {
        vulkan_script()->map[i] = i;
    }
}

static void script_blit(VkCommandBuffer cmd)
{
    QEMU_LOCK_GUARD(&vulkan_script()->lock);
    vulkan_script()->log.blits++;
}

static void script_clear(VkCommandBuffer cmd)
{
    QEMU_LOCK_GUARD(&vulkan_script()->lock);
    vulkan_script()->log.clears++;
}

/*
 * Some of these ignore all arguments but the first ones, which no calling
 * convention minds.
 */
static PFN_vkVoidFunction script_device_proc(VkDevice dev, const char *name)
{
    return vulkan_script_get_proc(NULL, name);
}

/* As real loaders do it, for what a test could miss. */
static bool script_hides(VkInstance instance, const char *name)
{
    bool is_surface = strstr(name, "Surface");
    bool is_swapchain = strstr(name, "Swapchain");

    QEMU_LOCK_GUARD(&vulkan_script()->lock);
    return (is_surface && instance && !vulkan_script()->has_surfaces) ||
           (is_swapchain && !vulkan_script()->has_swapchains);
}

PFN_vkVoidFunction VKAPI_CALL vulkan_script_get_proc(VkInstance instance,
                                                     const char *name)
{
    static const struct {
        const char *name;
        PFN_vkVoidFunction function;
    } procs[] = {
        PROC("EnumerateInstanceExtensionProperties",
             script_instance_extensions),
        PROC("CreateInstance", script_create_instance),
        PROC("EnumeratePhysicalDevices", script_devices),
        PROC("EnumerateDeviceExtensionProperties", script_device_extensions),
        PROC("GetPhysicalDeviceFormatProperties", script_format),
        PROC("GetPhysicalDeviceProperties", script_properties),
        PROC("GetPhysicalDeviceProperties2", script_properties2),
        PROC("GetPhysicalDeviceMemoryProperties", script_memory),
        PROC("GetPhysicalDeviceQueueFamilyProperties", script_families),
        PROC("GetDeviceProcAddr", script_device_proc),
        PROC("CreateDevice", script_create_device),
        PROC("DestroyDevice", script_destroy_device),
        PROC("GetDeviceQueue", script_queue),
        PROC("AllocateCommandBuffers", script_commands),
        PROC("AllocateMemory", script_allocate),
        PROC("MapMemory", script_map),
        PROC("GetBufferMemoryRequirements", script_requirements),
        PROC("GetImageMemoryRequirements", script_requirements),
        PROC("GetMemoryHostPointerPropertiesEXT", script_host_pointer),
        PROC("QueueSubmit", script_submit),
        PROC("WaitForFences", script_wait),
        PROC("DeviceWaitIdle", script_wait_idle),
        PROC("CmdBlitImage", script_blit),
        PROC("CmdClearColorImage", script_clear),
        PROC("CmdCopyBufferToImage", script_copy),
        PROC("CmdCopyImageToBuffer", script_copy_out),
        PROC("GetMemoryFdPropertiesKHR", script_fd_properties),
        PROC("GetPhysicalDeviceImageFormatProperties2", script_image_format),
    };
    PFN_vkVoidFunction function;
    int i;

    if (script_hides(instance, name)) {
        return NULL;
    }
    function = vulkan_script_window_proc(name);
    for (i = 0; i < ARRAY_SIZE(procs) && !function; i++) {
        function = g_str_equal(procs[i].name, name) ? procs[i].function : NULL;
    }
    if (function) {
        return function;
    }
    if (g_str_has_prefix(name, "vkDestroy") ||
        g_str_equal(name, "vkFreeMemory")) {
        return (PFN_vkVoidFunction)script_destroy;
    }
    if (g_str_has_prefix(name, "vkCreate")) {
        return (PFN_vkVoidFunction)script_create;
    }
    return (PFN_vkVoidFunction)script_ok;
}
