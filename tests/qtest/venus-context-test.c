/*
 * Venus-only mode: capability sets, contexts, and what is not there
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "standard-headers/linux/virtio_config.h"
#include "libqos/virtio-gpu-probe.h"
#include "venus-test-stream.h"
#include "venus-test-util.h"

/* Words of the Venus capset, as guests read them */
#define CAPSET_WIRE_FORMAT_VERSION 0
#define CAPSET_SUPPORTS_BLOB_ID_0 4

/* Bytes, with the device's record at the end; see venus-granule-test.c */
#define CAPSET_SIZE (1024 + 16)

static void test_features(const char *device)
{
    static const unsigned wanted[] = {
        VIRTIO_GPU_F_VIRGL, VIRTIO_GPU_F_EDID, VIRTIO_GPU_F_RESOURCE_BLOB,
        VIRTIO_GPU_F_CONTEXT_INIT, VIRTIO_F_VERSION_1,
    };
    g_autoptr(VenusTest) t = venus_test_new({ .device = device });
    int i;

    for (i = 0; i < G_N_ELEMENTS(wanted); i++) {
        g_assert_cmphex(t->gpu->features & (1ull << wanted[i]), !=, 0);
    }
    g_assert_cmpuint(qvirtio_config_readl(t->gpu->vdev,
                     offsetof(struct virtio_gpu_config, num_capsets)), ==, 1);
    g_assert_cmpuint(t->gpu->shm_size, ==, VENUS_TEST_HOSTMEM);
}

static void test_capset_info(const char *device)
{
    g_autoptr(VenusTest) t = venus_test_new({ .device = device });
    struct virtio_gpu_resp_capset_info info = {};

    gpu_capset_info({ .gpu = t->gpu, .index = 0, .info = &info });
    g_assert_cmpuint(info.capset_id, ==, VIRTIO_GPU_CAPSET_VENUS);
    g_assert_cmpuint(info.capset_max_size, ==, CAPSET_SIZE);
    gpu_capset_info({
        .gpu = t->gpu, .index = 1,
        .expect = VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER,
    });
    gpu_capset_info({
        .gpu = t->gpu, .index = UINT32_MAX,
        .expect = VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER,
    });
}

static void test_capset(const char *device)
{
    static const uint32_t others[] = { 0, 1, 2, 3, 5, 6, UINT32_MAX };
    g_autoptr(VenusTest) t = venus_test_new({ .device = device });
    struct virtio_gpu_resp_capset_info info = {};
    g_autofree uint32_t *data = NULL;
    int i;

    gpu_capset_info({ .gpu = t->gpu, .index = 0, .info = &info });
    data = g_malloc0(info.capset_max_size);
    gpu_get_capset({
        .gpu = t->gpu, .id = VIRTIO_GPU_CAPSET_VENUS,
        .version = info.capset_max_version,
        .data = data, .size = info.capset_max_size,
    });
    g_assert_cmpuint(le32_to_cpu(data[CAPSET_WIRE_FORMAT_VERSION]), ==, 1);
    g_assert_cmpuint(le32_to_cpu(data[CAPSET_SUPPORTS_BLOB_ID_0]), ==, 1);

    gpu_get_capset({
        .gpu = t->gpu, .id = VIRTIO_GPU_CAPSET_VENUS,
        .version = info.capset_max_version + 1,
        .size = info.capset_max_size,
        .expect = VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER,
    });
    for (i = 0; i < G_N_ELEMENTS(others); i++) {
        gpu_get_capset({
            .gpu = t->gpu, .id = others[i], .size = info.capset_max_size,
            .expect = VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER,
        });
    }
}

static void get_capset(QVirtioGPU *gpu, uint32_t version, uint8_t *data,
                       size_t size)
{
    gpu_get_capset({
        .gpu = gpu, .id = VIRTIO_GPU_CAPSET_VENUS, .version = version,
        .data = data, .size = size,
    });
}

