/*
 * Checks that a Vulkan device computes what it should: a line for each
 * check, and exit status 0 only if none failed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <string.h>

#include "vkcheck.h"

typedef struct VkCheck {
    const char *name;
    VkCheckFn *run;
} VkCheck;

static const VkCheck vkchecks[] = {
    { "memory-types", vkcheck_memory_types },
    { "memory-sizes", vkcheck_memory_sizes },
    { "memory-remap", vkcheck_memory_remap },
    { "memory-many", vkcheck_memory_many },
    { "memory-large", vkcheck_memory_large },
    { "buffer-copy", vkcheck_copy },
    { "buffer-fill-update", vkcheck_fill_update },
    { "compute", vkcheck_compute },
    { "draw", vkcheck_draw },
    { "fence", vkcheck_fence },
    { "fence-timeout", vkcheck_fence_timeout },
    { "event", vkcheck_event },
    { "semaphore", vkcheck_semaphore },
    { "timeline", vkcheck_timeline },
    { "queues", vkcheck_queues },
    { "many-submits", vkcheck_many_submits },
};

bool vkcheck_ok(VkResult res, const char *what, ProgReason *why)
{
    if (res != VK_SUCCESS) {
        return prog_refuse(why, "%s: %s (%d)", what, gpu_result_name(res),
                           res);
    }
    return true;
}

uint32_t vkcheck_word(uint32_t seed, uint32_t i)
{
    return (i + 1) * 2654435761u ^ seed * 40503u;
}

void vkcheck_pattern(void *to, VkDeviceSize size, uint32_t seed)
{
    for (VkDeviceSize i = 0; i < size / 4; i++) {
        ((uint32_t *)to)[i] = vkcheck_word(seed, i);
    }
}

bool vkcheck_compare(const void *from, VkDeviceSize size, uint32_t seed,
                     const char *what, ProgReason *why)
{
    const uint32_t *words = from;

    for (VkDeviceSize i = 0; i < size / 4; i++) {
        if (words[i] != vkcheck_word(seed, i)) {
            return prog_refuse(why, "%s: word %llu is 0x%08x, not 0x%08x",
                               what, (unsigned long long)i, words[i],
                               vkcheck_word(seed, i));
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    const char *only = NULL;
    const ProgOption options[] = {
        { "--only", PROG_STRING, &only, "run the check of that name", NULL },
    };
    GpuDevice gpu;
    unsigned passed = 0;
    unsigned failed = 0;

    prog_options(argc, argv, options, PROG_COUNT(options));
    gpu_open(&gpu, "vkcheck");
    printf("vkcheck: device \"%s\"\n", gpu.props.deviceName);
    for (unsigned i = 0; i < PROG_COUNT(vkchecks); i++) {
        const VkCheck *check = &vkchecks[i];
        ProgReason why = { "" };

        if (only && strcmp(only, check->name)) {
            continue;
        }
        if (check->run(&gpu, &why)) {
            printf("ok %s%s%s\n", check->name, why.text[0] ? " # " : "",
                   why.text);
            passed++;
        } else {
            printf("FAIL %s %s\n", check->name, why.text);
            failed++;
        }
        fflush(stdout);
    }
    gpu_close(&gpu);
    printf("vkcheck: %u passed, %u failed\n", passed, failed);
    return failed || !passed;
}
