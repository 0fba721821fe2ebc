/*
 * How long a Vulkan program waits for its frame the way compositors do: an
 * empty submission with a fence, the fence exported as a sync file, and poll()
 * until the file is readable.  A gap before each keeps the device idle.
 *
 * fencebench measures the kernel's half of this; here Mesa's Venus driver and
 * the host's export of the fence are part of the round trip.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "gpu.h"
#include "prog.h"

enum {
    SYNCBENCH_GAP_MS = 2,
    SYNCBENCH_TIMEOUT_MS = 10000,
    SYNCBENCH_WARM = 5,         /* round trips that are not counted */
};

#define SYNC_FD VK_EXTERNAL_FENCE_HANDLE_TYPE_SYNC_FD_BIT

typedef struct SyncBench {
    GpuDevice gpu;
    VkFence fence;
    PFN_vkGetFenceFdKHR get_fence_fd;
} SyncBench;

static void syncbench_init(SyncBench *b)
{
    VkExportFenceCreateInfo export = {
        .sType = VK_STRUCTURE_TYPE_EXPORT_FENCE_CREATE_INFO,
        .handleTypes = SYNC_FD,
    };
    VkFenceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO,
        .pNext = &export,
    };

    gpu_open(&b->gpu, "syncbench");
    if (!b->gpu.has[GPU_FENCE_FD]) {
        prog_die("%s does not export fences (no VK_KHR_external_fence_fd)",
                 b->gpu.props.deviceName);
    }
    b->get_fence_fd = (PFN_vkGetFenceFdKHR)
        vkGetDeviceProcAddr(b->gpu.device, "vkGetFenceFdKHR");
    gpu_must(vkCreateFence(b->gpu.device, &info, NULL, &b->fence),
             "vkCreateFence");
}

static void syncbench_cleanup(SyncBench *b)
{
    vkDestroyFence(b->gpu.device, b->fence, NULL);
    gpu_close(&b->gpu);
}

/* Exporting takes the payload out of the fence, which can be used again. */
static double syncbench_round_trip(SyncBench *b)
{
    VkFenceGetFdInfoKHR info = {
        .sType = VK_STRUCTURE_TYPE_FENCE_GET_FD_INFO_KHR,
        .fence = b->fence,
        .handleType = SYNC_FD,
    };
    double start;
    int fd = -1;

    prog_sleep_until_ms(prog_now_ms() + SYNCBENCH_GAP_MS);
    start = prog_now_ms();
    gpu_must(vkQueueSubmit(b->gpu.queues[0], 0, NULL, b->fence),
             "vkQueueSubmit");
    gpu_must(b->get_fence_fd(b->gpu.device, &info, &fd), "vkGetFenceFdKHR");
    /* -1 stands for a fence that was signalled when it was exported. */
    if (fd >= 0) {
        if (!prog_wait_readable(fd, SYNCBENCH_TIMEOUT_MS)) {
            prog_die("a fence was not signalled in %d ms",
                     SYNCBENCH_TIMEOUT_MS);
        }
        close(fd);
    }
    return prog_now_ms() - start;
}

static int syncbench_compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    unsigned count = 100;
    const ProgOption options[] = {
        { "--count", PROG_NUMBER, &count, "round trips, default 100", NULL },
    };
    SyncBench b;
    double *ms;

    prog_options(argc, argv, options, PROG_COUNT(options));
    ms = calloc(count, sizeof(*ms));
    if (!count || !ms) {
        prog_die("bad --count");
    }
    syncbench_init(&b);
    for (unsigned i = 0; i < SYNCBENCH_WARM; i++) {
        syncbench_round_trip(&b);
    }
    for (unsigned i = 0; i < count; i++) {
        ms[i] = syncbench_round_trip(&b);
    }
    qsort(ms, count, sizeof(*ms), syncbench_compare);
    printf("syncbench: sync-fd n %u median_us %.0f p90_us %.0f max_us %.0f\n",
           count, ms[count / 2] * 1e3, ms[(uint64_t)count * 9 / 10] * 1e3,
           ms[count - 1] * 1e3);
    free(ms);
    syncbench_cleanup(&b);
    return 0;
}
