/*
 * A Vulkan device: buffers, images, shaders and command buffers on it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "gpu.h"

static VkResult gpu_buffer_back(const GpuDevice *gpu, GpuBuffer *buf,
                                VkMemoryPropertyFlags flags)
{
    VkMemoryRequirements needs;
    VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
    };
    VkResult res;

    vkGetBufferMemoryRequirements(gpu->device, buf->buffer, &needs);
    info.allocationSize = needs.size;
    info.memoryTypeIndex = gpu_memory_type(gpu, needs.memoryTypeBits, flags);
    if (info.memoryTypeIndex == UINT32_MAX) {
        return VK_ERROR_FEATURE_NOT_PRESENT;
    }
    res = vkAllocateMemory(gpu->device, &info, NULL, &buf->memory);
    if (res == VK_SUCCESS) {
        res = vkBindBufferMemory(gpu->device, buf->buffer, buf->memory, 0);
    }
    if (res == VK_SUCCESS && flags & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT) {
        res = vkMapMemory(gpu->device, buf->memory, 0, VK_WHOLE_SIZE, 0,
                          &buf->map);
    }
    return res;
}

VkResult gpu_buffer_init(const GpuDevice *gpu, GpuBuffer *buf,
                         VkDeviceSize size, VkBufferUsageFlags usage,
                         VkMemoryPropertyFlags flags)
{
    VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = size,
        .usage = usage,
    };
    VkResult res;

    *buf = (GpuBuffer) { .size = size };
    res = vkCreateBuffer(gpu->device, &info, NULL, &buf->buffer);
    if (res == VK_SUCCESS) {
        res = gpu_buffer_back(gpu, buf, flags);
    }
    if (res != VK_SUCCESS) {
        gpu_buffer_cleanup(gpu, buf);
    }
    return res;
}

void gpu_buffer_cleanup(const GpuDevice *gpu, GpuBuffer *buf)
{
    vkDestroyBuffer(gpu->device, buf->buffer, NULL);
    vkFreeMemory(gpu->device, buf->memory, NULL);
    *buf = (GpuBuffer) { 0 };
}

VkResult gpu_image_view(const GpuDevice *gpu, VkImage image, VkFormat format,
                        VkImageAspectFlags aspect, VkImageView *view)
{
    VkImageViewCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
        .image = image,
        .viewType = VK_IMAGE_VIEW_TYPE_2D,
        .format = format,
        .subresourceRange = {
            .aspectMask = aspect, .levelCount = 1, .layerCount = 1,
        },
    };

    return vkCreateImageView(gpu->device, &info, NULL, view);
}

static VkResult gpu_image_back(const GpuDevice *gpu, GpuImage *img)
{
    VkMemoryRequirements needs;
    VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
    };
    VkResult res;

    vkGetImageMemoryRequirements(gpu->device, img->image, &needs);
    info.allocationSize = needs.size;
    info.memoryTypeIndex = gpu_memory_type(
        gpu, needs.memoryTypeBits, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
    if (info.memoryTypeIndex == UINT32_MAX) {
        info.memoryTypeIndex = gpu_memory_type(gpu, needs.memoryTypeBits, 0);
    }
    res = vkAllocateMemory(gpu->device, &info, NULL, &img->memory);
    if (res == VK_SUCCESS) {
        res = vkBindImageMemory(gpu->device, img->image, img->memory, 0);
    }
    return res;
}

VkResult gpu_image_init(const GpuDevice *gpu, GpuImage *img,
                        const GpuImageInfo *info)
{
    VkImageCreateInfo create = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = info->format,
        .extent = { info->width, info->height, 1 },
        .mipLevels = 1,
        .arrayLayers = 1,
        .samples = info->samples,
        .tiling = VK_IMAGE_TILING_OPTIMAL,
        .usage = info->usage,
    };
    VkResult res;

    *img = (GpuImage) { 0 };
    res = vkCreateImage(gpu->device, &create, NULL, &img->image);
    if (res == VK_SUCCESS) {
        res = gpu_image_back(gpu, img);
    }
    if (res == VK_SUCCESS) {
        res = gpu_image_view(gpu, img->image, info->format, info->aspect,
                             &img->view);
    }
    if (res != VK_SUCCESS) {
        gpu_image_cleanup(gpu, img);
    }
    return res;
}

void gpu_image_cleanup(const GpuDevice *gpu, GpuImage *img)
{
    vkDestroyImageView(gpu->device, img->view, NULL);
    vkDestroyImage(gpu->device, img->image, NULL);
    vkFreeMemory(gpu->device, img->memory, NULL);
    *img = (GpuImage) { 0 };
}

VkResult gpu_shader(const GpuDevice *gpu, GpuShader shader,
                    VkShaderModule *module)
{
    VkShaderModuleCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO,
        .codeSize = shader.size,
        .pCode = shader.words,
    };

    return vkCreateShaderModule(gpu->device, &info, NULL, module);
}

/* Everything of a pipeline but its two shaders */
static VkResult gpu_pipeline_link(const GpuDevice *gpu,
                                  const GpuPipelineInfo *info,
                                  const VkPipelineShaderStageCreateInfo *stages,
                                  VkPipeline *pipeline)
{
    const VkPipelineInputAssemblyStateCreateInfo assembly = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO,
        .topology = info->topology,
    };
    const VkViewport area = { 0, 0, info->width, info->height, 0, 1 };
    const VkRect2D scissor = { .extent = { info->width, info->height } };
    const VkPipelineViewportStateCreateInfo viewport = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO,
        .viewportCount = 1,
        .pViewports = &area,
        .scissorCount = 1,
        .pScissors = &scissor,
    };
    const VkPipelineRasterizationStateCreateInfo raster = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO,
        .lineWidth = 1,
    };
    const VkPipelineMultisampleStateCreateInfo samples = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO,
        .rasterizationSamples = info->samples,
    };
    const VkPipelineColorBlendStateCreateInfo colour = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO,
        .attachmentCount = 1,
        .pAttachments = &info->blend,
    };
    const VkGraphicsPipelineCreateInfo create = {
        .sType = VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO,
        .stageCount = 2,
        .pStages = stages,
        .pVertexInputState = info->input,
        .pInputAssemblyState = &assembly,
        .pViewportState = &viewport,
        .pRasterizationState = &raster,
        .pMultisampleState = &samples,
        .pDepthStencilState = info->depth,
        .pColorBlendState = &colour,
        .layout = info->layout,
        .renderPass = info->pass,
    };

    return vkCreateGraphicsPipelines(gpu->device, VK_NULL_HANDLE, 1, &create,
                                     NULL, pipeline);
}

