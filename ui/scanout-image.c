/*
 * Reference counted memory of one scanned-out picture
 *
 * Maps a descriptor or wraps somebody else's memory, and gives it back when
 * the last consumer, which may be on any thread, lets go.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/atomic.h"
#include "qemu/memfd.h"
#include "ui/scanout-image.h"

struct ScanoutImage {
    /* Constant */
    void *ptr;
    size_t size;                /* bytes */
    int fd;                     /* owned; or -1 */
    bool is_mapping;            /* @ptr maps @fd and is owned */
    ScanoutImageRelease release;
    void *opaque;

    bool copy_is_wanted;        /* atomic */
    gatomicrefcount ref;
};

static ScanoutImage *scanout_image_new(void *ptr, size_t size)
{
    ScanoutImage *image = g_new0(ScanoutImage, 1);

    image->ptr = ptr;
    image->size = size;
    image->fd = -1;
    g_atomic_ref_count_init(&image->ref);
    return image;
}

/*
 * A memfd shrinks unless it is sealed.  A file on disk knows no seals, so it
 * is refused wherever the host has memory that does.  What is not a file
 * (a dma-buf) has one size for life.
 */
static bool scanout_image_fd_is_fixed(int fd, const struct stat *st)
{
    int seals = fcntl(fd, F_GET_SEALS);

    if (seals >= 0) {
        return (seals & F_SEAL_SHRINK) ||
               fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0;
    }
    return !S_ISREG(st->st_mode) || !qemu_memfd_check(MFD_ALLOW_SEALING);
}

int64_t scanout_image_fd_size(int fd, size_t size, Error **errp)
{
    struct stat st;
    off_t end;

    if (fstat(fd, &st) < 0) {
        error_setg_errno(errp, errno, "cannot look at the memory of a blob");
        return -1;
    }
    if (!scanout_image_fd_is_fixed(fd, &st)) {
        error_setg(errp, "the memory of a blob could shrink");
        return -1;
    }
    /* After sealing.  st_size of a dma-buf is 0, and some memory cannot seek */
    end = lseek(fd, 0, SEEK_END);
    if (end < 0) {
        end = st.st_size;
    }
    if (end < 0 || (uint64_t)end < size) {
        error_setg(errp, "the memory of a blob has %" PRId64 " bytes, not %zu",
                   (int64_t)end, size);
        return -1;
    }
    return end;
}

ScanoutImage *scanout_image_new_fd(int fd, size_t size, Error **errp)
{
    ScanoutImage *image;
    void *ptr;

    assert(size);
    if (scanout_image_fd_size(fd, size, errp) < 0) {
        return NULL;
    }
    ptr = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
    if (ptr == MAP_FAILED) {
        error_setg_errno(errp, errno, "cannot map %zu bytes of a picture",
                         size);
        return NULL;
    }

    image = scanout_image_new(ptr, size);
    image->fd = fd;
    image->is_mapping = true;
    return image;
}

ScanoutImage *scanout_image_new_ptr(void *ptr, size_t size,
                                    ScanoutImageRelease release, void *opaque)
{
    ScanoutImage *image = scanout_image_new(ptr, size);

    image->release = release;
    image->opaque = opaque;
    return image;
}

void scanout_image_set_device_fd(ScanoutImage *image, int fd)
{
    assert(image->fd < 0);
    image->fd = fd;
}

bool scanout_image_is_copy(const ScanoutImage *image)
{
    return image->fd >= 0 && !image->is_mapping;
}

void scanout_image_want_copy(ScanoutImage *image)
{
    qatomic_set(&image->copy_is_wanted, true);
}

bool scanout_image_copy_is_wanted(const ScanoutImage *image)
{
    return qatomic_read(&image->copy_is_wanted);
}

ScanoutImage *scanout_image_ref(ScanoutImage *image)
{
    g_atomic_ref_count_inc(&image->ref);
    return image;
}

void scanout_image_unref(ScanoutImage *image)
{
    if (!image || !g_atomic_ref_count_dec(&image->ref)) {
        return;
    }
    if (image->is_mapping) {
        munmap(image->ptr, image->size);
    }
    if (image->fd >= 0) {
        close(image->fd);
    }
    if (image->release) {
        image->release(image->opaque);
    }
    g_free(image);
}

bool scanout_image_is_shared(const ScanoutImage *image)
{
    return !g_atomic_ref_count_compare((gatomicrefcount *)&image->ref, 1);
}

void *scanout_image_ptr(const ScanoutImage *image)
{
    return image->ptr;
}

size_t scanout_image_size(const ScanoutImage *image)
{
    return image->size;
}

int scanout_image_fd(const ScanoutImage *image)
{
    return image->fd;
}

/*
 * Displays compute with int what they copy, and pixman with 16 bits where;
 * some copy @stride * @height bytes, so the last line counts in full.
 */
static bool scanout_image_layout_ok(const ScanoutImage *image,
                                    pixman_format_code_t format,
                                    uint32_t width, uint32_t height,
                                    uint32_t stride, uint64_t offset)
{
    uint64_t bytes = (uint64_t)stride * height;

    if (!width || width > INT16_MAX || !height || height > INT16_MAX) {
        return false;
    }
    if (stride % sizeof(uint32_t) || bytes > INT32_MAX ||
        stride < DIV_ROUND_UP((uint64_t)width * PIXMAN_FORMAT_BPP(format), 8)) {
        return false;
    }
    return offset <= image->size && bytes <= image->size - offset &&
           ((uintptr_t)image->ptr + offset) % sizeof(uint32_t) == 0;
}

/* On whatever thread drops the last reference to the pixman image. */
static void scanout_image_pixman_destroy(pixman_image_t *pixman, void *opaque)
{
    ScanoutImage *image = opaque;

    scanout_image_unref(image);
}

DisplaySurface *scanout_image_new_surface(ScanoutImage *image,
                                          pixman_format_code_t format,
                                          uint32_t width, uint32_t height,
                                          uint32_t stride, uint64_t offset)
{
    DisplaySurface *surface;
    pixman_image_t *pixman;

    if (!scanout_image_layout_ok(image, format, width, height, stride,
                                 offset)) {
        return NULL;
    }
    pixman = pixman_image_create_bits(format, width, height,
                                      (void *)((uint8_t *)image->ptr + offset),
                                      stride);
    if (!pixman) {
        return NULL;
    }
    pixman_image_set_destroy_function(pixman, scanout_image_pixman_destroy,
                                      scanout_image_ref(image));

    surface = qemu_create_displaysurface_pixman(pixman);
    pixman_image_unref(pixman);
    surface->scanout_image = image;
    if (image->is_mapping && offset <= UINT32_MAX) {
        qemu_displaysurface_set_share_handle(surface, image->fd, offset);
    }
    return surface;
}
