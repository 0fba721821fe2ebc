/*
 * Unit tests of when the virtio-gpu Venus backend has pictures read back
 *
 * Consoles, outputs and what reads are played: they keep what they are told.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "../../hw/display/venus/venus.h"

#define SIZE 8                  /* of pictures, pixels each way */
#define STRIDE (SIZE * 4)
#define OUTPUTS 2

/* What is being read: the last of them */
typedef struct Read {
    ScanoutImage *image;
    ScanoutLayout layout;
    ScanoutReadbackDone done;
    void *opaque;
} Read;

/* A device, and what it has done */
typedef struct Device {
    VenusState s;
    VirtIOGPU g;
    uint8_t memory[2][SIZE * STRIDE];
    ScanoutImage *image[2];     /* ref: what a guest flips between */
    bool pixels_are_read;       /* by a display */
    Read read;
    int reads;
    int puts;                   /* surfaces that were shown */
    int updates;                /* of the one that is */
    int settled;                /* output 0 told its console so */
} Device;

static Device *device(VenusState *s)
{
    return container_of(s, Device, s);
}

static Device *device_of_console(QemuConsole *con)
{
    return (Device *)((uintptr_t)con & ~(uintptr_t)1);
}

/* In the place of ui/console.c: the console's address is the device's */

bool dpy_gfx_reads_pixels(QemuConsole *con)
{
    return device_of_console(con)->pixels_are_read;
}

void graphic_hw_update_done(QemuConsole *con)
{
    device_of_console(con)->settled += !((uintptr_t)con & 1);
}

/* In the place of scanout.c */

void venus_scanout_put(VenusState *s, int i, DisplaySurface *next)
{
    struct virtio_gpu_scanout *scanout = &s->g->parent_obj.scanout[i];

    if (next) {
        qemu_free_displaysurface(scanout->ds);
        scanout->ds = next;
        device(s)->puts++;
    } else {
        device(s)->updates++;
    }
}

void venus_scanout_apply(VenusState *s, int i)
{
    if (!venus_readback_begin(s, i) && s->scanout[i].next) {
        venus_scanout_put(s, i, g_steal_pointer(&s->scanout[i].next));
    }
}

/* In the place of ui/vulkan/readback.c */

void scanout_readback_start(ScanoutReadback *rb, ScanoutImage *image,
                            const ScanoutLayout *layout,
                            ScanoutReadbackDone done, void *opaque)
{
    Device *d = (Device *)rb;

    d->reads++;
    d->read = (Read) { image, *layout, done, opaque };
}

void scanout_readback_free(ScanoutReadback *rb)
{
}

static void device_init(Device *d, bool pixels_are_read)
{
    VirtIOGPUBase *b = &d->g.parent_obj;
    int i;

    memset(d, 0, sizeof(*d));
    d->s.g = &d->g;
    d->s.readback = (ScanoutReadback *)d;
    QLIST_INIT(&d->s.readbacks);
    d->pixels_are_read = pixels_are_read;
    b->conf.max_outputs = OUTPUTS;
    for (i = 0; i < OUTPUTS; i++) {
        b->scanout[i].con = (QemuConsole *)((uintptr_t)d + i);
    }
    for (i = 0; i < ARRAY_SIZE(d->image); i++) {
        d->image[i] = scanout_image_new_ptr(d->memory[i], SIZE * STRIDE, NULL,
                                            NULL);
        scanout_image_set_device_fd(d->image[i], dup(STDERR_FILENO));
    }
}

static void device_cleanup(Device *d)
{
    int i;

    venus_readback_cleanup(&d->s);
    for (i = 0; i < OUTPUTS; i++) {
        qemu_free_displaysurface(d->s.scanout[i].next);
        qemu_free_displaysurface(d->g.parent_obj.scanout[i].ds);
    }
    for (i = 0; i < ARRAY_SIZE(d->image); i++) {
        g_assert_false(scanout_image_is_shared(d->image[i]));
        scanout_image_unref(d->image[i]);
    }
}

static DisplaySurface *device_surface(Device *d, int which)
{
    return scanout_image_new_surface(d->image[which], PIXMAN_x8r8g8b8, SIZE,
                                     SIZE - 1, STRIDE, STRIDE);
}

/* The guest flips output @i to a buffer; then a display asks. */
static void device_flip(Device *d, int i, int which)
{
    qemu_free_displaysurface(d->s.scanout[i].next);
    d->s.scanout[i].next = device_surface(d, which);
    venus_scanout_apply(&d->s, i);
}

static void device_read_done(Device *d, const char *why)
{
    d->read.done(d->read.opaque, why);
}

static void device_assert_shows(Device *d, int i, int which)
{
    const DisplaySurface *ds = d->g.parent_obj.scanout[i].ds;

    g_assert_nonnull(ds);
    g_assert_true(ds->scanout_image == d->image[which]);
}

/* A flip is shown once it has been read, and not before. */
static void test_flip(void)
{
    Device d;

    device_init(&d, true);
    device_flip(&d, 0, 0);
    g_assert_cmpint(d.reads, ==, 1);
    g_assert_true(d.read.image == d.image[0]);
    g_assert_cmpuint(d.read.layout.width, ==, SIZE);
    g_assert_cmpuint(d.read.layout.height, ==, SIZE - 1);
    g_assert_cmpuint(d.read.layout.stride, ==, STRIDE);
    g_assert_cmpuint(d.read.layout.offset, ==, STRIDE);
    g_assert_null(d.g.parent_obj.scanout[0].ds);
    g_assert_cmpint(d.settled, ==, 0);

    device_read_done(&d, NULL);
    device_assert_shows(&d, 0, 0);
    g_assert_cmpint(d.settled, ==, 1);
    g_assert_true(QLIST_EMPTY(&d.s.readbacks));
    device_cleanup(&d);
}

