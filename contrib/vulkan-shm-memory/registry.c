/*
 * The instances and devices of this process
 *
 * The loader hands a layer nothing but handles, so that this has to be state of
 * the process: the only such state there is.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "layer.h"

/* Each map has a lock of its own. */
static LayerMap instances = { .lock = PTHREAD_MUTEX_INITIALIZER };
static LayerMap devices = { .lock = PTHREAD_MUTEX_INITIALIZER };

static uint64_t registry_key(const void *dispatchable)
{
    return (uintptr_t)*(void *const *)dispatchable;
}

/* The loader unloads the layer after its last instance: nothing may be left. */
static void *registry_take(LayerMap *map, const void *dispatchable)
{
    void *value = layer_map_take(map, registry_key(dispatchable));

    layer_map_trim(map);
    return value;
}

bool layer_register_instance(LayerInstance *inst)
{
    return layer_map_insert(&instances, registry_key(inst->handle), inst);
}

LayerInstance *layer_instance(const void *dispatchable)
{
    return layer_map_find(&instances, registry_key(dispatchable));
}

LayerInstance *layer_forget_instance(VkInstance handle)
{
    return registry_take(&instances, handle);
}

bool layer_register_device(LayerDevice *dev)
{
    return layer_map_insert(&devices, registry_key(dev->handle), dev);
}

LayerDevice *layer_device(const void *dispatchable)
{
    return layer_map_find(&devices, registry_key(dispatchable));
}

LayerDevice *layer_forget_device(VkDevice handle)
{
    return registry_take(&devices, handle);
}
