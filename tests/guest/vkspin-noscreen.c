/*
 * The output of vkspin where there is no KMS: none.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stddef.h>

#include "vkspin-screen.h"

SpinScreen *spin_screen_new(const char *card, unsigned connector,
                            ProgSize size, ProgReason *why)
{
    (void)card, (void)connector, (void)size;
    prog_refuse(why, "built without libdrm");
    return NULL;
}

void spin_screen_free(SpinScreen *screen)
{
    (void)screen;
}

ProgSize spin_screen_size(const SpinScreen *screen)
{
    (void)screen;
    return (ProgSize) { 0 };
}

bool spin_screen_import(SpinScreen *screen, unsigned index, int fd,
                        uint32_t stride, ProgReason *why)
{
    (void)screen, (void)index, (void)fd, (void)stride;
    return prog_refuse(why, "built without libdrm");
}

void spin_screen_clear(SpinScreen *screen)
{
    (void)screen;
}

void spin_screen_make_dumb(SpinScreen *screen)
{
    (void)screen;
}

void spin_screen_fill(SpinScreen *screen, unsigned index, const void *pixels)
{
    (void)screen, (void)index, (void)pixels;
}

unsigned spin_screen_next(const SpinScreen *screen)
{
    (void)screen;
    return 0;
}

bool spin_screen_ready(SpinScreen *screen)
{
    (void)screen;
    return true;
}

void spin_screen_present(SpinScreen *screen, unsigned index)
{
    (void)screen, (void)index;
}

double spin_screen_interval(const SpinScreen *screen)
{
    (void)screen;
    return 0;
}

void spin_screen_finish(SpinScreen *screen)
{
    (void)screen;
}
