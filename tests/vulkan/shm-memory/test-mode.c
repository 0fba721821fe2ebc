/*
 * Tests of the shared-memory layer: when it stands aside
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vulkan.h>

/* Whether exported memory is memory of the host: what QEMU asks, too */
static bool is_emulated(VkPhysicalDevice physical)
{
    VkPhysicalDeviceExternalBufferInfo info = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_BUFFER_INFO,
        .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT,
        .handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT,
    };
    VkExternalBufferProperties props = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_BUFFER_PROPERTIES,
    };

    vkGetPhysicalDeviceExternalBufferProperties(physical, &info, &props);
    return props.externalMemoryProperties.compatibleHandleTypes &
           VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT;
}

static bool ask(void)
{
    VkApplicationInfo app = {
        .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
        .apiVersion = VK_API_VERSION_1_1,
    };
    VkInstanceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
        .pApplicationInfo = &app,
    };
    VkPhysicalDevice physical;
    VkInstance instance;
    uint32_t count = 1;
    bool answer;

    if (vkCreateInstance(&info, NULL, &instance) != VK_SUCCESS ||
        vkEnumeratePhysicalDevices(instance, &count, &physical) < 0 || !count) {
        printf("Bail out! there is no Vulkan device\n");
        exit(1);
    }
    answer = is_emulated(physical);
    vkDestroyInstance(instance, NULL);
    return answer;
}

int main(void)
{
    static const struct {
        const char *mode, *driver;
        bool emulated;
    } cases[] = {
        { "auto", "MoltenVK", true },
        { "auto", "exporter", false },
        { "shm", "MoltenVK", true },
        { "shm", "exporter", true },
        { "driver", "MoltenVK", false },
        { "driver", "exporter", false },
        { "nonsense", "MoltenVK", true },
        { "nonsense", "exporter", false },
    };
    const size_t n = sizeof(cases) / sizeof(cases[0]);
    int failed = 0;

    for (size_t i = 0; i < n; i++) {
        bool ok;

        setenv("VENUS_MEMORY", cases[i].mode, 1);
        setenv("LOOKALIKE", cases[i].driver, 1);
        ok = ask() == cases[i].emulated;
        failed += !ok;
        printf("%sok %zu - mode %s, driver %s: %s\n", ok ? "" : "not ", i + 1,
               cases[i].mode, cases[i].driver,
               cases[i].emulated ? "emulated" : "stands aside");
    }
    printf("1..%zu\n", n);
    return failed != 0;
}
