/*
 * virtio-gpu Venus backend: processes on macOS
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <libproc.h>
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
    guint before = pids->len;
    guint room = 16;
    int n;

    /* It fills what fits and does not say that there was more. */
    do {
        room *= 2;
        g_array_set_size(pids, before + room);
        n = proc_listchildpids(pid, &g_array_index(pids, pid_t, before),
                               room * sizeof(pid_t));
    } while (n > 0 && n >= room);
    g_array_set_size(pids, before + MAX(n, 0));
}

void venus_process_host_child_setup(pid_t parent)
{
    /* The server ends by itself when it finds its socket closed. */
}
