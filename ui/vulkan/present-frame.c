/*
 * Vulkan presenter: one frame, from a picture to the screen
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/lockable.h"
#include "draw.h"
#include "present-frame.h"
#include "result.h"
#include "trace.h"

/* One wait for the device or the screen */
#define WAIT_NS (100 * 1000 * 1000)

static VulkanPresentStatus vulkan_present_failed(VkResult res,
                                                 const char *what,
                                                 Error **errp)
{
    if (res < 0) {
        error_setg_vulkan(errp, res, "%s", what);
    }
    return vulkan_present_status(res);
}

static VkResult vulkan_slot_init(VulkanDevice *dev, VulkanSlot *slot)
{
    const VkSemaphoreCreateInfo semaphore = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
    };
    VkResult res;

    res = vulkan_device_make_command(dev, &slot->cmd, &slot->done);
    if (res != VK_SUCCESS) {
        return res;
    }
    res = dev->vk.CreateSemaphore(dev->handle, &semaphore, NULL,
                                  &slot->acquired);
    if (res != VK_SUCCESS) {
        slot->acquired = VK_NULL_HANDLE;
    }
    return res;
}

static void vulkan_slot_cleanup(VulkanDevice *dev, VulkanSlot *slot)
{
    vulkan_image_unref(slot->image);
    dev->vk.DestroyFence(dev->handle, slot->done, NULL);
    dev->vk.DestroySemaphore(dev->handle, slot->acquired, NULL);
    *slot = (VulkanSlot) {};
}

static bool vulkan_presenter_make_device(VulkanPresenter *p, Error **errp)
{
    int i;

    p->dev = vulkan_device_new(p->instance, p->surface, errp);
    if (!p->dev) {
        return false;
    }
    for (i = 0; i < VULKAN_SLOTS; i++) {
        VkResult res = vulkan_slot_init(p->dev, &p->slots[i]);

        if (res != VK_SUCCESS) {
            error_setg_vulkan(errp, res, "frame %d on '%s'", i, p->dev->name);
            return false;
        }
    }
    trace_vulkan_presenter_device(p, p->dev->name, p->dev->has_dmabuf,
                                  p->dev->host_align);
    return true;
}

void vulkan_presenter_drop_device(VulkanPresenter *p)
{
    int i;

    if (!p->dev) {
        return;
    }
    /* A lost device says so, which is as good as being done. */
    p->dev->vk.DeviceWaitIdle(p->dev->handle);
    for (i = 0; i < VULKAN_SLOTS; i++) {
        vulkan_slot_cleanup(p->dev, &p->slots[i]);
    }
    g_ptr_array_set_size(p->images, 0);
    g_ptr_array_set_size(p->retired, 0);
    vulkan_swapchain_free(p->swapchain);
    p->swapchain = NULL;
    vulkan_device_free(p->dev);
    p->dev = NULL;
    p->is_lost = false;
    p->completed = p->submission;
}

/* Return: VK_SUCCESS when the device is done with @slot. */
static VkResult vulkan_slot_wait(VulkanPresenter *p, VulkanSlot *slot,
                                 uint64_t ns)
{
    VulkanDevice *dev = p->dev;
    VkResult res;

    if (!slot->is_pending) {
        return VK_SUCCESS;
    }
    res = dev->vk.WaitForFences(dev->handle, 1, &slot->done, VK_TRUE, ns);
    if (res != VK_SUCCESS) {
        return res;
    }
    slot->is_pending = false;
    p->completed = MAX(p->completed, slot->submission);
    vulkan_image_unref(slot->image);
    slot->image = NULL;
    return dev->vk.ResetFences(dev->handle, 1, &slot->done);
}

/* Presenting from it came before a submission that is now complete. */
static void vulkan_presenter_sweep_swapchains(VulkanPresenter *p)
{
    guint i = 0;

    while (i < p->retired->len) {
        VulkanSwapchain *sc = g_ptr_array_index(p->retired, i);

        if (p->completed > sc->retired_at) {
            g_ptr_array_remove_index(p->retired, i);
        } else {
            i++;
        }
    }
}

static bool vulkan_image_shows(const VulkanImage *image,
                               const VulkanFrame *shown)
{
    const VulkanFrame *frame = image->frame;

    return shown && (frame == shown ||
                     (frame->image && frame->image == shown->image));
}

