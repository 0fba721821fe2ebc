/*
 * The least that showing pictures in a window by Vulkan costs: memory of this
 * process, read in place by the device, copied into a swapchain and presented
 * at a steady rate.  scripts/bench sets QEMU's displays beside it.
 *
 * As flipbench in a guest it shows two test cards in turn that were drawn
 * before: nobody's time for making pictures is in what either measures.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "card.h"
#include "gpu-present.h"
#include "prog.h"

/* After Vulkan's header, so that SDL makes no types of its own. */
#include <SDL.h>
#include <SDL_vulkan.h>

enum {
    PICTURES = 2,
    SLOTS = 2,                  /* frames in flight */
    MAX_EXTENSIONS = 8,
    WARM_FRAMES = 60,           /* shown before anything is measured */
};

#define HOST_POINTER VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT
/* One wait for the device or the screen: more is a failure, not slowness. */
#define WAIT_NS 5000000000ull

typedef struct Slot {
    VkCommandBuffer cmd;
    VkFence done;
    VkSemaphore acquired;
} Slot;

typedef struct SwapFloor {
    SDL_Window *window;
    GpuDevice gpu;
    VkSurfaceKHR surface;
    GpuSwapchain swapchain;     /* of one size with window and pictures */
    VkSemaphore drawn[GPU_MAX_IMAGES];
    GpuBuffer pictures[PICTURES];
    Slot slots[SLOTS];
} SwapFloor;

/* Milliseconds since some point in time */
typedef struct Times {
    double now;
    double presenting;          /* processor time of this thread */
    double all;                 /* the same of all threads */
} Times;

static void floor_open_window(SwapFloor *f, ProgSize size)
{
    if (SDL_Init(SDL_INIT_VIDEO)) {
        prog_die("SDL: %s", SDL_GetError());
    }
    f->window = SDL_CreateWindow("swapfloor", 0, 0, size.width, size.height,
                                 SDL_WINDOW_VULKAN);
    if (!f->window) {
        prog_die("no window for Vulkan: %s", SDL_GetError());
    }
    f->swapchain.extent = (VkExtent2D) { size.width, size.height };
}

static void floor_create_device(SwapFloor *f)
{
    static const char *const device_names[] = {
        VK_KHR_SWAPCHAIN_EXTENSION_NAME,
        VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME,
    };
    const char *names[MAX_EXTENSIONS];
    unsigned count = MAX_EXTENSIONS;

    if (!SDL_Vulkan_GetInstanceExtensions(f->window, &count, names)) {
        prog_die("SDL: %s", SDL_GetError());
    }
    gpu_open_instance(&f->gpu, "swapfloor", names, count);
    if (!SDL_Vulkan_CreateSurface(f->window, f->gpu.instance, &f->surface)) {
        prog_die("SDL: %s", SDL_GetError());
    }
    gpu_open_presenting_device(&f->gpu, f->surface, device_names,
                               PROG_COUNT(device_names));
}

/* MAILBOX where it is offered, else FIFO */
static VkPresentModeKHR floor_mode(SwapFloor *f)
{
    VkPresentModeKHR modes[16];
    uint32_t count = PROG_COUNT(modes);
    VkResult res;

    res = vkGetPhysicalDeviceSurfacePresentModesKHR(f->gpu.physical,
                                                    f->surface, &count, modes);
    for (uint32_t i = 0; res >= 0 && i < count; i++) {
        if (modes[i] == VK_PRESENT_MODE_MAILBOX_KHR) {
            return modes[i];
        }
    }
    return VK_PRESENT_MODE_FIFO_KHR;
}

static void floor_create_swapchain(SwapFloor *f)
{
    f->swapchain.mode = floor_mode(f);
    /* The same number as QEMU's windows ask for */
    gpu_swapchain_init(&f->gpu, &f->swapchain, f->surface, 3);
    for (uint32_t i = 0; i < f->swapchain.count; i++) {
        f->drawn[i] = gpu_semaphore(&f->gpu);
    }
}

