/*
 * Blobs that fit the host's pages, for Mesa drivers that do not know them
 *
 * The guest's kernel packs blobs into the host visible window one after the
 * other.  When all sizes are multiples of the host's page, so are all places.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <drm/virtgpu_drm.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "guest-align.h"

/* The page of arm64 hosts that have large ones, where no one can tell. */
#define GRANULE_DEFAULT 16384u
/* The largest page that Linux has. */
#define GRANULE_MAX 65536u

/* Linux 7.2: what VIRTIO_GPU_F_BLOB_ALIGNMENT says; ENOENT when it is off */
#define PARAM_BLOB_ALIGNMENT 9

/*
 * What QEMU's device has behind the Venus capset, for kernels that cannot tell
 * (docs/devel/virtio-gpu-venus.rst, "Granule").  Little-endian.
 */
#define CAPSET_VENUS 4
#define RECORD_OFFSET 1024
#define RECORD_MAGIC 0x4e524756u        /* "VGRN" */

typedef struct CapsetWithRecord {
    uint8_t capset[RECORD_OFFSET];
    uint32_t magic;
    uint32_t version;           /* from 1; a greater one has more fields */
    uint32_t granule;           /* bytes */
} CapsetWithRecord;

static bool is_power_of_two(uint64_t n)
{
    return n && !(n & (n - 1));
}

/* "16384" or "16K"; 0 when it is neither, or nothing to round to */
static uint64_t wish_parse(const char *wish)
{
    char *end;
    uint64_t bytes = strtoull(wish, &end, 10);

    if (*end == 'K' || *end == 'k') {
        bytes *= 1024;
        end++;
    }
    return *end || bytes > GRANULE_MAX || !is_power_of_two(bytes) ? 0 : bytes;
}

static bool is_virtio_gpu(const GuestAlignKernel *kernel, int fd)
{
    char name[16] = "";
    struct drm_version version = {
        .name = name,
        .name_len = sizeof(name) - 1,
    };

    return kernel->is_drm(kernel->opaque, fd) &&
           kernel->ioctl(kernel->opaque, fd, DRM_IOCTL_VERSION,
                         &version) == 0 &&
           !strcmp(name, "virtio_gpu");
}

/* What the device's record says; 0: it has none, or not one we can read */
static uint64_t recorded_granule(const GuestAlignKernel *kernel, int fd)
{
    /* The kernel copies what there is, and does not say how much that is. */
    CapsetWithRecord data = { .magic = 0 };
    struct drm_virtgpu_get_caps caps = {
        .cap_set_id = CAPSET_VENUS,
        .addr = (uintptr_t)&data,
        .size = sizeof(data),
    };
    uint32_t granule;

    if (kernel->ioctl(kernel->opaque, fd, DRM_IOCTL_VIRTGPU_GET_CAPS, &caps) ||
        le32toh(data.magic) != RECORD_MAGIC || !data.version) {
        return 0;
    }
    granule = le32toh(data.granule);
    return is_power_of_two(granule) ? granule : 0;
}

/* What the device asks for: by the kernel, by its record, by guess */
static uint64_t device_granule(const GuestAlignKernel *kernel, int fd)
{
    uint32_t value = 0;
    struct drm_virtgpu_getparam param = {
        .param = PARAM_BLOB_ALIGNMENT,
        .value = (uintptr_t)&value,
    };
    uint64_t fallback, recorded;

    if (kernel->ioctl(kernel->opaque, fd, DRM_IOCTL_VIRTGPU_GETPARAM,
                      &param) == 0) {
        return is_power_of_two(value) ? value : 0;
    }
    fallback = errno == ENOENT ? 0 : GRANULE_DEFAULT;
    recorded = recorded_granule(kernel, fd);
    return recorded ? recorded : fallback;
}

uint64_t guest_align_granule(const GuestAlignKernel *kernel, int fd)
{
    int error = errno;
    uint64_t granule = 0;

    if (is_virtio_gpu(kernel, fd)) {
        granule = kernel->wish ? wish_parse(kernel->wish)
                               : device_granule(kernel, fd);
    }
    errno = error;
    return granule > kernel->page ? granule : 0;
}

/* 0 where there is no such number */
static uint64_t round_up(uint64_t n, uint64_t to)
{
    return n > UINT64_MAX - (to - 1) ? 0 : (n + to - 1) & ~(to - 1);
}

static int create_blob(const GuestAlignKernel *kernel, int fd,
                       unsigned long request,
                       struct drm_virtgpu_resource_create_blob *args)
{
    uint64_t granule = guest_align_granule(kernel, fd);
    struct drm_virtgpu_resource_create_blob rounded = *args;
    int ret;

    if (granule && round_up(args->size, granule)) {
        rounded.size = round_up(args->size, granule);
    }
    ret = kernel->ioctl(kernel->opaque, fd, request, &rounded);
    rounded.size = args->size;
    *args = rounded;
    return ret;
}

int guest_align_ioctl(const GuestAlignKernel *kernel, int fd,
                      unsigned long request, void *arg)
{
    /* The number has 32 bits; some callers extend its sign. */
    if ((uint32_t)request ==
        (uint32_t)DRM_IOCTL_VIRTGPU_RESOURCE_CREATE_BLOB && arg) {
        return create_blob(kernel, fd, request, arg);
    }
    return kernel->ioctl(kernel->opaque, fd, request, arg);
}

void *guest_align_mmap(const GuestAlignKernel *kernel, void *addr,
                       size_t length, int prot, int flags, int fd,
                       off_t offset)
{
    void *ptr = kernel->mmap(kernel->opaque, addr, length, prot, flags, fd,
                             offset);
    uint64_t granule, whole, kept;

    /* More than was asked for must not replace what is mapped behind it. */
    if (ptr != MAP_FAILED || errno != EINVAL || fd < 0 ||
        (flags & (MAP_FIXED | MAP_ANONYMOUS))) {
        return ptr;
    }
    granule = guest_align_granule(kernel, fd);
    whole = granule ? round_up(length, granule) : 0;
    kept = round_up(length, kernel->page);
    if (whole <= kept) {
        return ptr;
    }
    ptr = kernel->mmap(kernel->opaque, addr, whole, prot, flags, fd, offset);
    if (ptr == MAP_FAILED) {
        errno = EINVAL;
        return ptr;
    }
    /* What the program knows of is what it will unmap. */
    kernel->munmap(kernel->opaque, (char *)ptr + kept, whole - kept);
    return ptr;
}