/*
 * Guests ask for the version and for as many bytes as they know: all of them
 * get the same ones, and zeroes for fields that the renderer does not have.
 */
static void test_capset_parts(void)
{
    static const size_t sizes[] = { 4, 16, 160, 1024, 1028 };
    g_autoptr(VenusTest) t = venus_test_new({});
    struct virtio_gpu_resp_capset_info info = {};
    uint8_t all[CAPSET_SIZE], part[CAPSET_SIZE];
    uint32_t version;
    size_t i;

    gpu_capset_info({ .gpu = t->gpu, .index = 0, .info = &info });
    get_capset(t->gpu, info.capset_max_version, all, sizeof(all));
    for (i = 512; i < 1024; i++) {
        g_assert_cmphex(all[i], ==, 0);
    }
    for (version = 0; version <= info.capset_max_version; version++) {
        get_capset(t->gpu, version, part, sizeof(part));
        g_assert_cmpmem(part, sizeof(part), all, sizeof(all));
    }
    for (i = 0; i < G_N_ELEMENTS(sizes); i++) {
        get_capset(t->gpu, 0, part, sizes[i]);
        g_assert_cmpmem(part, sizes[i], all, sizes[i]);
    }
    gpu_get_capset({
        .gpu = t->gpu, .id = VIRTIO_GPU_CAPSET_VENUS, .version = UINT32_MAX,
        .size = CAPSET_SIZE, .expect = VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER,
    });
}

static void test_life_cycle(const char *device)
{
    const uint32_t invalid = VIRTIO_GPU_RESP_ERR_INVALID_CONTEXT_ID;
    static const uint32_t ids[] = { 1, 2, 0x7fffffff, UINT32_MAX };
    g_autoptr(VenusTest) t = venus_test_new({ .device = device });
    int round, i;

    gpu_ctx_create({
        .gpu = t->gpu, .ctx_id = 0, .context_init = VIRTIO_GPU_CAPSET_VENUS,
        .expect = invalid,
    });
    gpu_ctx_destroy({ .gpu = t->gpu, .ctx_id = 0, .expect = invalid });
    for (round = 0; round < 2; round++) {
        for (i = 0; i < G_N_ELEMENTS(ids); i++) {
            venus_ctx_create(t->gpu, ids[i]);
            gpu_ctx_create({
                .gpu = t->gpu, .ctx_id = ids[i],
                .context_init = VIRTIO_GPU_CAPSET_VENUS, .expect = invalid,
            });
        }
        for (i = 0; i < G_N_ELEMENTS(ids); i++) {
            gpu_submit_3d({ .gpu = t->gpu, .ctx_id = ids[i] });
            gpu_ctx_destroy({ .gpu = t->gpu, .ctx_id = ids[i] });
            gpu_ctx_destroy({
                .gpu = t->gpu, .ctx_id = ids[i], .expect = invalid,
            });
            gpu_submit_3d({
                .gpu = t->gpu, .ctx_id = ids[i], .expect = invalid,
            });
        }
    }
}

/* The longest name has no room for a terminator */
static void test_names(void)
{
    g_autofree char *longest = g_strnfill(64, 'n');
    g_autoptr(VenusTest) t = venus_test_new({});

    gpu_ctx_create({
        .gpu = t->gpu, .ctx_id = 1, .name = longest,
        .context_init = VIRTIO_GPU_CAPSET_VENUS,
    });
    gpu_ctx_create({
        .gpu = t->gpu, .ctx_id = 2, .name = "",
        .context_init = VIRTIO_GPU_CAPSET_VENUS,
    });
    gpu_submit_3d({ .gpu = t->gpu, .ctx_id = 1 });
    gpu_submit_3d({ .gpu = t->gpu, .ctx_id = 2 });
}

/*
 * Guests that probe for virgl make a context of capset 0 and go on when that
 * works; it can do nothing.  Capsets that are not offered are refused.
 */
