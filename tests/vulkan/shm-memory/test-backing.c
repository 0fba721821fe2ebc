/*
 * Tests of shared memory itself, for each way in which it can be made
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "backing.h"

#define SIZE 65536

/* Prints a line of TAP; returns how many failed. */
static int expect(int number, const char *name, int ok)
{
    printf("%sok %d - %s\n", ok ? "" : "not ", number, name);
    return !ok;
}

int main(void)
{
    static const char zeroes[SIZE];
    int fd = layer_backing_create(SIZE);
    int null = open("/dev/null", O_RDWR);
    char *map = fd < 0 ? NULL : layer_backing_map(fd, SIZE, 4 * SIZE);
    char *again = fd < 0 ? NULL : layer_backing_map(fd, SIZE, SIZE);
    int bad = 0;

    bad += expect(1, "made and mapped", map && again && map != again);
    bad += expect(2, "aligned as asked", !((uintptr_t)map % (4 * SIZE)));
    bad += expect(3, "zeroes", map && !memcmp(map, zeroes, SIZE));
    if (map && again) {
        strcpy(map, "shared");
    }
    bad += expect(4, "shared", again && !strcmp(again, "shared"));
    bad += expect(5, "accepts its own", !layer_backing_check(fd, SIZE));
    bad += expect(6, "refuses to be longer than it is",
                  layer_backing_check(fd, SIZE + 1) == -EINVAL);
    bad += expect(7, "refuses a device",
                  layer_backing_check(null, 0) == -EINVAL);
    bad += expect(8, "a size that nothing has is an error",
                  layer_backing_create(UINT64_MAX - 4095) < 0);
    bad += expect(9, "closed when a program is run",
                  fcntl(fd, F_GETFD) == FD_CLOEXEC);
    printf("1..9\n");
    if (map && again) {
        munmap(map, SIZE);
        munmap(again, SIZE);
    }
    close(fd);
    close(null);
    return bad != 0;
}