/* Shared memory, as blobs of a guest are, made a buffer of the device */
static void floor_import(SwapFloor *f, GpuBuffer *buf)
{
    VkMemoryHostPointerPropertiesEXT host = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_HOST_POINTER_PROPERTIES_EXT,
    };
    const VkExternalMemoryBufferCreateInfo external = {
        .sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO,
        .handleTypes = HOST_POINTER,
    };
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .pNext = &external,
        .size = buf->size,
        .usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT,
    };
    const VkImportMemoryHostPointerInfoEXT import = {
        .sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT,
        .handleType = HOST_POINTER,
        .pHostPointer = buf->map,
    };
    VkMemoryAllocateInfo memory = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO,
        .pNext = &import,
        .allocationSize = buf->size,
    };
    PFN_vkGetMemoryHostPointerPropertiesEXT ask =
        (PFN_vkGetMemoryHostPointerPropertiesEXT)
        vkGetDeviceProcAddr(f->gpu.device,
                            "vkGetMemoryHostPointerPropertiesEXT");
    VkMemoryRequirements needs;

    gpu_must(ask(f->gpu.device, HOST_POINTER, buf->map, &host),
             "vkGetMemoryHostPointerPropertiesEXT");
    gpu_must(vkCreateBuffer(f->gpu.device, &info, NULL, &buf->buffer),
             "vkCreateBuffer");
    vkGetBufferMemoryRequirements(f->gpu.device, buf->buffer, &needs);
    memory.memoryTypeIndex = gpu_memory_type(
        &f->gpu, needs.memoryTypeBits & host.memoryTypeBits, 0);
    if (memory.memoryTypeIndex == UINT32_MAX || needs.size > buf->size) {
        prog_die("%s does not read memory in place", f->gpu.props.deviceName);
    }
    gpu_must(vkAllocateMemory(f->gpu.device, &memory, NULL, &buf->memory),
             "import of a host pointer");
    gpu_must(vkBindBufferMemory(f->gpu.device, buf->buffer, buf->memory, 0),
             "vkBindBufferMemory");
}

static void floor_make_pictures(SwapFloor *f)
{
    VkExtent2D extent = f->swapchain.extent;
    size_t stride = (size_t)extent.width * 4;
    size_t page = sysconf(_SC_PAGESIZE);
    size_t size = (stride * extent.height + page - 1) / page * page;

    for (unsigned i = 0; i < PICTURES; i++) {
        GpuBuffer *buf = &f->pictures[i];

        buf->size = size;
        buf->map = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (buf->map == MAP_FAILED) {
            prog_die_errno("mmap of %zu bytes", size);
        }
        card_draw(buf->map, extent.width, extent.height, stride, i);
        floor_import(f, buf);
    }
}

static void floor_make_slots(SwapFloor *f)
{
    const VkCommandBufferAllocateInfo cmd = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
        .commandPool = f->gpu.pool,
        .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
        .commandBufferCount = 1,
    };
    const VkFenceCreateInfo fence = {
        .sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO,
        .flags = VK_FENCE_CREATE_SIGNALED_BIT,
    };

    for (unsigned i = 0; i < SLOTS; i++) {
        Slot *slot = &f->slots[i];

        gpu_must(vkAllocateCommandBuffers(f->gpu.device, &cmd, &slot->cmd),
                 "vkAllocateCommandBuffers");
        gpu_must(vkCreateFence(f->gpu.device, &fence, NULL, &slot->done),
                 "vkCreateFence");
        slot->acquired = gpu_semaphore(&f->gpu);
    }
}

static void floor_record(SwapFloor *f, VkCommandBuffer cmd, uint32_t index,
                         VkBuffer from)
{
    const VkCommandBufferBeginInfo begin = {
        .sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
        .flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT,
    };

    gpu_must(vkBeginCommandBuffer(cmd, &begin), "vkBeginCommandBuffer");
    gpu_swapchain_fill(&f->swapchain, cmd, index, from);
    gpu_must(vkEndCommandBuffer(cmd), "vkEndCommandBuffer");
}

/* A window that is shown as it is, if not at its best, is shown. */
static void floor_must_show(VkResult res, const char *what)
{
    gpu_must(res == VK_SUBOPTIMAL_KHR ? VK_SUCCESS : res, what);
}

