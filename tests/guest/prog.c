/*
 * What every guest program needs: errors, options and time.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "prog.h"

static void prog_message(const char *format, va_list args)
{
    fflush(stdout);
    fprintf(stderr, "%s: ", program_invocation_short_name);
    vfprintf(stderr, format, args);
}

void prog_die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    prog_message(format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

void prog_die_errno(const char *format, ...)
{
    int error = errno;
    va_list args;

    va_start(args, format);
    prog_message(format, args);
    va_end(args);
    fprintf(stderr, ": %s\n", strerror(error));
    exit(1);
}

bool prog_refuse(ProgReason *why, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(why->text, sizeof(why->text), format, args);
    va_end(args);
    return false;
}

static void prog_usage(FILE *to, const ProgOption *options, size_t count)
{
    static const char *const argument[] = {
        [PROG_FLAG] = "", [PROG_NUMBER] = " N", [PROG_SIZE] = " WxH",
        [PROG_STRING] = " TEXT",
    };

    fprintf(to, "usage: %s [options]\n", program_invocation_short_name);
    for (size_t i = 0; i < count; i++) {
        int used = fprintf(to, "  %s%s", options[i].name,
                           argument[options[i].kind]);

        fprintf(to, "%*s%s\n", used < 24 ? 24 - used : 1, "",
                options[i].help);
    }
}

static bool prog_parse_number(const char *text, unsigned *out)
{
    char rest;

    return isdigit((unsigned char)text[0]) &&
           sscanf(text, "%u%c", out, &rest) == 1;
}

static bool prog_parse_size(const char *text, ProgSize *out)
{
    char rest;

    return sscanf(text, "%ux%u%c", &out->width, &out->height, &rest) == 2 &&
           out->width && out->width <= 16384 &&
           out->height && out->height <= 16384;
}

/* Returns how many arguments the option took, or -1. */
static int prog_parse(const ProgOption *option, const char *text)
{
    if (option->given) {
        *option->given = true;
    }
    switch (option->kind) {
    case PROG_FLAG:
        *(bool *)option->value = true;
        return 0;
    case PROG_NUMBER:
        if (option->given && (!text || !strncmp(text, "--", 2))) {
            return 0;
        }
        return text && prog_parse_number(text, option->value) ? 1 : -1;
    case PROG_SIZE:
        return text && prog_parse_size(text, option->value) ? 1 : -1;
    case PROG_STRING:
        *(const char **)option->value = text;
        return text ? 1 : -1;
    }
    return -1;
}

void prog_options(int argc, char **argv, const ProgOption *options,
                  size_t count)
{
    for (int arg = 1; arg < argc; arg++) {
        size_t i = 0;
        int used;

        if (!strcmp(argv[arg], "--help")) {
            prog_usage(stdout, options, count);
            exit(0);
        }
        while (i < count && strcmp(argv[arg], options[i].name)) {
            i++;
        }
        used = i < count ? prog_parse(&options[i], argv[arg + 1]) : -1;
        if (used < 0) {
            prog_usage(stderr, options, count);
            prog_die("bad option %s", argv[arg]);
        }
        arg += used;
    }
}

double prog_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

void prog_sleep_until_ms(double deadline)
{
    uint64_t ns = deadline * 1e6;
    struct timespec until = {
        .tv_sec = ns / 1000000000,
        .tv_nsec = ns % 1000000000,
    };

    int error;

    do {
        error = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    } while (error == EINTR);
}

void prog_hold(unsigned seconds)
{
    double end = prog_now_ms() + seconds * 1e3;

    fflush(stdout);
    while (!seconds) {
        pause();
    }
    prog_sleep_until_ms(end);
}

bool prog_wait_readable(int fd, int timeout_ms)
{
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    int ready;

    do {
        ready = poll(&wait, 1, timeout_ms);
    } while (ready < 0 && errno == EINTR);
    if (ready < 0) {
        prog_die_errno("poll");
    }
    return ready > 0;
}
