/*
 * Page flips between two buffers at a steady rate, for measuring what one
 * flip costs the host.  The buffers hold two different test cards; --draw
 * changes their contents for every frame as a program would.
 *
 * --kind none waits as often and shows nothing: what the guest costs anyway.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "card.h"
#include "kms.h"
#include "virtgpu.h"

enum { FLIPBENCH_BUFFERS = 2 };

typedef struct FlipBench {
    const char *card;
    const char *kind;
    ProgSize size;
    unsigned connector;
    unsigned frames;
    unsigned fps;
    bool draw;
} FlipBench;

/* A bar that moves down one row a frame is enough to change every frame. */
static void flipbench_draw(KmsBuffer *buf, unsigned frame)
{
    enum { ROWS = 64 };
    uint32_t top = frame * 4 % buf->height;

    for (uint32_t i = 0; i < ROWS; i++) {
        uint32_t y = (top + i) % buf->height;

        memset(buf->pixels + (size_t)y * buf->stride, 64 + i * 2,
               buf->width * 4);
    }
}

static void flipbench_wait(const FlipBench *opts)
{
    double start = prog_now_ms();

    if (!opts->fps) {
        prog_die("--kind none needs --fps");
    }
    for (unsigned frame = 1; frame <= opts->frames; frame++) {
        prog_sleep_until_ms(start + frame * 1e3 / opts->fps);
    }
}

static double flipbench_run(const FlipBench *opts, KmsOutput *out,
                            KmsBuffer *bufs)
{
    double start;

    kms_show(out, &bufs[0]);
    start = prog_now_ms();
    for (unsigned frame = 1; frame <= opts->frames; frame++) {
        KmsBuffer *buf = &bufs[frame % FLIPBENCH_BUFFERS];

        /* Only then is nobody shown what is drawn now. */
        kms_flip_wait(out);
        if (opts->draw) {
            flipbench_draw(buf, frame);
        }
        if (opts->fps) {
            prog_sleep_until_ms(start + frame * 1e3 / opts->fps);
        }
        kms_flip(out, buf);
    }
    kms_flip_wait(out);
    return prog_now_ms() - start;
}

int main(int argc, char **argv)
{
    FlipBench opts = {
        .card = KMS_DEFAULT_CARD,
        .kind = "host3d",
        .size = { 1920, 1080 },
        .frames = 600,
        .fps = 60,
    };
    const ProgOption options[] = {
        { "--kind", PROG_STRING, &opts.kind, 
          "host3d (default), guest, dumb or none", NULL },
        { "--size", PROG_SIZE, &opts.size, "default 1920x1080", NULL },
        { "--frames", PROG_NUMBER, &opts.frames, "flips, default 600", NULL },
        { "--fps", PROG_NUMBER, &opts.fps,
          "flips per second at most, default 60; 0: no limit", NULL },
        { "--draw", PROG_FLAG, &opts.draw, "change the contents", NULL },
        { "--connector", PROG_NUMBER, &opts.connector, "default 0", NULL },
        { "--card", PROG_STRING, &opts.card, "default " KMS_DEFAULT_CARD,
          NULL },
    };
    KmsOutput out;
    KmsBuffer bufs[FLIPBENCH_BUFFERS];
    VirtGpuKind kind;
    double ms;
    int fd;

    prog_options(argc, argv, options, PROG_COUNT(options));
    if (!strcmp(opts.kind, "none")) {
        flipbench_wait(&opts);
        return 0;
    }
    kind = virtgpu_kind(opts.kind);
    fd = kms_open(opts.card);
    if (kind != VIRTGPU_DUMB) {
        virtgpu_context_init(fd);
    }
    kms_output_init(&out, fd, opts.connector, opts.size);
    for (unsigned i = 0; i < FLIPBENCH_BUFFERS; i++) {
        virtgpu_buffer_init(&bufs[i], fd, kind, opts.size.width,
                            opts.size.height);
        card_draw(bufs[i].pixels, bufs[i].width, bufs[i].height,
                  bufs[i].stride, i);
    }
    ms = flipbench_run(&opts, &out, bufs);
    printf("flipbench: kind %s flips %u fps %.1f\n", opts.kind, opts.frames,
           opts.frames * 1e3 / ms);
    for (unsigned i = 0; i < FLIPBENCH_BUFFERS; i++) {
        kms_buffer_cleanup(&bufs[i], fd);
    }
    close(fd);
    return 0;
}
