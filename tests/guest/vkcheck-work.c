/*
 * Checks of what the device does with memory: copies and compute.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "vkcheck.h"

/* Made of shaders/, it defines its words only */
#include "vkcheck_compute_comp.h"

static bool work_buffers(const GpuDevice *gpu, GpuBuffer *bufs,
                         unsigned count, VkDeviceSize size,
                         VkBufferUsageFlags usage, ProgReason *why)
{
    for (unsigned i = 0; i < count; i++) {
        if (!vkcheck_ok(gpu_buffer_init(gpu, &bufs[i], size, usage,
                                        VKCHECK_HOST), "a buffer", why)) {
            return false;
        }
    }
    return true;
}

static void work_barrier(VkCommandBuffer cmd)
{
    VkMemoryBarrier barrier = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
        .srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT |
                         VK_ACCESS_TRANSFER_WRITE_BIT,
    };

    vkCmdPipelineBarrier(cmd, VK_PIPELINE_STAGE_TRANSFER_BIT,
                         VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 1, &barrier,
                         0, NULL, 0, NULL);
}

/* From the first buffer through one that only the device sees. */
static bool work_copy(const GpuDevice *gpu, GpuBuffer *bufs,
                      VkDeviceSize size, ProgReason *why)
{
    VkBufferCopy all = { .size = size };
    GpuBuffer local;
    VkCommandBuffer cmd;
    bool ok;

    vkcheck_pattern(bufs[0].map, size, 7);
    if (!vkcheck_ok(gpu_buffer_init(gpu, &local, size,
                                    VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                                    VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                                    VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT),
                    "a device-local buffer", why)) {
        return false;
    }
    ok = vkcheck_ok(gpu_begin(gpu, &cmd), "recording", why);
    if (ok) {
        vkCmdCopyBuffer(cmd, bufs[0].buffer, local.buffer, 1, &all);
        work_barrier(cmd);
        vkCmdCopyBuffer(cmd, local.buffer, bufs[1].buffer, 1, &all);
        gpu_barrier_to_host(cmd, VK_PIPELINE_STAGE_TRANSFER_BIT,
                            VK_ACCESS_TRANSFER_WRITE_BIT);
        ok = vkcheck_ok(gpu_run(gpu, cmd), "copying", why) &&
             vkcheck_compare(bufs[1].map, size, 7, "copy", why);
    }
    gpu_buffer_cleanup(gpu, &local);
    return ok;
}

bool vkcheck_copy(const GpuDevice *gpu, ProgReason *why)
{
    enum { SIZE = 1 << 20 };
    GpuBuffer bufs[2] = { 0 };
    bool ok = work_buffers(gpu, bufs, PROG_COUNT(bufs), SIZE,
                           VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                           VK_BUFFER_USAGE_TRANSFER_DST_BIT, why) &&
              work_copy(gpu, bufs, SIZE, why);

    for (unsigned i = 0; i < PROG_COUNT(bufs); i++) {
        gpu_buffer_cleanup(gpu, &bufs[i]);
    }
    return ok;
}

static bool work_fill(const GpuDevice *gpu, GpuBuffer *buf, ProgReason *why)
{
    static const uint32_t update[4] = { 1, 20, 300, 4000 };
    const uint32_t *words = buf->map;
    VkCommandBuffer cmd;

    if (!vkcheck_ok(gpu_begin(gpu, &cmd), "recording", why)) {
        return false;
    }
    vkCmdFillBuffer(cmd, buf->buffer, 0, VK_WHOLE_SIZE, 0xc0ffee11);
    work_barrier(cmd);
    vkCmdUpdateBuffer(cmd, buf->buffer, 64, sizeof(update), update);
    gpu_barrier_to_host(cmd, VK_PIPELINE_STAGE_TRANSFER_BIT,
                        VK_ACCESS_TRANSFER_WRITE_BIT);
    if (!vkcheck_ok(gpu_run(gpu, cmd), "filling", why)) {
        return false;
    }
    for (unsigned i = 0; i < buf->size / 4; i++) {
        uint32_t expect = i >= 16 && i < 20 ? update[i - 16] : 0xc0ffee11;

        if (words[i] != expect) {
            return prog_refuse(why, "word %u is 0x%08x, not 0x%08x", i,
                               words[i], expect);
        }
    }
    return true;
}

bool vkcheck_fill_update(const GpuDevice *gpu, ProgReason *why)
{
    GpuBuffer buf = { 0 };
    bool ok = work_buffers(gpu, &buf, 1, 8192,
                           VK_BUFFER_USAGE_TRANSFER_DST_BIT, why) &&
              work_fill(gpu, &buf, why);

    gpu_buffer_cleanup(gpu, &buf);
    return ok;
}

enum { COMPUTE_WORDS = 64 * 1024, COMPUTE_GROUP = 64, COMPUTE_FACTOR = 2749 };

typedef struct WorkCompute {
    VkShaderModule module;
    VkDescriptorSetLayout set_layout;
    VkPipelineLayout layout;
    VkPipeline pipeline;
    VkDescriptorPool pool;
    VkDescriptorSet set;
} WorkCompute;

