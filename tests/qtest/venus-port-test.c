/*
 * Venus-only mode: a device behind a PCI Express port
 *
 * The guest can power the port off, or reset all that is behind it, and it can
 * have an interrupt of the device do so: interrupts are writes to any address,
 * that of PCI configuration space too.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/units.h"
#include "qobject/qdict.h"
#include "hw/pci/pci_regs.h"
#include "libqos/virtio-gpu-probe.h"
#include "venus-test-util.h"

#define WIDTH 64
#define HEIGHT 48

/* "Power off", with the indicator off: what a guest writes to eject a device */
#define POWER_OFF (PCI_EXP_SLTCTL_PCC | PCI_EXP_SLTCTL_PWR_IND_OFF)

/* Bridge control is the upper half of this register. */
#define BRIDGE_CONTROL_REG PCI_INTERRUPT_LINE
#define BUS_RESET ((uint32_t)PCI_BRIDGE_CTL_BUS_RESET << 16)

static VenusTest *port_test_new(const char *device_opts)
{
    return venus_test_new({
        .behind_port = true, .device_opts = device_opts,
    });
}

static uint8_t slot_control(const VenusTest *t)
{
    return qpci_find_capability(t->port, PCI_CAP_ID_EXP, 0) + PCI_EXP_SLTCTL;
}

/* Where the configuration register @reg of the port is in memory */
static uint64_t port_register(const VenusTest *t, uint8_t reg)
{
    return t->host.pci.ecam_alloc_ptr + (t->port->devfn << 12) + reg;
}

/* A context, and a blob that is in the window and on the screen */
static void show_blob(VenusTest *t)
{
    venus_ctx_create(t->gpu, 1);
    venus_host_blob(t->gpu, 1, 1, 64 * KiB);
    gpu_map_blob({ .gpu = t->gpu, .resource_id = 1, .offset = 0 });
    gpu_set_scanout_blob({
        .gpu = t->gpu, .resource_id = 1, .rect = { 0, 0, WIDTH, HEIGHT },
        .width = WIDTH, .height = HEIGHT, .stride = WIDTH * 4,
        .format = VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM,
    });
}

/* Waits until nobody can have the memory topology of before any more */
static void wait_for_rcu(VenusTest *t)
{
    /* A device that cannot be made is waited for. */
    QDict *answer = qtest_qmp(t->qts, "{'execute': 'device_add', 'arguments':"
                              " {'driver': 'virtio-rng-pci', 'bus': 'none'}}");

    g_assert_true(qdict_haskey(answer, "error"));
    qobject_unref(answer);
}

/* The device has gone, and QEMU goes on without it */
static void check_gone(VenusTest *t)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("venus-port-XXXXXX", &path, NULL);

    wait_for_rcu(t);
    g_assert_cmphex(qpci_config_readw(t->dev->pci_vdev.pdev, PCI_VENDOR_ID),
                    ==, 0xffff);
    qtest_qmp_assert_success(t->qts, "{'execute': 'query-status'}");
    /* Its screen is still there to look at. */
    g_assert_cmpint(fd, >=, 0);
    qtest_qmp_assert_success(t->qts, "{'execute': 'screendump',"
                             " 'arguments': {'filename': %s}}", path);
    unlink(path);
    close(fd);
}

static void eject(const char *device_opts)
{
    g_autoptr(VenusTest) t = port_test_new(device_opts);

    show_blob(t);
    qpci_config_writew(t->port, slot_control(t), POWER_OFF);
    check_gone(t);
}

static void test_eject(void)
{
    eject(",hostmem=64M,hostmem-mapping=window");
}

static void test_eject_subregion(void)
{
    eject(",hostmem=64M,hostmem-mapping=subregion");
}

/* Fences wait for a worker that stands still: context 1's, of these ids */
static pid_t hold_fences(VenusTest *t, const uint64_t *ids, size_t num)
{
    pid_t worker = venus_ctx_with_worker(t, 1);
    size_t i;

    venus_stop_process(worker);
    for (i = 0; i < num; i++) {
        venus_submit_fence(t->gpu, 1, 0, ids[i]);
    }
    return worker;
}

