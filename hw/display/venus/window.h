/*
 * virtio-gpu Venus backend: ways to show a blob in the hostmem window
 *
 * window.c decides what may be shown where, and puts a blob's memory at an
 * address that one of these ways provides.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_DISPLAY_VENUS_WINDOW_H
#define HW_DISPLAY_VENUS_WINDOW_H

#include "venus.h"

/* All of them: main loop, BQL held. */
typedef struct VenusWindowOps {
    const char *name;           /* as hostmem-mapping= has it */

    /** init - make s->window_mr part of the hostmem region */
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
} VenusWindowOps;

/** venus_window_fixed - blobs are mapped over parts of one RAM region */
extern const VenusWindowOps venus_window_fixed;

/** venus_window_region - a RAM region for each blob */
extern const VenusWindowOps venus_window_region;

#endif
