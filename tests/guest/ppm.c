/*
 * Pictures as files: PPM (P6) from pixels in DRM's XRGB8888.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <stdlib.h>

#include "ppm.h"
#include "prog.h"

void ppm_write(const char *path, const void *pixels, uint32_t width,
               uint32_t height, size_t stride)
{
    FILE *file = fopen(path, "wb");
    uint8_t *row = calloc(width, 3);

    if (!file || !row) {
        prog_die_errno("%s", path);
    }
    fprintf(file, "P6\n%u %u\n255\n", width, height);
    for (uint32_t y = 0; y < height; y++) {
        const uint8_t *from = (const uint8_t *)pixels + y * stride;

        for (uint32_t x = 0; x < width; x++) {
            row[3 * x + 0] = from[4 * x + 2];
            row[3 * x + 1] = from[4 * x + 1];
            row[3 * x + 2] = from[4 * x + 0];
        }
        fwrite(row, 3, width, file);
    }
    free(row);
    if (ferror(file) | fclose(file)) {
        prog_die_errno("%s", path);
    }
}
