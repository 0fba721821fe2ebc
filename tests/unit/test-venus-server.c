/*
 * Unit tests: the Venus backend's processes and render server
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <glib/gstdio.h>
#include <sys/wait.h>
#include "qapi/error.h"
#include "../../hw/display/venus/process.h"
#include "venus-server-helpers.h"

/* Processes */

static void test_process_exit(void)
{
    unsigned calls = 0;
    int status;
    pid_t pid = spawn_shell("exit 3");
    VenusProcess *p = venus_process_watch(pid, count_call, &calls);

    g_assert_cmpint(venus_process_pid(p), ==, pid);
    wait_for(&calls, 1);
    run_loop_ms(20);
    g_assert_cmpuint(calls, ==, 1);
    /* The status is still the owner's to take. */
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(WEXITSTATUS(status), ==, 3);
    venus_process_kill(p);
    venus_process_unwatch(p);
}

static void test_process_gone_before(void)
{
    unsigned calls = 0;
    pid_t pid = spawn_shell("exit 0");
    VenusProcess *p;

    g_assert_cmpint(waitpid(pid, NULL, 0), ==, pid);
    p = venus_process_watch(pid, count_call, &calls);
    g_assert_cmpuint(calls, ==, 0);
    wait_for(&calls, 1);
    venus_process_kill(p);
    venus_process_unwatch(p);
}

static void test_process_kill(void)
{
    unsigned calls = 0;
    int status;
    pid_t pid = spawn_shell("exec sleep 60");
    VenusProcess *p = venus_process_watch(pid, count_call, &calls);

    run_loop_ms(20);
    g_assert_cmpuint(calls, ==, 0);
    venus_process_kill(p);
    wait_for(&calls, 1);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFSIGNALED(status));
    g_assert_cmpint(WTERMSIG(status), ==, SIGKILL);
    venus_process_unwatch(p);
}

static void test_process_unwatch(void)
{
    unsigned calls = 0;
    pid_t pid = spawn_shell("exec sleep 60");
    VenusProcess *p = venus_process_watch(pid, count_call, &calls);

    venus_process_unwatch(p);
    venus_process_unwatch(NULL);
    end_child(pid);
    run_loop_ms(20);
    g_assert_cmpuint(calls, ==, 0);
}

/* The workers of the script, once they are there; NULL: cannot tell. */
static GArray *wait_for_workers(VenusFixture *f, guint n)
{
    gint64 end = g_get_monotonic_time() + PATIENCE_US;
    g_autoptr(GArray) workers = venus_server_workers(f->server);

    while (workers->len < n) {
        if (venus_process_host_open(-1) == -ENOSYS && !workers->len &&
            g_get_monotonic_time() > end - PATIENCE_US / 2) {
            g_test_skip("the children of a process cannot be listed here");
            return NULL;
        }
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        g_usleep(1000);
        g_array_unref(workers);
        workers = venus_server_workers(f->server);
    }
    g_assert_cmpuint(workers->len, ==, n);
    return g_steal_pointer(&workers);
}

static void assert_not_found(VenusFixture *f, const char *path)
{
    Error *err = NULL;

    g_setenv("RENDER_SERVER_EXEC_PATH", path, true);
    g_assert_cmpint(venus_server_start(f->server, &err), ==, -1);
    g_assert_nonnull(err);
    g_assert_nonnull(strstr(error_get_pretty(err), path));
    g_assert_nonnull(strstr(error_get_pretty(err), "RENDER_SERVER_EXEC_PATH"));
    error_free(err);
    g_assert_false(venus_server_running(f->server));
    g_assert_null(venus_server_path(f->server));
}

static void test_server_not_found(VenusFixture *f, gconstpointer data)
{
    assert_not_found(f, "/nonexistent/server");
    assert_not_found(f, f->dir);
    g_assert_cmpint(g_chmod(f->script, 0600), ==, 0);
    assert_not_found(f, f->script);
    /* Never started: these do nothing. */
    venus_server_stop(f->server);
    venus_server_kill(f->server);
}

static void test_server_bad_program(VenusFixture *f, gconstpointer data)
{
    Error *err = NULL;

    g_assert_true(g_file_set_contents(f->script, "#!/nonexistent/sh\n", -1,
                                      NULL));
    g_assert_cmpint(g_chmod(f->script, 0700), ==, 0);
    g_assert_cmpint(venus_server_start(f->server, &err), ==, -1);
    g_assert_nonnull(strstr(error_get_pretty(err), f->script));
    error_free(err);
    g_assert_false(venus_server_running(f->server));
}

static void test_server_stop(VenusFixture *f, gconstpointer data)
{
    for (int i = 0; i < 3; i++) {
        int fd = fixture_start(f);

        g_assert_cmpstr(venus_server_path(f->server), ==, f->script);
        venus_server_stop(f->server);
        g_assert_false(venus_server_running(f->server));
        assert_no_children();
        assert_hung_up(fd);
    }
    run_loop_ms(20);
    g_assert_cmpuint(f->deaths, ==, 0);
}

