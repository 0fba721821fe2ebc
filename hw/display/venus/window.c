/*
 * virtio-gpu Venus backend: the hostmem window
 *
 * One RAM region of the size of the hostmem BAR, reserved once.  A blob is
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
#include "exec/memory.h"
#include "venus.h"
#include "trace.h"

/* Each is a mapping of QEMU's, of which a host allows a limited number. */
#define VENUS_MAX_MAPPED 16384

static gint window_compare(gconstpointer a, gconstpointer b, gpointer opaque)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

bool venus_window_init(VenusState *s, Error **errp)
{
    VirtIOGPUBase *b = VIRTIO_GPU_BASE(s->g);
    int ret;

    /* VFIO pins what it finds mapped and would miss every later blob. */
    ret = ram_block_discard_require(true);
    if (ret) {
        error_setg_errno(errp, -ret, "venus: host blobs cannot be shown while "
                         "an assigned (VFIO) device pins guest memory");
        return false;
    }

    s->window_size = b->conf.hostmem;
    s->window = mmap(NULL, s->window_size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (s->window == MAP_FAILED) {
        error_setg_errno(errp, errno, "venus: cannot reserve hostmem=%" PRIu64
                         " bytes of address space", s->window_size);
        s->window = NULL;
        ram_block_discard_require(false);
        return false;
    }
    memory_region_init_ram_ptr(&s->window_mr, OBJECT(s->g), "venus-window",
                               s->window_size, s->window);
    memory_region_add_subregion(&b->hostmem, 0, &s->window_mr);
    s->mapped = g_tree_new_full(window_compare, NULL, NULL, NULL);
    return true;
}

void venus_window_cleanup(VenusState *s)
{
    if (!s->window) {
        return;
    }
    memory_region_del_subregion(&VIRTIO_GPU_BASE(s->g)->hostmem,
                                &s->window_mr);
    object_unparent(OBJECT(&s->window_mr));
    g_clear_pointer(&s->mapped, g_tree_unref);
    munmap(s->window, s->window_size);
    s->window = NULL;
    ram_block_discard_require(false);
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

bool venus_window_range(VenusState *s, uint64_t offset, uint64_t size,
                        VenusWindowRange *out)
{
    uint64_t page = qemu_real_host_page_size();
    VenusResource *below;

    if (!QEMU_IS_ALIGNED(offset, page)) {
        venus_guest_error(s, "blob offset 0x%" PRIx64 " is not a multiple of "
                          "the host page, 0x%" PRIx64, offset, page);
        return false;
    }
    if (!size || offset >= s->window_size ||
        size > s->window_size - offset) {
        venus_guest_error(s, "blob at 0x%" PRIx64 " of 0x%" PRIx64 " bytes is "
                          "outside the host visible window of 0x%" PRIx64,
                          offset, size, s->window_size);
        return false;
    }
    /* The window is a power of two of at least a page: this cannot leave it. */
    size = ROUND_UP(size, page);
    below = window_find(s, offset + size - 1);
    if (below && below->range.offset + below->range.size > offset) {
        venus_guest_error(s, "blob at 0x%" PRIx64 " of 0x%" PRIx64 " bytes "
                          "overlaps resource %" PRIu32, offset, size,
                          below->id);
        return false;
    }
    *out = (VenusWindowRange) { .offset = offset, .size = size };
    return true;
}

static bool window_is_full(VenusState *s)
{
    return g_tree_nnodes(s->mapped) >= VENUS_MAX_MAPPED;
}

static void window_insert(VenusState *s, VenusResource *res,
                          const VenusWindowRange *range)
{
    res->range = *range;
    res->mapped = true;
    g_tree_insert(s->mapped, &res->range.offset, res);
    trace_venus_window_map(res->id, range->offset, range->size);
}

/* Give a part of the window back to private zeroes. */
static void window_clear(VenusState *s, const VenusWindowRange *range)
{
    void *ptr = mmap(s->window + range->offset, range->size,
                     PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS |
                     MAP_NORESERVE | MAP_FIXED, -1, 0);

    /* Out of mappings: at worst the guest goes on seeing its own blob. */
    if (ptr == MAP_FAILED) {
        warn_report_once("virtio-gpu: cannot clear the host visible window: "
                         "%s", strerror(errno));
    }
}

int venus_window_map(VenusState *s, VenusResource *res,
                     const VenusWindowRange *range, int fd)
{
    Error *err = NULL;
    int64_t have = scanout_image_fd_size(fd, res->size, &err);
    uint64_t size;
    void *ptr;

    if (have < 0) {
        warn_report_once("virtio-gpu: %s", error_get_pretty(err));
        error_free(err);
        return -EINVAL;
    }
    if (window_is_full(s)) {
        return -ENOMEM;
    }
    /* A read in a page behind the end would be SIGBUS: leave zeroes there. */
    size = MIN(range->size, ROUND_UP((uint64_t)have,
                                     qemu_real_host_page_size()));
    ptr = mmap(s->window + range->offset, size, PROT_READ | PROT_WRITE,
               MAP_SHARED | MAP_FIXED, fd, 0);
    if (ptr == MAP_FAILED) {
        int ret = -errno;

        /* What was mapped there before may be gone already. */
        window_clear(s, range);
        return ret;
    }
    window_insert(s, res, range);
    return 0;
}

int venus_window_clone(VenusState *s, VenusResource *res,
                       const VenusWindowRange *range, void *ptr,
                       uint64_t size)
{
    size_t page = qemu_real_host_page_size();
    int ret;

    if (!QEMU_PTR_IS_ALIGNED(ptr, page)) {
        return -ENOTSUP;
    }
    if (window_is_full(s)) {
        return -ENOMEM;
    }
    /* Drivers tell the size of an allocation; guests ask for whole pages. */
    ret = venus_mapping_clone(s->window + range->offset, ptr,
                              MIN(range->size, ROUND_UP(size, page)));
    if (ret) {
        window_clear(s, range);
        return ret;
    }
    window_insert(s, res, range);
    return 0;
}

void venus_window_reset(VenusState *s)
{
    const VenusWindowRange all = { .size = s->window_size };

    assert(!g_tree_nnodes(s->mapped));
    window_clear(s, &all);
}

void venus_window_unmap(VenusState *s, VenusResource *res)
{
    if (!res->mapped) {
        return;
    }
    trace_venus_window_unmap(res->id, res->range.offset, res->range.size);
    g_tree_remove(s->mapped, &res->range.offset);
    res->mapped = false;
    window_clear(s, &res->range);
}
