/*
 * Venus-only mode: the rings of Venus commands, and that none of them sleeps
 * through its work
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/timer.h"
#include "libqos/virtio-gpu-probe.h"
#include "venus-test-stream.h"
#include "venus-test-util.h"

#define CTX 1
#define RING 0x1234567800000001ull

/* How long to look at a ring that must not do anything */
#define LOOK_MS 100

/* How long to wait for something that has to happen */
#define PATIENCE_MS 30000

typedef struct Ring {
    QVirtioGPU *gpu;
    uint64_t name;
    uint64_t idle_ns;           /* the ring sleeps after so long */
    gint64 since_us;            /* awake at least from then on */
    uint32_t resource_id;
    uint64_t at;                /* in the window */
    uint32_t tail;
} Ring;

static uint32_t ring_read(const Ring *r, uint64_t offset)
{
    uint32_t value;

    qvirtio_gpu_shm_read(r->gpu, r->at + offset, &value, sizeof(value));
    return le32_to_cpu(value);
}

static void ring_write(const Ring *r, uint64_t offset, uint32_t value)
{
    value = cpu_to_le32(value);
    qvirtio_gpu_shm_write(r->gpu, r->at + offset, &value, sizeof(value));
}

static Ring ring_new(QVirtioGPU *gpu, unsigned n, uint64_t idle_ns)
{
    Ring r = {
        .gpu = gpu, .name = RING + n, .resource_id = 1 + n,
        .at = n * 65536, .idle_ns = idle_ns,
        .since_us = g_get_monotonic_time(),
    };

    venus_host_blob(gpu, CTX, r.resource_id, VENUS_RING_SIZE);
    gpu_map_blob({
        .gpu = gpu, .resource_id = r.resource_id, .offset = r.at,
    });
    venus_create_ring(gpu, CTX, r.name, r.resource_id, idle_ns);
    return r;
}

/* Puts a command into the ring; does not say so to anyone */
static void ring_put(Ring *r)
{
    g_autoptr(GByteArray) command = venus_ring_command();

    qvirtio_gpu_shm_write(r->gpu, r->at + VENUS_RING_BUFFER + r->tail,
                          command->data, command->len);
    r->tail += command->len;
    ring_write(r, VENUS_RING_TAIL, r->tail);
}

static bool ring_sleeps(const Ring *r)
{
    return ring_read(r, VENUS_RING_STATUS) & VENUS_RING_IDLE;
}

static void ring_wait_sleeps(const Ring *r)
{
    gint64 end = g_get_monotonic_time() + PATIENCE_MS * 1000;

    while (!ring_sleeps(r)) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        g_usleep(1000);
    }
}

/* Whether the ring comes to do what was put there */
static bool ring_done(const Ring *r, unsigned timeout_ms)
{
    gint64 end = g_get_monotonic_time() + timeout_ms * 1000;

    while (ring_read(r, VENUS_RING_HEAD) != r->tail) {
        if (g_get_monotonic_time() > end) {
            return false;
        }
        g_usleep(1000);
    }
    return true;
}

static void test_works(void)
{
    g_autoptr(VenusTest) t = venus_test_new({});
    Ring r;
    int i;

    venus_ctx_create(t->gpu, CTX);
    r = ring_new(t->gpu, 0, SCALE_MS);
    for (i = 1; i <= 20; i++) {
        ring_wait_sleeps(&r);
        ring_put(&r);
        venus_notify_ring(t->gpu, CTX, r.name);
        g_assert_true(ring_done(&r, PATIENCE_MS));
    }
    venus_destroy_ring(t->gpu, CTX, r.name);
    gpu_submit_3d({ .gpu = t->gpu, .ctx_id = CTX });
}

static void ring_free(Ring *r)
{
    gpu_unref({ .gpu = r->gpu, .resource_id = r->resource_id });
}

/*
 * Rings the doorbells of @n rings that are awake.  False: it took so long that
 * one of them may have slept by then, and nothing can be said about it.
 */
static bool ring_while_awake(Ring *r, unsigned n)
{
    gint64 now;
    unsigned i;

    for (i = 0; i < n; i++) {
        venus_notify_ring(r->gpu, CTX, r[i].name);
    }
    /* Until the renderer has got there */
    gpu_submit_3d({
        .gpu = r->gpu, .ctx_id = CTX, .fence = { .id = 1, .has_ring = true },
    });
    now = g_get_monotonic_time();
    for (i = 0; i < n; i++) {
        if ((now - r[i].since_us) * SCALE_US >= r[i].idle_ns) {
            return false;
        }
    }
    return true;
}

/* Run @trial with longer and longer idle times, until this machine keeps up. */
static void try_until_awake(bool (*trial)(VenusTest *t, uint64_t idle_ns))
{
    g_autoptr(VenusTest) t = venus_test_new({});
    uint64_t idle_ns;

    for (idle_ns = 100 * SCALE_MS; !trial(t, idle_ns); idle_ns *= 2) {
        g_test_message("too slow for %" PRIu64 " ns", idle_ns);
        g_assert_cmpuint(idle_ns, <, 20ull * NANOSECONDS_PER_SECOND);
    }
}

