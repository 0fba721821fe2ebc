/*
 * Unit tests: the Venus backend's handshake, with a scripted render server
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/bswap.h"
#include "standard-headers/linux/virtio_gpu.h"
#include "../../hw/display/venus/handshake.h"

/* Command types of the protocol */
#define CREATE_INSTANCE 0
#define DESTROY_INSTANCE 1
#define ENUMERATE_PHYSICAL_DEVICES 2
#define EXTERNAL_BUFFER_PROPERTIES 161
#define SET_REPLY 178

/* Words of commands that ask for what is shared */
#define ENUMERATE_WORDS 11
#define PROPERTIES_WORDS 17
#define SET_REPLY_WORDS 9

/* Which operation fails; the nth blob_create and submit */
typedef enum FailAt {
    FAIL_NOTHING,
    FAIL_CONTEXT,
    FAIL_BLOB,
    FAIL_EXPORT,
    FAIL_SUBMIT_1,
    FAIL_SYNC_1,
    FAIL_SUBMIT_2,
    FAIL_SYNC_2,
    FAIL_SUBMIT_3,
    FAIL_SYNC_3,
    FAIL_SUBMIT_4,
} FailAt;

typedef struct Script {
    const char *name;
    FailAt fail;
    bool is_silent;             /* no answers */
    bool is_short;              /* shared memory smaller than asked for */
    int32_t create_result;
    uint32_t wrong_command;     /* added to the command in answers */
    uint64_t wrong_instance;    /* added to the instance in the answer */
    int32_t enumerate_result;
    uint32_t devices;
    bool no_export_answer;
    uint32_t dma_buf_features, dma_buf_compatible, opaque_features;
    VenusExporter exporter;     /* what has to come of it */
    const char *error;          /* has to be in the message; NULL: success */
    bool hint;                  /* and the way to get a driver in the hint */
} Script;

/* A render server that does what the script says. */
typedef struct Server {
    VenusRenderer base;
    const Script *script;       /* borrowed */
    int memory;                 /* owned; what the reply blob shows */
    int exported;               /* last descriptor given away, or -1 */
    unsigned contexts, blobs, attached, made, submits, destroyed;
    GByteArray *first;          /* owned; the first submit */
} Server;

static int server_context_create(VenusRenderer *r, uint32_t ctx_id,
                                 uint32_t capset, const char *name)
{
    Server *s = container_of(r, Server, base);

    g_assert_cmpuint(ctx_id, >, 0);
    g_assert_cmpuint(capset, ==, VIRTIO_GPU_CAPSET_VENUS);
    if (s->script->fail == FAIL_CONTEXT) {
        return -EINVAL;
    }
    s->contexts++;
    return 0;
}

static void server_context_destroy(VenusRenderer *r, uint32_t ctx_id)
{
    Server *s = container_of(r, Server, base);

    g_assert_cmpuint(s->contexts, ==, 1);
    g_assert_cmpuint(s->blobs, ==, 0);
    s->contexts--;
}

static int server_blob_create(VenusRenderer *r, const VenusBlobArgs *args)
{
    Server *s = container_of(r, Server, base);
    static const FailAt fail[] = {
        FAIL_BLOB, FAIL_SYNC_1, FAIL_SYNC_2, FAIL_SYNC_3,
    };
    unsigned n = s->made++;

    g_assert_cmpuint(s->contexts, ==, 1);
    g_assert_cmpuint(args->resource_id, >, 0);
    g_assert_cmpuint(args->blob_mem, ==, VIRTIO_GPU_BLOB_MEM_HOST3D);
    g_assert_cmpuint(args->blob_flags, ==, VIRTIO_GPU_BLOB_FLAG_USE_MAPPABLE);
    g_assert_cmpuint(args->blob_id, ==, 0);
    if (n < ARRAY_SIZE(fail) && s->script->fail == fail[n]) {
        return -EINVAL;
    }
    s->blobs++;
    return 0;
}

