/*
 * Venus-only mode: blobs on the screen, every pixel compared
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/units.h"
#include "libqos/virtio-gpu-probe.h"
#include "libqos/virtio-gpu-screen.h"
#include "venus-test-util.h"

#define CTX 1
#define WIDTH 64
#define HEIGHT 48
#define STRIDE (WIDTH * 4)
#define SIZE (STRIDE * HEIGHT)
#define BLOB_SIZE (4 * 4096)        /* SIZE in whole pages and one more */
#define BGRX VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM
#define INVALID_PARAMETER VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER

static const struct virtio_gpu_rect full = { 0, 0, WIDTH, HEIGHT };

/* Where a picture lies in a blob; zeroes mean the obvious */
typedef struct Layout {
    uint32_t format;
    unsigned stride;
    unsigned offset;
    unsigned seed;
} Layout;

/* The bytes of a blob that holds a picture; free with g_free() */
static uint8_t *paint_blob(Layout l)
{
    uint8_t *buf = g_malloc0(BLOB_SIZE);
    unsigned stride = l.stride ? l.stride : STRIDE;

    g_assert_cmpuint(l.offset + stride * (HEIGHT - 1) + STRIDE, <=, BLOB_SIZE);
    gpu_paint(buf + l.offset, l.format ? l.format : BGRX, WIDTH, HEIGHT,
              stride, l.seed);
    return buf;
}

/* A guest blob that holds a picture; returns where its memory is */
static uint64_t guest_picture(QVirtioGPU *gpu, uint32_t id, Layout l)
{
    g_autofree uint8_t *buf = paint_blob(l);
    uint64_t addr = venus_guest_blob(gpu, id, BLOB_SIZE);

    qtest_bufwrite(gpu->qts, addr, buf, BLOB_SIZE);
    return addr;
}

/* A host blob that holds a picture, painted through the window at @offset */
static void host_picture(QVirtioGPU *gpu, uint32_t id, uint64_t offset,
                         Layout l)
{
    g_autofree uint8_t *buf = paint_blob(l);

    venus_host_blob(gpu, CTX, id, BLOB_SIZE);
    gpu_map_blob({ .gpu = gpu, .resource_id = id, .offset = offset });
    qvirtio_gpu_shm_write(gpu, offset, buf, BLOB_SIZE);
}

static void show_blob(QVirtioGPU *gpu, uint32_t scanout, uint32_t id, Layout l)
{
    gpu_set_scanout_blob({
        .gpu = gpu, .scanout_id = scanout, .resource_id = id, .rect = full,
        .width = WIDTH, .height = HEIGHT,
        .format = l.format ? l.format : BGRX,
        .stride = l.stride ? l.stride : STRIDE, .offset = l.offset,
    });
    gpu_flush({ .gpu = gpu, .resource_id = id, .rect = full });
}

static void check_full(VenusTest *t, int head, unsigned seed)
{
    gpu_check_screen({
        .qts = t->qts, .head = head, .width = WIDTH, .height = HEIGHT,
        .seed = seed,
    });
}

static bool shows(VenusTest *t, unsigned seed)
{
    return gpu_screen_matches({
        .qts = t->qts, .width = WIDTH, .height = HEIGHT, .seed = seed,
    });
}

static void test_formats(const char *device)
{
    g_autoptr(VenusTest) t = venus_test_new({ .device = device });
    int i;

    venus_ctx_create(t->gpu, CTX);
    for (i = 0; i < GPU_NUM_FORMATS; i++) {
        Layout guest = { .format = gpu_formats[i].format, .seed = 2 * i };
        Layout host = { .format = gpu_formats[i].format, .seed = 2 * i + 1 };
        uint64_t addr;

        g_test_message("%s", gpu_formats[i].name);
        addr = guest_picture(t->gpu, 1, guest);
        show_blob(t->gpu, 0, 1, guest);
        check_full(t, 0, guest.seed);
        host_picture(t->gpu, 2, 0, host);
        show_blob(t->gpu, 0, 2, host);
        check_full(t, 0, host.seed);
        gpu_unref({ .gpu = t->gpu, .resource_id = 1 });
        gpu_unref({ .gpu = t->gpu, .resource_id = 2 });
        guest_free(&t->alloc, addr);
    }
}

