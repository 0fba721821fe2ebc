/*
 * virtio-gpu: the "blob" property, which remembers that it was given
 *
 * Venus-only mode turns blob resources on by itself, and has to tell the
 * default from a user who said blob=off.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qapi/visitor.h"
#include "hw/qdev-properties.h"
#include "hw/virtio/virtio-gpu.h"

static void blob_property_set(Object *obj, Visitor *v, const char *name,
                              void *opaque, Error **errp)
{
    uint32_t *flags = object_field_prop_ptr(obj, opaque);
    bool value;

    if (!visit_type_bool(v, name, &value, errp)) {
        return;
    }
    *flags |= 1 << VIRTIO_GPU_FLAG_BLOB_GIVEN;
    *flags = deposit32(*flags, VIRTIO_GPU_FLAG_BLOB_ENABLED, 1, value);
}

static void blob_property_get(Object *obj, Visitor *v, const char *name,
                              void *opaque, Error **errp)
{
    const uint32_t *flags = object_field_prop_ptr(obj, opaque);
    bool value = *flags & (1 << VIRTIO_GPU_FLAG_BLOB_ENABLED);

    visit_type_bool(v, name, &value, errp);
}

/* Documents the default; setting it would look as if it had been given. */
static void blob_property_set_default(ObjectProperty *op, const Property *prop)
{
    object_property_set_default_bool(op, prop->defval.u);
    op->init = NULL;
}

const PropertyInfo virtio_gpu_blob_property = {
    .type = "bool",
    .description = "on/off",
    .get = blob_property_get,
    .set = blob_property_set,
    .set_default_value = blob_property_set_default,
};
