/*
 * Hypervisor.framework: which of the guest's memory is mapped
 *
 * The framework is played by a list of mappings that is as strict as the real
 * one: what is no multiple of the page, what overlaps and what was never mapped
 * is an error, and fails the test.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/units.h"
#include "system/hvf-slots.h"

#define PAGE (16 * KiB)
#define HOST(n) ((uint8_t *)(uintptr_t)(0x100000000ull + (n) * PAGE))
#define MAX_MAPPED 4096

typedef struct Mapping {
    uint64_t start;
    uint64_t size;
    uint8_t *mem;
    bool readonly;
} Mapping;

typedef struct Framework {
    Mapping mapped[MAX_MAPPED];
    unsigned count;
    unsigned calls;
    bool refuse;
} Framework;

static bool framework_map(void *opaque, const hvf_slot *slot, bool readonly)
{
    Framework *f = opaque;
    unsigned i;

    f->calls++;
    g_assert_cmpuint(slot->size, !=, 0);
    g_assert_cmphex(slot->start % PAGE, ==, 0);
    g_assert_cmphex(slot->size % PAGE, ==, 0);
    g_assert_cmphex((uintptr_t)slot->mem % PAGE, ==, 0);
    for (i = 0; i < f->count; i++) {
        const Mapping *m = &f->mapped[i];

        g_assert_true(slot->start + slot->size <= m->start ||
                      slot->start >= m->start + m->size);
    }
    if (f->refuse) {
        return false;
    }
    g_assert_cmpuint(f->count, <, MAX_MAPPED);
    f->mapped[f->count++] = (Mapping) {
        slot->start, slot->size, slot->mem, readonly,
    };
    return true;
}

static bool framework_unmap(void *opaque, const hvf_slot *slot)
{
    Framework *f = opaque;
    unsigned i;

    f->calls++;
    for (i = 0; i < f->count; i++) {
        if (f->mapped[i].start == slot->start &&
            f->mapped[i].size == slot->size) {
            f->mapped[i] = f->mapped[--f->count];
            return !f->refuse;
        }
    }
    g_assert_not_reached();     /* HV_BAD_ARGUMENT: it was never mapped */
}

static const HVFSlotOps framework_ops = {
    .map = framework_map,
    .unmap = framework_unmap,
};

typedef enum StepKind { END, ADD, ADD_RO, DEL } StepKind;

typedef struct Step {
    StepKind kind;
    uint64_t start;             /* bytes */
    uint64_t size;
    uint8_t *mem;
    unsigned mapped;            /* sections mapped afterwards */
    unsigned calls;             /* made to the framework by this step */
} Step;

typedef struct Case {
    const char *name;
    Step steps[8];
} Case;

