/*
 * Unit tests of the fence queues of the virtio-gpu Venus backend
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/main-loop.h"
#include "qemu/thread.h"
#include "../../hw/display/venus/venus.h"

#define THREADS 4
#define FENCES_PER_THREAD 1000

/* What the queue has answered, in order. */
typedef struct Answers {
    GArray *fences;             /* uint64_t: the id that was added */
    GArray *errors;             /* int */
    guint delivered;            /* commands, when a bottom half was done */
} Answers;

static VenusCmd *cmd_new(uint64_t id)
{
    VenusCmd *cmd = g_new0(VenusCmd, 1);

    cmd->base.cmd_hdr.fence_id = id;
    return cmd;
}

static void answers_done(void *opaque, VenusCmd *cmd, int error)
{
    Answers *answers = opaque;
    uint64_t id = cmd->base.cmd_hdr.fence_id;

    g_array_append_val(answers->fences, id);
    g_array_append_val(answers->errors, error);
    g_free(cmd);
}

static void answers_delivered(void *opaque)
{
    Answers *answers = opaque;

    answers->delivered = answers->fences->len;
}

static VenusFenceQueue *queue_new(Answers *answers)
{
    answers->delivered = 0;
    answers->fences = g_array_new(false, false, sizeof(uint64_t));
    answers->errors = g_array_new(false, false, sizeof(int));
    return venus_fence_queue_new(NULL, answers_done, answers_delivered,
                                 answers);
}

static void queue_free(VenusFenceQueue *q, Answers *answers)
{
    venus_fence_queue_free(q);
    g_array_unref(answers->fences);
    g_array_unref(answers->errors);
}

static void add(VenusFenceQueue *q, uint32_t ctx, uint32_t ring, uint64_t id)
{
    venus_fence_add(q, cmd_new(id), ctx, ring, id);
}

static void run_loop(void)
{
    while (aio_poll(iohandler_get_aio_context(), false)) {
        /* until nothing is left */
    }
}

static void expect(Answers *answers, const uint64_t *ids, guint n, int error)
{
    g_assert_cmpuint(answers->fences->len, ==, n);
    for (guint i = 0; i < n; i++) {
        g_assert_cmpuint(g_array_index(answers->fences, uint64_t, i), ==,
                         ids[i]);
        g_assert_cmpint(g_array_index(answers->errors, int, i), ==, error);
    }
    g_array_set_size(answers->fences, 0);
    g_array_set_size(answers->errors, 0);
}

static void test_order(void)
{
    Answers a;
    VenusFenceQueue *q = queue_new(&a);

    /* Ids need not grow: the order of a ring is that of its commands. */
    add(q, 1, 0, 30);
    add(q, 1, 0, 10);
    add(q, 1, 0, 20);
    venus_fence_signal(q, 1, 0, 10);
    expect(&a, NULL, 0, 0);
    run_loop();
    g_assert_cmpuint(a.delivered, ==, 2);   /* last, and all of them */
    expect(&a, (uint64_t[]) { 30, 10 }, 2, 0);
    g_assert_cmpuint(venus_fence_pending(q), ==, 1);

    venus_fence_signal(q, 1, 0, 20);
    run_loop();
    expect(&a, (uint64_t[]) { 20 }, 1, 0);
    g_assert_cmpuint(venus_fence_pending(q), ==, 0);
    queue_free(q, &a);
}

static void test_rings(void)
{
    Answers a;
    VenusFenceQueue *q = queue_new(&a);

    add(q, 1, 0, 1);
    add(q, 1, 1, 2);
    add(q, 2, 0, 3);
    venus_fence_signal(q, 2, 0, 3);
    venus_fence_signal(q, 1, 1, 2);
    run_loop();
    expect(&a, (uint64_t[]) { 3, 2 }, 2, 0);

    /* Nobody waits for these. */
    venus_fence_signal(q, 1, 0, 99);
    venus_fence_signal(q, 7, 63, 1);
    run_loop();
    expect(&a, NULL, 0, 0);

    venus_fence_signal(q, 1, 0, 1);
    run_loop();
    expect(&a, (uint64_t[]) { 1 }, 1, 0);
    queue_free(q, &a);
}

