/*
 * virtio-gpu Venus backend: processes on other POSIX hosts
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "process.h"

int venus_process_host_open(pid_t pid)
{
    return -ENOSYS;
}

void venus_process_host_kill(int fd)
{
    g_assert_not_reached();
}

void venus_process_host_children(pid_t pid, GArray *pids)
{
}

void venus_process_host_child_setup(pid_t parent)
{
}
