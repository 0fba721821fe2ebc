/*
 * Draws a turning solid with Vulkan and shows it on a KMS output: straight
 * from the memory it was drawn into where the driver can export that, else
 * by copying each frame into a dumb buffer.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ppm.h"
#include "prog.h"
#include "vkspin-picture.h"
#include "vkspin-scene.h"
#include "vkspin-screen.h"

typedef enum SpinPath {
    SPIN_AUTO,
    SPIN_ZERO_COPY,
    SPIN_COPY,
    SPIN_OFFSCREEN,
    SPIN_PATHS
} SpinPath;

static const char *const spin_path_names[SPIN_PATHS] = {
    [SPIN_AUTO] = "auto",
    [SPIN_ZERO_COPY] = "zero-copy",
    [SPIN_COPY] = "copy",
    [SPIN_OFFSCREEN] = "offscreen",
};

typedef struct SpinOptions {
    const char *card;
    const char *output;
    const char *path_name;
    ProgSize size;
    unsigned connector;
    unsigned frames;
    unsigned first_frame;
    unsigned hold_seconds;
    bool hold;
    bool unpaced;
    bool gpu_copy;
} SpinOptions;

typedef struct Spin {
    GpuDevice gpu;
    SpinPath path;
    ProgSize size;
    SpinScreen *screen;         /* owned, NULL when offscreen */
    SpinScene scene;
    unsigned picture_count;
    SpinPicture pictures[SPIN_BUFFERS];
    GpuBuffer readback;         /* a whole picture, tightly packed */
    unsigned last_picture;
    /* Sums over all frames */
    double vulkan_ms;
    double kms_ms;
} Spin;

static void spin_options(SpinOptions *opts, int argc, char **argv)
{
    const ProgOption options[] = {
        { "--size", PROG_SIZE, &opts->size,
          "default: the preferred mode, or 640x480 offscreen", NULL },
        { "--frames", PROG_NUMBER, &opts->frames, "default 300", NULL },
        { "--frame", PROG_NUMBER, &opts->first_frame,
          "number of the first frame, default 0", NULL },
        { "--hold", PROG_NUMBER, &opts->hold_seconds,
          "only draw that frame and keep it, N seconds or until killed",
          &opts->hold },
        { "--path", PROG_STRING, &opts->path_name,
          "auto (default), zero-copy, copy or offscreen", NULL },
        { "--output", PROG_STRING, &opts->output,
          "write the last frame as PPM", NULL },
        { "--unpaced", PROG_FLAG, &opts->unpaced,
          "as fast as it goes; frames may not be seen", NULL },
        { "--gpu-copy", PROG_FLAG, &opts->gpu_copy,
          "zero-copy: draw elsewhere and let the device copy it", NULL },
        { "--card", PROG_STRING, &opts->card, "default /dev/dri/card0", NULL },
        { "--output-index", PROG_NUMBER, &opts->connector,
          "which connector, default 0", NULL },
    };

    prog_options(argc, argv, options, PROG_COUNT(options));
    if (opts->hold) {
        opts->frames = 1;
    }
    if (!opts->frames) {
        prog_die("--frames must not be 0");
    }
}

static SpinPath spin_path(const char *name)
{
    for (unsigned i = 0; i < SPIN_PATHS; i++) {
        if (!strcmp(name, spin_path_names[i])) {
            return i;
        }
    }
    prog_die("no path is called '%s'", name);
}

static void spin_open_screen(Spin *spin, const SpinOptions *opts)
{
    ProgReason why;

    spin->path = spin_path(opts->path_name);
    if (spin->path != SPIN_OFFSCREEN) {
        spin->screen = spin_screen_new(opts->card, opts->connector,
                                       opts->size, &why);
        if (!spin->screen && spin->path != SPIN_AUTO) {
            prog_die("no output: %s", why.text);
        }
        if (!spin->screen) {
            printf("vkspin: offscreen: %s\n", why.text);
            spin->path = SPIN_OFFSCREEN;
        }
    }
    if (spin->screen) {
        spin->size = spin_screen_size(spin->screen);
    } else if (opts->size.width) {
        spin->size = opts->size;
    } else {
        spin->size = (ProgSize) { 640, 480 };
    }
}