static void test_flush(void)
{
    Answers a;
    VenusFenceQueue *q = queue_new(&a);

    add(q, 1, 0, 1);
    add(q, 1, 0, 2);
    add(q, 1, 5, 3);
    add(q, 2, 0, 4);
    /* Said before the flush, so that it counts as complete. */
    venus_fence_signal(q, 1, 0, 1);
    venus_fence_flush_ctx(q, 1, -EIO);
    g_assert_cmpint(g_array_index(a.errors, int, 0), ==, 0);
    g_array_remove_index(a.errors, 0);
    g_array_remove_index(a.fences, 0);
    g_assert_cmpuint(a.fences->len, ==, 2);
    g_assert_cmpint(g_array_index(a.errors, int, 0), ==, -EIO);
    g_assert_cmpint(g_array_index(a.errors, int, 1), ==, -EIO);
    g_array_set_size(a.fences, 0);
    g_array_set_size(a.errors, 0);

    g_assert_cmpuint(venus_fence_pending(q), ==, 1);
    venus_fence_flush_ctx(q, 2, 0);
    expect(&a, (uint64_t[]) { 4 }, 1, 0);
    queue_free(q, &a);
}

static void test_cancel(void)
{
    Answers a;
    VenusFenceQueue *q = queue_new(&a);
    VenusCmd *cmd;

    add(q, 1, 0, 1);
    add(q, 1, 0, 2);
    cmd = venus_fence_cancel_last(q, 1, 0);
    g_assert_cmpuint(cmd->base.cmd_hdr.fence_id, ==, 2);
    g_free(cmd);
    venus_fence_signal(q, 1, 0, 2);
    venus_fence_signal(q, 1, 0, 1);
    run_loop();
    expect(&a, (uint64_t[]) { 1 }, 1, 0);
    queue_free(q, &a);
}

static void drop(VenusCmd *cmd)
{
    g_assert_cmpuint(cmd->base.cmd_hdr.fence_id, ==, 1);
    g_free(cmd);
}

static void test_reset(void)
{
    Answers a;
    VenusFenceQueue *q = queue_new(&a);

    add(q, 1, 0, 1);
    venus_fence_signal(q, 1, 0, 1);
    venus_fence_reset(q, drop);
    g_assert_cmpuint(venus_fence_pending(q), ==, 0);

    /* The same numbers again, after a reset: the old signal is not theirs. */
    add(q, 1, 0, 1);
    run_loop();
    expect(&a, NULL, 0, 0);
    venus_fence_signal(q, 1, 0, 1);
    run_loop();
    expect(&a, (uint64_t[]) { 1 }, 1, 0);
    queue_free(q, &a);
}

static void count_ctx(void *opaque, uint32_t ctx_id)
{
    unsigned *contexts = opaque;

    *contexts |= 1u << ctx_id;
}

static void test_foreach(void)
{
    Answers a;
    VenusFenceQueue *q = queue_new(&a);
    unsigned contexts = 0;

    add(q, 1, 0, 1);
    add(q, 1, 1, 2);
    add(q, 3, 0, 3);
    venus_fence_signal(q, 3, 0, 3);
    run_loop();
    venus_fence_foreach_ctx(q, count_ctx, &contexts);
    g_assert_cmphex(contexts, ==, 1u << 1);
    venus_fence_flush_ctx(q, 1, 0);
    queue_free(q, &a);
}

typedef struct Signaller {
    VenusFenceQueue *q;
    QemuThread thread;
    uint32_t ring;
} Signaller;

static void *signaller_thread(void *opaque)
{
    Signaller *s = opaque;

    for (uint64_t i = 0; i < FENCES_PER_THREAD; i++) {
        venus_fence_signal(s->q, 1, s->ring, i);
    }
    return NULL;
}

static void test_threads(void)
{
    Signaller signallers[THREADS];
    Answers a;
    VenusFenceQueue *q = queue_new(&a);

    for (uint32_t ring = 0; ring < THREADS; ring++) {
        for (uint64_t i = 0; i < FENCES_PER_THREAD; i++) {
            add(q, 1, ring, i);
        }
    }
    for (uint32_t ring = 0; ring < THREADS; ring++) {
        signallers[ring] = (Signaller) { .q = q, .ring = ring };
        qemu_thread_create(&signallers[ring].thread, "signaller",
                           signaller_thread, &signallers[ring],
                           QEMU_THREAD_JOINABLE);
    }
    while (venus_fence_pending(q)) {
        aio_poll(iohandler_get_aio_context(), true);
    }
    for (uint32_t ring = 0; ring < THREADS; ring++) {
        qemu_thread_join(&signallers[ring].thread);
    }
    g_assert_cmpuint(a.fences->len, ==, THREADS * FENCES_PER_THREAD);
    queue_free(q, &a);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qemu_init_main_loop(&error_abort);

    g_test_add_func("/venus/fence/order", test_order);
    g_test_add_func("/venus/fence/rings", test_rings);
    g_test_add_func("/venus/fence/flush", test_flush);
    g_test_add_func("/venus/fence/cancel", test_cancel);
    g_test_add_func("/venus/fence/reset", test_reset);
    g_test_add_func("/venus/fence/foreach", test_foreach);
    g_test_add_func("/venus/fence/threads", test_threads);
    return g_test_run();
}
