/*
 * Venus-only mode: the granule of host blobs, in both ways of mapping them
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
#define BLOB_ALIGNMENT (1ull << 5)      /* VIRTIO_GPU_F_BLOB_ALIGNMENT */
#define CONFIG_ALIGNMENT 16             /* offset of blob_alignment */
#define CAPSET_RECORD 1024              /* offset of ours in the capset */
#define INVALID_PARAMETER VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER

/* What each test runs with */
typedef struct Setup {
    const char *mapping;
    uint64_t granule;
} Setup;

static const Setup setups[] = {
    { "window", 4 * KiB }, { "window", 16 * KiB }, { "window", 64 * KiB },
    { "subregion", 4 * KiB }, { "subregion", 16 * KiB },
    { "subregion", 64 * KiB },
};

static VenusTest *setup_new(const Setup *setup, const char *more)
{
    g_autofree char *opts =
        g_strdup_printf(",hostmem=64M,hostmem-mapping=%s,"
                        "hostmem-granule=%" PRIu64 "%s", setup->mapping,
                        setup->granule, more);
    VenusTest *t = venus_test_new({ .device_opts = opts,
                                    .refuse_features = BLOB_ALIGNMENT });

    venus_ctx_create(t->gpu, CTX);
    return t;
}

static void fill(QVirtioGPU *gpu, uint64_t offset, size_t len, uint8_t seed)
{
    g_autofree uint8_t *buf = g_malloc(len);

    memset(buf, seed, len);
    qvirtio_gpu_shm_write(gpu, offset, buf, len);
}

/* Whether all of it is @seed */
static bool holds(QVirtioGPU *gpu, uint64_t offset, size_t len, uint8_t seed)
{
    g_autofree uint8_t *buf = g_malloc(len);
    size_t i;

    qvirtio_gpu_shm_read(gpu, offset, buf, len);
    for (i = 0; i < len && buf[i] == seed; i++) {
        continue;
    }
    return i == len;
}

static void map(QVirtioGPU *gpu, uint32_t id, uint64_t offset)
{
    gpu_map_blob({ .gpu = gpu, .resource_id = id, .offset = offset });
}

static void unmap(QVirtioGPU *gpu, uint32_t id)
{
    gpu_unmap_blob({ .gpu = gpu, .resource_id = id });
}

/*
 * For a blob of two granules, with another at granules 4 and 5: granules from
 * the start and bytes behind them, or bytes from the end of the window.
 */
static const struct {
    const char *name;
    int granules;
    uint64_t bytes;
    bool ok;
} offsets[] = {
    { "at the start", 0, 0, true },
    { "before the other", 2, 0, true },
    { "behind the other", 6, 0, true },
    { "one byte", 0, 1 },
    { "half a granule", 0, UINT64_MAX },
    { "a granule and 2 KiB", 1, 2048 },
    { "over the front", 3, 0 },
    { "the same place", 4, 0 },
    { "over the end", 5, 0 },
    { "last granule is outside", -1, VENUS_TEST_HOSTMEM },
    { "the end of the window", -2, VENUS_TEST_HOSTMEM, true },
    { "outside", 0, VENUS_TEST_HOSTMEM },
    { "far outside", 0, 1ull << 40 },
    { "wraps", -1, 0 },
};

static void test_offsets(const void *data)
{
    const Setup *setup = data;
    uint64_t granule = setup->granule;
    g_autoptr(VenusTest) t = setup_new(setup, "");
    int i;

    venus_host_blob(t->gpu, CTX, 1, 2 * granule);
    venus_host_blob(t->gpu, CTX, 2, 2 * granule);
    map(t->gpu, 2, 4 * granule);
    for (i = 0; i < G_N_ELEMENTS(offsets); i++) {
        uint64_t bytes = offsets[i].bytes == UINT64_MAX ? granule / 2
                                                        : offsets[i].bytes;

        g_test_message("%s", offsets[i].name);
        gpu_map_blob({
            .gpu = t->gpu, .resource_id = 1,
            .offset = offsets[i].granules * granule + bytes,
            .expect = offsets[i].ok ? 0 : INVALID_PARAMETER,
        });
        gpu_unmap_blob({
            .gpu = t->gpu, .resource_id = 1,
            .expect = offsets[i].ok ? 0 : INVALID_PARAMETER,
        });
    }
}

