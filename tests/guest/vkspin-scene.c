/*
 * The picture of vkspin: what is drawn in frame k, seen from where.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "prog.h"
#include "vkspin-math.h"
#include "vkspin-scene.h"

/* How the solid is drawn; the same as in shaders/frame.glsl. */
typedef enum SpinSolid {
    SPIN_UPRIGHT,
    SPIN_MIRRORED,
    SPIN_FLATTENED,
} SpinSolid;

enum {
    SPIN_TURN_FRAMES = 240,     /* for the solid's whole turn */
    SPIN_SWAY_FRAMES = 720,     /* for the camera's way there and back */
};

static const SpinVec spin_centre = { 0, 2.42, 0 };
static const SpinVec spin_axis = { 0.26, 1.0, 0.17 };

static void spin_choose_samples(SpinScene *scene)
{
    const VkPhysicalDeviceLimits *limits = &scene->gpu->props.limits;
    VkSampleCountFlags counts = limits->framebufferColorSampleCounts &
                                limits->framebufferDepthSampleCounts &
                                limits->framebufferStencilSampleCounts;

    scene->samples = counts & VK_SAMPLE_COUNT_4_BIT ? VK_SAMPLE_COUNT_4_BIT :
                                                      VK_SAMPLE_COUNT_1_BIT;
}

/* Vulkan promises that one of the two can be a depth attachment. */
static void spin_choose_depth(SpinScene *scene)
{
    VkFormatProperties props;

    scene->depth_format = VK_FORMAT_D32_SFLOAT_S8_UINT;
    vkGetPhysicalDeviceFormatProperties(scene->gpu->physical,
                                        scene->depth_format, &props);
    if (!(props.optimalTilingFeatures &
          VK_FORMAT_FEATURE_DEPTH_STENCIL_ATTACHMENT_BIT)) {
        scene->depth_format = VK_FORMAT_D24_UNORM_S8_UINT;
    }
}

void spin_scene_init(SpinScene *scene, const GpuDevice *gpu, uint32_t width,
                     uint32_t height, VkImageLayout final_layout)
{
    GpuImageInfo info = { .width = width, .height = height };

    *scene = (SpinScene) { .gpu = gpu, .width = width, .height = height };
    spin_choose_samples(scene);
    spin_choose_depth(scene);

    info.samples = scene->samples;
    info.format = scene->depth_format;
    info.usage = VK_IMAGE_USAGE_DEPTH_STENCIL_ATTACHMENT_BIT;
    info.aspect = VK_IMAGE_ASPECT_DEPTH_BIT | VK_IMAGE_ASPECT_STENCIL_BIT;
    gpu_must(gpu_image_init(gpu, &scene->depth, &info), "the depth image");
    if (scene->samples != VK_SAMPLE_COUNT_1_BIT) {
        info.format = SPIN_FORMAT;
        info.usage = VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT;
        info.aspect = VK_IMAGE_ASPECT_COLOR_BIT;
        gpu_must(gpu_image_init(gpu, &scene->colour, &info),
                 "the multisampled image");
    }
    spin_pipelines_init(scene, final_layout);
    spin_knot_init(scene);
}

void spin_scene_cleanup(SpinScene *scene)
{
    const GpuDevice *gpu = scene->gpu;

    for (unsigned i = 0; i < SPIN_PIPELINES; i++) {
        vkDestroyPipeline(gpu->device, scene->pipelines[i], NULL);
    }
    vkDestroyPipelineLayout(gpu->device, scene->layout, NULL);
    vkDestroyRenderPass(gpu->device, scene->pass, NULL);
    gpu_buffer_cleanup(gpu, &scene->vertices);
    gpu_buffer_cleanup(gpu, &scene->indices);
    gpu_image_cleanup(gpu, &scene->colour);
    gpu_image_cleanup(gpu, &scene->depth);
}

VkFramebuffer spin_scene_framebuffer(const SpinScene *scene, VkImageView view)
{
    VkImageView views[] = { view, scene->depth.view, scene->colour.view };
    VkFramebuffer framebuffer;

    gpu_must(gpu_framebuffer(scene->gpu, scene->pass, views,
                             scene->colour.view ? 3 : 2, scene->width,
                             scene->height, &framebuffer),
             "vkCreateFramebuffer");
    return framebuffer;
}

