/*
 * virtio-gpu: the "venus-memory" property
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/util.h"
#include "qapi/visitor.h"
#include "hw/qdev-properties.h"
#include "hw/virtio/virtio-gpu-venus.h"

const QEnumLookup virtio_gpu_venus_memory_lookup = {
    .array = (const char *const[]) {
        [VENUS_MEMORY_AUTO] = "auto",
        [VENUS_MEMORY_DRIVER] = "driver",
        [VENUS_MEMORY_SHM] = "shm",
    },
    .size = VENUS_MEMORY__MAX,
};

static void memory_property_get(Object *obj, Visitor *v, const char *name,
                                void *opaque, Error **errp)
{
    const VenusMemory *memory = object_field_prop_ptr(obj, opaque);
    int value = *memory;

    visit_type_enum(v, name, &value, &virtio_gpu_venus_memory_lookup, errp);
}

static void memory_property_set(Object *obj, Visitor *v, const char *name,
                                void *opaque, Error **errp)
{
    VenusMemory *memory = object_field_prop_ptr(obj, opaque);
    int value;

    if (visit_type_enum(v, name, &value, &virtio_gpu_venus_memory_lookup,
                        errp)) {
        *memory = value;
    }
}

static void memory_property_set_default(ObjectProperty *op,
                                        const Property *prop)
{
    object_property_set_default_str(
        op, qapi_enum_lookup(&virtio_gpu_venus_memory_lookup,
                             prop->defval.i));
}

const PropertyInfo virtio_gpu_venus_memory_property = {
    .type = "VenusMemory",
    .description = "auto/driver/shm",
    .get = memory_property_get,
    .set = memory_property_set,
    .set_default_value = memory_property_set_default,
};
