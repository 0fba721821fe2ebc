/*
 * What the tests of Venus-only mode share
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/units.h"
#include "hw/pci/pci_regs.h"
#include "libqos/pci.h"
#include "libqos/virtio-gpu-probe.h"
#include "venus-test-util.h"

/* RAM of the virt machine, past the device tree that QEMU puts at its start */
#define RAM_START 0x40200000
#define RAM_END   0x50000000

/* Has the port pass on what is for bus 1, and all of the machine's MMIO */
static void venus_test_set_up_port(QPCIDevice *port, const QPCIBus *bus)
{
    qpci_config_writeb(port, PCI_SECONDARY_BUS, 1);
    qpci_config_writeb(port, PCI_SUBORDINATE_BUS, 1);
    qpci_config_writew(port, PCI_MEMORY_BASE, bus->mmio_alloc_ptr >> 16);
    qpci_config_writew(port, PCI_MEMORY_LIMIT, (bus->mmio_limit - 1) >> 16);
    /* Nothing */
    qpci_config_writew(port, PCI_PREF_MEMORY_BASE, 0xfff0);
    qpci_config_writew(port, PCI_PREF_MEMORY_LIMIT, 0);
    qpci_device_enable(port);
}

/* The guest's side, from finding the device on */
static void venus_test_connect(VenusTest *t)
{
    QPCIAddress addr = { .devfn = QPCI_DEVFN(4, 0) };

    alloc_init(&t->alloc, ALLOC_NO_FLAGS, RAM_START, RAM_END, 4096);
    qos_create_generic_pcihost(&t->host, t->qts, &t->alloc);
    if (t->behind_port) {
        t->port = qpci_device_find(&t->host.pci.bus, addr.devfn);
        g_assert_nonnull(t->port);
        venus_test_set_up_port(t->port, &t->host.pci.bus);
        addr.devfn = VENUS_TEST_PORT_DEVFN;
    }
    t->dev = qvirtio_gpu_pci_new(&t->host.pci.bus, &t->alloc, &addr,
                                 t->refuse_features);
    t->gpu = &t->dev->gpu;
}

static void venus_test_disconnect(VenusTest *t)
{
    qvirtio_gpu_pci_free(t->dev);
    g_clear_pointer(&t->port, g_free);
    alloc_destroy(&t->alloc);
}

VenusTest *qvenus_test_new(VenusTestOpts opt)
{
    VenusTest *t = g_new0(VenusTest, 1);
    const char *device_opts = opt.device_opts ? opt.device_opts
                                              : ",hostmem=64M,max_outputs=2";

    t->refuse_features = opt.refuse_features;
    t->behind_port = opt.behind_port;
    t->qts = qtest_initf("-machine virt -cpu max -m 256M -nodefaults %s %s "
                         "-device %s,venus=on,romfile=,id=gpu0,%s%s",
                         opt.args ? opt.args : "",
                         opt.behind_port ?
                         "-device pcie-root-port,addr=04.0,id=port0" : "",
                         opt.device ? opt.device : QVIRTIO_GPU_GL_PCI,
                         opt.behind_port ? "bus=port0" : "addr=04.0",
                         device_opts);
    venus_test_connect(t);
    return t;
}

void venus_test_free(VenusTest *t)
{
    if (t) {
        venus_test_disconnect(t);
        qtest_quit(t->qts);
        g_free(t);
    }
}

void venus_test_reboot(VenusTest *t)
{
    qtest_system_reset(t->qts);
    venus_test_disconnect(t);
    venus_test_connect(t);
}

/* A case on a device; owned by GLib's list of tests */
typedef struct VenusTestRow {
    const VenusTestCase *c;
    const char *device;
} VenusTestRow;

static void venus_test_run(const void *data)
{
    const VenusTestRow *row = data;

    if (row->c->run) {
        row->c->run();
    } else {
        row->c->run_on(row->device);
    }
}

bool venus_test_slow(void)
{
    return g_test_slow() || g_getenv("G_TEST_SLOW");
}

void venus_test_skip(const void *why)
{
    g_test_skip(why);
}

/* @prefix: of the case's name, empty or ending in a slash */
static void venus_test_add(const char *subject, const char *prefix,
                           const VenusTestCase *c, const char *device,
                           const char *why_not)
{
    g_autofree char *path = g_strdup_printf("venus/%s/%s%s", subject, prefix,
                                            c->name);
    VenusTestRow *row;

    if (c->only && strcmp(c->only, device)) {
        return;
    }
    if (why_not) {
        qtest_add_data_func_full(path, g_strdup(why_not), venus_test_skip,
                                 g_free);
        return;
    }
    row = g_new0(VenusTestRow, 1);
    row->c = c;
    row->device = device;
    qtest_add_data_func_full(path, row, venus_test_run, g_free);
}

