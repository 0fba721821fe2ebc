/*
 * Tests of ScanoutImage: who keeps a picture's memory, and for how long
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/atomic.h"
#include "qemu/memfd.h"
#include "qemu/thread.h"
#include "ui/scanout-image.h"

#define MEMFD_NAME "test-scanout-image"

enum {
    WIDTH = 64,
    HEIGHT = 32,
    STRIDE = WIDTH * 4,
    SIZE = STRIDE * HEIGHT,
};

/* As much of ui/console.c as the code under test calls */

/* Helpers */

static void count_release(void *opaque)
{
    int *count = opaque;

    qatomic_inc(count);
}

static int make_memfd(size_t size, unsigned int seals)
{
    return qemu_memfd_create(MEMFD_NAME, size, false, 0, seals, &error_abort);
}

/* Sealed against something else, so that it can still be sealed */
static int make_sealable(size_t size)
{
    return make_memfd(size, F_SEAL_GROW);
}

static bool have_seals(void)
{
    if (qemu_memfd_check(MFD_ALLOW_SEALING)) {
        return true;
    }
    g_test_skip("the host has no memory that can be sealed");
    return false;
}

static bool fd_is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* Mappings of our memfds, or -1 where the host does not list them. */
static int count_mappings(const char *permissions)
{
    g_autofree char *maps = NULL;
    g_auto(GStrv) lines = NULL;
    int count = 0;
    char **line;

    if (!g_file_get_contents("/proc/self/maps", &maps, NULL, NULL)) {
        return -1;
    }
    lines = g_strsplit(maps, "\n", 0);
    for (line = lines; *line; line++) {
        count += strstr(*line, "memfd:" MEMFD_NAME) &&
                 strstr(*line, permissions);
    }
    return count;
}

/* The caller keeps the descriptor when it is refused. */
static void expect_refused(int fd, size_t size)
{
    Error *err = NULL;

    g_assert_null(scanout_image_new_fd(fd, size, &err));
    g_assert_nonnull(err);
    error_free(err);
    g_assert_true(fd_is_open(fd));
    g_assert_cmpint(count_mappings(""), <=, 0);
}

/* Life time */

static void test_release_once(void)
{
    uint32_t pixel = 0;
    int released = 0;
    ScanoutImage *image = scanout_image_new_ptr(&pixel, sizeof(pixel),
                                                count_release, &released);

    g_assert_true(scanout_image_ptr(image) == &pixel);
    g_assert_cmpuint(scanout_image_size(image), ==, sizeof(pixel));
    g_assert_cmpint(scanout_image_fd(image), ==, -1);

    g_assert_true(scanout_image_ref(image) == image);
    scanout_image_unref(image);
    g_assert_cmpint(released, ==, 0);
    scanout_image_unref(image);
    g_assert_cmpint(released, ==, 1);

    scanout_image_unref(NULL);
    scanout_image_unref(scanout_image_new_ptr(&pixel, sizeof(pixel), NULL,
                                              NULL));
}

static void *ref_and_unref(void *opaque)
{
    ScanoutImage *image = opaque;
    int i;

    for (i = 0; i < 100000; i++) {
        scanout_image_unref(scanout_image_ref(image));
    }
    scanout_image_unref(image);
    return NULL;
}

static void test_threads(void)
{
    uint32_t pixel = 0;
    int released = 0;
    ScanoutImage *image = scanout_image_new_ptr(&pixel, sizeof(pixel),
                                                count_release, &released);
    QemuThread thread[4];
    int i;

    for (i = 0; i < ARRAY_SIZE(thread); i++) {
        qemu_thread_create(&thread[i], "refs", ref_and_unref,
                           scanout_image_ref(image), QEMU_THREAD_JOINABLE);
    }
    /* Any of the threads may turn out to be the last one. */
    scanout_image_unref(image);
    for (i = 0; i < ARRAY_SIZE(thread); i++) {
        qemu_thread_join(&thread[i]);
    }
    g_assert_cmpint(qatomic_read(&released), ==, 1);
}