/*
 * What Mesa does when a ring's doorbell rang while the ring was awake: for one
 * idle timeout of the ring it will not ring again, asleep or not.
 */
static bool second_doorbell(VenusTest *t, uint64_t idle_ns)
{
    bool awake = true;
    Ring r;
    int i;

    venus_ctx_create(t->gpu, CTX);
    r = ring_new(t->gpu, 0, idle_ns);
    for (i = 1; i <= 3 && (awake = ring_while_awake(&r, 1)); i++) {
        ring_wait_sleeps(&r);
        ring_put(&r);
        /* The guest's clock stands still, so the ring sleeps on */
        g_assert_false(ring_done(&r, LOOK_MS));
        qtest_clock_step(t->qts, idle_ns - 1);
        g_assert_false(ring_done(&r, LOOK_MS));
        r.since_us = g_get_monotonic_time();
        qtest_clock_step(t->qts, SCALE_MS);
        g_assert_true(ring_done(&r, PATIENCE_MS));
    }
    gpu_ctx_destroy({ .gpu = t->gpu, .ctx_id = CTX });
    ring_free(&r);
    return awake;
}

static void test_second_doorbell(void)
{
    try_until_awake(second_doorbell);
}

/* Four rings sleep with something to do: two are woken, two destroyed. */
static void check_doorbells(VenusTest *t, Ring *r)
{
    int i;

    for (i = 0; i < 4; i++) {
        ring_wait_sleeps(&r[i]);
        ring_put(&r[i]);
    }
    venus_destroy_ring(t->gpu, CTX, r[1].name);
    venus_destroy_ring(t->gpu, CTX, r[3].name);
    g_assert_false(ring_done(&r[0], LOOK_MS));
    qtest_clock_step(t->qts, r->idle_ns + 10 * SCALE_MS);
    g_assert_true(ring_done(&r[0], PATIENCE_MS));
    g_assert_true(ring_done(&r[2], PATIENCE_MS));
    /* A doorbell of a ring that does not exist would cost the context */
    gpu_submit_3d({
        .gpu = t->gpu, .ctx_id = CTX, .fence = { .id = 1, .has_ring = true },
    });
    venus_notify_ring(t->gpu, CTX, r[0].name);
    venus_notify_ring(t->gpu, CTX, r[2].name);

    /* The same name once more, and a context that goes with doorbells due */
    ring_write(&r[1], VENUS_RING_HEAD, 0);
    ring_write(&r[1], VENUS_RING_TAIL, 0);
    ring_write(&r[1], VENUS_RING_STATUS, 0);
    venus_create_ring(t->gpu, CTX, r[1].name, r[1].resource_id, r->idle_ns);
    venus_notify_ring(t->gpu, CTX, r[1].name);
}

/* Every ring has a doorbell, and a ring that is gone rings no more */
static bool rings_come_and_go(VenusTest *t, uint64_t idle_ns)
{
    Ring r[4];
    bool awake;
    int i;

    venus_ctx_create(t->gpu, CTX);
    for (i = 0; i < G_N_ELEMENTS(r); i++) {
        r[i] = ring_new(t->gpu, i, idle_ns);
    }
    awake = ring_while_awake(r, G_N_ELEMENTS(r));
    if (awake) {
        check_doorbells(t, r);
    }
    gpu_ctx_destroy({ .gpu = t->gpu, .ctx_id = CTX });
    qtest_clock_step(t->qts, 2 * idle_ns);
    venus_check_context(t->gpu, CTX);
    for (i = 0; i < G_N_ELEMENTS(r); i++) {
        ring_free(&r[i]);
    }
    return awake;
}

static void test_rings_come_and_go(void)
{
    try_until_awake(rings_come_and_go);
}

/* A worker that ended has no doorbells to answer */
static void test_dead_worker(void)
{
    g_autoptr(VenusTest) t = venus_test_new({});
    Ring r;

    venus_ctx_create(t->gpu, CTX);
    r = ring_new(t->gpu, 0, 100 * SCALE_MS);
    venus_notify_ring(t->gpu, CTX, r.name);
    /* No such ring: the renderer gives the context up, when it gets there */
    venus_destroy_ring(t->gpu, CTX, r.name + 1);
    qtest_clock_step(t->qts, 200 * SCALE_MS);
    venus_wait_until_lost(t->gpu, CTX);
    venus_check_2d(t->gpu);
    gpu_ctx_destroy({ .gpu = t->gpu, .ctx_id = CTX });
    venus_check_context(t->gpu, CTX);
}

int main(int argc, char **argv)
{
    static const VenusTestCase cases[] = {
        { "works", test_works },
        { "second-doorbell", test_second_doorbell },
        { "rings-come-and-go", test_rings_come_and_go },
        { "dead-worker", test_dead_worker },
    };

    return venus_test_main(argc, argv, "ring", qvirtio_gpu_venus_usable,
                           cases, G_N_ELEMENTS(cases));
}
