/*
 * Venus-only mode: fences, and renderers that hang or die
 *
 * A fence is always answered: when its ring gets there, or when the ring
 * will not get anywhere any more.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/units.h"
#include "qemu/bswap.h"
#include "libqos/virtio-gpu-probe.h"
#include "venus-test-stream.h"
#include "venus-test-util.h"

#define OK_NODATA VIRTIO_GPU_RESP_OK_NODATA

/* No ring: the fence is reached when the command has run */
static void test_no_ring(const char *device)
{
    g_autoptr(VenusTest) t = venus_test_new({ .device = device });
    int i;

    for (i = 1; i <= 20; i++) {
        gpu_display_info({ .gpu = t->gpu, .fence = { .id = i } });
    }
    gpu_create_2d({
        .gpu = t->gpu, .resource_id = 1, .width = 32, .height = 32,
        .format = VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM,
    });
    gpu_flush({
        .gpu = t->gpu, .resource_id = 1, .rect = { 0, 0, 32, 32 },
        .fence = { .id = UINT64_MAX },
    });
    gpu_flush({
        .gpu = t->gpu, .resource_id = 2, .rect = { 0, 0, 32, 32 },
        .fence = { .id = 1ull << 63 },
        .expect = VIRTIO_GPU_RESP_ERR_INVALID_RESOURCE_ID,
    });
    gpu_unref({ .gpu = t->gpu, .resource_id = 1, .fence = { .id = 7 } });

    venus_ctx_create(t->gpu, 1);
    gpu_submit_3d({ .gpu = t->gpu, .ctx_id = 1, .fence = { .id = 8 } });
    venus_host_blob(t->gpu, 1, 3, 4096);
    gpu_map_blob({ .gpu = t->gpu, .resource_id = 3, .offset = 0 });
    gpu_unmap_blob({ .gpu = t->gpu, .resource_id = 3, .fence = { .id = 9 } });
    gpu_unref({ .gpu = t->gpu, .resource_id = 3, .fence = { .id = 10 } });
    gpu_ctx_destroy({ .gpu = t->gpu, .ctx_id = 1, .fence = { .id = 11 } });
}

/* Two contexts at once: all fences arrive, in the order of each context */
static void check_order(VenusTest *t)
{
    enum { N = 60 };
    int round, i;

    venus_ctx_create(t->gpu, 1);
    venus_ctx_create(t->gpu, 2);
    for (round = 0; round < 5; round++) {
        GPUPending pending[N];
        unsigned last[2] = {};

        for (i = 0; i < N; i++) {
            /* Both contexts count alike */
            pending[i] = venus_submit_fence(t->gpu, 1 + i % 2, 0,
                                      1 + round * N + i / 2);
        }
        for (i = 0; i < N; i++) {
            g_assert_cmphex(gpu_finish(&pending[i]), ==, OK_NODATA);
            g_assert_cmpuint(pending[i].order, >, last[i % 2]);
            last[i % 2] = pending[i].order;
        }
    }
}

static void test_order(void)
{
    g_autoptr(VenusTest) t = venus_test_new({});

    check_order(t);
}

/* What hosts do whose renderer has no threads */
static void test_order_polled(void)
{
    g_autoptr(VenusTest) t = venus_test_new({
        .device_opts = ",x-fence-poll=on",
    });

    check_order(t);
}

/* One after the other, and none gets lost */
static void test_many(void)
{
    g_autoptr(VenusTest) t = venus_test_new({});
    int i;

    venus_ctx_create(t->gpu, 1);
    for (i = 1; i <= (venus_test_slow() ? 1000 : 100); i++) {
        gpu_submit_3d({
            .gpu = t->gpu, .ctx_id = 1, .fence = { .id = i, .has_ring = true },
        });
    }
}

/* Rings that cannot be are refused, without harm to the context */
static void test_other_rings(void)
{
    static const uint8_t rings[] = { 64, 65, 128, 255 };
    g_autoptr(VenusTest) t = venus_test_new({});
    int i;

    venus_ctx_create(t->gpu, 1);
    for (i = 0; i < G_N_ELEMENTS(rings); i++) {
        g_test_message("ring %u", rings[i]);
        gpu_submit_3d({
            .gpu = t->gpu, .ctx_id = 1,
            .fence = { .id = 1, .has_ring = true, .ring_idx = rings[i] },
            .expect = VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER,
        });
        gpu_submit_3d({
            .gpu = t->gpu, .ctx_id = 1, .fence = { .id = 2, .has_ring = true },
        });
    }
}

