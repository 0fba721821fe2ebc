/*
 * Tests of the shared-memory layer: chains and tables, without a driver
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "chain.h"
#include "map.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { KEYS = 1000, THREADS = 4, ROUNDS = 2000 };

static const VkStructureType drop_export[] = {
    VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
};

static bool test_nothing_to_drop(void)
{
    const VkMemoryPriorityAllocateInfoEXT priority = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_PRIORITY_ALLOCATE_INFO_EXT,
    };
    LayerArena arena = { .used = 0 };

    return layer_chain_without(&arena, &priority, drop_export, 1) ==
           &priority && !arena.used &&
           !layer_chain_without(&arena, NULL, drop_export, 1);
}

/* What stands before a dropped structure is copied, what follows is not. */
static bool test_drop_in_the_middle(void)
{
    const VkMemoryDedicatedAllocateInfo last = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO,
    };
    const VkExportMemoryAllocateInfo export = {
        .sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
        .pNext = &last,
    };
    const VkMemoryPriorityAllocateInfoEXT second = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_PRIORITY_ALLOCATE_INFO_EXT,
        .pNext = &export,
        .priority = 0.75f,
    };
    const VkMemoryAllocateFlagsInfo first = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO,
        .pNext = &second,
        .flags = 5,
        .deviceMask = 7,
    };
    LayerArena arena = { .used = 0 };
    const VkMemoryAllocateFlagsInfo *one =
        layer_chain_without(&arena, &first, drop_export, 1);
    const VkMemoryPriorityAllocateInfoEXT *two;

    if (one == &first || one->sType != first.sType || one->flags != 5 ||
        one->deviceMask != 7) {
        return false;
    }
    two = one->pNext;
    return two != &second && two->sType == second.sType &&
           two->priority == 0.75f && two->pNext == &last &&
           first.pNext == &second && second.pNext == &export;
}

/* What nobody knows the size of is left out in front of a dropped structure. */
static bool test_unknown_structures(void)
{
    const VkBaseInStructure after = { .sType = 0x7ffffff0 };
    const VkExportMemoryAllocateInfo export = {
        .sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
        .pNext = &after,
    };
    const VkBaseInStructure before = {
        .sType = 0x7ffffff1,
        .pNext = (const VkBaseInStructure *)&export,
    };
    LayerArena arena = { .used = 0 };

    return layer_chain_without(&arena, &before, drop_export, 1) == &after &&
           layer_chain_find(&before, 0x7ffffff0) == &after &&
           !layer_chain_find(&before, 0x7ffffff2);
}

/* More than there is room for: what no longer fits is left out. */
static bool test_arena_is_full(void)
{
    VkMemoryAllocateFlagsInfo *chain = calloc(200, sizeof(*chain));
    VkExportMemoryAllocateInfo export = {
        .sType = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
    };
    LayerArena *arena = calloc(1, sizeof(*arena));
    const VkBaseInStructure *s;
    unsigned n = 0;

    if (!chain || !arena) {
        return false;
    }
    for (unsigned i = 0; i < 200; i++) {
        chain[i] = (VkMemoryAllocateFlagsInfo) {
            .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO,
            .pNext = i < 199 ? (void *)&chain[i + 1] : (void *)&export,
        };
    }
    for (s = layer_chain_without(arena, chain, drop_export, 1); s;
         s = s->pNext) {
        n++;
    }
    free(chain);
    free(arena);
    return n == sizeof(arena->bytes) / sizeof(*chain);
}

/* Handles: addresses, that is multiples of a page, and small numbers */
static uint64_t key_of(unsigned i)
{
    return i % 2 ? i : UINT64_C(0x7f0000000000) + i * UINT64_C(4096);
}

static bool test_map(void)
{
    static const char values[KEYS];
    LayerMap map;
    bool ok = true;

    layer_map_init(&map);
    ok &= !layer_map_find(&map, 1) && !layer_map_take(&map, 1);
    for (unsigned i = 0; i < KEYS; i++) {
        ok &= layer_map_insert(&map, key_of(i), (void *)&values[i]);
    }
    layer_map_trim(&map);
    for (unsigned i = 0; i < KEYS; i++) {
        ok &= layer_map_find(&map, key_of(i)) == &values[i];
    }
    for (unsigned i = 0; i < KEYS; i += 3) {
        ok &= layer_map_take(&map, key_of(i)) == &values[i] &&
              !layer_map_find(&map, key_of(i));
    }
    for (unsigned i = 0; i < KEYS; i++) {
        ok &= layer_map_take(&map, key_of(i)) == (i % 3 ? &values[i] : NULL);
    }
    layer_map_trim(&map);
    ok &= !map.buckets && layer_map_insert(&map, 5, &map) &&
          layer_map_find(&map, 5) == &map;
    layer_map_cleanup(&map, NULL);
    return ok;
}

/* What is left is freed, and all of it. */
static bool test_map_cleanup(void)
{
    LayerMap map;

    layer_map_init(&map);
    for (unsigned i = 0; i < KEYS; i++) {
        if (!layer_map_insert(&map, key_of(i), malloc(1))) {
            return false;
        }
    }
    layer_map_cleanup(&map, free);
    return true;
}

typedef struct MapThread {
    LayerMap *map;
    unsigned number;
    bool ok;
} MapThread;

/* Keys of its own, in a table of all threads */
static void *map_thread(void *opaque)
{
    MapThread *self = opaque;

    self->ok = true;
    for (unsigned i = 0; i < ROUNDS; i++) {
        uint64_t key = (i % 16 * THREADS + self->number) * UINT64_C(4096);

        self->ok &= layer_map_insert(self->map, key, self) &&
                    layer_map_find(self->map, key) == self &&
                    layer_map_take(self->map, key) == self;
        layer_map_trim(self->map);
    }
    return NULL;
}

static bool test_map_threads(void)
{
    MapThread threads[THREADS];
    pthread_t ids[THREADS];
    LayerMap map;
    bool ok = true;

    layer_map_init(&map);
    for (unsigned i = 0; i < THREADS; i++) {
        threads[i] = (MapThread) { .map = &map, .number = i };
        pthread_create(&ids[i], NULL, map_thread, &threads[i]);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(ids[i], NULL);
        ok &= threads[i].ok;
    }
    layer_map_cleanup(&map, NULL);
    return ok;
}

int main(void)
{
    static const struct {
        const char *name;
        bool (*run)(void);
    } tests[] = {
        { "chain: nothing to drop", test_nothing_to_drop },
        { "chain: a copy up to what is dropped", test_drop_in_the_middle },
        { "chain: unknown structures", test_unknown_structures },
        { "chain: no room left", test_arena_is_full },
        { "table: found and taken", test_map },
        { "table: freed with its values", test_map_cleanup },
        { "table: several threads", test_map_threads },
    };
    unsigned failed = 0;

    for (size_t i = 0; i < COUNT(tests); i++) {
        bool ok = tests[i].run();

        failed += !ok;
        printf("%sok %zu - %s\n", ok ? "" : "not ", i + 1, tests[i].name);
    }
    printf("1..%zu\n", COUNT(tests));
    return failed != 0;
}
