/*
 * virtio-gpu Venus backend: the hostmem window as a RAM region for each blob
 *
 * For accelerators that may not notice when memory under a RAM region is
 * replaced, and for machines in which something follows the guest's memory
 * topology (VFIO).  A region owns its mapping of the blob's memory and outlives
 * the blob where somebody still uses it: a transfer of another device, or a
 * reader of the old topology.  Hiding a blob therefore never waits.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <sys/mman.h>
#include "qemu/atomic.h"
#include "qemu/units.h"
#include "exec/address-spaces.h"
#include "region.h"
#include "window.h"

/*
 * Regions that are no longer shown but still in use are mappings of QEMU's,
 * too.  A guest that is quicker than their release has to wait.
 */
#define VENUS_MAX_LEFT 4096

/* What the guest sees where no blob is. */
static uint64_t window_empty_read(void *opaque, hwaddr addr, unsigned size)
{
    return 0;
}

static void window_empty_write(void *opaque, hwaddr addr, uint64_t value,
                               unsigned size)
{
    /* Nothing remembers it. */
}

static const MemoryRegionOps window_empty_ops = {
    .read = window_empty_read,
    .write = window_empty_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    .valid.max_access_size = 8,
    .impl.max_access_size = 8,
};

static bool window_region_init(VenusState *s, Error **errp)
{
    s->window_region = venus_region_new(NULL, 0, s->window_size, NULL);
    memory_region_init_io(&s->window_region->mr, OBJECT(s->window_region),
                          &window_empty_ops, NULL, "venus-window",
                          s->window_size);
    /* Below the blobs. */
    memory_region_add_subregion_overlap(&VIRTIO_GPU_BASE(s->g)->hostmem, 0,
                                        &s->window_region->mr, -1);
    s->regions = g_atomic_rc_box_new0(VenusRegionCount);
    return true;
}

static void window_region_cleanup(VenusState *s)
{
    venus_region_drop(g_steal_pointer(&s->window_region),
                      &VIRTIO_GPU_BASE(s->g)->hostmem);
    g_clear_pointer(&s->regions, g_atomic_rc_box_release);
}

static void *window_region_reserve(VenusState *s, VenusResource *res,
                                   const VenusWindowRange *range,
                                   uint64_t used)
{
    unsigned shown = g_tree_nnodes(s->mapped);
    size_t map_size = range->size;
    void *map;

    if (qatomic_read(&s->regions->regions) - shown >= VENUS_MAX_LEFT) {
        return NULL;
    }
    /* Room to align the host's pointer as well. */
    if (s->granule > qemu_real_host_page_size()) {
        map_size += s->granule;
    }
    map = mmap(NULL, map_size, PROT_READ | PROT_WRITE,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED) {
        return NULL;
    }
    res->region = venus_region_new(map, map_size, range->size, s->regions);
    return QEMU_ALIGN_PTR_UP(map, s->granule);
}

static void window_region_show(VenusState *s, VenusResource *res,
                               const VenusWindowRange *range)
{
    VenusRegion *region = res->region;

    memory_region_init_ram_ptr(&region->mr, OBJECT(region), "venus-blob",
                               region->size,
                               QEMU_ALIGN_PTR_UP(region->map, s->granule));
    memory_region_add_subregion(&VIRTIO_GPU_BASE(s->g)->hostmem,
                                range->offset, &region->mr);
}

static void window_region_hide(VenusState *s, VenusResource *res,
                               const VenusWindowRange *range)
{
    venus_region_drop(g_steal_pointer(&res->region),
                      &VIRTIO_GPU_BASE(s->g)->hostmem);
}

static void window_region_reset(VenusState *s)
{
    /* What the guest writes where nothing is shown is not kept. */
}

const VenusWindowOps venus_window_region = {
    .name = "subregion",
    .init = window_region_init,
    .cleanup = window_region_cleanup,
    .reserve = window_region_reserve,
    .show = window_region_show,
    .hide = window_region_hide,
    .reset = window_region_reset,
};
