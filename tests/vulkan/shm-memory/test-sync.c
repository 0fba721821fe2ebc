/*
 * Tests of the shared-memory layer: semaphores and fences as SYNC_FD
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "check.h"

#define SEMAPHORE_FD VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT
#define FENCE_FD VK_EXTERNAL_FENCE_HANDLE_TYPE_SYNC_FD_BIT

/* Longer than any submission takes on a busy machine, nanoseconds */
#define PATIENCE 20000000000

static VkSemaphore semaphore_new(Gpu *gpu, VkSemaphoreType type)
{
    VkSemaphoreTypeCreateInfo timeline = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO,
        .semaphoreType = type,
    };
    VkExportSemaphoreCreateInfo export = {
        .sType = VK_STRUCTURE_TYPE_EXPORT_SEMAPHORE_CREATE_INFO,
        .handleTypes = SEMAPHORE_FD,
    };
    VkSemaphoreCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO,
        .pNext = type == VK_SEMAPHORE_TYPE_BINARY ? (void *)&export : &timeline,
    };
    VkSemaphore semaphore = VK_NULL_HANDLE;

    CHECK_RESULT(vkCreateSemaphore(gpu->device, &info, NULL, &semaphore),
                 VK_SUCCESS);
    return semaphore;
}

static VkFence fence_new(Gpu *gpu)
{
    VkExportFenceCreateInfo export = {
        .sType = VK_STRUCTURE_TYPE_EXPORT_FENCE_CREATE_INFO,
        .handleTypes = FENCE_FD,
    };
    VkFenceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO,
        .pNext = &export,
    };
    VkFence fence = VK_NULL_HANDLE;

    CHECK_RESULT(vkCreateFence(gpu->device, &info, NULL, &fence), VK_SUCCESS);
    return fence;
}

static VkResult signal_it(Gpu *gpu, VkSemaphore semaphore)
{
    VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .signalSemaphoreCount = 1,
        .pSignalSemaphores = &semaphore,
    };

    return vkQueueSubmit(gpu->queue, 1, &submit, VK_NULL_HANDLE);
}

/* Wait for a submission with @fence that was answered @res. */
static VkResult fence_finish(Gpu *gpu, VkFence fence, VkResult res)
{
    if (res == VK_SUCCESS) {
        res = vkWaitForFences(gpu->device, 1, &fence, VK_TRUE, PATIENCE);
    }
    vkDestroyFence(gpu->device, fence, NULL);
    return res;
}

/* Waits for two semaphores, of which the second has to have a value */
typedef struct Waits {
    VkSemaphore semaphores[2];
    uint64_t values[2];
    VkTimelineSemaphoreSubmitInfo info;
} Waits;

static void waits_init(Waits *waits, VkSemaphore binary, VkSemaphore timeline,
                       uint64_t value)
{
    *waits = (Waits) {
        .semaphores = { binary, timeline },
        .values = { 12345, value },
        .info = {
            .sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO,
            .waitSemaphoreValueCount = 2,
            .pWaitSemaphoreValues = waits->values,
        },
    };
}

/* Wait for both on the queue, for the second to have @value */
static VkResult wait_for(Gpu *gpu, VkSemaphore binary, VkSemaphore timeline,
                         uint64_t value)
{
    const VkPipelineStageFlags stages[] = {
        VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT,
    };
    Waits waits;
    VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .pNext = &waits.info,
        .waitSemaphoreCount = 2,
        .pWaitSemaphores = waits.semaphores,
        .pWaitDstStageMask = stages,
    };
    VkFence fence = fence_new(gpu);

    waits_init(&waits, binary, timeline, value);
    return fence_finish(gpu, fence,
                        vkQueueSubmit(gpu->queue, 1, &submit, fence));
}

/* The same, with a change of sparse memory that changes nothing */
static VkResult wait_for_sparse(Gpu *gpu, VkSemaphore binary,
                                VkSemaphore timeline, uint64_t value)
{
    Waits waits;
    VkBindSparseInfo bind = {
        .sType = VK_STRUCTURE_TYPE_BIND_SPARSE_INFO,
        .pNext = &waits.info,
        .waitSemaphoreCount = 2,
        .pWaitSemaphores = waits.semaphores,
    };
    VkFence fence = fence_new(gpu);

    waits_init(&waits, binary, timeline, value);
    return fence_finish(gpu, fence,
                        vkQueueBindSparse(gpu->queue, 1, &bind, fence));
}

static VkResult wait_for2(Gpu *gpu, VkSemaphore binary)
{
    VkSemaphoreSubmitInfo wait = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO,
        .semaphore = binary,
        .stageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT,
    };
    VkSubmitInfo2 submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO_2,
        .waitSemaphoreInfoCount = 1,
        .pWaitSemaphoreInfos = &wait,
    };
    VkFence fence = fence_new(gpu);
    VkResult res = gpu->queue_submit2(gpu->queue, 1, &submit, fence);

    return fence_finish(gpu, fence, res);
}

