/*
 * The 2D command set of virtio GPUs, with pixels checked by screendump.
 * Runs for the plain device and, where it can run, for Venus-only mode.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "libqtest.h"
#include "qemu/module.h"
#include "libqos/virtio-gpu-cmd.h"
#include "libqos/virtio-gpu-probe.h"
#include "libqos/virtio-gpu-screen.h"

#define WIDTH 64
#define HEIGHT 48
#define STRIDE (WIDTH * 4)
#define SIZE (STRIDE * HEIGHT)

static const struct virtio_gpu_rect full = { 0, 0, WIDTH, HEIGHT };

/* A picture in guest memory; returns its address */
static uint64_t paint_guest(QVirtioGPU *gpu, uint32_t format, unsigned seed)
{
    g_autofree uint8_t *pixels = g_malloc(SIZE);
    uint64_t addr = guest_alloc(gpu->alloc, SIZE);

    gpu_paint(pixels, format, WIDTH, HEIGHT, STRIDE, seed);
    qtest_bufwrite(gpu->qts, addr, pixels, SIZE);
    return addr;
}

/* A 2D resource that holds a picture; returns where its backing is */
static uint64_t create_picture(QVirtioGPU *gpu, uint32_t id, uint32_t format,
                               unsigned seed)
{
    uint64_t addr = paint_guest(gpu, format, seed);

    gpu_create_2d({
        .gpu = gpu, .resource_id = id, .format = format,
        .width = WIDTH, .height = HEIGHT,
    });
    gpu_attach_backing({
        .gpu = gpu, .resource_id = id,
        .entries = &(GPUMemEntry) { addr, SIZE }, .nr_entries = 1,
    });
    gpu_transfer_2d({ .gpu = gpu, .resource_id = id, .rect = full });
    return addr;
}

static void destroy_picture(QVirtioGPU *gpu, uint32_t id, uint64_t addr)
{
    gpu_unref({ .gpu = gpu, .resource_id = id });
    guest_free(gpu->alloc, addr);
}

static void show(QVirtioGPU *gpu, uint32_t scanout, uint32_t id)
{
    gpu_set_scanout({
        .gpu = gpu, .scanout_id = scanout, .resource_id = id, .rect = full,
    });
    gpu_flush({ .gpu = gpu, .resource_id = id, .rect = full });
}

static void test_display_info(void *obj, void *data, QGuestAllocator *alloc)
{
    QVirtioGPU *gpu = obj;
    struct virtio_gpu_resp_display_info info;
    int i;

    gpu_display_info({ .gpu = gpu, .info = &info });
    g_assert_cmpuint(le32_to_cpu(info.pmodes[0].enabled), ==, 1);
    g_assert_cmpuint(le32_to_cpu(info.pmodes[0].r.width), >=, 640);
    g_assert_cmpuint(le32_to_cpu(info.pmodes[0].r.height), >=, 480);
    for (i = 1; i < VIRTIO_GPU_MAX_SCANOUTS; i++) {
        g_assert_cmpuint(le32_to_cpu(info.pmodes[i].enabled), ==, 0);
    }
    g_assert_cmpuint(qvirtio_config_readl(gpu->vdev,
                     offsetof(struct virtio_gpu_config, num_scanouts)), ==, 2);
}

static void test_edid(void *obj, void *data, QGuestAllocator *alloc)
{
    static const uint8_t magic[8] = {
        0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00,
    };
    QVirtioGPU *gpu = obj;
    struct virtio_gpu_resp_edid edid;
    uint8_t sum = 0;
    int i;

    gpu_get_edid({ .gpu = gpu, .scanout_id = 0, .edid = &edid });
    g_assert_cmpuint(le32_to_cpu(edid.size), >=, 128);
    g_assert_cmpmem(edid.edid, sizeof(magic), magic, sizeof(magic));
    for (i = 0; i < 128; i++) {
        sum += edid.edid[i];
    }
    g_assert_cmpuint(sum, ==, 0);
    gpu_get_edid({
        .gpu = gpu, .scanout_id = VIRTIO_GPU_MAX_SCANOUTS,
        .expect = VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER,
    });
}

