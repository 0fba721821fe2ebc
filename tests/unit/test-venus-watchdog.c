/*
 * Unit tests: the Venus backend's watchdog
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "venus-server-helpers.h"

#define TIMEOUT_MS 40

static void test_watchdog_worker(VenusFixture *f, gconstpointer data)
{
    VenusWatchdog *w = venus_watchdog_new(f->server, TIMEOUT_MS);

    /* The second time the thread has to be woken up. */
    for (int i = 0; i < 2; i++) {
        unsigned ends = 0;
        pid_t pid = spawn_shell("exec sleep 60");
        VenusProcess *p = venus_process_watch(pid, count_call, &ends);
        gint64 begin;

        run_loop_ms(4 * TIMEOUT_MS);
        begin = g_get_monotonic_time();
        venus_watchdog_begin(w, p);
        wait_for(&ends, 1);
        g_assert_true(venus_watchdog_end(w));
        g_assert_cmpint(g_get_monotonic_time() - begin, >=, TIMEOUT_MS * 1000);
        venus_process_unwatch(p);
        end_child(pid);
    }
    venus_watchdog_free(w);
    venus_watchdog_free(NULL);
}

static void test_watchdog_stopped_worker(VenusFixture *f, gconstpointer data)
{
    VenusWatchdog *w = venus_watchdog_new(f->server, TIMEOUT_MS);
    unsigned ends = 0;
    pid_t pid = spawn_shell("exec sleep 60");
    VenusProcess *p = venus_process_watch(pid, count_call, &ends);

    kill(pid, SIGSTOP);
    venus_watchdog_begin(w, p);
    wait_for(&ends, 1);
    g_assert_true(venus_watchdog_end(w));
    venus_process_unwatch(p);
    end_child(pid);
    venus_watchdog_free(w);
}

static void test_watchdog_in_time(VenusFixture *f, gconstpointer data)
{
    VenusWatchdog *w = venus_watchdog_new(f->server, 20 * TIMEOUT_MS);
    unsigned ends = 0;
    pid_t pid = spawn_shell("exec sleep 60");
    VenusProcess *p = venus_process_watch(pid, count_call, &ends);

    /* Together these last longer than one call may. */
    for (int i = 0; i < 30; i++) {
        venus_watchdog_begin(w, i % 2 ? p : NULL);
        g_usleep(TIMEOUT_MS * 1000);
        g_assert_false(venus_watchdog_end(w));
    }
    g_assert_true(is_alive(pid));
    venus_process_unwatch(p);
    end_child(pid);
    venus_watchdog_free(w);
}

static void test_watchdog_many(VenusFixture *f, gconstpointer data)
{
    VenusWatchdog *w = venus_watchdog_new(f->server, 1000);
    unsigned ends = 0;
    pid_t pid = spawn_shell("exec sleep 60");
    VenusProcess *p = venus_process_watch(pid, count_call, &ends);
    bool killed = false;

    for (int i = 0; i < 100000; i++) {
        venus_watchdog_begin(w, p);
        killed |= venus_watchdog_end(w);
    }
    g_assert_false(killed);
    g_assert_true(is_alive(pid));
    venus_process_unwatch(p);
    end_child(pid);
    venus_watchdog_free(w);
}

/* A call that ends about when its time does: killed only if end() says so. */
static void test_watchdog_race(VenusFixture *f, gconstpointer data)
{
    VenusWatchdog *w = venus_watchdog_new(f->server, 2);
    unsigned saved = 0, lost = 0;

    for (int i = 0; i < 60; i++) {
        unsigned ends = 0;
        pid_t pid = spawn_shell("exec sleep 60");
        VenusProcess *p = venus_process_watch(pid, count_call, &ends);

        venus_watchdog_begin(w, p);
        g_usleep(g_test_rand_int_range(1000, 5000));
        if (venus_watchdog_end(w)) {
            lost++;
            wait_for(&ends, 1);
        } else {
            saved++;
            g_usleep(1000);
            g_assert_true(is_alive(pid));
        }
        venus_process_unwatch(p);
        end_child(pid);
    }
    g_test_message("%u in time, %u killed", saved, lost);
    venus_watchdog_free(w);
}

/* When a worker's end does not end the call, all processes are killed. */
static void test_watchdog_escalates(VenusFixture *f, gconstpointer data)
{
    VenusWatchdog *w = venus_watchdog_new(f->server, TIMEOUT_MS);
    unsigned ends = 0;
    pid_t pid = spawn_shell("exec sleep 60");
    VenusProcess *p = venus_process_watch(pid, count_call, &ends);
    int fd = fixture_start(f);

    venus_watchdog_begin(w, p);
    wait_for(&ends, 1);
    wait_for(&f->deaths, 1);
    g_assert_true(venus_watchdog_end(w));
    g_assert_false(venus_server_running(f->server));
    assert_hung_up(fd);
    venus_process_unwatch(p);
    end_child(pid);
    venus_watchdog_free(w);
}

/* Without a worker the server is who has to answer. */
static void test_watchdog_server(VenusFixture *f, gconstpointer data)
{
    VenusWatchdog *w = venus_watchdog_new(f->server, TIMEOUT_MS);
    int fd = fixture_start(f);

    venus_watchdog_begin(w, NULL);
    assert_hung_up(fd);         /* blocks as a call would */
    g_assert_true(venus_watchdog_end(w));
    wait_for(&f->deaths, 1);
    venus_watchdog_free(w);
}

int main(int argc, char **argv)
{
    fixture_main(&argc, &argv);
    fixture_add("/venus/watchdog/worker", test_watchdog_worker);
    fixture_add("/venus/watchdog/stopped-worker", test_watchdog_stopped_worker);
    fixture_add("/venus/watchdog/in-time", test_watchdog_in_time);
    fixture_add("/venus/watchdog/many", test_watchdog_many);
    fixture_add("/venus/watchdog/race", test_watchdog_race);
    fixture_add("/venus/watchdog/escalates", test_watchdog_escalates);
    fixture_add("/venus/watchdog/server", test_watchdog_server);
    return g_test_run();
}