static bool spin_share_picture(Spin *spin, unsigned index, bool gpu_copy,
                               ProgReason *why)
{
    SpinPicture *pic = &spin->pictures[index];
    bool imported;
    int fd;

    if (!spin_picture_init_shared(pic, &spin->gpu, spin->size.width,
                                  spin->size.height, gpu_copy, &fd, why)) {
        return false;
    }
    imported = spin_screen_import(spin->screen, index, fd, pic->stride, why);
    close(fd);
    return imported;
}

/* Pictures that are framebuffers.  False when that cannot be done here. */
static bool spin_share_pictures(Spin *spin, bool gpu_copy, ProgReason *why)
{
    for (unsigned i = 0; i < SPIN_BUFFERS; i++) {
        if (!spin_share_picture(spin, i, gpu_copy, why)) {
            spin_screen_clear(spin->screen);
            for (unsigned j = 0; j <= i; j++) {
                spin_picture_cleanup(&spin->pictures[j], &spin->gpu);
            }
            return false;
        }
    }
    spin->picture_count = SPIN_BUFFERS;
    return true;
}

static void spin_make_pictures(Spin *spin, bool gpu_copy)
{
    ProgReason why;

    if (spin->path == SPIN_AUTO || spin->path == SPIN_ZERO_COPY) {
        if (spin_share_pictures(spin, gpu_copy, &why)) {
            spin->path = SPIN_ZERO_COPY;
            return;
        }
        if (spin->path == SPIN_ZERO_COPY) {
            prog_die("not zero-copy: %s", why.text);
        }
        printf("vkspin: not zero-copy: %s\n", why.text);
        spin->path = SPIN_COPY;
    }
    if (spin->path == SPIN_COPY) {
        spin_screen_make_dumb(spin->screen);
    }
    spin->picture_count = 1;
    spin_picture_init(&spin->pictures[0], &spin->gpu, spin->size.width,
                      spin->size.height);
}

/* Reading memory that is not cached is many times slower. */
static void spin_make_readback(Spin *spin)
{
    const VkMemoryPropertyFlags visible = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                                          VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    VkDeviceSize size = (VkDeviceSize)spin->size.width * spin->size.height * 4;
    VkResult res = gpu_buffer_init(&spin->gpu, &spin->readback, size,
                                   VK_BUFFER_USAGE_TRANSFER_DST_BIT, visible |
                                   VK_MEMORY_PROPERTY_HOST_CACHED_BIT);

    if (res == VK_ERROR_FEATURE_NOT_PRESENT) {
        res = gpu_buffer_init(&spin->gpu, &spin->readback, size,
                              VK_BUFFER_USAGE_TRANSFER_DST_BIT, visible);
    }
    gpu_must(res, "the readback buffer");
}

