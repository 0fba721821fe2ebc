/*
 * virtio-gpu Venus backend: the "hostmem-mapping" property
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/visitor.h"
#include "hw/qdev-properties.h"
#include "hw/virtio/virtio-gpu-venus.h"

static const char *const venus_mapping_names[] = {
    [VENUS_MAPPING_AUTO] = "auto",
    [VENUS_MAPPING_WINDOW] = "window",
    [VENUS_MAPPING_SUBREGION] = "subregion",
};

static const QEnumLookup venus_mapping_lookup = {
    .array = venus_mapping_names,
    .size = ARRAY_SIZE(venus_mapping_names),
};

static void mapping_property_visit(Object *obj, Visitor *v, const char *name,
                                   void *opaque, Error **errp)
{
    int *value = object_field_prop_ptr(obj, opaque);

    visit_type_enum(v, name, value, &venus_mapping_lookup, errp);
}

static void mapping_property_set_default(ObjectProperty *op,
                                         const Property *prop)
{
    object_property_set_default_str(op, venus_mapping_names[prop->defval.i]);
}

const PropertyInfo venus_mapping_property = {
    .type = "str",
    .description = "auto/window/subregion",
    .enum_table = &venus_mapping_lookup,
    .get = mapping_property_visit,
    .set = mapping_property_visit,
    .set_default_value = mapping_property_set_default,
};
