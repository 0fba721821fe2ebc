/*
 * Unit tests of the hostmem window of the virtio-gpu Venus backend: which way
 * of mapping is chosen, what may be shown where, and which memory is refused
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <sys/mman.h>
#include "qemu/units.h"
#include "qapi/error.h"
#include "qemu/accel.h"
#include "exec/memory.h"
#include "exec/page-vary.h"
#include "exec/target_page.h"
#include "../../hw/display/venus/window.h"

#define PAGE (4 * KiB)
#define GRANULE (16 * KiB)
#define HOSTMEM (1 * MiB)

/* A device of which there is no more than the window */
typedef struct TestWindow {
    VenusState s;
    VenusConf conf;
    VirtIOGPU *g;               /* owned */
    uint64_t reserved;          /* bytes used, as reserve() was told */
    unsigned reserves;          /* calls of reserve() */
    unsigned shown;
    unsigned hidden;
    bool full;                  /* reserve() has no room */
} TestWindow;

static TestWindow *test_window(VenusState *s)
{
    return container_of(s, TestWindow, s);
}

/* The rest of QEMU and of the device, as far as window.c knows it */

const char *current_accel_name(void)
{
    return g_getenv("TEST_ACCEL");
}

const TargetPageBits target_page = {
    .decided = true,
    .bits = 12,
    .mask = -PAGE,
};

int ram_block_discard_require(bool state)
{
    return state && g_getenv("TEST_PINNED") ? -EBUSY : 0;
}

bool venus_alignment_init(VenusState *s, bool maps_fixed, Error **errp)
{
    s->granule = GRANULE;
    return true;
}

void venus_alignment_hint(VenusState *s)
{
    s->granule_hinted = true;
}

void venus_guest_error(VenusState *s, const char *fmt, ...)
{
    s->guest_errors.lines++;
}

int venus_mapping_clone(void *dst, void *src, size_t size)
{
    memcpy(dst, src, size);
    return 0;
}

/* Both ways of mapping: memory of our own */

static bool ways_init(VenusState *s, Error **errp)
{
    s->window = mmap(NULL, HOSTMEM, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    g_assert_true(s->window != MAP_FAILED);
    return true;
}

static void ways_cleanup(VenusState *s)
{
    munmap(s->window, HOSTMEM);
}

static void *ways_reserve(VenusState *s, VenusResource *res,
                          const VenusWindowRange *range, uint64_t used)
{
    TestWindow *t = test_window(s);

    g_assert_cmpuint(used, <=, range->size);
    g_assert_cmpuint(used % PAGE, ==, 0);
    t->reserved = used;
    t->reserves++;
    return t->full ? NULL : s->window + range->offset;
}

static void ways_show(VenusState *s, VenusResource *res,
                      const VenusWindowRange *range)
{
    test_window(s)->shown++;
}

static void ways_hide(VenusState *s, VenusResource *res,
                      const VenusWindowRange *range)
{
    test_window(s)->hidden++;
}

static void ways_reset(VenusState *s)
{
}

#define WAYS(_name)                                                          \
    .name = _name, .init = ways_init, .cleanup = ways_cleanup,               \
    .reserve = ways_reserve, .show = ways_show, .hide = ways_hide,           \
    .reset = ways_reset

const VenusWindowOps venus_window_fixed = { WAYS("window") };
const VenusWindowOps venus_window_region = { WAYS("subregion") };

static TestWindow *window_new(VenusMapping mapping)
{
    TestWindow *t = g_new0(TestWindow, 1);

    t->g = g_new0(VirtIOGPU, 1);
    t->g->parent_obj.conf.hostmem = HOSTMEM;
    t->conf.hostmem_mapping = mapping;
    t->s.g = t->g;
    t->s.conf = &t->conf;
    return t;
}

static void window_free(TestWindow *t)
{
    venus_window_cleanup(&t->s);
    g_assert_false(t->s.discard_required);
    g_free(t->g);
    g_free(t);
}

static const struct {
    const char *accel;
    bool pinned;                /* VFIO is there */
    VenusMapping wish;
    const char *want;           /* NULL: an error */
} choices[] = {
    { "tcg", false, VENUS_MAPPING_AUTO, "window" },
    { "KVM", false, VENUS_MAPPING_AUTO, "window" },
    { "HVF", false, VENUS_MAPPING_AUTO, "subregion" },
    { "WHPX", false, VENUS_MAPPING_AUTO, "subregion" },
    { "KVM", true, VENUS_MAPPING_AUTO, "subregion" },
    { "HVF", true, VENUS_MAPPING_AUTO, "subregion" },
    { "KVM", false, VENUS_MAPPING_SUBREGION, "subregion" },
    { "KVM", true, VENUS_MAPPING_SUBREGION, "subregion" },
    { "HVF", false, VENUS_MAPPING_WINDOW, "window" },
    { "KVM", true, VENUS_MAPPING_WINDOW, NULL },
};

static void test_choice(void)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(choices); i++) {
        TestWindow *t = window_new(choices[i].wish);
        Error *err = NULL;
        bool ok;

        g_test_message("%s, pinned %d, wish %d", choices[i].accel,
                       choices[i].pinned, choices[i].wish);
        g_setenv("TEST_ACCEL", choices[i].accel, true);
        if (choices[i].pinned) {
            g_setenv("TEST_PINNED", "1", true);
        }
        ok = venus_window_init(&t->s, &err);
        g_assert_cmpint(ok, ==, choices[i].want != NULL);
        if (ok) {
            g_assert_cmpstr(t->s.window_ops->name, ==, choices[i].want);
            g_assert_cmpint(t->s.discard_required, ==,
                            !strcmp(choices[i].want, "window"));
        } else {
            g_assert_nonnull(strstr(error_get_pretty(err),
                                    "hostmem-mapping=window"));
            error_free(err);
        }
        g_unsetenv("TEST_PINNED");
        window_free(t);
    }
}

