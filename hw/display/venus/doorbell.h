/*
 * virtio-gpu Venus backend: a second ring of each doorbell
 *
 * All functions: main loop, BQL held.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_DISPLAY_VENUS_DOORBELL_H
#define HW_DISPLAY_VENUS_DOORBELL_H

/* The doorbells of the rings of one context. */
typedef struct VenusDoorbells VenusDoorbells;

/**
 * VenusDoorbellFn - submit a vkNotifyRingMESA to the renderer
 * @opaque: from venus_doorbells_new()
 * @cmd: borrowed, 8 byte aligned; may be changed
 * @size: bytes, whole 32-bit words
 *
 * Must not free the doorbells.
 */
typedef void VenusDoorbellFn(void *opaque, void *cmd, size_t size);

/** venus_doorbells_new - follow the rings of a new context */
VenusDoorbells *venus_doorbells_new(VenusDoorbellFn *ring_fn, void *opaque);

/** venus_doorbells_free - no doorbell rings any more */
void venus_doorbells_free(VenusDoorbells *all);

/**
 * venus_doorbells_look - note what a submission does to rings
 * @all: doorbells of the context it went to
 * @cmd: what the renderer has accepted: commands of the Venus protocol
 * @size: bytes
 *
 * Looks at the first command only: vkCreateRingMESA, vkDestroyRingMESA and
 * vkNotifyRingMESA come alone.
 */
void venus_doorbells_look(VenusDoorbells *all, const void *cmd, size_t size);

#endif
