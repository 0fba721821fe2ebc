/*
 * Venus-only mode: requests as no driver should make them
 *
 * Every request is answered, and after each the device still says what its
 * display is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "libqos/virtio-gpu-probe.h"
#include "venus-test-util.h"

#define CTX 1
#define HDR_SIZE sizeof(struct virtio_gpu_ctrl_hdr)
#define MAX_CMD 256
#define OK VIRTIO_GPU_RESP_OK_NODATA
#define NO_CONTEXT VIRTIO_GPU_RESP_ERR_INVALID_CONTEXT_ID
#define NO_RESOURCE VIRTIO_GPU_RESP_ERR_INVALID_RESOURCE_ID
#define NO_SCANOUT VIRTIO_GPU_RESP_ERR_INVALID_SCANOUT_ID
#define INVALID_PARAMETER VIRTIO_GPU_RESP_ERR_INVALID_PARAMETER

static const struct {
    const char *name;
    uint32_t type;
    size_t size;
    uint32_t zeroes;            /* the answer when all fields are 0 */
    uint32_t ones;              /* and when all their bits are set */
} cmds[] = {
    { "GET_DISPLAY_INFO", VIRTIO_GPU_CMD_GET_DISPLAY_INFO,
      HDR_SIZE,
      VIRTIO_GPU_RESP_OK_DISPLAY_INFO, 0 },
    { "GET_EDID", VIRTIO_GPU_CMD_GET_EDID,
      sizeof(struct virtio_gpu_cmd_get_edid),
      VIRTIO_GPU_RESP_OK_EDID, INVALID_PARAMETER },
    { "RESOURCE_CREATE_2D", VIRTIO_GPU_CMD_RESOURCE_CREATE_2D,
      sizeof(struct virtio_gpu_resource_create_2d),
      NO_RESOURCE, INVALID_PARAMETER },
    { "RESOURCE_UNREF", VIRTIO_GPU_CMD_RESOURCE_UNREF,
      sizeof(struct virtio_gpu_resource_unref),
      NO_RESOURCE, NO_RESOURCE },
    { "SET_SCANOUT", VIRTIO_GPU_CMD_SET_SCANOUT,
      sizeof(struct virtio_gpu_set_scanout),
      OK, NO_SCANOUT },
    { "RESOURCE_FLUSH", VIRTIO_GPU_CMD_RESOURCE_FLUSH,
      sizeof(struct virtio_gpu_resource_flush),
      NO_RESOURCE, NO_RESOURCE },
    { "TRANSFER_TO_HOST_2D", VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D,
      sizeof(struct virtio_gpu_transfer_to_host_2d),
      NO_RESOURCE, NO_RESOURCE },
    { "RESOURCE_ATTACH_BACKING", VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING,
      sizeof(struct virtio_gpu_resource_attach_backing),
      NO_RESOURCE, NO_RESOURCE },
    { "RESOURCE_DETACH_BACKING", VIRTIO_GPU_CMD_RESOURCE_DETACH_BACKING,
      sizeof(struct virtio_gpu_resource_detach_backing),
      NO_RESOURCE, NO_RESOURCE },
    { "GET_CAPSET_INFO", VIRTIO_GPU_CMD_GET_CAPSET_INFO,
      sizeof(struct virtio_gpu_get_capset_info),
      VIRTIO_GPU_RESP_OK_CAPSET_INFO, INVALID_PARAMETER },
    { "GET_CAPSET", VIRTIO_GPU_CMD_GET_CAPSET,
      sizeof(struct virtio_gpu_get_capset),
      INVALID_PARAMETER, INVALID_PARAMETER },
    { "RESOURCE_CREATE_BLOB", VIRTIO_GPU_CMD_RESOURCE_CREATE_BLOB,
      sizeof(struct virtio_gpu_resource_create_blob),
      NO_RESOURCE, INVALID_PARAMETER },
    { "SET_SCANOUT_BLOB", VIRTIO_GPU_CMD_SET_SCANOUT_BLOB,
      sizeof(struct virtio_gpu_set_scanout_blob),
      OK, NO_SCANOUT },
    { "CTX_CREATE", VIRTIO_GPU_CMD_CTX_CREATE,
      sizeof(struct virtio_gpu_ctx_create),
      NO_CONTEXT, NO_CONTEXT },
    { "CTX_DESTROY", VIRTIO_GPU_CMD_CTX_DESTROY,
      sizeof(struct virtio_gpu_ctx_destroy),
      OK, 0 },
    { "CTX_ATTACH_RESOURCE", VIRTIO_GPU_CMD_CTX_ATTACH_RESOURCE,
      sizeof(struct virtio_gpu_ctx_resource),
      NO_RESOURCE, NO_RESOURCE },
    { "CTX_DETACH_RESOURCE", VIRTIO_GPU_CMD_CTX_DETACH_RESOURCE,
      sizeof(struct virtio_gpu_ctx_resource),
      NO_RESOURCE, NO_RESOURCE },
    { "SUBMIT_3D", VIRTIO_GPU_CMD_SUBMIT_3D,
      sizeof(struct virtio_gpu_cmd_submit),
      OK, INVALID_PARAMETER },
    { "RESOURCE_MAP_BLOB", VIRTIO_GPU_CMD_RESOURCE_MAP_BLOB,
      sizeof(struct virtio_gpu_resource_map_blob),
      NO_RESOURCE, NO_RESOURCE },
    { "RESOURCE_UNMAP_BLOB", VIRTIO_GPU_CMD_RESOURCE_UNMAP_BLOB,
      sizeof(struct virtio_gpu_resource_unmap_blob),
      NO_RESOURCE, NO_RESOURCE },
};

