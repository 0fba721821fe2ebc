/*
 * Venus-only mode: resets, by the guest and by its interrupts
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/units.h"
#include "standard-headers/linux/virtio_pci.h"
#include "libqos/virtio-gpu-probe.h"
#include "libqos/virtio-gpu-screen.h"
#include "venus-test-util.h"

#define WIDTH 64
#define HEIGHT 48

/* What virtio-vga has of a VGA card's registers, in its BAR 2 */
#define VGA_ATTRIBUTE_INDEX 0x400
#define VGA_DISPI 0x500

/* What a guest writes a zero to that wants the device reset */
static uint64_t status_register(VenusTest *t)
{
    QVirtioPCIDevice *dev = &t->dev->pci_vdev;

    return dev->bar.addr + dev->common_cfg_offset +
           offsetof(struct virtio_pci_common_cfg, device_status);
}

/* Has context 1 wait for fences of a worker that stands still; kills @victim */
static void kill_with_fences(VenusTest *t, pid_t worker, pid_t victim)
{
    GPUPending pending[8];
    int i;

    venus_stop_process(worker);
    for (i = 0; i < G_N_ELEMENTS(pending); i++) {
        pending[i] = venus_submit_fence(t->gpu, 1, 0, 10 + i);
    }
    g_assert_cmpint(kill(victim, SIGKILL), ==, 0);
    for (i = 0; i < G_N_ELEMENTS(pending); i++) {
        uint32_t type = gpu_finish(&pending[i]);

        /* What the library does not signal itself, the device gives up. */
        if (victim != worker) {
            g_assert_cmphex(type, ==, VIRTIO_GPU_RESP_ERR_UNSPEC);
        }
        venus_check_cut_off(type);
    }
    venus_kill_process(worker);
    venus_wait_until_lost(t->gpu, 1);
}

/*
 * A guest has the interrupts of fences reset the device that is just raising
 * them: the write is blocked, and nothing is freed under the loop's feet.
 */
static void test_interrupt_is_reset(void)
{
    g_autoptr(VenusTest) t = venus_test_new({});
    pid_t worker = venus_ctx_with_worker(t, 1);
    uint64_t ram = guest_alloc(&t->alloc, 4);

    qtest_writel(t->qts, ram, UINT32_MAX);
    venus_aim_interrupt(t, ram, 0);
    gpu_submit_3d({
        .gpu = t->gpu, .ctx_id = 1, .fence = { .id = 1, .has_ring = true },
    });
    g_assert_cmphex(qtest_readl(t->qts, ram), ==, 0);

    /* A fence that comes by itself, then those of a worker that ends */
    venus_aim_interrupt(t, status_register(t), 0);
    gpu_submit_3d({
        .gpu = t->gpu, .ctx_id = 1, .fence = { .id = 2, .has_ring = true },
    });
    kill_with_fences(t, worker, worker);
    venus_aim_interrupt(t, ram, 0);
    venus_check_2d(t->gpu);
    gpu_ctx_destroy({ .gpu = t->gpu, .ctx_id = 1 });
    venus_check_context(t->gpu, 1);
    qpci_msix_disable(t->dev->pci_vdev.pdev);
}

/*
 * The same when the server ends.  Unlike those of a worker that ends, which the
 * library may signal itself, its fences are always answered by the device.
 */
