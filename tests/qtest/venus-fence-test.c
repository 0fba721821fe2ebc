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
#include "hw/pci/pci_regs.h"
#include "standard-headers/linux/virtio_pci.h"
#include "libqos/virtio-gpu-probe.h"
#include "venus-test-stream.h"
#include "venus-test-util.h"

#define SERVER "virgl_render_server"
#define OK_NODATA VIRTIO_GPU_RESP_OK_NODATA

static bool is_error(uint32_t type)
{
    return type >= VIRTIO_GPU_RESP_ERR_UNSPEC &&
           type <= VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER;
}

/* Sends an empty submission with a fence and does not wait */
static GPUPending submit_fence(QVirtioGPU *gpu, uint32_t ctx_id,
                               uint8_t ring_idx, uint64_t fence_id)
{
    GPUPending pending;

    gpu_submit_3d({
        .gpu = gpu, .ctx_id = ctx_id, .pending = &pending,
        .fence = { .id = fence_id, .has_ring = true, .ring_idx = ring_idx },
    });
    return pending;
}

/* The render server of this QEMU */
static pid_t server_pid(VenusTest *t)
{
    pid_t pid = venus_find_child(qtest_pid(t->qts), SERVER, 0);

    g_assert_cmpint(pid, >, 0);
    return pid;
}

static unsigned num_workers(pid_t server)
{
    unsigned n = 0;

    while (venus_find_child(server, NULL, n)) {
        n++;
    }
    return n;
}

/*
 * Makes a context and returns the process that works for it.  The context of
 * the device's own check may still be on its way out.
 */
static pid_t create_with_worker(VenusTest *t, uint32_t ctx_id)
{
    pid_t server = server_pid(t);
    gint64 end = g_get_monotonic_time() + 5 * G_USEC_PER_SEC;
    pid_t pid;

    while (num_workers(server)) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        g_usleep(10000);
    }
    venus_ctx_create(t->gpu, ctx_id);
    while (!(pid = venus_find_child(server, NULL, 0))) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        g_usleep(1000);
    }
    return pid;
}