/* Sends bytes as they are; returns the type of the answer, 0 for none */
static uint32_t exchange(QVirtioGPU *gpu, const void *cmd, size_t len,
                         size_t resp_len)
{
    struct virtio_gpu_ctrl_hdr resp = {};
    size_t used;

    used = qvirtio_gpu_wait(gpu, gpu_send({
        .gpu = gpu, .cmd = cmd, .cmd_len = len, .resp_len = resp_len,
    }), &resp, sizeof(resp));
    return used >= sizeof(resp) ? le32_to_cpu(resp.type) : 0;
}

/* A command of @type whose other bytes are all @fill */
static void make_cmd(uint8_t buf[MAX_CMD], uint32_t type, uint8_t fill)
{
    struct virtio_gpu_ctrl_hdr hdr = {
        .type = cpu_to_le32(type), .ctx_id = cpu_to_le32(CTX),
    };

    memset(buf, fill, MAX_CMD);
    memcpy(buf, &hdr, sizeof(hdr));
}

/* A whole device with something of everything in it */
static VenusTest *start(void)
{
    VenusTest *t = venus_test_new({});

    venus_ctx_create(t->gpu, CTX);
    venus_host_blob(t->gpu, CTX, 1, 4096);
    gpu_map_blob({ .gpu = t->gpu, .resource_id = 1, .offset = 0 });
    gpu_create_2d({
        .gpu = t->gpu, .resource_id = 2, .width = 32, .height = 32,
        .format = VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM,
    });
    return t;
}

static void check_alive(VenusTest *t)
{
    gpu_display_info({ .gpu = t->gpu });
}

/* And that it is still good for everything */
static void check_works(VenusTest *t)
{
    venus_check_2d(t->gpu);
    gpu_submit_3d({
        .gpu = t->gpu, .ctx_id = CTX, .fence = { .id = 1, .has_ring = true },
    });
    venus_check_context(t->gpu, CTX + 1);
    gpu_unmap_blob({ .gpu = t->gpu, .resource_id = 1 });
    gpu_unref({ .gpu = t->gpu, .resource_id = 1 });
    gpu_unref({ .gpu = t->gpu, .resource_id = 2 });
}

static void test_short_header(void)
{
    static const size_t sizes[] = { 0, 1, 3, 4, 8, HDR_SIZE - 1 };
    g_autoptr(VenusTest) t = start();
    uint8_t buf[MAX_CMD];
    int i;

    make_cmd(buf, VIRTIO_GPU_CMD_GET_DISPLAY_INFO, 0);
    for (i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_test_message("%zu bytes", sizes[i]);
        g_assert_cmphex(exchange(t->gpu, buf, sizes[i], HDR_SIZE), ==,
                        INVALID_PARAMETER);
        check_alive(t);
    }
    check_works(t);
}

