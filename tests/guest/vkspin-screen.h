/*
 * The KMS output of vkspin and the framebuffers on it.  Knows no Vulkan: a
 * shared picture arrives as a dma-buf, any other as pixels.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef VKSPIN_SCREEN_H
#define VKSPIN_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "prog.h"

/* One on the screen, one on its way there, one to draw into. */
enum { SPIN_BUFFERS = 3 };

typedef struct SpinScreen SpinScreen;

/* NULL with a reason when there is no such card or this build has no KMS. */
SpinScreen *spin_screen_new(const char *card, unsigned connector,
                            ProgSize size, ProgReason *why);
void spin_screen_free(SpinScreen *screen);

ProgSize spin_screen_size(const SpinScreen *screen);

/* Makes buffer @index of a dma-buf, which the caller closes afterwards. */
bool spin_screen_import(SpinScreen *screen, unsigned index, int fd,
                        uint32_t stride, ProgReason *why);

/* Forgets what was imported. */
void spin_screen_clear(SpinScreen *screen);

/* Makes all buffers dumb ones, for spin_screen_fill(). */
void spin_screen_make_dumb(SpinScreen *screen);

/* Pixels, tightly packed, into the dumb buffer @index. */
void spin_screen_fill(SpinScreen *screen, unsigned index, const void *pixels);

/* A buffer that is not on the screen and not on its way there. */
unsigned spin_screen_next(const SpinScreen *screen);

/* Whether the last flip is over, so that another would not wait. */
bool spin_screen_ready(SpinScreen *screen);

/* Waits for the last flip, then flips to buffer @index. */
void spin_screen_present(SpinScreen *screen, unsigned index);

/* Milliseconds between two frames of the mode. */
double spin_screen_interval(const SpinScreen *screen);

/* Waits until what was presented last is on the screen. */
void spin_screen_finish(SpinScreen *screen);

#endif