static TestWindow *window_ready(void)
{
    TestWindow *t = window_new(VENUS_MAPPING_AUTO);

    g_setenv("TEST_ACCEL", "tcg", true);
    g_assert_true(venus_window_init(&t->s, &error_abort));
    return t;
}

static int memfd(size_t size)
{
    int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(ftruncate(fd, size), ==, 0);
    return fd;
}

static int map(TestWindow *t, VenusResource *res, uint64_t offset, int fd)
{
    VenusWindowRange range;

    g_assert_true(venus_window_range(&t->s, res, offset, &range));
    return venus_window_map(&t->s, res, &range, fd);
}

/* With 3 pages shown at 4 granules and rounded up to one */
static const struct {
    const char *name;
    uint64_t offset;
    uint64_t size;
    bool ok;
    bool hint;                  /* it could be a guest with small pages */
} ranges[] = {
    { "at the start", 0, 1, true },
    { "all that is left", 5 * GRANULE, HOSTMEM - 5 * GRANULE, true },
    { "up to the one there", 3 * GRANULE, GRANULE, true },
    { "the last granule", HOSTMEM - GRANULE, GRANULE, true },
    { "one byte off", 1, 1, false, false },
    { "half a page", PAGE / 2, 1, false, false },
    { "a page", PAGE, 1, false, true },
    { "a page before a granule", GRANULE - PAGE, 1, false, true },
    { "a page off, far outside", (1ull << 40) + PAGE, 1, false, true },
    { "no bytes", 0, 0, false, false },
    { "too large by a byte", 0, HOSTMEM + 1, false, false },
    { "all numbers", 0, UINT64_MAX, false, false },
    { "at the end", HOSTMEM, 1, false, false },
    { "over the end", HOSTMEM - GRANULE, GRANULE + 1, false, false },
    { "wraps", UINT64_MAX - GRANULE + 1, 2 * GRANULE, false, false },
    { "the same place", 4 * GRANULE, 1, false, false },
    { "over the front", 3 * GRANULE, GRANULE + 1, false, false },
    { "around it", 0, HOSTMEM, false, false },
};

static void test_range(void)
{
    TestWindow *t = window_ready();
    VenusResource there = { .id = 1, .size = 3 * PAGE };
    int fd = memfd(3 * PAGE);
    size_t i;

    g_assert_cmpint(map(t, &there, 4 * GRANULE, fd), ==, 0);
    for (i = 0; i < ARRAY_SIZE(ranges); i++) {
        VenusResource res = { .id = 2, .size = ranges[i].size };
        uint32_t errors = t->s.guest_errors.lines;
        VenusWindowRange range = { 0 };

        g_test_message("%s", ranges[i].name);
        t->s.granule_hinted = false;
        g_assert_cmpint(venus_window_range(&t->s, &res, ranges[i].offset,
                                           &range), ==, ranges[i].ok);
        g_assert_cmpint(t->s.granule_hinted, ==, ranges[i].hint);
        g_assert_cmpuint(t->s.guest_errors.lines - errors, ==, !ranges[i].ok);
        if (ranges[i].ok) {
            g_assert_cmphex(range.offset, ==, ranges[i].offset);
            g_assert_cmphex(range.size, ==,
                            ROUND_UP(ranges[i].size, GRANULE));
        }
    }
    venus_window_unmap(&t->s, &there);
    g_assert_cmpuint(t->hidden, ==, 1);
    close(fd);
    window_free(t);
}

