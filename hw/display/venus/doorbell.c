/*
 * virtio-gpu Venus backend: a second ring of each doorbell
 *
 * A Venus ring is memory that guest and render server share.  A ring that has
 * nothing to do for its idle timeout says so and goes to sleep; the guest, when
 * it writes to a ring that says it is idle, sends vkNotifyRingMESA, the
 * doorbell.  Two habits, each of them harmless, lose a wake-up together: Mesa
 * rings a ring's doorbell at most once in an idle timeout, and virglrenderer
 * forgets a doorbell that came while the ring was still awake.  What the guest
 * writes after the ring fell asleep and before Mesa would ring again is never
 * looked at, and the guest waits for it for ever.
 *
 * So each doorbell is rung once more after an idle timeout.  Whatever Mesa kept
 * quiet about is in the ring by then, and a later write brings a doorbell of
 * its own.  Ringing for a ring without work is harmless; for one that does not
 * exist it would cost the context, so that rings are followed from their
 * creation to their end.  Mesa sends all of these commands through the control
 * queue, each as a submission of its own.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/timer.h"
#include "doorbell.h"

/* Venus protocol: command types */
#define VENUS_CMD_CREATE_RING 188
#define VENUS_CMD_DESTROY_RING 189
#define VENUS_CMD_NOTIFY_RING 190

/*
 * Venus protocol, in bytes: every command starts with type (32 bits), flags
 * (32) and, these three, the ring (64).  The last fields of vkCreateRingMESA
 * are idleTimeout and seven more 64-bit ones; what is before them varies.
 */
#define RING_AT 8
#define DESTROY_SIZE 16
#define NOTIFY_SIZE 24
#define CREATE_MIN_SIZE 124
#define CREATE_IDLE_FROM_END 64

/* A guest that says something else than a few milliseconds is not Mesa. */
#define IDLE_MIN_NS SCALE_MS
#define IDLE_MAX_NS (10LL * NANOSECONDS_PER_SECOND)

/* The guest's clock may be coarser than ours. */
#define SLACK_NS (100 * SCALE_US)

/* Mesa has a ring for an instance and for some threads. */
#define MAX_RINGS 1024

typedef struct Doorbell {
    VenusDoorbells *all;        /* borrowed */
    uint64_t ring;              /* the guest's name for it */
    int64_t idle_ns;            /* the ring's idle timeout */
    QEMUTimer timer;            /* QEMU_CLOCK_VIRTUAL: Mesa's, of the guest */
} Doorbell;

struct VenusDoorbells {
    GHashTable *rings;          /* &ring -> Doorbell, owned */
    VenusDoorbellFn *ring_fn;
    void *opaque;               /* for ring_fn */
};

static void doorbell_free(gpointer p)
{
    Doorbell *bell = p;

    timer_del(&bell->timer);
    g_free(bell);
}

/* Main loop */
static void doorbell_again(void *opaque)
{
    Doorbell *bell = opaque;
    struct QEMU_PACKED {
        uint32_t type;
        uint32_t flags;
        uint64_t ring;
        uint32_t seqno;         /* only for the protocol's debugging */
        uint32_t notify_flags;
    } QEMU_ALIGNED(8) cmd = {
        .type = cpu_to_le32(VENUS_CMD_NOTIFY_RING),
        .ring = cpu_to_le64(bell->ring),
    };

    QEMU_BUILD_BUG_ON(sizeof(cmd) != NOTIFY_SIZE);
    bell->all->ring_fn(bell->all->opaque, &cmd, sizeof(cmd));
}

static void doorbell_add(VenusDoorbells *all, uint64_t ring, int64_t idle_ns)
{
    Doorbell *bell;

    if (g_hash_table_size(all->rings) == MAX_RINGS) {
        return;
    }
    bell = g_new0(Doorbell, 1);
    bell->all = all;
    bell->ring = ring;
    bell->idle_ns = idle_ns;
    timer_init_ns(&bell->timer, QEMU_CLOCK_VIRTUAL, doorbell_again, bell);
    g_hash_table_replace(all->rings, &bell->ring, bell);
}

void venus_doorbells_look(VenusDoorbells *all, const void *cmd, size_t size)
{
    const uint8_t *p = cmd;
    uint64_t ring;
    Doorbell *bell;

    if (size < DESTROY_SIZE) {
        return;
    }
    ring = ldq_le_p(p + RING_AT);
    switch (ldl_le_p(p)) {
    case VENUS_CMD_CREATE_RING:
        if (size >= CREATE_MIN_SIZE) {
            uint64_t idle_ns = ldq_le_p(p + size - CREATE_IDLE_FROM_END);

            doorbell_add(all, ring, MIN(MAX(idle_ns, IDLE_MIN_NS),
                                        IDLE_MAX_NS));
        }
        break;
    case VENUS_CMD_DESTROY_RING:
        g_hash_table_remove(all->rings, &ring);
        break;
    case VENUS_CMD_NOTIFY_RING:
        bell = g_hash_table_lookup(all->rings, &ring);
        if (bell) {
            timer_mod(&bell->timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) +
                                    bell->idle_ns + SLACK_NS);
        }
        break;
    }
}

VenusDoorbells *venus_doorbells_new(VenusDoorbellFn *ring_fn, void *opaque)
{
    VenusDoorbells *all = g_new0(VenusDoorbells, 1);

    all->ring_fn = ring_fn;
    all->opaque = opaque;
    all->rings = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL,
                                       doorbell_free);
    return all;
}

void venus_doorbells_free(VenusDoorbells *all)
{
    g_hash_table_unref(all->rings);
    g_free(all);
}
