/*
 * The listener of a QEMU that was built without a D-Bus display
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "display-listener.h"

bool display_listener_supported(char **why)
{
    *why = g_strdup("this QEMU was built without a D-Bus display");
    return false;
}

DisplayListener *display_listener_new(QTestState *qts, int console)
{
    g_assert_not_reached();
}

DisplayListener *display_listener_new_beside(DisplayListener *first,
                                             int console)
{
    g_assert_not_reached();
}

void display_listener_free(DisplayListener *l)
{
    g_assert_null(l);
}

const DisplayCursor *display_listener_cursor(DisplayListener *l)
{
    g_assert_not_reached();
}