/* A picture that does not fill its blob, and a part of it on the screen */
static void test_layout(const char *device)
{
    static const Layout l = { .stride = STRIDE + 32, .offset = 64, .seed = 3 };
    g_autoptr(VenusTest) t = venus_test_new({ .device = device });
    uint64_t addr;
    uint32_t id;

    venus_ctx_create(t->gpu, CTX);
    addr = guest_picture(t->gpu, 1, l);
    host_picture(t->gpu, 2, 0, l);
    for (id = 1; id <= 2; id++) {
        show_blob(t->gpu, 0, id, l);
        check_full(t, 0, l.seed);
        gpu_set_scanout_blob({
            .gpu = t->gpu, .resource_id = id, .rect = { 16, 8, 32, 24 },
            .width = WIDTH, .height = HEIGHT, .format = BGRX,
            .stride = l.stride, .offset = l.offset,
        });
        gpu_flush({ .gpu = t->gpu, .resource_id = id, .rect = full });
        gpu_check_screen({
            .qts = t->qts, .x = 16, .y = 8, .width = 32, .height = 24,
            .seed = l.seed,
        });
    }
    guest_free(&t->alloc, addr);
}

/* The same first pixel, but fewer of them: no flip */
static void test_new_layout(void)
{
    g_autoptr(VenusTest) t = venus_test_new({});

    venus_ctx_create(t->gpu, CTX);
    host_picture(t->gpu, 1, 0, (Layout) { .seed = 4 });
    show_blob(t->gpu, 0, 1, (Layout) {});
    check_full(t, 0, 4);
    gpu_set_scanout_blob({
        .gpu = t->gpu, .resource_id = 1, .rect = { 0, 0, 32, 24 },
        .width = WIDTH, .height = HEIGHT, .format = BGRX, .stride = STRIDE,
    });
    gpu_check_screen({
        .qts = t->qts, .width = 32, .height = 24, .seed = 4,
    });
    show_blob(t->gpu, 0, 1, (Layout) {});
    check_full(t, 0, 4);
}

/* A guest blob of single pages in reverse order, and changes to it */
static void test_scattered(void)
{
    enum { PAGES = BLOB_SIZE / 4096 };
    g_autoptr(VenusTest) t = venus_test_new({});
    uint64_t base = guest_alloc(&t->alloc, 2 * BLOB_SIZE);
    GPUMemEntry entries[PAGES];
    unsigned seed, i;

    for (i = 0; i < PAGES; i++) {
        entries[i] = (GPUMemEntry) { base + (PAGES - i) * 8192 - 4096, 4096 };
    }
    gpu_create_blob({
        .gpu = t->gpu, .resource_id = 1, .size = BLOB_SIZE,
        .blob_mem = VIRTIO_GPU_BLOB_MEM_GUEST,
        .entries = entries, .nr_entries = PAGES,
    });
    for (seed = 0; seed < 3; seed++) {
        g_autofree uint8_t *buf = paint_blob((Layout) { .seed = seed });

        for (i = 0; i < PAGES; i++) {
            qtest_bufwrite(t->qts, entries[i].addr, buf + i * 4096, 4096);
        }
        if (seed == 0) {
            show_blob(t->gpu, 0, 1, (Layout) {});
        } else {
            gpu_flush({ .gpu = t->gpu, .resource_id = 1, .rect = full });
        }
        check_full(t, 0, seed);
    }
    gpu_unref({ .gpu = t->gpu, .resource_id = 1 });
    guest_free(&t->alloc, base);
}

