/*
 * Anonymous shared memory behind a descriptor
 *
 * One file for each kind of host makes it; meson.build picks it.
 * They know nothing of Vulkan.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SHM_MEMORY_BACKING_H
#define SHM_MEMORY_BACKING_H

#include <stdint.h>

/**
 * layer_backing_create - memory of zeroes that nobody can make shorter
 * @size: bytes, whole pages, not 0
 *
 * Return: a descriptor, close-on-exec, the caller's to close; or a negative
 * errno.
 */
int layer_backing_create(uint64_t size);

/**
 * layer_backing_check - whether a descriptor of unknown origin can be mapped
 * @fd: borrowed
 * @size: bytes that will be mapped
 *
 * Return: 0; -EINVAL: it is no shared memory, is too short, or could become
 * shorter, which would be SIGBUS for whoever touches the mapping.
 */
int layer_backing_check(int fd, uint64_t size);

/**
 * layer_backing_map - map a descriptor for reading and writing
 * @fd: borrowed; checked, or made here
 * @size: bytes, whole pages
 * @alignment: of the address, bytes; a power of two, at least a page
 *
 * Return: a mapping of @size bytes, the caller's to munmap(); NULL when out of
 * address space or mappings.
 */
void *layer_backing_map(int fd, uint64_t size, uint64_t alignment);

#endif
