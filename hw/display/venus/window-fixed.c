/*
 * virtio-gpu Venus backend: the hostmem window as one RAM region
 *
 * A RAM region of the size of the hostmem BAR is reserved once.  A blob is
 * shown in it by mapping its memory over a part of the reservation, so that
 * the guest's memory topology never changes.  Parts that show no blob are
 * private zeroes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <sys/mman.h>
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "region.h"
#include "window.h"

static bool window_fixed_init(VenusState *s, Error **errp)
{
    VenusRegion *region;

    s->window = mmap(NULL, s->window_size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (s->window == MAP_FAILED) {
        error_setg_errno(errp, errno, "venus: cannot reserve hostmem=%" PRIu64
                         " bytes of address space", s->window_size);
        s->window = NULL;
        return false;
    }
    region = venus_region_new(s->window, s->window_size, s->window_size, NULL);
    memory_region_init_ram_ptr(&region->mr, OBJECT(region), "venus-window",
                               s->window_size, s->window);
    memory_region_add_subregion(&VIRTIO_GPU_BASE(s->g)->hostmem, 0,
                                &region->mr);
    s->window_region = region;
    return true;
}

static void window_fixed_cleanup(VenusState *s)
{
    venus_region_drop(g_steal_pointer(&s->window_region),
                      &VIRTIO_GPU_BASE(s->g)->hostmem);
    s->window = NULL;
}

/* Give a part of the window back to private zeroes. */
static bool window_clear(VenusState *s, uint64_t offset, uint64_t size)
{
    void *ptr = mmap(s->window + offset, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED,
                     -1, 0);

    /* Out of mappings: at worst the guest goes on seeing its own blob. */
    if (ptr == MAP_FAILED) {
        warn_report_once("virtio-gpu: cannot clear the host visible window: "
                         "%s", strerror(errno));
    }
    return ptr != MAP_FAILED;
}

static void *window_fixed_reserve(VenusState *s, VenusResource *res,
                                  const VenusWindowRange *range, uint64_t used)
{
    /* The guest may have written there while nothing was shown. */
    if (used < range->size &&
        !window_clear(s, range->offset + used, range->size - used)) {
        return NULL;
    }
    return s->window + range->offset;
}

static void window_fixed_show(VenusState *s, VenusResource *res,
                              const VenusWindowRange *range)
{
    /* The addresses are the guest's already. */
}

static void window_fixed_hide(VenusState *s, VenusResource *res,
                              const VenusWindowRange *range)
{
    window_clear(s, range->offset, range->size);
}

static void window_fixed_reset(VenusState *s)
{
    window_clear(s, 0, s->window_size);
}

const VenusWindowOps venus_window_fixed = {
    .name = "window",
    .init = window_fixed_init,
    .cleanup = window_fixed_cleanup,
    .reserve = window_fixed_reserve,
    .show = window_fixed_show,
    .hide = window_fixed_hide,
    .reset = window_fixed_reset,
};