static const Case cases[] = {
    { "map and unmap", {
        { ADD, 0x40000000, 64 * KiB, HOST(0), 1, 1 },
        { DEL, 0x40000000, 64 * KiB, HOST(0), 0, 1 } } },
    { "dropped: address", {
        { ADD, 0x40001000, PAGE, HOST(0), 0, 0 },
        { DEL, 0x40001000, PAGE, HOST(0), 0, 0 } } },
    { "dropped: size", {
        { ADD, 0x40000000, 4 * KiB, HOST(0), 0, 0 },
        { DEL, 0x40000000, 4 * KiB, HOST(0), 0, 0 } } },
    { "dropped: host pointer", {
        { ADD, 0x40000000, PAGE, HOST(0) + 4 * KiB, 0, 0 },
        { DEL, 0x40000000, PAGE, HOST(0) + 4 * KiB, 0, 0 } } },
    { "dropped: nothing in it", {
        { ADD, 0x40000000, 0, HOST(0), 0, 0 },
        { DEL, 0x40000000, 0, HOST(0), 0, 0 } } },
    { "never mapped", {
        { DEL, 0x40000000, PAGE, HOST(0), 0, 0 } } },
    { "never mapped, beside one that is", {
        { ADD, 0x40000000, PAGE, HOST(0), 1, 1 },
        { DEL, 0x40004000, PAGE, HOST(1), 1, 0 },
        { ADD, 0x40004000, 4 * KiB, HOST(1), 1, 0 },
        { DEL, 0x40004000, 4 * KiB, HOST(1), 1, 0 },
        { DEL, 0x40000000, PAGE, HOST(0), 0, 1 } } },
    { "unmapped twice", {
        { ADD, 0x40000000, PAGE, HOST(0), 1, 1 },
        { DEL, 0x40000000, PAGE, HOST(0), 0, 1 },
        { DEL, 0x40000000, PAGE, HOST(0), 0, 0 } } },
    { "the same again", {
        { ADD, 0x40000000, PAGE, HOST(0), 1, 1 },
        { ADD, 0x40000000, PAGE, HOST(0), 1, 0 },
        { DEL, 0x40000000, PAGE, HOST(0), 0, 1 } } },
    { "other memory at the same place", {
        { ADD, 0x40000000, PAGE, HOST(0), 1, 1 },
        { ADD_RO, 0x40000000, PAGE, HOST(1), 1, 2 },
        { DEL, 0x40000000, PAGE, HOST(1), 0, 1 } } },
    { "overlapping: over the end of one", {
        { ADD, 0x40000000, 2 * PAGE, HOST(0), 1, 1 },
        { ADD, 0x40004000, 2 * PAGE, HOST(4), 1, 2 },
        { DEL, 0x40004000, 2 * PAGE, HOST(4), 0, 1 } } },
    { "overlapping: over three", {
        { ADD, 0x40000000, PAGE, HOST(0), 1, 1 },
        { ADD, 0x40004000, PAGE, HOST(1), 2, 1 },
        { ADD, 0x40008000, PAGE, HOST(2), 3, 1 },
        { ADD, 0x40000000, 3 * PAGE, HOST(8), 1, 4 },
        { DEL, 0x40000000, 3 * PAGE, HOST(8), 0, 1 } } },
    { "overlapping: dropped one over a mapped one", {
        { ADD, 0x40000000, 2 * PAGE, HOST(0), 1, 1 },
        { ADD, 0x40001000, PAGE, HOST(4), 0, 1 },
        { DEL, 0x40001000, PAGE, HOST(4), 0, 0 } } },
    { "neighbours", {
        { ADD, 0x40000000, PAGE, HOST(0), 1, 1 },
        { ADD, 0x40004000, PAGE, HOST(1), 2, 1 },
        { ADD, 0x3fffc000, PAGE, HOST(2), 3, 1 },
        { DEL, 0x40000000, PAGE, HOST(0), 2, 1 } } },
    { "the last page of all addresses", {
        { ADD, UINT64_MAX - PAGE + 1, PAGE, HOST(0), 1, 1 },
        { DEL, UINT64_MAX - PAGE + 1, PAGE, HOST(0), 0, 1 } } },
};

static void run_step(Framework *f, HVFSlots *slots, const Step *step)
{
    const HVFSection section = {
        .name = "test", .start = step->start, .size = step->size,
        .mem = step->mem, .readonly = step->kind == ADD_RO,
    };
    unsigned before = f->calls;

    if (step->kind == DEL) {
        hvf_slots_del(slots, &section);
    } else {
        hvf_slots_add(slots, &section);
    }
    g_assert_cmpuint(f->calls - before, ==, step->calls);
    g_assert_cmpuint(f->count, ==, step->mapped);
}

static void test_steps(const void *data)
{
    const Case *c = data;
    g_autofree Framework *f = g_new0(Framework, 1);
    HVFSlots *slots = hvf_slots_new(PAGE, &framework_ops, f);
    unsigned i;

    for (i = 0; c->steps[i].kind != END; i++) {
        run_step(f, slots, &c->steps[i]);
    }
    hvf_slots_free(slots);
}

