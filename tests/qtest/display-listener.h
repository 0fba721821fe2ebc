/*
 * A display on the D-Bus interface of QEMU that keeps what it is told about the
 * cursor: its picture, its hot spot, where it is and whether it shows.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_DISPLAY_LISTENER_H
#define TESTS_DISPLAY_LISTENER_H

#include "libqtest.h"

/* The command line of a QEMU that takes listeners */
#define DISPLAY_LISTENER_ARGS "-display dbus,p2p=yes"

typedef struct DisplayListener DisplayListener;

typedef struct DisplayCursor {
    unsigned num_defines;       /* pictures received so far */
    unsigned num_moves;         /* places received so far */
    int width, height;
    int hot_x, hot_y;
    int x, y;
    bool on;
    GBytes *pixels;             /* as in QEMUCursor; owned, NULL before one */
} DisplayCursor;

/*
 * Whether this QEMU has a D-Bus display.  When not, *@why says so; free with
 * g_free().
 */
bool display_listener_supported(char **why);

/* Attaches to graphic console @console; the cursor of now is received first. */
DisplayListener *display_listener_new(QTestState *qts, int console);

/* Attaches to another one of the same QEMU, which talks to one client only */
DisplayListener *display_listener_new_beside(DisplayListener *first,
                                             int console);
void display_listener_free(DisplayListener *l);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DisplayListener, display_listener_free)

/*
 * What has been received once everything that QEMU sent up to now is there.
 * Valid until the next call.
 */
const DisplayCursor *display_listener_cursor(DisplayListener *l);

#endif