int venus_test_main(int argc, char **argv, const char *subject,
                    bool (*usable)(char **why),
                    const VenusTestCase *cases, size_t num_cases)
{
    g_autofree char *why = NULL;
    bool has_vga;
    size_t i;

    g_test_init(&argc, &argv, NULL);
    if (!usable(&why)) {
        g_assert_nonnull(why);
    }
    has_vga = qtest_has_device(QVIRTIO_VGA_GL);
    if (!has_vga) {
        g_test_message("not in this QEMU, not tested: " QVIRTIO_VGA_GL);
    }
    for (i = 0; i < num_cases; i++) {
        venus_test_add(subject, "", &cases[i], QVIRTIO_GPU_GL_PCI, why);
        if (has_vga && cases[i].run_on) {
            venus_test_add(subject, QVIRTIO_VGA_GL "/", &cases[i],
                           QVIRTIO_VGA_GL, why);
        }
    }
    return g_test_run();
}

void venus_ctx_create(QVirtioGPU *gpu, uint32_t ctx_id)
{
    gpu_ctx_create({
        .gpu = gpu, .ctx_id = ctx_id, .context_init = VIRTIO_GPU_CAPSET_VENUS,
    });
}

void venus_host_blob(QVirtioGPU *gpu, uint32_t ctx_id, uint32_t resource_id,
                     uint64_t size)
{
    gpu_create_blob({
        .gpu = gpu, .ctx_id = ctx_id, .resource_id = resource_id,
        .blob_mem = VIRTIO_GPU_BLOB_MEM_HOST3D,
        .blob_flags = VIRTIO_GPU_BLOB_FLAG_USE_MAPPABLE,
        .blob_id = 0, .size = size,
    });
}

uint64_t venus_guest_blob(QVirtioGPU *gpu, uint32_t resource_id, size_t size)
{
    uint64_t addr = guest_alloc(gpu->alloc, size);

    gpu_create_blob({
        .gpu = gpu, .resource_id = resource_id, .size = size,
        .blob_mem = VIRTIO_GPU_BLOB_MEM_GUEST,
        .blob_flags = VIRTIO_GPU_BLOB_FLAG_USE_SHAREABLE,
        .entries = &(GPUMemEntry) { addr, size }, .nr_entries = 1,
    });
    return addr;
}

void venus_check_2d(QVirtioGPU *gpu)
{
    const uint32_t id = 0x7000;
    uint64_t addr = guest_alloc(gpu->alloc, 4096);

    gpu_display_info({ .gpu = gpu });
    gpu_create_2d({
        .gpu = gpu, .resource_id = id, .width = 32, .height = 32,
        .format = VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM,
    });
    gpu_attach_backing({
        .gpu = gpu, .resource_id = id,
        .entries = &(GPUMemEntry) { addr, 4096 }, .nr_entries = 1,
    });
    gpu_transfer_2d({
        .gpu = gpu, .resource_id = id, .rect = { 0, 0, 32, 32 },
    });
    gpu_unref({ .gpu = gpu, .resource_id = id });
    guest_free(gpu->alloc, addr);
}

void venus_check_context(QVirtioGPU *gpu, uint32_t ctx_id)
{
    venus_ctx_create(gpu, ctx_id);
    gpu_submit_3d({
        .gpu = gpu, .ctx_id = ctx_id,
        .fence = { .id = 0x1234, .has_ring = true },
    });
    gpu_ctx_destroy({ .gpu = gpu, .ctx_id = ctx_id });
}

unsigned venus_count_fds(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/fd", (int)pid);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    unsigned n = 0;

    g_assert_nonnull(dir);
    while (g_dir_read_name(dir)) {
        n++;
    }
    return n;
}

unsigned venus_count_shared_maps(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/maps", (int)pid);
    g_autofree char *maps = NULL;
    g_auto(GStrv) lines = NULL;
    unsigned i, n = 0;

    g_assert_true(g_file_get_contents(path, &maps, NULL, NULL));
    lines = g_strsplit(maps, "\n", 0);
    for (i = 0; lines[i]; i++) {
        char permissions[5];

        n += sscanf(lines[i], "%*s %4s", permissions) == 1 &&
             permissions[3] == 's';
    }
    return n;
}

unsigned venus_count_maps(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/maps", (int)pid);
    g_autofree char *maps = NULL;
    const char *line;
    unsigned n = 0;

    g_assert_true(g_file_get_contents(path, &maps, NULL, NULL));
    for (line = maps; (line = strchr(line, '\n')); line++) {
        n++;
    }
    return n;
}

