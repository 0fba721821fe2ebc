/*
 * virtio-gpu Venus backend: who exports the memory that guests map and show
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_DISPLAY_VENUS_MEMORY_H
#define HW_DISPLAY_VENUS_MEMORY_H

#include "hw/virtio/virtio-gpu-venus.h"

/**
 * venus_memory_prepare - offer the server what venus-memory asks for
 * @s: device, server not running
 * @errp: set when the shared-memory layer is asked for and not there
 */
bool venus_memory_prepare(VenusState *s, Error **errp);

/**
 * venus_memory_check - whether somebody exports memory, as venus-memory has it
 * @s: device, exporter known
 * @errp: set when nobody does
 */
bool venus_memory_check(VenusState *s, Error **errp);

/** venus_memory_cleanup - undo venus_memory_prepare() */
void venus_memory_cleanup(VenusState *s);

/** venus_memory_class_init - add the property that tells who exports memory */
void venus_memory_class_init(ObjectClass *klass);

#endif
