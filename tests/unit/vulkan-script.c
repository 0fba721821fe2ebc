/*
 * A Vulkan that answers what a test tells it to
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/lockable.h"
#include "vulkan-script-int.h"

/* A loader's functions have no argument that could carry it. */
static VulkanScript script;

VulkanScript *vulkan_script(void)
{
    return &script;
}

void vulkan_script_start(const VulkanScriptConfig *config)
{
    if (!script.is_started) {
        qemu_mutex_init(&script.lock);
    }
    QEMU_LOCK_GUARD(&script.lock);
    script.is_started = true;
    script.config = *config;
    script.log = (VulkanScriptLog) {};
    memset(script.calls, 0, sizeof(script.calls));
    script.alive = 0;
}

void vulkan_script_resize(uint32_t width, uint32_t height)
{
    QEMU_LOCK_GUARD(&script.lock);
    script.config.extent = (VkExtent2D) { width, height };
}

void vulkan_script_answer(VulkanScriptCall call, VkResult res, unsigned times)
{
    QEMU_LOCK_GUARD(&script.lock);
    script.calls[call].res = res;
    script.calls[call].times = times;
}

unsigned vulkan_script_calls(VulkanScriptCall call)
{
    QEMU_LOCK_GUARD(&script.lock);
    return script.calls[call].calls;
}

VulkanScriptLog vulkan_script_log(void)
{
    QEMU_LOCK_GUARD(&script.lock);
    return script.log;
}

int vulkan_script_alive(void)
{
    QEMU_LOCK_GUARD(&script.lock);
    return script.alive;
}

VkResult vulkan_script_call_locked(VulkanScriptCall call)
{
    script.calls[call].calls++;
    if (!script.calls[call].times) {
        return VK_SUCCESS;
    }
    script.calls[call].times--;
    return script.calls[call].res;
}

VkResult vulkan_script_call(VulkanScriptCall call)
{
    QEMU_LOCK_GUARD(&script.lock);
    return vulkan_script_call_locked(call);
}

uint64_t vulkan_script_new_locked(void)
{
    script.alive++;
    return ++script.next_handle;
}

VkResult vulkan_script_new(void *out)
{
    QEMU_LOCK_GUARD(&script.lock);
    *(uint64_t *)out = vulkan_script_new_locked();
    return VK_SUCCESS;
}

void vulkan_script_delete(uint64_t handle)
{
    QEMU_LOCK_GUARD(&script.lock);
    script.alive -= handle != 0;
}

VkSurfaceKHR vulkan_script_surface(void)
{
    VkSurfaceKHR surface;

    vulkan_script_new(&surface);
    return surface;
}
