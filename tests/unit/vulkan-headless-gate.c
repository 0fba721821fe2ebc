/*
 * A Vulkan driver of this machine: a device that a test can make wait
 *
 * Work is submitted with one more semaphore to wait for, a timeline's, which
 * the host signals when the test says so.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/lockable.h"
#include "vulkan-headless-int.h"

#define MAX_WAITS 4
#define MAX_EXTENSIONS 16

VkResult vulkan_headless_gate_create_device(PFN_vkCreateDevice create,
                                            VkPhysicalDevice physical,
                                            const VkDeviceCreateInfo *info,
                                            VkDevice *out)
{
    VkPhysicalDeviceTimelineSemaphoreFeatures features = {
        .sType =
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES,
        .pNext = (void *)info->pNext,
        .timelineSemaphore = VK_TRUE,
    };
    const char *names[MAX_EXTENSIONS];
    VkDeviceCreateInfo with = *info;

    g_assert_cmpuint(info->enabledExtensionCount, <, MAX_EXTENSIONS);
    memcpy(names, info->ppEnabledExtensionNames,
           info->enabledExtensionCount * sizeof(names[0]));
    names[with.enabledExtensionCount++] =
        VK_KHR_TIMELINE_SEMAPHORE_EXTENSION_NAME;
    with.ppEnabledExtensionNames = names;
    with.pNext = &features;
    return create(physical, &with, NULL, out);
}

static void gate_make_semaphore(HeadlessGate *gate)
{
    const VkSemaphoreTypeCreateInfo type = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
        .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE,
    };
    const VkSemaphoreCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
        .pNext = &type,
    };
    VkResult res;

    res = gate->dev->vk.CreateSemaphore(gate->dev->handle, &info, NULL,
                                        &gate->semaphore);
    g_assert_cmpint(res, ==, VK_SUCCESS);
}

/* @info with the gate's semaphore to wait for as well */
static VkResult gate_submit(HeadlessGate *gate, const VkSubmitInfo *info,
                            VkFence fence)
{
    uint32_t count = info->waitSemaphoreCount + 1;
    uint64_t values[MAX_WAITS] = {};
    VkSemaphore waits[MAX_WAITS];
    VkPipelineStageFlags stages[MAX_WAITS];
    const VkTimelineSemaphoreSubmitInfo timeline = {
        .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
        .waitSemaphoreValueCount = count,
        .pWaitSemaphoreValues = values,
    };
    VkSubmitInfo with = *info;

    g_assert_cmpuint(count, <=, MAX_WAITS);
    g_assert_null(info->pNext);
    memcpy(waits, info->pWaitSemaphores, (count - 1) * sizeof(waits[0]));
    memcpy(stages, info->pWaitDstStageMask, (count - 1) * sizeof(stages[0]));
    waits[count - 1] = gate->semaphore;
    stages[count - 1] = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    values[count - 1] = 1;
    with.pNext = &timeline;
    with.waitSemaphoreCount = count;
    with.pWaitSemaphores = waits;
    with.pWaitDstStageMask = stages;
    return gate->dev->vk.QueueSubmit(gate->dev->queue, 1, &with, fence);
}

VkResult vulkan_headless_gate_submit(VulkanDevice *dev, uint32_t count,
                                     const VkSubmitInfo *info, VkFence fence)
{
    Headless *h = vulkan_headless();
    HeadlessGate *gate = &h->gate;

    QEMU_LOCK_GUARD(&h->lock);
    if (!gate->is_wanted || gate->dev) {
        return dev->vk.QueueSubmit(dev->queue, count, info, fence);
    }
    g_assert_cmpuint(count, ==, 1);
    gate->dev = dev;
    gate_make_semaphore(gate);
    return gate_submit(gate, info, fence);
}

bool vulkan_headless_gate_is_closed(VulkanDevice *dev)
{
    Headless *h = vulkan_headless();

    QEMU_LOCK_GUARD(&h->lock);
    return h->gate.dev == dev && h->gate.is_wanted;
}

void vulkan_headless_gate_wait(VulkanDevice *dev)
{
    Headless *h = vulkan_headless();
    const uint64_t value = 1;
    VkSemaphore semaphore = VK_NULL_HANDLE;
    const VkSemaphoreWaitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO,
        .semaphoreCount = 1,
        .pSemaphores = &semaphore,
        .pValues = &value,
    };
    PFN_vkWaitSemaphoresKHR wait = (PFN_vkWaitSemaphoresKHR)
        vulkan_headless_device_proc(dev->handle, "vkWaitSemaphoresKHR");

    WITH_QEMU_LOCK_GUARD(&h->lock) {
        if (h->gate.dev == dev) {
            semaphore = h->gate.semaphore;
        }
    }
    if (semaphore != VK_NULL_HANDLE) {
        g_assert_cmpint(wait(dev->handle, &info, UINT64_MAX), ==, VK_SUCCESS);
    }
}

void vulkan_headless_gate_forget(VulkanDevice *dev)
{
    Headless *h = vulkan_headless();
    HeadlessGate *gate = &h->gate;

    QEMU_LOCK_GUARD(&h->lock);
    if (gate->dev == dev) {
        dev->vk.DestroySemaphore(dev->handle, gate->semaphore, NULL);
        *gate = (HeadlessGate) {};
    }
}

void vulkan_headless_hold(void)
{
    Headless *h = vulkan_headless();

    QEMU_LOCK_GUARD(&h->lock);
    g_assert_null(h->gate.dev);
    h->gate.is_wanted = true;
}

bool vulkan_headless_is_held(void)
{
    Headless *h = vulkan_headless();

    QEMU_LOCK_GUARD(&h->lock);
    return h->gate.dev;
}

void vulkan_headless_release(void)
{
    Headless *h = vulkan_headless();
    HeadlessGate *gate = &h->gate;

    QEMU_LOCK_GUARD(&h->lock);
    if (gate->dev) {
        const VkSemaphoreSignalInfo info = {
            .sType = VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO,
            .semaphore = gate->semaphore,
            .value = 1,
        };
        PFN_vkSignalSemaphoreKHR open_gate = (PFN_vkSignalSemaphoreKHR)
            vulkan_headless_device_proc(gate->dev->handle,
                                        "vkSignalSemaphoreKHR");

        g_assert_cmpint(open_gate(gate->dev->handle, &info), ==,
                        VK_SUCCESS);
    }
    gate->is_wanted = false;
}
