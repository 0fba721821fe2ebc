/*
 * Store buffering litmus test: each of two threads stores to its own
 * variable and then loads the other's, all sequentially consistent (STLR and
 * LDAR on aarch64).  Both loads seeing the old value is forbidden.
 *
 * A ring's reader that goes to sleep and its writer that wakes it up rely on
 * exactly this.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "prog.h"

enum {
    LITMUS_BATCH = 1000,    /* rounds between two meetings of the threads */
    LITMUS_LINE = 64,       /* bytes of a cache line */
    LITMUS_MAX_DELAY = 64,  /* steps by which one side may start later */
};

/* One round; the two variables are on cache lines of their own. */
typedef struct LitmusRound {
    _Alignas(LITMUS_LINE) atomic_uint x;
    _Alignas(LITMUS_LINE) atomic_uint y;
    /* What each side saw: its own thread's until both have met again */
    _Alignas(LITMUS_LINE) unsigned saw_y;
    _Alignas(LITMUS_LINE) unsigned saw_x;
} LitmusRound;

typedef struct Litmus {
    /* Constant after start */
    unsigned batches;

    LitmusRound *rounds;        /* owned, LITMUS_BATCH of them */
    /* Counts the arrivals of both threads; never goes back */
    _Alignas(LITMUS_LINE) atomic_uint arrived;
    atomic_uint delay[2];
    /* First thread only */
    unsigned long forbidden;
} Litmus;

typedef struct LitmusSide {
    pthread_t thread;
    Litmus *litmus;             /* borrowed */
    unsigned side;              /* 0 or 1, also the CPU */
} LitmusSide;

static void litmus_delay(unsigned steps)
{
    while (steps--) {
        /* Keeps the compiler from removing the loop */
        atomic_signal_fence(memory_order_seq_cst);
    }
}

/* Both threads leave the @meeting-th call at nearly the same moment. */
static void litmus_meet(Litmus *litmus, unsigned meeting)
{
    atomic_fetch_add(&litmus->arrived, 1);
    while ((int)(atomic_load(&litmus->arrived) - 2 * meeting) < 0) {
        litmus_delay(8);
    }
}

static void litmus_batch(Litmus *litmus, unsigned side)
{
    litmus_delay(atomic_load(&litmus->delay[side]));
    for (unsigned i = 0; i < LITMUS_BATCH; i++) {
        LitmusRound *round = &litmus->rounds[i];

        if (side == 0) {
            atomic_store(&round->x, 1);
            round->saw_y = atomic_load(&round->y);
        } else {
            atomic_store(&round->y, 1);
            round->saw_x = atomic_load(&round->x);
        }
    }
}

/* Counts the batch's forbidden outcomes and prepares the next one. */
static void litmus_collect(Litmus *litmus, unsigned *seed)
{
    for (unsigned i = 0; i < LITMUS_BATCH; i++) {
        LitmusRound *round = &litmus->rounds[i];

        litmus->forbidden += !round->saw_x && !round->saw_y;
        atomic_store(&round->x, 0);
        atomic_store(&round->y, 0);
    }
    for (unsigned side = 0; side < 2; side++) {
        *seed = *seed * 1664525 + 1013904223;
        atomic_store(&litmus->delay[side],
                     (*seed >> 16) % LITMUS_MAX_DELAY);
    }
}

static void *litmus_thread(void *opaque)
{
    LitmusSide *self = opaque;
    Litmus *litmus = self->litmus;
    unsigned meeting = 0;
    unsigned seed = 1;

    for (unsigned batch = 0; batch < litmus->batches; batch++) {
        litmus_meet(litmus, ++meeting);
        litmus_batch(litmus, self->side);
        litmus_meet(litmus, ++meeting);
        if (self->side == 0) {
            litmus_collect(litmus, &seed);
        }
    }
    return NULL;
}

static void litmus_start(LitmusSide *self)
{
    pthread_attr_t attr;
    cpu_set_t cpus;
    int error;

    CPU_ZERO(&cpus);
    CPU_SET(self->side, &cpus);
    pthread_attr_init(&attr);
    pthread_attr_setaffinity_np(&attr, sizeof(cpus), &cpus);
    error = pthread_create(&self->thread, &attr, litmus_thread, self);
    pthread_attr_destroy(&attr);
    if (error) {
        errno = error;
        prog_die_errno("thread on CPU %u (two CPUs are needed)", self->side);
    }
}

int main(int argc, char **argv)
{
    unsigned rounds = 2000000;
    const ProgOption options[] = {
        { "--rounds", PROG_NUMBER, &rounds, "rounds (2000000)", NULL },
    };
    Litmus litmus = { 0 };
    LitmusSide sides[2] = { { .side = 0 }, { .side = 1 } };

    prog_options(argc, argv, options, PROG_COUNT(options));
    litmus.batches = (rounds + LITMUS_BATCH - 1) / LITMUS_BATCH;
    litmus.rounds = aligned_alloc(LITMUS_LINE,
                                  LITMUS_BATCH * sizeof(LitmusRound));
    if (!litmus.rounds) {
        prog_die("out of memory");
    }
    memset(litmus.rounds, 0, LITMUS_BATCH * sizeof(LitmusRound));

    for (unsigned side = 0; side < PROG_COUNT(sides); side++) {
        sides[side].litmus = &litmus;
        litmus_start(&sides[side]);
    }
    for (unsigned side = 0; side < PROG_COUNT(sides); side++) {
        pthread_join(sides[side].thread, NULL);
    }

    printf("litmus-stlr: rounds %lu forbidden %lu\n",
           (unsigned long)litmus.batches * LITMUS_BATCH, litmus.forbidden);
    free(litmus.rounds);
    return litmus.forbidden ? 1 : 0;
}
