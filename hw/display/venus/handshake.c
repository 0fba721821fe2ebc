/*
 * virtio-gpu Venus backend: does the render server have a Vulkan driver?
 *
 * A client of the Venus protocol that knows five commands.  Numbers are those
 * of the protocol, which never change; nothing here needs Vulkan headers.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <sys/mman.h>
#include "qapi/error.h"
#include "qemu/bswap.h"
#include "standard-headers/linux/virtio_gpu.h"
#include "handshake.h"
#include "trace.h"

/* No guest is there yet, so any id will do. */
#define HANDSHAKE_CTX_ID 1
#define HANDSHAKE_RES_ID 1
#define HANDSHAKE_SYNC_ID 2
#define HANDSHAKE_INSTANCE 1
#define HANDSHAKE_DEVICE 2

/* Where the answers go in the reply blob, bytes. */
#define HANDSHAKE_REPLY_SIZE 4096
#define HANDSHAKE_REPLY_INSTANCE 0
#define HANDSHAKE_REPLY_DEVICES 1024
#define HANDSHAKE_REPLY_FIRST_DEVICE 1536
#define HANDSHAKE_REPLY_DMA_BUF 2048
#define HANDSHAKE_REPLY_OPAQUE 3072

/* Protocol: command types, and the flag that asks for an answer */
#define VENUS_CMD_CREATE_INSTANCE 0
#define VENUS_CMD_DESTROY_INSTANCE 1
#define VENUS_CMD_ENUMERATE_PHYSICAL_DEVICES 2
#define VENUS_CMD_EXTERNAL_BUFFER_PROPERTIES 161
#define VENUS_CMD_SET_REPLY_COMMAND_STREAM 178
#define VENUS_CMD_GENERATE_REPLY 1

/* VkStructureType, VkResult */
#define VENUS_STYPE_INSTANCE_CREATE_INFO 1
#define VENUS_STYPE_EXTERNAL_BUFFER_INFO 1000071002
#define VENUS_STYPE_EXTERNAL_BUFFER_PROPERTIES 1000071003
#define VENUS_RESULT_SUCCESS 0
#define VENUS_RESULT_INCOMPATIBLE_DRIVER (-9)

/*
 * VkBufferUsageFlagBits, VkExternalMemoryHandleTypeFlagBits,
 * VkExternalMemoryFeatureFlagBits
 */
#define VENUS_BUFFER_USAGE_STORAGE 0x20
#define VENUS_HANDLE_TYPE_OPAQUE_FD 0x1
#define VENUS_HANDLE_TYPE_HOST_ALLOCATION 0x80
#define VENUS_HANDLE_TYPE_DMA_BUF 0x200
#define VENUS_MEMORY_FEATURE_EXPORTABLE 0x2

/* Commands on their way: 32-bit words, a 64-bit number is two. */
typedef struct HandshakeStream {
    QEMU_ALIGNED(8) uint32_t dword[128];
    uint32_t n;
} HandshakeStream;

/* Answers: fields the server wrote, in host byte order. */
typedef struct HandshakeReply {
    uint32_t command;
    int32_t result;
    uint64_t has_value;
    uint64_t value;
} HandshakeReply;

typedef struct Handshake {
    VenusRenderer *r;           /* borrowed */
    bool has_context;
    bool has_blob;
    bool is_attached;
    int fd;                     /* owned; memory of the reply blob, or -1 */
} Handshake;

static void handshake_put32(HandshakeStream *s, uint32_t value)
{
    assert(s->n < ARRAY_SIZE(s->dword));
    s->dword[s->n++] = cpu_to_le32(value);
}

static void handshake_put64(HandshakeStream *s, uint64_t value)
{
    handshake_put32(s, value);
    handshake_put32(s, value >> 32);
}

static void handshake_put_command(HandshakeStream *s, uint32_t type,
                                  uint32_t flags)
{
    handshake_put32(s, type);
    handshake_put32(s, flags);
}

static void handshake_put_reply_to(HandshakeStream *s, uint64_t offset)
{
    handshake_put_command(s, VENUS_CMD_SET_REPLY_COMMAND_STREAM, 0);
    handshake_put64(s, 1);                              /* pStream is there */
    handshake_put32(s, HANDSHAKE_RES_ID);               /* resourceId */
    handshake_put64(s, offset);
    handshake_put64(s, HANDSHAKE_REPLY_SIZE - offset);  /* size */
}

