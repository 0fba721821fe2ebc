/*
 * A Vulkan layer that exports memory as shared memory: private declarations
 *
 * For drivers that cannot export memory as descriptors.  Memory that an
 * application wants to export becomes anonymous shared memory, which the
 * driver imports by its host address.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SHM_MEMORY_LAYER_H
#define SHM_MEMORY_LAYER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <vulkan/vulkan.h>

#include "functions.h"
#include "map.h"

/* The name in the manifest */
#define LAYER_NAME "VK_LAYER_QEMU_shm_memory"

/* "auto" (default), "driver" or "shm": who exports memory */
#define LAYER_MODE_VARIABLE "VENUS_MEMORY"

/*
 * Sizes are multiples of it, bytes: a guest asks for whole pages of its own,
 * and Linux has none that are larger.
 */
#define LAYER_GRANULE 65536

#define LAYER_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What a driver may lack and the layer has */
typedef enum LayerFeature {
    LAYER_MEMORY_FD,
    LAYER_DMA_BUF,
    LAYER_SEMAPHORE_FD,         /* SYNC_FD only */
    LAYER_FENCE_FD,             /* SYNC_FD only, export only */
    LAYER_MODIFIER,             /* DRM_FORMAT_MODIFIER_LINEAR only */
    LAYER_FOREIGN_QUEUE,
    LAYER_FEATURES
} LayerFeature;

/* Handle types that stand for our shared memory */
#define LAYER_MEMORY_TYPES (VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT | \
                            VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT)

typedef struct LayerPhysical LayerPhysical;

/* Constant once the instance's lock has been released. */
struct LayerPhysical {
    VkPhysicalDevice handle;
    bool emulates[LAYER_FEATURES];  /* all false: the layer stands aside */
    VkDeviceSize granule;       /* bytes, a power of two: sizes of memory */
    uint32_t import_types;      /* bits of memory types that take our memory */
    LayerPhysical *next;        /* owned */
};

typedef struct LayerInstance {
    /* Constant after vkCreateInstance */
    VkInstance handle;
    LayerInstanceTable next;
    PFN_vkGetInstanceProcAddr next_proc_addr;
    PFN_vkLayerCreateDevice create_device;      /* NULL: no trials */
    PFN_vkLayerDestroyDevice destroy_device;

    /*
     * lock; held during trials, in which the loader asks for extensions again:
     * recursive
     */
    pthread_mutex_t lock;
    LayerPhysical *physicals;   /* owned; found so far */
} LayerInstance;

typedef struct LayerDevice {
    /* Constant after vkCreateDevice */
    VkDevice handle;
    const LayerInstance *instance;      /* borrowed, outlives the device */
    const LayerPhysical *physical;      /* borrowed from the instance */
    bool emulates[LAYER_FEATURES];      /* what the application enabled */
    LayerDeviceTable next;
    PFN_vkGetDeviceProcAddr next_proc_addr;
    VkQueue queue;              /* for submissions of our own, or NULL */

    /* lock; held for every use of @queue */
    pthread_mutex_t queue_lock;

    /* Any thread, see the locks inside */
    LayerMap memories;          /* VkDeviceMemory -> LayerMemory, owned */
    LayerMap images;            /* VkImage -> LayerImage, owned */
    LayerMap buffers;           /* VkBuffer -> the device, borrowed */
    LayerMap signaled;          /* VkSemaphore -> the device, borrowed */

    /* Atomic */
    atomic_uint signaled_count; /* entries of @signaled, or a little more */
} LayerDevice;

/* registry.c */

/*
 * The loader puts one pointer into all handles of an instance and of its
 * physical devices, and one into those of a device, its queues and command
 * buffers: that is what these look up.
 */
bool layer_register_instance(LayerInstance *inst);
LayerInstance *layer_instance(const void *dispatchable);
LayerInstance *layer_forget_instance(VkInstance handle);
bool layer_register_device(LayerDevice *dev);
LayerDevice *layer_device(const void *dispatchable);
LayerDevice *layer_forget_device(VkDevice handle);

/* instance.c */
VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL
layer_GetInstanceProcAddr(VkInstance instance, const char *name);

/* physical.c */

/** layer_feature_name - the extension's name */
const char *layer_feature_name(LayerFeature feature);

/**
 * layer_physical - what is emulated for a physical device
 *
 * Tries the driver out at the first call, by making a device of its own.
 *
 * Return: borrowed from @inst; NULL when out of memory.
 */
const LayerPhysical *layer_physical(LayerInstance *inst,
                                    VkPhysicalDevice handle);

/** layer_physical_free - free a list; NULL is allowed */
void layer_physical_free(LayerPhysical *list);

/**
 * layer_driver_extensions - what the driver itself lists
 * @count: set to the number
 *
 * Return: the caller's to free(); NULL when out of memory or on failure.
 */
VkExtensionProperties *layer_driver_extensions(const LayerInstance *inst,
                                               VkPhysicalDevice handle,
                                               uint32_t *count);

/** layer_extension_listed - whether @name is in @list */
bool layer_extension_listed(const VkExtensionProperties *list, uint32_t count,
                            const char *name);

/* trial.c */

/** layer_trial - find out whether the driver can export, or import ours
 * @phys: @granule, @import_types and @emulates of memory are filled in
 * @ask_export: stand aside where the driver can export dma-bufs
 */
void layer_trial(const LayerInstance *inst, LayerPhysical *phys,
                 const VkExtensionProperties *list, uint32_t count,
                 bool ask_export);

/* queries.c, device.c, memory.c, ...: the functions that are intercepted */
extern const LayerEntry layer_query_entries[];
extern const LayerEntry layer_memory_entries[];
extern const LayerEntry layer_image_entries[];
extern const LayerEntry layer_buffer_entries[];
extern const LayerEntry layer_semaphore_entries[];
extern const LayerEntry layer_submit_entries[];
extern const LayerEntry layer_fence_entries[];
extern const LayerEntry layer_barrier_entries[];

/* device.c */
VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL
layer_GetDeviceProcAddr(VkDevice device, const char *name);
VKAPI_ATTR VkResult VKAPI_CALL
layer_CreateDevice(VkPhysicalDevice physical, const VkDeviceCreateInfo *info,
                   const VkAllocationCallbacks *alloc, VkDevice *device);

/** layer_errno_to_result - the VkResult for a failed call of the system */
VkResult layer_errno_to_result(int error);

/** layer_memory_free - what is left of memory when its device goes */
void layer_memory_free(void *memory);

/* image.c */

/**
 * layer_image_importable - whether the driver binds imported host memory
 * @info: what the image will be, without external memory
 */
bool layer_image_importable(const LayerInstance *inst,
                            VkPhysicalDevice physical,
                            const VkPhysicalDeviceImageFormatInfo2 *info);

/* submit.c */

/**
 * layer_submit_and_wait - submit to the device's queue, which there has to be
 * @submit: one batch, or NULL: wait for what has been submitted before
 */
VkResult layer_submit_and_wait(LayerDevice *dev, const VkSubmitInfo *submit);

/* semaphore.c */

/**
 * layer_semaphore_take - whether a wait for @semaphore has nothing to wait for
 *
 * True once after a payload was imported that is signaled already.
 */
bool layer_semaphore_take(LayerDevice *dev, VkSemaphore semaphore);

/**
 * layer_semaphore_wait - wait on the host, and unsignal
 * @semaphore: its signal operation has been submitted
 */
VkResult layer_semaphore_wait(LayerDevice *dev, VkSemaphore semaphore);

#endif