static void test_last_interrupt_is_reset(void)
{
    g_autoptr(VenusTest) t = venus_test_new({});
    pid_t worker = venus_ctx_with_worker(t, 1);
    uint64_t ram = guest_alloc(&t->alloc, 4);

    venus_aim_interrupt(t, status_register(t), 0);
    kill_with_fences(t, worker, venus_server_pid(t));
    venus_aim_interrupt(t, ram, 0);
    venus_check_2d(t->gpu);
    gpu_ctx_destroy({ .gpu = t->gpu, .ctx_id = 1 });
    venus_check_context(t->gpu, 1);
    qpci_msix_disable(t->dev->pci_vdev.pdev);
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
        pid_t worker = venus_ctx_with_worker(t, 1);

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
            venus_submit_fence(t->gpu, 1 + i % 2, 0, 10 + i);
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
static void test_system_reset(const char *device)
{
    g_autoptr(VenusTest) t = venus_test_new({ .device = device });
    int round, i;

    for (round = 0; round < 3; round++) {
        venus_ctx_create(t->gpu, 1);
        venus_host_blob(t->gpu, 1, 1, 64 * KiB);
        gpu_map_blob({ .gpu = t->gpu, .resource_id = 1, .offset = 0 });
        for (i = 0; i < 8; i++) {
            venus_submit_fence(t->gpu, 1, 0, 1 + i);
        }
        venus_test_reboot(t);
    }
    venus_check_context(t->gpu, 1);
}

/* Has the VGA card show its memory as @width x @height pixels */
static void vga_set_mode(VenusTest *t, uint16_t width, uint16_t height)
{
    /* DISPI registers from 1 on: size, depth; 4 says that they are complete */
    const uint16_t regs[] = { width, height, 32, 0x41 };
    QVirtioPCIDevice *dev = &t->dev->pci_vdev;
    int i;

    for (i = 0; i < G_N_ELEMENTS(regs); i++) {
        qpci_io_writew(dev->pdev, dev->bar, VGA_DISPI + 2 * (i + 1), regs[i]);
    }
    /* The palette is out of the way: the screen is on */
    qpci_io_writeb(dev->pdev, dev->bar, VGA_ATTRIBUTE_INDEX, 0x20);
}

/* The firmware's screen, the driver's, and the firmware's after a reset */
static void test_vga(const char *device)
{
    const struct virtio_gpu_rect full = { 0, 0, WIDTH, HEIGHT };
    const size_t size = WIDTH * HEIGHT * 4;
    g_autoptr(VenusTest) t = venus_test_new({ .device = device });
    g_autofree uint8_t *pixels = g_malloc(size);
    QPCIDevice *pdev = t->dev->pci_vdev.pdev;
    QPCIBar vram = qpci_iomap(pdev, 0, NULL);
    GPUScreenOpts screen = { .qts = t->qts, .width = WIDTH, .height = HEIGHT };

    gpu_paint(pixels, VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM, WIDTH, HEIGHT,
              WIDTH * 4, 1);
    vga_set_mode(t, WIDTH, HEIGHT);     /* clears it, too */
    qpci_memwrite(pdev, vram, 0, pixels, size);
    screen.seed = 1;
    qgpu_check_screen(screen);

    venus_ctx_create(t->gpu, 1);
    venus_host_blob(t->gpu, 1, 1, size);
    gpu_map_blob({ .gpu = t->gpu, .resource_id = 1, .offset = 0 });
    gpu_paint(pixels, VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM, WIDTH, HEIGHT,
              WIDTH * 4, 2);
    qvirtio_gpu_shm_write(t->gpu, 0, pixels, size);
    gpu_set_scanout_blob({
        .gpu = t->gpu, .resource_id = 1, .rect = full,
        .width = WIDTH, .height = HEIGHT, .stride = WIDTH * 4,
        .format = VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM,
    });
    gpu_flush({ .gpu = t->gpu, .resource_id = 1, .rect = full });
    screen.seed = 2;
    qgpu_check_screen(screen);

    qvirtio_gpu_reset(t->gpu);
    screen.seed = 1;
    qgpu_check_screen(screen);
}

int main(int argc, char **argv)
{
    static const VenusTestCase cases[] = {
        { "vga", .run_on = test_vga, .only = QVIRTIO_VGA_GL },
        { "interrupt-is-reset", test_interrupt_is_reset },
        { "last-interrupt-is-reset", test_last_interrupt_is_reset },
        { "in-flight", test_reset },
        { "system-reset", .run_on = test_system_reset },
    };

    return venus_test_main(argc, argv, "reset", qvirtio_gpu_venus_usable,
                           cases, G_N_ELEMENTS(cases));
}
