/*
 * Unit tests of the Vulkan presenter with real dma-bufs
 *
 * They are shown by the device that reads them in place, on a driver of this
 * machine.  lavapipe imports dma-bufs as images where /dev/udmabuf can be
 * opened, which is also where they come from.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/memfd.h"
#include "ui/vulkan/reader.h"
#include "udmabuf.h"
#include "vulkan-headless-window.h"

#define WIDTH PICTURE_WIDTH
#define HEIGHT PICTURE_HEIGHT

/* As drivers make them: lines padded, the picture on a page of its own */
static const Picture padded = {
    .format = PICTURE_BGRX,
    .width = WIDTH - 3,
    .height = HEIGHT - 5,
    .stride = WIDTH * 4 + 64,
    .offset = 4096,
};

static const HeadlessWindowConfig dmabuf_first = {
    .presenter = {
        .mode = VK_PRESENT_MODE_MAILBOX_KHR,
        .import = VULKAN_IMPORT_DMABUF,
    },
};

/* The memory of a guest */
typedef struct Blob {
    ScanoutImage *image;        /* ref, of a dma-buf */
    void *map;
    size_t size;
} Blob;

/* Return: false, with the test skipped, where there are no dma-bufs. */
static bool blob_init(Blob *b, const Picture *picture)
{
    int fd;

    b->size = picture_size(picture);
    fd = udmabuf_new(b->size, &b->map);
    if (fd < 0) {
        g_test_skip("no /dev/udmabuf");
        return false;
    }
    picture_paint(picture, b->map);
    b->image = scanout_image_new_fd(fd, b->size, &error_abort);
    return true;
}

static void blob_cleanup(Blob *b)
{
    scanout_image_unref(b->image);
    munmap(b->map, b->size);
}

/* A window of @width x @height that shows @picture, or a skipped test */
static bool open_window(HeadlessWindow *h, Blob *b, const Picture *picture,
                        uint32_t width, uint32_t height)
{
    if (!blob_init(b, picture)) {
        return false;
    }
    if (!headless_window_open(h, &dmabuf_first)) {
        blob_cleanup(b);
        return false;
    }
    headless_window_resize(h, width, height);
    headless_window_show(h, picture_surface(picture, b->image));
    return true;
}

static void assert_imported(HeadlessWindow *h, unsigned dmabufs)
{
    g_assert_cmpuint(vulkan_headless_log().dmabuf_imports, ==, dmabufs);
    g_assert_cmpuint(vulkan_headless_log().host_imports, ==, 0);
    g_assert_cmpuint(window_copied(&h->window), ==, 0);
}

/* The device reads what the guest writes, frame after frame. */
static void test_copy(void)
{
    Picture picture = picture_plain;
    HeadlessWindow h;
    Blob b;

    if (!open_window(&h, &b, &picture, WIDTH, HEIGHT)) {
        return;
    }
    headless_window_check(&h, &picture, 0);
    for (picture.seed = 1; picture.seed < 5; picture.seed++) {
        picture_paint(&picture, b.map);
        headless_window_damage(&h, 0, 0, 1, 1);
        headless_window_check(&h, &picture, 0);
    }
    assert_imported(&h, 1);
    headless_window_close(&h);
    blob_cleanup(&b);
}

static void test_scaled(void)
{
    HeadlessWindow h;
    Blob b;

    if (!open_window(&h, &b, &picture_plain, 3 * WIDTH, 2 * HEIGHT)) {
        return;
    }
    headless_window_check(&h, &picture_plain, HEADLESS_FILTERED);
    headless_window_resize(&h, WIDTH, HEIGHT);
    headless_window_check(&h, &picture_plain, 0);
    assert_imported(&h, 1);
    headless_window_close(&h);
    blob_cleanup(&b);
}

static void test_offset_and_stride(void)
{
    HeadlessWindow h;
    Blob b;

    if (!open_window(&h, &b, &padded, padded.width, padded.height)) {
        return;
    }
    headless_window_check(&h, &padded, 0);
    headless_window_resize(&h, 2 * WIDTH, 2 * HEIGHT);
    headless_window_check(&h, &padded, HEADLESS_FILTERED);
    assert_imported(&h, 1);
    headless_window_close(&h);
    blob_cleanup(&b);
}

/* Vulkan has no format with the unused byte in front: those are copied. */
static void test_format(const void *opaque)
{
    const PictureFormat *format = opaque;
    bool is_first_unused = format->shift[0] && format->shift[2];
    Picture picture = picture_plain;
    HeadlessWindow h;
    Blob b;

    picture.format = format;
    if (!open_window(&h, &b, &picture, WIDTH, HEIGHT)) {
        return;
    }
    headless_window_check(&h, &picture, 0);
    if (is_first_unused) {
        g_assert_cmpuint(window_copied(&h.window), ==, WIDTH * HEIGHT);
    } else {
        assert_imported(&h, 1);
    }
    headless_window_close(&h);
    blob_cleanup(&b);
}

/* Two buffers in turn are imported once each. */
static void test_flip(void)
{
    Picture pictures[2] = { picture_plain, picture_plain };
    HeadlessWindow h;
    Blob b[2];
    int i;

    pictures[1].seed = 1;
    if (!open_window(&h, &b[0], &pictures[0], WIDTH, HEIGHT)) {
        return;
    }
    g_assert_true(blob_init(&b[1], &pictures[1]));
    headless_window_check(&h, &pictures[0], 0);
    for (i = 1; i < 10; i++) {
        headless_window_show(&h, picture_surface(&pictures[i % 2],
                                                 b[i % 2].image));
        headless_window_check(&h, &pictures[i % 2], 0);
    }
    assert_imported(&h, 2);
    headless_window_close(&h);
    blob_cleanup(&b[0]);
    blob_cleanup(&b[1]);
}

