/*
 * virtio-gpu Venus backend: what processes need from the host system
 *
 * One file for each kind of host defines these; meson.build picks it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_DISPLAY_VENUS_PROCESS_H
#define HW_DISPLAY_VENUS_PROCESS_H

/**
 * venus_process_host_open - a descriptor that stands for a process
 *
 * It polls readable once the process has ended, and never comes to mean
 * another process.
 *
 * Return: owned by the caller, close-on-exec; or a negative errno.
 */
int venus_process_host_open(pid_t pid);

/**
 * venus_process_host_kill - SIGKILL through a descriptor; any thread
 * @fd: from venus_process_host_open()
 */
void venus_process_host_kill(int fd);

/**
 * venus_process_host_children - list the children that a process has now
 * @pid: parent
 * @pids: array of pid_t to append to; left alone where the host cannot tell
 */
void venus_process_host_children(pid_t pid, GArray *pids);

/**
 * venus_process_host_child_setup - ask to be killed when the parent ends
 * @parent: process id that has to be the parent still
 *
 * Between fork and exec: only async-signal-safe calls.  A no-op where the
 * host has nothing of the kind.
 */
void venus_process_host_child_setup(pid_t parent);

#endif
