/*
 * Memory that is exported and imported
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backing.h"
#include "chain.h"
#include "layer.h"

/* Shared memory behind one VkDeviceMemory */
typedef struct LayerMemory {
    int fd;                     /* owned */
    void *map;                  /* owned mapping of @size bytes */
    uint64_t size;              /* bytes, whole granules */
} LayerMemory;

void layer_memory_free(void *memory)
{
    LayerMemory *mem = memory;

    if (mem) {
        munmap(mem->map, mem->size);
        if (mem->fd >= 0) {
            close(mem->fd);
        }
        free(mem);
    }
}

/*
 * Map a descriptor: taken over on success only.  @size: whole granules.
 */
static VkResult memory_map(int fd, uint64_t size, uint64_t granule,
                           LayerMemory **out)
{
    LayerMemory *mem = calloc(1, sizeof(*mem));

    if (!mem) {
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    }
    mem->size = size;
    mem->map = layer_backing_map(fd, size, granule);
    if (!mem->map) {
        free(mem);
        return VK_ERROR_OUT_OF_HOST_MEMORY;
    }
    mem->fd = fd;
    *out = mem;
    return VK_SUCCESS;
}

static VkResult memory_create(uint64_t size, uint64_t granule,
                              LayerMemory **out)
{
    int fd = layer_backing_create(size);
    VkResult res;

    if (fd < 0) {
        /* A size that no file can have is no fault of a handle. */
        return fd == -EINVAL ? VK_ERROR_OUT_OF_HOST_MEMORY :
                               layer_errno_to_result(fd);
    }
    res = memory_map(fd, size, granule, out);
    if (res != VK_SUCCESS) {
        close(fd);
    }
    return res;
}

/* The descriptor stays the caller's until the driver has taken the memory. */
static VkResult memory_import(int fd, uint64_t size, uint64_t granule,
                              LayerMemory **out)
{
    int error = layer_backing_check(fd, size);

    return error ? layer_errno_to_result(error) :
                   memory_map(fd, size, granule, out);
}

/*
 * Not every type takes memory of the host.  What may be bound to exported memory
 * is told so, but an application may export before it has anything to bind.
 */
static uint32_t memory_type(LayerDevice *dev, uint32_t wanted)
{
    uint32_t types = dev->physical->import_types;

    return types & 1u << wanted ? wanted : (uint32_t)ffs(types) - 1;
}

/* Have the driver take @mem; remembers it under the new handle. */
static VkResult memory_give(LayerDevice *dev, const VkMemoryAllocateInfo *info,
                            const VkAllocationCallbacks *alloc,
                            LayerMemory *mem, VkDeviceMemory *memory)
{
    /* A dedicated allocation would have to have the image's exact size. */
    static const VkStructureType drop[] = {
        VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
        VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR,
        VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO,
    };
    LayerArena arena = { .used = 0 };
    VkImportMemoryHostPointerInfoEXT import = {
        .sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT,
        .pNext = layer_chain_without(&arena, info->pNext, drop,
                                     LAYER_COUNT(drop)),
        .handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT,
        .pHostPointer = mem->map,
    };
    VkMemoryAllocateInfo changed = {
        .sType = info->sType,
        .pNext = &import,
        .allocationSize = mem->size,
        .memoryTypeIndex = memory_type(dev, info->memoryTypeIndex),
    };
    VkResult res = dev->next.AllocateMemory(dev->handle, &changed, alloc,
                                            memory);

    if (res == VK_SUCCESS &&
        !layer_map_insert(&dev->memories, LAYER_KEY(*memory), mem)) {
        dev->next.FreeMemory(dev->handle, *memory, alloc);
        res = VK_ERROR_OUT_OF_HOST_MEMORY;
    }
    return res;
}

static VKAPI_ATTR VkResult VKAPI_CALL
layer_AllocateMemory(VkDevice device, const VkMemoryAllocateInfo *info,
                     const VkAllocationCallbacks *alloc, VkDeviceMemory *memory)
{
    LayerDevice *dev = layer_device(device);
    const VkExportMemoryAllocateInfo *export = layer_chain_find(
        info->pNext, VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO);
    const VkImportMemoryFdInfoKHR *import = layer_chain_find(
        info->pNext, VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR);
    bool imports = import && import->handleType & LAYER_MEMORY_TYPES;
    bool exports = export && export->handleTypes & LAYER_MEMORY_TYPES;
    uint64_t granule = dev->physical->granule;
    LayerMemory *mem = NULL;
    uint64_t size;
    VkResult res;

    if (!imports && !exports) {
        return dev->next.AllocateMemory(device, info, alloc, memory);
    }
    if (!info->allocationSize ||
        info->allocationSize > INT64_MAX - granule) {
        return VK_ERROR_OUT_OF_DEVICE_MEMORY;
    }
    size = (info->allocationSize + granule - 1) & ~(granule - 1);
    res = imports ? memory_import(import->fd, size, granule, &mem) :
                    memory_create(size, granule, &mem);
    if (res != VK_SUCCESS) {
        return res;
    }
    res = memory_give(dev, info, alloc, mem, memory);
    if (res != VK_SUCCESS) {
        mem->fd = imports ? -1 : mem->fd;   /* still the application's */
        layer_memory_free(mem);
    }
    return res;
}

static VKAPI_ATTR void VKAPI_CALL
layer_FreeMemory(VkDevice device, VkDeviceMemory memory,
                 const VkAllocationCallbacks *alloc)
{
    LayerDevice *dev = layer_device(device);
    LayerMemory *mem = memory ? layer_map_take(&dev->memories,
                                               LAYER_KEY(memory)) : NULL;

    dev->next.FreeMemory(device, memory, alloc);
    layer_memory_free(mem);
}

static VKAPI_ATTR VkResult VKAPI_CALL
layer_GetMemoryFdKHR(VkDevice device, const VkMemoryGetFdInfoKHR *info, int *fd)
{
    LayerDevice *dev = layer_device(device);
    LayerMemory *mem = layer_map_find(&dev->memories, LAYER_KEY(info->memory));

    if (!mem || !(info->handleType & LAYER_MEMORY_TYPES)) {
        return dev->next.GetMemoryFdKHR ?
               dev->next.GetMemoryFdKHR(device, info, fd) :
               VK_ERROR_INVALID_EXTERNAL_HANDLE;
    }
    *fd = fcntl(mem->fd, F_DUPFD_CLOEXEC, 0);
    return *fd < 0 ? layer_errno_to_result(-errno) : VK_SUCCESS;
}

static VKAPI_ATTR VkResult VKAPI_CALL
layer_GetMemoryFdPropertiesKHR(VkDevice device,
                               VkExternalMemoryHandleTypeFlagBits type, int fd,
                               VkMemoryFdPropertiesKHR *props)
{
    LayerDevice *dev = layer_device(device);

    if (!(type & LAYER_MEMORY_TYPES) ||
        layer_backing_check(fd, dev->physical->granule)) {
        return VK_ERROR_INVALID_EXTERNAL_HANDLE;
    }
    props->memoryTypeBits = dev->physical->import_types;
    return VK_SUCCESS;
}

const LayerEntry layer_memory_entries[] = {
    LAYER_ENTRY("AllocateMemory", layer_AllocateMemory),
    LAYER_ENTRY("FreeMemory", layer_FreeMemory),
    LAYER_NEW_ENTRY("GetMemoryFdKHR", layer_GetMemoryFdKHR),
    LAYER_NEW_ENTRY("GetMemoryFdPropertiesKHR", layer_GetMemoryFdPropertiesKHR),
    { NULL },
};