/* No ring: the fence is reached when the command has run */
static void test_no_ring(void)
{
    g_autoptr(VenusTest) t = venus_test_new({});
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
            pending[i] = submit_fence(t->gpu, 1 + i % 2, 0,
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
    for (i = 1; i <= 1000; i++) {
        gpu_submit_3d({
            .gpu = t->gpu, .ctx_id = 1, .fence = { .id = i, .has_ring = true },
        });
    }
}

/* Rings that no queue belongs to, up to those that cannot be */
static void test_other_rings(void)
{
    static const uint8_t rings[] = { 1, 2, 63, 64, 255 };
    g_autoptr(VenusTest) t = venus_test_new({});
    int i;

    for (i = 0; i < G_N_ELEMENTS(rings); i++) {
        GPUPending first, second;

        g_test_message("ring %u", rings[i]);
        venus_ctx_create(t->gpu, 1);
        first = submit_fence(t->gpu, 1, rings[i], 1);
        second = submit_fence(t->gpu, 1, 0, 2);
        gpu_finish(&first);
        gpu_finish(&second);
        gpu_ctx_destroy({ .gpu = t->gpu, .ctx_id = 1 });
    }
    venus_check_context(t->gpu, 1);
}

/*
 * A ring with a queue behind it: its fences and those of ring 0 arrive, each
 * in their order, and the context lives.
 */
static void test_queue_ring(void)
{
    enum { N = 40 };
    g_autoptr(VenusTest) t = venus_test_new({});
    GPUPending pending[N];
    unsigned last[2] = {};
    int i;

    venus_ctx_create(t->gpu, 1);
    venus_bind_ring(t->gpu, 1, 1);
    for (i = 0; i < N; i++) {
        pending[i] = submit_fence(t->gpu, 1, i % 2, 1 + i / 2);
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
    pid_t worker = create_with_worker(t, 1);
    GPUPending pending[N];
    int i;

    venus_ctx_create(t->gpu, 2);
    venus_stop_process(worker);
    for (i = 0; i < N; i++) {
        pending[i] = submit_fence(t->gpu, 1, 0, 1 + i);
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
        gpu_finish(&pending[i]);
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
        .blob_id = 5, .expect = GPU_ANY_ERROR,
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
    } while (!is_error(type) && ++i < 64);
    g_assert_true(is_error(type));
}

/* A call into a renderer that stands still */
static void test_hang(void (*hang)(QVirtioGPU *gpu))
{
    g_autoptr(VenusTest) t = venus_test_new({
        .device_opts = ",x-watchdog-ms=4000",
    });
    pid_t worker = create_with_worker(t, 1);
    GPUPending pending;

    venus_ctx_create(t->gpu, 2);
    venus_stop_process(worker);
    hang(t->gpu);

    /* That context is lost and says so; QMP, 2D and the others live on */
    qtest_qmp_assert_success(t->qts, "{ 'execute': 'query-status' }");
    venus_check_2d(t->gpu);
    pending = submit_fence(t->gpu, 1, 0, 2);
    g_assert_true(is_error(gpu_finish(&pending)));
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

/* Until the device has noticed a death, commands may still seem to work */
static void wait_until_lost(QVirtioGPU *gpu, uint32_t ctx_id)
{
    gint64 end = g_get_monotonic_time() + 10 * G_USEC_PER_SEC;
    uint64_t id = 100;
    GPUPending pending;

    for (;;) {
        pending = submit_fence(gpu, ctx_id, 0, id++);
        if (is_error(gpu_finish(&pending))) {
            return;
        }
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        g_usleep(10000);
    }
}

static void test_worker_killed(void)
{
    enum { N = 8 };
    g_autoptr(VenusTest) t = venus_test_new({});
    pid_t worker = create_with_worker(t, 1);
    GPUPending pending[N];
    int i;

    venus_ctx_create(t->gpu, 2);
    venus_host_blob(t->gpu, 1, 1, 8192);
    gpu_map_blob({ .gpu = t->gpu, .resource_id = 1, .offset = 0 });
    venus_stop_process(worker);
    for (i = 0; i < N; i++) {
        pending[i] = submit_fence(t->gpu, 1, 0, 1 + i);
    }
    g_assert_true(venus_kill_process(worker));
    for (i = 0; i < N; i++) {
        gpu_finish(&pending[i]);
    }
    wait_until_lost(t->gpu, 1);

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
        pending[i] = submit_fence(t->gpu, 1, 0, 1 + i);
    }
    g_assert_true(venus_kill_process(server_pid(t)));
    for (i = 0; i < N; i++) {
        gpu_finish(&pending[i]);
    }
    wait_until_lost(t->gpu, 1);
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

/* Has the interrupt of the control queue written to @addr, as a zero */
static void aim_interrupt(VenusTest *t, uint64_t addr)
{
    QVirtioPCIDevice *dev = &t->dev->pci_vdev;
    QVirtQueuePCI *vq = container_of(t->gpu->ctrlq, QVirtQueuePCI, vq);
    const uint16_t entry = 1;
    uint64_t off;

    if (!dev->pdev->msix_enabled) {
        qpci_msix_enable(dev->pdev);
        vq->msix_data = 0;
        qvirtqueue_pci_msix_setup(dev, vq, &t->alloc, entry);
    }
    off = dev->pdev->msix_table_off + entry * PCI_MSIX_ENTRY_SIZE;
    qpci_io_writel(dev->pdev, dev->pdev->msix_table_bar,
                   off + PCI_MSIX_ENTRY_LOWER_ADDR, addr);
    qpci_io_writel(dev->pdev, dev->pdev->msix_table_bar,
                   off + PCI_MSIX_ENTRY_UPPER_ADDR, addr >> 32);
}

/*
 * A guest has the interrupts of fences reset the device that is just raising
 * them: the write is blocked, and nothing is freed under the loop's feet.
 */
static void test_interrupt_is_reset(void)
{
    enum { N = 8 };
    g_autoptr(VenusTest) t = venus_test_new({});
    QVirtioPCIDevice *dev = &t->dev->pci_vdev;
    pid_t worker = create_with_worker(t, 1);
    uint64_t ram = guest_alloc(&t->alloc, 4);
    GPUPending pending[N];
    int i;

    qtest_writel(t->qts, ram, UINT32_MAX);
    aim_interrupt(t, ram);
    gpu_submit_3d({
        .gpu = t->gpu, .ctx_id = 1, .fence = { .id = 1, .has_ring = true },
    });
    g_assert_cmphex(qtest_readl(t->qts, ram), ==, 0);

    /* A fence that comes by itself, then those of a worker that ends */
    aim_interrupt(t, dev->bar.addr + dev->common_cfg_offset +
                     offsetof(struct virtio_pci_common_cfg, device_status));
    gpu_submit_3d({
        .gpu = t->gpu, .ctx_id = 1, .fence = { .id = 2, .has_ring = true },
    });
    venus_stop_process(worker);
    for (i = 0; i < N; i++) {
        pending[i] = submit_fence(t->gpu, 1, 0, 10 + i);
    }
    venus_kill_process(worker);
    for (i = 0; i < N; i++) {
        gpu_finish(&pending[i]);
    }
    wait_until_lost(t->gpu, 1);
    aim_interrupt(t, ram);
    venus_check_2d(t->gpu);
    gpu_ctx_destroy({ .gpu = t->gpu, .ctx_id = 1 });
    venus_check_context(t->gpu, 1);
    qpci_msix_disable(dev->pdev);
}

/* Everything in flight when the device is reset, then the same again */
static void test_reset(void)
{
    enum { N = 16 };
    g_autoptr(VenusTest) t = venus_test_new({});
    pid_t pid = qtest_pid(t->qts);
    unsigned fds = 0;
    int round, i;

    for (round = 0; round < 4; round++) {
        pid_t worker = create_with_worker(t, 1);

        venus_ctx_create(t->gpu, 2);
        venus_host_blob(t->gpu, 1, 1, 64 * KiB);
        gpu_map_blob({ .gpu = t->gpu, .resource_id = 1, .offset = 0 });
        gpu_set_scanout_blob({
            .gpu = t->gpu, .resource_id = 1, .rect = { 0, 0, 64, 48 },
            .width = 64, .height = 48, .stride = 256,
            .format = VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM,
        });
        gpu_submit_3d({
            .gpu = t->gpu, .ctx_id = 1,
            .fence = { .id = 1, .has_ring = true },
        });
        venus_stop_process(worker);
        for (i = 0; i < N; i++) {
            submit_fence(t->gpu, 1 + i % 2, 0, 10 + i);
        }
        qvirtio_gpu_reset(t->gpu);
        venus_kill_process(worker);
        venus_check_2d(t->gpu);
        venus_check_context(t->gpu, 1);
        if (round == 0) {
            fds = venus_count_fds(pid);
        }
    }
    g_assert_cmpuint(venus_count_fds(pid), ==, fds);
}

/* The guest reboots while fences are on their way */
static void test_system_reset(void)
{
    g_autoptr(VenusTest) t = venus_test_new({});
    int round, i;

    for (round = 0; round < 3; round++) {
        venus_ctx_create(t->gpu, 1);
        venus_host_blob(t->gpu, 1, 1, 64 * KiB);
        gpu_map_blob({ .gpu = t->gpu, .resource_id = 1, .offset = 0 });
        for (i = 0; i < 8; i++) {
            submit_fence(t->gpu, 1, 0, 1 + i);
        }
        venus_test_reboot(t);
    }
    venus_check_context(t->gpu, 1);
}

int main(int argc, char **argv)
{
    static const VenusTestCase cases[] = {
        { "no-ring", test_no_ring },
        { "order", test_order },
        { "order-polled", test_order_polled },
        { "many", test_many },
        { "other-rings", test_other_rings },
        { "queue-ring", test_queue_ring },
        { "unknown-context", test_unknown_context },
        { "destroy-pending", test_destroy_pending },
        { "hang-in-create", test_hang_in_create },
        { "hang-in-submit", test_hang_in_submit },
        { "worker-killed", test_worker_killed },
        { "server-killed", test_server_killed },
        { "interrupt-is-reset", test_interrupt_is_reset },
        { "reset", test_reset },
        { "system-reset", test_system_reset },
    };

    return venus_test_main(argc, argv, "fence", qvirtio_gpu_venus_usable,
                           cases, G_N_ELEMENTS(cases));
}
