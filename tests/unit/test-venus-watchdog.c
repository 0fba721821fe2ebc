/*
 * Unit tests: the Venus backend's watchdog
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "venus-server-helpers.h"

#define TIMEOUT_MS 40

/* A process that calls are made to, and what is seen of its end */
typedef struct Worker {
    pid_t pid;
    VenusProcess *process;
    unsigned ends;
} Worker;

static void worker_start(Worker *worker)
{
    worker->ends = 0;
    worker->pid = spawn_shell("exec sleep 60");
    worker->process = venus_process_watch(worker->pid, count_call,
                                          &worker->ends);
}

static void worker_end(Worker *worker)
{
    venus_process_unwatch(worker->process);
    end_child(worker->pid);
}

static void test_watchdog_worker(VenusFixture *f, gconstpointer data)
{
    VenusWatchdog *w = venus_watchdog_new(f->server, TIMEOUT_MS);

    /* The second time the thread has to be woken up. */
    for (int i = 0; i < 2; i++) {
        Worker worker;
        gint64 begin;

        worker_start(&worker);
        run_loop_ms(4 * TIMEOUT_MS);
        begin = g_get_monotonic_time();
        venus_watchdog_begin(w, worker.process);
        wait_for(&worker.ends, 1);
        g_assert_true(venus_watchdog_end(w));
        g_assert_cmpint(g_get_monotonic_time() - begin, >=, TIMEOUT_MS * 1000);
        worker_end(&worker);
    }
    venus_watchdog_free(w);
    venus_watchdog_free(NULL);
}

static void test_watchdog_stopped_worker(VenusFixture *f, gconstpointer data)
{
    VenusWatchdog *w = venus_watchdog_new(f->server, TIMEOUT_MS);
    Worker worker;

    worker_start(&worker);
    kill(worker.pid, SIGSTOP);
    venus_watchdog_begin(w, worker.process);
    wait_for(&worker.ends, 1);
    g_assert_true(venus_watchdog_end(w));
    worker_end(&worker);
    venus_watchdog_free(w);
}

/*
 * Make calls of @call_us microseconds each until they have taken four times
 * what one may.  False: one of them really took too long, on a busy machine.
 */
static bool make_calls(VenusWatchdog *w, VenusProcess *p, gint64 limit_us,
                       gint64 call_us)
{
    gint64 first = g_get_monotonic_time();
    gint64 now = first;

    for (int i = 0; now - first < 4 * limit_us; i++) {
        gint64 begin = now;

        venus_watchdog_begin(w, i % 2 ? p : NULL);
        if (call_us) {
            g_usleep(call_us);
        }
        now = g_get_monotonic_time();
        if (venus_watchdog_end(w)) {
            g_assert_cmpint(g_get_monotonic_time() - begin, >=, limit_us);
            return false;
        }
    }
    return true;
}

/* Calls that together last longer than one may: none is killed in time. */
static void check_in_time(VenusFixture *f, unsigned limit_ms, gint64 call_us)
{
    bool in_time = false;

    for (int tries = 0; !in_time; tries++) {
        VenusWatchdog *w = venus_watchdog_new(f->server, limit_ms);
        Worker worker;

        g_assert_cmpint(tries, <, 20);
        worker_start(&worker);
        in_time = make_calls(w, worker.process, limit_ms * 1000, call_us);
        if (in_time) {
            g_assert_true(is_alive(worker.pid));
        }
        worker_end(&worker);
        venus_watchdog_free(w);
    }
}

static void test_watchdog_in_time(VenusFixture *f, gconstpointer data)
{
    check_in_time(f, 4 * TIMEOUT_MS, TIMEOUT_MS * 1000);
}

/* As many as there can be, without any pause */
static void test_watchdog_many(VenusFixture *f, gconstpointer data)
{
    check_in_time(f, 2 * TIMEOUT_MS, 0);
}

/* A call that ends about when its time does: killed only if end() says so. */
static void test_watchdog_race(VenusFixture *f, gconstpointer data)
{
    VenusWatchdog *w = venus_watchdog_new(f->server, 2);
    unsigned saved = 0, lost = 0;

    for (int i = 0; i < 60; i++) {
        Worker worker;

        worker_start(&worker);
        venus_watchdog_begin(w, worker.process);
        g_usleep(g_test_rand_int_range(1000, 5000));
        if (venus_watchdog_end(w)) {
            lost++;
            wait_for(&worker.ends, 1);
        } else {
            saved++;
            g_usleep(1000);
            g_assert_true(is_alive(worker.pid));
        }
        worker_end(&worker);
    }
    g_test_message("%u in time, %u killed", saved, lost);
    venus_watchdog_free(w);
}

/* When a worker's end does not end the call, all processes are killed. */
static void test_watchdog_escalates(VenusFixture *f, gconstpointer data)
{
    VenusWatchdog *w = venus_watchdog_new(f->server, TIMEOUT_MS);
    Worker worker;
    int fd = fixture_start(f);

    worker_start(&worker);
    venus_watchdog_begin(w, worker.process);
    wait_for(&worker.ends, 1);
    wait_for(&f->deaths, 1);
    g_assert_true(venus_watchdog_end(w));
    g_assert_false(venus_server_running(f->server));
    assert_hung_up(fd);
    worker_end(&worker);
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
