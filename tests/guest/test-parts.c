/*
 * Tests of what guest programs have in common, on the host: options, pictures
 * and geometry.  Prints TAP.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "card.h"
#include "ppm.h"
#include "prog.h"
#include "vkspin-math.h"

enum { MAX_ARGS = 8, FOUR_BYTES = 4 };

typedef struct Parsed {
    bool flag;
    bool given;
    unsigned number;
    unsigned optional;
    ProgSize size;
    const char *text;
} Parsed;

static void parse(Parsed *out, int argc, char **argv)
{
    const ProgOption options[] = {
        { "--flag", PROG_FLAG, &out->flag, "", NULL },
        { "--number", PROG_NUMBER, &out->number, "", NULL },
        { "--optional", PROG_NUMBER, &out->optional, "", &out->given },
        { "--size", PROG_SIZE, &out->size, "", NULL },
        { "--text", PROG_STRING, &out->text, "", NULL },
    };

    prog_options(argc, argv, options, PROG_COUNT(options));
}

static bool test_options(void)
{
    char *argv[] = {
        "test", "--flag", "--optional", "--number", "7", "--size", "640x480",
        "--text", "--flag",
    };
    Parsed p = { .optional = 3 };

    parse(&p, PROG_COUNT(argv) - 2, argv);
    if (!p.flag || !p.given || p.optional != 3 || p.number != 7 ||
        p.size.width != 640 || p.size.height != 480 || p.text) {
        return false;
    }
    /* The last argument is an argument, whatever it looks like. */
    argv[PROG_COUNT(argv) - 1] = "words";
    parse(&p, PROG_COUNT(argv), argv);
    return p.text && !strcmp(p.text, "words");
}

/* How a process ends that is given these options: its exit status, or -1 */
static int status_of(char **args)
{
    char *argv[MAX_ARGS] = { "test" };
    int argc = 1;
    int status = 0;
    pid_t child;

    while (*args) {
        argv[argc++] = *args++;
    }
    fflush(stdout);
    child = fork();
    if (child == 0) {
        Parsed p = { 0 };

        if (!freopen("/dev/null", "w", stdout) ||
            !freopen("/dev/null", "w", stderr)) {
            _exit(99);
        }
        parse(&p, argc, argv);
        _exit(77);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool test_bad_options(void)
{
    char *bad[][3] = {
        { "--nonsense" }, { "flag" }, { "" },
        { "--number" }, { "--number", "" }, { "--number", "-1" },
        { "--number", "7x" }, { "--optional", "x" },
        { "--size" }, { "--size", "0x5" }, { "--size", "5x0" },
        { "--size", "640" }, { "--size", "16385x1" }, { "--size", "1x2x3" },
        { "--text" },
    };
    char *good[] = { "--number", "7", NULL };
    char *help[] = { "--help", NULL };
    bool ok = status_of(good) == 77 && status_of(help) == 0;

    for (size_t i = 0; i < PROG_COUNT(bad); i++) {
        char *args[] = { bad[i][0], bad[i][1], NULL };
        int status = status_of(args);

        if (status != 1) {
            printf("# '%s' '%s': status %d\n", bad[i][0],
                   bad[i][1] ? bad[i][1] : "", status);
            ok = false;
        }
    }
    return ok;
}

static bool test_reason(void)
{
    ProgReason why;
    char text[500];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = 0;
    return !prog_refuse(&why, "%s", text) &&
           strlen(why.text) == sizeof(why.text) - 1 &&
           !prog_refuse(&why, "%d of %s", 3, "them") &&
           !strcmp(why.text, "3 of them");
}

/* Rows are longer than the picture is wide; what is behind is not read. */
static bool test_ppm(void)
{
    static const char wanted[] = "P6\n2 2\n255\n\3\2\1\7\6\5\23\22\21\27\26\25";
    const uint8_t pixels[] = {
        1, 2, 3, 0, 5, 6, 7, 0, 99, 99, 99, 99,
        17, 18, 19, 0, 21, 22, 23, 0,
    };
    uint8_t *tight = malloc(sizeof(pixels));
    char path[] = "/tmp/test-parts-XXXXXX";
    char got[sizeof(wanted)] = "";
    int fd = mkstemp(path);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "rb");
    size_t n = 0;

    if (file && tight) {
        memcpy(tight, pixels, sizeof(pixels));
        ppm_write(path, tight, 2, 2, 12);
        n = fread(got, 1, sizeof(got), file);
    }
    if (file) {
        fclose(file);
        unlink(path);
    }
    free(tight);
    return n == sizeof(wanted) - 1 && !memcmp(got, wanted, n);
}

static uint32_t pixel(const uint8_t *pixels, size_t stride, uint32_t x,
                      uint32_t y)
{
    uint32_t value;

    memcpy(&value, pixels + y * stride + x * FOUR_BYTES, sizeof(value));
    return value;
}

static bool test_card(void)
{
    enum { WIDTH = 320, HEIGHT = 200, STRIDE = WIDTH * 4 + 64 };
    const struct {
        uint32_t x, y, colour;
    } wanted[] = {
        { 0, 0, 0xffffff }, { WIDTH - 1, HEIGHT - 1, 0xffffff },
        { 16, 16, 0xff0000 }, { WIDTH - 17, 16, 0x00ff00 },
        { 16, HEIGHT - 17, 0x0000ff }, { WIDTH - 17, HEIGHT - 17, 0xffff00 },
        { 20, 20, 0x000000 }, { 60, 50, 0xbfbfbf }, { 100, 50, 0xbfbf00 },
        { 100, 120, 0x4f4f4f }, { 100, 160, (100 ^ 160) << 16 | 100 << 8 | 192 },
    };
    size_t size = (size_t)STRIDE * (HEIGHT - 1) + WIDTH * FOUR_BYTES;
    uint8_t *pixels = malloc(size);
    bool ok = pixels;

    if (ok) {
        card_draw(pixels, WIDTH, HEIGHT, STRIDE, 1);
    }
    for (size_t i = 0; ok && i < PROG_COUNT(wanted); i++) {
        uint32_t got = pixel(pixels, STRIDE, wanted[i].x, wanted[i].y);

        if (got != wanted[i].colour) {
            printf("# pixel %u,%u is %06x, not %06x\n", wanted[i].x,
                   wanted[i].y, got, wanted[i].colour);
            ok = false;
        }
    }
    free(pixels);
    return ok;
}

/* The smallest pictures, in memory of just their size */
static bool test_small_cards(void)
{
    for (uint32_t width = 1; width < 40; width++) {
        for (uint32_t height = 1; height < 40; height++) {
            size_t stride = (size_t)width * FOUR_BYTES;
            uint8_t *pixels = malloc(stride * height);

            if (!pixels) {
                return false;
            }
            card_draw(pixels, width, height, stride, 3);
            if (pixel(pixels, stride, width - 1, height - 1) != 0xffffff) {
                free(pixels);
                return false;
            }
            free(pixels);
        }
    }
    return true;
}

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-12;
}