static void floor_show(SwapFloor *f, unsigned frame)
{
    const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_TRANSFER_BIT;
    Slot *slot = &f->slots[frame % SLOTS];
    uint32_t index;
    VkSubmitInfo submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO,
        .waitSemaphoreCount = 1,
        .pWaitSemaphores = &slot->acquired,
        .pWaitDstStageMask = &stage,
        .commandBufferCount = 1,
        .pCommandBuffers = &slot->cmd,
        .signalSemaphoreCount = 1,
    };
    VkPresentInfoKHR present = {
        .sType = VK_STRUCTURE_TYPE_PRESENT_INFO_KHR,
        .waitSemaphoreCount = 1,
        .swapchainCount = 1,
        .pSwapchains = &f->swapchain.handle,
        .pImageIndices = &index,
    };

    gpu_must(vkWaitForFences(f->gpu.device, 1, &slot->done, VK_TRUE, WAIT_NS),
             "vkWaitForFences");
    gpu_must(vkResetFences(f->gpu.device, 1, &slot->done), "vkResetFences");
    floor_must_show(vkAcquireNextImageKHR(f->gpu.device, f->swapchain.handle,
                                          WAIT_NS, slot->acquired,
                                          VK_NULL_HANDLE, &index),
                    "vkAcquireNextImageKHR");
    floor_record(f, slot->cmd, index, f->pictures[frame % PICTURES].buffer);
    submit.pSignalSemaphores = present.pWaitSemaphores = &f->drawn[index];
    gpu_must(vkQueueSubmit(f->gpu.queues[0], 1, &submit, slot->done),
             "vkQueueSubmit");
    floor_must_show(vkQueuePresentKHR(f->gpu.queues[0], &present),
                    "vkQueuePresentKHR");
}

static double floor_clock(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static Times floor_times(void)
{
    return (Times) {
        .now = prog_now_ms(),
        .presenting = floor_clock(CLOCK_THREAD_CPUTIME_ID),
        .all = floor_clock(CLOCK_PROCESS_CPUTIME_ID),
    };
}

/* Returns what @frames frames took. */
static Times floor_run(SwapFloor *f, unsigned frames, unsigned fps)
{
    Times before = floor_times();
    Times after;

    for (unsigned frame = 0; frame < frames; frame++) {
        SDL_Event event;

        while (SDL_PollEvent(&event)) {
            /* There is nothing to be done for any of them. */
        }
        floor_show(f, frame);
        if (fps) {
            prog_sleep_until_ms(before.now + (frame + 1) * 1e3 / fps);
        }
    }
    after = floor_times();
    return (Times) {
        .now = after.now - before.now,
        .presenting = after.presenting - before.presenting,
        .all = after.all - before.all,
    };
}

static void floor_close(SwapFloor *f)
{
    VkDevice device = f->gpu.device;

    vkDeviceWaitIdle(device);
    for (unsigned i = 0; i < SLOTS; i++) {
        vkDestroyFence(device, f->slots[i].done, NULL);
        vkDestroySemaphore(device, f->slots[i].acquired, NULL);
    }
    for (unsigned i = 0; i < PICTURES; i++) {
        GpuBuffer picture = f->pictures[i];

        gpu_buffer_cleanup(&f->gpu, &f->pictures[i]);
        munmap(picture.map, picture.size);
    }
    vkDestroySwapchainKHR(device, f->swapchain.handle, NULL);
    for (uint32_t i = 0; i < f->swapchain.count; i++) {
        vkDestroySemaphore(device, f->drawn[i], NULL);
    }
    vkDestroySurfaceKHR(f->gpu.instance, f->surface, NULL);
    gpu_close(&f->gpu);
    SDL_DestroyWindow(f->window);
    SDL_Quit();
}

int main(int argc, char **argv)
{
    ProgSize size = { 1920, 1080 };
    unsigned frames = 600;
    unsigned fps = 60;
    const ProgOption options[] = {
        { "--size", PROG_SIZE, &size, "default 1920x1080", NULL },
        { "--frames", PROG_NUMBER, &frames, "default 600", NULL },
        { "--fps", PROG_NUMBER, &fps,
          "frames per second at most, default 60; 0: no limit", NULL },
    };
    SwapFloor f = { 0 };
    Times took;

    prog_options(argc, argv, options, PROG_COUNT(options));
    if (!frames) {
        prog_die("--frames 0 measures nothing");
    }
    floor_open_window(&f, size);
    floor_create_device(&f);
    floor_create_swapchain(&f);
    floor_make_pictures(&f);
    floor_make_slots(&f);
    floor_run(&f, WARM_FRAMES, fps);
    took = floor_run(&f, frames, fps);
    printf("swapfloor: mode %s frames %u fps %.1f presenting_ms %.3f "
           "all_ms %.3f device %s\n",
           f.swapchain.mode == VK_PRESENT_MODE_MAILBOX_KHR ? "mailbox" : "fifo", frames,
           frames * 1e3 / took.now, took.presenting / frames,
           took.all / frames, f.gpu.props.deviceName);
    floor_close(&f);
    return 0;
}
