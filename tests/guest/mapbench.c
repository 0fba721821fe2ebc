/*
 * What it costs to map and unmap a host blob while others are mapped.
 *
 * Linux maps a mappable host blob into the host visible window when the blob is
 * made, and unmaps it when it goes.  The same is done with blobs that are not
 * mappable: the difference is what mapping and unmapping cost.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <drm/virtgpu_drm.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xf86drm.h>

#include "kms.h"
#include "virtgpu.h"

enum {
    MAPBENCH_BLOB_SIZE = 16384, /* bytes; whole pages of large-page hosts */
    MAPBENCH_TIMEOUT_MS = 60000,
};

static uint32_t mapbench_blob_new(int fd, bool mappable)
{
    struct drm_virtgpu_resource_create_blob create = {
        .blob_mem = VIRTGPU_BLOB_MEM_HOST3D,
        .blob_flags = mappable ? VIRTGPU_BLOB_FLAG_USE_MAPPABLE : 0,
        .size = MAPBENCH_BLOB_SIZE,
    };

    if (drmIoctl(fd, DRM_IOCTL_VIRTGPU_RESOURCE_CREATE_BLOB, &create)) {
        prog_die_errno("creating a blob of %d bytes", MAPBENCH_BLOB_SIZE);
    }
    return create.bo_handle;
}

/* Maps the blob into this process, for which the host must have mapped it. */
static void mapbench_blob_touch(int fd, uint32_t handle)
{
    struct drm_virtgpu_map map = { .handle = handle };
    volatile unsigned char *ptr;

    if (drmIoctl(fd, DRM_IOCTL_VIRTGPU_MAP, &map)) {
        prog_die_errno("mapping a blob");
    }
    ptr = mmap(NULL, MAPBENCH_BLOB_SIZE, PROT_READ, MAP_SHARED, fd,
               map.offset);
    if (ptr == MAP_FAILED) {
        prog_die_errno("mapping a blob into the process");
    }
    (void)*ptr;
    munmap((void *)ptr, MAPBENCH_BLOB_SIZE);
}

/* Milliseconds for one blob after the other, until the host is done. */
static double mapbench_cycles(int fd, bool mappable, unsigned count)
{
    double start = prog_now_ms();
    int fence;

    for (unsigned i = 0; i < count; i++) {
        uint32_t handle = mapbench_blob_new(fd, mappable);
        struct drm_gem_close gem_close = { .handle = handle };

        if (mappable) {
            mapbench_blob_touch(fd, handle);
        }
        if (drmIoctl(fd, DRM_IOCTL_GEM_CLOSE, &gem_close)) {
            prog_die_errno("freeing a blob");
        }
    }
    fence = virtgpu_submit_fence(fd, true);
    if (!prog_wait_readable(fence, MAPBENCH_TIMEOUT_MS)) {
        prog_die("the host is not done after %d ms", MAPBENCH_TIMEOUT_MS);
    }
    close(fence);
    return prog_now_ms() - start;
}

int main(int argc, char **argv)
{
    const char *card = KMS_DEFAULT_CARD;
    unsigned live = 1;
    unsigned count = 200;
    const ProgOption options[] = {
        { "--live", PROG_NUMBER, &live, "blobs mapped beside, default 1",
          NULL },
        { "--count", PROG_NUMBER, &count, "blobs to time, default 200", NULL },
        { "--card", PROG_STRING, &card, "default " KMS_DEFAULT_CARD, NULL },
    };
    double mapped, unmapped;
    int fd;

    prog_options(argc, argv, options, PROG_COUNT(options));
    if (!count) {
        prog_die("bad --count");
    }
    fd = kms_open(card);
    virtgpu_context_init(fd);
    for (unsigned i = 0; i < live; i++) {
        mapbench_blob_touch(fd, mapbench_blob_new(fd, true));
    }
    mapbench_cycles(fd, true, count / 10 + 1);      /* warm */
    unmapped = mapbench_cycles(fd, false, count);
    mapped = mapbench_cycles(fd, true, count);
    printf("mapbench: live %u n %u blob_us %.0f mapped_us %.0f\n", live, count,
           unmapped * 1e3 / count, mapped * 1e3 / count);
    close(fd);
    return 0;
}
