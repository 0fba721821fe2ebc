/*
 * A few commands of the Venus protocol
 *
 * A command is its number and flags and then its arguments, little endian and
 * without gaps: a pointer is 64 bits that say whether it is there, an array
 * its length in 64 bits, a handle 64 bits that the driver chose.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "venus-test-stream.h"

/* Numbers of the commands in the protocol */
enum {
    CREATE_INSTANCE = 0,
    ENUMERATE_PHYSICAL_DEVICES = 2,
    CREATE_DEVICE = 11,
    ALLOCATE_MEMORY = 21,
    ENUMERATE_INSTANCE_VERSION = 137,
    GET_DEVICE_QUEUE_2 = 155,
    CREATE_RING = 188,
    DESTROY_RING,
    NOTIFY_RING,
};

/* Vulkan's numbers of the structures */
enum {
    INSTANCE_CREATE_INFO = 1,
    DEVICE_QUEUE_CREATE_INFO = 2,
    DEVICE_CREATE_INFO = 3,
    MEMORY_ALLOCATE_INFO = 5,
    DEVICE_QUEUE_INFO_2 = 1000145003,
    DEVICE_QUEUE_TIMELINE_INFO = 1000384005,
    RING_CREATE_INFO = 1000384000,
    IMPORT_MEMORY_RESOURCE_INFO = 1000384002,
};

/* The handles that we choose */
enum {
    INSTANCE = 1,
    PHYSICAL_DEVICE,
    DEVICE,
    QUEUE,
    MEMORY,
};

static void put32(GByteArray *stream, uint32_t value)
{
    value = cpu_to_le32(value);
    g_byte_array_append(stream, (uint8_t *)&value, sizeof(value));
}

static void put64(GByteArray *stream, uint64_t value)
{
    value = cpu_to_le64(value);
    g_byte_array_append(stream, (uint8_t *)&value, sizeof(value));
}

static void put_pointer(GByteArray *stream, bool is_there)
{
    put64(stream, is_there);
}

static void put_command(GByteArray *stream, uint32_t number)
{
    put32(stream, number);
    put32(stream, 0);                   /* no reply wanted */
}

/* A structure up to its own fields, with nothing chained to it */
static void put_struct(GByteArray *stream, uint32_t type)
{
    put32(stream, type);
    put_pointer(stream, false);
}

/* The handle of an object that the command makes */
static void put_new_handle(GByteArray *stream, uint64_t handle)
{
    put_pointer(stream, true);
    put64(stream, handle);
}

/* The names of layers or extensions: none */
static void put_no_names(GByteArray *stream)
{
    put32(stream, 0);
    put64(stream, 0);
}

static void put_create_instance(GByteArray *stream)
{
    put_command(stream, CREATE_INSTANCE);
    put_pointer(stream, true);
    put_struct(stream, INSTANCE_CREATE_INFO);
    put32(stream, 0);                   /* flags */
    put_pointer(stream, false);         /* application info */
    put_no_names(stream);
    put_no_names(stream);
    put_pointer(stream, false);         /* allocator */
    put_new_handle(stream, INSTANCE);
}

static void put_enumerate_physical_devices(GByteArray *stream)
{
    put_command(stream, ENUMERATE_PHYSICAL_DEVICES);
    put64(stream, INSTANCE);
    put_pointer(stream, true);
    put32(stream, 1);                   /* no more than one */
    put64(stream, 1);
    put64(stream, PHYSICAL_DEVICE);
}

static void put_create_device(GByteArray *stream)
{
    put_command(stream, CREATE_DEVICE);
    put64(stream, PHYSICAL_DEVICE);
    put_pointer(stream, true);
    put_struct(stream, DEVICE_CREATE_INFO);
    put32(stream, 0);                   /* flags */
    put32(stream, 1);
    put64(stream, 1);                   /* one kind of queue */
    put_struct(stream, DEVICE_QUEUE_CREATE_INFO);
    put32(stream, 0);                   /* flags */
    put32(stream, 0);                   /* family */
    put32(stream, 1);
    put64(stream, 1);                   /* one queue, and its priority */
    put32(stream, 0x3f800000);          /* 1.0 */
    put_no_names(stream);
    put_no_names(stream);
    put_pointer(stream, false);         /* features */
    put_pointer(stream, false);         /* allocator */
    put_new_handle(stream, DEVICE);
}

