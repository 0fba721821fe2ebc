/*
 * How long the guest waits for a fence: an empty submission to ring 0 of a
 * Venus context, until its sync file is readable.  A gap before each keeps
 * the device idle, as it is when a program waits for its last frame.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kms.h"
#include "virtgpu.h"

enum {
    FENCEBENCH_GAP_MS = 2,
    FENCEBENCH_TIMEOUT_MS = 10000,
};

static int fencebench_compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Milliseconds of one round trip. */
static double fencebench_round(int fd)
{
    double start = prog_now_ms();
    int fence = virtgpu_submit_fence(fd);
    double end;

    if (!prog_wait_readable(fence, FENCEBENCH_TIMEOUT_MS)) {
        prog_die("a fence was not signalled in %d ms", FENCEBENCH_TIMEOUT_MS);
    }
    end = prog_now_ms();
    close(fence);
    return end - start;
}

int main(int argc, char **argv)
{
    const char *card = KMS_DEFAULT_CARD;
    unsigned count = 300;
    const ProgOption options[] = {
        { "--count", PROG_NUMBER, &count, "round trips, default 300", NULL },
        { "--card", PROG_STRING, &card, "default " KMS_DEFAULT_CARD, NULL },
    };
    double *times;
    int fd;

    prog_options(argc, argv, options, PROG_COUNT(options));
    times = calloc(count ? count : 1, sizeof(*times));
    if (!count || !times) {
        prog_die("bad --count");
    }
    fd = kms_open(card);
    virtgpu_context_init(fd);
    fencebench_round(fd);   /* the first one waits for the context's start */
    for (unsigned i = 0; i < count; i++) {
        prog_sleep_until_ms(prog_now_ms() + FENCEBENCH_GAP_MS);
        times[i] = fencebench_round(fd);
    }
    qsort(times, count, sizeof(*times), fencebench_compare);
    printf("fencebench: n %u median_us %.0f p90_us %.0f max_us %.0f\n", count,
           times[count / 2] * 1e3, times[(uint64_t)count * 9 / 10] * 1e3,
           times[count - 1] * 1e3);
    free(times);
    close(fd);
    return 0;
}
