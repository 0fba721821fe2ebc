/*
 * Unit tests of the Venus backend: a shell script as the render server
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <glib/gstdio.h>
#include <sys/wait.h>
#include "qapi/error.h"
#include "qemu/cutils.h"
#include "qemu/main-loop.h"
#include "venus-server-helpers.h"

void count_call(void *opaque)
{
    unsigned *calls = opaque;

    ++*calls;
}

void wait_for(const unsigned *counter, unsigned value)
{
    gint64 end = g_get_monotonic_time() + PATIENCE_US;

    while (*counter < value) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        main_loop_wait(true);
        g_usleep(500);
    }
    g_assert_cmpuint(*counter, ==, value);
}

void run_loop_ms(int ms)
{
    gint64 end = g_get_monotonic_time() + ms * 1000;

    while (g_get_monotonic_time() < end) {
        main_loop_wait(true);
        g_usleep(500);
    }
}

pid_t spawn_shell(const char *command)
{
    const char *argv[] = { "/bin/sh", "-c", command, NULL };
    GError *err = NULL;
    GPid pid;

    g_spawn_async(NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL,
                  NULL, &pid, &err);
    g_assert_no_error(err);
    return pid;
}

bool is_alive(pid_t pid)
{
    return waitpid(pid, NULL, WNOHANG) == 0;
}

void end_child(pid_t pid)
{
    kill(pid, SIGKILL);
    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
}

void assert_no_children(void)
{
    g_assert_cmpint(waitpid(-1, NULL, WNOHANG), ==, -1);
    g_assert_cmpint(errno, ==, ECHILD);
}

void fixture_script(VenusFixture *f, const char *commands)
{
    g_autofree char *text = g_strdup_printf("#!/bin/sh\n%s\n", commands);

    g_assert_true(g_file_set_contents(f->script, text, -1, NULL));
    g_assert_cmpint(g_chmod(f->script, 0700), ==, 0);
    g_setenv("RENDER_SERVER_EXEC_PATH", f->script, true);
}

static void fixture_set_up(VenusFixture *f, gconstpointer data)
{
    f->dir = g_dir_make_tmp("venus-server-XXXXXX", NULL);
    g_assert_nonnull(f->dir);
    f->script = g_build_filename(f->dir, "server", NULL);
    f->server = venus_server_new(count_call, &f->deaths);
    /* Two workers; polite requests to end are not heard. */
    fixture_script(f, "trap '' TERM INT HUP\n"
                   "sleep 60 &\n"
                   "sleep 60 &\n"
                   "exec sleep 60");
}

static void fixture_tear_down(VenusFixture *f, gconstpointer data)
{
    venus_server_free(f->server);
    g_unsetenv("RENDER_SERVER_EXEC_PATH");
    g_unlink(f->script);
    g_rmdir(f->dir);
    g_free(f->script);
    g_free(f->dir);
    assert_no_children();
}

int fixture_start(VenusFixture *f)
{
    int fd = venus_server_start(f->server, &error_abort);

    g_assert_cmpint(fd, >=, 0);
    g_assert_true(venus_server_running(f->server));
    return fd;
}

void assert_hung_up(int fd)
{
    char byte;

    g_assert_cmpint(recv(fd, &byte, 1, 0), ==, 0);
    close(fd);
}

void fixture_add(const char *path,
                 void (*test)(VenusFixture *f, gconstpointer data))
{
    g_test_add(path, VenusFixture, NULL, fixture_set_up, test,
               fixture_tear_down);
}

void fixture_main(int *argc, char ***argv)
{
    g_test_init(argc, argv, NULL);
    qemu_init_exec_dir((*argv)[0]);
    qemu_init_main_loop(&error_abort);
}
