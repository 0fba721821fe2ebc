/*
 * A table from Vulkan handles to what the layer knows about them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <stdlib.h>

#include "map.h"

#define FIRST_BUCKETS 64

struct LayerMapEntry {
    uint64_t key;
    void *value;
    LayerMapEntry *next;        /* owned, in the same bucket */
};

void layer_map_init(LayerMap *map)
{
    *map = (LayerMap) { .lock = PTHREAD_MUTEX_INITIALIZER };
}

void layer_map_cleanup(LayerMap *map, void (*free_value)(void *value))
{
    for (size_t i = 0; i < map->bucket_count; i++) {
        while (map->buckets[i]) {
            LayerMapEntry *entry = map->buckets[i];

            map->buckets[i] = entry->next;
            if (free_value) {
                free_value(entry->value);
            }
            free(entry);
        }
    }
    free(map->buckets);
    pthread_mutex_destroy(&map->lock);
}

void layer_map_trim(LayerMap *map)
{
    pthread_mutex_lock(&map->lock);
    if (!map->count) {
        free(map->buckets);
        map->buckets = NULL;
        map->bucket_count = 0;
    }
    pthread_mutex_unlock(&map->lock);
}

/* The place that points to the entry of @key, or to the end of its bucket */
static LayerMapEntry **map_place(LayerMapEntry **buckets, size_t count,
                                 uint64_t key)
{
    /* Handles are addresses or small numbers: spread both. */
    uint64_t hash = key * UINT64_C(0x9e3779b97f4a7c15) >> 32;
    LayerMapEntry **place = &buckets[hash & (count - 1)];

    while (*place && (*place)->key != key) {
        place = &(*place)->next;
    }
    return place;
}

static bool map_grow(LayerMap *map)
{
    size_t count = map->bucket_count ? map->bucket_count * 2 : FIRST_BUCKETS;
    LayerMapEntry **buckets = calloc(count, sizeof(*buckets));

    if (!buckets) {
        return false;
    }
    for (size_t i = 0; i < map->bucket_count; i++) {
        while (map->buckets[i]) {
            LayerMapEntry *entry = map->buckets[i];

            map->buckets[i] = entry->next;
            entry->next = NULL;
            *map_place(buckets, count, entry->key) = entry;
        }
    }
    free(map->buckets);
    map->buckets = buckets;
    map->bucket_count = count;
    return true;
}

bool layer_map_insert(LayerMap *map, uint64_t key, void *value)
{
    LayerMapEntry *entry = calloc(1, sizeof(*entry));
    bool ok;

    if (!entry) {
        return false;
    }
    entry->key = key;
    entry->value = value;
    pthread_mutex_lock(&map->lock);
    ok = map->count < map->bucket_count || map_grow(map);
    if (ok) {
        *map_place(map->buckets, map->bucket_count, key) = entry;
        map->count++;
    }
    pthread_mutex_unlock(&map->lock);
    if (!ok) {
        free(entry);
    }
    return ok;
}

void *layer_map_find(LayerMap *map, uint64_t key)
{
    LayerMapEntry *entry = NULL;

    pthread_mutex_lock(&map->lock);
    if (map->count) {
        entry = *map_place(map->buckets, map->bucket_count, key);
    }
    pthread_mutex_unlock(&map->lock);
    return entry ? entry->value : NULL;
}

void *layer_map_take(LayerMap *map, uint64_t key)
{
    LayerMapEntry *entry = NULL;
    void *value;

    pthread_mutex_lock(&map->lock);
    if (map->count) {
        LayerMapEntry **place = map_place(map->buckets, map->bucket_count,
                                          key);

        entry = *place;
        if (entry) {
            *place = entry->next;
            map->count--;
        }
    }
    pthread_mutex_unlock(&map->lock);
    value = entry ? entry->value : NULL;
    free(entry);
    return value;
}
