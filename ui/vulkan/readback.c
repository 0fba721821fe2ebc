/*
 * Vulkan presenter: pictures read back on a thread
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <dlfcn.h>
#include "block/aio.h"
#include "qemu/lockable.h"
#include "qemu/main-loop.h"
#include "qemu/thread.h"
#include "readback.h"
#include "reader.h"

/* How often imports that nobody reads any more are looked for */
#define SWEEP_MS 500

/* A picture to be read; the thread's while it is not in a queue. */
typedef struct VulkanReadbackJob {
    ScanoutImage *image;        /* ref */
    ScanoutLayout layout;
    ScanoutReadbackDone done;
    void *opaque;
    Error *err;                 /* owned */
    QSIMPLEQ_ENTRY(VulkanReadbackJob) next;
} VulkanReadbackJob;

typedef QSIMPLEQ_HEAD(, VulkanReadbackJob) VulkanReadbackQueue;

struct ScanoutReadback {
    /* Constant */
    PFN_vkGetInstanceProcAddr get_proc;

    /* Main loop only (BQL) */
    QemuThread thread;
    bool has_thread;
    QEMUBH *done_bh;            /* owned; the thread schedules it */

    /* The thread only */
    VulkanInstance *instance;   /* owned */
    VulkanReader *reader;       /* owned */

    QemuMutex lock;             /* nothing is taken while it is held */
    QemuCond cond;              /* @todo or @is_ending changed */
    VulkanReadbackQueue todo;   /* lock */
    VulkanReadbackQueue done;   /* lock */
    bool is_ending;             /* lock */
};

static void vulkan_readback_job_free(VulkanReadbackJob *job)
{
    scanout_image_unref(job->image);
    error_free(job->err);
    g_free(job);
}

static void vulkan_readback_run(ScanoutReadback *rb, VulkanReadbackJob *job)
{
    bool is_usable = true;

    if (!rb->instance) {
        rb->instance = vulkan_instance_new(rb->get_proc, NULL, 0, &job->err);
        if (!rb->instance) {
            return;
        }
    }
    if (!rb->reader) {
        rb->reader = vulkan_reader_new(rb->instance, &job->err);
        if (!rb->reader) {
            return;
        }
    }
    vulkan_reader_read(rb->reader, job->image, &job->layout, &is_usable,
                       &job->err);
    if (!is_usable) {
        g_clear_pointer(&rb->reader, vulkan_reader_free);
    }
}

/* Return: the next job, NULL when it is time to sweep or to end */
static VulkanReadbackJob *vulkan_readback_next(ScanoutReadback *rb,
                                               bool has_imports)
{
    VulkanReadbackJob *job;

    QEMU_LOCK_GUARD(&rb->lock);
    while (QSIMPLEQ_EMPTY(&rb->todo) && !rb->is_ending) {
        if (!has_imports) {
            qemu_cond_wait(&rb->cond, &rb->lock);
        } else if (!qemu_cond_timedwait(&rb->cond, &rb->lock, SWEEP_MS)) {
            return NULL;
        }
    }
    if (rb->is_ending) {
        return NULL;
    }
    job = QSIMPLEQ_FIRST(&rb->todo);
    QSIMPLEQ_REMOVE_HEAD(&rb->todo, next);
    return job;
}

static bool vulkan_readback_is_ending(ScanoutReadback *rb)
{
    QEMU_LOCK_GUARD(&rb->lock);
    return rb->is_ending;
}

static void *vulkan_readback_thread(void *opaque)
{
    ScanoutReadback *rb = opaque;
    bool has_imports = false;

    while (!vulkan_readback_is_ending(rb)) {
        VulkanReadbackJob *job = vulkan_readback_next(rb, has_imports);

        if (job) {
            vulkan_readback_run(rb, job);
            WITH_QEMU_LOCK_GUARD(&rb->lock) {
                QSIMPLEQ_INSERT_TAIL(&rb->done, job, next);
            }
            qemu_bh_schedule(rb->done_bh);
        }
        has_imports = rb->reader && vulkan_reader_sweep(rb->reader);
    }
    vulkan_reader_free(rb->reader);
    vulkan_instance_free(rb->instance);
    return NULL;
}

