/*
 * A table from Vulkan handles to what the layer knows about them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SHM_MEMORY_MAP_H
#define SHM_MEMORY_MAP_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct LayerMapEntry LayerMapEntry;

/* Safe for any number of threads. */
typedef struct LayerMap {
    /* lock; a leaf, nothing is taken while it is held */
    pthread_mutex_t lock;
    LayerMapEntry **buckets;    /* owned; NULL while empty */
    size_t bucket_count;        /* a power of two, or 0 */
    size_t count;
} LayerMap;

/* A handle of any kind as the key of a map */
#define LAYER_KEY(handle) ((uint64_t)(handle))

/** layer_map_init - an empty map; allocates nothing */
void layer_map_init(LayerMap *map);

/**
 * layer_map_cleanup - free the map
 * @free_value: called for each value that is left; NULL: they are borrowed
 */
void layer_map_cleanup(LayerMap *map, void (*free_value)(void *value));

/**
 * layer_map_trim - free what an empty map keeps for later; no more than that
 */
void layer_map_trim(LayerMap *map);

/**
 * layer_map_insert - remember @value under @key
 * @key: not in the map
 * @value: not NULL; the map's from now on
 *
 * Return: false when out of memory.
 */
bool layer_map_insert(LayerMap *map, uint64_t key, void *value);

/**
 * layer_map_find - the value of @key, or NULL
 *
 * It stays valid until someone takes it, which Vulkan's rules for destroying
 * objects keep apart from its use.
 */
void *layer_map_find(LayerMap *map, uint64_t key);

/** layer_map_take - remove @key: its value, now the caller's, or NULL */
void *layer_map_take(LayerMap *map, uint64_t key);

#endif