static void handshake_put_create_instance(HandshakeStream *s)
{
    handshake_put_command(s, VENUS_CMD_CREATE_INSTANCE,
                          VENUS_CMD_GENERATE_REPLY);
    handshake_put64(s, 1);                              /* pCreateInfo: */
    handshake_put32(s, VENUS_STYPE_INSTANCE_CREATE_INFO);
    handshake_put64(s, 0);                              /* pNext */
    handshake_put32(s, 0);                              /* flags */
    handshake_put64(s, 0);                              /* pApplicationInfo */
    handshake_put32(s, 0);                              /* no layers, */
    handshake_put64(s, 0);
    handshake_put32(s, 0);                              /* no extensions */
    handshake_put64(s, 0);
    handshake_put64(s, 0);                              /* pAllocator */
    handshake_put64(s, 1);                              /* pInstance: */
    handshake_put64(s, HANDSHAKE_INSTANCE);
}

static void handshake_put_enumerate(HandshakeStream *s)
{
    handshake_put_command(s, VENUS_CMD_ENUMERATE_PHYSICAL_DEVICES,
                          VENUS_CMD_GENERATE_REPLY);
    handshake_put64(s, HANDSHAKE_INSTANCE);
    handshake_put64(s, 1);                              /* count, in and out: */
    handshake_put32(s, 0);
    handshake_put64(s, 0);                              /* no array */
}

static void handshake_put_first_device(HandshakeStream *s)
{
    handshake_put_command(s, VENUS_CMD_ENUMERATE_PHYSICAL_DEVICES,
                          VENUS_CMD_GENERATE_REPLY);
    handshake_put64(s, HANDSHAKE_INSTANCE);
    handshake_put64(s, 1);                              /* count, in and out: */
    handshake_put32(s, 1);
    handshake_put64(s, 1);                              /* array of 1: */
    handshake_put64(s, HANDSHAKE_DEVICE);
}

static void handshake_put_export(HandshakeStream *s, uint32_t handle_type)
{
    handshake_put_command(s, VENUS_CMD_EXTERNAL_BUFFER_PROPERTIES,
                          VENUS_CMD_GENERATE_REPLY);
    handshake_put64(s, HANDSHAKE_DEVICE);
    handshake_put64(s, 1);                              /* pInfo: */
    handshake_put32(s, VENUS_STYPE_EXTERNAL_BUFFER_INFO);
    handshake_put64(s, 0);                              /* pNext */
    handshake_put32(s, 0);                              /* flags */
    handshake_put32(s, VENUS_BUFFER_USAGE_STORAGE);
    handshake_put32(s, handle_type);
    handshake_put64(s, 1);                              /* pProperties: */
    handshake_put32(s, VENUS_STYPE_EXTERNAL_BUFFER_PROPERTIES);
    handshake_put64(s, 0);                              /* pNext */
}

static void handshake_put_destroy_instance(HandshakeStream *s)
{
    handshake_put_command(s, VENUS_CMD_DESTROY_INSTANCE, 0);
    handshake_put64(s, HANDSHAKE_INSTANCE);
    handshake_put64(s, 0);                              /* pAllocator */
}

static int handshake_blob_create(Handshake *h, uint32_t id)
{
    VenusBlobArgs args = {
        .resource_id = id,
        .ctx_id = HANDSHAKE_CTX_ID,
        .blob_mem = VIRTIO_GPU_BLOB_MEM_HOST3D,
        .blob_flags = VIRTIO_GPU_BLOB_FLAG_USE_MAPPABLE,
        .size = HANDSHAKE_REPLY_SIZE,
    };

    return h->r->ops->blob_create(h->r, &args);
}

static bool handshake_submit(Handshake *h, HandshakeStream *s, Error **errp)
{
    int ret = h->r->ops->submit(h->r, HANDSHAKE_CTX_ID, s->dword, s->n);

    if (ret < 0) {
        error_setg_errno(errp, -ret, "the render server took no commands");
        return false;
    }
    /*
     * Commands may be still on their way.  A blob has to be made after them,
     * as one may use what they made, and comes with an answer.
     */
    ret = handshake_blob_create(h, HANDSHAKE_SYNC_ID);
    if (ret < 0) {
        error_setg_errno(errp, -ret, "the render server ended the context");
        return false;
    }
    h->r->ops->resource_unref(h->r, HANDSHAKE_SYNC_ID);
    return true;
}

/*
 * Copy memory of the server.  Where it can be read like a file, a server that
 * shrinks it meanwhile costs an error and not a SIGBUS.
 */
static bool handshake_copy(int fd, off_t offset, void *buf, size_t len)
{
    ssize_t got = RETRY_ON_EINTR(pread(fd, buf, len, offset));
    struct stat st;
    char *map;

    if (got >= 0) {
        return got == len;
    }
    if (fstat(fd, &st) < 0 || st.st_size < HANDSHAKE_REPLY_SIZE) {
        return false;
    }
    map = mmap(NULL, HANDSHAKE_REPLY_SIZE, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        return false;
    }
    memcpy(buf, map + offset, len);
    munmap(map, HANDSHAKE_REPLY_SIZE);
    return true;
}

