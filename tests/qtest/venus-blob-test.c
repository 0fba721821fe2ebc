/*
 * Venus-only mode: blob resources and the window that host blobs are seen in
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/units.h"
#include "libqos/virtio-gpu-probe.h"
#include "libqos/virtio-gpu-screen.h"
#include "venus-test-util.h"

#define CTX 1
#define INVALID_PARAMETER VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER
#define INVALID_RESOURCE VIRTIO_GPU_RESP_ERR_INVALID_RESOURCE_ID

static void fill(uint8_t *buf, size_t len, unsigned seed)
{
    size_t i;

    for (i = 0; i < len; i++) {
        buf[i] = (i * 13) ^ (i >> 8) ^ seed;
    }
}

/* Writes @len bytes that depend on @seed to the window */
static void window_fill(QVirtioGPU *gpu, uint64_t offset, size_t len,
                        unsigned seed)
{
    g_autofree uint8_t *buf = g_malloc(len);

    fill(buf, len, seed);
    qvirtio_gpu_shm_write(gpu, offset, buf, len);
}

static bool window_holds(QVirtioGPU *gpu, uint64_t offset, size_t len,
                         unsigned seed)
{
    g_autofree uint8_t *want = g_malloc(len);
    g_autofree uint8_t *got = g_malloc(len);

    fill(want, len, seed);
    qvirtio_gpu_shm_read(gpu, offset, got, len);
    return !memcmp(want, got, len);
}

static void test_kinds(const char *device)
{
    g_autoptr(VenusTest) t = venus_test_new({ .device = device });
    uint64_t guest, both = guest_alloc(&t->alloc, 8192);

    venus_ctx_create(t->gpu, CTX);
    guest = venus_guest_blob(t->gpu, 1, 8192);
    venus_host_blob(t->gpu, CTX, 2, 8192);
    gpu_create_blob({
        .gpu = t->gpu, .ctx_id = CTX, .resource_id = 3, .size = 8192,
        .blob_mem = VIRTIO_GPU_BLOB_MEM_HOST3D_GUEST,
        .blob_flags = VIRTIO_GPU_BLOB_FLAG_USE_MAPPABLE,
        .entries = &(GPUMemEntry) { both, 8192 }, .nr_entries = 1,
    });
    gpu_unref({ .gpu = t->gpu, .resource_id = 3 });
    gpu_unref({ .gpu = t->gpu, .resource_id = 2 });
    gpu_unref({ .gpu = t->gpu, .resource_id = 1 });
    gpu_unref({
        .gpu = t->gpu, .resource_id = 1, .expect = INVALID_RESOURCE,
    });
    guest_free(&t->alloc, guest);
    guest_free(&t->alloc, both);
}

static const GPUMemEntry page = { 0x48000000, 4096 };
static const struct {
    const char *name;
    GPUCreateBlobOpts opt;
} bad_blobs[] = {
    { "id 0", {
        .resource_id = 0, .blob_mem = VIRTIO_GPU_BLOB_MEM_GUEST,
        .size = 4096, .entries = &page, .nr_entries = 1,
        .expect = INVALID_RESOURCE } },
    { "memory kind 0", {
        .resource_id = 1, .blob_mem = 0,
        .size = 4096, .entries = &page, .nr_entries = 1,
        .expect = INVALID_PARAMETER } },
    { "memory kind 4", {
        .resource_id = 1, .blob_mem = 4, .ctx_id = CTX,
        .size = 4096, .entries = &page, .nr_entries = 1,
        .expect = INVALID_PARAMETER } },
    { "unknown flag", {
        .resource_id = 1, .blob_mem = VIRTIO_GPU_BLOB_MEM_HOST3D,
        .ctx_id = CTX, .size = 4096, .blob_flags = 0x80000001,
        .expect = INVALID_PARAMETER } },
    { "guest blob without size", {
        .resource_id = 1, .blob_mem = VIRTIO_GPU_BLOB_MEM_GUEST,
        .size = 0, .entries = &page, .nr_entries = 1,
        .expect = INVALID_PARAMETER } },
    { "host blob without size", {
        .resource_id = 1, .blob_mem = VIRTIO_GPU_BLOB_MEM_HOST3D,
        .ctx_id = CTX, .size = 0, .blob_flags = 1,
        .expect = INVALID_PARAMETER } },
    { "guest blob larger than its memory", {
        .resource_id = 1, .blob_mem = VIRTIO_GPU_BLOB_MEM_GUEST,
        .size = 8192, .entries = &page, .nr_entries = 1,
        .expect = INVALID_PARAMETER } },
    { "host blob of no context", {
        .resource_id = 1, .blob_mem = VIRTIO_GPU_BLOB_MEM_HOST3D,
        .ctx_id = 0, .size = 4096, .blob_flags = 1,
        .expect = VIRTIO_GPU_RESP_ERR_INVALID_CONTEXT_ID } },
    { "host blob of an unknown context", {
        .resource_id = 1, .blob_mem = VIRTIO_GPU_BLOB_MEM_HOST3D,
        .ctx_id = 77, .size = 4096, .blob_flags = 1,
        .expect = VIRTIO_GPU_RESP_ERR_INVALID_CONTEXT_ID } },
    { "unknown blob id", {
        .resource_id = 1, .blob_mem = VIRTIO_GPU_BLOB_MEM_HOST3D,
        .ctx_id = CTX, .size = 4096, .blob_flags = 1,
        .blob_id = 0xdeadbeef, .expect = VIRTIO_GPU_RESP_ERR_UNSPEC } },
    { "host blob of half of all addresses", {
        .resource_id = 1, .blob_mem = VIRTIO_GPU_BLOB_MEM_HOST3D,
        .ctx_id = CTX, .size = 1ull << 63, .blob_flags = 1,
        .expect = INVALID_PARAMETER } },
    { "host blob of all addresses", {
        .resource_id = 1, .blob_mem = VIRTIO_GPU_BLOB_MEM_HOST3D,
        .ctx_id = CTX, .size = UINT64_MAX, .blob_flags = 1,
        .expect = INVALID_PARAMETER } },
};