/* New contents appear with a flush, for host blobs without any copy */
static void test_update(const char *device)
{
    g_autoptr(VenusTest) t = venus_test_new({ .device = device });
    unsigned seed;

    venus_ctx_create(t->gpu, CTX);
    host_picture(t->gpu, 1, 0, (Layout) { .seed = 0 });
    show_blob(t->gpu, 0, 1, (Layout) {});
    for (seed = 1; seed < 5; seed++) {
        g_autofree uint8_t *buf = paint_blob((Layout) { .seed = seed });

        qvirtio_gpu_shm_write(t->gpu, 0, buf, BLOB_SIZE);
        gpu_flush({ .gpu = t->gpu, .resource_id = 1, .rect = full });
        check_full(t, 0, seed);
    }

    /* The screen needs neither the window nor the context */
    gpu_unmap_blob({ .gpu = t->gpu, .resource_id = 1 });
    check_full(t, 0, 4);
    gpu_ctx_destroy({ .gpu = t->gpu, .ctx_id = CTX });
    gpu_flush({ .gpu = t->gpu, .resource_id = 1, .rect = full });
    check_full(t, 0, 4);
}

/* A description that is right but for one thing */
#define GOOD \
    .rect = { 0, 0, WIDTH, HEIGHT }, .width = WIDTH, .height = HEIGHT, \
    .format = BGRX, .stride = STRIDE

static void test_errors(void)
{
    static const struct {
        const char *name;
        GPUSetScanoutBlobOpts opt;
    } bad[] = {
        { "rect too wide", { GOOD, .rect.width = WIDTH + 1 } },
        { "rect too low", { GOOD, .rect.y = 1 } },
        { "rect wraps", { GOOD, .rect.x = UINT32_MAX - 15 } },
        { "empty rect", { GOOD, .rect.width = 0 } },
        { "past the blob", { GOOD, .rect.height = 4096, .height = 4096 } },
        { "size of all ones", {
            GOOD, .rect.width = UINT32_MAX, .rect.height = UINT32_MAX,
            .width = UINT32_MAX, .height = UINT32_MAX } },
        { "format 0", { GOOD, .format = 0 } },
        { "unknown format", { GOOD, .format = 5 } },
        { "stride below the width", { GOOD, .stride = STRIDE - 4 } },
        { "stride past the blob", { GOOD, .stride = 8192 } },
        { "stride of all ones", { GOOD, .stride = UINT32_MAX } },
        { "stride times height wraps", { GOOD, .stride = 0x40000000 } },
        { "offset past the blob", { GOOD, .offset = BLOB_SIZE - 16 } },
        { "offset of all ones", { GOOD, .offset = UINT32_MAX } },
    };
    g_autoptr(VenusTest) t = venus_test_new({});
    uint64_t addr = guest_picture(t->gpu, 1, (Layout) { .seed = 5 });
    uint32_t id;
    int i;

    venus_ctx_create(t->gpu, CTX);
    host_picture(t->gpu, 2, 0, (Layout) { .seed = 5 });
    for (id = 1; id <= 2; id++) {
        show_blob(t->gpu, 0, id, (Layout) {});
        for (i = 0; i < G_N_ELEMENTS(bad); i++) {
            GPUSetScanoutBlobOpts opt = bad[i].opt;

            g_test_message("resource %u: %s", id, bad[i].name);
            opt.gpu = t->gpu;
            opt.resource_id = id;
            opt.expect = INVALID_PARAMETER;
            qvirtio_gpu_set_scanout_blob(opt);
        }
        check_full(t, 0, 5);
    }
    gpu_set_scanout_blob({
        .gpu = t->gpu, .scanout_id = 2, .resource_id = 1, .rect = full,
        .width = WIDTH, .height = HEIGHT, .format = BGRX, .stride = STRIDE,
        .expect = VIRTIO_GPU_RESP_ERR_INVALID_SCANOUT_ID,
    });
    gpu_set_scanout_blob({
        .gpu = t->gpu, .scanout_id = 0, .resource_id = 9, .rect = full,
        .width = WIDTH, .height = HEIGHT, .format = BGRX, .stride = STRIDE,
        .expect = VIRTIO_GPU_RESP_ERR_INVALID_RESOURCE_ID,
    });
    check_full(t, 0, 5);
    guest_free(&t->alloc, addr);
}