/* The stock code has 32 slots and aborts at the next one */
static void test_many(void)
{
    g_autofree Framework *f = g_new0(Framework, 1);
    HVFSlots *slots = hvf_slots_new(PAGE, &framework_ops, f);
    unsigned i;

    for (i = 0; i < 2000; i++) {
        const HVFSection section = {
            .name = "blob", .start = 0x40000000 + 2 * i * PAGE, .size = PAGE,
            .mem = HOST(i),
        };

        hvf_slots_add(slots, &section);
    }
    g_assert_cmpuint(f->count, ==, 2000);
    for (i = 0; i < 2000; i++) {
        uint64_t start = 0x40000000 + 2 * i * PAGE;
        hvf_slot *slot = hvf_slots_find(slots, start + PAGE - 1, 1);

        g_assert_nonnull(slot);
        g_assert_cmphex(slot->start, ==, start);
        g_assert_true(slot->mem == HOST(i));
        g_assert_null(hvf_slots_find(slots, start + PAGE, PAGE));
    }
    hvf_slots_del(slots, &(HVFSection) {
        .name = "all", .start = 0x40000000, .size = 4000 * PAGE,
    });
    g_assert_cmpuint(f->count, ==, 0);
    hvf_slots_free(slots);
}

static void test_readonly(void)
{
    g_autofree Framework *f = g_new0(Framework, 1);
    HVFSlots *slots = hvf_slots_new(PAGE, &framework_ops, f);
    HVFSection section = {
        .name = "rom", .size = PAGE, .mem = HOST(0), .readonly = true,
    };

    hvf_slots_add(slots, &section);
    g_assert_true(f->mapped[0].readonly);
    section.readonly = false;
    section.mem = HOST(1);
    hvf_slots_add(slots, &section);
    g_assert_false(f->mapped[0].readonly);
    hvf_slots_free(slots);
}

/* What the framework refuses is not taken for mapped, and nothing aborts */
static void test_refused(void)
{
    g_autofree Framework *f = g_new0(Framework, 1);
    HVFSlots *slots = hvf_slots_new(PAGE, &framework_ops, f);
    const HVFSection section = { .name = "ram", .size = PAGE, .mem = HOST(0) };

    f->refuse = true;
    hvf_slots_add(slots, &section);
    g_assert_null(hvf_slots_find(slots, 0, PAGE));
    hvf_slots_del(slots, &section);
    g_assert_cmpuint(f->calls, ==, 1);

    f->refuse = false;
    hvf_slots_add(slots, &section);
    f->refuse = true;
    hvf_slots_del(slots, &section);
    g_assert_null(hvf_slots_find(slots, 0, PAGE));
    hvf_slots_free(slots);
}

/* Once for each region, with all that is needed to understand it */
static void test_report(void)
{
    g_autofree Framework *f = g_new0(Framework, 1);
    HVFSlots *slots;
    HVFSection section = {
        .name = "odd-one", .start = 0x1000, .size = 0x3000, .mem = HOST(0),
    };

    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_passed();
        g_test_trap_assert_stderr("*'odd-one'*0x1000*0x3000*0x4000*");
        g_test_trap_assert_stderr("*'odd-two'*");
        g_test_trap_assert_stderr_unmatched("*'odd-one'*'odd-one'*");
        return;
    }
    slots = hvf_slots_new(PAGE, &framework_ops, f);
    hvf_slots_add(slots, &section);
    hvf_slots_add(slots, &section);
    section.start += 0x1000;
    hvf_slots_add(slots, &section);
    section.name = "odd-two";
    hvf_slots_add(slots, &section);
    hvf_slots_free(slots);
}

int main(int argc, char **argv)
{
    size_t i;

    g_test_init(&argc, &argv, NULL);
    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        g_autofree char *path = g_strdup_printf("/hvf-slots/%s",
                                                cases[i].name);

        g_test_add_data_func(path, &cases[i], test_steps);
    }
    g_test_add_func("/hvf-slots/many", test_many);
    g_test_add_func("/hvf-slots/readonly", test_readonly);
    g_test_add_func("/hvf-slots/refused", test_refused);
    g_test_add_func("/hvf-slots/report", test_report);
    return g_test_run();
}
