/*
 * Pictures as files: PPM (P6) from pixels in DRM's XRGB8888.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef GUEST_PPM_H
#define GUEST_PPM_H

#include <stddef.h>
#include <stdint.h>

/* Exits with a message when the file cannot be written. */
void ppm_write(const char *path, const void *pixels, uint32_t width,
               uint32_t height, size_t stride);

#endif
