/*
 * Checks of device memory: what the CPU writes into it stays there.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vkcheck.h"

static VkResult memory_allocate(const GpuDevice *gpu, uint32_t type,
                                VkDeviceSize size, VkDeviceMemory *memory)
{
    VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .allocationSize = size,
        .memoryTypeIndex = type,
    };

    return vkAllocateMemory(gpu->device, &info, NULL, memory);
}

static VkMappedMemoryRange memory_all(VkDeviceMemory memory)
{
    return (VkMappedMemoryRange) {
        .sType = VK_STRUCTURE_TYPE_MAPPED_MEMORY_RANGE,
        .memory = memory,
        .size = VK_WHOLE_SIZE,
    };
}

/* Writes through one mapping and reads through the next. */
static bool memory_round_trip(const GpuDevice *gpu, VkDeviceMemory memory,
                              VkDeviceSize size, uint32_t seed,
                              const char *what, ProgReason *why)
{
    VkMappedMemoryRange all = memory_all(memory);
    void *map;
    bool ok;

    if (!vkcheck_ok(vkMapMemory(gpu->device, memory, 0, size, 0, &map), what,
                    why)) {
        return false;
    }
    vkcheck_pattern(map, size, seed);
    ok = vkcheck_ok(vkFlushMappedMemoryRanges(gpu->device, 1, &all),
                    "vkFlushMappedMemoryRanges", why);
    vkUnmapMemory(gpu->device, memory);
    if (!ok || !vkcheck_ok(vkMapMemory(gpu->device, memory, 0, VK_WHOLE_SIZE,
                                       0, &map), what, why)) {
        return false;
    }
    ok = vkcheck_ok(vkInvalidateMappedMemoryRanges(gpu->device, 1, &all),
                    "vkInvalidateMappedMemoryRanges", why) &&
         vkcheck_compare(map, size, seed, what, why);
    vkUnmapMemory(gpu->device, memory);
    return ok;
}

static bool memory_check(const GpuDevice *gpu, uint32_t type,
                         VkDeviceSize size, ProgReason *why)
{
    VkDeviceMemory memory;
    ProgReason what;
    bool ok;

    prog_refuse(&what, "memory type %u, %llu bytes", type,
                (unsigned long long)size);
    if (!vkcheck_ok(memory_allocate(gpu, type, size, &memory), what.text,
                    why)) {
        return false;
    }
    ok = memory_round_trip(gpu, memory, size, size, what.text, why);
    vkFreeMemory(gpu->device, memory, NULL);
    return ok;
}

static bool memory_is_mappable(const GpuDevice *gpu, uint32_t type)
{
    return gpu->memory.memoryTypes[type].propertyFlags &
           VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT;
}

bool vkcheck_memory_types(const GpuDevice *gpu, ProgReason *why)
{
    unsigned mappable = 0;

    for (uint32_t i = 0; i < gpu->memory.memoryTypeCount; i++) {
        if (memory_is_mappable(gpu, i)) {
            mappable++;
            if (!memory_check(gpu, i, 65536, why)) {
                return false;
            }
        }
    }
    if (!mappable) {
        return prog_refuse(why, "no memory type can be mapped");
    }
    prog_refuse(why, "%u of %u types can be mapped", mappable,
                gpu->memory.memoryTypeCount);
    return true;
}

/* Sizes around those of pages: guests round up what hosts did not. */
bool vkcheck_memory_sizes(const GpuDevice *gpu, ProgReason *why)
{
    static const VkDeviceSize sizes[] = {
        4, 64, 4092, 4096, 4100, 12288, 16384, 16388, 65532, 65536, 69632,
        297888, 1048576, 1048580,
    };
    uint32_t type = gpu_memory_type(gpu, UINT32_MAX, VKCHECK_HOST);

    for (unsigned i = 0; i < PROG_COUNT(sizes); i++) {
        if (!memory_check(gpu, type, sizes[i], why)) {
            return false;
        }
    }
    return true;
}

/* The same offsets again and again: what was mapped there must be gone. */
bool vkcheck_memory_remap(const GpuDevice *gpu, ProgReason *why)
{
    uint32_t type = gpu_memory_type(gpu, UINT32_MAX, VKCHECK_HOST);

    for (unsigned i = 0; i < 32; i++) {
        if (!memory_check(gpu, type, (i % 4 + 1) * 65536, why)) {
            return false;
        }
    }
    return true;
}

/* Many at once: each keeps its own contents. */
bool vkcheck_memory_many(const GpuDevice *gpu, ProgReason *why)
{
    enum { COUNT = 64, SIZE = 65536 };
    GpuBuffer bufs[COUNT] = { 0 };
    unsigned made = 0;
    bool ok = true;

    while (ok && made < COUNT) {
        ok = vkcheck_ok(gpu_buffer_init(gpu, &bufs[made], SIZE,
                                        VK_BUFFER_USAGE_TRANSFER_SRC_BIT,
                                        VKCHECK_HOST),
                        "one of 64 buffers", why);
        if (ok) {
            vkcheck_pattern(bufs[made].map, SIZE, made);
            made++;
        }
    }
    for (unsigned i = 0; ok && i < made; i++) {
        ok = vkcheck_compare(bufs[i].map, SIZE, i, "one of 64 buffers", why);
    }
    for (unsigned i = 0; i < made; i++) {
        gpu_buffer_cleanup(gpu, &bufs[i]);
    }
    return ok;
}

bool vkcheck_memory_large(const GpuDevice *gpu, ProgReason *why)
{
    uint32_t type = gpu_memory_type(gpu, UINT32_MAX, VKCHECK_HOST);

    return memory_check(gpu, type, 32 << 20, why);
}
