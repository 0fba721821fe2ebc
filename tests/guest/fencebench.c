/*
 * How long the guest waits for a fence: an empty submission to ring 0 of a
 * Venus context, until its sync file is readable.  A gap before each keeps
 * the device idle, as it is when a program waits for its last frame.
 *
 * Beside it, in turn, what no renderer can be faster than: a submission to no
 * ring, which the device itself answers, and two threads of the guest that
 * answer each other through pipes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kms.h"
#include "virtgpu.h"

enum {
    FENCEBENCH_GAP_MS = 2,
    FENCEBENCH_TIMEOUT_MS = 10000,
};

typedef struct FenceBench {
    int card;
    int to_echo[2];             /* pipes: ends to read and to write */
    int from_echo[2];
} FenceBench;

static int fencebench_compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

static void fencebench_submit(FenceBench *b, bool on_ring)
{
    int fence = virtgpu_submit_fence(b->card, on_ring);

    if (!prog_wait_readable(fence, FENCEBENCH_TIMEOUT_MS)) {
        prog_die("a fence was not signalled in %d ms", FENCEBENCH_TIMEOUT_MS);
    }
    close(fence);
}

static void fencebench_ring(FenceBench *b)
{
    fencebench_submit(b, true);
}

static void fencebench_device(FenceBench *b)
{
    fencebench_submit(b, false);
}

static void fencebench_threads(FenceBench *b)
{
    char c = 0;

    if (write(b->to_echo[1], &c, 1) != 1 || read(b->from_echo[0], &c, 1) != 1) {
        prog_die_errno("asking the other thread");
    }
}

static void *fencebench_echo(void *opaque)
{
    FenceBench *b = opaque;
    char c;

    while (read(b->to_echo[0], &c, 1) == 1) {
        if (write(b->from_echo[1], &c, 1) != 1) {
            prog_die_errno("answering the other thread");
        }
    }
    return NULL;
}

static void fencebench_start_echo(FenceBench *b)
{
    pthread_t thread;

    if (pipe(b->to_echo) || pipe(b->from_echo)) {
        prog_die_errno("making pipes");
    }
    if (pthread_create(&thread, NULL, fencebench_echo, b)) {
        prog_die("no second thread");
    }
}

typedef struct FenceBenchKind {
    const char *name;
    void (*round_trip)(FenceBench *b);
    double *ms;                 /* of each round trip */
} FenceBenchKind;

static void fencebench_print(FenceBenchKind *kind, unsigned n)
{
    qsort(kind->ms, n, sizeof(*kind->ms), fencebench_compare);
    printf("fencebench: %s n %u median_us %.0f p90_us %.0f max_us %.0f\n",
           kind->name, n, kind->ms[n / 2] * 1e3,
           kind->ms[(uint64_t)n * 9 / 10] * 1e3, kind->ms[n - 1] * 1e3);
}

int main(int argc, char **argv)
{
    const char *card = KMS_DEFAULT_CARD;
    unsigned count = 300;
    const ProgOption options[] = {
        { "--count", PROG_NUMBER, &count, "round trips, default 300", NULL },
        { "--card", PROG_STRING, &card, "default " KMS_DEFAULT_CARD, NULL },
    };
    FenceBenchKind kinds[] = {
        { "ring", fencebench_ring, NULL },
        { "device", fencebench_device, NULL },
        { "threads", fencebench_threads, NULL },
    };
    FenceBench b;

    prog_options(argc, argv, options, PROG_COUNT(options));
    if (!count) {
        prog_die("bad --count");
    }
    b.card = kms_open(card);
    virtgpu_context_init(b.card);
    fencebench_start_echo(&b);
    for (unsigned k = 0; k < PROG_COUNT(kinds); k++) {
        kinds[k].ms = calloc(count, sizeof(*kinds[k].ms));
        if (!kinds[k].ms) {
            prog_die("no memory for --count %u", count);
        }
        /* The first one waits for the start of what answers. */
        kinds[k].round_trip(&b);
    }
    for (unsigned i = 0; i < count; i++) {
        for (unsigned k = 0; k < PROG_COUNT(kinds); k++) {
            double start;

            prog_sleep_until_ms(prog_now_ms() + FENCEBENCH_GAP_MS);
            start = prog_now_ms();
            kinds[k].round_trip(&b);
            kinds[k].ms[i] = prog_now_ms() - start;
        }
    }
    for (unsigned k = 0; k < PROG_COUNT(kinds); k++) {
        fencebench_print(&kinds[k], count);
        free(kinds[k].ms);
    }
    close(b.card);
    return 0;
}
