/*
 * Anonymous shared memory: a sealed memfd
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backing.h"

/*
 * No pages are taken in advance: memory that is not touched costs nothing, as
 * with the driver's own.
 */
int layer_backing_create(uint64_t size)
{
    int fd = memfd_create("vulkan-shm-memory",
                          MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int error;

    if (fd < 0) {
        return -errno;
    }
    if (ftruncate(fd, size) < 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
        error = -errno;
        close(fd);
        return error;
    }
    return fd;
}

int layer_backing_check(int fd, uint64_t size)
{
    struct stat st;
    int seals = fcntl(fd, F_GET_SEALS);

    /* Only memory has seals; with F_SEAL_WRITE it could not be written to. */
    if (seals < 0 || seals & F_SEAL_WRITE) {
        return -EINVAL;
    }
    if (!(seals & F_SEAL_SHRINK) && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) < 0) {
        return -EINVAL;
    }
    /* After sealing: what is true now stays true. */
    if (fstat(fd, &st) < 0 || st.st_size < 0 || (uint64_t)st.st_size < size) {
        return -EINVAL;
    }
    return 0;
}