/* A blob takes whole granules; what it does not fill is nobody's */
static void test_sizes(const void *data)
{
    const Setup *setup = data;
    uint64_t granule = setup->granule;
    const uint64_t sizes[] = { 4096, granule - 4096, granule, granule + 4096 };
    g_autoptr(VenusTest) t = setup_new(setup, "");
    int i;

    venus_host_blob(t->gpu, CTX, 9, granule);
    for (i = 0; i < G_N_ELEMENTS(sizes); i++) {
        uint64_t size = sizes[i];
        uint64_t end = ROUND_UP(size, granule);

        if (!size) {
            continue;
        }
        g_test_message("%" PRIu64 " bytes", size);
        /* Whatever was there before */
        fill(t->gpu, 0, 3 * granule, 0x11);
        venus_host_blob(t->gpu, CTX, 1, size);
        map(t->gpu, 1, 0);
        g_assert_true(holds(t->gpu, 0, end, 0));
        if (end > granule) {
            gpu_map_blob({
                .gpu = t->gpu, .resource_id = 9, .offset = end - granule,
                .expect = INVALID_PARAMETER,
            });
        }
        map(t->gpu, 9, end);
        fill(t->gpu, end, granule, 0x99);
        fill(t->gpu, 0, size, 0x22);
        g_assert_true(holds(t->gpu, 0, size, 0x22));
        if (end > size) {
            g_assert_true(holds(t->gpu, size, end - size, 0));
        }
        g_assert_true(holds(t->gpu, end, granule, 0x99));
        gpu_unref({ .gpu = t->gpu, .resource_id = 1 });
        g_assert_true(holds(t->gpu, 0, end, 0));
        g_assert_true(holds(t->gpu, end, granule, 0x99));
        unmap(t->gpu, 9);
    }
}

/* Out of sight and back elsewhere, with what was written */
static void test_contents(const void *data)
{
    const Setup *setup = data;
    const size_t size = 3 * setup->granule;
    g_autoptr(VenusTest) t = setup_new(setup, "");
    const uint64_t last = VENUS_TEST_HOSTMEM - size;

    venus_host_blob(t->gpu, CTX, 1, size);
    venus_host_blob(t->gpu, CTX, 2, size);
    map(t->gpu, 1, 0);
    map(t->gpu, 2, size);
    fill(t->gpu, 0, size, 0x31);
    fill(t->gpu, size, size, 0x32);
    g_assert_true(holds(t->gpu, 0, size, 0x31));
    unmap(t->gpu, 1);
    g_assert_true(holds(t->gpu, 0, size, 0));
    g_assert_true(holds(t->gpu, size, size, 0x32));
    map(t->gpu, 1, last);
    g_assert_true(holds(t->gpu, last, size, 0x31));
    unmap(t->gpu, 2);
    map(t->gpu, 2, 0);
    g_assert_true(holds(t->gpu, 0, size, 0x32));
}

/* Where no blob is, nothing is found; what is written there does not last */
static void test_unmapped(const void *data)
{
    const Setup *setup = data;
    const size_t size = 2 * setup->granule;
    g_autoptr(VenusTest) t = setup_new(setup, "");

    g_assert_true(holds(t->gpu, 0, size, 0));
    g_assert_true(holds(t->gpu, VENUS_TEST_HOSTMEM - size, size, 0));
    venus_host_blob(t->gpu, CTX, 1, size);
    map(t->gpu, 1, 0);
    fill(t->gpu, 0, size, 0x41);
    fill(t->gpu, size, size, 0x42);
    qvirtio_gpu_reset(t->gpu);
    g_assert_true(holds(t->gpu, 0, 2 * size, 0));

    /* The ids can come again, and new blobs are empty */
    venus_ctx_create(t->gpu, CTX);
    venus_host_blob(t->gpu, CTX, 1, size);
    map(t->gpu, 1, 0);
    g_assert_true(holds(t->gpu, 0, size, 0));
}