static void vulkan_readback_done_bh(void *opaque)
{
    ScanoutReadback *rb = opaque;
    VulkanReadbackQueue done = QSIMPLEQ_HEAD_INITIALIZER(done);
    VulkanReadbackJob *job, *next;

    WITH_QEMU_LOCK_GUARD(&rb->lock) {
        QSIMPLEQ_CONCAT(&done, &rb->done);
    }
    QSIMPLEQ_FOREACH_SAFE(job, &done, next, next) {
        job->done(job->opaque, job->err ? error_get_pretty(job->err) : NULL);
        vulkan_readback_job_free(job);
    }
}

ScanoutReadback *vulkan_readback_new(PFN_vkGetInstanceProcAddr get_proc)
{
    ScanoutReadback *rb = g_new0(ScanoutReadback, 1);

    rb->get_proc = get_proc;
    rb->done_bh = aio_bh_new(qemu_get_aio_context(), vulkan_readback_done_bh,
                             rb);
    qemu_mutex_init(&rb->lock);
    qemu_cond_init(&rb->cond);
    QSIMPLEQ_INIT(&rb->todo);
    QSIMPLEQ_INIT(&rb->done);
    return rb;
}

ScanoutReadback *scanout_readback_new(Error **errp)
{
    PFN_vkGetInstanceProcAddr get_proc;
    /* Stays loaded, as drivers do not like to be unloaded. */
    void *loader = dlopen("libvulkan.so.1", RTLD_NOW | RTLD_LOCAL);

    if (!loader) {
        error_setg(errp, "no Vulkan loader: %s", dlerror());
        return NULL;
    }
    get_proc = (PFN_vkGetInstanceProcAddr)dlsym(loader,
                                                "vkGetInstanceProcAddr");
    if (!get_proc) {
        error_setg(errp, "no Vulkan loader: %s", dlerror());
        dlclose(loader);
        return NULL;
    }
    return vulkan_readback_new(get_proc);
}

static void vulkan_readback_queue_free(VulkanReadbackQueue *queue)
{
    VulkanReadbackJob *job, *next;

    QSIMPLEQ_FOREACH_SAFE(job, queue, next, next) {
        vulkan_readback_job_free(job);
    }
}

void scanout_readback_free(ScanoutReadback *rb)
{
    if (!rb) {
        return;
    }
    if (rb->has_thread) {
        WITH_QEMU_LOCK_GUARD(&rb->lock) {
            rb->is_ending = true;
            qemu_cond_signal(&rb->cond);
        }
        qemu_thread_join(&rb->thread);
    }
    qemu_bh_delete(rb->done_bh);
    vulkan_readback_queue_free(&rb->todo);
    vulkan_readback_queue_free(&rb->done);
    qemu_cond_destroy(&rb->cond);
    qemu_mutex_destroy(&rb->lock);
    g_free(rb);
}

void scanout_readback_start(ScanoutReadback *rb, ScanoutImage *image,
                            const ScanoutLayout *layout,
                            ScanoutReadbackDone done, void *opaque)
{
    VulkanReadbackJob *job = g_new0(VulkanReadbackJob, 1);

    job->image = scanout_image_ref(image);
    job->layout = *layout;
    job->done = done;
    job->opaque = opaque;
    if (!rb->has_thread) {
        qemu_thread_create(&rb->thread, "vulkan-readback",
                           vulkan_readback_thread, rb, QEMU_THREAD_JOINABLE);
        rb->has_thread = true;
    }
    QEMU_LOCK_GUARD(&rb->lock);
    QSIMPLEQ_INSERT_TAIL(&rb->todo, job, next);
    qemu_cond_signal(&rb->cond);
}
