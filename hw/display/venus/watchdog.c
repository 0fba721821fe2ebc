/*
 * virtio-gpu Venus backend: no call into the renderer blocks for ever
 *
 * A thread kills the process that a call waits for when it takes too long;
 * the closed socket then ends the call.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/lockable.h"
#include "qemu/thread.h"
#include "qemu/timer.h"
#include "server.h"
#include "trace.h"

/* The thread looks that often while calls are made. */
#define VENUS_WATCHDOG_TICKS 4

typedef enum VenusWatchdogStage {
    VENUS_WATCHDOG_WAITING,     /* in time */
    VENUS_WATCHDOG_WORKER,      /* the worker was killed */
    VENUS_WATCHDOG_SERVER,      /* everything was killed */
} VenusWatchdogStage;

struct VenusWatchdog {
    /* Constant after venus_watchdog_new() */
    VenusServer *server;        /* borrowed, freed after us */
    uint32_t timeout_ms;
    QemuThread thread;

    /* lock; comes before the lock of VenusServer */
    QemuMutex lock;
    QemuCond wake;              /* for stop, and for begin while asleep */
    bool stop;
    bool is_asleep;             /* no calls lately: no ticks */
    bool is_armed;              /* a call is being made */
    bool is_used;               /* a call was made since the last tick */
    VenusWatchdogStage stage;   /* of the current call */
    const VenusProcess *worker; /* borrowed while armed; NULL: the server */
    int64_t begin_ns;           /* of the current call */
    int64_t waited_ns;          /* how long it has lasted, by our ticks */
    int64_t tick_ns;            /* time of the last tick */
};

static int venus_watchdog_tick_ms(const VenusWatchdog *w)
{
    return MAX(w->timeout_ms / VENUS_WATCHDOG_TICKS, 1);
}

/*
 * Time during which this thread did not run counts as two ticks at most: a
 * QEMU that was stopped as a whole must not blame the server.
 */
static void venus_watchdog_count_locked(VenusWatchdog *w)
{
    int64_t now = get_clock();
    int64_t most = 2 * venus_watchdog_tick_ms(w) * (int64_t)SCALE_MS;

    if (w->is_armed) {
        w->waited_ns += MIN(now - MAX(w->begin_ns, w->tick_ns), most);
    }
    w->tick_ns = now;
}

/* Kill whoever is due.  Returns the stage that was reached by it. */
static VenusWatchdogStage venus_watchdog_check_locked(VenusWatchdog *w)
{
    int64_t limit = w->timeout_ms * (int64_t)SCALE_MS;

    /* Armed: the call cannot end before we are done, that needs our lock. */
    if (!w->is_armed) {
        return VENUS_WATCHDOG_WAITING;
    }
    if (w->worker && w->stage == VENUS_WATCHDOG_WAITING &&
        w->waited_ns >= limit) {
        w->stage = VENUS_WATCHDOG_WORKER;
        trace_venus_watchdog_kill(venus_process_pid(w->worker), false);
        venus_process_kill(w->worker);
        return w->stage;
    }
    if (w->stage != VENUS_WATCHDOG_SERVER &&
        w->waited_ns >= (w->worker ? 2 * limit : limit)) {
        w->stage = VENUS_WATCHDOG_SERVER;
        trace_venus_watchdog_kill(0, true);
        venus_server_kill(w->server);
        return w->stage;
    }
    return VENUS_WATCHDOG_WAITING;
}

/* Without the lock: standard error may block. */
static void venus_watchdog_report(const VenusWatchdog *w,
                                  VenusWatchdogStage stage)
{
    switch (stage) {
    case VENUS_WATCHDOG_WAITING:
        break;
    case VENUS_WATCHDOG_WORKER:
        warn_report("virtio-gpu: render server did not answer for %" PRIu32
                    " ms; its worker was killed", w->timeout_ms);
        break;
    case VENUS_WATCHDOG_SERVER:
        warn_report("virtio-gpu: render server did not answer for %" PRIu32
                    " ms; it was killed with all its workers", w->timeout_ms);
        break;
    }
}

static void venus_watchdog_sleep_locked(VenusWatchdog *w)
{
    if (w->is_armed || w->is_used) {
        w->is_used = false;
        qemu_cond_timedwait(&w->wake, &w->lock, venus_watchdog_tick_ms(w));
        return;
    }
    w->is_asleep = true;
    while (w->is_asleep && !w->stop) {
        qemu_cond_wait(&w->wake, &w->lock);
    }
}

static void *venus_watchdog_thread(void *opaque)
{
    VenusWatchdog *w = opaque;
    VenusWatchdogStage stage;

    qemu_mutex_lock(&w->lock);
    while (!w->stop) {
        venus_watchdog_count_locked(w);
        stage = venus_watchdog_check_locked(w);
        if (stage != VENUS_WATCHDOG_WAITING) {
            qemu_mutex_unlock(&w->lock);
            venus_watchdog_report(w, stage);
            qemu_mutex_lock(&w->lock);
        } else {
            venus_watchdog_sleep_locked(w);
        }
    }
    qemu_mutex_unlock(&w->lock);
    return NULL;
}

VenusWatchdog *venus_watchdog_new(VenusServer *server, uint32_t timeout_ms)
{
    VenusWatchdog *w = g_new0(VenusWatchdog, 1);

    assert(timeout_ms);
    w->server = server;
    w->timeout_ms = timeout_ms;
    qemu_mutex_init(&w->lock);
    qemu_cond_init(&w->wake);
    qemu_thread_create(&w->thread, "venus-watchdog", venus_watchdog_thread, w,
                       QEMU_THREAD_JOINABLE);
    return w;
}

void venus_watchdog_free(VenusWatchdog *w)
{
    if (!w) {
        return;
    }
    WITH_QEMU_LOCK_GUARD(&w->lock) {
        assert(!w->is_armed);
        w->stop = true;
        qemu_cond_signal(&w->wake);
    }
    qemu_thread_join(&w->thread);
    qemu_cond_destroy(&w->wake);
    qemu_mutex_destroy(&w->lock);
    g_free(w);
}

void venus_watchdog_begin(VenusWatchdog *w, const VenusProcess *worker)
{
    QEMU_LOCK_GUARD(&w->lock);
    assert(!w->is_armed);
    w->is_armed = true;
    w->is_used = true;
    w->stage = VENUS_WATCHDOG_WAITING;
    w->worker = worker;
    w->begin_ns = get_clock();
    w->waited_ns = 0;
    if (w->is_asleep) {
        w->is_asleep = false;
        qemu_cond_signal(&w->wake);
    }
}

bool venus_watchdog_end(VenusWatchdog *w)
{
    QEMU_LOCK_GUARD(&w->lock);
    assert(w->is_armed);
    w->is_armed = false;
    w->worker = NULL;
    return w->stage != VENUS_WATCHDOG_WAITING;
}
