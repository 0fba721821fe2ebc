/*
 * Blobs that fit the host's pages, for Mesa drivers that do not know them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef GUEST_ALIGN_H
#define GUEST_ALIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The kernel, or what a test has for it.  Errors are in errno. */
typedef struct GuestAlignKernel {
    /** is_drm - whether a descriptor is a DRM device */
    bool (*is_drm)(void *opaque, int fd);
    int (*ioctl)(void *opaque, int fd, unsigned long request, void *arg);
    void *(*mmap)(void *opaque, void *addr, size_t length, int prot, int flags,
                  int fd, off_t offset);
    int (*munmap)(void *opaque, void *addr, size_t length);
    void *opaque;               /* for the functions above */
    size_t page;                /* bytes of a page of the guest */
    const char *wish;           /* $VENUS_GUEST_ALIGN, or NULL */
} GuestAlignKernel;

/**
 * guest_align_granule - what blobs of a device have to be multiples of
 * @fd: any descriptor; errno stays as it is
 *
 * Any thread; nothing is remembered.
 *
 * Return: bytes, a power of two, larger than a page; 0: there is nothing to do,
 * because the descriptor is no virtio-gpu or its host is content with pages.
 */
uint64_t guest_align_granule(const GuestAlignKernel *kernel, int fd);

/**
 * guest_align_ioctl - ioctl(2); blobs are made in whole granules
 *
 * Any thread.  What @arg points to is the caller's and keeps its size.
 */
int guest_align_ioctl(const GuestAlignKernel *kernel, int fd,
                      unsigned long request, void *arg);

/**
 * guest_align_mmap - mmap(2); parts of a blob can be mapped on any kernel
 *
 * Any thread.  Linux before 7.2 maps a blob as a whole or not at all, and the
 * program knows the size that it asked for.
 */
void *guest_align_mmap(const GuestAlignKernel *kernel, void *addr,
                       size_t length, int prot, int flags, int fd,
                       off_t offset);

#endif
