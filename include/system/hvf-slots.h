/*
 * Hypervisor.framework: which of the guest's memory is mapped
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SYSTEM_HVF_SLOTS_H
#define SYSTEM_HVF_SLOTS_H

#include "qemu/interval-tree.h"
#include "qemu/typedefs.h"

/* A mapped part of the guest's memory; owned by its HVFSlots. */
typedef struct hvf_slot {
    IntervalTreeNode node;      /* private: start to the last byte */
    uint64_t start;             /* guest-physical address */
    uint64_t size;              /* bytes */
    uint8_t *mem;               /* borrowed: host address of the first byte */
    uint32_t flags;             /* HVF_SLOT_* */
    MemoryRegion *region;       /* borrowed */
} hvf_slot;

/* A section of the guest's memory topology that can be mapped. */
typedef struct HVFSection {
    const char *name;           /* borrowed for the call, for messages */
    uint64_t start;             /* guest-physical address */
    uint64_t size;              /* bytes */
    uint8_t *mem;               /* host address of the first byte */
    bool readonly;
    MemoryRegion *region;       /* lives as long as the section is mapped */
} HVFSection;

/* Calls into the framework; false means that it refused. */
typedef struct HVFSlotOps {
    bool (*map)(void *opaque, const hvf_slot *slot, bool readonly);
    bool (*unmap)(void *opaque, const hvf_slot *slot);
} HVFSlotOps;

typedef struct HVFSlots HVFSlots;

/**
 * hvf_slots_new - an empty guest
 * @page: bytes; the framework maps multiples of it at multiples of it
 * @ops: valid as long as the result
 * @opaque: for @ops
 *
 * All functions here: main loop, BQL held (the memory listener's rule).
 */
HVFSlots *hvf_slots_new(uint64_t page, const HVFSlotOps *ops, void *opaque);

/** hvf_slots_free - forget all slots without unmapping; NULL is allowed */
void hvf_slots_free(HVFSlots *slots);

/**
 * hvf_slots_find - a slot that has bytes in common with a range
 * @start: guest-physical address
 * @size: bytes
 *
 * Return: borrowed until the next change; NULL: nothing is mapped there.
 */
hvf_slot *hvf_slots_find(HVFSlots *slots, uint64_t start, uint64_t size);

/**
 * hvf_slots_add - map a section
 *
 * What is mapped there already gives way, unless it is the same.  A section
 * that the framework cannot map (address, size or host pointer are no multiples
 * of the page) stays unmapped, which a warning says once for each name.
 */
void hvf_slots_add(HVFSlots *slots, const HVFSection *section);

/**
 * hvf_slots_del - unmap whatever is mapped in a section
 *
 * Nothing happens where nothing is mapped.
 */
void hvf_slots_del(HVFSlots *slots, const HVFSection *section);

#endif
