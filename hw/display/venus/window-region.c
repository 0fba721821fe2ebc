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
#include "qemu/module.h"
#include "qemu/units.h"
#include "exec/address-spaces.h"
#include "window.h"

/*
 * Regions that are no longer shown but still in use are mappings of QEMU's,
 * too.  A guest that is quicker than their release has to wait.
 */
#define VENUS_MAX_LEFT 4096

/* Regions there are; outlives the device when they do. */
struct VenusRegionCount {
    unsigned regions;           /* atomic */
};

#define TYPE_VENUS_REGION "virtio-gpu-venus-region"
OBJECT_DECLARE_SIMPLE_TYPE(VenusRegion, VENUS_REGION)

struct VenusRegion {
    Object parent_obj;

    MemoryRegion mr;            /* child, of size bytes */
    void *map;                  /* owned mapping of map_size bytes */
    size_t map_size;
    uint64_t size;
    VenusRegionCount *count;    /* ref */
};

static void venus_region_finalize(Object *obj)
{
    VenusRegion *region = VENUS_REGION(obj);

    /* The memory region is gone already, and with it all who could look. */
    if (region->map) {
        munmap(region->map, region->map_size);
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
    memory_region_init_io(&s->window_mr, OBJECT(s->g), &window_empty_ops, s,
                          "venus-window", s->window_size);
    /* Below the blobs. */
    memory_region_add_subregion_overlap(&VIRTIO_GPU_BASE(s->g)->hostmem, 0,
                                        &s->window_mr, -1);
    s->regions = g_atomic_rc_box_new0(VenusRegionCount);
    return true;
}

static void window_region_cleanup(VenusState *s)
{
    memory_region_del_subregion(&VIRTIO_GPU_BASE(s->g)->hostmem,
                                &s->window_mr);
    object_unparent(OBJECT(&s->window_mr));
    g_clear_pointer(&s->regions, g_atomic_rc_box_release);
}

static void *window_region_reserve(VenusState *s, VenusResource *res,
                                   const VenusWindowRange *range,
                                   uint64_t used)
{
    unsigned shown = g_tree_nnodes(s->mapped);
    VenusRegion *region;
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
    region = VENUS_REGION(object_new(TYPE_VENUS_REGION));
    region->map = map;
    region->map_size = map_size;
    region->size = range->size;
    region->count = g_atomic_rc_box_acquire(s->regions);
    qatomic_inc(&region->count->regions);
    res->region = region;
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
    VenusRegion *region = g_steal_pointer(&res->region);

    if (memory_region_is_mapped(&region->mr)) {
        memory_region_del_subregion(&VIRTIO_GPU_BASE(s->g)->hostmem,
                                    &region->mr);
    }
    object_unref(OBJECT(region));
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