static void test_create_errors(void)
{
    g_autoptr(VenusTest) t = venus_test_new({});
    int i;

    venus_ctx_create(t->gpu, CTX);
    for (i = 0; i < G_N_ELEMENTS(bad_blobs); i++) {
        GPUCreateBlobOpts opt = bad_blobs[i].opt;

        g_test_message("%s", bad_blobs[i].name);
        opt.gpu = t->gpu;
        qvirtio_gpu_create_blob(opt);
        gpu_unref({
            .gpu = t->gpu, .resource_id = 1, .expect = INVALID_RESOURCE,
        });
    }
    /* None of it has cost the context */
    gpu_submit_3d({
        .gpu = t->gpu, .ctx_id = CTX, .fence = { .id = 1, .has_ring = true },
    });
    venus_host_blob(t->gpu, CTX, 1, 4096);
}

/* Backing that is not RAM is memory that DMA reads; where none is, zeroes. */
static void test_odd_memory(void)
{
    static const struct {
        const char *name;
        uint64_t addr;
        bool is_nothing;
    } odd[] = {
        { "flash", 0x1000 },
        { "the UART", 0x09000000 },
        { "nothing", 0x0f000000, true },
        { "the last page", UINT64_MAX - 4095, true },
        { "wraps", UINT64_MAX - 15 },
    };
    g_autoptr(VenusTest) t = venus_test_new({});
    int i;

    for (i = 0; i < G_N_ELEMENTS(odd); i++) {
        g_test_message("%s", odd[i].name);
        gpu_create_blob({
            .gpu = t->gpu, .resource_id = 1, .size = 4096,
            .blob_mem = VIRTIO_GPU_BLOB_MEM_GUEST, .nr_entries = 1,
            .entries = &(GPUMemEntry) { odd[i].addr, 4096 },
        });
        gpu_set_scanout_blob({
            .gpu = t->gpu, .resource_id = 1, .rect = { 0, 0, 32, 32 },
            .width = 32, .height = 32, .stride = 128,
            .format = VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM,
        });
        gpu_flush({
            .gpu = t->gpu, .resource_id = 1, .rect = { 0, 0, 32, 32 },
        });
        g_assert_true(!odd[i].is_nothing || gpu_screen_is(t->qts, 0));
        gpu_unref({ .gpu = t->gpu, .resource_id = 1 });
        venus_check_2d(t->gpu);
    }
}