static VkResult compute_layouts(const GpuDevice *gpu, WorkCompute *work)
{
    VkDescriptorSetLayoutBinding bindings[2];
    VkDescriptorSetLayoutCreateInfo set = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO,
        .bindingCount = PROG_COUNT(bindings),
        .pBindings = bindings,
    };
    VkPushConstantRange push = {
        .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT, .size = 4,
    };
    VkPipelineLayoutCreateInfo layout = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
        .setLayoutCount = 1,
        .pSetLayouts = &work->set_layout,
        .pushConstantRangeCount = 1,
        .pPushConstantRanges = &push,
    };
    VkResult res;

    for (unsigned i = 0; i < PROG_COUNT(bindings); i++) {
        bindings[i] = (VkDescriptorSetLayoutBinding) {
            .binding = i,
            .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
            .descriptorCount = 1,
            .stageFlags = VK_SHADER_STAGE_COMPUTE_BIT,
        };
    }
    res = vkCreateDescriptorSetLayout(gpu->device, &set, NULL,
                                      &work->set_layout);
    return res != VK_SUCCESS ? res :
           vkCreatePipelineLayout(gpu->device, &layout, NULL, &work->layout);
}

static VkResult compute_pipeline(const GpuDevice *gpu, WorkCompute *work)
{
    VkComputePipelineCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
        .stage = {
            .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
            .stage = VK_SHADER_STAGE_COMPUTE_BIT,
            .pName = "main",
        },
        .layout = work->layout,
    };
    const GpuShader shader = {
        vkcheck_compute_comp, sizeof(vkcheck_compute_comp),
    };
    VkResult res = gpu_shader(gpu, shader, &work->module);

    if (res != VK_SUCCESS) {
        return res;
    }
    info.stage.module = work->module;
    return vkCreateComputePipelines(gpu->device, VK_NULL_HANDLE, 1, &info,
                                    NULL, &work->pipeline);
}

static VkResult compute_set(const GpuDevice *gpu, WorkCompute *work,
                            const GpuBuffer *bufs)
{
    VkDescriptorPoolSize size = { VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 2 };
    VkDescriptorPoolCreateInfo pool = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO,
        .maxSets = 1,
        .poolSizeCount = 1,
        .pPoolSizes = &size,
    };
    VkDescriptorSetAllocateInfo allocate = {
        .sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO,
        .descriptorSetCount = 1,
        .pSetLayouts = &work->set_layout,
    };
    VkDescriptorBufferInfo buffers[2] = {
        { bufs[0].buffer, 0, VK_WHOLE_SIZE },
        { bufs[1].buffer, 0, VK_WHOLE_SIZE },
    };
    VkWriteDescriptorSet write = {
        .sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,
        .descriptorCount = 2,   /* runs on into binding 1 */
        .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
        .pBufferInfo = buffers,
    };
    VkResult res = vkCreateDescriptorPool(gpu->device, &pool, NULL,
                                          &work->pool);

    if (res != VK_SUCCESS) {
        return res;
    }
    allocate.descriptorPool = work->pool;
    res = vkAllocateDescriptorSets(gpu->device, &allocate, &work->set);
    if (res == VK_SUCCESS) {
        write.dstSet = work->set;
        vkUpdateDescriptorSets(gpu->device, 1, &write, 0, NULL);
    }
    return res;
}

static bool compute_run(const GpuDevice *gpu, const WorkCompute *work,
                        const GpuBuffer *bufs, ProgReason *why)
{
    const uint32_t factor = COMPUTE_FACTOR;
    const uint32_t *words = bufs[1].map;
    VkCommandBuffer cmd;

    if (!vkcheck_ok(gpu_begin(gpu, &cmd), "recording", why)) {
        return false;
    }
    vkCmdBindPipeline(cmd, VK_PIPELINE_BIND_POINT_COMPUTE, work->pipeline);
    vkCmdBindDescriptorSets(cmd, VK_PIPELINE_BIND_POINT_COMPUTE, work->layout,
                            0, 1, &work->set, 0, NULL);
    vkCmdPushConstants(cmd, work->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0,
                       sizeof(factor), &factor);
    vkCmdDispatch(cmd, COMPUTE_WORDS / COMPUTE_GROUP, 1, 1);
    gpu_barrier_to_host(cmd, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT,
                        VK_ACCESS_SHADER_WRITE_BIT);
    if (!vkcheck_ok(gpu_run(gpu, cmd), "computing", why)) {
        return false;
    }
    for (uint32_t i = 0; i < COMPUTE_WORDS; i++) {
        uint32_t expect = vkcheck_word(3, i) * factor + (i ^ 0x5a5a5a5au);

        if (words[i] != expect) {
            return prog_refuse(why, "word %u is 0x%08x, not 0x%08x", i,
                               words[i], expect);
        }
    }
    return true;
}

bool vkcheck_compute(const GpuDevice *gpu, ProgReason *why)
{
    WorkCompute work = { 0 };
    GpuBuffer bufs[2] = { 0 };
    bool ok = work_buffers(gpu, bufs, PROG_COUNT(bufs), COMPUTE_WORDS * 4,
                           VK_BUFFER_USAGE_STORAGE_BUFFER_BIT, why);

    if (ok) {
        vkcheck_pattern(bufs[0].map, COMPUTE_WORDS * 4, 3);
    }
    ok = ok && vkcheck_ok(compute_layouts(gpu, &work), "layouts", why) &&
         vkcheck_ok(compute_pipeline(gpu, &work), "the pipeline", why) &&
         vkcheck_ok(compute_set(gpu, &work, bufs), "descriptors", why) &&
         compute_run(gpu, &work, bufs, why);
    vkDestroyDescriptorPool(gpu->device, work.pool, NULL);
    vkDestroyPipeline(gpu->device, work.pipeline, NULL);
    vkDestroyShaderModule(gpu->device, work.module, NULL);
    vkDestroyPipelineLayout(gpu->device, work.layout, NULL);
    vkDestroyDescriptorSetLayout(gpu->device, work.set_layout, NULL);
    for (unsigned i = 0; i < PROG_COUNT(bufs); i++) {
        gpu_buffer_cleanup(gpu, &bufs[i]);
    }
    return ok;
}
