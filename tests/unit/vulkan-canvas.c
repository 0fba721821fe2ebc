/*
 * Pictures as tests compare them: 8 bits a channel, whatever they came from
 *
 * The reference for what the presenter draws, so it shares no code with it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include <math.h>
#include "vulkan-canvas.h"

Canvas *canvas_new(VkExtent2D extent)
{
    Canvas *canvas = g_new0(Canvas, 1);

    canvas->extent = extent;
    canvas->pixels = g_new0(CanvasColor, extent.width * extent.height);
    return canvas;
}

void canvas_free(Canvas *canvas)
{
    if (canvas) {
        g_free(canvas->pixels);
        g_free(canvas);
    }
}

Canvas *canvas_copy(const Canvas *canvas)
{
    Canvas *copy = canvas_new(canvas->extent);

    memcpy(copy->pixels, canvas->pixels, sizeof(CanvasColor) *
           canvas->extent.width * canvas->extent.height);
    return copy;
}

CanvasColor *canvas_at(const Canvas *canvas, uint32_t x, uint32_t y)
{
    return &canvas->pixels[y * canvas->extent.width + x];
}

/* IEC 61966-2-1, values from 0 to 1 */
static double canvas_light(uint8_t code)
{
    double v = code / 255.0;

    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static double canvas_code(double light)
{
    double v = light <= 0.0031308 ? light * 12.92 :
                                    1.055 * pow(light, 1 / 2.4) - 0.055;

    return v * 255;
}

/* Two neighbours along one axis, and how much the second one counts */
typedef struct CanvasTap {
    uint32_t first, second;
    double weight;
} CanvasTap;

/* Pixel @i of @to, which shows @from pixels */
static CanvasTap canvas_tap(uint32_t i, uint32_t to, uint32_t from)
{
    double at = (i + 0.5) * from / to - 0.5;
    double low = floor(at);

    return (CanvasTap) {
        .first = MAX(low, 0),
        .second = MIN(low + 1, from - 1),
        .weight = at - low,
    };
}

static uint8_t canvas_mix(const Canvas *from, CanvasTap x, CanvasTap y,
                          int channel, bool is_linear)
{
    const uint8_t codes[4] = {
        canvas_at(from, x.first, y.first)->channel[channel],
        canvas_at(from, x.second, y.first)->channel[channel],
        canvas_at(from, x.first, y.second)->channel[channel],
        canvas_at(from, x.second, y.second)->channel[channel],
    };
    double v[4];
    double mixed;
    int i;

    for (i = 0; i < 4; i++) {
        v[i] = is_linear ? canvas_light(codes[i]) : codes[i];
    }
    mixed = (v[0] * (1 - x.weight) + v[1] * x.weight) * (1 - y.weight) +
            (v[2] * (1 - x.weight) + v[3] * x.weight) * y.weight;
    return lround(is_linear ? canvas_code(mixed) : mixed);
}

Canvas *canvas_show(const Canvas *picture, VkExtent2D window, bool is_linear)
{
    Canvas *out = canvas_new(window);
    uint64_t width = picture->extent.width;
    uint64_t height = picture->extent.height;
    VkExtent2D fit = window;
    uint32_t left, top, x, y;
    int i;

    if (window.width * height > window.height * width) {
        fit.width = MAX(window.height * width / height, 1);
    } else {
        fit.height = MAX(window.width * height / width, 1);
    }
    left = (window.width - fit.width) / 2;
    top = (window.height - fit.height) / 2;
    for (y = 0; y < fit.height; y++) {
        for (x = 0; x < fit.width; x++) {
            CanvasColor *to = canvas_at(out, left + x, top + y);

            for (i = 0; i < 3; i++) {
                to->channel[i] = canvas_mix(picture,
                                            canvas_tap(x, fit.width, width),
                                            canvas_tap(y, fit.height, height),
                                            i, is_linear);
            }
        }
    }
    return out;
}

/* @shift: of red, green and blue in a word of memory, of 8 or 10 bits each */
static CanvasColor canvas_unpack(uint32_t word, const uint8_t shift[3],
                                 unsigned bits)
{
    CanvasColor color;
    int i;

    for (i = 0; i < 3; i++) {
        uint32_t max = (1u << bits) - 1;

        color.channel[i] = ((word >> shift[i] & max) * 255 + max / 2) / max;
    }
    return color;
}

static CanvasColor canvas_color(VkFormat format, uint32_t word)
{
    static const uint8_t bgra[3] = { 16, 8, 0 };
    static const uint8_t rgba[3] = { 0, 8, 16 };
    static const uint8_t deep_rgb[3] = { 20, 10, 0 };
    static const uint8_t deep_bgr[3] = { 0, 10, 20 };

    switch (format) {
    case VK_FORMAT_B8G8R8A8_UNORM:
    case VK_FORMAT_B8G8R8A8_SRGB:
        return canvas_unpack(le32_to_cpu(word), bgra, 8);
    case VK_FORMAT_R8G8B8A8_UNORM:
    case VK_FORMAT_R8G8B8A8_SRGB:
        return canvas_unpack(le32_to_cpu(word), rgba, 8);
    case VK_FORMAT_A2R10G10B10_UNORM_PACK32:
        return canvas_unpack(word, deep_rgb, 10);
    case VK_FORMAT_A2B10G10R10_UNORM_PACK32:
        return canvas_unpack(word, deep_bgr, 10);
    default:
        g_assert_not_reached();
    }
}

Canvas *canvas_decode(VkFormat format, VkExtent2D extent,
                      const void *pixels)
{
    Canvas *canvas = canvas_new(extent);
    const uint32_t *words = pixels;
    size_t i;

    for (i = 0; i < (size_t)extent.width * extent.height; i++) {
        canvas->pixels[i] = canvas_color(format, words[i]);
    }
    return canvas;
}

void canvas_assert_same(const Canvas *is, const Canvas *wanted, int tolerance)
{
    uint32_t x, y;
    int i;

    g_assert_cmpuint(is->extent.width, ==, wanted->extent.width);
    g_assert_cmpuint(is->extent.height, ==, wanted->extent.height);
    for (y = 0; y < is->extent.height; y++) {
        for (x = 0; x < is->extent.width; x++) {
            const uint8_t *a = canvas_at(is, x, y)->channel;
            const uint8_t *b = canvas_at(wanted, x, y)->channel;

            for (i = 0; i < 3; i++) {
                if (abs(a[i] - b[i]) > tolerance) {
                    g_error("pixel %u,%u is %02x%02x%02x, not %02x%02x%02x",
                            x, y, a[0], a[1], a[2], b[0], b[1], b[2]);
                }
            }
        }
    }
}