/* The ids of 2D resources and of blobs are the same numbers */
static void test_id_clashes(void)
{
    g_autoptr(VenusTest) t = venus_test_new({});
    GPUMemEntry entry = { guest_alloc(&t->alloc, 4096), 4096 };
    const uint32_t bgrx = VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM;
    uint32_t id;

    venus_ctx_create(t->gpu, CTX);
    gpu_create_2d({
        .gpu = t->gpu, .resource_id = 1, .width = 32, .height = 32,
        .format = bgrx,
    });
    gpu_create_blob({
        .gpu = t->gpu, .resource_id = 2, .size = 4096,
        .blob_mem = VIRTIO_GPU_BLOB_MEM_GUEST,
        .entries = &entry, .nr_entries = 1,
    });
    venus_host_blob(t->gpu, CTX, 3, 4096);

    for (id = 1; id <= 3; id++) {
        gpu_create_2d({
            .gpu = t->gpu, .resource_id = id, .width = 32, .height = 32,
            .format = bgrx, .expect = INVALID_RESOURCE,
        });
        gpu_create_blob({
            .gpu = t->gpu, .resource_id = id, .size = 4096,
            .blob_mem = VIRTIO_GPU_BLOB_MEM_GUEST,
            .entries = &entry, .nr_entries = 1, .expect = INVALID_RESOURCE,
        });
        gpu_create_blob({
            .gpu = t->gpu, .resource_id = id, .size = 4096, .ctx_id = CTX,
            .blob_mem = VIRTIO_GPU_BLOB_MEM_HOST3D, .blob_flags = 1,
            .expect = INVALID_RESOURCE,
        });
    }

    /* Freed numbers change kinds */
    for (id = 1; id <= 3; id++) {
        gpu_unref({ .gpu = t->gpu, .resource_id = id });
    }
    venus_host_blob(t->gpu, CTX, 1, 4096);
    gpu_create_2d({
        .gpu = t->gpu, .resource_id = 3, .width = 32, .height = 32,
        .format = bgrx,
    });
    gpu_unref({ .gpu = t->gpu, .resource_id = 1 });
    gpu_unref({ .gpu = t->gpu, .resource_id = 3 });
    guest_free(&t->alloc, entry.addr);
}

static void test_map(const char *device)
{
    const size_t size = 256 * KiB;
    g_autoptr(VenusTest) t = venus_test_new({ .device = device });
    uint32_t map_info = 0;

    venus_ctx_create(t->gpu, CTX);
    venus_host_blob(t->gpu, CTX, 1, size);
    venus_host_blob(t->gpu, CTX, 2, size);
    gpu_map_blob({
        .gpu = t->gpu, .resource_id = 1, .offset = 0, .map_info = &map_info,
    });
    g_assert_cmphex(map_info & VIRTIO_GPU_MAP_CACHE_MASK, ==,
                    VIRTIO_GPU_MAP_CACHE_CACHED);
    gpu_map_blob({ .gpu = t->gpu, .resource_id = 2, .offset = size });

    /* Each keeps its own bytes, up to its last */
    window_fill(t->gpu, 0, size, 1);
    window_fill(t->gpu, size, size, 2);
    g_assert_true(window_holds(t->gpu, 0, size, 1));
    g_assert_true(window_holds(t->gpu, size, size, 2));

    /* Out of sight, and back elsewhere with what was written */
    gpu_unmap_blob({ .gpu = t->gpu, .resource_id = 1 });
    g_assert_false(window_holds(t->gpu, 0, size, 1));
    g_assert_true(window_holds(t->gpu, size, size, 2));
    gpu_map_blob({
        .gpu = t->gpu, .resource_id = 1, .offset = VENUS_TEST_HOSTMEM - size,
    });
    g_assert_true(window_holds(t->gpu, VENUS_TEST_HOSTMEM - size, size, 1));

    /* A blob that goes while it is mapped takes its mapping with it */
    gpu_unref({ .gpu = t->gpu, .resource_id = 2 });
    g_assert_false(window_holds(t->gpu, size, size, 2));
    gpu_unref({ .gpu = t->gpu, .resource_id = 1 });
    g_assert_false(window_holds(t->gpu, VENUS_TEST_HOSTMEM - size, size, 1));
}

/* What is written where no blob is must not be there for the next one */
static void test_unmapped_window(const char *device)
{
    g_autoptr(VenusTest) t = venus_test_new({ .device = device });
    const uint8_t zero[4096] = {};
    uint8_t got[4096];

    venus_ctx_create(t->gpu, CTX);
    window_fill(t->gpu, 0, 4096, 1);
    venus_host_blob(t->gpu, CTX, 1, 4096);
    gpu_map_blob({ .gpu = t->gpu, .resource_id = 1, .offset = 0 });
    qvirtio_gpu_shm_read(t->gpu, 0, got, sizeof(got));
    g_assert_cmpmem(got, sizeof(got), zero, sizeof(zero));
    window_fill(t->gpu, 0, 4096, 2);
    gpu_unmap_blob({ .gpu = t->gpu, .resource_id = 1 });
    g_assert_false(window_holds(t->gpu, 0, 4096, 1));
    g_assert_false(window_holds(t->gpu, 0, 4096, 2));
}

