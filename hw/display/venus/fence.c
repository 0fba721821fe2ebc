/*
 * virtio-gpu Venus backend: fences
 *
 * Commands wait in one queue for each (context, ring).  The renderer signals
 * on threads of its own; a signal is put into a list, and a bottom half in the
 * main loop answers the commands.  Knows nothing of the renderer.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/lockable.h"
#include "qemu/main-loop.h"
#include "venus.h"
#include "trace.h"

/* A command that waits. */
typedef struct VenusFence {
    VenusCmd *cmd;              /* owned until done */
    uint64_t fence_id;
    QSIMPLEQ_ENTRY(VenusFence) next;
} VenusFence;

typedef struct VenusRing {
    uint64_t key;               /* context and ring, see ring_key() */
    QSIMPLEQ_HEAD(, VenusFence) waiting;        /* in order of submission */
} VenusRing;

/* What a renderer thread said. */
typedef struct VenusSignal {
    uint64_t key;
    uint64_t fence_id;
    uint32_t generation;        /* of the queue when it was said */
    QSIMPLEQ_ENTRY(VenusSignal) next;
} VenusSignal;

struct VenusFenceQueue {
    /* Constant after creation */
    VenusFenceDone done;
    VenusFenceDelivered delivered;
    void *opaque;
    QEMUBH *bh;                 /* owned */

    /* Main loop only (BQL) */
    GHashTable *rings;          /* key -> VenusRing, owned */
    unsigned pending;

    /* Protected by lock, which is a leaf: nothing else is taken inside */
    QemuMutex lock;
    QSIMPLEQ_HEAD(, VenusSignal) signals;
    uint32_t generation;        /* counts resets and sessions */
};

static uint64_t ring_key(uint32_t ctx_id, uint32_t ring_idx)
{
    return (uint64_t)ctx_id << 32 | ring_idx;
}

static void ring_free(gpointer data)
{
    VenusRing *ring = data;

    assert(QSIMPLEQ_EMPTY(&ring->waiting));
    g_free(ring);
}

static void fence_complete(VenusFenceQueue *q, VenusRing *ring, int error)
{
    VenusFence *fence = QSIMPLEQ_FIRST(&ring->waiting);
    VenusCmd *cmd = fence->cmd;

    QSIMPLEQ_REMOVE_HEAD(&ring->waiting, next);
    trace_venus_fence_done(ring->key >> 32, (uint32_t)ring->key,
                           fence->fence_id, error);
    g_free(fence);
    q->pending--;
    q->done(q->opaque, cmd, error);
}

/* All fences of the ring up to and with @fence_id; none if it is not there. */
static void ring_retire(VenusFenceQueue *q, VenusRing *ring, uint64_t fence_id)
{
    VenusFence *last = NULL;
    VenusFence *fence;

    QSIMPLEQ_FOREACH(fence, &ring->waiting, next) {
        if (fence->fence_id == fence_id) {
            last = fence;
        }
    }
    while (last) {
        bool end = QSIMPLEQ_FIRST(&ring->waiting) == last;

        fence_complete(q, ring, 0);
        if (end) {
            break;
        }
    }
}

/* Main loop: answer what the renderer has signalled since the last time. */
static void venus_fence_deliver(VenusFenceQueue *q)
{
    QSIMPLEQ_HEAD(, VenusSignal) signals = QSIMPLEQ_HEAD_INITIALIZER(signals);
    VenusSignal *signal;
    uint32_t generation;

    GLOBAL_STATE_CODE();
    WITH_QEMU_LOCK_GUARD(&q->lock) {
        QSIMPLEQ_CONCAT(&signals, &q->signals);
        generation = q->generation;
    }
    while ((signal = QSIMPLEQ_FIRST(&signals))) {
        VenusRing *ring = g_hash_table_lookup(q->rings, &signal->key);

        QSIMPLEQ_REMOVE_HEAD(&signals, next);
        if (ring && signal->generation == generation) {
            ring_retire(q, ring, signal->fence_id);
        }
        g_free(signal);
    }
}

static void venus_fence_bh(void *opaque)
{
    VenusFenceQueue *q = opaque;

    venus_fence_deliver(q);
    q->delivered(q->opaque);    /* last: the queue may be gone afterwards */
}

VenusFenceQueue *venus_fence_queue_new(MemReentrancyGuard *guard,
                                       VenusFenceDone done,
                                       VenusFenceDelivered delivered,
                                       void *opaque)
{
    VenusFenceQueue *q = g_new0(VenusFenceQueue, 1);

    q->done = done;
    q->delivered = delivered;
    q->opaque = opaque;
    /* As virtio's own: not run in nested event loops. */
    q->bh = aio_bh_new_guarded(iohandler_get_aio_context(), venus_fence_bh, q,
                               guard);
    q->rings = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL,
                                     ring_free);
    qemu_mutex_init(&q->lock);
    QSIMPLEQ_INIT(&q->signals);
    return q;
}

