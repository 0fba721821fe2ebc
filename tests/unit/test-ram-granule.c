/*
 * What accelerators demand of RAM mappings
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/accel.h"
#include "qemu/units.h"
#include "exec/page-vary.h"
#include "exec/target_page.h"
#include "system/ram-granule.h"

/* What the rest of QEMU has: an accelerator's name and the guest's page */
const TargetPageBits target_page = {
    .decided = true,
    .bits = 13,
    .mask = -(8 * KiB),
};

const char *current_accel_name(void)
{
    return "tcg";
}

static const struct {
    const char *accel;
    uint64_t host_page;
    uint64_t target_page;
    uint64_t want;
    bool sees_remap;
} rules[] = {
    { "tcg", 4 * KiB, 4 * KiB, 4 * KiB, true },
    { "tcg", 16 * KiB, 4 * KiB, 4 * KiB, true },
    { "tcg", 4 * KiB, 64 * KiB, 64 * KiB, true },
    { "QTest", 16 * KiB, 4 * KiB, 4 * KiB, true },
    { "KVM", 4 * KiB, 4 * KiB, 4 * KiB, true },
    { "KVM", 64 * KiB, 4 * KiB, 64 * KiB, true },
    { "KVM", 4 * KiB, 64 * KiB, 4 * KiB, true },
    { "HVF", 16 * KiB, 4 * KiB, 16 * KiB, false },
    { "HVF", 4 * KiB, 4 * KiB, 4 * KiB, false },
    /* Unknown ones: the strictest */
    { "WHPX", 4 * KiB, 8 * KiB, 8 * KiB, false },
    { "Xen", 16 * KiB, 4 * KiB, 16 * KiB, false },
    { "", 16 * KiB, 4 * KiB, 16 * KiB, false },
};

static void test_rules(void)
{
    size_t i;

    for (i = 0; i < ARRAY_SIZE(rules); i++) {
        RAMGranule got = ram_granule_of(rules[i].accel, rules[i].host_page,
                                        rules[i].target_page);

        g_test_message("%s, host %" PRIu64 ", target %" PRIu64,
                       rules[i].accel, rules[i].host_page,
                       rules[i].target_page);
        g_assert_cmpuint(got.bytes, ==, rules[i].want);
        g_assert_cmpint(got.sees_remap, ==, rules[i].sees_remap);
    }
}

/* The current accelerator is TCG, the guest's page is 8 KiB */
static void test_current(void)
{
    RAMGranule got = ram_granule();

    g_assert_cmpuint(got.bytes, ==, 8 * KiB);
    g_assert_true(got.sees_remap);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ram-granule/rules", test_rules);
    g_test_add_func("/ram-granule/current", test_current);
    return g_test_run();
}