static bool handshake_read(Handshake *h, off_t offset, uint32_t command,
                           HandshakeReply *reply, Error **errp)
{
    uint8_t buf[24];

    if (!handshake_copy(h->fd, offset, buf, sizeof(buf))) {
        error_setg(errp, "the render server's answer could not be read");
        return false;
    }
    reply->command = ldl_le_p(buf);
    reply->result = ldl_le_p(buf + 4);
    reply->has_value = ldq_le_p(buf + 8);
    reply->value = ldq_le_p(buf + 16);
    if (reply->command != command) {
        error_setg(errp, "the render server gave no answer");
        return false;
    }
    return true;
}

static const char *handshake_result_name(int32_t result)
{
    static const char *const names[] = {
        [1] = "VK_ERROR_OUT_OF_HOST_MEMORY",
        [2] = "VK_ERROR_OUT_OF_DEVICE_MEMORY",
        [3] = "VK_ERROR_INITIALIZATION_FAILED",
        [4] = "VK_ERROR_DEVICE_LOST",
        [6] = "VK_ERROR_LAYER_NOT_PRESENT",
        [7] = "VK_ERROR_EXTENSION_NOT_PRESENT",
        [9] = "VK_ERROR_INCOMPATIBLE_DRIVER",
    };

    if (result < 0 && result > -(int32_t)ARRAY_SIZE(names) &&
        names[-result]) {
        return names[-result];
    }
    return "an unexpected VkResult";
}

static void handshake_no_driver(Error **errp)
{
    error_append_hint(errp, "Install a Vulkan driver (Debian: "
                      "mesa-vulkan-drivers) or set VK_DRIVER_FILES to its "
                      "manifest.\n");
}

static bool handshake_create_instance(Handshake *h, Error **errp)
{
    ERRP_GUARD();
    HandshakeStream s = { .n = 0 };
    HandshakeReply reply;

    handshake_put_reply_to(&s, HANDSHAKE_REPLY_INSTANCE);
    handshake_put_create_instance(&s);
    if (!handshake_submit(h, &s, errp) ||
        !handshake_read(h, HANDSHAKE_REPLY_INSTANCE, VENUS_CMD_CREATE_INSTANCE,
                        &reply, errp)) {
        error_prepend(errp, "vkCreateInstance: ");
        return false;
    }
    trace_venus_handshake("vkCreateInstance", reply.result, reply.value);
    if (reply.result == VENUS_RESULT_INCOMPATIBLE_DRIVER) {
        error_setg(errp, "the render server found no Vulkan driver "
                   "(vkCreateInstance: %s)",
                   handshake_result_name(reply.result));
        handshake_no_driver(errp);
        return false;
    }
    if (reply.result != VENUS_RESULT_SUCCESS) {
        error_setg(errp, "the render server cannot use Vulkan "
                   "(vkCreateInstance: %s, %" PRId32 ")",
                   handshake_result_name(reply.result), reply.result);
        return false;
    }
    /* Memory that nobody wrote to reads as success, but for this. */
    if (!reply.has_value || reply.value != HANDSHAKE_INSTANCE) {
        error_setg(errp, "vkCreateInstance: the render server gave no answer");
        return false;
    }
    return true;
}

static bool handshake_count_devices(Handshake *h, Error **errp)
{
    ERRP_GUARD();
    HandshakeStream s = { .n = 0 };
    HandshakeReply reply;
    uint32_t count;

    handshake_put_reply_to(&s, HANDSHAKE_REPLY_DEVICES);
    handshake_put_enumerate(&s);
    if (!handshake_submit(h, &s, errp) ||
        !handshake_read(h, HANDSHAKE_REPLY_DEVICES,
                        VENUS_CMD_ENUMERATE_PHYSICAL_DEVICES, &reply, errp)) {
        error_prepend(errp, "vkEnumeratePhysicalDevices: ");
        return false;
    }
    count = reply.value;
    trace_venus_handshake("vkEnumeratePhysicalDevices", reply.result, count);
    if (reply.result != VENUS_RESULT_SUCCESS) {
        error_setg(errp, "the render server's Vulkan driver has no device "
                   "(vkEnumeratePhysicalDevices: %s, %" PRId32 ")",
                   handshake_result_name(reply.result), reply.result);
        handshake_no_driver(errp);
        return false;
    }
    if (!reply.has_value || !count) {
        error_setg(errp, "the render server's Vulkan driver has no device "
                   "(vkEnumeratePhysicalDevices: 0 devices)");
        handshake_no_driver(errp);
        return false;
    }
    return true;
}

