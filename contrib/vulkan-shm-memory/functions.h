/*
 * The functions below this layer that it calls, and how it finds its own
 *
 * Each list names functions without "vk", with the name that an extension gave
 * them before they became part of Vulkan (or the same name again).
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SHM_MEMORY_FUNCTIONS_H
#define SHM_MEMORY_FUNCTIONS_H

#include <stdbool.h>
#include <vulkan/vulkan.h>
#include <vulkan/vk_layer.h>

#define LAYER_INSTANCE_FUNCTIONS(X)                                           \
    X(DestroyInstance, DestroyInstance)                                       \
    X(EnumerateDeviceExtensionProperties, EnumerateDeviceExtensionProperties) \
    X(GetPhysicalDeviceExternalBufferProperties,                              \
      GetPhysicalDeviceExternalBufferPropertiesKHR)                           \
    X(GetPhysicalDeviceExternalFenceProperties,                               \
      GetPhysicalDeviceExternalFencePropertiesKHR)                            \
    X(GetPhysicalDeviceExternalSemaphoreProperties,                           \
      GetPhysicalDeviceExternalSemaphorePropertiesKHR)                        \
    X(GetPhysicalDeviceFormatProperties2, GetPhysicalDeviceFormatProperties2KHR) \
    X(GetPhysicalDeviceImageFormatProperties2,                                \
      GetPhysicalDeviceImageFormatProperties2KHR)                             \
    X(GetPhysicalDeviceMemoryProperties, GetPhysicalDeviceMemoryProperties)   \
    X(GetPhysicalDeviceMemoryProperties2, GetPhysicalDeviceMemoryProperties2KHR) \
    X(GetPhysicalDeviceProperties, GetPhysicalDeviceProperties)               \
    X(GetPhysicalDeviceProperties2, GetPhysicalDeviceProperties2KHR)

#define LAYER_DEVICE_FUNCTIONS(X)                                             \
    X(AllocateMemory, AllocateMemory)                                         \
    X(CmdPipelineBarrier, CmdPipelineBarrier)                                 \
    X(CmdPipelineBarrier2, CmdPipelineBarrier2KHR)                            \
    X(CmdSetEvent2, CmdSetEvent2KHR)                                          \
    X(CmdWaitEvents, CmdWaitEvents)                                           \
    X(CmdWaitEvents2, CmdWaitEvents2KHR)                                      \
    X(CreateBuffer, CreateBuffer)                                             \
    X(CreateFence, CreateFence)                                               \
    X(CreateImage, CreateImage)                                               \
    X(CreateSemaphore, CreateSemaphore)                                       \
    X(DestroyBuffer, DestroyBuffer)                                           \
    X(DestroyDevice, DestroyDevice)                                           \
    X(DestroyFence, DestroyFence)                                             \
    X(DestroyImage, DestroyImage)                                             \
    X(DestroySemaphore, DestroySemaphore)                                     \
    X(DeviceWaitIdle, DeviceWaitIdle)                                         \
    X(FreeMemory, FreeMemory)                                                 \
    X(GetBufferMemoryRequirements, GetBufferMemoryRequirements)               \
    X(GetBufferMemoryRequirements2, GetBufferMemoryRequirements2KHR)          \
    X(GetDeviceBufferMemoryRequirements, GetDeviceBufferMemoryRequirementsKHR) \
    X(GetDeviceImageMemoryRequirements, GetDeviceImageMemoryRequirementsKHR)  \
    X(GetDeviceImageSubresourceLayout, GetDeviceImageSubresourceLayoutKHR)    \
    X(GetDeviceQueue, GetDeviceQueue)                                         \
    X(GetFenceFdKHR, GetFenceFdKHR)                                           \
    X(GetImageDrmFormatModifierPropertiesEXT,                                 \
      GetImageDrmFormatModifierPropertiesEXT)                                 \
    X(GetImageMemoryRequirements, GetImageMemoryRequirements)                 \
    X(GetImageMemoryRequirements2, GetImageMemoryRequirements2KHR)            \
    X(GetImageSubresourceLayout, GetImageSubresourceLayout)                   \
    X(GetImageSubresourceLayout2, GetImageSubresourceLayout2KHR)              \
    X(GetMemoryFdKHR, GetMemoryFdKHR)                                         \
    X(GetMemoryFdPropertiesKHR, GetMemoryFdPropertiesKHR)                     \
    X(GetSemaphoreFdKHR, GetSemaphoreFdKHR)                                   \
    X(ImportFenceFdKHR, ImportFenceFdKHR)                                     \
    X(ImportSemaphoreFdKHR, ImportSemaphoreFdKHR)                             \
    X(QueueBindSparse, QueueBindSparse)                                       \
    X(QueuePresentKHR, QueuePresentKHR)                                       \
    X(QueueSubmit, QueueSubmit)                                               \
    X(QueueSubmit2, QueueSubmit2KHR)                                          \
    X(QueueWaitIdle, QueueWaitIdle)                                           \
    X(ResetFences, ResetFences)                                               \
    X(WaitForFences, WaitForFences)

#define LAYER_MEMBER(name, alias) PFN_vk##name name;

/* NULL where what is below has no such function. */
typedef struct LayerInstanceTable {
    LAYER_INSTANCE_FUNCTIONS(LAYER_MEMBER)
} LayerInstanceTable;

typedef struct LayerDeviceTable {
    LAYER_DEVICE_FUNCTIONS(LAYER_MEMBER)
} LayerDeviceTable;

#undef LAYER_MEMBER

/* Fill one member of object->next from below; a list's X binds the object. */
#define LAYER_LOAD(object, name, alias)                                       \
    object->next.name =                                                       \
        (PFN_vk##name)object->next_proc_addr(object->handle, "vk" #name);     \
    if (!object->next.name) {                                                 \
        object->next.name =                                                   \
            (PFN_vk##name)object->next_proc_addr(object->handle, "vk" #alias); \
    }

/**
 * layer_loader_instance_info - what the loader tells layers at vkCreateInstance
 * @info: as the layer got it
 *
 * Return: in @info's chain, to be changed as the loader wants it; or NULL.
 */
VkLayerInstanceCreateInfo *
layer_loader_instance_info(const VkInstanceCreateInfo *info,
                           VkLayerFunction function);

/** layer_loader_device_info - the same at vkCreateDevice */
VkLayerDeviceCreateInfo *
layer_loader_device_info(const VkDeviceCreateInfo *info,
                         VkLayerFunction function);

/* A function of this layer, under a name it is asked for by */
typedef struct LayerEntry {
    const char *name;           /* with "vk" */
    PFN_vkVoidFunction function;
    bool is_new;                /* also where nothing below has it */
} LayerEntry;

#define LAYER_ENTRY(name, function) \
    { "vk" name, (PFN_vkVoidFunction)function, false }
#define LAYER_NEW_ENTRY(name, function) \
    { "vk" name, (PFN_vkVoidFunction)function, true }

/**
 * layer_entry_find - the function of that name, or NULL
 * @list: ends with an entry that has no name
 */
const LayerEntry *layer_entry_find(const LayerEntry *list, const char *name);

#endif
