/*
 * Resets a virtio PCI device as fast as a processor can, the way no driver
 * does: its device_status register is written 1, 0, 1, 0, ...
 *
 * Takes the device away from its driver first.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <fcntl.h>
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "prog.h"

enum {
    /*
     * virtio 1.4, 4.1.4.3: struct virtio_pci_common_cfg.  QEMU has it at the
     * start of BAR 2 when the device has a host visible window.
     */
    RESET_BAR = 2,
    RESET_STATUS = 0x14,
    RESET_PAGE = 4096,
};

static void reset_write(const char *device, const char *file, const char *text)
{
    char path[256];
    int fd;

    snprintf(path, sizeof(path), "%s/%s", device, file);
    fd = open(path, O_WRONLY);
    if (fd < 0 || write(fd, text, strlen(text)) < 0) {
        prog_die_errno("%s", path);
    }
    close(fd);
}

/* The PCI device whose child is virtio0; the caller frees it. */
static char *reset_find(void)
{
    glob_t found;
    char *device;

    if (glob("/sys/bus/pci/devices/*/virtio0", 0, NULL, &found) != 0) {
        prog_die("there is no virtio0 on PCI");
    }
    device = strdup(found.gl_pathv[0]);
    globfree(&found);
    *strrchr(device, '/') = '\0';
    return device;
}

int main(int argc, char **argv)
{
    unsigned seconds = 10;
    const ProgOption options[] = {
        { "--seconds", PROG_NUMBER, &seconds, "how long to go on" },
    };
    char path[256];
    volatile uint8_t *status;
    unsigned long resets = 0;
    double end;
    char *device;
    int fd;

    prog_options(argc, argv, options, PROG_COUNT(options));
    device = reset_find();
    reset_write(device, "driver/unbind", strrchr(device, '/') + 1);
    reset_write(device, "enable", "1");

    snprintf(path, sizeof(path), "%s/resource%d", device, RESET_BAR);
    fd = open(path, O_RDWR);
    if (fd < 0) {
        prog_die_errno("%s", path);
    }
    status = mmap(NULL, RESET_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (status == MAP_FAILED) {
        prog_die_errno("mapping %s", path);
    }
    status += RESET_STATUS;

    printf("resetloop: resetting\n");
    fflush(stdout);
    for (end = prog_now_ms() + seconds * 1000.0; prog_now_ms() < end;) {
        *status = 1;
        *status = 0;
        resets++;
    }
    printf("resetloop: %lu resets\n", resets);
    free(device);
    return 0;
}
