/*
 * Unit tests of reading pictures back, against a scripted Vulkan
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "block/aio.h"
#include "qemu/main-loop.h"
#include "qemu/memfd.h"
#include "ui/vulkan/readback.h"
#include "vulkan-script.h"

#define WIDTH 5
#define HEIGHT 3
#define STRIDE 32
#define OFFSET 64
#define MEMORY 4096
#define UNTOUCHED 0xee
#define PATIENCE_US (10 * G_TIME_SPAN_SECOND)

static const ScanoutLayout layout = {
    .width = WIDTH,
    .height = HEIGHT,
    .stride = STRIDE,
    .offset = OFFSET,
};

/* A picture that only a device reaches, and what became of reading it */
typedef struct Picture {
    uint8_t memory[MEMORY];     /* the copy */
    ScanoutImage *image;        /* ref */
    int released;               /* atomic */
    int done;                   /* calls */
    char *why;                  /* owned: of the last call; NULL: it worked */
    int *order;                 /* counts the calls of several pictures */
    int number;                 /* of the last call among them */
} Picture;

static void picture_release_cb(void *opaque)
{
    Picture *p = opaque;

    qatomic_inc(&p->released);
}

/* @fd: passes for a dma-buf where it is no shared memory */
static void picture_init(Picture *p, int fd)
{
    *p = (Picture) {};
    memset(p->memory, UNTOUCHED, sizeof(p->memory));
    p->image = scanout_image_new_ptr(p->memory, sizeof(p->memory),
                                     picture_release_cb, p);
    scanout_image_set_device_fd(p->image, fd);
}

static int picture_fd(void)
{
    int fds[2];

    g_assert_cmpint(pipe(fds), ==, 0);
    close(fds[1]);
    return fds[0];
}

static void picture_cleanup(Picture *p)
{
    scanout_image_unref(p->image);
    g_assert_cmpint(qatomic_read(&p->released), ==, 1);
    g_free(p->why);
}

static void picture_done(void *opaque, const char *why)
{
    Picture *p = opaque;

    p->done++;
    g_free(p->why);
    p->why = g_strdup(why);
    p->number = p->order ? ++*p->order : 0;
}

static void picture_read(Picture *p, ScanoutReadback *rb)
{
    int before = p->done;

    scanout_readback_start(rb, p->image, &layout, picture_done, p);
    while (p->done == before) {
        aio_poll(qemu_get_aio_context(), true);
    }
    g_assert_cmpint(p->done, ==, before + 1);
}

static void picture_assert_pixels(const Picture *p)
{
    int i, x, y;

    for (i = 0; i < MEMORY; i++) {
        x = (i - OFFSET) % STRIDE / 4;
        y = (i - OFFSET) / STRIDE;
        if (i < OFFSET || y >= HEIGHT || x >= WIDTH) {
            g_assert_cmpint(p->memory[i], ==, UNTOUCHED);
        } else {
            g_assert_cmpint(p->memory[i], ==, i % 4 ? 0 : y * WIDTH + x);
        }
    }
}

static ScanoutReadback *readback_new(bool has_dmabuf)
{
    const VulkanScriptConfig config = {
        .has_dmabuf = has_dmabuf,
    };

    vulkan_script_start(&config);
    return vulkan_readback_new(vulkan_script_get_proc);
}

static void readback_free(ScanoutReadback *rb)
{
    scanout_readback_free(rb);
    g_assert_cmpint(vulkan_script_alive(), ==, 0);
}

static void test_pixels(void)
{
    ScanoutReadback *rb = readback_new(true);
    Picture p;

    picture_init(&p, picture_fd());
    picture_read(&p, rb);
    g_assert_null(p.why);
    picture_assert_pixels(&p);
    readback_free(rb);
    picture_cleanup(&p);
}

/* An import is kept for the next time, and not for longer than its picture. */
static void test_imports(void)
{
    ScanoutReadback *rb = readback_new(true);
    int64_t end;
    Picture a, b;
    int i;

    picture_init(&a, picture_fd());
    picture_init(&b, picture_fd());
    for (i = 0; i < 4; i++) {
        picture_read(&a, rb);
        picture_read(&b, rb);
        g_assert_null(a.why);
        g_assert_null(b.why);
    }
    g_assert_cmpuint(vulkan_script_log().dmabufs, ==, 2);
    g_assert_cmpuint(vulkan_script_calls(SCRIPT_CREATE_DEVICE), ==, 1);

    g_clear_pointer(&a.image, scanout_image_unref);
    end = g_get_monotonic_time() + PATIENCE_US;
    while (!qatomic_read(&a.released) && g_get_monotonic_time() < end) {
        g_usleep(1000);
    }
    g_assert_cmpint(qatomic_read(&a.released), ==, 1);
    readback_free(rb);
    picture_cleanup(&a);
    picture_cleanup(&b);
}

/* One failure, and what it costs.  The next try works. */
typedef struct FailureCase {
    const char *name;
    VulkanScriptCall call;
    VkResult res;
    const char *why;            /* is in the message */
    unsigned devices;           /* tried in all */
} FailureCase;

