/*
 * Unit tests of the Venus backend: a shell script as the render server
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef VENUS_SERVER_HELPERS_H
#define VENUS_SERVER_HELPERS_H

#include "../../hw/display/venus/server.h"

/* Longer than anything takes on a busy machine, microseconds. */
#define PATIENCE_US (20 * G_USEC_PER_SEC)

typedef struct VenusFixture {
    char *dir;                  /* owned */
    char *script;               /* owned; in dir */
    VenusServer *server;        /* owned */
    unsigned deaths;            /* times the server ended by itself */
} VenusFixture;

/** count_call - VenusProcessExit that counts up an unsigned */
void count_call(void *opaque);

/** wait_for - run the main loop until a counter is @value, or fail */
void wait_for(const unsigned *counter, unsigned value);

/** run_loop_ms - run the main loop that long */
void run_loop_ms(int ms);

/** spawn_shell - a child that runs a shell command */
pid_t spawn_shell(const char *command);

/** is_alive - whether a child runs; reaps it if not */
bool is_alive(pid_t pid);

/** end_child - kill and reap a child that may have ended, but is not reaped */
void end_child(pid_t pid);

/** assert_no_children - all children are reaped */
void assert_no_children(void);

/** fixture_script - let the render server be a script with these commands */
void fixture_script(VenusFixture *f, const char *commands);

/** fixture_start - start the server; the socket is the caller's */
int fixture_start(VenusFixture *f);

/** assert_hung_up - the other end is closed: nobody but the server had it */
void assert_hung_up(int fd);

/**
 * fixture_add - add a test
 *
 * Its server is a script with two workers that does not end when asked to.
 */
void fixture_add(const char *path,
                 void (*test)(VenusFixture *f, gconstpointer data));

/** fixture_main - initialise; returns before any test has run */
void fixture_main(int *argc, char ***argv);

#endif
