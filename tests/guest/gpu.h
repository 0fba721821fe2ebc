/*
 * A Vulkan device with what the guest programs need of it: Vulkan 1.1, one
 * queue family that draws and computes, and the extensions that move memory
 * between drivers where they are offered.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef GUEST_GPU_H
#define GUEST_GPU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vulkan/vulkan.h>

enum { GPU_MAX_QUEUES = 4 };

/* Optional extensions, enabled wherever the device lists them. */
typedef enum GpuExtension {
    GPU_MEMORY_FD,
    GPU_DMA_BUF,
    GPU_IMAGE_FORMAT_LIST,
    GPU_DRM_MODIFIER,           /* needs GPU_IMAGE_FORMAT_LIST */
    GPU_FOREIGN_QUEUE,
    GPU_TIMELINE,
    GPU_FENCE_FD,
    GPU_PORTABILITY_SUBSET,
    GPU_EXTENSIONS
} GpuExtension;

typedef struct GpuDevice {
    VkInstance instance;
    VkPhysicalDevice physical;
    VkPhysicalDeviceProperties props;
    VkPhysicalDeviceMemoryProperties memory;
    bool has[GPU_EXTENSIONS];
    VkDevice device;
    uint32_t family;
    uint32_t queue_count;
    VkQueue queues[GPU_MAX_QUEUES];
    VkCommandPool pool;
} GpuDevice;

typedef struct GpuBuffer {
    VkBuffer buffer;
    VkDeviceMemory memory;
    VkDeviceSize size;
    void *map;                  /* NULL unless host visible */
} GpuBuffer;

typedef struct GpuImage {
    VkImage image;
    VkDeviceMemory memory;
    VkImageView view;
} GpuImage;

typedef struct GpuImageInfo {
    uint32_t width;
    uint32_t height;
    VkFormat format;
    VkImageUsageFlags usage;
    VkSampleCountFlagBits samples;
    VkImageAspectFlags aspect;
} GpuImageInfo;

/* The code of a shader: words of SPIR-V */
typedef struct GpuShader {
    const uint32_t *words;
    size_t size;                /* bytes */
} GpuShader;

/* A pipeline that draws triangles in one subpass with one colour */
typedef struct GpuPipelineInfo {
    GpuShader vertex;
    GpuShader fragment;
    const VkPipelineVertexInputStateCreateInfo *input;
    VkPrimitiveTopology topology;
    uint32_t width;
    uint32_t height;
    VkSampleCountFlagBits samples;
    const VkPipelineDepthStencilStateCreateInfo *depth;     /* or NULL */
    VkPipelineColorBlendAttachmentState blend;
    VkPipelineLayout layout;
    VkRenderPass pass;
} GpuPipelineInfo;

/* Exits with a message when there is no usable device. */
void gpu_open(GpuDevice *gpu, const char *program);

/*
 * The first half of it, for programs that make a device of their own: an
 * instance with these extensions, and its first physical device.
 */
void gpu_open_instance(GpuDevice *gpu, const char *program,
                       const char *const *extensions, uint32_t count);

/*
 * And a second half: one queue of the first family, which can present to
 * @surface, and a command pool, with these extensions and no others.
 */
void gpu_open_presenting_device(GpuDevice *gpu, VkSurfaceKHR surface,
                                const char *const *extensions,
                                uint32_t count);
void gpu_close(GpuDevice *gpu);

/* For people to read; VkResults not named there get a general text. */
const char *gpu_result_name(VkResult res);

/* Exits with @what and the result's name unless @res is VK_SUCCESS. */
void gpu_must(VkResult res, const char *what);

/* The first memory type of @bits with all of @flags, or UINT32_MAX. */
uint32_t gpu_memory_type(const GpuDevice *gpu, uint32_t bits,
                         VkMemoryPropertyFlags flags);

/* Memory with all of @flags, mapped when that includes host visible. */
VkResult gpu_buffer_init(const GpuDevice *gpu, GpuBuffer *buf,
                         VkDeviceSize size, VkBufferUsageFlags usage,
                         VkMemoryPropertyFlags flags);
void gpu_buffer_cleanup(const GpuDevice *gpu, GpuBuffer *buf);

/* An image in the layout that the driver likes best, with a view of it. */
VkResult gpu_image_init(const GpuDevice *gpu, GpuImage *img,
                        const GpuImageInfo *info);
VkResult gpu_image_view(const GpuDevice *gpu, VkImage image, VkFormat format,
                        VkImageAspectFlags aspect, VkImageView *view);
void gpu_image_cleanup(const GpuDevice *gpu, GpuImage *img);

/* The caller destroys the module. */
VkResult gpu_shader(const GpuDevice *gpu, GpuShader shader,
                    VkShaderModule *module);

VkResult gpu_pipeline(const GpuDevice *gpu, const GpuPipelineInfo *info,
                      VkPipeline *pipeline);

/* With one attachment for each of @views, of that size. */
VkResult gpu_framebuffer(const GpuDevice *gpu, VkRenderPass pass,
                         const VkImageView *views, uint32_t count,
                         uint32_t width, uint32_t height,
                         VkFramebuffer *framebuffer);

/* A command buffer that is being recorded, to be run once. */
VkResult gpu_begin(const GpuDevice *gpu, VkCommandBuffer *cmd);

/* Ends and runs @cmd on the first queue, waits, and frees it. */
VkResult gpu_run(const GpuDevice *gpu, VkCommandBuffer cmd);

/* Makes writes of the given kind visible to the host after the fence. */
void gpu_barrier_to_host(VkCommandBuffer cmd, VkPipelineStageFlags stage,
                         VkAccessFlags access);

/* A change of layout of all of @image (colour), for the caller to complete. */
VkImageMemoryBarrier gpu_transition(VkImage image, VkImageLayout from,
                                    VkImageLayout to);

/* All of @image (colour) from the given layout into @buf, tightly packed. */
void gpu_copy_to_buffer(VkCommandBuffer cmd, VkImage image,
                        VkImageLayout layout, uint32_t width,
                        uint32_t height, VkBuffer buf);

#endif