static void test_formats(void *obj, void *data, QGuestAllocator *alloc)
{
    QVirtioGPU *gpu = obj;
    int i;

    for (i = 0; i < GPU_NUM_FORMATS; i++) {
        uint64_t addr;

        g_test_message("%s", gpu_formats[i].name);
        addr = create_picture(gpu, 1, gpu_formats[i].format, i);
        show(gpu, 0, 1);
        gpu_check_screen({
            .qts = gpu->qts, .width = WIDTH, .height = HEIGHT, .seed = i,
        });
        destroy_picture(gpu, 1, addr);
    }
    gpu_create_2d({
        .gpu = gpu, .resource_id = 1, .format = 5,
        .width = WIDTH, .height = HEIGHT,
        .expect = VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER,
    });
}

/* Backing in three pieces, in an order that differs from the addresses */
static void test_scattered(void *obj, void *data, QGuestAllocator *alloc)
{
    static const size_t cut[] = { 0, 5000, 8192, SIZE };
    static const int place[] = { 2, 0, 1 };
    QVirtioGPU *gpu = obj;
    g_autofree uint8_t *pixels = g_malloc(SIZE);
    GPUMemEntry entries[3];
    uint64_t addr[3];
    int i;

    gpu_paint(pixels, VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM, WIDTH, HEIGHT,
              STRIDE, 9);
    for (i = 0; i < 3; i++) {
        addr[i] = guest_alloc(alloc, SIZE);
    }
    for (i = 0; i < 3; i++) {
        entries[i] = (GPUMemEntry) { addr[place[i]], cut[i + 1] - cut[i] };
        qtest_bufwrite(gpu->qts, entries[i].addr, pixels + cut[i],
                       entries[i].len);
    }

    gpu_create_2d({
        .gpu = gpu, .resource_id = 7, .width = WIDTH, .height = HEIGHT,
        .format = VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM,
    });
    gpu_attach_backing({
        .gpu = gpu, .resource_id = 7, .entries = entries, .nr_entries = 3,
    });
    gpu_transfer_2d({ .gpu = gpu, .resource_id = 7, .rect = full });
    show(gpu, 0, 7);
    gpu_check_screen({
        .qts = gpu->qts, .width = WIDTH, .height = HEIGHT, .seed = 9,
    });

    gpu_detach_backing({ .gpu = gpu, .resource_id = 7 });
    gpu_transfer_2d({
        .gpu = gpu, .resource_id = 7, .rect = full,
        .expect = VIRTIO_GPU_RESP_ERR_UNSPEC,
    });
    gpu_unref({ .gpu = gpu, .resource_id = 7 });
    for (i = 0; i < 3; i++) {
        guest_free(alloc, addr[i]);
    }
}

/* Only the rectangle that was transferred changes */
static void test_partial_transfer(void *obj, void *data,
                                  QGuestAllocator *alloc)
{
    const struct virtio_gpu_rect rect = { 16, 8, 32, 16 };
    QVirtioGPU *gpu = obj;
    uint64_t addr, other;
    g_autofree uint8_t *pixels = g_malloc(SIZE);
    g_autoptr(GPUImage) before = NULL;
    g_autoptr(GPUImage) after = NULL;
    unsigned x, y;

    addr = create_picture(gpu, 1, VIRTIO_GPU_FORMAT_R8G8B8X8_UNORM, 1);
    show(gpu, 0, 1);
    before = gpu_screendump(gpu->qts, "gpu0", 0);

    other = paint_guest(gpu, VIRTIO_GPU_FORMAT_R8G8B8X8_UNORM, 2);
    qtest_bufread(gpu->qts, other, pixels, SIZE);
    qtest_bufwrite(gpu->qts, addr, pixels, SIZE);
    gpu_transfer_2d({
        .gpu = gpu, .resource_id = 1, .rect = rect,
        .offset = rect.y * STRIDE + rect.x * 4,
    });
    gpu_flush({ .gpu = gpu, .resource_id = 1, .rect = rect });
    after = gpu_screendump(gpu->qts, "gpu0", 0);

    for (y = 0; y < HEIGHT; y++) {
        for (x = 0; x < WIDTH; x++) {
            const uint8_t *b = before->rgb + (y * WIDTH + x) * 3;
            const uint8_t *a = after->rgb + (y * WIDTH + x) * 3;
            bool inside = x >= rect.x && x < rect.x + rect.width &&
                          y >= rect.y && y < rect.y + rect.height;

            g_assert_cmpmem(a, 3, inside ? &pixels[y * STRIDE + x * 4] : b, 3);
        }
    }
    destroy_picture(gpu, 1, addr);
    guest_free(alloc, other);
}