VkResult gpu_pipeline(const GpuDevice *gpu, const GpuPipelineInfo *info,
                      VkPipeline *pipeline)
{
    VkPipelineShaderStageCreateInfo stages[] = {
        {
            .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
            .stage = VK_SHADER_STAGE_VERTEX_BIT,
            .pName = "main",
        },
        {
            .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
            .stage = VK_SHADER_STAGE_FRAGMENT_BIT,
            .pName = "main",
        },
    };
    VkResult res = gpu_shader(gpu, info->vertex, &stages[0].module);

    if (res == VK_SUCCESS) {
        res = gpu_shader(gpu, info->fragment, &stages[1].module);
    }
    if (res == VK_SUCCESS) {
        res = gpu_pipeline_link(gpu, info, stages, pipeline);
    }
    vkDestroyShaderModule(gpu->device, stages[0].module, NULL);
    vkDestroyShaderModule(gpu->device, stages[1].module, NULL);
    return res;
}

VkResult gpu_framebuffer(const GpuDevice *gpu, VkRenderPass pass,
                         const VkImageView *views, uint32_t count,
                         uint32_t width, uint32_t height,
                         VkFramebuffer *framebuffer)
{
    const VkFramebufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_FRAMEBUFFER_CREATE_INFO,
        .renderPass = pass,
        .attachmentCount = count,
        .pAttachments = views,
        .width = width,
        .height = height,
        .layers = 1,
    };

    return vkCreateFramebuffer(gpu->device, &info, NULL, framebuffer);
}

VkResult gpu_begin(const GpuDevice *gpu, VkCommandBuffer *cmd)
{
    VkCommandBufferAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = gpu->pool,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = 1,
    };
    VkCommandBufferBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
        .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
    };
    VkResult res = vkAllocateCommandBuffers(gpu->device, &info, cmd);

    return res == VK_SUCCESS ? vkBeginCommandBuffer(*cmd, &begin) : res;
}

VkResult gpu_run(const GpuDevice *gpu, VkCommandBuffer cmd)
{
    VkFenceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO,
    };
    VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .commandBufferCount = 1,
        .pCommandBuffers = &cmd,
    };
    VkFence fence = VK_NULL_HANDLE;
    VkResult res = vkEndCommandBuffer(cmd);

    if (res == VK_SUCCESS) {
        res = vkCreateFence(gpu->device, &info, NULL, &fence);
    }
    if (res == VK_SUCCESS) {
        res = vkQueueSubmit(gpu->queues[0], 1, &submit, fence);
    }
    if (res == VK_SUCCESS) {
        res = vkWaitForFences(gpu->device, 1, &fence, VK_TRUE, UINT64_MAX);
    }
    vkDestroyFence(gpu->device, fence, NULL);
    vkFreeCommandBuffers(gpu->device, gpu->pool, 1, &cmd);
    return res;
}

void gpu_barrier_to_host(VkCommandBuffer cmd, VkPipelineStageFlags stage,
                         VkAccessFlags access)
{
    VkMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = access,
        .dstAccessMask = VK_ACCESS_HOST_READ_BIT,
    };

    vkCmdPipelineBarrier(cmd, stage, VK_PIPELINE_STAGE_HOST_BIT, 0,
                         1, &barrier, 0, NULL, 0, NULL);
}

VkImageMemoryBarrier gpu_transition(VkImage image, VkImageLayout from,
                                    VkImageLayout to)
{
    return (VkImageMemoryBarrier) {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
        .oldLayout = from,
        .newLayout = to,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = image,
        .subresourceRange = {
            .aspectMask = VK_IMAGE_ASPECT_COLOR_BIT,
            .levelCount = 1,
            .layerCount = 1,
        },
    };
}

void gpu_copy_to_buffer(VkCommandBuffer cmd, VkImage image,
                        VkImageLayout layout, uint32_t width,
                        uint32_t height, VkBuffer buf)
{
    VkBufferImageCopy region = {
        .imageSubresource = {
            .aspectMask = VK_IMAGE_ASPECT_COLOR_BIT, .layerCount = 1,
        },
        .imageExtent = { width, height, 1 },
    };

    vkCmdCopyImageToBuffer(cmd, image, layout, buf, 1, &region);
    gpu_barrier_to_host(cmd, VK_PIPELINE_STAGE_TRANSFER_BIT,
                        VK_ACCESS_TRANSFER_WRITE_BIT);
}
