/*
 * A Vulkan layer for tests that makes any driver look like MoltenVK
 *
 * Shares no code with the layer that is tested over it: the same mistake in
 * both would hide itself.  What is below is looked up by name at each call,
 * which is slow and simple.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef VULKAN_LOOKALIKE_H
#define VULKAN_LOOKALIKE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <vulkan/vulkan.h>

/* Pages of macOS on Apple's processors, bytes */
#define LOOK_GRANULE 16384

/* Handle types that MoltenVK does not have */
#define LOOK_HIDDEN_TYPES (VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT | \
                           VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT)

/*
 * The driver's memory type 0 is shown twice: as type 0, which only the device
 * sees, and as type 1, which alone takes memory of the host.
 */
#define LOOK_DEVICE_TYPE 0
#define LOOK_HOST_TYPE 1

/* A function of this layer, under a name it is asked for by */
typedef struct LookEntry {
    const char *name;
    PFN_vkVoidFunction function;
} LookEntry;

/*
 * The entry of vk@name.  ALIAS: also under the name that it had as an extension,
 * before it became part of Vulkan.
 */
#define LOOK_ENTRY(name) { "vk" #name, (PFN_vkVoidFunction)look_##name }
#define LOOK_ENTRY_ALIAS(name) \
    LOOK_ENTRY(name), { "vk" #name "KHR", (PFN_vkVoidFunction)look_##name }

/** look_find - the first structure of @type in a chain, or NULL */
void *look_find(const void *chain, VkStructureType type);

/* layer.c */

/**
 * look_below - a function of what is below an object
 * @handle: an instance, a physical device, a device or a queue
 * @name: with "vk"; where there is none, the name that ends with "KHR" is tried
 */
PFN_vkVoidFunction look_below(const void *handle, const char *name);

/* Call vk@name of what is below @handle, which is its first argument. */
#define LOOK_BELOW(name, handle, ...) \
    ((PFN_vk##name)look_below(handle, "vk" #name))(handle, ##__VA_ARGS__)

/** look_queues - whether a device's queues are used, by the device or a queue */
atomic_flag *look_queues(const void *handle);

/** look_refuse - say on stderr that MoltenVK would not do @what */
VkResult look_refuse(const char *what);

/* properties.c */

/** look_is_hidden - whether MoltenVK has no such extension */
bool look_is_hidden(const char *extension);

/**
 * look_exports - whether to be the opposite: a driver that can export dma-bufs
 *
 * With LOOKALIKE=exporter nothing is hidden.  What it exports is not what was
 * allocated: that is enough for somebody who only tries.
 */
bool look_exports(void);

extern const LookEntry look_property_entries[];

/* memory.c */
extern const LookEntry look_memory_entries[];

/* queue.c */
extern const LookEntry look_queue_entries[];

#endif