/* For a blob of two pages, with another at pages 4 and 5 */
static const struct {
    const char *name;
    uint64_t offset;
} bad_offsets[] = {
    { "not of 4 KiB", 2048 },
    { "one byte", 1 },
    { "last page is outside", VENUS_TEST_HOSTMEM - 4096 },
    { "begins at the end", VENUS_TEST_HOSTMEM },
    { "far outside", 1ull << 40 },
    { "offset + size wraps", UINT64_MAX - 4095 },
    { "offset + size wraps to the window", UINT64_MAX - 8191 },
    { "sign bit", 1ull << 63 },
    { "overlaps at the front", 3 * 4096 },
    { "the same place", 4 * 4096 },
    { "overlaps at the end", 5 * 4096 },
};

static void test_map_errors(const char *device)
{
    g_autoptr(VenusTest) t = venus_test_new({ .device = device });
    uint64_t addr;
    int i;

    venus_ctx_create(t->gpu, CTX);
    venus_host_blob(t->gpu, CTX, 1, 8192);
    venus_host_blob(t->gpu, CTX, 2, 8192);
    gpu_map_blob({ .gpu = t->gpu, .resource_id = 2, .offset = 4 * 4096 });
    for (i = 0; i < G_N_ELEMENTS(bad_offsets); i++) {
        g_test_message("%s", bad_offsets[i].name);
        gpu_map_blob({
            .gpu = t->gpu, .resource_id = 1, .offset = bad_offsets[i].offset,
            .expect = INVALID_PARAMETER,
        });
        gpu_unmap_blob({
            .gpu = t->gpu, .resource_id = 1, .expect = INVALID_PARAMETER,
        });
    }

    g_test_message("mapped already");
    gpu_map_blob({
        .gpu = t->gpu, .resource_id = 2, .offset = 0,
        .expect = INVALID_PARAMETER,
    });
    g_test_message("unknown resource");
    gpu_map_blob({
        .gpu = t->gpu, .resource_id = 9, .expect = INVALID_RESOURCE,
    });
    gpu_unmap_blob({
        .gpu = t->gpu, .resource_id = 9, .expect = INVALID_RESOURCE,
    });
    g_test_message("guest blob");
    addr = venus_guest_blob(t->gpu, 3, 4096);
    gpu_map_blob({
        .gpu = t->gpu, .resource_id = 3, .expect = INVALID_PARAMETER,
    });
    g_test_message("2D resource");
    gpu_create_2d({
        .gpu = t->gpu, .resource_id = 4, .width = 32, .height = 32,
        .format = VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM,
    });
    gpu_map_blob({
        .gpu = t->gpu, .resource_id = 4, .expect = INVALID_PARAMETER,
    });

    /* On both sides of what is mapped there is room */
    gpu_map_blob({ .gpu = t->gpu, .resource_id = 1, .offset = 2 * 4096 });
    gpu_unmap_blob({ .gpu = t->gpu, .resource_id = 1 });
    gpu_map_blob({ .gpu = t->gpu, .resource_id = 1, .offset = 6 * 4096 });
    guest_free(&t->alloc, addr);
}

/* A blob as large as the window fits it, a larger one nowhere */
static void test_map_sizes(void)
{
    g_autoptr(VenusTest) t = venus_test_new({});

    venus_ctx_create(t->gpu, CTX);
    venus_host_blob(t->gpu, CTX, 1, VENUS_TEST_HOSTMEM);
    gpu_map_blob({ .gpu = t->gpu, .resource_id = 1, .offset = 0 });
    window_fill(t->gpu, VENUS_TEST_HOSTMEM - 4096, 4096, 3);
    g_assert_true(window_holds(t->gpu, VENUS_TEST_HOSTMEM - 4096, 4096, 3));
    gpu_unmap_blob({ .gpu = t->gpu, .resource_id = 1 });
    gpu_map_blob({
        .gpu = t->gpu, .resource_id = 1, .offset = 4096,
        .expect = INVALID_PARAMETER,
    });
    venus_host_blob(t->gpu, CTX, 2, VENUS_TEST_HOSTMEM + 4096);
    gpu_map_blob({
        .gpu = t->gpu, .resource_id = 2, .offset = 0,
        .expect = INVALID_PARAMETER,
    });
}