static double spin_phase(unsigned frame, unsigned period)
{
    return (double)(frame % period) / period;
}

static SpinPush spin_push(const SpinScene *scene, unsigned frame)
{
    double aspect = (double)scene->width / scene->height;
    double sway = spin_phase(frame, SPIN_SWAY_FRAMES);
    SpinVec eye = {
        1.9 * spin_sin(sway),
        3.35 + 0.5 * spin_sin(sway * 2),
        8.1,
    };
    SpinMatrix view = spin_look_at(eye, (SpinVec) { 0, 1.80, 0 });
    SpinMatrix projection = spin_perspective(2.5, aspect, 0.5, 50);
    SpinMatrix both = spin_multiply(&projection, &view);
    /* Half a turn of the quaternion's angle is a whole one of the solid */
    double half = spin_phase(frame, SPIN_TURN_FRAMES) / 2;
    SpinVec axis = spin_scale(spin_normal(spin_axis), spin_sin(half));
    SpinPush push = {
        .rotation = { axis.x, axis.y, axis.z, spin_cos(half) },
        .eye = { eye.x, eye.y, eye.z, SPIN_UPRIGHT },
        .centre = { spin_centre.x, spin_centre.y, spin_centre.z, aspect },
    };

    for (unsigned i = 0; i < 16; i++) {
        push.view_projection[i] = both.m[i / 4][i % 4];
    }
    return push;
}

static void spin_set(const SpinScene *scene, VkCommandBuffer cmd,
                     SpinPipeline pipeline, SpinPush *push, SpinSolid how)
{
    push->eye[3] = how;
    vkCmdBindPipeline(cmd, VK_PIPELINE_BIND_POINT_GRAPHICS,
                      scene->pipelines[pipeline]);
    vkCmdPushConstants(cmd, scene->layout, VK_SHADER_STAGE_VERTEX_BIT |
                       VK_SHADER_STAGE_FRAGMENT_BIT, 0, sizeof(*push), push);
}

void spin_scene_draw(const SpinScene *scene, VkCommandBuffer cmd,
                     VkFramebuffer framebuffer, unsigned frame)
{
    SpinPush push = spin_push(scene, frame);
    VkDeviceSize offset = 0;
    VkClearValue clear[] = {
        [1] = { .depthStencil = { .depth = 1 } },
    };
    VkRenderPassBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO,
        .renderPass = scene->pass,
        .framebuffer = framebuffer,
        .renderArea.extent = { scene->width, scene->height },
        .clearValueCount = PROG_COUNT(clear),
        .pClearValues = clear,
    };

    vkCmdBeginRenderPass(cmd, &begin, VK_SUBPASS_CONTENTS_INLINE);
    vkCmdBindVertexBuffers(cmd, 0, 1, &scene->vertices.buffer, &offset);
    vkCmdBindIndexBuffer(cmd, scene->indices.buffer, 0, VK_INDEX_TYPE_UINT16);

    spin_set(scene, cmd, SPIN_BACKDROP, &push, SPIN_UPRIGHT);
    vkCmdDraw(cmd, 3, 1, 0, 0);
    spin_set(scene, cmd, SPIN_SOLID, &push, SPIN_MIRRORED);
    vkCmdDrawIndexed(cmd, scene->index_count, 1, 0, 0, 0);
    spin_set(scene, cmd, SPIN_SHADOW, &push, SPIN_FLATTENED);
    vkCmdDrawIndexed(cmd, scene->index_count, 1, 0, 0, 0);
    spin_set(scene, cmd, SPIN_FLOOR, &push, SPIN_UPRIGHT);
    vkCmdDraw(cmd, 4, 1, 0, 0);
    spin_set(scene, cmd, SPIN_SOLID, &push, SPIN_UPRIGHT);
    vkCmdDrawIndexed(cmd, scene->index_count, 1, 0, 0, 0);

    vkCmdEndRenderPass(cmd);
}
