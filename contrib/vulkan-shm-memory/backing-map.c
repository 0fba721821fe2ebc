/*
 * Anonymous shared memory: mapping it where a driver takes it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stddef.h>
#include <sys/mman.h>

#include "backing.h"

void *layer_backing_map(int fd, uint64_t size, uint64_t alignment)
{
    size_t reserved = size + alignment;
    char *all, *start, *end;

    /* Pages may be smaller than what the driver asks for. */
    all = mmap(NULL, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANON, -1, 0);
    if (all == MAP_FAILED) {
        return NULL;
    }
    start = (char *)(((uintptr_t)all + alignment - 1) & ~(alignment - 1));
    end = start + size;
    if (mmap(start, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
             0) == MAP_FAILED) {
        munmap(all, reserved);
        return NULL;
    }
    if (start > all) {
        munmap(all, start - all);
    }
    if (all + reserved > end) {
        munmap(end, all + reserved - end);
    }
    return start;
}