/* The guest's descriptor is closed while the device has still to read. */
static void test_in_flight(void)
{
    Picture next = picture_plain;
    g_autoptr(Canvas) shot = NULL;
    g_autoptr(Canvas) wanted = picture_canvas(&picture_plain);
    HeadlessWindow h;
    Blob b;

    if (!blob_init(&b, &picture_plain)) {
        return;
    }
    if (!headless_window_open(&h, &dmabuf_first)) {
        blob_cleanup(&b);
        return;
    }
    headless_window_resize(&h, WIDTH, HEIGHT);
    vulkan_headless_hold();
    headless_window_show(&h, picture_surface(&picture_plain, b.image));
    headless_wait_held();
    blob_cleanup(&b);

    next.seed = 1;
    headless_window_show(&h, picture_plain_surface(&next));
    g_usleep(300 * 1000);
    vulkan_headless_release();
    headless_window_check(&h, &next, 0);
    shot = vulkan_headless_held_shot(h.surface);
    canvas_assert_same(shot, wanted, 0);
    g_assert_cmpuint(vulkan_headless_log().dmabuf_imports, ==, 1);
    headless_window_close(&h);
}

/* A memfd that is said to be a dma-buf, to a device that reads dma-bufs */
static void test_descriptor_lies(void)
{
    size_t size = picture_size(&picture_plain);
    HeadlessWindow h;
    ScanoutImage *image;
    void *map;
    Blob b;
    int fd;

    if (!open_window(&h, &b, &picture_plain, WIDTH, HEIGHT)) {
        return;
    }
    headless_window_check(&h, &picture_plain, 0);
    assert_imported(&h, 1);
    map = qemu_memfd_alloc("blob", size, F_SEAL_SHRINK, &fd, &error_abort);
    memset(b.map, 0, b.size);
    picture_paint(&picture_plain, map);
    image = scanout_image_new_fd(fd, size, &error_abort);
    headless_window_show(&h, picture_surface(&picture_plain, image));
    headless_window_check(&h, &picture_plain, 0);
    g_assert_cmpuint(vulkan_headless_log().dmabuf_imports, ==, 1);
    g_assert_cmpuint(vulkan_headless_log().host_imports, ==, 1);
    g_assert_cmpuint(window_copied(&h.window), ==, 0);
    headless_window_close(&h);
    scanout_image_unref(image);
    qemu_memfd_free(map, size, -1);
    blob_cleanup(&b);
}

/* Pixels are read from the dma-buf to where the CPU looks for them. */
static void test_readback(void)
{
    const ScanoutLayout layout = {
        .width = padded.width,
        .height = padded.height,
        .stride = padded.stride,
        .offset = padded.offset,
    };
    VulkanInstance *in = vulkan_headless_start(VK_FORMAT_UNDEFINED);
    g_autoptr(VulkanReader) reader = NULL;
    g_autofree uint8_t *copy = g_malloc0(picture_size(&padded));
    g_autofree uint8_t *wanted = g_malloc0(picture_size(&padded));
    Picture picture = padded;
    ScanoutImage *image;
    uint32_t y;
    Blob b;

    if (!in || !blob_init(&b, &picture)) {
        return;
    }
    reader = vulkan_reader_new(in, &error_abort);
    image = scanout_image_new_ptr(copy, b.size, NULL, NULL);
    scanout_image_set_device_fd(image, dup(scanout_image_fd(b.image)));
    for (picture.seed = 0; picture.seed < 3; picture.seed++) {
        bool is_usable;

        picture_paint(&picture, b.map);
        picture_paint(&picture, wanted);
        g_assert_true(vulkan_reader_read(reader, image, &layout, &is_usable,
                                         &error_abort));
        g_assert_true(is_usable);
        for (y = 0; y < picture.height; y++) {
            size_t line = picture.offset + (size_t)y * picture.stride;

            g_assert_cmpmem(copy + line, picture.width * 4, wanted + line,
                            picture.width * 4);
        }
    }
    g_assert_cmpuint(vulkan_headless_log().dmabuf_imports, ==, 1);
    scanout_image_unref(image);
    blob_cleanup(&b);
}

int main(int argc, char **argv)
{
    int i;

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vulkan-dmabuf/copy", test_copy);
    g_test_add_func("/vulkan-dmabuf/scaled", test_scaled);
    g_test_add_func("/vulkan-dmabuf/offset-and-stride",
                    test_offset_and_stride);
    /* Those of 32 bits; ui/vulkan converts the others. */
    for (i = 0; i < 8; i++) {
        g_autofree char *path = g_strdup_printf("/vulkan-dmabuf/format/%s",
                                                picture_formats[i].name);

        g_test_add_data_func(path, &picture_formats[i], test_format);
    }
    g_test_add_func("/vulkan-dmabuf/flip", test_flip);
    g_test_add_func("/vulkan-dmabuf/in-flight", test_in_flight);
    g_test_add_func("/vulkan-dmabuf/descriptor-lies", test_descriptor_lies);
    g_test_add_func("/vulkan-dmabuf/readback", test_readback);
    return g_test_run();
}