/* Return: whether imports are kept that are not shown now. */
static bool vulkan_presenter_sweep_images(VulkanPresenter *p)
{
    g_autoptr(VulkanFrame) shown = NULL;
    int64_t now = g_get_monotonic_time();
    bool has_others = false;
    guint i = 0;

    WITH_QEMU_LOCK_GUARD(&p->lock) {
        shown = p->frame ? vulkan_frame_ref(p->frame) : NULL;
    }
    while (i < p->images->len) {
        VulkanImage *image = g_ptr_array_index(p->images, i);

        if (vulkan_image_shows(image, shown)) {
            i++;
        } else if (vulkan_image_is_wanted(image, now)) {
            has_others = true;
            i++;
        } else {
            g_ptr_array_remove_index(p->images, i);
        }
    }
    return has_others;
}

int vulkan_presenter_collect(VulkanPresenter *p)
{
    bool is_pending = false;
    int i;

    if (!p->dev) {
        return 0;
    }
    for (i = 0; i < VULKAN_SLOTS; i++) {
        VkResult res = vulkan_slot_wait(p, &p->slots[i], 0);

        is_pending |= p->slots[i].is_pending;
        if (res < 0 && !p->is_lost) {
            p->is_lost = true;
            QEMU_LOCK_GUARD(&p->lock);
            p->is_dirty = true;
        }
    }
    vulkan_presenter_sweep_swapchains(p);
    if (vulkan_presenter_sweep_images(p)) {
        return is_pending ? PENDING_POLL_MS : IMPORTS_POLL_MS;
    }
    return is_pending && !p->is_lost ? PENDING_POLL_MS : 0;
}

/* The swapchain for the window as it is now */
static VulkanPresentStatus vulkan_presenter_need_swapchain(VulkanPresenter *p,
                                                           VkExtent2D extent,
                                                           VkFormat format,
                                                           Error **errp)
{
    const VulkanSwapchainConfig config = {
        .surface = p->surface,
        .extent = extent,
        .mode = p->config.mode,
        .format = format,
    };
    VulkanSwapchain *old = p->swapchain;
    VkResult res;

    if (extent.width != p->asked.width || extent.height != p->asked.height) {
        p->needs_recreate = true;
    }
    if (old && !p->needs_recreate) {
        return VULKAN_PRESENT_OK;
    }
    res = vulkan_swapchain_new(p->dev, &config, old, &p->swapchain);
    if (res == VK_NOT_READY) {
        return VULKAN_PRESENT_HIDDEN;
    }
    p->ignores_stale = false;
    if (res == VK_SUCCESS) {
        p->needs_recreate = false;
        p->asked = extent;
        p->ignores_stale = old &&
            old->extent.width == p->swapchain->extent.width &&
            old->extent.height == p->swapchain->extent.height;
    } else {
        p->swapchain = NULL;
    }
    if (old) {
        old->retired_at = p->submission;
        g_ptr_array_add(p->retired, old);
    }
    return vulkan_present_failed(res, "swapchain", errp);
}

/* The newest picture and what changed in it; @last where there is none now */
static VulkanFrame *vulkan_presenter_take_frame(VulkanPresenter *p,
                                                VulkanFrame *last,
                                                pixman_region32_t *damage)
{
    QEMU_LOCK_GUARD(&p->lock);
    p->is_dirty = false;
    pixman_region32_copy(damage, &p->damage);
    pixman_region32_clear(&p->damage);
    return vulkan_frame_ref(p->frame ?: last);
}

/* Return: borrowed from the list of imports */
static VulkanImage *vulkan_presenter_import(VulkanPresenter *p,
                                            VulkanFrame *frame,
                                            pixman_region32_t *damage,
                                            Error **errp)
{
    bool is_srgb = vulkan_format_is_srgb(p->swapchain->format);
    VulkanImage *image = NULL;
    guint i;

    for (i = 0; i < p->images->len && !image; i++) {
        VulkanImage *known = g_ptr_array_index(p->images, i);

        if (vulkan_image_take(known, frame, is_srgb)) {
            image = known;
            vulkan_image_damage(image, damage);
        }
    }
    if (!image) {
        image = vulkan_image_new(p->dev, frame, p->config.import, is_srgb,
                                 errp);
        if (!image) {
            return NULL;
        }
        g_ptr_array_add(p->images, image);
    }
    image->last_used = g_get_monotonic_time();
    return image;
}

