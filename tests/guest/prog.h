/*
 * What every guest program needs: errors, options and time.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef GUEST_PROG_H
#define GUEST_PROG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROG_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Prints "PROGRAM: message" on stderr and exits with status 1. */
void prog_die(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/* As prog_die(), with the text of errno behind the message. */
void prog_die_errno(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/* Why something could not be done, where that is not the end. */
typedef struct ProgReason {
    char text[200];
} ProgReason;

/* Fills in @why and returns false. */
bool prog_refuse(ProgReason *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

typedef enum ProgOptionKind {
    PROG_FLAG,          /* bool, no argument */
    PROG_NUMBER,        /* unsigned, decimal */
    PROG_SIZE,          /* ProgSize, WIDTHxHEIGHT */
    PROG_STRING,        /* const char * */
} ProgOptionKind;

typedef struct ProgSize {
    uint32_t width;
    uint32_t height;
} ProgSize;

typedef struct ProgOption {
    const char *name;       /* with its dashes */
    ProgOptionKind kind;
    void *value;            /* borrowed; of the type that @kind says */
    const char *help;
    /*
     * Set to true when the option was given; may be NULL.  A number with
     * this set may be left out: what follows is then the next option.
     */
    bool *given;
} ProgOption;

/* Fills in the options; --help and mistakes print the usage and exit. */
void prog_options(int argc, char **argv, const ProgOption *options,
                  size_t count);

/* Monotonic time in milliseconds. */
double prog_now_ms(void);

/* Sleeps until prog_now_ms() is @deadline; returns at once when it was. */
void prog_sleep_until_ms(double deadline);

/* Sleeps for @seconds, or until killed when that is 0. */
void prog_hold(unsigned seconds);

/* Waits until @fd is readable.  False after @timeout_ms. */
bool prog_wait_readable(int fd, int timeout_ms);

#endif
