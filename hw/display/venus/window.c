/*
 * virtio-gpu Venus backend: the hostmem window
 *
 * What may be shown where in the window, and putting a blob's memory there.
 * How the guest comes to see it is for window-fixed.c and window-region.c.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <sys/mman.h>
#include "qapi/error.h"
#include "qemu/error-report.h"
#include "exec/memory.h"
#include "system/ram-granule.h"
#include "window.h"
#include "trace.h"

/* Each is a mapping of QEMU's, of which a host allows a limited number. */
#define VENUS_MAX_MAPPED 16384

static gint window_compare(gconstpointer a, gconstpointer b, gpointer opaque)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

/*
 * Whether blobs are mapped over one RAM region.  VFIO pins what it finds there
 * and would miss every later blob: no device that pins memory may be present
 * then, or come later.
 */
static bool window_choose_fixed(VenusState *s, bool *fixed, Error **errp)
{
    VenusMapping wish = s->conf->hostmem_mapping;
    int ret;

    *fixed = wish == VENUS_MAPPING_WINDOW ||
             (wish == VENUS_MAPPING_AUTO && ram_granule().sees_remap);
    if (!*fixed) {
        return true;
    }
    ret = ram_block_discard_require(true);
    if (!ret) {
        s->discard_required = true;
        return true;
    }
    if (wish == VENUS_MAPPING_AUTO) {
        *fixed = false;
        return true;
    }
    error_setg_errno(errp, -ret, "hostmem-mapping=window is not possible while "
                     "an assigned (VFIO) device pins guest memory");
    return false;
}

bool venus_window_init(VenusState *s, Error **errp)
{
    const VenusWindowOps *ops;
    bool fixed;

    if (!window_choose_fixed(s, &fixed, errp)) {
        return false;
    }
    ops = fixed ? &venus_window_fixed : &venus_window_region;
    s->window_size = s->g->parent_obj.conf.hostmem;
    if (!venus_alignment_init(s, fixed, errp) || !ops->init(s, errp)) {
        return false;
    }
    s->window_ops = ops;
    s->mapped = g_tree_new_full(window_compare, NULL, NULL, NULL);
    trace_venus_window_init(ops->name, s->window_size, s->granule);
    return true;
}

void venus_window_cleanup(VenusState *s)
{
    if (s->window_ops) {
        s->window_ops->cleanup(s);
        g_clear_pointer(&s->mapped, g_tree_unref);
        s->window_ops = NULL;
    }
    if (s->discard_required) {
        ram_block_discard_require(false);
        s->discard_required = false;
    }
}

typedef struct WindowSearch {
    uint64_t offset;
    VenusResource *found;       /* the last one that starts below or there */
} WindowSearch;

static gint window_search(gconstpointer key, gconstpointer opaque)
{
    WindowSearch *search = (WindowSearch *)opaque;
    uint64_t start = *(const uint64_t *)key;

    if (start <= search->offset) {
        search->found = container_of(key, VenusResource, range.offset);
        return 1;               /* to the greater ones */
    }
    return -1;
}

/* The blob with the greatest offset that is not above @offset. */
static VenusResource *window_find(VenusState *s, uint64_t offset)
{
    WindowSearch search = { .offset = offset };

    g_tree_search(s->mapped, (GCompareFunc)window_search, &search);
    return search.found;
}

