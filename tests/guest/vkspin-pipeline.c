/*
 * The render pass of vkspin and its four pipelines.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stddef.h>
#include <stdint.h>

#include "prog.h"
#include "vkspin-scene.h"

/* Made of shaders/, they define their words only */
#include "backdrop_frag.h"
#include "backdrop_vert.h"
#include "floor_frag.h"
#include "floor_vert.h"
#include "solid_frag.h"
#include "solid_vert.h"

typedef struct SpinPipelineInfo {
    GpuShader vertex;
    GpuShader fragment;
    bool has_vertices;          /* from buffers, not from their number */
    bool solid;                 /* hides what is behind it */
    bool blends;
    /*
     * The floor is drawn where its shadow is not, and the shadow once for
     * each sample however many triangles cast it: both need a stencil of 0,
     * and the shadow raises it.
     */
    bool tests_stencil;
    VkStencilOp stencil_op;
} SpinPipelineInfo;

static const SpinPipelineInfo spin_pipelines[SPIN_PIPELINES] = {
    [SPIN_BACKDROP] = {
        .vertex = { backdrop_vert, sizeof(backdrop_vert) },
        .fragment = { backdrop_frag, sizeof(backdrop_frag) },
    },
    [SPIN_SOLID] = {
        .vertex = { solid_vert, sizeof(solid_vert) },
        .fragment = { solid_frag, sizeof(solid_frag) },
        .has_vertices = true,
        .solid = true,
    },
    [SPIN_SHADOW] = {
        .vertex = { solid_vert, sizeof(solid_vert) },
        .fragment = { floor_frag, sizeof(floor_frag) },
        .has_vertices = true,
        .blends = true,
        .tests_stencil = true,
        .stencil_op = VK_STENCIL_OP_INCREMENT_AND_CLAMP,
    },
    [SPIN_FLOOR] = {
        .vertex = { floor_vert, sizeof(floor_vert) },
        .fragment = { floor_frag, sizeof(floor_frag) },
        .blends = true,
        .tests_stencil = true,
        .stencil_op = VK_STENCIL_OP_KEEP,
    },
};

static VkAttachmentDescription spin_attachment(VkFormat format,
                                               VkSampleCountFlagBits samples,
                                               VkAttachmentLoadOp load,
                                               VkAttachmentStoreOp store,
                                               VkImageLayout final_layout)
{
    return (VkAttachmentDescription) {
        .format = format,
        .samples = samples,
        .loadOp = load,
        .storeOp = store,
        .stencilLoadOp = load,
        .stencilStoreOp = VK_ATTACHMENT_STORE_OP_DONT_CARE,
        .initialLayout = VK_IMAGE_LAYOUT_UNDEFINED,
        .finalLayout = final_layout,
    };
}

#define SPIN_STAGES (VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT | \
                     VK_PIPELINE_STAGE_EARLY_FRAGMENT_TESTS_BIT | \
                     VK_PIPELINE_STAGE_LATE_FRAGMENT_TESTS_BIT)
#define SPIN_WRITES (VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT | \
                     VK_ACCESS_DEPTH_STENCIL_ATTACHMENT_WRITE_BIT)

/* After the frame before has let go of depth and samples; before copying. */
static const VkSubpassDependency spin_dependencies[] = {
    {
        .srcSubpass = VK_SUBPASS_EXTERNAL,
        .srcStageMask = SPIN_STAGES | VK_PIPELINE_STAGE_TRANSFER_BIT,
        .dstStageMask = SPIN_STAGES,
        .srcAccessMask = SPIN_WRITES,
        .dstAccessMask = SPIN_WRITES |
                         VK_ACCESS_DEPTH_STENCIL_ATTACHMENT_READ_BIT |
                         VK_ACCESS_COLOR_ATTACHMENT_READ_BIT,
    },
    {
        .dstSubpass = VK_SUBPASS_EXTERNAL,
        .srcStageMask = SPIN_STAGES,
        .dstStageMask = VK_PIPELINE_STAGE_TRANSFER_BIT,
        .srcAccessMask = SPIN_WRITES,
        .dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT,
    },
};

/*
 * Attachment 0 is the picture, 1 the depth; with several samples 2 is what
 * is drawn into and then resolved into the picture.
 */
static void spin_create_pass(SpinScene *scene, VkImageLayout final_layout)
{
    const VkImageLayout drawn = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL;
    const VkImageLayout depth =
        VK_IMAGE_LAYOUT_DEPTH_STENCIL_ATTACHMENT_OPTIMAL;
    bool resolves = scene->samples != VK_SAMPLE_COUNT_1_BIT;
    VkAttachmentDescription attachments[] = {
        spin_attachment(SPIN_FORMAT, VK_SAMPLE_COUNT_1_BIT,
                        VK_ATTACHMENT_LOAD_OP_DONT_CARE,
                        VK_ATTACHMENT_STORE_OP_STORE, final_layout),
        spin_attachment(scene->depth_format, scene->samples,
                        VK_ATTACHMENT_LOAD_OP_CLEAR,
                        VK_ATTACHMENT_STORE_OP_DONT_CARE, depth),
        spin_attachment(SPIN_FORMAT, scene->samples,
                        VK_ATTACHMENT_LOAD_OP_DONT_CARE,
                        VK_ATTACHMENT_STORE_OP_DONT_CARE, drawn),
    };
    VkAttachmentReference picture_ref = { 0, drawn };
    VkAttachmentReference depth_ref = { 1, depth };
    VkAttachmentReference samples_ref = { 2, drawn };
    VkSubpassDescription subpass = {
        .pipelineBindPoint = VK_PIPELINE_BIND_POINT_GRAPHICS,
        .colorAttachmentCount = 1,
        .pColorAttachments = resolves ? &samples_ref : &picture_ref,
        .pResolveAttachments = resolves ? &picture_ref : NULL,
        .pDepthStencilAttachment = &depth_ref,
    };
    VkRenderPassCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_RENDER_PASS_CREATE_INFO,
        .attachmentCount = resolves ? 3 : 2,
        .pAttachments = attachments,
        .subpassCount = 1,
        .pSubpasses = &subpass,
        .dependencyCount = PROG_COUNT(spin_dependencies),
        .pDependencies = spin_dependencies,
    };

    gpu_must(vkCreateRenderPass(scene->gpu->device, &info, NULL, &scene->pass),
             "vkCreateRenderPass");
}