static void put_get_queue(GByteArray *stream, uint32_t ring_idx)
{
    put_command(stream, GET_DEVICE_QUEUE_2);
    put64(stream, DEVICE);
    put_pointer(stream, true);
    put32(stream, DEVICE_QUEUE_INFO_2);
    put_pointer(stream, true);
    put_struct(stream, DEVICE_QUEUE_TIMELINE_INFO);
    put32(stream, ring_idx);
    put32(stream, 0);                   /* flags */
    put32(stream, 0);                   /* family */
    put32(stream, 0);                   /* index */
    put_new_handle(stream, QUEUE);
}

void venus_bind_ring(QVirtioGPU *gpu, uint32_t ctx_id, uint32_t ring_idx)
{
    g_autoptr(GByteArray) stream = g_byte_array_new();

    put_create_instance(stream);
    put_enumerate_physical_devices(stream);
    put_create_device(stream);
    put_get_queue(stream, ring_idx);
    gpu_submit_3d({
        .gpu = gpu, .ctx_id = ctx_id,
        .data = stream->data, .size = stream->len,
        .fence = { .id = UINT32_MAX, .has_ring = true },
    });
}

static void submit(QVirtioGPU *gpu, uint32_t ctx_id, GByteArray *stream,
                   uint32_t type)
{
    gpu_submit_3d({
        .gpu = gpu, .ctx_id = ctx_id, .expect = type,
        .data = stream->data, .size = stream->len,
    });
}

void venus_create_ring(QVirtioGPU *gpu, uint32_t ctx_id, uint64_t ring,
                       uint32_t resource_id, uint64_t idle_ns)
{
    g_autoptr(GByteArray) stream = g_byte_array_new();

    put_command(stream, CREATE_RING);
    put64(stream, ring);
    put_pointer(stream, true);
    put_struct(stream, RING_CREATE_INFO);
    put32(stream, 0);                   /* flags */
    put32(stream, resource_id);
    put64(stream, 0);                   /* offset */
    put64(stream, VENUS_RING_SIZE);
    put64(stream, idle_ns);
    put64(stream, VENUS_RING_HEAD);
    put64(stream, VENUS_RING_TAIL);
    put64(stream, VENUS_RING_STATUS);
    put64(stream, VENUS_RING_BUFFER);
    put64(stream, VENUS_RING_EXTRA - VENUS_RING_BUFFER);
    put64(stream, VENUS_RING_EXTRA);
    put64(stream, VENUS_RING_SIZE - VENUS_RING_EXTRA);
    submit(gpu, ctx_id, stream, VIRTIO_GPU_RESP_OK_NODATA);
}

void venus_notify_ring(QVirtioGPU *gpu, uint32_t ctx_id, uint64_t ring)
{
    g_autoptr(GByteArray) stream = g_byte_array_new();

    put_command(stream, NOTIFY_RING);
    put64(stream, ring);
    put32(stream, 0);                   /* seqno */
    put32(stream, 0);                   /* flags */
    submit(gpu, ctx_id, stream, VIRTIO_GPU_RESP_OK_NODATA);
}

void venus_destroy_ring(QVirtioGPU *gpu, uint32_t ctx_id, uint64_t ring)
{
    g_autoptr(GByteArray) stream = g_byte_array_new();

    put_command(stream, DESTROY_RING);
    put64(stream, ring);
    submit(gpu, ctx_id, stream, VIRTIO_GPU_RESP_OK_NODATA);
}

GByteArray *venus_ring_command(void)
{
    GByteArray *stream = g_byte_array_new();

    put_command(stream, ENUMERATE_INSTANCE_VERSION);
    put_pointer(stream, true);
    return stream;
}

void venus_import_memory(QVirtioGPU *gpu, uint32_t ctx_id, uint32_t resource_id,
                         uint64_t size)
{
    g_autoptr(GByteArray) stream = g_byte_array_new();

    put_command(stream, ALLOCATE_MEMORY);
    put64(stream, DEVICE);
    put_pointer(stream, true);
    put32(stream, MEMORY_ALLOCATE_INFO);
    put_pointer(stream, true);
    put_struct(stream, IMPORT_MEMORY_RESOURCE_INFO);
    put32(stream, resource_id);
    put64(stream, size);
    put32(stream, 0);                   /* memory type */
    put_pointer(stream, false);         /* allocator */
    put_new_handle(stream, MEMORY);
    gpu_submit_3d({
        .gpu = gpu, .ctx_id = ctx_id, .data = stream->data, .size = stream->len,
    });
}
