/*
 * Tests of the shared-memory layer: a device below it, and checks
 *
 * Prints TAP.  The environment says which layers there are, with VALIDATION=1
 * that a validation layer has to be among them, and with SYNC_FD=1 that the
 * driver has no semaphores and fences of that kind itself.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <dirent.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

/* Of this process: the loader's callback and the checks have no other place. */
static atomic_uint messages;
static atomic_uint failures;

void check_failed(const char *file, int line, const char *what, long value)
{
    printf("# %s:%d: %s (%ld)\n", file, line, what, value);
    atomic_fetch_add(&failures, 1);
}

bool check_true(const char *file, int line, const char *what, bool ok)
{
    if (!ok) {
        check_failed(file, line, what, ok);
    }
    return ok;
}

bool check_result(const char *file, int line, const char *what, VkResult res,
                  VkResult wanted)
{
    if (res != wanted) {
        check_failed(file, line, what, res);
    }
    return res == wanted;
}

unsigned check_messages(void)
{
    return atomic_load(&messages);
}

static VKAPI_ATTR VkBool32 VKAPI_CALL
gpu_message(VkDebugUtilsMessageSeverityFlagBitsEXT severity,
            VkDebugUtilsMessageTypeFlagsEXT types,
            const VkDebugUtilsMessengerCallbackDataEXT *data, void *opaque)
{
    (void)severity;
    (void)types;
    (void)opaque;
    /* One line: TAP knows no others. */
    printf("# %.*s\n", (int)strcspn(data->pMessage, "\n"), data->pMessage);
    atomic_fetch_add(&messages, 1);
    return VK_FALSE;
}

static void must(VkResult res, const char *what)
{
    if (res != VK_SUCCESS) {
        printf("Bail out! %s: %d\n", what, res);
        exit(1);
    }
}

static void gpu_open_instance(Gpu *gpu)
{
    static const char *const debug[] = { VK_EXT_DEBUG_UTILS_EXTENSION_NAME };
    VkDebugUtilsMessengerCreateInfoEXT messenger = {
        .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
        .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT |
                           VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT,
        .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT,
        .pfnUserCallback = gpu_message,
    };
    VkApplicationInfo app = {
        .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
        .apiVersion = VK_API_VERSION_1_3,
    };
    VkInstanceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
        .pApplicationInfo = &app,
        .enabledExtensionCount = 1,
        .ppEnabledExtensionNames = debug,
    };
    PFN_vkCreateDebugUtilsMessengerEXT create;
    uint32_t count = 1;

    must(vkCreateInstance(&info, NULL, &gpu->instance), "vkCreateInstance");
    create = (PFN_vkCreateDebugUtilsMessengerEXT)vkGetInstanceProcAddr(
        gpu->instance, "vkCreateDebugUtilsMessengerEXT");
    must(create(gpu->instance, &messenger, NULL, &gpu->messenger),
         "vkCreateDebugUtilsMessengerEXT");
    must(vkEnumeratePhysicalDevices(gpu->instance, &count, &gpu->physical),
         "vkEnumeratePhysicalDevices");
}

static bool gpu_is_subset(Gpu *gpu)
{
    VkExtensionProperties list[512];
    uint32_t count = COUNT(list);

    vkEnumerateDeviceExtensionProperties(gpu->physical, NULL, &count, list);
    while (count && strcmp(list[count - 1].extensionName,
                           "VK_KHR_portability_subset")) {
        count--;
    }
    return count;
}

static void gpu_open_device(Gpu *gpu)
{
    static const char *const names[] = {
        VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME,
        VK_EXT_EXTERNAL_MEMORY_DMA_BUF_EXTENSION_NAME,
        VK_KHR_EXTERNAL_SEMAPHORE_FD_EXTENSION_NAME,
        VK_KHR_EXTERNAL_FENCE_FD_EXTENSION_NAME,
        VK_EXT_IMAGE_DRM_FORMAT_MODIFIER_EXTENSION_NAME,
        VK_EXT_QUEUE_FAMILY_FOREIGN_EXTENSION_NAME,
        "VK_KHR_portability_subset",    /* has to be where it is listed */
    };
    static const float priority = 1;
    VkPhysicalDeviceVulkan13Features features13 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES,
        .synchronization2 = VK_TRUE,
    };
    VkPhysicalDeviceVulkan12Features features12 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
        .pNext = &features13,
        .timelineSemaphore = VK_TRUE,
    };
    VkDeviceQueueCreateInfo queue = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    VkDeviceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .pNext = &features12,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &queue,
        .enabledExtensionCount = COUNT(names) - !gpu_is_subset(gpu),
        .ppEnabledExtensionNames = names,
    };
    VkCommandPoolCreateInfo pool = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO,
    };

    must(vkCreateDevice(gpu->physical, &info, NULL, &gpu->device),
         "vkCreateDevice");
    vkGetDeviceQueue(gpu->device, 0, 0, &gpu->queue);
    must(vkCreateCommandPool(gpu->device, &pool, NULL, &gpu->pool),
         "vkCreateCommandPool");
}