static const FailureCase failure_cases[] = {
    { "instance", SCRIPT_CREATE_INSTANCE, VK_ERROR_INCOMPATIBLE_DRIVER,
      "VK_ERROR_INCOMPATIBLE_DRIVER", 1 },
    { "device", SCRIPT_CREATE_DEVICE, VK_ERROR_INITIALIZATION_FAILED,
      "VK_ERROR_INITIALIZATION_FAILED", 2 },
    { "import", SCRIPT_ALLOCATE, VK_ERROR_INVALID_EXTERNAL_HANDLE,
      "import of a dma-buf", 1 },
    { "submit", SCRIPT_SUBMIT, VK_ERROR_OUT_OF_DEVICE_MEMORY,
      "VK_ERROR_OUT_OF_DEVICE_MEMORY", 2 },
    { "lost", SCRIPT_WAIT, VK_ERROR_DEVICE_LOST, "VK_ERROR_DEVICE_LOST", 2 },
    { "hung", SCRIPT_WAIT, VK_TIMEOUT, "VK_TIMEOUT", 2 },
};

static void test_failure(const void *opaque)
{
    const FailureCase *c = opaque;
    ScanoutReadback *rb = readback_new(true);
    Picture p;

    picture_init(&p, picture_fd());
    vulkan_script_answer(c->call, c->res, 1);
    picture_read(&p, rb);
    g_assert_nonnull(p.why);
    g_assert_nonnull(strstr(p.why, c->why));
    g_assert_cmpint(p.memory[OFFSET], ==, UNTOUCHED);

    picture_read(&p, rb);
    g_assert_null(p.why);
    picture_assert_pixels(&p);
    g_assert_cmpuint(vulkan_script_calls(SCRIPT_CREATE_DEVICE), ==,
                     c->devices);
    readback_free(rb);
    picture_cleanup(&p);
}

static void test_no_device(void)
{
    ScanoutReadback *rb = readback_new(false);
    Picture p;

    picture_init(&p, picture_fd());
    picture_read(&p, rb);
    g_assert_nonnull(strstr(p.why, "can read a dma-buf"));
    readback_free(rb);
    picture_cleanup(&p);
}

/* A descriptor that lies about its kind gets no further than its name. */
static void test_shared_memory(void)
{
    ScanoutReadback *rb = readback_new(true);
    Picture p;

    picture_init(&p, qemu_memfd_create("lie", MEMORY, false, 0, 0,
                                       &error_abort));
    picture_read(&p, rb);
    g_assert_nonnull(strstr(p.why, "shared memory"));
    g_assert_cmpuint(vulkan_script_log().dmabufs, ==, 0);
    readback_free(rb);
    picture_cleanup(&p);
}

static void test_order(void)
{
    ScanoutReadback *rb = readback_new(true);
    Picture p[5];
    int order = 0;
    int i;

    for (i = 0; i < ARRAY_SIZE(p); i++) {
        picture_init(&p[i], picture_fd());
        p[i].order = &order;
        scanout_readback_start(rb, p[i].image, &layout, picture_done, &p[i]);
    }
    while (order < ARRAY_SIZE(p)) {
        aio_poll(qemu_get_aio_context(), true);
    }
    readback_free(rb);
    for (i = 0; i < ARRAY_SIZE(p); i++) {
        g_assert_cmpint(p[i].number, ==, i + 1);
        picture_assert_pixels(&p[i]);
        picture_cleanup(&p[i]);
    }
}

/* Nobody is told any more, and nothing is left. */
static void test_free_early(void)
{
    ScanoutReadback *rb = readback_new(true);
    Picture p[5];
    int i;

    for (i = 0; i < ARRAY_SIZE(p); i++) {
        picture_init(&p[i], picture_fd());
        scanout_readback_start(rb, p[i].image, &layout, picture_done, &p[i]);
    }
    readback_free(rb);
    while (aio_poll(qemu_get_aio_context(), false)) {
        /* until nothing is left to be done */
    }
    for (i = 0; i < ARRAY_SIZE(p); i++) {
        g_assert_cmpint(p[i].done, ==, 0);
        picture_cleanup(&p[i]);
    }
}

int main(int argc, char **argv)
{
    int i;

    qemu_init_main_loop(&error_abort);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/readback/pixels", test_pixels);
    g_test_add_func("/readback/imports", test_imports);
    for (i = 0; i < ARRAY_SIZE(failure_cases); i++) {
        g_autofree char *path = g_strdup_printf("/readback/failure/%s",
                                                failure_cases[i].name);

        g_test_add_data_func(path, &failure_cases[i], test_failure);
    }
    g_test_add_func("/readback/no-device", test_no_device);
    g_test_add_func("/readback/shared-memory", test_shared_memory);
    g_test_add_func("/readback/order", test_order);
    g_test_add_func("/readback/free-early", test_free_early);
    return g_test_run();
}