/* Resource 0 turns an output off; a resource that goes leaves the screen */
static void test_disable(const char *device)
{
    g_autoptr(VenusTest) t = venus_test_new({ .device = device });
    uint64_t addr;

    venus_ctx_create(t->gpu, CTX);
    addr = guest_picture(t->gpu, 1, (Layout) { .seed = 6 });
    host_picture(t->gpu, 2, 0, (Layout) { .seed = 7 });

    show_blob(t->gpu, 0, 2, (Layout) {});
    check_full(t, 0, 7);
    gpu_set_scanout_blob({ .gpu = t->gpu, .scanout_id = 0 });
    g_assert_false(shows(t, 7));
    show_blob(t->gpu, 0, 2, (Layout) {});
    gpu_set_scanout({ .gpu = t->gpu, .scanout_id = 0 });
    g_assert_false(shows(t, 7));

    show_blob(t->gpu, 0, 2, (Layout) {});
    check_full(t, 0, 7);
    gpu_unref({ .gpu = t->gpu, .resource_id = 2 });
    g_assert_false(shows(t, 7));
    show_blob(t->gpu, 0, 1, (Layout) {});
    check_full(t, 0, 6);
    gpu_unref({ .gpu = t->gpu, .resource_id = 1 });
    g_assert_false(shows(t, 6));
    venus_check_2d(t->gpu);
    guest_free(&t->alloc, addr);
}

/* From one kind of resource to the other and back, on one output */
static void test_switch_kinds(const char *device)
{
    g_autoptr(VenusTest) t = venus_test_new({ .device = device });
    g_autofree uint8_t *buf = paint_blob((Layout) { .seed = 1 });
    uint64_t addr = guest_alloc(&t->alloc, BLOB_SIZE);
    uint64_t guest;
    int round;

    venus_ctx_create(t->gpu, CTX);
    qtest_bufwrite(t->qts, addr, buf, BLOB_SIZE);
    gpu_create_2d({
        .gpu = t->gpu, .resource_id = 1, .width = WIDTH, .height = HEIGHT,
        .format = BGRX,
    });
    gpu_attach_backing({
        .gpu = t->gpu, .resource_id = 1,
        .entries = &(GPUMemEntry) { addr, BLOB_SIZE }, .nr_entries = 1,
    });
    gpu_transfer_2d({ .gpu = t->gpu, .resource_id = 1, .rect = full });
    guest = guest_picture(t->gpu, 2, (Layout) { .seed = 2 });
    host_picture(t->gpu, 3, 0, (Layout) { .seed = 3 });

    for (round = 0; round < 3; round++) {
        gpu_set_scanout({ .gpu = t->gpu, .resource_id = 1, .rect = full });
        gpu_flush({ .gpu = t->gpu, .resource_id = 1, .rect = full });
        check_full(t, 0, 1);
        show_blob(t->gpu, 0, 2 + round % 2, (Layout) {});
        /* The 2D resource is off the screen: flushing it shows nothing */
        gpu_flush({ .gpu = t->gpu, .resource_id = 1, .rect = full });
        check_full(t, 0, 2 + round % 2);
    }
    gpu_set_scanout({ .gpu = t->gpu, .resource_id = 1, .rect = full });
    gpu_unref({ .gpu = t->gpu, .resource_id = 3 });
    gpu_unref({ .gpu = t->gpu, .resource_id = 2 });
    check_full(t, 0, 1);
    gpu_unref({ .gpu = t->gpu, .resource_id = 1 });
    g_assert_false(shows(t, 1));
    guest_free(&t->alloc, guest);
    guest_free(&t->alloc, addr);
}