/* Who uses the memory itself gets flips at once; a screendump has them read. */
static void test_nobody_reads(void)
{
    Device d;

    device_init(&d, false);
    device_flip(&d, 0, 0);
    g_assert_cmpint(d.reads, ==, 0);
    device_assert_shows(&d, 0, 0);
    g_assert_false(venus_readback_defer(&d.s, 0));

    d.pixels_are_read = true;
    venus_scanout_apply(&d.s, 0);
    g_assert_cmpint(d.reads, ==, 1);
    device_read_done(&d, NULL);
    g_assert_cmpint(d.updates, ==, 1);

    /* What was read is up to date. */
    venus_scanout_apply(&d.s, 0);
    g_assert_cmpint(d.reads, ==, 1);
    device_cleanup(&d);
}

/* A window that cannot use the memory has to say so. */
static void test_window_wants_copy(void)
{
    Device d;

    device_init(&d, false);
    device_flip(&d, 0, 0);
    scanout_image_want_copy(d.image[0]);
    venus_scanout_apply(&d.s, 0);
    g_assert_cmpint(d.reads, ==, 1);
    device_read_done(&d, NULL);
    g_assert_true(venus_readback_defer(&d.s, 0));
    device_cleanup(&d);
}

/* What is drawn while a picture is read is read as well, if it is asked for. */
static void test_asked_meanwhile(void)
{
    Device d;

    device_init(&d, true);
    device_flip(&d, 0, 0);
    device_flip(&d, 0, 1);
    g_assert_cmpint(d.reads, ==, 1);
    device_read_done(&d, NULL);
    device_assert_shows(&d, 0, 0);
    g_assert_cmpint(d.reads, ==, 2);
    g_assert_true(d.read.image == d.image[1]);
    g_assert_cmpint(d.settled, ==, 0);
    device_read_done(&d, NULL);
    device_assert_shows(&d, 0, 1);
    g_assert_cmpint(d.reads, ==, 2);
    g_assert_cmpint(d.settled, ==, 1);

    /* A flush: seen by the next who asks */
    g_assert_true(venus_readback_defer(&d.s, 0));
    g_assert_cmpint(d.reads, ==, 2);
    venus_scanout_apply(&d.s, 0);
    g_assert_cmpint(d.reads, ==, 3);
    device_read_done(&d, NULL);
    g_assert_cmpint(d.updates, ==, 1);
    device_cleanup(&d);
}

/* Another picture has come: what is still being read is not shown. */
static void test_forgotten(void)
{
    Device d;

    device_init(&d, true);
    device_flip(&d, 0, 0);
    venus_readback_forget(&d.s, 0);
    device_read_done(&d, NULL);
    g_assert_null(d.g.parent_obj.scanout[0].ds);
    g_assert_cmpint(d.puts + d.updates, ==, 0);
    g_assert_cmpint(d.settled, ==, 1);
    device_cleanup(&d);
}

/* Better an old picture than none. */
static void test_failure(void)
{
    Device d;

    device_init(&d, true);
    device_flip(&d, 0, 0);
    device_read_done(&d, "no reason at all");
    device_assert_shows(&d, 0, 0);
    g_assert_cmpint(d.settled, ==, 1);
    device_cleanup(&d);
}

/* A screendump waits for all outputs. */
static void test_outputs(void)
{
    Device d;
    Read first;

    device_init(&d, true);
    device_flip(&d, 0, 0);
    first = d.read;
    device_flip(&d, 1, 1);
    g_assert_cmpint(d.reads, ==, 2);
    device_read_done(&d, NULL);
    device_assert_shows(&d, 1, 1);
    g_assert_cmpint(d.settled, ==, 0);
    first.done(first.opaque, NULL);
    device_assert_shows(&d, 0, 0);
    g_assert_cmpint(d.settled, ==, 1);
    device_cleanup(&d);
}

/* The device goes while pictures are read: nobody waits for ever. */
static void test_cleanup(void)
{
    Device d;

    device_init(&d, true);
    device_flip(&d, 0, 0);
    device_flip(&d, 1, 1);
    venus_readback_forget(&d.s, 1);
    venus_readback_cleanup(&d.s);
    g_assert_true(QLIST_EMPTY(&d.s.readbacks));
    g_assert_cmpint(d.settled, ==, 1);
    device_cleanup(&d);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    rust_bql_mock_lock();       /* so that asserts see it as held */
    g_test_add_func("/venus/readback/flip", test_flip);
    g_test_add_func("/venus/readback/nobody-reads", test_nobody_reads);
    g_test_add_func("/venus/readback/window-wants-copy",
                    test_window_wants_copy);
    g_test_add_func("/venus/readback/asked-meanwhile", test_asked_meanwhile);
    g_test_add_func("/venus/readback/forgotten", test_forgotten);
    g_test_add_func("/venus/readback/failure", test_failure);
    g_test_add_func("/venus/readback/outputs", test_outputs);
    g_test_add_func("/venus/readback/cleanup", test_cleanup);
    return g_test_run();
}