static void spin_create_layout(SpinScene *scene)
{
    VkPushConstantRange push = {
        .stageFlags = VK_SHADER_STAGE_VERTEX_BIT | VK_SHADER_STAGE_FRAGMENT_BIT,
        .size = sizeof(SpinPush),
    };
    VkPipelineLayoutCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
        .pushConstantRangeCount = 1,
        .pPushConstantRanges = &push,
    };

    gpu_must(vkCreatePipelineLayout(scene->gpu->device, &info, NULL,
                                    &scene->layout),
             "vkCreatePipelineLayout");
}

static VkPipelineDepthStencilStateCreateInfo
spin_depth_state(const SpinPipelineInfo *info)
{
    VkStencilOpState stencil = {
        .failOp = VK_STENCIL_OP_KEEP,
        .passOp = info->stencil_op,
        .depthFailOp = VK_STENCIL_OP_KEEP,
        .compareOp = VK_COMPARE_OP_EQUAL,
        .compareMask = 255,
        .writeMask = 255,
    };

    return (VkPipelineDepthStencilStateCreateInfo) {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_DEPTH_STENCIL_STATE_CREATE_INFO,
        .depthTestEnable = info->solid,
        .depthWriteEnable = info->solid,
        .depthCompareOp = VK_COMPARE_OP_LESS,
        .stencilTestEnable = info->tests_stencil,
        .front = stencil,
        .back = stencil,
    };
}

static VkPipelineColorBlendAttachmentState
spin_blend_state(const SpinPipelineInfo *info)
{
    return (VkPipelineColorBlendAttachmentState) {
        .blendEnable = info->blends,
        .srcColorBlendFactor = VK_BLEND_FACTOR_SRC_ALPHA,
        .dstColorBlendFactor = VK_BLEND_FACTOR_ONE_MINUS_SRC_ALPHA,
        .colorBlendOp = VK_BLEND_OP_ADD,
        .srcAlphaBlendFactor = VK_BLEND_FACTOR_ZERO,
        .dstAlphaBlendFactor = VK_BLEND_FACTOR_ONE,
        .alphaBlendOp = VK_BLEND_OP_ADD,
        .colorWriteMask = VK_COLOR_COMPONENT_R_BIT | VK_COLOR_COMPONENT_G_BIT |
                          VK_COLOR_COMPONENT_B_BIT | VK_COLOR_COMPONENT_A_BIT,
    };
}

static const VkVertexInputBindingDescription spin_vertex_binding = {
    .stride = sizeof(SpinVertex),
    .inputRate = VK_VERTEX_INPUT_RATE_VERTEX,
};

static const VkVertexInputAttributeDescription spin_vertex_attributes[] = {
    { 0, 0, VK_FORMAT_R32G32B32_SFLOAT, offsetof(SpinVertex, position) },
    { 1, 0, VK_FORMAT_R32G32B32_SFLOAT, offsetof(SpinVertex, normal) },
    { 2, 0, VK_FORMAT_R32G32_SFLOAT, offsetof(SpinVertex, along) },
};

static VkPipelineVertexInputStateCreateInfo
spin_input_state(const SpinPipelineInfo *info)
{
    return (VkPipelineVertexInputStateCreateInfo) {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO,
        .vertexBindingDescriptionCount = info->has_vertices,
        .pVertexBindingDescriptions = &spin_vertex_binding,
        .vertexAttributeDescriptionCount = info->has_vertices ?
            PROG_COUNT(spin_vertex_attributes) : 0,
        .pVertexAttributeDescriptions = spin_vertex_attributes,
    };
}

static void spin_create_pipeline(SpinScene *scene, SpinPipeline which)
{
    const SpinPipelineInfo *info = &spin_pipelines[which];
    VkPipelineVertexInputStateCreateInfo input = spin_input_state(info);
    VkPipelineDepthStencilStateCreateInfo depth = spin_depth_state(info);
    GpuPipelineInfo create = {
        .vertex = info->vertex,
        .fragment = info->fragment,
        .input = &input,
        .topology = which == SPIN_FLOOR ?
                    VK_PRIMITIVE_TOPOLOGY_TRIANGLE_STRIP :
                    VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST,
        .width = scene->width,
        .height = scene->height,
        .samples = scene->samples,
        .depth = &depth,
        .blend = spin_blend_state(info),
        .layout = scene->layout,
        .pass = scene->pass,
    };

    gpu_must(gpu_pipeline(scene->gpu, &create, &scene->pipelines[which]),
             "a pipeline");
}

void spin_pipelines_init(SpinScene *scene, VkImageLayout final_layout)
{
    spin_create_pass(scene, final_layout);
    spin_create_layout(scene);
    for (unsigned i = 0; i < SPIN_PIPELINES; i++) {
        spin_create_pipeline(scene, i);
    }
}