/* To the renderer, a ring without a queue is an error of its context. */
static void test_rings_without_queue(void)
{
    static const uint8_t rings[] = { 1, 2, 63 };
    g_autoptr(VenusTest) t = venus_test_new({});
    int i;

    venus_ctx_create(t->gpu, 2);
    for (i = 0; i < G_N_ELEMENTS(rings); i++) {
        GPUPending pending;

        g_test_message("ring %u", rings[i]);
        venus_ctx_create(t->gpu, 1);
        pending = venus_submit_fence(t->gpu, 1, rings[i], 1);
        venus_check_cut_off(gpu_finish(&pending));
        venus_wait_until_lost(t->gpu, 1);
        gpu_ctx_destroy({ .gpu = t->gpu, .ctx_id = 1 });
        gpu_submit_3d({
            .gpu = t->gpu, .ctx_id = 2, .fence = { .id = 1, .has_ring = true },
        });
    }
    venus_check_context(t->gpu, 1);
}

/*
 * A ring with a queue behind it: its fences and those of ring 0 arrive, each
 * in their order, and the context lives.
 */
static void test_queue_ring(const char *device)
{
    enum { N = 40 };
    g_autoptr(VenusTest) t = venus_test_new({ .device = device });
    GPUPending pending[N];
    unsigned last[2] = {};
    int i;

    venus_ctx_create(t->gpu, 1);
    venus_bind_ring(t->gpu, 1, 1);
    for (i = 0; i < N; i++) {
        pending[i] = venus_submit_fence(t->gpu, 1, i % 2, 1 + i / 2);
    }
    for (i = 0; i < N; i++) {
        g_assert_cmphex(gpu_finish(&pending[i]), ==, OK_NODATA);
        g_assert_cmpuint(pending[i].order, >, last[i % 2]);
        last[i % 2] = pending[i].order;
    }
    gpu_submit_3d({
        .gpu = t->gpu, .ctx_id = 1, .fence = { .id = 99, .has_ring = true },
    });
}

static void test_unknown_context(void)
{
    const uint32_t invalid = VIRTIO_GPU_RESP_ERR_INVALID_CONTEXT_ID;
    g_autoptr(VenusTest) t = venus_test_new({});

    gpu_submit_3d({
        .gpu = t->gpu, .ctx_id = 5, .expect = invalid,
        .fence = { .id = 1, .has_ring = true },
    });
    gpu_submit_3d({
        .gpu = t->gpu, .ctx_id = 0, .expect = invalid, .fence = { .id = 2 },
    });
    gpu_ctx_destroy({
        .gpu = t->gpu, .ctx_id = 5, .expect = invalid, .fence = { .id = 3 },
    });
}

/*
 * A ring that stands still holds its own fences and nobody else's; they are
 * answered when the context goes.
 */
static void test_destroy_pending(void)
{
    enum { N = 8 };
    g_autoptr(VenusTest) t = venus_test_new({});
    pid_t worker = venus_ctx_with_worker(t, 1);
    GPUPending pending[N];
    int i;

    venus_ctx_create(t->gpu, 2);
    venus_stop_process(worker);
    for (i = 0; i < N; i++) {
        pending[i] = venus_submit_fence(t->gpu, 1, 0, 1 + i);
    }
    g_assert_false(qvirtio_gpu_answered(t->gpu, pending[0].req,
                                        G_USEC_PER_SEC / 5));
    gpu_display_info({ .gpu = t->gpu, .fence = { .id = 1 } });
    gpu_submit_3d({
        .gpu = t->gpu, .ctx_id = 2, .fence = { .id = 1, .has_ring = true },
    });
    g_assert_false(pending[0].req->is_done);

    gpu_ctx_destroy({ .gpu = t->gpu, .ctx_id = 1 });
    for (i = 0; i < N; i++) {
        g_assert_cmphex(gpu_finish(&pending[i]), ==, OK_NODATA);
    }
    venus_kill_process(worker);
    venus_check_context(t->gpu, 1);
    gpu_submit_3d({
        .gpu = t->gpu, .ctx_id = 2, .fence = { .id = 2, .has_ring = true },
    });
}

/* A blob that only the renderer can make: the device waits for its answer */
static void hang_in_create(QVirtioGPU *gpu)
{
    gpu_create_blob({
        .gpu = gpu, .ctx_id = 1, .resource_id = 1, .size = 4096,
        .blob_mem = VIRTIO_GPU_BLOB_MEM_HOST3D,
        .blob_flags = VIRTIO_GPU_BLOB_FLAG_USE_MAPPABLE,
        .blob_id = 5, .expect = VIRTIO_GPU_RESP_ERR_UNSPEC,
    });
}

/* More than a socket holds: the device waits for it to be read */
static void hang_in_submit(QVirtioGPU *gpu)
{
    const size_t size = 64 * KiB;
    g_autofree uint8_t *data = g_malloc0(size);
    uint32_t type;
    int i = 0;

    do {
        GPUPending pending;

        gpu_submit_3d({
            .gpu = gpu, .ctx_id = 1, .data = data, .size = size,
            .pending = &pending,
        });
        type = gpu_finish(&pending);
    } while (type == OK_NODATA && ++i < 64);
    g_assert_cmphex(type, ==, VIRTIO_GPU_RESP_ERR_UNSPEC);
}

