/*
 * virtio-gpu Venus backend: a blob's memory as pixels
 *
 * Finds the cheapest way to read a blob with the CPU: the renderer's memory
 * mapped, the guest's memory in place or mapped a second time in one piece, or
 * a copy.  Knows nothing of outputs.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/iov.h"
#include "qemu/main-loop.h"
#include "exec/ramblock.h"
#include "venus.h"
#include "trace.h"

/* Mappings of the host are a limited good (Linux: 65530 for all of QEMU). */
#define VENUS_MAX_PIECES 1024       /* of one image */
#define VENUS_MAX_STITCHED 16384    /* of all images */

/* Guest memory that is one piece for the host as well */
typedef struct VenusPiece {
    RAMBlock *block;            /* borrowed from the backing */
    ram_addr_t offset;          /* bytes from the start of the block */
    uint64_t size;              /* bytes */
} VenusPiece;

/* What an image of guest memory keeps for as long as somebody looks at it. */
typedef struct VenusGuestImage {
    void *map;                  /* owned mapping of map_size bytes, or NULL */
    size_t map_size;
    GPtrArray *regions;         /* MemoryRegion, ref */
    VirtIOGPU *g;               /* ref when hostmem is not 0 */
    uint64_t hostmem;           /* bytes of g->hostmem that are ours */
} VenusGuestImage;

static void venus_guest_image_free(void *opaque)
{
    VenusGuestImage *gi = opaque;
    guint i;

    assert(bql_locked());
    for (i = 0; i < gi->regions->len; i++) {
        memory_region_unref(g_ptr_array_index(gi->regions, i));
    }
    g_ptr_array_free(gi->regions, true);
    if (gi->hostmem) {
        gi->g->hostmem -= gi->hostmem;
        object_unref(OBJECT(gi->g));
    }
    g_free(gi);
}

/* ScanoutImageRelease: any thread, guest memory is let go of under the BQL. */
static void venus_guest_image_release_cb(void *opaque)
{
    VenusGuestImage *gi = opaque;

    if (gi->map) {
        munmap(gi->map, gi->map_size);
    }
    if (bql_locked()) {
        venus_guest_image_free(gi);
    } else {
        aio_bh_schedule_oneshot(qemu_get_aio_context(),
                                venus_guest_image_free, gi);
    }
}

static VenusGuestImage *venus_guest_image_new(const GArray *pieces)
{
    VenusGuestImage *gi = g_new0(VenusGuestImage, 1);
    guint i;

    gi->regions = g_ptr_array_new();
    for (i = 0; pieces && i < pieces->len; i++) {
        MemoryRegion *mr = g_array_index(pieces, VenusPiece, i).block->mr;

        memory_region_ref(mr);
        g_ptr_array_add(gi->regions, mr);
    }
    return gi;
}

/*
 * The first @size bytes of the backing, neighbours joined.  NULL when a part
 * of it is not the guest's RAM, or when there are too many pieces.
 */
static GArray *venus_image_pieces(const VenusBacking *backing, uint64_t size)
{
    g_autoptr(GArray) pieces = g_array_new(false, false, sizeof(VenusPiece));
    VenusPiece *last = NULL;
    uint32_t i;

    for (i = 0; i < backing->iov_cnt && size; i++) {
        VenusPiece p = { .size = MIN(size, backing->iov[i].iov_len) };

        p.block = qemu_ram_block_from_host(backing->iov[i].iov_base, false,
                                           &p.offset);
        if (!p.block) {
            return NULL;
        }
        size -= p.size;
        if (last && last->block == p.block &&
            last->offset + last->size == p.offset) {
            last->size += p.size;
            continue;
        }
        if (pieces->len == VENUS_MAX_PIECES) {
            return NULL;
        }
        g_array_append_val(pieces, p);
        last = &g_array_index(pieces, VenusPiece, pieces->len - 1);
    }
    return g_steal_pointer(&pieces);
}

