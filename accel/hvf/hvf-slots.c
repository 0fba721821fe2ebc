/*
 * Hypervisor.framework: which of the guest's memory is mapped
 *
 * Decides what to ask of the framework when the guest's memory changes.  Knows
 * neither the framework nor the memory API, so that it is tested on any host.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "system/hvf-slots.h"

struct HVFSlots {
    /* Constant after creation */
    uint64_t page;              /* bytes */
    const HVFSlotOps *ops;
    void *opaque;               /* for ops */

    /* Main loop only (BQL) */
    IntervalTreeRoot root;      /* hvf_slot.node, disjoint */
    GHashTable *reported;       /* names of sections that were not mapped */
};

HVFSlots *hvf_slots_new(uint64_t page, const HVFSlotOps *ops, void *opaque)
{
    HVFSlots *slots = g_new0(HVFSlots, 1);

    slots->page = page;
    slots->ops = ops;
    slots->opaque = opaque;
    slots->reported = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                            NULL);
    return slots;
}

hvf_slot *hvf_slots_find(HVFSlots *slots, uint64_t start, uint64_t size)
{
    IntervalTreeNode *node;

    if (!size) {
        return NULL;
    }
    node = interval_tree_iter_first(&slots->root, start, start + (size - 1));
    return node ? container_of(node, hvf_slot, node) : NULL;
}

static void slot_remove(HVFSlots *slots, hvf_slot *slot)
{
    interval_tree_remove(&slot->node, &slots->root);
    g_free(slot);
}

void hvf_slots_free(HVFSlots *slots)
{
    hvf_slot *slot;

    if (!slots) {
        return;
    }
    while ((slot = hvf_slots_find(slots, 0, UINT64_MAX))) {
        slot_remove(slots, slot);
    }
    g_hash_table_unref(slots->reported);
    g_free(slots);
}

static bool section_is_mappable(const HVFSlots *slots,
                                const HVFSection *section)
{
    return section->size && QEMU_IS_ALIGNED(section->start, slots->page) &&
           QEMU_IS_ALIGNED(section->size, slots->page) &&
           QEMU_PTR_IS_ALIGNED(section->mem, slots->page);
}

static void section_report(HVFSlots *slots, const HVFSection *section)
{
    if (!g_hash_table_add(slots->reported, g_strdup(section->name))) {
        return;
    }
    warn_report("hvf: memory region '%s' is not mapped into the guest: "
                "address 0x%" PRIx64 ", size 0x%" PRIx64 " and host address %p "
                "are not all multiples of the host's page, 0x%" PRIx64,
                section->name, section->start, section->size, section->mem,
                slots->page);
    error_printf("What the guest does there is emulated, which is slow and not "
                 "possible for every instruction: the guest may hang.\n");
}

void hvf_slots_del(HVFSlots *slots, const HVFSection *section)
{
    hvf_slot *slot;

    while ((slot = hvf_slots_find(slots, section->start, section->size))) {
        if (!slots->ops->unmap(slots->opaque, slot)) {
            warn_report("hvf: cannot unmap 0x%" PRIx64 " bytes at 0x%" PRIx64,
                        slot->size, slot->start);
        }
        slot_remove(slots, slot);
    }
}

void hvf_slots_add(HVFSlots *slots, const HVFSection *section)
{
    hvf_slot *slot = hvf_slots_find(slots, section->start, section->size);

    if (slot && slot->start == section->start &&
        slot->size == section->size && slot->mem == section->mem) {
        return;
    }
    hvf_slots_del(slots, section);
    if (!section_is_mappable(slots, section)) {
        section_report(slots, section);
        return;
    }
    slot = g_new0(hvf_slot, 1);
    slot->start = section->start;
    slot->size = section->size;
    slot->mem = section->mem;
    slot->region = section->region;
    slot->node.start = section->start;
    slot->node.last = section->start + (section->size - 1);
    if (!slots->ops->map(slots->opaque, slot, section->readonly)) {
        error_report("hvf: cannot map region '%s', 0x%" PRIx64 " bytes at 0x%"
                     PRIx64, section->name, section->size, section->start);
        g_free(slot);
        return;
    }
    interval_tree_insert(&slot->node, &slots->root);
}
