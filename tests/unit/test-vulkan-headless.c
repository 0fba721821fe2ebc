/*
 * Unit tests of the Vulkan presenter on a driver of this machine
 *
 * What comes out of swapchains is compared pixel by pixel with what surfaces
 * hold.  The windows are those of VK_EXT_headless_surface.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/atomic.h"
#include "qemu/memfd.h"
#include "vulkan-headless-window.h"
#include "vulkan-picture.h"

#define WIDTH PICTURE_WIDTH
#define HEIGHT PICTURE_HEIGHT
#define PIXELS (WIDTH * HEIGHT)

/* Neither stride nor offset is what is easy. */
static const Picture odd = {
    .format = PICTURE_BGRX,
    .width = WIDTH - 3,
    .height = HEIGHT - 5,
    .stride = WIDTH * 4 + 12,
    .offset = 268,
};

/* The memory of a guest: a descriptor, and the guest's own mapping of it */
typedef struct Memory {
    ScanoutImage *image;        /* ref */
    uint8_t *map;
    size_t size;
} Memory;

static void memory_init(Memory *m, const Picture *picture)
{
    int fd;

    m->size = picture_size(picture);
    m->map = qemu_memfd_alloc("blob", m->size, F_SEAL_SHRINK, &fd,
                              &error_abort);
    picture_paint(picture, m->map);
    m->image = scanout_image_new_fd(fd, m->size, &error_abort);
}

static void memory_cleanup(Memory *m)
{
    scanout_image_unref(m->image);
    qemu_memfd_free(m->map, m->size, -1);
}

static void test_copy(void)
{
    HeadlessWindow h;

    if (!headless_window_open(&h, &headless_window_plain)) {
        return;
    }
    headless_window_resize(&h, WIDTH, HEIGHT);
    headless_window_show(&h, picture_plain_surface(&picture_plain));
    headless_window_check(&h, &picture_plain, 0);
    g_assert_cmpuint(window_copied(&h.window), ==, PIXELS);
    g_assert_cmpint(vulkan_headless_log().format, ==,
                    VK_FORMAT_B8G8R8A8_UNORM);
    headless_window_close(&h);
}

typedef struct SizeCase {
    const char *name;
    uint32_t width, height;
} SizeCase;

static const SizeCase sizes[] = {
    { "larger", 2 * WIDTH, 2 * HEIGHT },
    { "wider", 3 * WIDTH, HEIGHT + 9 },
    { "taller", WIDTH + 3, 3 * HEIGHT },
    { "smaller", WIDTH / 2, HEIGHT / 2 },
    { "flat", WIDTH, 1 },
    { "dot", 1, 1 },
};

static void check_size(const SizeCase *c, const Picture *picture,
                       VkFormat offer)
{
    HeadlessWindowConfig config = headless_window_plain;
    HeadlessWindow h;

    config.offer = offer;
    if (!headless_window_open(&h, &config)) {
        return;
    }
    headless_window_resize(&h, c->width, c->height);
    headless_window_show(&h, picture_plain_surface(picture));
    headless_window_check(&h, picture, HEADLESS_FILTERED);
    headless_window_close(&h);
}

static void test_scaled(const void *opaque)
{
    check_size(opaque, &picture_plain, VK_FORMAT_UNDEFINED);
}

static void test_scaled_odd(const void *opaque)
{
    check_size(opaque, &odd, VK_FORMAT_UNDEFINED);
}

/* A window that encodes what is written to it: colours stay the guest's. */
static void test_srgb(const void *opaque)
{
    check_size(opaque, &picture_plain, VK_FORMAT_B8G8R8A8_SRGB);
}

static void test_srgb_copy(void)
{
    HeadlessWindowConfig config = headless_window_plain;
    HeadlessWindow h;

    config.offer = VK_FORMAT_B8G8R8A8_SRGB;
    if (!headless_window_open(&h, &config)) {
        return;
    }
    headless_window_resize(&h, WIDTH, HEIGHT);
    headless_window_show(&h, picture_plain_surface(&picture_plain));
    headless_window_check(&h, &picture_plain, 0);
    g_assert_cmpint(vulkan_headless_log().format, ==,
                    VK_FORMAT_B8G8R8A8_SRGB);
    headless_window_close(&h);
}