/* Whether every piece can be mapped a second time, next to the others. */
static bool venus_image_can_stitch(const GArray *pieces)
{
    size_t page = qemu_real_host_page_size();
    guint i;

    for (i = 0; i < pieces->len; i++) {
        const VenusPiece *p = &g_array_index(pieces, VenusPiece, i);
        bool is_last = i + 1 == pieces->len;

        if (!qemu_ram_is_shared(p->block) || qemu_ram_get_fd(p->block) < 0 ||
            qemu_ram_pagesize(p->block) != page ||
            !QEMU_IS_ALIGNED(p->offset, page) ||
            (!is_last && !QEMU_IS_ALIGNED(p->size, page))) {
            return false;
        }
    }
    return true;
}

static ScanoutImage *venus_image_stitch(const GArray *pieces, size_t size)
{
    VenusGuestImage *gi;
    uint8_t *map, *at;
    guint i;

    map = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) {
        return NULL;
    }
    for (i = 0, at = map; i < pieces->len; i++) {
        const VenusPiece *p = &g_array_index(pieces, VenusPiece, i);

        if (mmap(at, p->size, PROT_READ, MAP_SHARED | MAP_FIXED,
                 qemu_ram_get_fd(p->block),
                 p->block->fd_offset + p->offset) == MAP_FAILED) {
            munmap(map, size);
            return NULL;
        }
        at += p->size;
    }

    gi = venus_guest_image_new(pieces);
    gi->map = map;
    gi->map_size = size;
    return scanout_image_new_ptr(map, size, venus_guest_image_release_cb, gi);
}

/* Only what venus_image_gather() writes becomes real memory. */
static ScanoutImage *venus_image_shadow(VenusState *s, size_t size,
                                        Error **errp)
{
    VirtIOGPU *g = s->g;
    VenusGuestImage *gi;
    void *map;

    /* One guest page may be listed many times: bound it as 2D pictures are. */
    if (g->hostmem >= g->conf_max_hostmem ||
        size >= g->conf_max_hostmem - g->hostmem) {
        error_setg(errp, "a copy of %zu bytes is more than max_hostmem allows",
                   size);
        return NULL;
    }
    map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
               -1, 0);
    if (map == MAP_FAILED) {
        error_setg_errno(errp, errno, "no memory for a copy of %zu bytes",
                         size);
        return NULL;
    }

    gi = venus_guest_image_new(NULL);
    gi->map = map;
    gi->map_size = size;
    gi->g = VIRTIO_GPU(object_ref(OBJECT(g)));
    gi->hostmem = size;
    g->hostmem += size;
    return scanout_image_new_ptr(map, size, venus_guest_image_release_cb, gi);
}

static ScanoutImage *venus_image_guest(VenusState *s, VenusResource *res,
                                       Error **errp)
{
    const VenusBacking *backing = &res->backing;
    g_autoptr(GArray) pieces = NULL;
    ScanoutImage *image = NULL;

    if (iov_size(backing->iov, backing->iov_cnt) < res->size) {
        error_setg(errp, "blob %u has less guest memory than its size",
                   res->id);
        return NULL;
    }
    pieces = venus_image_pieces(backing, res->size);
    if (pieces && pieces->len == 1 &&
        QEMU_PTR_IS_ALIGNED(backing->iov[0].iov_base, sizeof(uint32_t))) {
        image = scanout_image_new_ptr(backing->iov[0].iov_base, res->size,
                                      venus_guest_image_release_cb,
                                      venus_guest_image_new(pieces));
    } else if (pieces && venus_image_can_stitch(pieces) &&
               s->stitched + pieces->len <= VENUS_MAX_STITCHED) {
        image = venus_image_stitch(pieces, res->size);
        res->image_pieces = image ? pieces->len : 0;
        s->stitched += res->image_pieces;
    }
    res->image_is_shadow = !image;
    return image ?: venus_image_shadow(s, res->size, errp);
}

/* @fd cannot be mapped; the image's on success, else the caller's */
static ScanoutImage *venus_image_device(VenusState *s,
                                        const VenusResource *res, int fd,
                                        Error **errp)
{
    ScanoutImage *image;

    if (scanout_image_fd_size(fd, res->size, errp) < 0) {
        return NULL;
    }
    if (!s->readback) {
        s->readback = scanout_readback_new(errp);
        if (!s->readback) {
            return NULL;
        }
    }
    image = venus_image_shadow(s, res->size, errp);
    if (image) {
        scanout_image_set_device_fd(image, fd);
    }
    return image;
}

