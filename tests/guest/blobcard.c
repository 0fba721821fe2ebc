/*
 * Shows the test card (card.h) from a blob that the CPU draws into, with
 * neither Vulkan nor Mesa: what is seen is the device's scanout path alone.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "card.h"
#include "kms.h"
#include "ppm.h"
#include "virtgpu.h"

enum { BLOBCARD_MAX_OUTPUTS = 16 };

typedef struct BlobCard {
    const char *card;
    const char *kind;
    const char *output;
    ProgSize size;
    unsigned connector;
    bool all;
    bool picture_only;
    unsigned hold_seconds;
    bool hold;
} BlobCard;

static void blobcard_write(const BlobCard *opts, ProgSize size)
{
    size_t stride = size.width * 4;
    void *pixels = malloc(stride * size.height);

    if (!pixels) {
        prog_die("out of memory");
    }
    card_draw(pixels, size.width, size.height, stride, opts->connector);
    ppm_write(opts->output, pixels, size.width, size.height, stride);
    free(pixels);
}

/* The card's number is that of its connector. */
static void blobcard_show(int fd, const BlobCard *opts, VirtGpuKind kind,
                          unsigned connector, KmsOutput *out, KmsBuffer *buf)
{
    kms_output_init(out, fd, connector, opts->size);
    virtgpu_buffer_init(buf, fd, kind, out->mode.hdisplay,
                        out->mode.vdisplay);
    card_draw(buf->pixels, buf->width, buf->height, buf->stride, connector);
    kms_show(out, buf);
    kms_dirty(out, buf);
    printf("blobcard: connector %u kind %s size %ux%u stride %u\n", connector,
           opts->kind, buf->width, buf->height, buf->stride);
}

static void blobcard_options(BlobCard *opts, int argc, char **argv)
{
    const ProgOption options[] = {
        { "--kind", PROG_STRING, &opts->kind,
          "host3d (default), guest or dumb", NULL },
        { "--size", PROG_SIZE, &opts->size, "default: the preferred mode",
          NULL },
        { "--connector", PROG_NUMBER, &opts->connector,
          "which output, default 0; also the card's number", NULL },
        { "--all", PROG_FLAG, &opts->all, "every connected output", NULL },
        { "--hold", PROG_NUMBER, &opts->hold_seconds,
          "keep it on the screen, for N seconds or until killed",
          &opts->hold },
        { "--output", PROG_STRING, &opts->output,
          "write the expected picture as PPM", NULL },
        { "--picture-only", PROG_FLAG, &opts->picture_only,
          "only write the picture, needs --size and --output", NULL },
        { "--card", PROG_STRING, &opts->card, "default " KMS_DEFAULT_CARD,
          NULL },
    };

    prog_options(argc, argv, options, PROG_COUNT(options));
    if (opts->picture_only && (!opts->output || !opts->size.width)) {
        prog_die("--picture-only needs --size and --output");
    }
}

/* Shows the cards that were asked for until the time is over. */
static void blobcard_run(const BlobCard *opts, int fd, VirtGpuKind kind)
{
    KmsOutput outs[BLOBCARD_MAX_OUTPUTS];
    KmsBuffer bufs[BLOBCARD_MAX_OUTPUTS] = { 0 };
    const KmsBuffer *first;
    unsigned count = kms_connector_count(fd);

    if (count > BLOBCARD_MAX_OUTPUTS) {
        count = BLOBCARD_MAX_OUTPUTS;
    }
    if (opts->connector >= count) {
        prog_die("no connector %u, the card has %u", opts->connector, count);
    }
    first = &bufs[opts->connector];
    for (unsigned i = 0; i < count; i++) {
        if (i == opts->connector || (opts->all && kms_connected(fd, i))) {
            blobcard_show(fd, opts, kind, i, &outs[i], &bufs[i]);
        }
    }
    if (opts->output) {
        blobcard_write(opts, (ProgSize) { first->width, first->height });
    }
    if (opts->hold) {
        printf("blobcard: holding\n");
        prog_hold(opts->hold_seconds);
    }
    for (unsigned i = 0; i < count; i++) {
        kms_buffer_cleanup(&bufs[i], fd);
    }
}

int main(int argc, char **argv)
{
    BlobCard opts = { .card = KMS_DEFAULT_CARD, .kind = "host3d" };
    VirtGpuKind kind;
    int fd;

    blobcard_options(&opts, argc, argv);
    if (opts.picture_only) {
        blobcard_write(&opts, opts.size);
        return 0;
    }
    kind = virtgpu_kind(opts.kind);
    fd = kms_open(opts.card);
    if (kind != VIRTGPU_DUMB) {
        virtgpu_context_init(fd);
    }
    blobcard_run(&opts, fd, kind);
    close(fd);
    return 0;
}