/* Fences of commands that unmap come, in order */
static void test_fences(const void *data)
{
    const Setup *setup = data;
    const unsigned n = 8;
    g_autoptr(VenusTest) t = setup_new(setup, "");
    uint64_t id = 1;
    unsigned i, round;

    for (round = 0; round < 2; round++) {
        for (i = 0; i < n; i++) {
            venus_host_blob(t->gpu, CTX, 1 + i, setup->granule);
            gpu_map_blob({
                .gpu = t->gpu, .resource_id = 1 + i,
                .offset = i * setup->granule,
            });
        }
        for (i = 0; i < n; i++) {
            if (i % 2) {
                gpu_unmap_blob({
                    .gpu = t->gpu, .resource_id = 1 + i, .fence.id = id++,
                });
            }
            gpu_unref({
                .gpu = t->gpu, .resource_id = 1 + i, .fence.id = id++,
            });
        }
    }
    gpu_submit_3d({
        .gpu = t->gpu, .ctx_id = CTX, .fence = { .id = id, .has_ring = true },
    });
}

/*
 * A 2D picture whose backing is a host blob: the device has its memory mapped
 * for DMA when the blob is unmapped, and reads it afterwards.  A region lives
 * as long as that mapping; a window has what is at that place now.
 */
static void test_in_use(const void *data)
{
    const Setup *setup = data;
    const bool own = !strcmp(setup->mapping, "subregion");
    const uint64_t size = setup->granule;
    g_autoptr(VenusTest) t = setup_new(setup, "");
    const struct virtio_gpu_rect all = { 0, 0, 32, size / (32 * 4) };
    const uint64_t window = t->gpu->shm_bar.addr + t->gpu->shm_offset;
    const GPUTransfer2DOpts read_again = {
        .gpu = t->gpu, .resource_id = 2, .rect = all,
    };

    venus_host_blob(t->gpu, CTX, 1, size);
    map(t->gpu, 1, 0);
    fill(t->gpu, 0, size, 0x51);
    gpu_create_2d({
        .gpu = t->gpu, .resource_id = 2, .width = 32, .height = all.height,
        .format = VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM,
    });
    gpu_attach_backing({
        .gpu = t->gpu, .resource_id = 2, .nr_entries = 1,
        .entries = &(GPUMemEntry) { window, size },
    });
    qvirtio_gpu_transfer_2d(read_again);
    gpu_set_scanout({ .gpu = t->gpu, .resource_id = 2, .rect = all });
    g_assert_true(gpu_screen_is(t->qts, 0x51));

    /* Not what was read before, but what is there when the blob goes */
    fill(t->gpu, 0, size, 0x52);
    unmap(t->gpu, 1);
    gpu_unref({ .gpu = t->gpu, .resource_id = 1, .fence.id = 1 });
    qvirtio_gpu_transfer_2d(read_again);
    g_assert_true(gpu_screen_is(t->qts, own ? 0x52 : 0));
    /* Something else takes the place meanwhile */
    venus_host_blob(t->gpu, CTX, 1, size);
    map(t->gpu, 1, 0);
    g_assert_true(holds(t->gpu, 0, size, 0));
    fill(t->gpu, 0, size, 0x53);
    qvirtio_gpu_transfer_2d(read_again);
    g_assert_true(gpu_screen_is(t->qts, own ? 0x52 : 0x53));
    gpu_detach_backing({ .gpu = t->gpu, .resource_id = 2 });
    g_assert_true(holds(t->gpu, 0, size, 0x53));
}