static void test_surface_outlives(void)
{
    g_autofree uint32_t *pixels = g_malloc0(SIZE);
    int released = 0;
    ScanoutImage *image = scanout_image_new_ptr(pixels, SIZE, count_release,
                                                &released);
    DisplaySurface *surface;
    pixman_image_t *held;

    surface = scanout_image_new_surface(image, PIXMAN_x8r8g8b8, WIDTH - 1,
                                        HEIGHT - 2, STRIDE, STRIDE + 4);
    g_assert_nonnull(surface);
    scanout_image_unref(image);
    g_assert_cmpint(released, ==, 0);

    pixels[WIDTH + 1] = 0x123456;
    g_assert_true(surface_data(surface) == &pixels[WIDTH + 1]);
    g_assert_cmphex(*(uint32_t *)surface_data(surface), ==, 0x123456);
    g_assert_cmpint(surface_width(surface), ==, WIDTH - 1);
    g_assert_cmpint(surface_height(surface), ==, HEIGHT - 2);
    g_assert_cmpint(surface_stride(surface), ==, STRIDE);
    g_assert_true(surface->share_handle == SHAREABLE_NONE);

    /* VNC keeps the pixman image when the console has freed the surface. */
    held = pixman_image_ref(surface->image);
    qemu_free_displaysurface(surface);
    g_assert_cmpint(released, ==, 0);
    g_assert_cmphex(*pixman_image_get_data(held), ==, 0x123456);
    pixman_image_unref(held);
    g_assert_cmpint(released, ==, 1);
}

/* Descriptors */

static void test_fd(void)
{
    static const uint32_t pixel = 0xabcdef;
    ScanoutImage *image;
    DisplaySurface *surface;
    int fd;

    if (!have_seals()) {
        return;
    }
    fd = make_sealable(SIZE + STRIDE);
    g_assert_cmpint(pwrite(fd, &pixel, sizeof(pixel), STRIDE), ==,
                    sizeof(pixel));
    image = scanout_image_new_fd(fd, SIZE, &error_abort);
    g_assert_cmpint(scanout_image_fd(image), ==, fd);
    g_assert_cmpuint(scanout_image_size(image), ==, SIZE);

    surface = scanout_image_new_surface(image, PIXMAN_a8r8g8b8, WIDTH,
                                        HEIGHT - 1, STRIDE, STRIDE);
    g_assert_cmpint(surface->share_handle, ==, fd);
    g_assert_cmpuint(surface->share_handle_offset, ==, STRIDE);
    g_assert_true((uint8_t *)surface_data(surface) ==
                  (uint8_t *)scanout_image_ptr(image) + STRIDE);

    scanout_image_unref(image);
    g_assert_true(fd_is_open(fd));
    g_assert_cmphex(*(uint32_t *)surface_data(surface), ==, pixel);
    qemu_free_displaysurface(surface);
    g_assert_false(fd_is_open(fd));
}

static void test_fd_mapping(void)
{
    ScanoutImage *image;
    DisplaySurface *surface[2];
    int i;

    if (!have_seals()) {
        return;
    }
    if (count_mappings("") < 0) {
        g_test_skip("the host does not list a process's mappings");
        return;
    }
    g_assert_cmpint(count_mappings(""), ==, 0);
    image = scanout_image_new_fd(make_sealable(SIZE), SIZE, &error_abort);
    for (i = 0; i < ARRAY_SIZE(surface); i++) {
        surface[i] = scanout_image_new_surface(image, PIXMAN_x8r8g8b8, WIDTH,
                                               HEIGHT, STRIDE, 0);
        g_assert_nonnull(surface[i]);
    }
    g_assert_cmpint(count_mappings(""), ==, 1);
    g_assert_cmpint(count_mappings(" r--s "), ==, 1);

    scanout_image_unref(image);
    qemu_free_displaysurface(surface[0]);
    g_assert_cmpint(count_mappings(""), ==, 1);
    qemu_free_displaysurface(surface[1]);
    g_assert_cmpint(count_mappings(""), ==, 0);
}