/* Each replaces the one before, which goes when the device is done. */
static void test_resize(void)
{
    HeadlessWindow h;
    HeadlessLog log;
    int i;

    if (!headless_window_open(&h, &headless_window_plain)) {
        return;
    }
    headless_window_resize(&h, WIDTH, HEIGHT);
    headless_window_show(&h, picture_plain_surface(&picture_plain));
    headless_window_check(&h, &picture_plain, 0);
    for (i = 0; i < ARRAY_SIZE(sizes); i++) {
        headless_window_resize(&h, sizes[i].width, sizes[i].height);
        headless_window_check(&h, &picture_plain, HEADLESS_FILTERED);
    }
    headless_window_resize(&h, WIDTH, HEIGHT);
    headless_window_check(&h, &picture_plain, 0);
    /* Two more frames, and all that was replaced has gone. */
    headless_window_damage(&h, 0, 0, 1, 1);
    headless_window_check(&h, &picture_plain, 0);
    headless_window_damage(&h, 0, 0, 1, 1);
    headless_window_check(&h, &picture_plain, 0);
    log = vulkan_headless_log();
    g_assert_cmpuint(log.swapchains, ==, ARRAY_SIZE(sizes) + 2);
    g_assert_cmpuint(log.swapchains_old, ==, ARRAY_SIZE(sizes) + 1);
    g_assert_cmpuint(log.swapchains_alive, ==, 1);
    g_assert_cmpuint(log.devices, ==, 1);
    g_assert_cmpuint(log.wait_idles, ==, 0);
    headless_window_close(&h);
    g_assert_cmpuint(vulkan_headless_log().swapchains_alive, ==, 0);
}

static void check_format(const PictureFormat *format, VulkanImport import)
{
    HeadlessWindowConfig config = headless_window_plain;
    int tolerance = format->bits[0] == 8 ? 0 : 1;
    Picture picture = odd;
    HeadlessWindow h;
    Memory m;

    picture.format = format;
    config.presenter.import = import;
    if (!headless_window_open(&h, &config)) {
        return;
    }
    headless_window_resize(&h, picture.width, picture.height);
    memory_init(&m, &picture);
    headless_window_show(&h, picture_surface(&picture, m.image));
    headless_window_check(&h, &picture, tolerance);
    headless_window_close(&h);
    memory_cleanup(&m);
}

static void test_format(const void *opaque)
{
    check_format(opaque, VULKAN_IMPORT_HOST);
}

static void test_format_upload(const void *opaque)
{
    check_format(opaque, VULKAN_IMPORT_UPLOAD);
}

/* The device reads what the guest writes; the CPU copies nothing. */
static void test_host_pointer(void)
{
    Picture picture = odd;
    HeadlessWindow h;
    Memory m;
    int i;

    if (!headless_window_open(&h, &headless_window_plain)) {
        return;
    }
    headless_window_resize(&h, picture.width, picture.height);
    memory_init(&m, &picture);
    headless_window_show(&h, picture_surface(&picture, m.image));
    headless_window_check(&h, &picture, 0);
    for (i = 0; i < 5; i++) {
        picture.seed++;
        picture_paint(&picture, m.map);
        headless_window_damage(&h, 0, 0, 1, 1);
        headless_window_check(&h, &picture, 0);
    }
    /* And scaled, which takes a detour on the device */
    headless_window_resize(&h, 2 * WIDTH, HEIGHT);
    headless_window_check(&h, &picture, HEADLESS_FILTERED);
    g_assert_cmpuint(window_copied(&h.window), ==, 0);
    g_assert_cmpuint(vulkan_headless_log().host_imports, ==, 1);
    g_assert_cmpuint(vulkan_headless_log().dmabuf_imports, ==, 0);
    headless_window_close(&h);
    memory_cleanup(&m);
}

/* A memfd that is said to be a dma-buf is found out. */
static void test_descriptor_lies(void)
{
    HeadlessWindowConfig config = headless_window_plain;
    HeadlessWindow h;
    Memory m;

    config.presenter.import = VULKAN_IMPORT_DMABUF;
    if (!headless_window_open(&h, &config)) {
        return;
    }
    headless_window_resize(&h, odd.width, odd.height);
    memory_init(&m, &odd);
    headless_window_show(&h, picture_surface(&odd, m.image));
    headless_window_check(&h, &odd, 0);
    g_assert_cmpuint(window_copied(&h.window), ==, 0);
    g_assert_cmpuint(vulkan_headless_log().dmabuf_imports, ==, 0);
    g_assert_cmpuint(vulkan_headless_log().host_imports, ==, 1);
    headless_window_close(&h);
    memory_cleanup(&m);
}