static void expect_shared_maps(pid_t pid, unsigned want)
{
    unsigned got, tries = 0;

    /* What was unmapped is let go of when its last reader is gone */
    while ((got = venus_count_shared_maps(pid)) != want && tries++ < 1500) {
        g_usleep(20000);
    }
    g_assert_cmpuint(got, ==, want);
}

static void make_many(QVirtioGPU *gpu, unsigned n, uint64_t granule)
{
    unsigned i;

    for (i = 0; i < n; i++) {
        venus_host_blob(gpu, CTX, 1 + i, granule);
        map(gpu, 1 + i, i * granule);
    }
}

static void test_no_leak(const void *data)
{
    const Setup *setup = data;
    const unsigned n = venus_test_slow() ? 200 : 40;
    const unsigned rounds = venus_test_slow() ? 4 : 2;
    g_autoptr(VenusTest) t = setup_new(setup, "");
    pid_t pid = qtest_pid(t->qts);
    unsigned shared, fds, i, round;

    /* Whatever is made once, or goes with the first session */
    qvirtio_gpu_reset(t->gpu);
    shared = venus_count_shared_maps(pid);
    fds = venus_count_fds(pid);
    for (round = 0; round < rounds; round++) {
        venus_ctx_create(t->gpu, CTX);
        make_many(t->gpu, n, setup->granule);
        g_assert_cmpuint(venus_count_shared_maps(pid), >=, shared + n);
        for (i = 0; i < n && round % 2; i++) {
            gpu_unref({ .gpu = t->gpu, .resource_id = 1 + i });
        }
        qvirtio_gpu_reset(t->gpu);
        expect_shared_maps(pid, shared);
        g_assert_cmpuint(venus_count_fds(pid), ==, fds);
    }
}

/* The log names resource, offset and granule */
static void test_log(const void *data)
{
    const Setup *setup = data;
    g_autofree char *path = NULL;
    g_autofree char *args = NULL;
    g_autofree char *opts = NULL;
    g_autofree char *text = NULL;
    g_autofree char *want =
        g_strdup_printf("resource 77: offset 0x%" PRIx64 " is not a multiple "
                        "of the granule, 0x%" PRIx64, setup->granule / 2,
                        setup->granule);
    VenusTest *t;
    int fd = g_file_open_tmp("venus-granule-XXXXXX", &path, NULL);

    g_assert_cmpint(fd, >=, 0);
    close(fd);
    args = g_strdup_printf("-d guest_errors -D %s", path);
    opts = g_strdup_printf(",hostmem=64M,hostmem-mapping=%s,"
                           "hostmem-granule=%" PRIu64, setup->mapping,
                           setup->granule);
    t = venus_test_new({ .device_opts = opts, .args = args });
    venus_ctx_create(t->gpu, CTX);
    venus_host_blob(t->gpu, CTX, 77, setup->granule);
    gpu_map_blob({
        .gpu = t->gpu, .resource_id = 77, .offset = setup->granule / 2,
        .expect = INVALID_PARAMETER,
    });
    venus_test_free(t);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_nonnull(strstr(text, want));
    unlink(path);
}

/* Whatever the kernel is told or knows, programs find it behind the capset */
static void test_record(const void *data)
{
    const Setup *setup = data;
    g_autoptr(VenusTest) t = setup_new(setup, ",blob-alignment=off");
    uint32_t words[(CAPSET_RECORD + 16) / 4] = {};
    const uint32_t *record = &words[CAPSET_RECORD / 4];

    gpu_get_capset({
        .gpu = t->gpu, .id = VIRTIO_GPU_CAPSET_VENUS,
        .data = words, .size = sizeof(words),
    });
    g_assert_cmpmem(record, 4, "VGRN", 4);
    g_assert_cmpuint(le32_to_cpu(record[1]), ==, 1);
    g_assert_cmpuint(le32_to_cpu(record[2]), ==, setup->granule);
    g_assert_cmpuint(record[3], ==, 0);
}