static void test_fd_gets_sealed(void)
{
    ScanoutImage *image;
    int fd;

    if (!have_seals()) {
        return;
    }
    fd = make_sealable(SIZE);
    g_assert_cmpint(fcntl(fd, F_GET_SEALS) & F_SEAL_SHRINK, ==, 0);
    image = scanout_image_new_fd(fd, SIZE, &error_abort);
    g_assert_cmpint(fcntl(fd, F_GET_SEALS) & F_SEAL_SHRINK, !=, 0);
    g_assert_cmpint(ftruncate(fd, 0), <, 0);
    scanout_image_unref(image);

    /* Nothing can be added to these seals, and nothing need be. */
    fd = make_memfd(SIZE, F_SEAL_SHRINK | F_SEAL_SEAL);
    scanout_image_unref(scanout_image_new_fd(fd, SIZE, &error_abort));
}

static void test_fd_unsealable(void)
{
    int fd;

    if (!have_seals()) {
        return;
    }
    fd = make_memfd(SIZE, 0);
    expect_refused(fd, SIZE);
    close(fd);

    fd = make_memfd(SIZE, F_SEAL_SEAL);
    expect_refused(fd, SIZE);
    close(fd);
}

static void test_fd_too_short(void)
{
    int fd;

    if (!have_seals()) {
        return;
    }
    fd = make_sealable(SIZE - 1);
    expect_refused(fd, SIZE);
    close(fd);

    fd = make_sealable(SIZE);
    expect_refused(fd, SIZE_MAX);
    close(fd);
}

static void test_fd_of_a_file(void)
{
    g_autofree char *name = NULL;
    int fd;

    if (!have_seals()) {
        return;
    }
    fd = g_file_open_tmp("scanout-XXXXXX", &name, NULL);
    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(ftruncate(fd, SIZE), ==, 0);
    expect_refused(fd, SIZE);
    close(fd);
    unlink(name);
}

static void test_fd_of_no_memory(void)
{
    int fds[2];

    g_assert_cmpint(pipe(fds), ==, 0);
    expect_refused(fds[0], SIZE);
    close(fds[0]);
    close(fds[1]);
}

/* Layouts */

static const struct {
    const char *what;
    uint32_t width, height, stride;
    uint64_t offset;
    bool ok;
} layouts[] = {
    { "the whole image", WIDTH, HEIGHT, STRIDE, 0, true },
    { "the last pixels", WIDTH / 2, 16, STRIDE, SIZE - 16 * STRIDE, true },
    { "stride with padding", WIDTH - 8, HEIGHT, STRIDE, 0, true },
    { "no columns", 0, HEIGHT, STRIDE, 0 },
    { "no lines", WIDTH, 0, STRIDE, 0 },
    { "one line too many", WIDTH, HEIGHT + 1, STRIDE, 0 },
    { "one pixel too far", WIDTH, HEIGHT, STRIDE, 4 },
    { "stride too short", WIDTH + 1, HEIGHT / 2, STRIDE, 0 },
    { "stride of zero", WIDTH, HEIGHT, 0, 0 },
    { "stride not of whole pixels", WIDTH - 1, HEIGHT, STRIDE - 2, 0 },
    { "offset not of whole pixels", WIDTH, HEIGHT - 1, STRIDE, 2 },
    { "offset behind the image", WIDTH, HEIGHT, STRIDE, SIZE + 4 },
    { "offset + bytes wraps", WIDTH, HEIGHT, STRIDE, UINT64_MAX - 3 },
    { "stride * height wraps 32 bits", 16, 16, 0x10000000, 0 },
    { "stride * height is negative", 16, 16, 0x08000000, 0 },
    { "width * 4 wraps 32 bits", 0x40000001, HEIGHT, STRIDE, 0 },
    { "everything at most", UINT32_MAX, UINT32_MAX, UINT32_MAX - 3,
      UINT64_MAX },
};