static void test_two_outputs(void *obj, void *data, QGuestAllocator *alloc)
{
    QVirtioGPU *gpu = obj;
    uint64_t first, second;

    first = create_picture(gpu, 1, VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM, 3);
    second = create_picture(gpu, 2, VIRTIO_GPU_FORMAT_R8G8B8A8_UNORM, 4);
    show(gpu, 0, 1);
    show(gpu, 1, 2);
    gpu_check_screen({
        .qts = gpu->qts, .head = 0,
        .width = WIDTH, .height = HEIGHT, .seed = 3,
    });
    gpu_check_screen({
        .qts = gpu->qts, .head = 1,
        .width = WIDTH, .height = HEIGHT, .seed = 4,
    });

    /* The second one off: the first keeps its picture */
    gpu_set_scanout({ .gpu = gpu, .scanout_id = 1, .resource_id = 0 });
    gpu_check_screen({
        .qts = gpu->qts, .head = 0,
        .width = WIDTH, .height = HEIGHT, .seed = 3,
    });
    destroy_picture(gpu, 2, second);
    destroy_picture(gpu, 1, first);
}

/* A scanout of a part of the resource, and the parts that do not exist */
static void test_scanout_rect(void *obj, void *data, QGuestAllocator *alloc)
{
    static const struct {
        const char *name;
        struct virtio_gpu_rect rect;
    } bad[] = {
        { "too wide", { 0, 0, WIDTH + 1, HEIGHT } },
        { "too high", { 0, 0, WIDTH, HEIGHT + 1 } },
        { "x past the end", { WIDTH, 0, 16, 16 } },
        { "x + width wraps", { UINT32_MAX - 15, 0, 32, 32 } },
        { "y + height wraps", { 0, UINT32_MAX - 15, 32, 32 } },
        { "no width", { 0, 0, 0, HEIGHT } },
    };
    QVirtioGPU *gpu = obj;
    uint64_t addr;
    int i;

    addr = create_picture(gpu, 1, VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM, 5);
    gpu_set_scanout({
        .gpu = gpu, .scanout_id = 0, .resource_id = 1,
        .rect = { 16, 8, 32, 24 },
    });
    gpu_flush({ .gpu = gpu, .resource_id = 1, .rect = full });
    gpu_check_screen({
        .qts = gpu->qts, .x = 16, .y = 8, .width = 32, .height = 24,
        .seed = 5,
    });

    for (i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_test_message("%s", bad[i].name);
        gpu_set_scanout({
            .gpu = gpu, .scanout_id = 0, .resource_id = 1,
            .rect = bad[i].rect,
            .expect = VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER,
        });
    }
    gpu_set_scanout({
        .gpu = gpu, .scanout_id = 2, .resource_id = 1, .rect = full,
        .expect = VIRTIO_GPU_RESP_ERR_INVALID_SCANOUT_ID,
    });
    gpu_set_scanout({
        .gpu = gpu, .scanout_id = 0, .resource_id = 99, .rect = full,
        .expect = VIRTIO_GPU_RESP_ERR_INVALID_RESOURCE_ID,
    });

    /* What was refused has changed nothing */
    gpu_check_screen({
        .qts = gpu->qts, .x = 16, .y = 8, .width = 32, .height = 24,
        .seed = 5,
    });
    destroy_picture(gpu, 1, addr);
}

static void test_ids(void *obj, void *data, QGuestAllocator *alloc)
{
    const uint32_t invalid = VIRTIO_GPU_RESP_ERR_INVALID_RESOURCE_ID;
    QVirtioGPU *gpu = obj;
    GPUMemEntry entry = { 0x48000000, 4096 };
    uint64_t addr;

    gpu_create_2d({
        .gpu = gpu, .resource_id = 0, .width = WIDTH, .height = HEIGHT,
        .format = VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM, .expect = invalid,
    });
    addr = create_picture(gpu, 1, VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM, 6);
    gpu_create_2d({
        .gpu = gpu, .resource_id = 1, .width = WIDTH, .height = HEIGHT,
        .format = VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM, .expect = invalid,
    });
    gpu_attach_backing({
        .gpu = gpu, .resource_id = 1, .entries = &entry, .nr_entries = 1,
        .expect = VIRTIO_GPU_RESP_ERR_UNSPEC,
    });
    gpu_attach_backing({
        .gpu = gpu, .resource_id = 99, .entries = &entry, .nr_entries = 1,
        .expect = invalid,
    });
    gpu_flush({
        .gpu = gpu, .resource_id = 99, .rect = full, .expect = invalid,
    });
    gpu_transfer_2d({
        .gpu = gpu, .resource_id = 99, .rect = full, .expect = invalid,
    });
    gpu_unref({ .gpu = gpu, .resource_id = 99, .expect = invalid });
    gpu_detach_backing({ .gpu = gpu, .resource_id = 99, .expect = invalid });
    destroy_picture(gpu, 1, addr);
    gpu_unref({ .gpu = gpu, .resource_id = 1, .expect = invalid });
}