static void spin_open(Spin *spin, const SpinOptions *opts)
{
    gpu_open(&spin->gpu, "vkspin");
    spin_open_screen(spin, opts);
    spin_make_pictures(spin, opts->gpu_copy);
    spin_make_readback(spin);
    spin_scene_init(&spin->scene, &spin->gpu, spin->size.width,
                    spin->size.height, spin->path == SPIN_ZERO_COPY &&
                    !spin->pictures[0].drawn.image ?
                    VK_IMAGE_LAYOUT_GENERAL :
                    VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
    for (unsigned i = 0; i < spin->picture_count; i++) {
        spin->pictures[i].framebuffer =
            spin_scene_framebuffer(&spin->scene,
                                   spin_picture_view(&spin->pictures[i]));
    }
}

static void spin_close(Spin *spin)
{
    spin_screen_free(spin->screen);
    for (unsigned i = 0; i < spin->picture_count; i++) {
        spin_picture_cleanup(&spin->pictures[i], &spin->gpu);
    }
    gpu_buffer_cleanup(&spin->gpu, &spin->readback);
    spin_scene_cleanup(&spin->scene);
    gpu_close(&spin->gpu);
}

static void spin_draw(Spin *spin, unsigned frame, unsigned index)
{
    const SpinPicture *pic = &spin->pictures[index];
    VkCommandBuffer cmd;

    gpu_must(gpu_begin(&spin->gpu, &cmd), "recording a frame");
    spin_scene_draw(&spin->scene, cmd, pic->framebuffer, frame);
    if (pic->drawn.image) {
        spin_picture_copy(pic, cmd);
    }
    if (spin->path == SPIN_ZERO_COPY) {
        spin_picture_release(pic, &spin->gpu, cmd);
    } else {
        gpu_copy_to_buffer(cmd, pic->image.image,
                           VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, pic->width,
                           pic->height, spin->readback.buffer);
    }
    gpu_must(gpu_run(&spin->gpu, cmd), "drawing a frame");
}

/* Draws one frame and, unless the display is still busy, shows it. */
static void spin_frame(Spin *spin, unsigned frame, double deadline,
                       bool may_skip)
{
    double start = prog_now_ms();
    double drawn;
    unsigned buffer = spin->screen ? spin_screen_next(spin->screen) : 0;

    spin->last_picture = spin->path == SPIN_ZERO_COPY ? buffer : 0;
    spin_draw(spin, frame, spin->last_picture);
    drawn = prog_now_ms();
    spin->vulkan_ms += drawn - start;
    if (!spin->screen || (may_skip && !spin_screen_ready(spin->screen))) {
        return;
    }
    if (spin->path == SPIN_COPY) {
        spin_screen_fill(spin->screen, buffer, spin->readback.map);
        spin->kms_ms += prog_now_ms() - drawn;
    }
    prog_sleep_until_ms(deadline);
    drawn = prog_now_ms();
    spin_screen_present(spin->screen, buffer);
    spin->kms_ms += prog_now_ms() - drawn;
}

/* Returns how many milliseconds all frames took. */
static double spin_run(Spin *spin, const SpinOptions *opts)
{
    bool paced = spin->screen && !opts->unpaced;
    double interval = paced ? spin_screen_interval(spin->screen) : 0;
    double start = prog_now_ms();
    double deadline = start;

    for (unsigned i = 0; i < opts->frames; i++) {
        bool last = i == opts->frames - 1;

        spin_frame(spin, opts->first_frame + i, paced ? deadline : 0,
                   opts->unpaced && !last);
        deadline += interval;
        if (deadline < prog_now_ms()) {
            deadline = prog_now_ms();   /* late: do not run after it */
        }
    }
    if (spin->screen) {
        spin_screen_finish(spin->screen);
    }
    return prog_now_ms() - start;
}

/* The pixels of the last frame; shared ones are read from where they are. */
static void spin_write(Spin *spin, const char *path)
{
    const SpinPicture *pic = &spin->pictures[spin->last_picture];
    VkCommandBuffer cmd;

    if (spin->path == SPIN_ZERO_COPY) {
        gpu_must(gpu_begin(&spin->gpu, &cmd), "recording the readback");
        spin_picture_acquire(pic, &spin->gpu, cmd);
        gpu_copy_to_buffer(cmd, pic->image.image, VK_IMAGE_LAYOUT_GENERAL,
                           pic->width, pic->height, spin->readback.buffer);
        gpu_must(gpu_run(&spin->gpu, cmd), "reading the frame back");
    }
    ppm_write(path, spin->readback.map, pic->width, pic->height,
              (size_t)pic->width * 4);
}

int main(int argc, char **argv)
{
    SpinOptions opts = {
        .card = "/dev/dri/card0",
        .path_name = "auto",
        .frames = 300,
    };
    Spin spin = { 0 };
    double ms;

    spin_options(&opts, argc, argv);
    spin_open(&spin, &opts);
    ms = spin_run(&spin, &opts);
    if (opts.output) {
        spin_write(&spin, opts.output);
    }
    printf("vkspin: device \"%s\" path %s frames %u fps %.1f vulkan %.2f ms "
           "kms %.2f ms\n", spin.gpu.props.deviceName,
           spin_path_names[spin.path], opts.frames, opts.frames * 1e3 / ms,
           spin.vulkan_ms / opts.frames, spin.kms_ms / opts.frames);
    if (opts.hold) {
        printf("vkspin: holding frame %u\n", opts.first_frame);
        prog_hold(opts.hold_seconds);
    }
    spin_close(&spin);
    return 0;
}
