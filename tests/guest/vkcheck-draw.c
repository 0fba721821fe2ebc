/*
 * Check of drawing: a triangle's pixels, inside, outside and in between.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdlib.h>

#include "vkcheck.h"

/* Made of shaders/, they define their words only */
#include "vkcheck_draw_frag.h"
#include "vkcheck_draw_vert.h"

enum { DRAW_SIZE = 128 };

typedef struct DrawWork {
    GpuImage image;
    GpuBuffer pixels;
    VkRenderPass pass;
    VkFramebuffer framebuffer;
    VkPipelineLayout layout;
    VkPipeline pipeline;
} DrawWork;

static VkResult draw_target(const GpuDevice *gpu, DrawWork *work)
{
    GpuImageInfo image = {
        .width = DRAW_SIZE,
        .height = DRAW_SIZE,
        .format = VK_FORMAT_R8G8B8A8_UNORM,
        .usage = VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT |
                 VK_IMAGE_USAGE_TRANSFER_SRC_BIT,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .aspect = VK_IMAGE_ASPECT_COLOR_BIT,
    };
    VkResult res = gpu_image_init(gpu, &work->image, &image);

    return res != VK_SUCCESS ? res :
           gpu_buffer_init(gpu, &work->pixels, DRAW_SIZE * DRAW_SIZE * 4,
                           VK_BUFFER_USAGE_TRANSFER_DST_BIT, VKCHECK_HOST);
}

static VkResult draw_pass(const GpuDevice *gpu, DrawWork *work)
{
    VkAttachmentDescription attachment = {
        .format = VK_FORMAT_R8G8B8A8_UNORM,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR,
        .storeOp = VK_ATTACHMENT_STORE_OP_STORE,
        .finalLayout = VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
    };
    VkAttachmentReference ref = {
        0, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
    };
    VkSubpassDescription subpass = {
        .pipelineBindPoint = VK_PIPELINE_BIND_POINT_GRAPHICS,
        .colorAttachmentCount = 1,
        .pColorAttachments = &ref,
    };
    VkSubpassDependency then_copy = {
        .dstSubpass = VK_SUBPASS_EXTERNAL,
        .srcStageMask = VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT,
        .dstStageMask = VK_PIPELINE_STAGE_TRANSFER_BIT,
        .srcAccessMask = VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT,
        .dstAccessMask = VK_ACCESS_TRANSFER_READ_BIT,
    };
    VkRenderPassCreateInfo pass = {
        .sType = VK_STRUCTURE_TYPE_RENDER_PASS_CREATE_INFO,
        .attachmentCount = 1,
        .pAttachments = &attachment,
        .subpassCount = 1,
        .pSubpasses = &subpass,
        .dependencyCount = 1,
        .pDependencies = &then_copy,
    };
    VkResult res = vkCreateRenderPass(gpu->device, &pass, NULL, &work->pass);

    return res != VK_SUCCESS ? res :
           gpu_framebuffer(gpu, work->pass, &work->image.view, 1, DRAW_SIZE,
                           DRAW_SIZE, &work->framebuffer);
}

static VkResult draw_pipeline(const GpuDevice *gpu, DrawWork *work)
{
    const VkPipelineLayoutCreateInfo layout = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO,
    };
    const VkPipelineVertexInputStateCreateInfo no_input = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO,
    };
    GpuPipelineInfo info = {
        .vertex = { vkcheck_draw_vert, sizeof(vkcheck_draw_vert) },
        .fragment = { vkcheck_draw_frag, sizeof(vkcheck_draw_frag) },
        .input = &no_input,
        .topology = VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST,
        .width = DRAW_SIZE,
        .height = DRAW_SIZE,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .blend.colorWriteMask = 15,
        .pass = work->pass,
    };
    VkResult res = vkCreatePipelineLayout(gpu->device, &layout, NULL,
                                          &work->layout);

    info.layout = work->layout;
    return res != VK_SUCCESS ? res : gpu_pipeline(gpu, &info, &work->pipeline);
}

static VkResult draw_run(const GpuDevice *gpu, DrawWork *work)
{
    VkClearValue clear = { .color.float32 = { 0.2f, 0.4f, 0.6f, 1 } };
    VkRenderPassBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO,
        .renderPass = work->pass,
        .framebuffer = work->framebuffer,
        .renderArea.extent = { DRAW_SIZE, DRAW_SIZE },
        .clearValueCount = 1,
        .pClearValues = &clear,
    };
    VkCommandBuffer cmd;
    VkResult res = gpu_begin(gpu, &cmd);

    if (res != VK_SUCCESS) {
        return res;
    }
    vkCmdBeginRenderPass(cmd, &begin, VK_SUBPASS_CONTENTS_INLINE);
    vkCmdBindPipeline(cmd, VK_PIPELINE_BIND_POINT_GRAPHICS, work->pipeline);
    vkCmdDraw(cmd, 3, 1, 0, 0);
    vkCmdEndRenderPass(cmd);
    gpu_copy_to_buffer(cmd, work->image.image,
                       VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, DRAW_SIZE,
                       DRAW_SIZE, work->pixels.buffer);
    return gpu_run(gpu, cmd);
}

/*
 * The triangle's corners are those of the picture but for the top right one:
 * red top left, green bottom left, blue bottom right.
 */
static void draw_expect(int x, int y, int *rgb)
{
    double down = (y + 0.5) / DRAW_SIZE;
    double right = (x + 0.5) / DRAW_SIZE;

    if (x > y) {
        rgb[0] = 51;
        rgb[1] = 102;
        rgb[2] = 153;
    } else {
        rgb[0] = (1 - down) * 255 + 0.5;
        rgb[1] = (down - right) * 255 + 0.5;
        rgb[2] = right * 255 + 0.5;
    }
}

static bool draw_compare(const uint8_t *pixels, ProgReason *why)
{
    for (int i = 0; i < DRAW_SIZE * DRAW_SIZE; i++) {
        const uint8_t *got = pixels + 4 * i;
        int x = i % DRAW_SIZE;
        int y = i / DRAW_SIZE;
        int want[3];

        if (x == y) {
            continue;           /* on the edge either is right */
        }
        draw_expect(x, y, want);
        for (int c = 0; c < 3; c++) {
            if (abs(got[c] - want[c]) > 2) {
                return prog_refuse(why, "pixel %d,%d is %u %u %u, not %d %d "
                                   "%d", x, y, got[0], got[1], got[2],
                                   want[0], want[1], want[2]);
            }
        }
    }
    return true;
}

static void draw_cleanup(const GpuDevice *gpu, DrawWork *work)
{
    vkDestroyPipeline(gpu->device, work->pipeline, NULL);
    vkDestroyPipelineLayout(gpu->device, work->layout, NULL);
    vkDestroyFramebuffer(gpu->device, work->framebuffer, NULL);
    vkDestroyRenderPass(gpu->device, work->pass, NULL);
    gpu_buffer_cleanup(gpu, &work->pixels);
    gpu_image_cleanup(gpu, &work->image);
}

bool vkcheck_draw(const GpuDevice *gpu, ProgReason *why)
{
    DrawWork work = { 0 };
    bool ok = vkcheck_ok(draw_target(gpu, &work), "the image", why) &&
              vkcheck_ok(draw_pass(gpu, &work), "the render pass", why) &&
              vkcheck_ok(draw_pipeline(gpu, &work), "the pipeline", why) &&
              vkcheck_ok(draw_run(gpu, &work), "drawing", why) &&
              draw_compare(work.pixels.map, why);

    draw_cleanup(gpu, &work);
    return ok;
}