static void test_other_capsets(void)
{
    static const uint32_t others[] = { 1, 2, 3, 5, 6, 255 };
    const uint32_t nop[2] = {};
    g_autoptr(VenusTest) t = venus_test_new({});
    int i;

    gpu_ctx_create({ .gpu = t->gpu, .ctx_id = 1, .context_init = 0 });
    gpu_ctx_create({
        .gpu = t->gpu, .ctx_id = 1, .context_init = 0,
        .expect = VIRTIO_GPU_RESP_ERR_INVALID_CONTEXT_ID,
    });
    gpu_submit_3d({
        .gpu = t->gpu, .ctx_id = 1, .data = nop, .size = sizeof(nop),
        .expect = VIRTIO_GPU_RESP_ERR_INVALID_CONTEXT_ID,
    });
    gpu_create_blob({
        .gpu = t->gpu, .ctx_id = 1, .resource_id = 1, .size = 4096,
        .blob_mem = VIRTIO_GPU_BLOB_MEM_HOST3D,
        .blob_flags = VIRTIO_GPU_BLOB_FLAG_USE_MAPPABLE,
        .expect = VIRTIO_GPU_RESP_ERR_INVALID_CONTEXT_ID,
    });
    gpu_ctx_destroy({ .gpu = t->gpu, .ctx_id = 1 });
    gpu_ctx_destroy({
        .gpu = t->gpu, .ctx_id = 1,
        .expect = VIRTIO_GPU_RESP_ERR_INVALID_CONTEXT_ID,
    });

    for (i = 0; i < G_N_ELEMENTS(others); i++) {
        gpu_ctx_create({
            .gpu = t->gpu, .ctx_id = 2, .context_init = others[i],
            .expect = VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER,
        });
    }
    venus_check_context(t->gpu, 2);
}

static void test_resources(const char *device)
{
    const uint32_t no_ctx = VIRTIO_GPU_RESP_ERR_INVALID_CONTEXT_ID;
    const uint32_t no_res = VIRTIO_GPU_RESP_ERR_INVALID_RESOURCE_ID;
    g_autoptr(VenusTest) t = venus_test_new({ .device = device });
    uint64_t addr;

    venus_ctx_create(t->gpu, 1);
    venus_ctx_create(t->gpu, 2);
    venus_host_blob(t->gpu, 1, 10, 8192);
    addr = venus_guest_blob(t->gpu, 11, 8192);

    /* Any existing resource may go to any context: that is how guests share */
    gpu_ctx_attach({ .gpu = t->gpu, .ctx_id = 1, .resource_id = 10 });
    gpu_ctx_attach({ .gpu = t->gpu, .ctx_id = 2, .resource_id = 10 });
    gpu_ctx_attach({ .gpu = t->gpu, .ctx_id = 1, .resource_id = 11 });
    gpu_ctx_attach({
        .gpu = t->gpu, .ctx_id = 1, .resource_id = 12, .expect = no_res,
    });
    gpu_ctx_attach({
        .gpu = t->gpu, .ctx_id = 1, .resource_id = 0, .expect = no_res,
    });
    gpu_ctx_attach({
        .gpu = t->gpu, .ctx_id = 3, .resource_id = 10, .expect = no_ctx,
    });
    gpu_ctx_detach({
        .gpu = t->gpu, .ctx_id = 3, .resource_id = 10, .expect = no_ctx,
    });
    gpu_ctx_detach({
        .gpu = t->gpu, .ctx_id = 1, .resource_id = 12, .expect = no_res,
    });
    gpu_ctx_detach({ .gpu = t->gpu, .ctx_id = 2, .resource_id = 10 });
    gpu_ctx_detach({ .gpu = t->gpu, .ctx_id = 1, .resource_id = 11 });

    /* A resource goes before the context that has it, and the other way */
    gpu_unref({ .gpu = t->gpu, .resource_id = 10 });
    gpu_ctx_attach({ .gpu = t->gpu, .ctx_id = 2, .resource_id = 11 });
    gpu_ctx_destroy({ .gpu = t->gpu, .ctx_id = 2 });
    gpu_unref({ .gpu = t->gpu, .resource_id = 11 });
    gpu_submit_3d({ .gpu = t->gpu, .ctx_id = 1 });
    guest_free(&t->alloc, addr);
}

