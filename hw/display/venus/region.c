/*
 * virtio-gpu Venus backend: memory that the guest's address space refers to
 *
 * Knows nothing of the window or of blobs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <sys/mman.h>
#include "qemu/atomic.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "region.h"

VenusRegion *venus_region_new(void *map, size_t map_size, uint64_t size,
                              VenusRegionCount *count)
{
    VenusRegion *region = VENUS_REGION(object_new(TYPE_VENUS_REGION));

    region->map = map;
    region->map_size = map_size;
    region->size = size;
    if (count) {
        region->count = g_atomic_rc_box_acquire(count);
        qatomic_inc(&count->regions);
    }
    return region;
}

void venus_region_drop(VenusRegion *region, MemoryRegion *container)
{
    assert(bql_locked());
    if (memory_region_is_mapped(&region->mr)) {
        memory_region_del_subregion(container, &region->mr);
    }
    object_unref(OBJECT(region));
}

static void venus_region_finalize(Object *obj)
{
    VenusRegion *region = VENUS_REGION(obj);

    /* The memory region has been finalized, so that nobody reads the map. */
    if (region->map) {
        munmap(region->map, region->map_size);
    }
    if (region->count) {
        qatomic_dec(&region->count->regions);
        g_atomic_rc_box_release(region->count);
    }
}

static const TypeInfo venus_region_info = {
    .name = TYPE_VENUS_REGION,
    .parent = TYPE_OBJECT,
    .instance_size = sizeof(VenusRegion),
    .instance_finalize = venus_region_finalize,
};

static void venus_region_register_types(void)
{
    type_register_static(&venus_region_info);
}

type_init(venus_region_register_types);