/* Every byte that a display may copy, so that ASan has a say. */
static void read_all(DisplaySurface *surface)
{
    size_t bytes = (size_t)surface_stride(surface) * surface_height(surface);
    g_autofree void *copy = g_memdup2(surface_data(surface), bytes);

    g_assert_nonnull(copy);
}

static void test_layouts(void)
{
    void *pixels = g_malloc0(SIZE);
    ScanoutImage *image = scanout_image_new_ptr(pixels, SIZE, g_free, pixels);
    int i;

    for (i = 0; i < ARRAY_SIZE(layouts); i++) {
        DisplaySurface *surface;

        g_test_message("%s", layouts[i].what);
        surface = scanout_image_new_surface(image, PIXMAN_x8r8g8b8,
                                            layouts[i].width,
                                            layouts[i].height,
                                            layouts[i].stride,
                                            layouts[i].offset);
        g_assert_cmpint(!!surface, ==, layouts[i].ok);
        if (surface) {
            read_all(surface);
            qemu_free_displaysurface(surface);
        }
    }
    scanout_image_unref(image);
}

/* Coordinates of pixman are 16 bits and signed. */
static void test_pixman_limits(void)
{
    const uint32_t most = INT16_MAX;
    const size_t size = (most + 1) * 4;
    void *pixels = g_malloc0(size);
    ScanoutImage *image = scanout_image_new_ptr(pixels, size, g_free, pixels);
    DisplaySurface *wide, *high;

    wide = scanout_image_new_surface(image, PIXMAN_x8r8g8b8, most, 1,
                                     size, 0);
    high = scanout_image_new_surface(image, PIXMAN_x8r8g8b8, 1, most, 4, 0);
    g_assert_nonnull(wide);
    g_assert_nonnull(high);
    qemu_free_displaysurface(wide);
    qemu_free_displaysurface(high);

    g_assert_null(scanout_image_new_surface(image, PIXMAN_x8r8g8b8, most + 1,
                                            1, size, 0));
    g_assert_null(scanout_image_new_surface(image, PIXMAN_x8r8g8b8, 1,
                                            most + 1, 4, 0));
    scanout_image_unref(image);
}

static void test_misaligned_memory(void)
{
    g_autofree uint8_t *pixels = g_malloc0(SIZE + 4);
    ScanoutImage *image = scanout_image_new_ptr(pixels + 1, SIZE, NULL, NULL);

    g_assert_null(scanout_image_new_surface(image, PIXMAN_x8r8g8b8, WIDTH,
                                            HEIGHT, STRIDE, 0));
    scanout_image_unref(image);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);

    g_test_add_func("/scanout-image/release-once", test_release_once);
    g_test_add_func("/scanout-image/threads", test_threads);
    g_test_add_func("/scanout-image/surface-outlives", test_surface_outlives);
    g_test_add_func("/scanout-image/fd/surface", test_fd);
    g_test_add_func("/scanout-image/fd/mapping", test_fd_mapping);
    g_test_add_func("/scanout-image/fd/gets-sealed", test_fd_gets_sealed);
    g_test_add_func("/scanout-image/fd/unsealable", test_fd_unsealable);
    g_test_add_func("/scanout-image/fd/too-short", test_fd_too_short);
    g_test_add_func("/scanout-image/fd/file", test_fd_of_a_file);
    g_test_add_func("/scanout-image/fd/no-memory", test_fd_of_no_memory);
    g_test_add_func("/scanout-image/layouts", test_layouts);
    g_test_add_func("/scanout-image/pixman-limits", test_pixman_limits);
    g_test_add_func("/scanout-image/misaligned", test_misaligned_memory);

    return g_test_run();
}