/* The name and parent of a process, as the kernel tells them; false: gone */
static bool venus_read_stat(const char *pid, char name[32], int *parent)
{
    g_autofree char *path = g_strdup_printf("/proc/%s/stat", pid);
    g_autofree char *stat = NULL;
    char state;

    return g_file_get_contents(path, &stat, NULL, NULL) &&
           sscanf(stat, "%*d (%31[^)]) %c %d", name, &state, parent) == 3 &&
           state != 'Z';
}

pid_t venus_find_child(pid_t parent, const char *name, unsigned index)
{
    g_autoptr(GDir) dir = g_dir_open("/proc", 0, NULL);
    const char *entry;

    g_assert_nonnull(dir);
    while ((entry = g_dir_read_name(dir))) {
        char comm[32];
        int ppid;

        /* The kernel keeps 15 characters of a name */
        if (g_ascii_isdigit(*entry) && venus_read_stat(entry, comm, &ppid) &&
            ppid == parent && (!name || !strncmp(comm, name, 15)) &&
            index-- == 0) {
            return atoi(entry);
        }
    }
    return 0;
}

static void venus_kill_hook(void *pid)
{
    kill(GPOINTER_TO_INT(pid), SIGKILL);
}

void venus_stop_process(pid_t pid)
{
    qtest_add_abrt_handler(venus_kill_hook, GINT_TO_POINTER(pid));
    g_assert_cmpint(kill(pid, SIGSTOP), ==, 0);
}

bool venus_kill_process(pid_t pid)
{
    qtest_remove_abrt_handler(GINT_TO_POINTER(pid));
    return kill(pid, SIGKILL) == 0;
}

void venus_check_cut_off(uint32_t type)
{
    if (type != VIRTIO_GPU_RESP_OK_NODATA) {
        g_assert_cmphex(type, ==, VIRTIO_GPU_RESP_ERR_UNSPEC);
    }
}

GPUPending venus_submit_fence(QVirtioGPU *gpu, uint32_t ctx_id,
                               uint8_t ring_idx, uint64_t fence_id)
{
    GPUPending pending;

    gpu_submit_3d({
        .gpu = gpu, .ctx_id = ctx_id, .pending = &pending,
        .fence = { .id = fence_id, .has_ring = true, .ring_idx = ring_idx },
    });
    return pending;
}

void venus_aim_interrupt(VenusTest *t, uint64_t addr, uint32_t data)
{
    QVirtioPCIDevice *dev = &t->dev->pci_vdev;
    QVirtQueuePCI *vq = container_of(t->gpu->ctrlq, QVirtQueuePCI, vq);
    const uint16_t entry = 1;
    uint64_t off;

    if (!dev->pdev->msix_enabled) {
        qpci_msix_enable(dev->pdev);
        qvirtqueue_pci_msix_setup(dev, vq, &t->alloc, entry);
    }
    off = dev->pdev->msix_table_off + entry * PCI_MSIX_ENTRY_SIZE;
    qpci_io_writel(dev->pdev, dev->pdev->msix_table_bar,
                   off + PCI_MSIX_ENTRY_LOWER_ADDR, addr);
    qpci_io_writel(dev->pdev, dev->pdev->msix_table_bar,
                   off + PCI_MSIX_ENTRY_UPPER_ADDR, addr >> 32);
    qpci_io_writel(dev->pdev, dev->pdev->msix_table_bar,
                   off + PCI_MSIX_ENTRY_DATA, data);
}

pid_t venus_server_pid(VenusTest *t)
{
    pid_t pid = venus_find_child(qtest_pid(t->qts), "virgl_render_server", 0);

    g_assert_cmpint(pid, >, 0);
    return pid;
}

static unsigned venus_num_workers(pid_t server)
{
    unsigned n = 0;

    while (venus_find_child(server, NULL, n)) {
        n++;
    }
    return n;
}

pid_t venus_ctx_with_worker(VenusTest *t, uint32_t ctx_id)
{
    pid_t server = venus_server_pid(t);
    gint64 end = g_get_monotonic_time() + QVIRTIO_GPU_TIMEOUT_US;
    pid_t pid;

    while (venus_num_workers(server)) {
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

void venus_wait_until_lost(QVirtioGPU *gpu, uint32_t ctx_id)
{
    gint64 end = g_get_monotonic_time() + QVIRTIO_GPU_TIMEOUT_US;
    uint64_t id = 100;

    for (;;) {
        GPUPending pending = venus_submit_fence(gpu, ctx_id, 0, id++);
        uint32_t type = gpu_finish(&pending);

        if (type == VIRTIO_GPU_RESP_ERR_INVALID_CONTEXT_ID) {
            return;
        }
        venus_check_cut_off(type);
        g_assert_cmpint(g_get_monotonic_time(), <, end);
        g_usleep(10000);
    }
}