/* The device works as it does after a reboot */
static void check_works(VenusTest *t)
{
    venus_test_reboot(t);
    venus_check_2d(t->gpu);
    venus_check_context(t->gpu, 1);
}

/* Waits for the port to say that everything behind it was reset */
static void wait_for_reset(VenusTest *t)
{
    gint64 end = g_get_monotonic_time() + QVIRTIO_GPU_TIMEOUT_US;

    while (!(qpci_config_readw(t->port, PCI_BRIDGE_CONTROL) &
             PCI_BRIDGE_CTL_BUS_RESET)) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        g_usleep(1000);
    }
}

/* The first of many answers resets the device that is giving them */
static void test_reset_in_destroy(void)
{
    static const uint64_t ids[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    g_autoptr(VenusTest) t = port_test_new(NULL);
    pid_t worker = hold_fences(t, ids, G_N_ELEMENTS(ids));
    GPUPending pending;

    venus_aim_interrupt(t, port_register(t, BRIDGE_CONTROL_REG), BUS_RESET);
    gpu_ctx_destroy({ .gpu = t->gpu, .ctx_id = 1, .pending = &pending });
    wait_for_reset(t);
    venus_kill_process(worker);
    check_works(t);
}

/* The same while fences of one id come, so that one signal answers several */
static void test_reset_in_fences(void)
{
    static const uint64_t ids[] = { 1, 1, 1, 1 };
    g_autoptr(VenusTest) t = port_test_new(NULL);
    pid_t worker = hold_fences(t, ids, G_N_ELEMENTS(ids));

    venus_aim_interrupt(t, port_register(t, BRIDGE_CONTROL_REG), BUS_RESET);
    g_assert_cmpint(kill(worker, SIGCONT), ==, 0);
    wait_for_reset(t);
    venus_kill_process(worker);
    check_works(t);
}

/* The same while the server's end is noticed */
static void test_reset_in_death(void)
{
    static const uint64_t ids[] = { 1, 2, 3, 4 };
    g_autoptr(VenusTest) t = port_test_new(NULL);
    pid_t worker = hold_fences(t, ids, G_N_ELEMENTS(ids));

    venus_ctx_create(t->gpu, 2);
    venus_aim_interrupt(t, port_register(t, BRIDGE_CONTROL_REG), BUS_RESET);
    g_assert_cmpint(kill(venus_server_pid(t), SIGKILL), ==, 0);
    wait_for_reset(t);
    venus_kill_process(worker);
    check_works(t);
}

/* An answer ejects the device that gives it */
static void test_eject_in_answer(void)
{
    static const uint64_t ids[] = { 1, 2, 3, 4 };
    g_autoptr(VenusTest) t = port_test_new(NULL);
    pid_t worker = hold_fences(t, ids, G_N_ELEMENTS(ids));
    gint64 end = g_get_monotonic_time() + QVIRTIO_GPU_TIMEOUT_US;
    GPUPending pending;

    venus_aim_interrupt(t, port_register(t, slot_control(t)), POWER_OFF);
    gpu_ctx_destroy({ .gpu = t->gpu, .ctx_id = 1, .pending = &pending });
    while (qpci_config_readw(t->dev->pci_vdev.pdev, PCI_VENDOR_ID) != 0xffff) {
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        g_usleep(1000);
    }
    venus_kill_process(worker);
    check_gone(t);
}

int main(int argc, char **argv)
{
    static const VenusTestCase cases[] = {
        { "eject", test_eject },
        { "eject-subregion", test_eject_subregion },
        { "eject-in-answer", test_eject_in_answer },
        { "reset-in-destroy", test_reset_in_destroy },
        { "reset-in-fences", test_reset_in_fences },
        { "reset-in-death", test_reset_in_death },
    };

    return venus_test_main(argc, argv, "port", qvirtio_gpu_venus_usable,
                           cases, G_N_ELEMENTS(cases));
}