#define GET(member, name) \
    gpu->member = (PFN_##name)vkGetDeviceProcAddr(gpu->device, #name)

void gpu_open(Gpu *gpu)
{
    VkPhysicalDeviceMemoryProperties memory;

    memset(gpu, 0, sizeof(*gpu));
    gpu_open_instance(gpu);
    gpu_open_device(gpu);
    GET(get_memory_fd, vkGetMemoryFdKHR);
    GET(get_memory_fd_properties, vkGetMemoryFdPropertiesKHR);
    GET(get_semaphore_fd, vkGetSemaphoreFdKHR);
    GET(import_semaphore_fd, vkImportSemaphoreFdKHR);
    GET(get_fence_fd, vkGetFenceFdKHR);
    GET(import_fence_fd, vkImportFenceFdKHR);
    GET(queue_submit2, vkQueueSubmit2);
    GET(cmd_barrier2, vkCmdPipelineBarrier2);
    GET(get_modifier, vkGetImageDrmFormatModifierPropertiesEXT);
    vkGetPhysicalDeviceMemoryProperties(gpu->physical, &memory);
    while (gpu->type < memory.memoryTypeCount &&
           !(memory.memoryTypes[gpu->type].propertyFlags &
             VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT)) {
        gpu->type++;
    }
}

void gpu_close(Gpu *gpu)
{
    PFN_vkDestroyDebugUtilsMessengerEXT destroy =
        (PFN_vkDestroyDebugUtilsMessengerEXT)vkGetInstanceProcAddr(
            gpu->instance, "vkDestroyDebugUtilsMessengerEXT");

    vkDestroyCommandPool(gpu->device, gpu->pool, NULL);
    vkDestroyDevice(gpu->device, NULL);
    destroy(gpu->instance, gpu->messenger, NULL);
    vkDestroyInstance(gpu->instance, NULL);
}

static VkResult gpu_allocate(Gpu *gpu, const void *chain, VkDeviceSize size,
                             VkDeviceMemory *memory)
{
    VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .pNext = chain,
        .allocationSize = size,
        .memoryTypeIndex = gpu->type,
    };

    return vkAllocateMemory(gpu->device, &info, gpu->alloc, memory);
}

VkResult gpu_export(Gpu *gpu, VkDeviceSize size, VkDeviceMemory *memory)
{
    VkExportMemoryAllocateInfo export = {
        .sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
        .handleTypes = DMA_BUF,
    };

    return gpu_allocate(gpu, &export, size, memory);
}

VkResult gpu_import(Gpu *gpu, VkDeviceSize size, int fd, VkDeviceMemory *memory)
{
    VkImportMemoryFdInfoKHR import = {
        .sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR,
        .handleType = DMA_BUF,
        .fd = fd,
    };

    return gpu_allocate(gpu, &import, size, memory);
}

VkResult gpu_fd(Gpu *gpu, VkDeviceMemory memory, int *fd)
{
    VkMemoryGetFdInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_GET_FD_INFO_KHR,
        .memory = memory,
        .handleType = DMA_BUF,
    };

    return gpu->get_memory_fd(gpu->device, &info, fd);
}

VkCommandBuffer gpu_begin(Gpu *gpu)
{
    VkCommandBufferAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = gpu->pool,
        .commandBufferCount = 1,
    };
    VkCommandBufferBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
    };
    VkCommandBuffer cmd = NULL;

    must(vkAllocateCommandBuffers(gpu->device, &info, &cmd),
         "vkAllocateCommandBuffers");
    must(vkBeginCommandBuffer(cmd, &begin), "vkBeginCommandBuffer");
    return cmd;
}

void gpu_run(Gpu *gpu, VkCommandBuffer cmd)
{
    VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .commandBufferCount = 1,
        .pCommandBuffers = &cmd,
    };

    must(vkEndCommandBuffer(cmd), "vkEndCommandBuffer");
    must(vkQueueSubmit(gpu->queue, 1, &submit, VK_NULL_HANDLE),
         "vkQueueSubmit");
    must(vkQueueWaitIdle(gpu->queue), "vkQueueWaitIdle");
    vkFreeCommandBuffers(gpu->device, gpu->pool, 1, &cmd);
}

unsigned open_descriptors(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned count = 0;

    while (dir && readdir(dir)) {
        count++;
    }
    if (dir) {
        closedir(dir);
    }
    return count;
}

/* A validation layer that says nothing may just not be there. */
static void check_validation(Gpu *gpu)
{
    VkBufferCreateInfo nothing = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .usage = VK_BUFFER_USAGE_TRANSFER_DST_BIT,
    };
    VkBuffer buffer = VK_NULL_HANDLE;
    const char *wanted = getenv("VALIDATION");

    CHECK(check_messages() == 0);
    if (!wanted || strcmp(wanted, "1")) {
        return;
    }
    if (vkCreateBuffer(gpu->device, &nothing, NULL, &buffer) == VK_SUCCESS) {
        vkDestroyBuffer(gpu->device, buffer, NULL);
    }
    CHECK(check_messages() > 0);
}

static void run(Gpu *gpu, const Test *tests, unsigned *number)
{
    for (; tests->name; tests++) {
        atomic_store(&failures, 0);
        tests->run(gpu);
        printf("%sok %u - %s\n", atomic_load(&failures) ? "not " : "",
               ++*number, tests->name);
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    static const Test last[] = {
        { "validation", check_validation },
        { NULL },
    };
    unsigned number = 0;
    Gpu gpu;

    if (argc > 1) {
        return other_process(atoi(argv[1]));
    }
    gpu_open(&gpu);
    run(&gpu, memory_tests, &number);
    run(&gpu, object_tests, &number);
    if (getenv("SYNC_FD")) {
        run(&gpu, sync_tests, &number);
    }
    run(&gpu, last, &number);
    gpu_close(&gpu);
    printf("1..%u\n", number);
    return 0;
}