static void test_short_commands(void)
{
    g_autoptr(VenusTest) t = start();
    uint8_t buf[MAX_CMD];
    int i;

    for (i = 0; i < G_N_ELEMENTS(cmds); i++) {
        g_test_message("%s", cmds[i].name);
        make_cmd(buf, cmds[i].type, 0);
        g_assert_cmphex(exchange(t->gpu, buf, cmds[i].size - 1, HDR_SIZE), ==,
                        INVALID_PARAMETER);
        if (cmds[i].size > HDR_SIZE) {
            g_assert_cmphex(exchange(t->gpu, buf, HDR_SIZE, HDR_SIZE), ==,
                            INVALID_PARAMETER);
        }
        check_alive(t);
    }
    check_works(t);
}

static void test_unknown_types(void)
{
    static const uint32_t types[] = {
        0, 1, 0xff, VIRTIO_GPU_CMD_RESOURCE_ASSIGN_UUID,
        VIRTIO_GPU_CMD_SET_SCANOUT_BLOB + 1, 0x1ff,
        VIRTIO_GPU_CMD_RESOURCE_CREATE_3D,
        VIRTIO_GPU_CMD_TRANSFER_TO_HOST_3D,
        VIRTIO_GPU_CMD_TRANSFER_FROM_HOST_3D,
        VIRTIO_GPU_CMD_RESOURCE_UNMAP_BLOB + 1, 0x2ff,
        VIRTIO_GPU_CMD_UPDATE_CURSOR, VIRTIO_GPU_CMD_MOVE_CURSOR,
        VIRTIO_GPU_RESP_OK_NODATA, 0x80000100, UINT32_MAX,
    };
    static const size_t sizes[] = { HDR_SIZE, MAX_CMD };
    g_autoptr(VenusTest) t = start();
    uint8_t buf[MAX_CMD];
    int i;

    for (i = 0; i < G_N_ELEMENTS(types) * G_N_ELEMENTS(sizes); i++) {
        uint32_t type = types[i / G_N_ELEMENTS(sizes)];

        g_test_message("0x%x", type);
        make_cmd(buf, type, 0);
        g_assert_cmphex(exchange(t->gpu, buf, sizes[i % G_N_ELEMENTS(sizes)],
                                 HDR_SIZE), ==, VIRTIO_GPU_RESP_ERR_UNSPEC);
        check_alive(t);
    }
    check_works(t);
}

/* All fields as large as they get, with and without a fence */
static void test_all_ones(void)
{
    g_autoptr(VenusTest) t = start();
    uint8_t buf[MAX_CMD];
    int i;

    for (i = 0; i < G_N_ELEMENTS(cmds); i++) {
        struct virtio_gpu_ctrl_hdr hdr;
        struct virtio_gpu_ctrl_hdr resp;

        g_test_message("%s", cmds[i].name);
        make_cmd(buf, cmds[i].type, 0xff);
        if (cmds[i].size > HDR_SIZE) {
            g_assert_cmphex(exchange(t->gpu, buf, MAX_CMD, HDR_SIZE), ==,
                            cmds[i].ones);
        }

        memset(&hdr, 0xff, sizeof(hdr));
        hdr.type = cpu_to_le32(cmds[i].type);
        memcpy(buf, &hdr, sizeof(hdr));
        qvirtio_gpu_wait(t->gpu, gpu_send({
            .gpu = t->gpu, .cmd = buf, .cmd_len = MAX_CMD,
            .resp_len = HDR_SIZE,
        }), &resp, sizeof(resp));
        g_assert_cmphex(le32_to_cpu(resp.flags) & VIRTIO_GPU_FLAG_FENCE, ==,
                        VIRTIO_GPU_FLAG_FENCE);
        g_assert_cmphex(resp.fence_id, ==, UINT64_MAX);
        /* A ring of a context that is not there */
        g_assert_cmphex(le32_to_cpu(resp.type), ==, NO_CONTEXT);
        check_alive(t);
    }
    check_works(t);
}