bool venus_window_range(VenusState *s, const VenusResource *res,
                        uint64_t offset, VenusWindowRange *out)
{
    uint64_t size = res->size;
    VenusResource *below;

    if (!QEMU_IS_ALIGNED(offset, s->granule)) {
        venus_guest_error(s, "resource %" PRIu32 ": offset 0x%" PRIx64 " is "
                          "not a multiple of the granule, 0x%" PRIx64, res->id,
                          offset, s->granule);
        /* Otherwise it is not a matter of pages. */
        if (QEMU_IS_ALIGNED(offset, VENUS_GRANULE_MIN)) {
            venus_alignment_hint(s);
        }
        return false;
    }
    if (!size || offset >= s->window_size ||
        size > s->window_size - offset) {
        venus_guest_error(s, "resource %" PRIu32 ": 0x%" PRIx64 " bytes at 0x%"
                          PRIx64 " are outside the host visible window of 0x%"
                          PRIx64 ", granule 0x%" PRIx64, res->id, size, offset,
                          s->window_size, s->granule);
        return false;
    }
    /* The window is a power of two of at least a granule: this stays in it. */
    size = ROUND_UP(size, s->granule);
    below = window_find(s, offset + size - 1);
    if (below && below->range.offset + below->range.size > offset) {
        venus_guest_error(s, "resource %" PRIu32 ": 0x%" PRIx64 " bytes at 0x%"
                          PRIx64 " overlap resource %" PRIu32 ", granule 0x%"
                          PRIx64, res->id, size, offset, below->id,
                          s->granule);
        return false;
    }
    *out = (VenusWindowRange) { .offset = offset, .size = size };
    return true;
}

static bool window_is_full(VenusState *s)
{
    return g_tree_nnodes(s->mapped) >= VENUS_MAX_MAPPED;
}

/* The end of a successful mapping, or of one that failed with @ret. */
static int window_finish(VenusState *s, VenusResource *res,
                         const VenusWindowRange *range, int ret)
{
    if (ret) {
        /* What was there before may be gone already. */
        s->window_ops->hide(s, res, range);
        return ret;
    }
    s->window_ops->show(s, res, range);
    res->range = *range;
    res->mapped = true;
    g_tree_insert(s->mapped, &res->range.offset, res);
    trace_venus_window_map(res->id, range->offset, range->size);
    return 0;
}

/* How much of @range memory of @have bytes can fill: a page begun counts. */
static uint64_t window_used(const VenusWindowRange *range, uint64_t have)
{
    return MIN(range->size, ROUND_UP(have, qemu_real_host_page_size()));
}

int venus_window_map(VenusState *s, VenusResource *res,
                     const VenusWindowRange *range, int fd)
{
    Error *err = NULL;
    int64_t have = scanout_image_fd_size(fd, res->size, &err);
    uint64_t used;
    void *at, *ptr;

    if (have < 0) {
        warn_report_once("virtio-gpu: %s", error_get_pretty(err));
        error_free(err);
        return -EINVAL;
    }
    if (window_is_full(s)) {
        return -ENOMEM;
    }
    /* A read in a page behind the end would be SIGBUS: leave zeroes there. */
    used = window_used(range, have);
    at = s->window_ops->reserve(s, res, range, used);
    if (!at) {
        return -ENOMEM;
    }
    ptr = mmap(at, used, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
               0);
    return window_finish(s, res, range, ptr == MAP_FAILED ? -errno : 0);
}

int venus_window_clone(VenusState *s, VenusResource *res,
                       const VenusWindowRange *range, void *ptr,
                       uint64_t size)
{
    uint64_t used = window_used(range, size);
    void *at;

    if (!QEMU_PTR_IS_ALIGNED(ptr, qemu_real_host_page_size())) {
        return -ENOTSUP;
    }
    if (window_is_full(s)) {
        return -ENOMEM;
    }
    /* Drivers tell the size of an allocation; guests ask for whole pages. */
    at = s->window_ops->reserve(s, res, range, used);
    if (!at) {
        return -ENOMEM;
    }
    return window_finish(s, res, range, venus_mapping_clone(at, ptr, used));
}

void venus_window_unmap(VenusState *s, VenusResource *res)
{
    if (!res->mapped) {
        return;
    }
    trace_venus_window_unmap(res->id, res->range.offset, res->range.size);
    g_tree_remove(s->mapped, &res->range.offset);
    res->mapped = false;
    s->window_ops->hide(s, res, &res->range);
}

void venus_window_reset(VenusState *s)
{
    if (s->window_ops) {
        assert(!g_tree_nnodes(s->mapped));
        s->window_ops->reset(s);
    }
}
