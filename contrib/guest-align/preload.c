/*
 * Blobs that fit the host's pages: the library to preload
 *
 * Stands before the C library's ioctl() and mmap() and calls the kernel itself,
 * so that it has no state and may be entered at any time by any thread.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "guest-align.h"

#define DRM_MAJOR 226
#define EXPORT __attribute__((visibility("default")))

static bool kernel_is_drm(void *opaque, int fd)
{
    struct stat st;

    (void)opaque;
    return fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) &&
           major(st.st_rdev) == DRM_MAJOR;
}

static int kernel_ioctl(void *opaque, int fd, unsigned long request,
                        void *arg)
{
    (void)opaque;
    return syscall(SYS_ioctl, fd, request, arg);
}

static void *kernel_mmap(void *opaque, void *addr, size_t length, int prot,
                         int flags, int fd, off_t offset)
{
    (void)opaque;
    return (void *)syscall(SYS_mmap, addr, length, prot, flags, fd, offset);
}

static int kernel_munmap(void *opaque, void *addr, size_t length)
{
    (void)opaque;
    return syscall(SYS_munmap, addr, length);
}

static GuestAlignKernel preload_kernel(void)
{
    return (GuestAlignKernel) {
        .is_drm = kernel_is_drm,
        .ioctl = kernel_ioctl,
        .mmap = kernel_mmap,
        .munmap = kernel_munmap,
        .page = sysconf(_SC_PAGESIZE),
        .wish = getenv("VENUS_GUEST_ALIGN"),
    };
}

/*
 * Under names of our own in C, because headers may rename the C library's.
 * The third argument of ioctl() is where a variadic one would be, by the
 * calling conventions of arm64 and amd64.
 */
EXPORT int preload_ioctl(int fd, unsigned long request, void *arg)
    __asm__("ioctl");
EXPORT void *preload_mmap(void *addr, size_t length, int prot, int flags,
                          int fd, off_t offset) __asm__("mmap");
EXPORT void *preload_mmap64(void *addr, size_t length, int prot, int flags,
                            int fd, off_t offset) __asm__("mmap64");

int preload_ioctl(int fd, unsigned long request, void *arg)
{
    GuestAlignKernel kernel = preload_kernel();

    return guest_align_ioctl(&kernel, fd, request, arg);
}

void *preload_mmap(void *addr, size_t length, int prot, int flags, int fd,
                   off_t offset)
{
    GuestAlignKernel kernel = preload_kernel();

    return guest_align_mmap(&kernel, addr, length, prot, flags, fd, offset);
}

void *preload_mmap64(void *addr, size_t length, int prot, int flags, int fd,
                     off_t offset)
{
    return preload_mmap(addr, length, prot, flags, fd, offset);
}
