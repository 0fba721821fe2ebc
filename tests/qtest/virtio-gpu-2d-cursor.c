/*
 * The cursor of virtio GPUs, as a display is told about it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "libqtest.h"
#include "qemu/module.h"
#include "display-cursor.h"
#include "libqos/virtio-gpu-cmd.h"

/* Has the device read a cursor's pixels from @addr */
static void put_cursor(QVirtioGPU *gpu, uint32_t id, uint64_t addr,
                       unsigned seed)
{
    g_autofree uint8_t *pixels = display_cursor_paint(seed);

    qtest_bufwrite(gpu->qts, addr, pixels, CURSOR_BYTES);
    gpu_transfer_2d({
        .gpu = gpu, .resource_id = id,
        .rect = { 0, 0, CURSOR_SIZE, CURSOR_SIZE },
    });
}

static uint64_t create_cursor(QVirtioGPU *gpu, uint32_t id, unsigned seed)
{
    uint64_t addr = guest_alloc(gpu->alloc, CURSOR_BYTES);

    gpu_create_2d({
        .gpu = gpu, .resource_id = id,
        .width = CURSOR_SIZE, .height = CURSOR_SIZE,
        .format = VIRTIO_GPU_FORMAT_B8G8R8A8_UNORM,
    });
    gpu_attach_backing({
        .gpu = gpu, .resource_id = id,
        .entries = &(GPUMemEntry) { addr, CURSOR_BYTES }, .nr_entries = 1,
    });
    put_cursor(gpu, id, addr, seed);
    return addr;
}

/* Its picture, hot spot and place, as a display is told about them */
static void test_cursor(void *obj, void *data, QGuestAllocator *alloc)
{
    QVirtioGPU *gpu = obj;
    g_autoptr(DisplayListener) l = display_listener_new(gpu->qts, 0);
    uint64_t addr = create_cursor(gpu, 1, 1);

    g_assert_false(display_listener_cursor(l)->on);
    gpu_update_cursor({
        .gpu = gpu, .resource_id = 1, .x = 10, .y = 20, .hot_x = 1, .hot_y = 2,
    });
    display_check_cursor({
        .listener = l, .seed = 1, .x = 10, .y = 20, .hot_x = 1, .hot_y = 2,
    });
    gpu_move_cursor({ .gpu = gpu, .resource_id = 1, .x = 30, .y = 40 });
    display_check_cursor({
        .listener = l, .seed = 1, .x = 30, .y = 40, .hot_x = 1, .hot_y = 2,
    });
    put_cursor(gpu, 1, addr, 2);
    gpu_update_cursor({ .gpu = gpu, .resource_id = 1, .x = 50, .hot_y = 63 });
    display_check_cursor({ .listener = l, .seed = 2, .x = 50, .hot_y = 63 });

    gpu_update_cursor({ .gpu = gpu, .resource_id = 0 });
    display_check_cursor({ .listener = l, .seed = 2, .hidden = true });
    gpu_update_cursor({ .gpu = gpu, .resource_id = 1, .y = 60 });
    gpu_unref({ .gpu = gpu, .resource_id = 1 });
    display_check_cursor({ .listener = l, .seed = 2, .y = 60 });
    guest_free(alloc, addr);
}

/* Each output has one; numbers that mean nothing change none. */
static void test_two_cursors(void *obj, void *data, QGuestAllocator *alloc)
{
    QVirtioGPU *gpu = obj;
    g_autoptr(DisplayListener) first = display_listener_new(gpu->qts, 0);
    g_autoptr(DisplayListener) second = NULL;
    uint64_t addr = create_cursor(gpu, 1, 3);
    unsigned defines, moves;

    gpu_update_cursor({ .gpu = gpu, .resource_id = 1, .x = 1 });
    put_cursor(gpu, 1, addr, 4);
    gpu_update_cursor({ .gpu = gpu, .scanout_id = 1, .resource_id = 1 });
    display_check_cursor({ .listener = first, .seed = 3, .x = 1 });
    /* A display that comes later is told, too. */
    second = display_listener_new_beside(first, 1);
    display_check_cursor({ .listener = second, .seed = 4 });

    /* No such resource, and one of another size: the picture stays. */
    gpu_update_cursor({ .gpu = gpu, .resource_id = 99, .x = 2 });
    display_check_cursor({ .listener = first, .seed = 3, .x = 2 });
    gpu_create_2d({
        .gpu = gpu, .resource_id = 2, .width = 32, .height = 128,
        .format = VIRTIO_GPU_FORMAT_B8G8R8A8_UNORM,
    });
    gpu_update_cursor({ .gpu = gpu, .resource_id = 2, .x = 3 });
    display_check_cursor({ .listener = first, .seed = 3, .x = 3 });

    defines = display_listener_cursor(first)->num_defines;
    moves = display_listener_cursor(first)->num_moves;
    gpu_update_cursor({ .gpu = gpu, .scanout_id = 99, .resource_id = 1 });
    gpu_move_cursor({ .gpu = gpu, .scanout_id = 2, .resource_id = 1 });
    g_assert_cmpuint(display_listener_cursor(first)->num_defines, ==, defines);
    g_assert_cmpuint(display_listener_cursor(first)->num_moves, ==, moves);
    display_check_cursor({ .listener = second, .seed = 4 });
    gpu_unref({ .gpu = gpu, .resource_id = 2 });
    gpu_unref({ .gpu = gpu, .resource_id = 1 });
    guest_free(alloc, addr);
}

static void skip(void *obj, void *why, QGuestAllocator *alloc)
{
    g_test_skip(why);
}

/* A display can say where the cursor is, if QEMU was built with that display */
static void register_virtio_gpu_2d_cursor(void)
{
    char *why = NULL;           /* lives as long as the tests */

    if (display_listener_supported(&why)) {
        QOSGraphTestOptions opts = {
            .edge.after_cmd_line = DISPLAY_LISTENER_ARGS,
        };

        qos_add_test("cursor", "virtio-gpu", test_cursor, &opts);
        qos_add_test("two-cursors", "virtio-gpu", test_two_cursors, &opts);
    } else {
        QOSGraphTestOptions opts = { .arg = why };

        qos_add_test("cursor", "virtio-gpu", skip, &opts);
        qos_add_test("two-cursors", "virtio-gpu", skip, &opts);
    }
}

libqos_init(register_virtio_gpu_2d_cursor);