/* How long the answer to a command of zeroes is */
static size_t answer_size(uint32_t type)
{
    switch (type) {
    case VIRTIO_GPU_CMD_GET_DISPLAY_INFO:
        return sizeof(struct virtio_gpu_resp_display_info);
    case VIRTIO_GPU_CMD_GET_EDID:
        return sizeof(struct virtio_gpu_resp_edid);
    case VIRTIO_GPU_CMD_GET_CAPSET_INFO:
        return sizeof(struct virtio_gpu_resp_capset_info);
    default:
        return HDR_SIZE;
    }
}

/* No room for the answer, or too little: its beginning comes */
static void test_small_answers(void)
{
    static const size_t sizes[] = { 0, 1, 8, HDR_SIZE - 1, HDR_SIZE + 1 };
    g_autoptr(VenusTest) t = start();
    uint8_t buf[MAX_CMD];
    int i, j;

    for (i = 0; i < G_N_ELEMENTS(cmds); i++) {
        struct virtio_gpu_ctrl_hdr want = {
            .type = cpu_to_le32(cmds[i].zeroes),
        };

        make_cmd(buf, cmds[i].type, 0);
        if (cmds[i].type == VIRTIO_GPU_CMD_CTX_DESTROY) {
            continue;                           /* would succeed */
        }
        for (j = 0; j < G_N_ELEMENTS(sizes); j++) {
            struct virtio_gpu_ctrl_hdr got;
            size_t used;

            g_test_message("%s, %zu bytes", cmds[i].name, sizes[j]);
            used = qvirtio_gpu_wait(t->gpu, gpu_send({
                .gpu = t->gpu, .cmd = buf, .cmd_len = MAX_CMD,
                .resp_len = sizes[j],
            }), &got, sizeof(got));
            g_assert_cmpuint(used, ==, MIN(sizes[j],
                                           answer_size(cmds[i].type)));
            used = MIN(used, HDR_SIZE);
            g_assert_cmpmem(&got, used, &want, used);
        }
        check_alive(t);
    }
    check_works(t);
}

static void test_entries(void)
{
    static const struct {
        const char *name;
        uint32_t nr_entries;
        uint32_t given;
    } bad[] = {
        { "one entry, none given", 1, 0 },
        { "two entries, one given", 2, 1 },
        { "too many, one given", 16385, 1 },
        { "all ones, one given", UINT32_MAX, 1 },
        { "size wraps 32 bits", 0x10000001, 1 },
    };
    g_autoptr(VenusTest) t = start();
    struct virtio_gpu_mem_entry entry = {
        .addr = cpu_to_le64(0x48000000), .length = cpu_to_le32(4096),
    };
    int i;

    for (i = 0; i < G_N_ELEMENTS(bad); i++) {
        const struct virtio_gpu_resource_attach_backing attach = {
            .hdr.type = cpu_to_le32(VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING),
            .resource_id = cpu_to_le32(2),
            .nr_entries = cpu_to_le32(bad[i].nr_entries),
        };
        const struct virtio_gpu_resource_create_blob blob = {
            .hdr.type = cpu_to_le32(VIRTIO_GPU_CMD_RESOURCE_CREATE_BLOB),
            .resource_id = cpu_to_le32(3),
            .blob_mem = cpu_to_le32(VIRTIO_GPU_BLOB_MEM_GUEST),
            .nr_entries = cpu_to_le32(bad[i].nr_entries),
            .size = cpu_to_le64(4096),
        };
        struct virtio_gpu_ctrl_hdr resp;

        g_test_message("%s", bad[i].name);
        qvirtio_gpu_wait(t->gpu, gpu_send({
            .gpu = t->gpu, .cmd = &attach, .cmd_len = sizeof(attach),
            .data = &entry, .data_len = bad[i].given * sizeof(entry),
            .resp_len = HDR_SIZE,
        }), &resp, sizeof(resp));
        g_assert_cmphex(le32_to_cpu(resp.type), ==,
                        VIRTIO_GPU_RESP_ERR_UNSPEC);
        qvirtio_gpu_wait(t->gpu, gpu_send({
            .gpu = t->gpu, .cmd = &blob, .cmd_len = sizeof(blob),
            .data = &entry, .data_len = bad[i].given * sizeof(entry),
            .resp_len = HDR_SIZE,
        }), &resp, sizeof(resp));
        g_assert_cmphex(le32_to_cpu(resp.type), ==, INVALID_PARAMETER);
        gpu_unref({
            .gpu = t->gpu, .resource_id = 3,
            .expect = VIRTIO_GPU_RESP_ERR_INVALID_RESOURCE_ID,
        });
        check_alive(t);
    }
    check_works(t);
}