static void server_resource_unref(VenusRenderer *r, uint32_t resource_id)
{
    Server *s = container_of(r, Server, base);

    g_assert_cmpuint(s->blobs, >, 0);
    s->blobs--;
}

static int server_blob_export(VenusRenderer *r, uint32_t resource_id,
                              VenusFdType *type, int *fd)
{
    Server *s = container_of(r, Server, base);

    if (s->script->fail == FAIL_EXPORT) {
        return -EINVAL;
    }
    *type = VENUS_FD_SHM;
    *fd = s->exported = dup(s->memory);
    return 0;
}

static void server_attach(VenusRenderer *r, uint32_t ctx_id,
                          uint32_t resource_id)
{
    Server *s = container_of(r, Server, base);

    s->attached++;
}

static void server_detach(VenusRenderer *r, uint32_t ctx_id,
                          uint32_t resource_id)
{
    Server *s = container_of(r, Server, base);

    g_assert_cmpuint(s->attached, ==, 1);
    s->attached--;
}

/* The three commands, each with a place for its answer. */
static void server_answer_export(Server *s, const uint32_t *dword)
{
    const Script *script = s->script;

    /* The first device becomes number 2, ... */
    g_assert_cmpuint(ldl_le_p(&dword[SET_REPLY_WORDS]), ==,
                     ENUMERATE_PHYSICAL_DEVICES);
    g_assert_cmpuint(ldq_le_p(&dword[SET_REPLY_WORDS + 9]), ==, 2);
    dword += SET_REPLY_WORDS + ENUMERATE_WORDS;
    for (int i = 0; i < 2; i++) {
        uint64_t offset = ldq_le_p(&dword[5]);
        const uint32_t *ask = dword + SET_REPLY_WORDS;
        bool dma_buf = ldl_le_p(&ask[11]) == 0x200;
        uint8_t answer[36] = { 0 };

        g_assert_cmpuint(ldl_le_p(&dword[0]), ==, SET_REPLY);
        g_assert_cmpuint(ldl_le_p(&ask[0]), ==, EXTERNAL_BUFFER_PROPERTIES);
        g_assert_cmpuint(ldq_le_p(&ask[2]), ==, 2);
        g_assert_cmpuint(ldl_le_p(&ask[6]), ==, 1000071002);
        g_assert_cmpuint(ldl_le_p(&ask[14]), ==, 1000071003);
        g_assert_true(dma_buf || ldl_le_p(&ask[11]) == 0x1);
        stl_le_p(answer, EXTERNAL_BUFFER_PROPERTIES);
        stq_le_p(answer + 4, 1);
        stl_le_p(answer + 12, 1000071003);
        stl_le_p(answer + 24, dma_buf ? script->dma_buf_features :
                                        script->opaque_features);
        stl_le_p(answer + 32, dma_buf ? script->dma_buf_compatible : 1);
        if (!script->no_export_answer) {
            g_assert_cmpint(pwrite(s->memory, answer, sizeof(answer), offset),
                            ==, sizeof(answer));
        }
        dword = ask + PROPERTIES_WORDS;
    }
}

static void server_answer(Server *s, const uint32_t *dword)
{
    const Script *script = s->script;
    uint64_t offset = ldq_le_p(&dword[5]);
    uint32_t command = ldl_le_p(&dword[9]);
    uint8_t answer[24];

    /* vkSetReplyCommandStreamMESA comes first, and fits in the blob. */
    g_assert_cmpuint(ldl_le_p(&dword[0]), ==, 178);
    g_assert_cmpuint(offset + ldq_le_p(&dword[7]), <=, 4096);
    if (script->is_silent) {
        return;
    }
    stl_le_p(answer, command + script->wrong_command);
    stq_le_p(answer + 8, 1);
    if (command == CREATE_INSTANCE) {
        stl_le_p(answer + 4, script->create_result);
        stq_le_p(answer + 16, 1 + script->wrong_instance);
    } else {
        g_assert_cmpuint(command, ==, ENUMERATE_PHYSICAL_DEVICES);
        stl_le_p(answer + 4, script->enumerate_result);
        /* The second half is the length of an array that is not there. */
        stq_le_p(answer + 16, script->devices);
    }
    g_assert_cmpint(pwrite(s->memory, answer, sizeof(answer), offset), ==,
                    sizeof(answer));
}

