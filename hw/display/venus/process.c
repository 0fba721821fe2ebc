/*
 * virtio-gpu Venus backend: be told when a process ends, and end it
 *
 * Knows nothing of who the process is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/atomic.h"
#include "qemu/main-loop.h"
#include "qemu/timer.h"
#include "process.h"
#include "server.h"
#include "trace.h"

/* How often to look where the host cannot tell. */
#define VENUS_PROCESS_POLL_MS 200

struct VenusProcess {
    /* Constant after venus_process_watch() */
    pid_t pid;
    int fd;                     /* owned; -1: ask with the timer */
    VenusProcessExit exited;
    void *opaque;               /* for exited */

    /* Main loop only (BQL) */
    QEMUTimer *timer;           /* owned; NULL when there is an fd */

    /* Atomic */
    bool ended;                 /* the number may mean another process now */
};

static void venus_process_report(VenusProcess *p)
{
    qatomic_set(&p->ended, true);
    if (p->fd >= 0) {
        qemu_set_fd_handler(p->fd, NULL, NULL, NULL);
    }
    trace_venus_process_exit(p->pid);
    /* This may free @p. */
    p->exited(p->opaque);
}

static void venus_process_readable(void *opaque)
{
    venus_process_report(opaque);
}

static bool venus_process_is_gone(pid_t pid)
{
    siginfo_t info = { .si_pid = 0 };

    /* A child of ours stays a zombie, as its status is for the owner. */
    if (waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0) {
        return info.si_pid == pid;
    }
    return kill(pid, 0) < 0;
}

static void venus_process_poll(void *opaque)
{
    VenusProcess *p = opaque;

    if (venus_process_is_gone(p->pid)) {
        venus_process_report(p);
        return;
    }
    timer_mod(p->timer, qemu_clock_get_ms(QEMU_CLOCK_REALTIME) +
              VENUS_PROCESS_POLL_MS);
}

VenusProcess *venus_process_watch(pid_t pid, VenusProcessExit exited,
                                  void *opaque)
{
    VenusProcess *p = g_new0(VenusProcess, 1);

    GLOBAL_STATE_CODE();
    assert(pid > 0);
    p->pid = pid;
    p->exited = exited;
    p->opaque = opaque;
    p->fd = venus_process_host_open(pid);
    if (p->fd >= 0) {
        qemu_set_fd_handler(p->fd, venus_process_readable, NULL, p);
        return p;
    }
    /* Also when it has ended already: the caller is told from the loop. */
    p->ended = p->fd == -ESRCH;
    p->fd = -1;
    p->timer = timer_new_ms(QEMU_CLOCK_REALTIME, venus_process_poll, p);
    timer_mod(p->timer, qemu_clock_get_ms(QEMU_CLOCK_REALTIME));
    return p;
}

void venus_process_unwatch(VenusProcess *p)
{
    GLOBAL_STATE_CODE();
    if (!p) {
        return;
    }
    if (p->fd >= 0) {
        qemu_set_fd_handler(p->fd, NULL, NULL, NULL);
        close(p->fd);
    }
    timer_free(p->timer);
    g_free(p);
}

pid_t venus_process_pid(const VenusProcess *p)
{
    return p->pid;
}

void venus_process_kill(const VenusProcess *p)
{
    if (p->fd >= 0) {
        venus_process_host_kill(p->fd);
    } else if (!qatomic_read(&p->ended)) {
        kill(p->pid, SIGKILL);
    }
}