/* A dumb buffer is not the renderer's; its import must not cost the context */
static void test_attach_2d(void)
{
    g_autoptr(VenusTest) t = venus_test_new({});

    venus_ctx_create(t->gpu, 1);
    gpu_create_2d({
        .gpu = t->gpu, .resource_id = 5, .width = 32, .height = 32,
        .format = VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM,
    });
    gpu_ctx_attach({ .gpu = t->gpu, .ctx_id = 1, .resource_id = 5 });
    gpu_submit_3d({
        .gpu = t->gpu, .ctx_id = 1, .fence = { .id = 1, .has_ring = true },
    });
    gpu_unref({ .gpu = t->gpu, .resource_id = 5 });
    gpu_submit_3d({
        .gpu = t->gpu, .ctx_id = 1, .fence = { .id = 2, .has_ring = true },
    });
}

/* Importing one fails as a Vulkan call does: the context goes on. */
static void test_import_2d(void)
{
    g_autoptr(VenusTest) t = venus_test_new({});

    venus_ctx_create(t->gpu, 1);
    venus_ctx_create(t->gpu, 2);
    venus_bind_ring(t->gpu, 1, 1);
    gpu_create_2d({
        .gpu = t->gpu, .resource_id = 5, .width = 32, .height = 32,
        .format = VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM,
    });
    gpu_ctx_attach({ .gpu = t->gpu, .ctx_id = 1, .resource_id = 5 });
    gpu_ctx_attach({ .gpu = t->gpu, .ctx_id = 2, .resource_id = 5 });
    venus_import_memory(t->gpu, 1, 5, 4096);
    venus_host_blob(t->gpu, 1, 6, 4096);
    gpu_submit_3d({
        .gpu = t->gpu, .ctx_id = 1,
        .fence = { .id = 1, .has_ring = true, .ring_idx = 1 },
    });
    gpu_ctx_detach({ .gpu = t->gpu, .ctx_id = 2, .resource_id = 5 });

    /* The id can mean something else afterwards. */
    gpu_unref({ .gpu = t->gpu, .resource_id = 5 });
    venus_host_blob(t->gpu, 1, 5, 8192);
    gpu_ctx_attach({ .gpu = t->gpu, .ctx_id = 2, .resource_id = 5 });
    gpu_unref({ .gpu = t->gpu, .resource_id = 5 });
    venus_test_reboot(t);
    venus_check_context(t->gpu, 1);
}

/* Bytes that are no command stream: that context is lost, nothing else */
static void test_garbage_submit(void)
{
    g_autoptr(VenusTest) t = venus_test_new({});
    uint32_t garbage[64], type;
    GPUPending pending;
    int i;

    memset(garbage, 0xff, sizeof(garbage));
    venus_ctx_create(t->gpu, 1);
    venus_ctx_create(t->gpu, 2);
    for (i = 0; i < 4; i++) {
        gpu_submit_3d({
            .gpu = t->gpu, .ctx_id = 1,
            .data = garbage, .size = sizeof(garbage),
            .fence = { .id = 1 + i, .has_ring = true }, .pending = &pending,
        });
        type = gpu_finish(&pending);
        if (type != VIRTIO_GPU_RESP_ERR_INVALID_CONTEXT_ID) {
            venus_check_cut_off(type);
        }
    }
    venus_wait_until_lost(t->gpu, 1);
    gpu_submit_3d({
        .gpu = t->gpu, .ctx_id = 2, .fence = { .id = 9, .has_ring = true },
    });
    venus_check_2d(t->gpu);
    gpu_ctx_destroy({ .gpu = t->gpu, .ctx_id = 1 });
    venus_check_context(t->gpu, 1);
}

