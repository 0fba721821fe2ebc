/*
 * Dma-bufs without a device: memory of a memfd, by way of /dev/udmabuf
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef TESTS_UNIT_UDMABUF_H
#define TESTS_UNIT_UDMABUF_H

/**
 * udmabuf_new - make a dma-buf
 * @size: bytes, whole pages
 * @map: where its memory can be written to; munmap() it
 *
 * Return: a descriptor that the caller closes; -1 where there is no
 * /dev/udmabuf that can be opened.
 */
int udmabuf_new(size_t size, void **map);

#endif
