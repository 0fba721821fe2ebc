/*
 * What the accelerator demands of the guest's RAM mappings
 *
 * Accelerators that use the host's page tables map whole pages of the host and
 * cannot map anything else; TCG needs whole pages of the guest for direct
 * access.  Knows the accelerators by name, so that one build can answer for
 * those of other hosts.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/accel.h"
#include "exec/target_page.h"
#include "system/ram-granule.h"

typedef struct GranuleRule {
    const char *accel;          /* AccelClass.name */
    bool host_page;             /* multiples of the host's page */
    bool target_page;           /* multiples of the guest's page */
    bool sees_remap;
} GranuleRule;

/* TCG and qtest go through QEMU's own pointers, KVM follows the host's MMU. */
static const GranuleRule granule_rules[] = {
    { "tcg",   .target_page = true, .sees_remap = true },
    { "QTest", .target_page = true, .sees_remap = true },
    { "KVM",   .host_page = true,   .sees_remap = true },
    /* Hypervisor.framework: whether it follows a remap is not documented. */
    { "HVF",   .host_page = true,   .sees_remap = false },
};

RAMGranule ram_granule_of(const char *accel, uint64_t host_page,
                          uint64_t target_page)
{
    GranuleRule rule = { .host_page = true, .target_page = true };
    size_t i;

    for (i = 0; i < ARRAY_SIZE(granule_rules); i++) {
        if (!strcmp(granule_rules[i].accel, accel)) {
            rule = granule_rules[i];
        }
    }
    return (RAMGranule) {
        .bytes = MAX(rule.host_page ? host_page : 1,
                     rule.target_page ? target_page : 1),
        .sees_remap = rule.sees_remap,
    };
}

RAMGranule ram_granule(void)
{
    return ram_granule_of(current_accel_name(), qemu_real_host_page_size(),
                          qemu_target_page_size());
}
