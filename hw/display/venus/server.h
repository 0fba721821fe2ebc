/*
 * virtio-gpu Venus backend: the render server and its processes
 *
 * The server is a child of QEMU; it forks one worker for each context.  These
 * functions start it, watch it and its workers die, and kill what does not
 * answer.  They know processes and sockets, not virglrenderer and not virtio.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_DISPLAY_VENUS_SERVER_H
#define HW_DISPLAY_VENUS_SERVER_H

#include "qemu/typedefs.h"

typedef struct VenusServer VenusServer;
typedef struct VenusProcess VenusProcess;
typedef struct VenusWatchdog VenusWatchdog;

/* Called once, in the main loop, when a watched process has ended. */
typedef void (*VenusProcessExit)(void *opaque);

/* process.c */

/**
 * venus_process_watch - be told when a process ends
 * @pid: a process of ours or a descendant
 * @exited: called in the main loop; not after venus_process_unwatch()
 * @opaque: for @exited
 *
 * Uses a pidfd where the host has them, else a timer.
 *
 * Return: owned by the caller, to be given to venus_process_unwatch().
 */
VenusProcess *venus_process_watch(pid_t pid, VenusProcessExit exited,
                                  void *opaque);

/** venus_process_unwatch - stop watching; NULL is allowed */
void venus_process_unwatch(VenusProcess *p);

/** venus_process_pid - the process id, for messages */
pid_t venus_process_pid(const VenusProcess *p);

/** venus_process_kill - SIGKILL; any thread; harmless when it has ended */
void venus_process_kill(const VenusProcess *p);

/* server.c */

/**
 * venus_server_new - a server that is not running yet
 * @died: called in the main loop when a running server ends by itself
 * @opaque: for @died
 */
VenusServer *venus_server_new(VenusProcessExit died, void *opaque);

/** venus_server_free - stop and free; NULL is allowed */
void venus_server_free(VenusServer *server);

/**
 * venus_server_start - spawn the server
 * @server: not running
 * @errp: set on failure; names the program and the places looked at
 *
 * Return: our end of the connected SOCK_SEQPACKET pair, owned by the caller;
 * -1 on failure.
 */
int venus_server_start(VenusServer *server, Error **errp);

/**
 * venus_server_set_environment - what the next start gives the server
 * @envp: taken over; NULL: QEMU's own, as it is at the start
 */
void venus_server_set_environment(VenusServer *server, char **envp);

/** venus_server_running - started, and not seen to have ended */
bool venus_server_running(const VenusServer *server);

/** venus_server_stop - kill the server and its workers and reap the server */
void venus_server_stop(VenusServer *server);

/** venus_server_kill - SIGKILL the server and all its workers; any thread */
void venus_server_kill(VenusServer *server);

/**
 * venus_server_workers - process ids of the children that the server has now
 *
 * Return: array of pid_t, owned by the caller; empty where the host cannot
 * tell.
 */
GArray *venus_server_workers(const VenusServer *server);

/**
 * venus_server_new_worker - the child that is not in an earlier list
 * @before: what venus_server_workers() said earlier
 *
 * Return: its process id, or 0.
 */
pid_t venus_server_new_worker(const VenusServer *server, const GArray *before);

/** venus_server_path - the program that was or would be run, or NULL */
const char *venus_server_path(const VenusServer *server);

/* watchdog.c */

/**
 * venus_watchdog_new - a thread that bounds how long a call may block
 * @server: killed when killing the worker alone did not help
 * @timeout_ms: milliseconds, greater than 0
 */
VenusWatchdog *venus_watchdog_new(VenusServer *server, uint32_t timeout_ms);

/** venus_watchdog_free - stop the thread; NULL is allowed */
void venus_watchdog_free(VenusWatchdog *w);

/**
 * venus_watchdog_begin - the caller is about to make a call that may block
 * @worker: process that has to answer (borrowed until the end); NULL: the
 *          server
 *
 * When @timeout_ms have passed without venus_watchdog_end(), @worker is
 * killed, after twice the time the whole server: either ends the call.
 */
void venus_watchdog_begin(VenusWatchdog *w, const VenusProcess *worker);

/**
 * venus_watchdog_end - the call came back
 *
 * Return: true if something had to be killed.
 */
bool venus_watchdog_end(VenusWatchdog *w);

#endif
