/*
 * Dma-bufs without a device: memory of a memfd, by way of /dev/udmabuf
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qemu/memfd.h"
#include <sys/ioctl.h>
#include "standard-headers/linux/udmabuf.h"
#include "udmabuf.h"

int udmabuf_new(size_t size, void **map)
{
    struct udmabuf_create create = {
        .flags = UDMABUF_FLAGS_CLOEXEC,
        .size = size,
    };
    int dev = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
    int memfd, fd;

    if (dev < 0) {
        return -1;
    }
    *map = qemu_memfd_alloc("udmabuf", size, F_SEAL_SHRINK, &memfd,
                            &error_abort);
    create.memfd = memfd;
    fd = ioctl(dev, UDMABUF_CREATE, &create);
    g_assert_cmpint(fd, >=, 0);
    close(memfd);
    close(dev);
    return fd;
}