/* @canvas with a rectangle of what @picture has there */
static void paste(Canvas *canvas, const Picture *picture, VkRect2D rect)
{
    g_autoptr(Canvas) from = picture_canvas(picture);
    uint32_t x, y;

    for (y = 0; y < rect.extent.height; y++) {
        for (x = 0; x < rect.extent.width; x++) {
            *canvas_at(canvas, rect.offset.x + x, rect.offset.y + y) =
                *canvas_at(from, rect.offset.x + x, rect.offset.y + y);
        }
    }
}

/* All of the memory changes, and what is said to have changed is shown. */
static void test_upload_damage(void)
{
    const VkRect2D rects[] = { { { 5, 7 }, { 11, 3 } },
                               { { 40, 30 }, { 24, 18 } } };
    HeadlessWindowConfig config = headless_window_plain;
    g_autoptr(Canvas) wanted = picture_canvas(&picture_plain);
    Picture changed = picture_plain;
    uint64_t copied = 2 * PIXELS;
    HeadlessWindow h;
    Memory m;
    int i;

    config.presenter.import = VULKAN_IMPORT_UPLOAD;
    if (!headless_window_open(&h, &config)) {
        return;
    }
    headless_window_resize(&h, WIDTH, HEIGHT);
    memory_init(&m, &picture_plain);
    headless_window_show(&h, picture_surface(&picture_plain, m.image));
    headless_window_check(&h, &picture_plain, 0);
    /* The other slot's copy */
    headless_window_damage(&h, rects[0].offset.x, rects[0].offset.y, 1, 1);
    headless_window_check(&h, &picture_plain, 0);
    g_assert_cmpuint(window_copied(&h.window), ==, copied);

    changed.seed = 1;
    picture_paint(&changed, m.map);
    for (i = 0; i < ARRAY_SIZE(rects); i++) {
        VkRect2D r = rects[i];

        headless_window_damage(&h, r.offset.x, r.offset.y, r.extent.width,
                               r.extent.height);
        paste(wanted, &changed, r);
        headless_window_check_canvas(&h, wanted, 0);
        /* This slot had not seen the rectangle before, either. */
        copied += r.extent.width * r.extent.height;
        copied += i ? rects[0].extent.width * rects[0].extent.height : 0;
        g_assert_cmpuint(window_copied(&h.window), ==, copied);
    }
    g_assert_cmpuint(vulkan_headless_log().host_imports, ==, 0);
    headless_window_close(&h);
    memory_cleanup(&m);
}

typedef struct ModeCase {
    const char *name;
    VkPresentModeKHR mode;
} ModeCase;

static const ModeCase modes[] = {
    { "fifo", VK_PRESENT_MODE_FIFO_KHR },
    { "mailbox", VK_PRESENT_MODE_MAILBOX_KHR },
    { "immediate", VK_PRESENT_MODE_IMMEDIATE_KHR },
};

/* One that is not offered becomes FIFO. */
static void test_mode(const void *opaque)
{
    const ModeCase *c = opaque;
    HeadlessWindowConfig config = headless_window_plain;
    Picture picture = picture_plain;
    HeadlessWindow h;

    config.presenter.mode = c->mode;
    if (!headless_window_open(&h, &config)) {
        return;
    }
    headless_window_resize(&h, WIDTH, HEIGHT);
    for (picture.seed = 0; picture.seed < 10; picture.seed++) {
        headless_window_show(&h, picture_plain_surface(&picture));
        headless_window_check(&h, &picture, 0);
    }
    g_assert_cmpint(vulkan_headless_log().mode, ==,
                    vulkan_headless_has_mode(c->mode) ? c->mode :
                    VK_PRESENT_MODE_FIFO_KHR);
    g_assert_cmpuint(vulkan_headless_log().swapchains, ==, 1);
    headless_window_close(&h);
}

static void released_cb(void *opaque)
{
    qatomic_inc((int *)opaque);
}

