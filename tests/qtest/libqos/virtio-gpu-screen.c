/*
 * Pictures of virtio GPU tests
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include <glib/gstdio.h>
#include "../libqtest.h"
#include "qobject/qdict.h"
#include "standard-headers/linux/virtio_gpu.h"
#include "virtio-gpu-screen.h"

const GPUFormat gpu_formats[GPU_NUM_FORMATS] = {
    { VIRTIO_GPU_FORMAT_B8G8R8A8_UNORM, "B8G8R8A8", 2, 1, 0, 3 },
    { VIRTIO_GPU_FORMAT_B8G8R8X8_UNORM, "B8G8R8X8", 2, 1, 0, 3 },
    { VIRTIO_GPU_FORMAT_A8R8G8B8_UNORM, "A8R8G8B8", 1, 2, 3, 0 },
    { VIRTIO_GPU_FORMAT_X8R8G8B8_UNORM, "X8R8G8B8", 1, 2, 3, 0 },
    { VIRTIO_GPU_FORMAT_R8G8B8A8_UNORM, "R8G8B8A8", 0, 1, 2, 3 },
    { VIRTIO_GPU_FORMAT_X8B8G8R8_UNORM, "X8B8G8R8", 3, 2, 1, 0 },
    { VIRTIO_GPU_FORMAT_A8B8G8R8_UNORM, "A8B8G8R8", 3, 2, 1, 0 },
    { VIRTIO_GPU_FORMAT_R8G8B8X8_UNORM, "R8G8B8X8", 0, 1, 2, 3 },
};

static uint8_t gpu_pattern(unsigned x, unsigned y, unsigned channel,
                           unsigned seed)
{
    switch (channel) {
    case 0:
        return 3 * x + 11 * seed;
    case 1:
        return 5 * y + 17 * seed;
    default:
        return 7 * (x ^ y) + 64 * seed;
    }
}

static const GPUFormat *gpu_format_find(uint32_t format)
{
    int i;

    for (i = 0; i < GPU_NUM_FORMATS; i++) {
        if (gpu_formats[i].format == format) {
            return &gpu_formats[i];
        }
    }
    g_assert_not_reached();
}

void gpu_paint(uint8_t *buf, uint32_t format, unsigned width, unsigned height,
               unsigned stride, unsigned seed)
{
    const GPUFormat *f = gpu_format_find(format);
    unsigned x, y;

    for (y = 0; y < height; y++) {
        uint8_t *pixel = buf + (size_t)y * stride;

        for (x = 0; x < width; x++, pixel += 4) {
            pixel[f->red] = gpu_pattern(x, y, 0, seed);
            pixel[f->green] = gpu_pattern(x, y, 1, seed);
            pixel[f->blue] = gpu_pattern(x, y, 2, seed);
            pixel[f->other] = 0x5a;
        }
    }
}

void gpu_image_free(GPUImage *image)
{
    if (image) {
        g_free(image->rgb);
        g_free(image);
    }
}

static GPUImage *gpu_image_from_ppm(const char *data, size_t len)
{
    GPUImage *image = g_new0(GPUImage, 1);
    unsigned max = 0;
    int header = 0;
    size_t size;

    g_assert_cmpint(sscanf(data, "P6 %u %u %u%n", &image->width,
                           &image->height, &max, &header), ==, 3);
    g_assert_cmpuint(max, ==, 255);
    header++;                           /* one white space ends the header */
    size = (size_t)image->width * image->height * 3;
    g_assert_cmpuint(len, ==, header + size);
    image->rgb = g_memdup2(data + header, size);
    return image;
}

GPUImage *gpu_screendump(QTestState *qts, const char *device, int head)
{
    g_autofree char *name = NULL;
    g_autofree char *data = NULL;
    gsize len = 0;
    int fd = g_file_open_tmp("virtio-gpu-XXXXXX.ppm", &name, NULL);

    g_assert_cmpint(fd, >=, 0);
    close(fd);
    qtest_qmp_assert_success(qts, "{ 'execute': 'screendump', 'arguments': "
                             "{ 'filename': %s, 'device': %s, 'head': %d } }",
                             name, device, head);
    g_assert_true(g_file_get_contents(name, &data, &len, NULL));
    g_unlink(name);
    return gpu_image_from_ppm(data, len);
}

bool qgpu_screen_matches(GPUScreenOpts opt)
{
    g_autoptr(GPUImage) image =
        gpu_screendump(opt.qts, opt.device ? opt.device : "gpu0", opt.head);
    const uint8_t *got = image->rgb;
    unsigned x, y, c;

    if (image->width != opt.width || image->height != opt.height) {
        g_test_message("screen is %ux%u, expected %ux%u", image->width,
                       image->height, opt.width, opt.height);
        return false;
    }
    for (y = 0; y < opt.height; y++) {
        for (x = 0; x < opt.width; x++) {
            for (c = 0; c < 3; c++, got++) {
                uint8_t want = gpu_pattern(opt.x + x, opt.y + y, c, opt.seed);

                if (*got != want) {
                    g_test_message("pixel %u,%u channel %u is 0x%02x, "
                                   "expected 0x%02x", x, y, c, *got, want);
                    return false;
                }
            }
        }
    }
    return true;
}

void qgpu_check_screen(GPUScreenOpts opt)
{
    g_assert_true(qgpu_screen_matches(opt));
}

bool gpu_screen_is(QTestState *qts, uint8_t value)
{
    g_autoptr(GPUImage) image = gpu_screendump(qts, "gpu0", 0);
    size_t size = (size_t)image->width * image->height * 3, i;

    for (i = 0; i < size; i++) {
        if (image->rgb[i] != value) {
            g_test_message("byte %zu of the screen is 0x%02x, expected 0x%02x",
                           i, image->rgb[i], value);
            return false;
        }
    }
    return true;
}