/* A request and its answer may be cut into descriptors anywhere */
static void test_descriptors(void *obj, void *data, QGuestAllocator *alloc)
{
    static const size_t cuts[] = { 1, 5, 16, 24, 100 };
    const struct virtio_gpu_cmd_get_edid cmd = {
        .hdr.type = cpu_to_le32(VIRTIO_GPU_CMD_GET_EDID),
    };
    QVirtioGPU *gpu = obj;
    int i;

    for (i = 0; i < G_N_ELEMENTS(cuts); i++) {
        struct virtio_gpu_resp_edid edid = {};
        size_t len;

        len = qvirtio_gpu_wait(gpu, gpu_send({
            .gpu = gpu, .cmd = &cmd, .cmd_len = sizeof(cmd),
            .split = cuts[i],
            .resp_len = sizeof(edid), .resp_split = MAX(cuts[i], 90),
        }), &edid, sizeof(edid));
        g_assert_cmpuint(len, ==, sizeof(edid));
        g_assert_cmphex(le32_to_cpu(edid.hdr.type), ==,
                        VIRTIO_GPU_RESP_OK_EDID);
        g_assert_cmphex(edid.edid[1], ==, 0xff);
    }
}

/* Everything in use, then a reset, then all of it again */
static void test_reset(void *obj, void *data, QGuestAllocator *alloc)
{
    QVirtioGPU *gpu = obj;
    int i;

    for (i = 0; i < 3; i++) {
        uint64_t addr;

        addr = create_picture(gpu, 1, VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM, i);
        show(gpu, 0, 1);
        gpu_check_screen({
            .qts = gpu->qts, .width = WIDTH, .height = HEIGHT, .seed = i,
        });
        gpu_update_cursor({ .gpu = gpu, .resource_id = 1 });
        qvirtio_gpu_reset(gpu);
        guest_free(alloc, addr);
    }
}

static void skip(const void *why)
{
    g_test_skip(why);
}

/*
 * qgraph only has rows for devices that it can start.  One that is in this QEMU
 * but cannot run here gets a row that says so, others are named.
 */
static void register_absent_devices(void)
{
    static const char *const devices[] = {
        "virtio-gpu-pci", "virtio-vga", QVIRTIO_GPU_GL_PCI, QVIRTIO_VGA_GL,
    };
    g_autofree char *why = NULL;
    bool usable = qvirtio_gpu_venus_usable(&why);
    int i;

    for (i = 0; i < G_N_ELEMENTS(devices); i++) {
        if (!qtest_has_device(devices[i])) {
            g_test_message("not in this QEMU, not tested: %s", devices[i]);
        } else if (!usable && strstr(devices[i], "-gl")) {
            g_autofree char *path = g_strdup_printf("virtio-gpu-2d/%s",
                                                    devices[i]);

            qtest_add_data_func_full(path, g_strdup(why), skip, g_free);
        }
    }
}

static void register_virtio_gpu_2d_test(void)
{
    qos_add_test("display-info", "virtio-gpu", test_display_info, NULL);
    qos_add_test("edid", "virtio-gpu", test_edid, NULL);
    qos_add_test("formats", "virtio-gpu", test_formats, NULL);
    qos_add_test("scattered", "virtio-gpu", test_scattered, NULL);
    qos_add_test("partial-transfer", "virtio-gpu", test_partial_transfer,
                 NULL);
    qos_add_test("two-outputs", "virtio-gpu", test_two_outputs, NULL);
    qos_add_test("scanout-rect", "virtio-gpu", test_scanout_rect, NULL);
    qos_add_test("ids", "virtio-gpu", test_ids, NULL);
    qos_add_test("descriptors", "virtio-gpu", test_descriptors, NULL);
    register_absent_devices();
    qos_add_test("reset", "virtio-gpu", test_reset, NULL);
}

libqos_init(register_virtio_gpu_2d_test);
