/*
 * A Vulkan device: instance, choice of physical device, queues, extensions.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>
#include <string.h>

#include "gpu.h"
#include "prog.h"

static const char *const gpu_extension_names[GPU_EXTENSIONS] = {
    [GPU_MEMORY_FD] = VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME,
    [GPU_DMA_BUF] = VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME,
    [GPU_IMAGE_FORMAT_LIST] = VK_KHR_IMAGE_FORMAT_LIST_EXTENSION_NAME,
    [GPU_DRM_MODIFIER] = VK_EXT_IMAGE_DRM_FORMAT_MODIFIER_EXTENSION_NAME,
    [GPU_FOREIGN_QUEUE] = VK_EXT_QUEUE_FAMILY_FOREIGN_EXTENSION_NAME,
    [GPU_TIMELINE] = VK_KHR_TIMELINE_SEMAPHORE_EXTENSION_NAME,
    [GPU_FENCE_FD] = VK_KHR_EXTERNAL_FENCE_FD_EXTENSION_NAME,
    [GPU_PORTABILITY_SUBSET] = "VK_KHR_portability_subset",
};

const char *gpu_result_name(VkResult res)
{
    switch (res) {
    case VK_SUCCESS: return "VK_SUCCESS";
    case VK_NOT_READY: return "VK_NOT_READY";
    case VK_TIMEOUT: return "VK_TIMEOUT";
    case VK_INCOMPLETE: return "VK_INCOMPLETE";
    case VK_ERROR_OUT_OF_HOST_MEMORY: return "out of host memory";
    case VK_ERROR_OUT_OF_DEVICE_MEMORY: return "out of device memory";
    case VK_ERROR_INITIALIZATION_FAILED: return "initialization failed";
    case VK_ERROR_DEVICE_LOST: return "device lost";
    case VK_ERROR_MEMORY_MAP_FAILED: return "memory map failed";
    case VK_ERROR_LAYER_NOT_PRESENT: return "layer not present";
    case VK_ERROR_EXTENSION_NOT_PRESENT: return "extension not present";
    case VK_ERROR_FEATURE_NOT_PRESENT: return "feature not present";
    case VK_ERROR_INCOMPATIBLE_DRIVER: return "incompatible driver";
    case VK_ERROR_TOO_MANY_OBJECTS: return "too many objects";
    case VK_ERROR_FORMAT_NOT_SUPPORTED: return "format not supported";
    case VK_ERROR_OUT_OF_POOL_MEMORY: return "out of pool memory";
    case VK_ERROR_INVALID_EXTERNAL_HANDLE: return "invalid external handle";
    default: return "unexpected VkResult";
    }
}

void gpu_must(VkResult res, const char *what)
{
    if (res != VK_SUCCESS) {
        prog_die("%s: %s (%d)", what, gpu_result_name(res), res);
    }
}

static bool gpu_listed(const VkExtensionProperties *list, uint32_t count,
                       const char *name)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!strcmp(list[i].extensionName, name)) {
            return true;
        }
    }
    return false;
}

/* A host that layers Vulkan over another API wants to be asked for. */
static bool gpu_instance_portability(void)
{
    uint32_t count = 0;
    VkExtensionProperties *list;
    bool listed;

    gpu_must(vkEnumerateInstanceExtensionProperties(NULL, &count, NULL),
             "vkEnumerateInstanceExtensionProperties");
    list = calloc(count + 1, sizeof(*list));
    if (!list) {
        prog_die("out of memory");
    }
    gpu_must(vkEnumerateInstanceExtensionProperties(NULL, &count, list),
             "vkEnumerateInstanceExtensionProperties");
    listed = gpu_listed(list, count,
                        VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME);
    free(list);
    return listed;
}

static void gpu_create_instance(GpuDevice *gpu, const char *program,
                                const char *const *extensions, uint32_t count)
{
    VkApplicationInfo app = {
        .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
        .pApplicationName = program,
        .apiVersion = VK_API_VERSION_1_1,
    };
    const char **names = calloc(count + 1, sizeof(*names));
    VkInstanceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
        .pApplicationInfo = &app,
        .enabledExtensionCount = count,
        .ppEnabledExtensionNames = names,
    };

    if (!names) {
        prog_die("out of memory");
    }
    for (uint32_t i = 0; i < count; i++) {
        names[i] = extensions[i];
    }
    if (gpu_instance_portability()) {
        info.flags = VK_INSTANCE_CREATE_ENUMERATE_PORTABILITY_BIT_KHR;
        names[info.enabledExtensionCount++] =
            VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME;
    }
    gpu_must(vkCreateInstance(&info, NULL, &gpu->instance),
             "vkCreateInstance");
    free(names);
}

static void gpu_choose(GpuDevice *gpu)
{
    uint32_t count = 1;
    VkResult res;

    res = vkEnumeratePhysicalDevices(gpu->instance, &count, &gpu->physical);
    if (res != VK_INCOMPLETE) {
        gpu_must(res, "vkEnumeratePhysicalDevices");
    }
    if (!count) {
        prog_die("the Vulkan driver has no device");
    }
    vkGetPhysicalDeviceProperties(gpu->physical, &gpu->props);
    vkGetPhysicalDeviceMemoryProperties(gpu->physical, &gpu->memory);
    if (gpu->props.apiVersion < VK_API_VERSION_1_1) {
        prog_die("%s has Vulkan %u.%u only", gpu->props.deviceName,
                 VK_API_VERSION_MAJOR(gpu->props.apiVersion),
                 VK_API_VERSION_MINOR(gpu->props.apiVersion));
    }
}