/* Commands of virgl, which guests with our capset do not need */
static void test_no_virgl(void)
{
    const uint32_t unspec = VIRTIO_GPU_RESP_ERR_UNSPEC;
    g_autoptr(VenusTest) t = venus_test_new({});

    venus_ctx_create(t->gpu, 1);
    gpu_create_3d({
        .gpu = t->gpu, .resource_id = 3, .width = 64, .height = 64,
        .format = VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM, .expect = unspec,
    });
    gpu_unref({
        .gpu = t->gpu, .resource_id = 3,
        .expect = VIRTIO_GPU_RESP_ERR_INVALID_RESOURCE_ID,
    });
    venus_host_blob(t->gpu, 1, 3, 65536);
    gpu_transfer_3d({
        .gpu = t->gpu, .ctx_id = 1, .resource_id = 3,
        .box = { 0, 0, 0, 64, 64, 1 }, .expect = unspec,
    });
    gpu_transfer_3d({
        .gpu = t->gpu, .ctx_id = 1, .resource_id = 3, .from_host = true,
        .box = { 0, 0, 0, 64, 64, 1 }, .expect = unspec,
    });
}

/* A driver that took no 3D gets none, and its 2D works */
static void test_features_refused(void)
{
    g_autoptr(VenusTest) t = venus_test_new({
        .refuse_features = 1ull << VIRTIO_GPU_F_VIRGL |
                           1ull << VIRTIO_GPU_F_CONTEXT_INIT |
                           1ull << VIRTIO_GPU_F_RESOURCE_BLOB,
    });
    GPUMemEntry entry = { 0x48000000, 4096 };

    gpu_ctx_create({
        .gpu = t->gpu, .ctx_id = 1, .context_init = VIRTIO_GPU_CAPSET_VENUS,
        .expect = VIRTIO_GPU_RESP_ERR_UNSPEC,
    });
    gpu_create_blob({
        .gpu = t->gpu, .resource_id = 1, .size = 4096,
        .blob_mem = VIRTIO_GPU_BLOB_MEM_GUEST,
        .entries = &entry, .nr_entries = 1,
        .expect = VIRTIO_GPU_RESP_ERR_UNSPEC,
    });
    venus_check_2d(t->gpu);
}

static void test_two_devices(void)
{
    g_autoptr(VenusTest) t = venus_test_new({
        .args = "-device virtio-gpu-pci,id=plain0,addr=05.0",
    });
    QPCIAddress addr = { .devfn = QPCI_DEVFN(5, 0) };
    QVirtioGPUPCI *plain;

    plain = qvirtio_gpu_pci_new(&t->host.pci.bus, &t->alloc, &addr, 0);
    g_assert_cmpuint(plain->gpu.shm_size, ==, 0);
    venus_check_2d(&plain->gpu);
    venus_check_2d(t->gpu);
    venus_check_context(t->gpu, 1);
    venus_check_2d(&plain->gpu);
    qvirtio_gpu_pci_free(plain);
}

int main(int argc, char **argv)
{
    static const VenusTestCase cases[] = {
        { "features", .run_on = test_features },
        { "capset-info", .run_on = test_capset_info },
        { "capset", .run_on = test_capset },
        { "capset-parts", test_capset_parts },
        { "life-cycle", .run_on = test_life_cycle },
        { "names", test_names },
        { "other-capsets", test_other_capsets },
        { "resources", .run_on = test_resources },
        { "attach-2d", test_attach_2d },
        { "import-2d", test_import_2d },
        { "garbage-submit", test_garbage_submit },
        { "no-virgl", test_no_virgl },
        { "features-refused", test_features_refused },
        { "two-devices", test_two_devices },
    };

    return venus_test_main(argc, argv, "context", qvirtio_gpu_venus_usable,
                           cases, G_N_ELEMENTS(cases));
}