static VkResult export_it(Gpu *gpu, VkSemaphore semaphore, int *fd)
{
    VkSemaphoreGetFdInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_GET_FD_INFO_KHR,
        .semaphore = semaphore,
        .handleType = SEMAPHORE_FD,
    };

    return gpu->get_semaphore_fd(gpu->device, &info, fd);
}

static VkResult import_it(Gpu *gpu, VkSemaphore semaphore, int fd)
{
    VkImportSemaphoreFdInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_IMPORT_SEMAPHORE_FD_INFO_KHR,
        .semaphore = semaphore,
        .flags = VK_SEMAPHORE_IMPORT_TEMPORARY_BIT,
        .handleType = SEMAPHORE_FD,
        .fd = fd,
    };

    return gpu->import_semaphore_fd(gpu->device, &info);
}

/* Exporting takes the payload: what was signaled can be signaled again. */
static void test_semaphore_export(Gpu *gpu)
{
    VkSemaphore semaphore = semaphore_new(gpu, VK_SEMAPHORE_TYPE_BINARY);

    for (int i = 0; i < 3; i++) {
        int fd = 99;

        CHECK_RESULT(signal_it(gpu, semaphore), VK_SUCCESS);
        CHECK_RESULT(export_it(gpu, semaphore, &fd), VK_SUCCESS);
        CHECK(fd == -1);
    }
    vkDestroySemaphore(gpu->device, semaphore, NULL);
}

static void test_semaphore_import(Gpu *gpu)
{
    VkSemaphore semaphore = semaphore_new(gpu, VK_SEMAPHORE_TYPE_BINARY);
    VkSemaphore timeline = semaphore_new(gpu, VK_SEMAPHORE_TYPE_TIMELINE);
    VkSemaphoreSignalInfo signal = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO,
        .semaphore = timeline,
        .value = 7,
    };
    int fd = 99;

    /* Nobody ever signals it: only the import lets the waits go on. */
    CHECK_RESULT(vkSignalSemaphore(gpu->device, &signal), VK_SUCCESS);
    CHECK_RESULT(import_it(gpu, semaphore, -1), VK_SUCCESS);
    CHECK_RESULT(wait_for(gpu, semaphore, timeline, 7), VK_SUCCESS);
    CHECK_RESULT(import_it(gpu, semaphore, -1), VK_SUCCESS);
    CHECK_RESULT(wait_for2(gpu, semaphore), VK_SUCCESS);
    CHECK_RESULT(import_it(gpu, semaphore, -1), VK_SUCCESS);
    CHECK_RESULT(wait_for_sparse(gpu, semaphore, timeline, 7), VK_SUCCESS);
    /* What was imported can be passed on; importing twice replaces. */
    CHECK_RESULT(import_it(gpu, semaphore, -1), VK_SUCCESS);
    CHECK_RESULT(import_it(gpu, semaphore, -1), VK_SUCCESS);
    CHECK_RESULT(export_it(gpu, semaphore, &fd), VK_SUCCESS);
    CHECK(fd == -1);
    /* The payload that it had before is back. */
    CHECK_RESULT(signal_it(gpu, semaphore), VK_SUCCESS);
    CHECK_RESULT(wait_for2(gpu, semaphore), VK_SUCCESS);
    CHECK_RESULT(import_it(gpu, semaphore, -1), VK_SUCCESS);
    vkDestroySemaphore(gpu->device, semaphore, NULL);
    vkDestroySemaphore(gpu->device, timeline, NULL);
}

/* The first batch keeps its wait, the second one loses it; both signal. */
static void test_semaphore_import_batches(Gpu *gpu)
{
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
    VkSemaphore waited[2], signaled[2];
    VkSubmitInfo submits[2];

    for (unsigned i = 0; i < COUNT(submits); i++) {
        waited[i] = semaphore_new(gpu, VK_SEMAPHORE_TYPE_BINARY);
        signaled[i] = semaphore_new(gpu, VK_SEMAPHORE_TYPE_BINARY);
        submits[i] = (VkSubmitInfo) {
            .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
            .waitSemaphoreCount = 1,
            .pWaitSemaphores = &waited[i],
            .pWaitDstStageMask = &stage,
            .signalSemaphoreCount = 1,
            .pSignalSemaphores = &signaled[i],
        };
    }
    CHECK_RESULT(signal_it(gpu, waited[0]), VK_SUCCESS);
    CHECK_RESULT(import_it(gpu, waited[1], -1), VK_SUCCESS);
    CHECK_RESULT(vkQueueSubmit(gpu->queue, 2, submits, VK_NULL_HANDLE),
                 VK_SUCCESS);
    for (unsigned i = 0; i < COUNT(submits); i++) {
        CHECK_RESULT(wait_for2(gpu, signaled[i]), VK_SUCCESS);
        vkDestroySemaphore(gpu->device, waited[i], NULL);
        vkDestroySemaphore(gpu->device, signaled[i], NULL);
    }
}