/* The guest lets go of a blob that the device has still to read. */
static void test_in_flight(void)
{
    g_autoptr(Canvas) wanted = picture_canvas(&picture_plain);
    g_autoptr(Canvas) shot = NULL;
    Picture next = picture_plain;
    int released = 0;
    HeadlessWindow h;
    ScanoutImage *image;
    Memory m;

    if (!headless_window_open(&h, &headless_window_plain)) {
        return;
    }
    memory_init(&m, &picture_plain);
    image = scanout_image_new_ptr(m.map, m.size, released_cb, &released);
    headless_window_resize(&h, WIDTH, HEIGHT);
    vulkan_headless_hold();
    headless_window_show(&h, picture_surface(&picture_plain, image));
    headless_wait_held();
    scanout_image_unref(image);

    next.seed = 1;
    headless_window_show(&h, picture_plain_surface(&next));
    g_usleep(300 * 1000);
    g_assert_cmpint(qatomic_read(&released), ==, 0);

    vulkan_headless_release();
    headless_window_check(&h, &next, 0);
    window_wait_flag(&released);
    shot = vulkan_headless_held_shot(h.surface);
    canvas_assert_same(shot, wanted, 0);
    headless_window_close(&h);
    memory_cleanup(&m);
}

/* A window that cannot be seen costs nothing, and has not forgotten. */
static void test_hidden(void)
{
    Picture picture = picture_plain;
    HeadlessWindow h;

    if (!headless_window_open(&h, &headless_window_plain)) {
        return;
    }
    headless_window_resize(&h, 0, 0);
    window_show(&h.window, picture_plain_surface(&picture));
    g_usleep(100 * 1000);
    g_assert_cmpuint(vulkan_headless_log().devices, ==, 0);
    headless_window_resize(&h, WIDTH, HEIGHT);
    headless_window_check(&h, &picture, 0);

    vulkan_presenter_resize(h.window.presenter, 0, 0);
    picture.seed = 1;
    window_show(&h.window, picture_plain_surface(&picture));
    g_usleep(100 * 1000);
    g_assert_cmpuint(window_frames(&h.window), ==, 1);
    headless_window_resize(&h, WIDTH, HEIGHT);
    headless_window_check(&h, &picture, 0);
    g_assert_cmpuint(vulkan_headless_log().devices, ==, 1);
    headless_window_close(&h);
}

/* Each has a device and a thread of its own. */
static void test_two_windows(void)
{
    Picture a = picture_plain;
    Picture b = odd;
    HeadlessWindow first, second;
    int i;

    if (!headless_window_open(&first, &headless_window_plain) ||
        !headless_window_open(&second, &headless_window_plain)) {
        return;
    }
    headless_window_resize(&first, WIDTH, HEIGHT);
    headless_window_resize(&second, 2 * WIDTH, HEIGHT);
    for (i = 0; i < 20; i++) {
        a.seed = i;
        b.seed = i + 100;
        headless_window_show(&first, picture_plain_surface(&a));
        headless_window_show(&second, picture_plain_surface(&b));
        headless_window_check(&first, &a, 0);
        headless_window_check(&second, &b, HEADLESS_FILTERED);
    }
    headless_window_close(&first);
    b.seed++;
    headless_window_show(&second, picture_plain_surface(&b));
    headless_window_check(&second, &b, HEADLESS_FILTERED);
    headless_window_close(&second);
}

static void add(const char *group, const char *name, const void *data,
                GTestDataFunc test)
{
    g_autofree char *path = g_strdup_printf("/vulkan-headless/%s/%s", group,
                                            name);

    g_test_add_data_func(path, data, test);
}

int main(int argc, char **argv)
{
    int i;

    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vulkan-headless/copy", test_copy);
    g_test_add_func("/vulkan-headless/srgb-copy", test_srgb_copy);
    for (i = 0; i < ARRAY_SIZE(sizes); i++) {
        add("scaled", sizes[i].name, &sizes[i], test_scaled);
        add("scaled-odd", sizes[i].name, &sizes[i], test_scaled_odd);
        add("srgb", sizes[i].name, &sizes[i], test_srgb);
    }
    for (i = 0; i < PICTURE_FORMATS; i++) {
        const PictureFormat *format = &picture_formats[i];

        add("format", format->name, format, test_format);
        add("format-upload", format->name, format, test_format_upload);
    }
    for (i = 0; i < ARRAY_SIZE(modes); i++) {
        add("mode", modes[i].name, &modes[i], test_mode);
    }
    g_test_add_func("/vulkan-headless/resize", test_resize);
    g_test_add_func("/vulkan-headless/host-pointer", test_host_pointer);
    g_test_add_func("/vulkan-headless/descriptor-lies", test_descriptor_lies);
    g_test_add_func("/vulkan-headless/upload-damage", test_upload_damage);
    g_test_add_func("/vulkan-headless/in-flight", test_in_flight);
    g_test_add_func("/vulkan-headless/hidden", test_hidden);
    g_test_add_func("/vulkan-headless/two-windows", test_two_windows);
    return g_test_run();
}