/* The window is 256 MiB when nothing else is said */
static void test_default_window(const char *device)
{
    g_autoptr(VenusTest) t = venus_test_new({
        .device = device, .device_opts = "",
    });
    const uint64_t last = 256 * MiB - 4096;

    g_assert_cmpuint(t->gpu->shm_size, ==, 256 * MiB);
    venus_ctx_create(t->gpu, CTX);
    venus_host_blob(t->gpu, CTX, 1, 4096);
    gpu_map_blob({ .gpu = t->gpu, .resource_id = 1, .offset = last });
    window_fill(t->gpu, last, 4096, 5);
    g_assert_true(window_holds(t->gpu, last, 4096, 5));
}

/* Blobs outlive the context that made them */
static void test_context_gone(const char *device)
{
    g_autoptr(VenusTest) t = venus_test_new({ .device = device });

    venus_ctx_create(t->gpu, CTX);
    venus_host_blob(t->gpu, CTX, 1, 8192);
    gpu_map_blob({ .gpu = t->gpu, .resource_id = 1, .offset = 0 });
    window_fill(t->gpu, 0, 8192, 4);
    gpu_ctx_destroy({ .gpu = t->gpu, .ctx_id = CTX });
    g_assert_true(window_holds(t->gpu, 0, 8192, 4));
    gpu_unmap_blob({ .gpu = t->gpu, .resource_id = 1 });
    gpu_map_blob({ .gpu = t->gpu, .resource_id = 1, .offset = 8192 });
    g_assert_true(window_holds(t->gpu, 8192, 8192, 4));
    gpu_unref({ .gpu = t->gpu, .resource_id = 1 });
}

static void make_many(QVirtioGPU *gpu, unsigned n)
{
    unsigned i;

    venus_ctx_create(gpu, CTX);
    for (i = 0; i < n; i++) {
        venus_host_blob(gpu, CTX, 1 + i, 64 * KiB);
        gpu_map_blob({
            .gpu = gpu, .resource_id = 1 + i, .offset = i * 64 * KiB,
        });
    }
}

/* Nothing stays behind, after unref and after a reset with all in place */
static void test_no_leak(void)
{
    const unsigned n = venus_test_slow() ? 100 : 40;
    g_autoptr(VenusTest) t = venus_test_new({});
    pid_t pid = qtest_pid(t->qts);
    unsigned fds, maps, shared, i, round;

    /* Whatever is allocated once is there after the first round */
    make_many(t->gpu, n);
    qvirtio_gpu_reset(t->gpu);
    fds = venus_count_fds(pid);
    maps = venus_count_maps(pid);
    shared = venus_count_shared_maps(pid);

    for (round = 0; round < 3; round++) {
        make_many(t->gpu, n);
        window_fill(t->gpu, 0, 64 * KiB, 6);
        if (round == 0) {
            for (i = 0; i < n; i++) {
                gpu_unref({ .gpu = t->gpu, .resource_id = 1 + i });
            }
        }
        qvirtio_gpu_reset(t->gpu);
        g_assert_false(window_holds(t->gpu, 0, 64 * KiB, 6));
    }
    g_assert_cmpuint(venus_count_fds(pid), ==, fds);
    /* what a blob is mapped as */
    g_assert_cmpuint(venus_count_shared_maps(pid), ==, shared);
    /*
     * Allocators, those of sanitizers above all, and threads come and go with
     * mappings of their own; a leak for each blob would be @n a round.
     */
    g_assert_cmpuint(venus_count_maps(pid), <, maps + n / 2);
}

int main(int argc, char **argv)
{
    static const VenusTestCase cases[] = {
        { "kinds", .run_on = test_kinds },
        { "create-errors", test_create_errors },
        { "odd-memory", test_odd_memory },
        { "id-clashes", test_id_clashes },
        { "map", .run_on = test_map },
        { "unmapped-window", .run_on = test_unmapped_window },
        { "map-errors", .run_on = test_map_errors },
        { "map-sizes", test_map_sizes },
        { "default-window", .run_on = test_default_window },
        { "context-gone", .run_on = test_context_gone },
        { "no-leak", test_no_leak },
    };

    return venus_test_main(argc, argv, "blob", qvirtio_gpu_venus_usable,
                           cases, G_N_ELEMENTS(cases));
}
