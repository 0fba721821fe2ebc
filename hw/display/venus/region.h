/*
 * virtio-gpu Venus backend: memory that the guest's address space refers to
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_DISPLAY_VENUS_REGION_H
#define HW_DISPLAY_VENUS_REGION_H

#include "exec/memory.h"
#include "qom/object.h"

#define TYPE_VENUS_REGION "virtio-gpu-venus-region"
OBJECT_DECLARE_SIMPLE_TYPE(VenusRegion, VENUS_REGION)

/* Number of regions; outlives the device where a region does. */
typedef struct VenusRegionCount {
    unsigned regions;           /* atomic */
} VenusRegionCount;

struct VenusRegion {
    Object parent_obj;

    MemoryRegion mr;            /* child, initialised by the caller */
    void *map;                  /* owned mapping of map_size bytes, or NULL */
    size_t map_size;
    uint64_t size;              /* bytes that the guest sees */
    VenusRegionCount *count;    /* ref, or NULL */
};

/**
 * venus_region_new - a memory region and the mapping behind it
 * @map: mapping, ownership is transferred; or NULL
 * @map_size: bytes
 * @size: bytes that the guest will see
 * @count: counter to hold and to increase; or NULL
 *
 * The owner of the region's MemoryRegion is the object itself: readers of an
 * old memory topology and transfers of other devices keep the mapping, however
 * early the blob or the device is destroyed.
 *
 * Return: the object, with one reference.
 */
VenusRegion *venus_region_new(void *map, size_t map_size, uint64_t size,
                              VenusRegionCount *count);

/**
 * venus_region_drop - hide a region from the guest and let go of it
 * @region: one reference is taken
 * @container: what it may be a subregion of
 *
 * Main loop.  Waits for nobody.
 */
void venus_region_drop(VenusRegion *region, MemoryRegion *container);

#endif
