/*
 * virtio-gpu: Venus (Vulkan) without OpenGL
 *
 * What the rest of QEMU needs to know about the Venus-only mode of
 * virtio-gpu-gl: its properties and the two places where it hooks in.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_VIRTIO_GPU_VENUS_H
#define HW_VIRTIO_GPU_VENUS_H

#include "qapi/qapi-types-common.h"
#include "hw/qdev-properties.h"

typedef struct VenusState VenusState;
typedef struct VenusStock VenusStock;

/* How host blobs get into the guest's memory. */
typedef enum VenusMapping {
    VENUS_MAPPING_AUTO,
    VENUS_MAPPING_WINDOW,       /* over one RAM region that stays */
    VENUS_MAPPING_SUBREGION,    /* each as a RAM region of its own */
} VenusMapping;

/* Who exports memory that the guest maps and shows */
typedef enum VenusMemory {
    VENUS_MEMORY_AUTO,          /* the driver, or shared memory if it cannot */
    VENUS_MEMORY_DRIVER,
    VENUS_MEMORY_SHM,
    VENUS_MEMORY__MAX,
} VenusMemory;

/**
 * struct VenusConf - properties of Venus-only mode, constant after realize
 * @virgl: whether the OpenGL renderer may be used; auto takes it when the
 *         display has OpenGL
 * @memory: a VenusMemory
 * @fence_poll: poll for fences instead of being called by the renderer's
 *              threads (what hosts without eventfd do)
 * @watchdog_ms: how long one call into the render server may take before the
 *               process that does not answer is killed, milliseconds
 * @hostmem_granule: bytes that places of host blobs are multiples of; 0: what
 *                   the accelerator needs
 * @hostmem_mapping: how host blobs are mapped; auto asks the accelerator
 * @scanout_readback: treat dma-bufs on outputs as if they could not be mapped,
 *                    for tests
 * @blob_alignment: whether the guest is told; auto: when it is not 4 KiB
 */
typedef struct VenusConf {
    OnOffAuto virgl;
    VenusMemory memory;
    bool fence_poll;
    uint32_t watchdog_ms;
    uint64_t hostmem_granule;
    VenusMapping hostmem_mapping;
    bool scanout_readback;
    OnOffAuto blob_alignment;
} VenusConf;

/* Milliseconds; loading all drivers of a busy host takes a few seconds. */
#define VENUS_WATCHDOG_DEFAULT_MS 10000

#define DEFINE_VIRTIO_GPU_VENUS_PROPERTIES(_state, _conf)                    \
    DEFINE_PROP_ON_OFF_AUTO("virgl", _state, _conf.virgl,                    \
                            ON_OFF_AUTO_AUTO),                               \
    DEFINE_PROP_SIGNED("venus-memory", _state, _conf.memory,                 \
                       VENUS_MEMORY_AUTO,                                    \
                       virtio_gpu_venus_memory_property, VenusMemory),       \
    DEFINE_PROP_BOOL("x-fence-poll", _state, _conf.fence_poll, false),       \
    DEFINE_PROP_UINT32("x-watchdog-ms", _state, _conf.watchdog_ms,           \
                       VENUS_WATCHDOG_DEFAULT_MS),                           \
    DEFINE_PROP_SIZE("hostmem-granule", _state, _conf.hostmem_granule, 0),   \
    DEFINE_PROP_SIGNED("hostmem-mapping", _state, _conf.hostmem_mapping,     \
                       VENUS_MAPPING_AUTO, venus_mapping_property,           \
                       VenusMapping),                                        \
    DEFINE_PROP_BOOL("x-scanout-readback", _state, _conf.scanout_readback,   \
                     false),                                                 \
    DEFINE_PROP_ON_OFF_AUTO("blob-alignment", _state, _conf.blob_alignment,  \
                            ON_OFF_AUTO_AUTO)

/* The "hostmem-mapping" property. */
extern const PropertyInfo venus_mapping_property;

/* The "blob" property of VirtIOGPU, which remembers that it was given. */
extern const PropertyInfo virtio_gpu_blob_property;

/* The "venus-memory" property, and the names of its values. */
extern const PropertyInfo virtio_gpu_venus_memory_property;
extern const QEnumLookup virtio_gpu_venus_memory_lookup;

/**
 * virtio_gpu_venus_class_init - add Venus-only mode to a virtio-gpu-gl class
 * @klass: the class, its stock methods already set
 *
 * Saves the stock methods and installs ones that decide per instance.  An
 * instance that is not in Venus-only mode runs the stock methods.
 */
void virtio_gpu_venus_class_init(ObjectClass *klass);

#endif