static int server_submit(VenusRenderer *r, uint32_t ctx_id, void *buf,
                         uint32_t dwords)
{
    Server *s = container_of(r, Server, base);
    static const FailAt fail[] = {
        FAIL_SUBMIT_1, FAIL_SUBMIT_2, FAIL_SUBMIT_3, FAIL_SUBMIT_4,
    };
    const uint32_t *dword = buf;

    g_assert_cmpuint(s->attached, ==, 1);
    g_assert_cmpuint((uintptr_t)buf % 8, ==, 0);
    g_assert_cmpuint(s->submits, <, ARRAY_SIZE(fail));
    if (!s->submits) {
        g_byte_array_append(s->first, buf, dwords * 4);
    }
    if (s->script->fail == fail[s->submits++]) {
        return -EPIPE;
    }
    if (ldl_le_p(&dword[0]) == DESTROY_INSTANCE) {
        s->destroyed++;
    } else if (s->submits == 3) {
        server_answer_export(s, dword);
    } else {
        server_answer(s, dword);
    }
    return 0;
}

static const VenusRendererOps server_ops = {
    .name = "scripted",
    .context_create = server_context_create,
    .context_destroy = server_context_destroy,
    .attach = server_attach,
    .detach = server_detach,
    .submit = server_submit,
    .blob_create = server_blob_create,
    .resource_unref = server_resource_unref,
    .blob_export = server_blob_export,
};

static void server_init(Server *s, const Script *script)
{
    g_autofree char *path = NULL;

    *s = (Server) {
        .base.ops = &server_ops,
        .script = script,
        .memory = g_file_open_tmp(NULL, &path, NULL),
        .exported = -1,
        .first = g_byte_array_new(),
    };
    g_assert_cmpint(s->memory, >=, 0);
    unlink(path);
    g_assert_cmpint(ftruncate(s->memory, 4096), ==, 0);
}

/* Whatever happened, nothing may be left. */
static void server_cleanup(Server *s)
{
    g_assert_cmpuint(s->contexts, ==, 0);
    g_assert_cmpuint(s->blobs, ==, 0);
    g_assert_cmpuint(s->attached, ==, 0);
    if (s->exported >= 0) {
        g_assert_cmpint(fcntl(s->exported, F_GETFD), ==, -1);
    }
    close(s->memory);
    g_byte_array_unref(s->first);
}

