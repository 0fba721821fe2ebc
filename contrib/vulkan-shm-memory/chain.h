/*
 * Copies of pNext chains
 *
 * What an application passes in is const, may be shared by threads and lie in
 * read-only memory, so that a chain is changed by copying its beginning.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SHM_MEMORY_CHAIN_H
#define SHM_MEMORY_CHAIN_H

#include <stdint.h>
#include <vulkan/vulkan.h>

/* Room for copies of all structures that one chain may hold */
typedef struct LayerArena {
    _Alignas(8) uint8_t bytes[2048];
    size_t used;
} LayerArena;

/** layer_chain_find - the first structure of @type, or NULL */
const void *layer_chain_find(const void *chain, VkStructureType type);

/** layer_chain_find_out - the same in a chain that is filled in */
void *layer_chain_find_out(void *chain, VkStructureType type);

/**
 * layer_chain_without - a chain in which some structures are missing
 * @arena: takes the copies, as long as the result is used
 * @chain: const; what follows the last dropped structure is used in place
 * @drop: types to leave out
 * @count: number of @drop
 *
 * A structure of a type that is not known here can not be copied: in front of
 * a dropped one it is left out too.
 */
const void *layer_chain_without(LayerArena *arena, const void *chain,
                                const VkStructureType *drop, uint32_t count);

#endif
