/*
 * Anonymous shared memory: a file without a name
 *
 * For hosts without memfd.  There are no seals: whoever has the descriptor
 * could shorten the file, so that only those may get it who are trusted not to.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "backing.h"

/* Where a full disk would be SIGBUS later: take the blocks now. */
static int backing_reserve(int fd, uint64_t size)
{
    static const char zeroes[1 << 16];
    struct statvfs fs;

    if (fstatvfs(fd, &fs) < 0) {
        return -errno;
    }
    if (size / fs.f_frsize >= fs.f_bavail) {
        return -ENOSPC;
    }
    for (uint64_t at = 0; at < size; ) {
        size_t n = size - at < sizeof(zeroes) ? size - at : sizeof(zeroes);
        ssize_t done = pwrite(fd, zeroes, n, at);

        if (done < 0 && errno != EINTR) {
            return -errno;
        }
        at += done > 0 ? done : 0;
    }
    return 0;
}

int layer_backing_create(uint64_t size)
{
    const char *dir = getenv("TMPDIR");
    char path[4096];
    int error;
    int fd;

    if (size > INT64_MAX) {
        return -EFBIG;
    }
    snprintf(path, sizeof(path), "%s/vulkan-shm-memory-XXXXXX",
             dir && dir[0] ? dir : "/tmp");
    fd = mkstemp(path);
    if (fd < 0) {
        return -errno;
    }
    unlink(path);
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    error = backing_reserve(fd, size);
    if (error) {
        close(fd);
        return error;
    }
    return fd;
}

int layer_backing_check(int fd, uint64_t size)
{
    struct stat st;

    /* A file with a name belongs to somebody. */
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink ||
        st.st_size < 0 || (uint64_t)st.st_size < size ||
        (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDWR) {
        return -EINVAL;
    }
    return 0;
}