static const Script scripts[] = {
    { "ok", .devices = 1 },
    { "two devices", .devices = 2 },
    { "a driver with dma-bufs", .devices = 1, .dma_buf_features = 7,
      .dma_buf_compatible = 0x200, .exporter = VENUS_EXPORTER_DRIVER },
    { "a driver with descriptors of its own", .devices = 1,
      .opaque_features = 6, .exporter = VENUS_EXPORTER_DRIVER },
    { "a driver that only imports", .devices = 1, .dma_buf_features = 4,
      .opaque_features = 4, .exporter = VENUS_EXPORTER_NONE },
    { "the layer", .devices = 1, .dma_buf_features = 6,
      .dma_buf_compatible = 0x281, .opaque_features = 6,
      .exporter = VENUS_EXPORTER_LAYER },
    { "no answer about exports", .devices = 1, .no_export_answer = true,
      .error = "vkGetPhysicalDeviceExternalBufferProperties" },
    { "no driver", .create_result = -9,
      .error = "VK_ERROR_INCOMPATIBLE_DRIVER", .hint = true },
    { "no memory", .create_result = -1,
      .error = "VK_ERROR_OUT_OF_HOST_MEMORY" },
    { "unknown error", .create_result = INT32_MIN, .error = "-2147483648" },
    { "unexpected success code", .create_result = 5, .error = "5" },
    { "no answer", .is_silent = true, .devices = 1, .error = "no answer" },
    { "answer to another command", .wrong_command = 7, .devices = 1,
      .error = "no answer" },
    { "another instance", .wrong_instance = 1, .devices = 1,
      .error = "no answer" },
    { "memory too small", .is_short = true, .devices = 1,
      .error = "could not be read" },
    { "no device", .devices = 0, .error = "0 devices", .hint = true },
    { "devices fail", .enumerate_result = -3,
      .error = "VK_ERROR_INITIALIZATION_FAILED", .hint = true },
    { "context fails", FAIL_CONTEXT, .error = "context" },
    { "blob fails", FAIL_BLOB, .error = "shared memory" },
    { "export fails", FAIL_EXPORT, .error = "shared no memory" },
    { "first submit fails", FAIL_SUBMIT_1, .error = "vkCreateInstance: " },
    { "context ends in vkCreateInstance", FAIL_SYNC_1,
      .error = "vkCreateInstance: " },
    { "second submit fails", FAIL_SUBMIT_2,
      .error = "vkEnumeratePhysicalDevices: " },
    { "context ends in vkEnumeratePhysicalDevices", FAIL_SYNC_2,
      .error = "vkEnumeratePhysicalDevices: " },
    { "third submit fails", FAIL_SUBMIT_3, .devices = 1,
      .error = "took no commands" },
    { "context ends in the question about exports", FAIL_SYNC_3, .devices = 1,
      .error = "ended the context" },
    { "last submit fails", FAIL_SUBMIT_4, .devices = 1,
      .error = "took no commands" },
};

static void test_script(gconstpointer data)
{
    const Script *script = data;
    VenusExporter exporter = VENUS_EXPORTER_NONE;
    Error *err = NULL;
    Server s;
    bool ok;

    server_init(&s, script);
    if (script->is_short) {
        close(s.memory);
        s.memory = open("/dev/null", O_RDWR);
        /* Answers go nowhere, and cannot be read. */
    }
    ok = venus_handshake(&s.base, &exporter, &err);
    if (script->error) {
        g_assert_false(ok);
        g_assert_nonnull(err);
        g_test_message("%s", error_get_pretty(err));
        g_assert_nonnull(strstr(error_get_pretty(err), script->error));
        error_free(err);
    } else {
        g_assert_true(ok);
        g_assert_null(err);
        g_assert_cmpuint(s.destroyed, ==, 1);
        g_assert_cmpint(exporter, ==, script->exporter);
    }
    server_cleanup(&s);
}

/* The first commands, number by number, as the protocol has them. */
static void test_wire(void)
{
    static const uint32_t expect[] = {
        178, 0,                 /* vkSetReplyCommandStreamMESA, no reply */
        1, 0,                   /* pStream: */
        1, 0, 0, 4096, 0,       /* resourceId, offset, size */
        CREATE_INSTANCE, 1,     /* reply wanted */
        1, 0,                   /* pCreateInfo: */
        1, 0, 0, 0,             /* sType, pNext, flags */
        0, 0,                   /* pApplicationInfo */
        0, 0, 0,                /* layers: count, array */
        0, 0, 0,                /* extensions: count, array */
        0, 0,                   /* pAllocator */
        1, 0, 1, 0,             /* pInstance: id */
    };
    VenusExporter exporter;
    Server s;

    server_init(&s, &scripts[0]);
    g_assert_true(venus_handshake(&s.base, &exporter, &error_abort));
    g_assert_cmpuint(s.first->len, ==, sizeof(expect));
    for (size_t i = 0; i < ARRAY_SIZE(expect); i++) {
        g_assert_cmpuint(ldl_le_p(s.first->data + 4 * i), ==, expect[i]);
    }
    server_cleanup(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/venus/handshake/wire", test_wire);
    for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
        g_autofree char *path = g_strdup_printf("/venus/handshake/%s",
                                                scripts[i].name);

        g_test_add_data_func(path, &scripts[i], test_script);
    }
    return g_test_run();
}