/* Lengths inside a command that its bytes do not have */
static void test_inner_lengths(void)
{
    static const struct {
        const char *name;
        uint32_t size;
        size_t given;
    } bad[] = {
        { "nothing given", 16, 0 },
        { "one byte missing", 16, 15 },
        { "all ones", UINT32_MAX, 16 },
        { "half of all addresses", 0x80000000, 16 },
        { "not whole words", 6, 16 },
    };
    const uint8_t data[16] = {};
    g_autoptr(VenusTest) t = start();
    struct virtio_gpu_ctx_create create = {
        .hdr.type = cpu_to_le32(VIRTIO_GPU_CMD_CTX_CREATE),
        .hdr.ctx_id = cpu_to_le32(7),
        .context_init = cpu_to_le32(VIRTIO_GPU_CAPSET_VENUS),
    };
    static const uint32_t name_lengths[] = { 65, 4096, UINT32_MAX };
    int i;

    for (i = 0; i < G_N_ELEMENTS(bad); i++) {
        struct virtio_gpu_cmd_submit submit = {
            .hdr.type = cpu_to_le32(VIRTIO_GPU_CMD_SUBMIT_3D),
            .hdr.ctx_id = cpu_to_le32(CTX),
            .size = cpu_to_le32(bad[i].size),
        };
        struct virtio_gpu_ctrl_hdr resp;

        g_test_message("submit: %s", bad[i].name);
        qvirtio_gpu_wait(t->gpu, gpu_send({
            .gpu = t->gpu, .cmd = &submit, .cmd_len = sizeof(submit),
            .data = data, .data_len = bad[i].given, .resp_len = HDR_SIZE,
        }), &resp, sizeof(resp));
        g_assert_cmphex(le32_to_cpu(resp.type), ==, INVALID_PARAMETER);
        check_alive(t);
    }
    for (i = 0; i < G_N_ELEMENTS(name_lengths); i++) {
        g_test_message("name of %u bytes", name_lengths[i]);
        create.nlen = cpu_to_le32(name_lengths[i]);
        g_assert_cmphex(exchange(t->gpu, &create, sizeof(create), HDR_SIZE),
                        ==, INVALID_PARAMETER);
    }
    check_works(t);
}

/* One descriptor a byte */
static void test_fragments(void)
{
    g_autoptr(VenusTest) t = start();
    const struct virtio_gpu_resource_create_blob cmd = {
        .hdr.type = cpu_to_le32(VIRTIO_GPU_CMD_RESOURCE_CREATE_BLOB),
        .hdr.ctx_id = cpu_to_le32(CTX),
        .resource_id = cpu_to_le32(5),
        .blob_mem = cpu_to_le32(VIRTIO_GPU_BLOB_MEM_HOST3D),
        .blob_flags = cpu_to_le32(VIRTIO_GPU_BLOB_FLAG_USE_MAPPABLE),
        .size = cpu_to_le64(4096),
    };
    struct virtio_gpu_ctrl_hdr resp;

    qvirtio_gpu_wait(t->gpu, gpu_send({
        .gpu = t->gpu, .cmd = &cmd, .cmd_len = sizeof(cmd), .split = 1,
        .resp_len = HDR_SIZE, .resp_split = 1,
    }), &resp, sizeof(resp));
    g_assert_cmphex(le32_to_cpu(resp.type), ==, VIRTIO_GPU_RESP_OK_NODATA);
    gpu_unref({ .gpu = t->gpu, .resource_id = 5 });
    check_works(t);
}

int main(int argc, char **argv)
{
    static const VenusTestCase cases[] = {
        { "short-header", test_short_header },
        { "short-commands", test_short_commands },
        { "unknown-types", test_unknown_types },
        { "all-ones", test_all_ones },
        { "small-answers", test_small_answers },
        { "entries", test_entries },
        { "inner-lengths", test_inner_lengths },
        { "fragments", test_fragments },
    };

    return venus_test_main(argc, argv, "malformed", qvirtio_gpu_venus_usable,
                           cases, G_N_ELEMENTS(cases));
}