static VkResult vulkan_presenter_submit(VulkanPresenter *p, VulkanSlot *slot,
                                        VulkanImage *image, uint32_t index)
{
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_TRANSFER_BIT;
    VulkanSwapchain *sc = p->swapchain;
    const VulkanTarget target = {
        .image = sc->images[index],
        .format = sc->format,
        .extent = sc->extent,
    };
    const VkSubmitInfo info = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .waitSemaphoreCount = 1,
        .pWaitSemaphores = &slot->acquired,
        .pWaitDstStageMask = &stage,
        .commandBufferCount = 1,
        .pCommandBuffers = &slot->cmd,
        .signalSemaphoreCount = 1,
        .pSignalSemaphores = &sc->drawn[index],
    };
    unsigned number = slot - p->slots;
    uint64_t copied = vulkan_image_copy_damage(image, number);
    VkResult res;

    res = vulkan_draw_record(image, number, slot->cmd, &target);
    if (res != VK_SUCCESS) {
        return res;
    }
    res = p->dev->vk.QueueSubmit(p->dev->queue, 1, &info, slot->done);
    if (res == VK_SUCCESS) {
        slot->image = vulkan_image_ref(image);
        slot->is_pending = true;
        slot->submission = ++p->submission;
        p->next_slot = (number + 1) % VULKAN_SLOTS;
        stat64_add(&p->copied, copied);
    }
    return res;
}

static VulkanPresentStatus vulkan_presenter_present(VulkanPresenter *p,
                                                    uint32_t index,
                                                    Error **errp)
{
    const VkPresentInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_PRESENT_INFO_KHR,
        .waitSemaphoreCount = 1,
        .pWaitSemaphores = &p->swapchain->drawn[index],
        .swapchainCount = 1,
        .pSwapchains = &p->swapchain->handle,
        .pImageIndices = &index,
    };
    VkResult res = p->dev->vk.QueuePresentKHR(p->dev->queue, &info);

    if (res >= 0) {
        stat64_add(&p->frames, 1);
        trace_vulkan_presenter_frame(p, stat64_get(&p->frames),
                                     stat64_get(&p->copied));
    }
    return vulkan_present_failed(res, "vkQueuePresentKHR", errp);
}

/* The image @index is ours: draw what is newest now. */
static VulkanPresentStatus vulkan_presenter_draw(VulkanPresenter *p,
                                                 VulkanSlot *slot,
                                                 VulkanFrame *last,
                                                 uint32_t index, Error **errp)
{
    g_autoptr(VulkanFrame) frame = NULL;
    pixman_region32_t damage;
    VulkanImage *image;
    VkResult res;

    pixman_region32_init(&damage);
    frame = vulkan_presenter_take_frame(p, last, &damage);
    image = vulkan_presenter_import(p, frame, &damage, errp);
    pixman_region32_fini(&damage);
    if (!image) {
        return VULKAN_PRESENT_NO_DEVICE;
    }
    res = vulkan_presenter_submit(p, slot, image, index);
    if (res != VK_SUCCESS) {
        error_setg_vulkan(errp, res, "drawing a frame");
        return VULKAN_PRESENT_NO_DEVICE;
    }
    return vulkan_presenter_present(p, index, errp);
}

VulkanPresentStatus vulkan_present_frame(VulkanPresenter *p, Error **errp)
{
    g_autoptr(VulkanFrame) frame = NULL;
    VulkanSlot *slot = &p->slots[p->next_slot];
    VulkanPresentStatus status;
    VkExtent2D extent;
    uint32_t index;
    bool is_stale;
    VkResult res;

    WITH_QEMU_LOCK_GUARD(&p->lock) {
        p->is_dirty = false;
        extent = p->extent;
        frame = p->frame ? vulkan_frame_ref(p->frame) : NULL;
    }
    if (!frame) {
        return VULKAN_PRESENT_HIDDEN;
    }
    if (p->is_lost) {
        return vulkan_present_failed(VK_ERROR_DEVICE_LOST, "a frame", errp);
    }
    if (!p->dev && !vulkan_presenter_make_device(p, errp)) {
        return VULKAN_PRESENT_NO_DEVICE;
    }
    res = vulkan_slot_wait(p, slot, WAIT_NS);
    if (res != VK_SUCCESS) {
        return vulkan_present_failed(res, "waiting for a frame", errp);
    }
    status = vulkan_presenter_need_swapchain(
        p, extent, vulkan_image_format(p->dev, frame), errp);
    if (status != VULKAN_PRESENT_OK) {
        return status;
    }
    res = p->dev->vk.AcquireNextImageKHR(p->dev->handle, p->swapchain->handle,
                                         WAIT_NS, slot->acquired,
                                         VK_NULL_HANDLE, &index);
    is_stale = res == VK_SUBOPTIMAL_KHR;
    if (res != VK_SUCCESS && !is_stale) {
        return vulkan_present_failed(res, "vkAcquireNextImageKHR", errp);
    }
    status = vulkan_presenter_draw(p, slot, frame, index, errp);
    return status == VULKAN_PRESENT_OK && is_stale ? VULKAN_PRESENT_STALE :
                                                     status;
}
