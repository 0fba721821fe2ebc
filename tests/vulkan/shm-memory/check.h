/*
 * Tests of the shared-memory layer: a device below it, and checks
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SHM_MEMORY_CHECK_H
#define SHM_MEMORY_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <vulkan/vulkan.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DMA_BUF VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT
#define OPAQUE_FD VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT

/* The layer's unit of sizes, bytes */
#define GRANULE 65536

typedef struct Gpu {
    VkInstance instance;
    VkPhysicalDevice physical;
    VkDevice device;
    VkQueue queue;
    VkCommandPool pool;
    uint32_t type;              /* a memory type that can be exported */
    const VkAllocationCallbacks *alloc;     /* of gpu_export(), gpu_import() */
    VkDebugUtilsMessengerEXT messenger;
    PFN_vkGetMemoryFdKHR get_memory_fd;
    PFN_vkGetMemoryFdPropertiesKHR get_memory_fd_properties;
    PFN_vkGetSemaphoreFdKHR get_semaphore_fd;
    PFN_vkImportSemaphoreFdKHR import_semaphore_fd;
    PFN_vkGetFenceFdKHR get_fence_fd;
    PFN_vkImportFenceFdKHR import_fence_fd;
    PFN_vkQueueSubmit2 queue_submit2;
    PFN_vkCmdPipelineBarrier2 cmd_barrier2;
    PFN_vkGetImageDrmFormatModifierPropertiesEXT get_modifier;
} Gpu;

typedef struct Test {
    const char *name;
    void (*run)(Gpu *gpu);
} Test;

extern const Test memory_tests[];
extern const Test object_tests[];
extern const Test sync_tests[];

/* Note a failed check of the test that runs. */
void check_failed(const char *file, int line, const char *what, long value);

/* Carry on after a failure: what follows may tell more. */
#define CHECK(condition) check_true(__FILE__, __LINE__, #condition, condition)
#define CHECK_RESULT(call, wanted) \
    check_result(__FILE__, __LINE__, #call, call, wanted)

bool check_true(const char *file, int line, const char *what, bool ok);
bool check_result(const char *file, int line, const char *what, VkResult res,
                  VkResult wanted);

/* Messages of the validation layer so far */
unsigned check_messages(void);

/* Exits when there is no such device. */
void gpu_open(Gpu *gpu);
void gpu_close(Gpu *gpu);

VkResult gpu_export(Gpu *gpu, VkDeviceSize size, VkDeviceMemory *memory);
VkResult gpu_import(Gpu *gpu, VkDeviceSize size, int fd,
                    VkDeviceMemory *memory);
VkResult gpu_fd(Gpu *gpu, VkDeviceMemory memory, int *fd);
VkCommandBuffer gpu_begin(Gpu *gpu);

/* Ends, runs and frees @cmd; waits until it is done. */
void gpu_run(Gpu *gpu, VkCommandBuffer cmd);

/* Open descriptors of this process */
unsigned open_descriptors(void);

/* The part of another process: takes what is in @fd, answers in it. */
int other_process(int fd);

#endif