/* What the guest is told, and what it is held to when it has agreed */
static const struct {
    const char *name;
    const char *opts;
    uint32_t told;              /* 0: nothing */
} alignments[] = {
    { "auto-4k", "", 0 },
    { "auto-16k", ",hostmem-granule=16K", 16 * KiB },
    { "auto-64k", ",hostmem-granule=64K", 64 * KiB },
    { "on-4k", ",blob-alignment=on", 4 * KiB },
    { "on-16k", ",blob-alignment=on,hostmem-granule=16K", 16 * KiB },
    { "off-16k", ",blob-alignment=off,hostmem-granule=16K", 0 },
};

static void check_create(QVirtioGPU *gpu, uint64_t size, uint32_t expect)
{
    g_test_message("%" PRIu64 " bytes", size);
    gpu_create_blob({
        .gpu = gpu, .ctx_id = CTX, .resource_id = 1, .size = size,
        .blob_mem = VIRTIO_GPU_BLOB_MEM_HOST3D,
        .blob_flags = VIRTIO_GPU_BLOB_FLAG_USE_MAPPABLE, .expect = expect,
    });
    if (!expect) {
        gpu_unref({ .gpu = gpu, .resource_id = 1 });
    }
}

static void test_alignment(const void *data)
{
    int i = GPOINTER_TO_INT(data);
    uint32_t told = alignments[i].told;
    uint32_t granule = told ?: 4 * KiB;
    int round;

    for (round = 0; round < 2; round++) {
        uint64_t refuse = round ? BLOB_ALIGNMENT : 0;
        g_autoptr(VenusTest) t = venus_test_new({
            .device_opts = alignments[i].opts, .refuse_features = refuse,
        });
        uint32_t strict = told && !refuse ? INVALID_PARAMETER : 0;
        uint32_t field = qvirtio_config_readl(t->gpu->vdev, CONFIG_ALIGNMENT);

        g_assert_cmpint(!!(t->gpu->features & BLOB_ALIGNMENT), ==,
                        told && !refuse);
        /* The field is there when it is offered; beyond the end all bits are */
        g_assert_cmphex(field, ==, told ?: UINT32_MAX);
        venus_ctx_create(t->gpu, CTX);
        check_create(t->gpu, granule, 0);
        check_create(t->gpu, 3 * granule, 0);
        check_create(t->gpu, granule + 1024, strict);
        check_create(t->gpu, granule / 4, strict);
    }
}

static const struct {
    const char *name;
    void (*run)(const void *setup);
} tests[] = {
    { "offsets", test_offsets },
    { "sizes", test_sizes },
    { "contents", test_contents },
    { "unmapped", test_unmapped },
    { "fences", test_fences },
    { "in-use", test_in_use },
    { "no-leak", test_no_leak },
    { "log", test_log },
    { "record", test_record },
};

int main(int argc, char **argv)
{
    g_autofree char *why = NULL;
    bool usable;
    int i, k;

    g_test_init(&argc, &argv, NULL);
    usable = qvirtio_gpu_venus_usable(&why);
    for (i = 0; i < G_N_ELEMENTS(setups); i++) {
        for (k = 0; k < G_N_ELEMENTS(tests); k++) {
            g_autofree char *path =
                g_strdup_printf("venus/granule/%s-%" PRIu64 "k/%s",
                                setups[i].mapping, setups[i].granule / KiB,
                                tests[k].name);

            qtest_add_data_func(path, usable ? (void *)&setups[i] : why,
                                usable ? tests[k].run : venus_test_skip);
        }
    }
    for (i = 0; i < G_N_ELEMENTS(alignments); i++) {
        g_autofree char *path = g_strdup_printf("venus/granule/alignment/%s",
                                                alignments[i].name);

        qtest_add_data_func(path, usable ? GINT_TO_POINTER(i) : why,
                            usable ? test_alignment : venus_test_skip);
    }
    return g_test_run();
}
