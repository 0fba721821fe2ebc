/*
 * virtio-gpu Venus backend: fences
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_DISPLAY_VENUS_FENCE_H
#define HW_DISPLAY_VENUS_FENCE_H

#include "hw/qdev-core.h"

typedef struct VenusFenceQueue VenusFenceQueue;
typedef struct VenusCmd VenusCmd;

/* Takes a command whose fence has come.  Main loop; leaves the queue alone. */
typedef void (*VenusFenceDone)(void *opaque, VenusCmd *cmd, int error);

/* All that a bottom half had to deliver has been.  May free the queue. */
typedef void (*VenusFenceDelivered)(void *opaque);

/**
 * venus_fence_queue_new - a queue for each (context, ring)
 * @guard: of the device, may be NULL
 * @done: takes the command; @error is 0 or a negative errno
 * @delivered: called after @done where a bottom half, and not the caller of a
 *             function of the queue, delivers
 * @opaque: for @done and @delivered
 */
VenusFenceQueue *venus_fence_queue_new(MemReentrancyGuard *guard,
                                       VenusFenceDone done,
                                       VenusFenceDelivered delivered,
                                       void *opaque);

/** venus_fence_queue_free - all commands must have been taken; NULL allowed */
void venus_fence_queue_free(VenusFenceQueue *q);

/**
 * venus_fence_add - let a command wait for its fence
 * @q: queue
 * @cmd: taken over until @done
 * @ctx_id: context
 * @ring_idx: below VENUS_MAX_RINGS
 * @fence_id: as the guest chose it
 *
 * Main loop.  To be called before the renderer hears of the fence, so that
 * its answer always finds the command.
 */
void venus_fence_add(VenusFenceQueue *q, VenusCmd *cmd, uint32_t ctx_id,
                     uint32_t ring_idx, uint64_t fence_id);

/**
 * venus_fence_signal - fences of a ring up to @fence_id are complete
 *
 * Any thread; takes no BQL.  The commands are answered in a bottom half.
 */
void venus_fence_signal(VenusFenceQueue *q, uint32_t ctx_id,
                        uint32_t ring_idx, uint64_t fence_id);

/**
 * venus_fence_flush_ctx - answer whatever still waits for a context
 * @error: negative errno for commands whose fence has not come
 *
 * Main loop.  Fences that have been signalled already count as complete.
 */
void venus_fence_flush_ctx(VenusFenceQueue *q, uint32_t ctx_id, int error);

/**
 * venus_fence_cancel_last - take back the command of the last venus_fence_add()
 *
 * Main loop; for a fence that the renderer refused.
 *
 * Return: the command, owned by the caller.
 */
VenusCmd *venus_fence_cancel_last(VenusFenceQueue *q, uint32_t ctx_id,
                                  uint32_t ring_idx);

/**
 * venus_fence_reset - forget everything, as the device is reset
 * @drop: takes each command
 *
 * Main loop.  Signals that are on their way are ignored from now on.
 */
void venus_fence_reset(VenusFenceQueue *q, void (*drop)(VenusCmd *cmd));

/**
 * venus_fence_session_end - the renderer is gone and signals no more
 *
 * Main loop.  What it has signalled and nobody has seen is ignored.
 */
void venus_fence_session_end(VenusFenceQueue *q);

/** venus_fence_pending - number of commands that wait */
unsigned venus_fence_pending(const VenusFenceQueue *q);

/** venus_fence_foreach_ctx - call @fn for each context with waiting fences */
void venus_fence_foreach_ctx(VenusFenceQueue *q,
                             void (*fn)(void *opaque, uint32_t ctx_id),
                             void *opaque);

#endif