static void test_two_outputs(const char *device)
{
    g_autoptr(VenusTest) t = venus_test_new({ .device = device });
    uint64_t addr;

    venus_ctx_create(t->gpu, CTX);
    addr = guest_picture(t->gpu, 1, (Layout) { .seed = 8 });
    host_picture(t->gpu, 2, 0, (Layout) { .seed = 9 });
    show_blob(t->gpu, 0, 1, (Layout) {});
    show_blob(t->gpu, 1, 2, (Layout) {});
    check_full(t, 0, 8);
    check_full(t, 1, 9);
    /* One blob on both */
    show_blob(t->gpu, 0, 2, (Layout) {});
    check_full(t, 0, 9);
    check_full(t, 1, 9);
    gpu_set_scanout_blob({ .gpu = t->gpu, .scanout_id = 0 });
    check_full(t, 1, 9);
    show_blob(t->gpu, 0, 1, (Layout) {});
    gpu_unref({ .gpu = t->gpu, .resource_id = 2 });
    check_full(t, 0, 8);
    guest_free(&t->alloc, addr);
}

/* Two buffers in turn, as a compositor does it */
static void test_flips(void)
{
    g_autoptr(VenusTest) t = venus_test_new({});
    pid_t pid = qtest_pid(t->qts);
    const int flips = venus_test_slow() ? 2000 : 200;
    unsigned fds = 0, maps = 0;
    int i;

    venus_ctx_create(t->gpu, CTX);
    host_picture(t->gpu, 1, 0, (Layout) { .seed = 1 });
    host_picture(t->gpu, 2, BLOB_SIZE, (Layout) { .seed = 2 });
    for (i = 0; i < flips + 10; i++) {
        if (i == 10) {
            fds = venus_count_fds(pid);
            maps = venus_count_maps(pid);
        }
        show_blob(t->gpu, 0, 1 + i % 2, (Layout) {});
    }
    g_assert_cmpuint(venus_count_fds(pid), ==, fds);
    g_assert_cmpuint(venus_count_maps(pid), ==, maps);
    check_full(t, 0, 2);
}

/* Both outputs busy, then a reset, and all of it again */
static void test_reset(const char *device)
{
    g_autoptr(VenusTest) t = venus_test_new({ .device = device });
    int round;

    for (round = 0; round < 3; round++) {
        uint64_t addr;

        venus_ctx_create(t->gpu, CTX);
        addr = guest_picture(t->gpu, 1, (Layout) { .seed = round });
        host_picture(t->gpu, 2, 0, (Layout) { .seed = 10 + round });
        show_blob(t->gpu, 1, 1, (Layout) {});
        show_blob(t->gpu, 0, 2, (Layout) {});
        gpu_update_cursor({ .gpu = t->gpu, .resource_id = 2 });
        check_full(t, 1, round);
        check_full(t, 0, 10 + round);
        qvirtio_gpu_reset(t->gpu);
        g_assert_false(shows(t, 10 + round));
        guest_free(&t->alloc, addr);
    }
}

int main(int argc, char **argv)
{
    static const VenusTestCase cases[] = {
        { "formats", .run_on = test_formats },
        { "layout", .run_on = test_layout },
        { "new-layout", test_new_layout },
        { "scattered", test_scattered },
        { "update", .run_on = test_update },
        { "errors", test_errors },
        { "disable", .run_on = test_disable },
        { "switch-kinds", .run_on = test_switch_kinds },
        { "two-outputs", .run_on = test_two_outputs },
        { "flips", test_flips },
        { "reset", .run_on = test_reset },
    };

    return venus_test_main(argc, argv, "scanout", qvirtio_gpu_venus_usable,
                           cases, G_N_ELEMENTS(cases));
}