static bool test_turns(void)
{
    for (int i = -1000; i <= 1000; i++) {
        double turns = i / 250.0;
        double angle = turns * 2 * M_PI;

        if (!near(spin_sin(turns), sin(angle)) ||
            !near(spin_cos(turns), cos(angle))) {
            printf("# %g turns\n", turns);
            return false;
        }
    }
    return true;
}

/* A camera on the z axis sees the origin in the middle, between 0 and 1. */
static bool test_camera(void)
{
    SpinMatrix look = spin_look_at((SpinVec) { 0, 0, 5 }, (SpinVec) { 0 });
    SpinMatrix lens = spin_perspective(2, 1.5, 1, 10);
    SpinMatrix all = spin_multiply(&lens, &look);
    const double *origin = all.m[3], *up = all.m[1];
    double depth = origin[2] / origin[3];

    return near(origin[0], 0) && near(origin[1], 0) && near(origin[3], 5) &&
           depth > 0 && depth < 1 && up[1] < 0;
}

int main(void)
{
    static const struct {
        const char *name;
        bool (*run)(void);
    } tests[] = {
        { "options", test_options },
        { "bad options", test_bad_options },
        { "a reason that is too long", test_reason },
        { "a picture as a file", test_ppm },
        { "the test card", test_card },
        { "small test cards", test_small_cards },
        { "sine and cosine", test_turns },
        { "a camera", test_camera },
    };
    unsigned failed = 0;

    for (size_t i = 0; i < PROG_COUNT(tests); i++) {
        bool ok = tests[i].run();

        failed += !ok;
        printf("%sok %zu - %s\n", ok ? "" : "not ", i + 1, tests[i].name);
    }
    printf("1..%zu\n", PROG_COUNT(tests));
    return failed != 0;
}