static void test_server_workers(VenusFixture *f, gconstpointer data)
{
    g_autoptr(GArray) before = NULL;
    g_autoptr(GArray) after = NULL;
    unsigned ends = 0;
    VenusProcess *p[2];
    int fd = fixture_start(f);
    pid_t pid;

    after = wait_for_workers(f, 2);
    if (!after) {
        close(fd);
        return;
    }
    before = g_array_new(false, false, sizeof(pid_t));
    pid = venus_server_new_worker(f->server, before);
    g_assert_true(pid == g_array_index(after, pid_t, 0) ||
                  pid == g_array_index(after, pid_t, 1));
    g_array_append_val(before, pid);
    g_assert_cmpint(venus_server_new_worker(f->server, before), !=, pid);
    g_assert_cmpint(venus_server_new_worker(f->server, before), >, 0);
    g_assert_cmpint(venus_server_new_worker(f->server, after), ==, 0);

    for (int i = 0; i < 2; i++) {
        p[i] = venus_process_watch(g_array_index(after, pid_t, i), count_call,
                                   &ends);
    }
    venus_server_stop(f->server);
    wait_for(&ends, 2);
    for (int i = 0; i < 2; i++) {
        venus_process_unwatch(p[i]);
    }
    assert_hung_up(fd);
}

static void test_server_died(VenusFixture *f, gconstpointer data)
{
    int fd = fixture_start(f);

    venus_server_kill(f->server);
    wait_for(&f->deaths, 1);
    g_assert_false(venus_server_running(f->server));
    assert_no_children();
    assert_hung_up(fd);
    venus_server_kill(f->server);

    /* It can be started again. */
    fd = fixture_start(f);
    venus_server_stop(f->server);
    assert_hung_up(fd);
    run_loop_ms(20);
    g_assert_cmpuint(f->deaths, ==, 1);
}

/* The socket is there under the number in the arguments. */
static void test_server_arguments(VenusFixture *f, gconstpointer data)
{
    int fd;

    fixture_script(f, "test \"$1\" = --socket-fd || exec sleep 60\n"
                   "test -S /dev/fd/$2 || exec sleep 60\n"
                   "exit 0");
    fd = fixture_start(f);
    wait_for(&f->deaths, 1);
    assert_hung_up(fd);
}

/* Signals that QEMU blocks or ignores work in the server. */
static void test_server_signals(VenusFixture *f, gconstpointer data)
{
    static const struct {
        const char *name;
        const char *script;
    } signals[] = {
        { "ignored", "kill -PIPE $$\nexec sleep 60" },
        { "blocked", "kill -USR1 $$\nexec sleep 60" },
    };
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    struct sigaction old;
    sigset_t set;

    sigaction(SIGPIPE, &ignore, &old);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
        g_test_message("%s", signals[i].name);
        fixture_script(f, signals[i].script);
        close(fixture_start(f));
        wait_for(&f->deaths, i + 1);
    }
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    sigaction(SIGPIPE, &old, NULL);
}

/* When QEMU is killed the server does not stay behind. */
static void test_server_orphan(VenusFixture *f, gconstpointer data)
{
    unsigned ends = 0;
    VenusProcess *p;
    int pipe_fd[2];
    pid_t child, pid;

    if (venus_process_host_open(-1) == -ENOSYS) {
        g_test_skip("the host cannot end a process with its parent");
        return;
    }
    g_assert_cmpint(pipe(pipe_fd), ==, 0);
    child = fork();
    if (!child) {
        g_autoptr(GArray) workers = NULL;

        fixture_start(f);
        workers = wait_for_workers(f, 2);
        pid = getpgid(g_array_index(workers, pid_t, 0));
        _exit(write(pipe_fd[1], &pid, sizeof(pid)) != sizeof(pid));
    }
    g_assert_cmpint(read(pipe_fd[0], &pid, sizeof(pid)), ==, sizeof(pid));
    p = venus_process_watch(pid, count_call, &ends);
    g_assert_cmpint(waitpid(child, NULL, 0), ==, child);
    wait_for(&ends, 1);
    venus_process_unwatch(p);
    kill(-pid, SIGKILL);        /* what stands in for workers */
    close(pipe_fd[0]);
    close(pipe_fd[1]);
}

int main(int argc, char **argv)
{
    fixture_main(&argc, &argv);
    g_test_add_func("/venus/process/exit", test_process_exit);
    g_test_add_func("/venus/process/gone-before", test_process_gone_before);
    g_test_add_func("/venus/process/kill", test_process_kill);
    g_test_add_func("/venus/process/unwatch", test_process_unwatch);
    fixture_add("/venus/server/not-found", test_server_not_found);
    fixture_add("/venus/server/bad-program", test_server_bad_program);
    fixture_add("/venus/server/stop", test_server_stop);
    fixture_add("/venus/server/workers", test_server_workers);
    fixture_add("/venus/server/died", test_server_died);
    fixture_add("/venus/server/arguments", test_server_arguments);
    fixture_add("/venus/server/signals", test_server_signals);
    fixture_add("/venus/server/orphan", test_server_orphan);
    return g_test_run();
}