void venus_fence_queue_free(VenusFenceQueue *q)
{
    VenusSignal *signal;

    if (!q) {
        return;
    }
    assert(!q->pending);
    qemu_bh_delete(q->bh);
    g_hash_table_unref(q->rings);
    while ((signal = QSIMPLEQ_FIRST(&q->signals))) {
        QSIMPLEQ_REMOVE_HEAD(&q->signals, next);
        g_free(signal);
    }
    qemu_mutex_destroy(&q->lock);
    g_free(q);
}

void venus_fence_add(VenusFenceQueue *q, VenusCmd *cmd, uint32_t ctx_id,
                     uint32_t ring_idx, uint64_t fence_id)
{
    uint64_t key = ring_key(ctx_id, ring_idx);
    VenusRing *ring = g_hash_table_lookup(q->rings, &key);
    VenusFence *fence = g_new0(VenusFence, 1);

    GLOBAL_STATE_CODE();
    if (!ring) {
        ring = g_new0(VenusRing, 1);
        ring->key = key;
        QSIMPLEQ_INIT(&ring->waiting);
        g_hash_table_insert(q->rings, &ring->key, ring);
    }
    fence->cmd = cmd;
    fence->fence_id = fence_id;
    QSIMPLEQ_INSERT_TAIL(&ring->waiting, fence, next);
    q->pending++;
    trace_venus_fence_add(ctx_id, ring_idx, fence_id);
}

void venus_fence_signal(VenusFenceQueue *q, uint32_t ctx_id,
                        uint32_t ring_idx, uint64_t fence_id)
{
    VenusSignal *signal = g_new0(VenusSignal, 1);

    signal->key = ring_key(ctx_id, ring_idx);
    signal->fence_id = fence_id;
    WITH_QEMU_LOCK_GUARD(&q->lock) {
        signal->generation = q->generation;
        QSIMPLEQ_INSERT_TAIL(&q->signals, signal, next);
    }
    qemu_bh_schedule(q->bh);
}

void venus_fence_flush_ctx(VenusFenceQueue *q, uint32_t ctx_id, int error)
{
    GHashTableIter iter;
    gpointer value;

    venus_fence_deliver(q);
    g_hash_table_iter_init(&iter, q->rings);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        VenusRing *ring = value;

        if (ring->key >> 32 != ctx_id) {
            continue;
        }
        while (!QSIMPLEQ_EMPTY(&ring->waiting)) {
            fence_complete(q, ring, error);
        }
        g_hash_table_iter_remove(&iter);
    }
}

VenusCmd *venus_fence_cancel_last(VenusFenceQueue *q, uint32_t ctx_id,
                                  uint32_t ring_idx)
{
    uint64_t key = ring_key(ctx_id, ring_idx);
    VenusRing *ring = g_hash_table_lookup(q->rings, &key);
    VenusFence *fence = QSIMPLEQ_LAST(&ring->waiting, VenusFence, next);
    VenusCmd *cmd = fence->cmd;

    QSIMPLEQ_REMOVE(&ring->waiting, fence, VenusFence, next);
    g_free(fence);
    q->pending--;
    return cmd;
}

void venus_fence_reset(VenusFenceQueue *q, void (*drop)(VenusCmd *cmd))
{
    GHashTableIter iter;
    gpointer value;

    GLOBAL_STATE_CODE();
    WITH_QEMU_LOCK_GUARD(&q->lock) {
        q->generation++;
    }
    g_hash_table_iter_init(&iter, q->rings);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        VenusRing *ring = value;
        VenusFence *fence;

        while ((fence = QSIMPLEQ_FIRST(&ring->waiting))) {
            QSIMPLEQ_REMOVE_HEAD(&ring->waiting, next);
            drop(fence->cmd);
            g_free(fence);
            q->pending--;
        }
        g_hash_table_iter_remove(&iter);
    }
}

void venus_fence_session_end(VenusFenceQueue *q)
{
    QEMU_LOCK_GUARD(&q->lock);
    q->generation++;
}

unsigned venus_fence_pending(const VenusFenceQueue *q)
{
    return q->pending;
}

void venus_fence_foreach_ctx(VenusFenceQueue *q,
                             void (*fn)(void *opaque, uint32_t ctx_id),
                             void *opaque)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    GHashTableIter iter;
    gpointer key, value;

    g_hash_table_iter_init(&iter, q->rings);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        VenusRing *ring = value;

        if (!QSIMPLEQ_EMPTY(&ring->waiting)) {
            g_hash_table_add(seen, GUINT_TO_POINTER(ring->key >> 32));
        }
    }
    /* @fn may change the rings. */
    g_hash_table_iter_init(&iter, seen);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        fn(opaque, GPOINTER_TO_UINT(key));
    }
}
