/*
 * virtio-gpu Venus backend: processes on Linux
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <sys/prctl.h>
#include <sys/syscall.h>
#include "qemu/cutils.h"
#include "process.h"

int venus_process_host_open(pid_t pid)
{
    /* A pidfd is close-on-exec by itself. */
    int fd = syscall(SYS_pidfd_open, pid, 0);

    return fd < 0 ? -errno : fd;
}

void venus_process_host_kill(int fd)
{
    syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
}

static void venus_process_add(GArray *pids, const char *list)
{
    int pid;

    while (qemu_strtoi(list, &list, 10, &pid) == 0) {
        pid_t value = pid;

        g_array_append_val(pids, value);
    }
}

/* Each thread lists the children that it forked itself. */
static bool venus_process_task_children(pid_t pid, GArray *pids)
{
    g_autofree char *tasks = g_strdup_printf("/proc/%d/task", (int)pid);
    g_autofree char *first = g_strdup_printf("%s/%d/children", tasks, (int)pid);
    GDir *dir;
    const char *tid;

    if (access(first, R_OK) < 0) {
        return false;           /* kernel without CONFIG_PROC_CHILDREN */
    }
    dir = g_dir_open(tasks, 0, NULL);
    if (!dir) {
        return false;
    }
    while ((tid = g_dir_read_name(dir))) {
        g_autofree char *path = g_strdup_printf("%s/%s/children", tasks, tid);
        g_autofree char *list = NULL;

        if (g_file_get_contents(path, &list, NULL, NULL)) {
            venus_process_add(pids, list);
        }
    }
    g_dir_close(dir);
    return true;
}

static pid_t venus_process_parent(const char *name)
{
    g_autofree char *path = g_strdup_printf("/proc/%s/stat", name);
    g_autofree char *stat = NULL;
    const char *after_name;
    int ppid;

    if (!g_file_get_contents(path, &stat, NULL, NULL)) {
        return 0;               /* it has gone meanwhile */
    }
    /* The program's name comes in parentheses and may hold any character. */
    after_name = strrchr(stat, ')');
    if (!after_name || sscanf(after_name, ") %*c %d", &ppid) != 1) {
        return 0;
    }
    return ppid;
}

static void venus_process_scan_children(pid_t parent, GArray *pids)
{
    GDir *dir = g_dir_open("/proc", 0, NULL);
    const char *name;

    if (!dir) {
        return;
    }
    while ((name = g_dir_read_name(dir))) {
        if (g_ascii_isdigit(name[0]) && venus_process_parent(name) == parent) {
            venus_process_add(pids, name);
        }
    }
    g_dir_close(dir);
}

void venus_process_host_children(pid_t pid, GArray *pids)
{
    if (!venus_process_task_children(pid, pids)) {
        venus_process_scan_children(pid, pids);
    }
}

void venus_process_host_child_setup(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent) {
        raise(SIGKILL);         /* it ended before the call above */
    }
}