/* Memory that ends in a page leaves the rest of its granule to zeroes */
static void test_tail(void)
{
    TestWindow *t = window_ready();
    VenusResource res = { .id = 1, .size = PAGE + 1 };
    int fd = memfd(PAGE + 1);

    g_assert_cmpint(map(t, &res, GRANULE, fd), ==, 0);
    g_assert_cmpuint(t->reserved, ==, 2 * PAGE);
    g_assert_cmpuint(t->shown, ==, 1);
    venus_window_unmap(&t->s, &res);
    venus_window_unmap(&t->s, &res);
    g_assert_cmpuint(t->hidden, ==, 1);

    /* More than the blob needs is not shown beyond its range */
    close(fd);
    fd = memfd(4 * GRANULE);
    g_assert_cmpint(map(t, &res, GRANULE, fd), ==, 0);
    g_assert_cmpuint(t->reserved, ==, GRANULE);
    venus_window_unmap(&t->s, &res);
    close(fd);
    window_free(t);
}

static void test_refused(void)
{
    TestWindow *t = window_ready();
    VenusResource res = { .id = 1, .size = 2 * PAGE };
    int fd;

    g_test_message("shorter than the blob: SIGBUS for who touches it");
    fd = memfd(2 * PAGE - 1);
    g_assert_cmpint(map(t, &res, 0, fd), ==, -EINVAL);
    close(fd);

    g_test_message("it could become shorter");
    fd = memfd(2 * PAGE);
    g_assert_cmpint(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL), ==, 0);
    g_assert_cmpint(map(t, &res, 0, fd), ==, -EINVAL);
    close(fd);

    g_test_message("no descriptor");
    g_assert_cmpint(map(t, &res, 0, -1), ==, -EINVAL);
    /* None of them has come so far as to be mapped */
    g_assert_cmpuint(t->reserves, ==, 0);

    g_test_message("no room");
    fd = memfd(2 * PAGE);
    t->full = true;
    g_assert_cmpint(map(t, &res, 0, fd), ==, -ENOMEM);
    g_assert_cmpuint(t->hidden, ==, 0);
    t->full = false;
    close(fd);

    g_test_message("the host cannot map it");
    fd = open("/dev/null", O_RDWR);
    res.size = 0;
    g_assert_cmpint(venus_window_map(&t->s, &res, &(VenusWindowRange) {
        .size = GRANULE }, fd), <, 0);
    close(fd);

    g_assert_false(res.mapped);
    g_assert_cmpuint(t->shown, ==, 0);
    window_free(t);
}

/* Memory of a driver: what it does not fill stays as reserve() made it */
static void test_clone(void)
{
    g_autofree uint8_t *odd = g_malloc0(2 * PAGE);
    TestWindow *t = window_ready();
    VenusResource res = { .id = 1, .size = GRANULE };
    VenusWindowRange range;
    uint8_t *ptr = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    ptr[PAGE] = 7;
    g_assert_true(venus_window_range(&t->s, &res, 0, &range));
    g_assert_cmpint(venus_window_clone(&t->s, &res, &range,
                                       (uint8_t *)ROUND_UP((uintptr_t)odd,
                                                           PAGE) + 1, 1), ==,
                    -ENOTSUP);
    g_assert_cmpint(venus_window_clone(&t->s, &res, &range, ptr, PAGE + 1), ==,
                    0);
    g_assert_cmpuint(t->reserved, ==, 2 * PAGE);
    g_assert_cmpint(((uint8_t *)t->s.window)[PAGE], ==, 7);
    g_assert_true(res.mapped);
    venus_window_unmap(&t->s, &res);
    munmap(ptr, 2 * PAGE);
    window_free(t);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/venus/window/choice", test_choice);
    g_test_add_func("/venus/window/range", test_range);
    g_test_add_func("/venus/window/tail", test_tail);
    g_test_add_func("/venus/window/refused", test_refused);
    g_test_add_func("/venus/window/clone", test_clone);
    return g_test_run();
}