void gpu_open_instance(GpuDevice *gpu, const char *program,
                       const char *const *extensions, uint32_t count)
{
    *gpu = (GpuDevice) { 0 };
    gpu_create_instance(gpu, program, extensions, count);
    gpu_choose(gpu);
}

static void gpu_find_family(GpuDevice *gpu)
{
    const VkQueueFlags wanted = VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT;
    VkQueueFamilyProperties families[16];
    uint32_t count = PROG_COUNT(families);

    vkGetPhysicalDeviceQueueFamilyProperties(gpu->physical, &count, families);
    for (uint32_t i = 0; i < count; i++) {
        if ((families[i].queueFlags & wanted) == wanted) {
            gpu->family = i;
            gpu->queue_count = families[i].queueCount < GPU_MAX_QUEUES ?
                               families[i].queueCount : GPU_MAX_QUEUES;
            return;
        }
    }
    prog_die("%s has no queue that draws and computes",
             gpu->props.deviceName);
}

static void gpu_find_extensions(GpuDevice *gpu)
{
    uint32_t count = 0;
    VkExtensionProperties *list;

    gpu_must(vkEnumerateDeviceExtensionProperties(gpu->physical, NULL, &count,
                                                  NULL),
             "vkEnumerateDeviceExtensionProperties");
    list = calloc(count + 1, sizeof(*list));
    if (!list) {
        prog_die("out of memory");
    }
    gpu_must(vkEnumerateDeviceExtensionProperties(gpu->physical, NULL, &count,
                                                  list),
             "vkEnumerateDeviceExtensionProperties");
    for (unsigned i = 0; i < GPU_EXTENSIONS; i++) {
        gpu->has[i] = gpu_listed(list, count, gpu_extension_names[i]);
    }
    free(list);
    gpu->has[GPU_DMA_BUF] &= gpu->has[GPU_MEMORY_FD];
    gpu->has[GPU_DRM_MODIFIER] &= gpu->has[GPU_IMAGE_FORMAT_LIST];
}

/* A device with what @gpu says of queues, and a command pool */
static void gpu_create_device(GpuDevice *gpu, const void *features,
                              const char *const *extensions, uint32_t count)
{
    static const float priorities[GPU_MAX_QUEUES] = { 0 };
    const VkDeviceQueueCreateInfo queues = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueFamilyIndex = gpu->family,
        .queueCount = gpu->queue_count,
        .pQueuePriorities = priorities,
    };
    const VkDeviceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .pNext = features,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &queues,
        .enabledExtensionCount = count,
        .ppEnabledExtensionNames = extensions,
    };
    const VkCommandPoolCreateInfo pool = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
        .flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT,
        .queueFamilyIndex = gpu->family,
    };

    gpu_must(vkCreateDevice(gpu->physical, &info, NULL, &gpu->device),
             "vkCreateDevice");
    for (uint32_t i = 0; i < gpu->queue_count; i++) {
        vkGetDeviceQueue(gpu->device, gpu->family, i, &gpu->queues[i]);
    }
    gpu_must(vkCreateCommandPool(gpu->device, &pool, NULL, &gpu->pool),
             "vkCreateCommandPool");
}

void gpu_open(GpuDevice *gpu, const char *program)
{
    const VkPhysicalDeviceTimelineSemaphoreFeatures timeline = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES,
        .timelineSemaphore = VK_TRUE,
    };
    const char *names[GPU_EXTENSIONS];
    uint32_t count = 0;

    gpu_open_instance(gpu, program, NULL, 0);
    gpu_find_family(gpu);
    gpu_find_extensions(gpu);
    for (unsigned i = 0; i < GPU_EXTENSIONS; i++) {
        if (gpu->has[i]) {
            names[count++] = gpu_extension_names[i];
        }
    }
    gpu_create_device(gpu, gpu->has[GPU_TIMELINE] ? &timeline : NULL, names,
                      count);
}

void gpu_open_presenting_device(GpuDevice *gpu, VkSurfaceKHR surface,
                                const char *const *extensions, uint32_t count)
{
    VkBool32 can = VK_FALSE;

    gpu_must(vkGetPhysicalDeviceSurfaceSupportKHR(gpu->physical, 0, surface,
                                                  &can),
             "vkGetPhysicalDeviceSurfaceSupportKHR");
    if (!can) {
        prog_die("the device's first queues cannot present");
    }
    gpu->queue_count = 1;
    gpu_create_device(gpu, NULL, extensions, count);
}

void gpu_close(GpuDevice *gpu)
{
    vkDestroyCommandPool(gpu->device, gpu->pool, NULL);
    vkDestroyDevice(gpu->device, NULL);
    vkDestroyInstance(gpu->instance, NULL);
    *gpu = (GpuDevice) { 0 };
}

uint32_t gpu_memory_type(const GpuDevice *gpu, uint32_t bits,
                         VkMemoryPropertyFlags flags)
{
    for (uint32_t i = 0; i < gpu->memory.memoryTypeCount; i++) {
        VkMemoryPropertyFlags has = gpu->memory.memoryTypes[i].propertyFlags;

        if (bits & 1u << i && (has & flags) == flags) {
            return i;
        }
    }
    return UINT32_MAX;
}
