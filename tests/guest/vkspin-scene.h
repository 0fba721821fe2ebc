/*
 * The picture of vkspin: a turning torus knot above a polished floor, with
 * its shadow and its reflection.  Frame k is a function of k and of the
 * picture's size alone.  Knows nothing of where a picture is shown.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef VKSPIN_SCENE_H
#define VKSPIN_SCENE_H

#include "gpu.h"

/* Of every picture; what KMS calls XRGB8888. */
#define SPIN_FORMAT VK_FORMAT_B8G8R8A8_UNORM

/* The same as shaders/frame.glsl. */
typedef struct SpinPush {
    float view_projection[16];
    float rotation[4];
    float eye[4];
    float centre[4];
} SpinPush;

typedef enum SpinPipeline {
    SPIN_BACKDROP,
    SPIN_SOLID,
    SPIN_SHADOW,
    SPIN_FLOOR,
    SPIN_PIPELINES
} SpinPipeline;

typedef struct SpinScene {
    const GpuDevice *gpu;       /* borrowed */
    uint32_t width;
    uint32_t height;
    VkSampleCountFlagBits samples;
    VkFormat depth_format;
    VkRenderPass pass;
    VkPipelineLayout layout;
    VkPipeline pipelines[SPIN_PIPELINES];
    GpuBuffer vertices;
    GpuBuffer indices;
    uint32_t index_count;
    GpuImage colour;            /* multisampled; none when samples is 1 */
    GpuImage depth;
} SpinScene;

/*
 * Pictures are left in @final_layout.  Exits with a message on failure, like
 * all of these.
 */
void spin_scene_init(SpinScene *scene, const GpuDevice *gpu, uint32_t width,
                     uint32_t height, VkImageLayout final_layout);
void spin_scene_cleanup(SpinScene *scene);

/* For pictures in @view, a colour attachment of the scene's size. */
VkFramebuffer spin_scene_framebuffer(const SpinScene *scene, VkImageView view);

/* Records the drawing of frame @frame. */
void spin_scene_draw(const SpinScene *scene, VkCommandBuffer cmd,
                     VkFramebuffer framebuffer, unsigned frame);

/* vkspin-pipeline.c: the render pass and the pipelines of @scene. */
void spin_pipelines_init(SpinScene *scene, VkImageLayout final_layout);

/* vkspin-knot.c: the solid's vertices and indices. */
void spin_knot_init(SpinScene *scene);

/* One vertex of the solid; shaders/solid.vert reads it. */
typedef struct SpinVertex {
    float position[3];
    float normal[3];
    float along[2];             /* along the tube and around it, 0 to 1 */
} SpinVertex;

#endif