static ScanoutImage *venus_image_host(VenusState *s, VenusResource *res,
                                      Error **errp)
{
    ScanoutImage *image = NULL;
    Error *err = NULL;
    VenusFdType type;
    int fd = -1;
    int ret;

    if (!s->renderer || !res->in_renderer) {
        error_setg(errp, "the renderer of blob %u is gone", res->id);
        return NULL;
    }
    ret = s->renderer->ops->blob_export(s->renderer, res->id, &type, &fd);
    if (ret < 0) {
        error_setg_errno(errp, -ret, "cannot export blob %u", res->id);
        return NULL;
    }
    if (type == VENUS_FD_OPAQUE) {
        error_setg(errp, "blob %u is memory that only the driver can map",
                   res->id);
        close(fd);
        return NULL;
    }
    if (!s->conf->scanout_readback || type != VENUS_FD_DMABUF) {
        image = scanout_image_new_fd(fd, res->size, &err);
    }
    if (!image && type == VENUS_FD_DMABUF) {
        error_free(err);
        err = NULL;
        image = venus_image_device(s, res, fd, &err);
    }
    if (!image) {
        error_propagate(errp, err);
        close(fd);
    }
    return image;
}

ScanoutImage *venus_image_get(VenusState *s, VenusResource *res, Error **errp)
{
    assert(bql_locked());
    if (res->image) {
        return res->image;
    }
    if (!res->size || res->size > SIZE_MAX) {
        error_setg(errp, "blob %u has no size that can be mapped", res->id);
        return NULL;
    }
    res->image_is_shadow = false;
    res->image = res->blob_mem == VIRTIO_GPU_BLOB_MEM_GUEST ?
                 venus_image_guest(s, res, errp) :
                 venus_image_host(s, res, errp);
    if (res->image) {
        trace_venus_image_get(res->id, res->size, scanout_image_fd(res->image),
                              res->image_is_shadow);
    }
    return res->image;
}

/* A place in a scattered blob, moving forward only */
typedef struct VenusIovCursor {
    const struct iovec *iov;
    uint32_t left;              /* elements from @iov on */
    uint64_t start;             /* bytes of the blob before @iov */
} VenusIovCursor;

/* @offset: bytes of the blob, not less than at the call before */
static void venus_iov_cursor_read(VenusIovCursor *c, uint64_t offset,
                                  uint8_t *dst, uint64_t len)
{
    while (len && c->left) {
        uint64_t skip = offset - c->start;
        uint64_t n;

        if (skip >= c->iov->iov_len) {
            c->start += c->iov->iov_len;
            c->iov++;
            c->left--;
            continue;
        }
        n = MIN(len, c->iov->iov_len - skip);
        memcpy(dst, (uint8_t *)c->iov->iov_base + skip, n);
        offset += n;
        dst += n;
        len -= n;
    }
}

void venus_image_gather(VenusResource *res,
                        const struct virtio_gpu_framebuffer *fb,
                        const struct virtio_gpu_rect *rect)
{
    uint64_t bpp = PIXMAN_FORMAT_BPP(fb->format) / 8;
    uint64_t line = rect->width * bpp;
    uint64_t offset = fb->offset + (uint64_t)rect->y * fb->stride +
                      rect->x * bpp;
    VenusIovCursor c = {
        .iov = res->backing.iov,
        .left = res->backing.iov_cnt,
    };
    uint8_t *shadow;
    uint32_t y;

    assert(bql_locked());
    if (!res->image || !res->image_is_shadow) {
        return;
    }
    shadow = scanout_image_ptr(res->image);
    for (y = 0; y < rect->height; y++) {
        if (offset > res->size || line > res->size - offset) {
            return;
        }
        venus_iov_cursor_read(&c, offset, shadow + offset, line);
        offset += fb->stride;
    }
}

void venus_image_drop(VenusState *s, VenusResource *res)
{
    s->stitched -= res->image_pieces;
    res->image_pieces = 0;
    scanout_image_unref(res->image);
    res->image = NULL;
    res->image_is_shadow = false;
}