/* A call into a renderer that stands still */
static void test_hang(void (*hang)(QVirtioGPU *gpu))
{
    g_autoptr(VenusTest) t = venus_test_new({
        .device_opts = ",x-watchdog-ms=4000",
    });
    pid_t worker = venus_ctx_with_worker(t, 1);

    venus_ctx_create(t->gpu, 2);
    venus_stop_process(worker);
    hang(t->gpu);

    /* That context is lost and says so; QMP, 2D and the others live on */
    qtest_qmp_assert_success(t->qts, "{ 'execute': 'query-status' }");
    venus_check_2d(t->gpu);
    venus_wait_until_lost(t->gpu, 1);
    gpu_submit_3d({
        .gpu = t->gpu, .ctx_id = 2, .fence = { .id = 1, .has_ring = true },
    });
    gpu_ctx_destroy({ .gpu = t->gpu, .ctx_id = 1 });
    venus_check_context(t->gpu, 1);
    g_assert_false(venus_kill_process(worker));     /* gone already */
}

static void test_hang_in_create(void)
{
    test_hang(hang_in_create);
}

static void test_hang_in_submit(void)
{
    test_hang(hang_in_submit);
}

static void test_worker_killed(void)
{
    enum { N = 8 };
    g_autoptr(VenusTest) t = venus_test_new({});
    pid_t worker = venus_ctx_with_worker(t, 1);
    GPUPending pending[N];
    int i;

    venus_ctx_create(t->gpu, 2);
    venus_host_blob(t->gpu, 1, 1, 8192);
    gpu_map_blob({ .gpu = t->gpu, .resource_id = 1, .offset = 0 });
    venus_stop_process(worker);
    for (i = 0; i < N; i++) {
        pending[i] = venus_submit_fence(t->gpu, 1, 0, 1 + i);
    }
    g_assert_true(venus_kill_process(worker));
    for (i = 0; i < N; i++) {
        venus_check_cut_off(gpu_finish(&pending[i]));
    }
    venus_wait_until_lost(t->gpu, 1);

    gpu_submit_3d({
        .gpu = t->gpu, .ctx_id = 2, .fence = { .id = 1, .has_ring = true },
    });
    gpu_unmap_blob({ .gpu = t->gpu, .resource_id = 1 });
    gpu_unref({ .gpu = t->gpu, .resource_id = 1 });
    gpu_ctx_destroy({ .gpu = t->gpu, .ctx_id = 1 });
    venus_check_context(t->gpu, 1);
    venus_check_2d(t->gpu);
}

static void test_server_killed(void)
{
    enum { N = 8 };
    g_autoptr(VenusTest) t = venus_test_new({});
    GPUPending pending[N];
    int i;

    venus_ctx_create(t->gpu, 1);
    venus_host_blob(t->gpu, 1, 1, 8192);
    gpu_map_blob({ .gpu = t->gpu, .resource_id = 1, .offset = 0 });
    for (i = 0; i < N; i++) {
        pending[i] = venus_submit_fence(t->gpu, 1, 0, 1 + i);
    }
    g_assert_true(venus_kill_process(venus_server_pid(t)));
    for (i = 0; i < N; i++) {
        venus_check_cut_off(gpu_finish(&pending[i]));
    }
    venus_wait_until_lost(t->gpu, 1);
    venus_check_2d(t->gpu);
    gpu_unref({ .gpu = t->gpu, .resource_id = 1 });
    gpu_ctx_destroy({ .gpu = t->gpu, .ctx_id = 1 });

    qvirtio_gpu_reset(t->gpu);
    venus_check_2d(t->gpu);
    venus_check_context(t->gpu, 1);
    venus_ctx_create(t->gpu, 1);
    venus_host_blob(t->gpu, 1, 1, 8192);
    gpu_map_blob({ .gpu = t->gpu, .resource_id = 1, .offset = 0 });
}

int main(int argc, char **argv)
{
    static const VenusTestCase cases[] = {
        { "no-ring", .run_on = test_no_ring },
        { "order", test_order },
        { "order-polled", test_order_polled },
        { "many", test_many },
        { "other-rings", test_other_rings },
        { "rings-without-queue", test_rings_without_queue },
        { "queue-ring", .run_on = test_queue_ring },
        { "unknown-context", test_unknown_context },
        { "destroy-pending", test_destroy_pending },
        { "hang-in-create", test_hang_in_create },
        { "hang-in-submit", test_hang_in_submit },
        { "worker-killed", test_worker_killed },
        { "server-killed", test_server_killed },
    };

    return venus_test_main(argc, argv, "fence", qvirtio_gpu_venus_usable,
                           cases, G_N_ELEMENTS(cases));
}