/* A sync file of another driver polls readable: so does a pipe. */
static void test_semaphore_import_file(Gpu *gpu)
{
    VkSemaphore semaphore = semaphore_new(gpu, VK_SEMAPHORE_TYPE_BINARY);
    int fds[2];

    CHECK(pipe(fds) == 0);
    CHECK(write(fds[1], "", 1) == 1);
    CHECK_RESULT(import_it(gpu, semaphore, fds[0]), VK_SUCCESS);
    CHECK(fcntl(fds[0], F_GETFD) < 0);
    CHECK_RESULT(wait_for2(gpu, semaphore), VK_SUCCESS);
    CHECK_RESULT(import_it(gpu, semaphore, 987654),
                 VK_ERROR_INVALID_EXTERNAL_HANDLE);
    close(fds[1]);
    vkDestroySemaphore(gpu->device, semaphore, NULL);
}

/* What two threads share: the queue is the application's to lock. */
typedef struct SyncShared {
    Gpu *gpu;
    pthread_mutex_t queue_lock;
} SyncShared;

static void *sync_thread(void *opaque)
{
    SyncShared *shared = opaque;
    VkSemaphore semaphore = semaphore_new(shared->gpu,
                                          VK_SEMAPHORE_TYPE_BINARY);

    for (int i = 0; i < 100; i++) {
        int fd = 99;

        pthread_mutex_lock(&shared->queue_lock);
        CHECK_RESULT(signal_it(shared->gpu, semaphore), VK_SUCCESS);
        pthread_mutex_unlock(&shared->queue_lock);
        /* No use of a queue, for the application. */
        CHECK_RESULT(export_it(shared->gpu, semaphore, &fd), VK_SUCCESS);
    }
    vkDestroySemaphore(shared->gpu->device, semaphore, NULL);
    return NULL;
}

/* An export submits to a queue: it must take turns with the application. */
static void test_semaphore_threads(Gpu *gpu)
{
    SyncShared shared = { gpu, PTHREAD_MUTEX_INITIALIZER };
    pthread_t thread;

    pthread_create(&thread, NULL, sync_thread, &shared);
    for (int i = 0; i < 100; i++) {
        pthread_mutex_lock(&shared.queue_lock);
        CHECK_RESULT(vkQueueSubmit(gpu->queue, 0, NULL, VK_NULL_HANDLE),
                     VK_SUCCESS);
        CHECK_RESULT(i % 2 ? vkQueueWaitIdle(gpu->queue) :
                             vkDeviceWaitIdle(gpu->device), VK_SUCCESS);
        pthread_mutex_unlock(&shared.queue_lock);
    }
    pthread_join(thread, NULL);
}

static void test_fence_export(Gpu *gpu)
{
    VkFence fence = fence_new(gpu);
    VkFenceGetFdInfoKHR get = {
        .sType = VK_STRUCTURE_TYPE_FENCE_GET_FD_INFO_KHR,
        .fence = fence,
        .handleType = FENCE_FD,
    };
    int fd = 99;

    for (int i = 0; i < 3; i++) {
        CHECK_RESULT(vkQueueSubmit(gpu->queue, 0, NULL, fence), VK_SUCCESS);
        CHECK_RESULT(gpu->get_fence_fd(gpu->device, &get, &fd), VK_SUCCESS);
        CHECK(fd == -1);
        CHECK_RESULT(vkGetFenceStatus(gpu->device, fence), VK_NOT_READY);
    }
    vkDestroyFence(gpu->device, fence, NULL);
}

static void test_sync_queries(Gpu *gpu)
{
    VkPhysicalDeviceExternalSemaphoreInfo semaphore = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_SEMAPHORE_INFO,
        .handleType = SEMAPHORE_FD,
    };
    VkExternalSemaphoreProperties semaphore_props = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_SEMAPHORE_PROPERTIES,
    };
    VkPhysicalDeviceExternalFenceInfo fence = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_FENCE_INFO,
        .handleType = FENCE_FD,
    };
    VkExternalFenceProperties fence_props = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_FENCE_PROPERTIES,
    };

    vkGetPhysicalDeviceExternalSemaphoreProperties(gpu->physical, &semaphore,
                                                   &semaphore_props);
    CHECK(semaphore_props.externalSemaphoreFeatures &
          VK_EXTERNAL_SEMAPHORE_FEATURE_EXPORTABLE_BIT);
    CHECK(semaphore_props.externalSemaphoreFeatures &
          VK_EXTERNAL_SEMAPHORE_FEATURE_IMPORTABLE_BIT);
    vkGetPhysicalDeviceExternalFenceProperties(gpu->physical, &fence,
                                               &fence_props);
    CHECK(fence_props.externalFenceFeatures &
          VK_EXTERNAL_FENCE_FEATURE_EXPORTABLE_BIT);
}

const Test sync_tests[] = {
    { "sync-queries", test_sync_queries },
    { "semaphore-export", test_semaphore_export },
    { "semaphore-import", test_semaphore_import },
    { "semaphore-import-batches", test_semaphore_import_batches },
    { "semaphore-import-file", test_semaphore_import_file },
    { "semaphore-threads", test_semaphore_threads },
    { "fence-export", test_fence_export },
    { NULL },
};
