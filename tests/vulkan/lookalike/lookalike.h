/*
 * A Vulkan layer for tests that makes any driver look like MoltenVK
 *
 * It knows just enough to run one instance after another with a few devices.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef VULKAN_LOOKALIKE_H
#define VULKAN_LOOKALIKE_H

#include <stdbool.h>
#include <vulkan/vulkan.h>

#include "functions.h"
#include "map.h"

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

typedef struct LookInstance {
    VkInstance handle;
    PFN_vkGetInstanceProcAddr next_proc_addr;
    LayerInstanceTable next;
} LookInstance;

typedef struct LookDevice {
    VkDevice handle;
    PFN_vkGetDeviceProcAddr next_proc_addr;
    LayerDeviceTable next;
} LookDevice;

/* layer.c */
LookInstance *look_instance(const void *dispatchable);
LookDevice *look_device(const void *dispatchable);

/** look_is_hidden - whether MoltenVK has no such extension */
bool look_is_hidden(const char *extension);

/**
 * look_exports - whether to be the opposite: a driver that can export dma-bufs
 *
 * With LOOKALIKE=exporter nothing is hidden.  What it exports is not what was
 * allocated: that is enough for somebody who only tries.
 */
bool look_exports(void);

/* properties.c */
extern const LayerEntry look_property_entries[];

/* memory.c */
extern const LayerEntry look_memory_entries[];

#endif
