/*
 * virtio-gpu Venus backend: the hostmem window and its granule
 *
 * window.c decides what may be shown where, and puts a blob's memory at an
 * address that one of the ways to show it provides.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_DISPLAY_VENUS_WINDOW_H
#define HW_DISPLAY_VENUS_WINDOW_H

#include "venus.h"

/* window.c */

/**
 * venus_window_init - choose how blobs are shown, and make the window
 * @s: device, hostmem property checked
 * @errp: set on failure
 */
bool venus_window_init(VenusState *s, Error **errp);

/** venus_window_cleanup - undo venus_window_init(), also where it failed */
void venus_window_cleanup(VenusState *s);

/**
 * venus_window_range - check numbers from the guest
 * @s: device
 * @res: what is to be shown; its size is rounded up to whole granules
 * @offset: bytes, must be a multiple of the granule
 * @out: set on success
 *
 * Return: false if the range is misaligned, outside the window or in use.
 */
bool venus_window_range(VenusState *s, const VenusResource *res,
                        uint64_t offset, VenusWindowRange *out);

/**
 * venus_window_map - show a descriptor's memory in the window
 * @s: device
 * @res: recorded as mapped at @range on success
 * @range: from venus_window_range()
 * @fd: not taken over; what @range has more than it shows zeroes
 *
 * Return: 0 or a negative errno; -EINVAL when it is shorter than the blob or
 * could shrink.
 */
int venus_window_map(VenusState *s, VenusResource *res,
                     const VenusWindowRange *range, int fd);

/**
 * venus_window_clone - show memory that is mapped elsewhere in the window
 * @s: device
 * @res: recorded as mapped at @range on success
 * @range: from venus_window_range()
 * @ptr: page aligned, shared memory; may be unmapped afterwards
 * @size: bytes there; what @range has more shows zeroes
 *
 * Return: 0 or a negative errno; -ENOTSUP where the host cannot do it.
 */
int venus_window_clone(VenusState *s, VenusResource *res,
                       const VenusWindowRange *range, void *ptr,
                       uint64_t size);

/** venus_window_unmap - put zeroes where @res is mapped; no-op if it is not */
void venus_window_unmap(VenusState *s, VenusResource *res);

/** venus_window_reset - zero what the guest wrote where nothing is mapped */
void venus_window_reset(VenusState *s);

/* alignment.c */

/**
 * venus_alignment_init - settle the granule, and whether the guest is told
 * @s: device, window_size set
 * @maps_fixed: blobs are mapped over a reservation, in whole host pages
 * @errp: set when hostmem-granule is not possible
 */
bool venus_alignment_init(VenusState *s, bool maps_fixed, Error **errp);

/** venus_alignment_extend_config - after the base class has made config */
void venus_alignment_extend_config(VenusState *s);

/** venus_alignment_fill_config - add our field to what the guest reads */
void venus_alignment_fill_config(VenusState *s, uint8_t *config);

/**
 * venus_alignment_extend_capset - append the granule to the Venus capset
 * @s: device; granule set, capset as the renderer has it
 *
 * For guests whose kernel does not know the feature.  A capset that reaches to
 * where the record would be, which no renderer of today has, stays as it is.
 */
void venus_alignment_extend_capset(VenusState *s);

/** venus_alignment_features - feature bits to add to the base class's */
uint64_t venus_alignment_features(VenusState *s);

/** venus_alignment_negotiated - the guest has promised to align blobs */
bool venus_alignment_negotiated(VenusState *s);

/** venus_alignment_hint - tell the user, once, what guest would work */
void venus_alignment_hint(VenusState *s);

/* window-fixed.c, window-region.c */

/* Ways to show a blob.  All operations: main loop, BQL held. */
struct VenusWindowOps {
    const char *name;           /* as hostmem-mapping= has it */

    /** init - make s->window_region part of the hostmem region */
    bool (*init)(VenusState *s, Error **errp);

    /** cleanup - undo init(); nothing is shown any more */
    void (*cleanup)(VenusState *s);

    /**
     * reserve - provide the addresses that are or will be seen at @range
     * @res: nothing of it is shown
     * @used: bytes, whole host pages, that the caller will map over the start
     *        of the result; what is left of @range reads zero
     *
     * Followed by show(), or by hide() when mapping fails.
     *
     * Return: a host address, or NULL when the host has no room.
     */
    void *(*reserve)(VenusState *s, VenusResource *res,
                     const VenusWindowRange *range, uint64_t used);

    /** show - let the guest see what was mapped over the reserved addresses */
    void (*show)(VenusState *s, VenusResource *res,
                 const VenusWindowRange *range);

    /** hide - let the guest see zeroes at @range */
    void (*hide)(VenusState *s, VenusResource *res,
                 const VenusWindowRange *range);

    /** reset - forget what the guest wrote where nothing is shown */
    void (*reset)(VenusState *s);
};

/** venus_window_fixed - blobs are mapped over parts of one RAM region */
extern const VenusWindowOps venus_window_fixed;

/** venus_window_region - a RAM region for each blob */
extern const VenusWindowOps venus_window_region;

#endif
