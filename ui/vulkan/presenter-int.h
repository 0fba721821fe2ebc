/*
 * Vulkan presenter: what its two halves share
 *
 * presenter.c is the main loop's half, present-loop.c the thread's.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef UI_VULKAN_PRESENTER_INT_H
#define UI_VULKAN_PRESENTER_INT_H

#include "qemu/stats64.h"
#include "presenter.h"
#include "swapchain.h"

/* How often to look for frames that the device has finished */
#define PENDING_POLL_MS 4
/* How often to look for imports that nobody else uses any more */
#define IMPORTS_POLL_MS 250

/* A frame that the device works on */
typedef struct VulkanSlot {
    VkCommandBuffer cmd;        /* of the device's pool */
    VkFence done;               /* owned */
    VkSemaphore acquired;       /* owned */
    VulkanImage *image;         /* ref, until the device is done; or NULL */
    uint64_t submission;        /* number of the last one */
    bool is_pending;            /* submitted, and @done not yet seen */
} VulkanSlot;

struct VulkanPresenter {
    /* Constant */
    VulkanInstance *instance;   /* borrowed */
    VulkanPresenterConfig config;
    const VulkanPresenterOps *ops;
    void *opaque;
    QemuThread thread;

    /* lock: taken by both; a frame's lock may not be held */
    QemuMutex lock;
    QemuCond changed;
    bool is_stopping;
    bool is_dirty;              /* something is to be drawn */
    bool is_held;               /* but not before @frame's first damage */
    VkSurfaceKHR next_surface;  /* owned; the thread takes it */
    VulkanFrame *frame;         /* ref */
    pixman_region32_t damage;   /* of @frame, not yet taken by the thread */
    VkExtent2D extent;
    char *error;                /* why the thread gave up, owned */

    /* Atomic */
    Stat64 frames, copied;

    /* The thread's */
    VkSurfaceKHR surface;       /* owned */
    VulkanDevice *dev;          /* owned; everything below is made of it */
    VulkanSwapchain *swapchain; /* owned */
    GPtrArray *retired;         /* VulkanSwapchain, owned */
    VulkanSlot slots[VULKAN_SLOTS];
    unsigned next_slot;
    uint64_t submission;        /* number of the last one */
    uint64_t completed;         /* number of the last one known done */
    GPtrArray *images;          /* VulkanImage, ref: imports kept for reuse */
    bool is_lost;               /* the device, found between frames */
    bool needs_recreate;        /* the swapchain */
    VkExtent2D asked;           /* the window's when it was made */
    bool ignores_stale;         /* recreating it changed nothing */
    unsigned failures;          /* without enough good frames between */
    unsigned good_frames;       /* since the last failure */
};

/* present-loop.c: the body of the thread. */
void *vulkan_present_loop(void *opaque);

#endif