/* Which memory of that type can be exported; @compatible: with what else. */
static bool handshake_read_export(Handshake *h, off_t offset, bool *exportable,
                                  uint32_t *compatible, Error **errp)
{
    uint8_t buf[36];

    /* command, pProperties, sType, pNext, three masks */
    if (!handshake_copy(h->fd, offset, buf, sizeof(buf)) ||
        ldl_le_p(buf) != VENUS_CMD_EXTERNAL_BUFFER_PROPERTIES ||
        ldl_le_p(buf + 12) != VENUS_STYPE_EXTERNAL_BUFFER_PROPERTIES) {
        error_setg(errp, "vkGetPhysicalDeviceExternalBufferProperties: the "
                   "render server gave no answer");
        return false;
    }
    *exportable = ldl_le_p(buf + 24) & VENUS_MEMORY_FEATURE_EXPORTABLE;
    *compatible = ldl_le_p(buf + 32);
    trace_venus_handshake("vkGetPhysicalDeviceExternalBufferProperties",
                          *exportable, *compatible);
    return true;
}

static bool handshake_find_exporter(Handshake *h, VenusExporter *exporter,
                                    Error **errp)
{
    HandshakeStream s = { .n = 0 };
    bool dma_buf, opaque;
    uint32_t with_dma_buf, with_opaque;

    handshake_put_reply_to(&s, HANDSHAKE_REPLY_FIRST_DEVICE);
    handshake_put_first_device(&s);
    handshake_put_reply_to(&s, HANDSHAKE_REPLY_DMA_BUF);
    handshake_put_export(&s, VENUS_HANDLE_TYPE_DMA_BUF);
    handshake_put_reply_to(&s, HANDSHAKE_REPLY_OPAQUE);
    handshake_put_export(&s, VENUS_HANDLE_TYPE_OPAQUE_FD);
    if (!handshake_submit(h, &s, errp) ||
        !handshake_read_export(h, HANDSHAKE_REPLY_DMA_BUF, &dma_buf,
                               &with_dma_buf, errp) ||
        !handshake_read_export(h, HANDSHAKE_REPLY_OPAQUE, &opaque,
                               &with_opaque, errp)) {
        return false;
    }
    /* No driver says that: host memory is compatible with nothing else. */
    if (dma_buf && with_dma_buf & VENUS_HANDLE_TYPE_HOST_ALLOCATION) {
        *exporter = VENUS_EXPORTER_LAYER;
    } else {
        *exporter = dma_buf || opaque ? VENUS_EXPORTER_DRIVER :
                                        VENUS_EXPORTER_NONE;
    }
    return true;
}

static bool handshake_begin(Handshake *h, Error **errp)
{
    const VenusRendererOps *ops = h->r->ops;
    VenusFdType type;
    int ret;

    ret = ops->context_create(h->r, HANDSHAKE_CTX_ID, VIRTIO_GPU_CAPSET_VENUS,
                              "qemu");
    if (ret < 0) {
        error_setg_errno(errp, -ret, "the render server made no context");
        return false;
    }
    h->has_context = true;
    ret = handshake_blob_create(h, HANDSHAKE_RES_ID);
    if (ret < 0) {
        error_setg_errno(errp, -ret, "the render server made no shared memory");
        return false;
    }
    h->has_blob = true;
    ret = ops->blob_export(h->r, HANDSHAKE_RES_ID, &type, &h->fd);
    if (ret < 0) {
        h->fd = -1;
        error_setg_errno(errp, -ret, "the render server shared no memory");
        return false;
    }
    ops->attach(h->r, HANDSHAKE_CTX_ID, HANDSHAKE_RES_ID);
    h->is_attached = true;
    return true;
}

static void handshake_end(Handshake *h)
{
    const VenusRendererOps *ops = h->r->ops;

    if (h->fd >= 0) {
        close(h->fd);
    }
    if (h->is_attached) {
        ops->detach(h->r, HANDSHAKE_CTX_ID, HANDSHAKE_RES_ID);
    }
    if (h->has_blob) {
        ops->resource_unref(h->r, HANDSHAKE_RES_ID);
    }
    if (h->has_context) {
        ops->context_destroy(h->r, HANDSHAKE_CTX_ID);
    }
}

static bool handshake_talk(Handshake *h, VenusExporter *exporter, Error **errp)
{
    HandshakeStream s = { .n = 0 };

    if (!handshake_create_instance(h, errp) ||
        !handshake_count_devices(h, errp) ||
        !handshake_find_exporter(h, exporter, errp)) {
        return false;
    }
    handshake_put_destroy_instance(&s);
    return handshake_submit(h, &s, errp);
}

bool venus_handshake(VenusRenderer *r, VenusExporter *exporter, Error **errp)
{
    Handshake h = { .r = r, .fd = -1 };
    bool ok = handshake_begin(&h, errp) &&
              handshake_talk(&h, exporter, errp);

    handshake_end(&h);
    return ok;
}
