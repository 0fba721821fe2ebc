/*
 * Venus-only mode: the cursor, as a display is told about it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "libqos/virtio-gpu-probe.h"
#include "display-cursor.h"
#include "venus-test-util.h"

#define CTX 1

static VenusTest *start(const char *device)
{
    VenusTest *t = venus_test_new({
        .device = device, .args = DISPLAY_LISTENER_ARGS,
    });

    venus_ctx_create(t->gpu, CTX);
    return t;
}

/* A 2D resource of @size x @size pixels; returns where its backing is */
static uint64_t cursor_2d(QVirtioGPU *gpu, uint32_t id, unsigned seed)
{
    g_autofree uint8_t *pixels = display_cursor_paint(seed);
    uint64_t addr = guest_alloc(gpu->alloc, CURSOR_BYTES);

    qtest_bufwrite(gpu->qts, addr, pixels, CURSOR_BYTES);
    gpu_create_2d({
        .gpu = gpu, .resource_id = id,
        .width = CURSOR_SIZE, .height = CURSOR_SIZE,
        .format = VIRTIO_GPU_FORMAT_B8G8R8A8_UNORM,
    });
    gpu_attach_backing({
        .gpu = gpu, .resource_id = id,
        .entries = &(GPUMemEntry) { addr, CURSOR_BYTES }, .nr_entries = 1,
    });
    gpu_transfer_2d({
        .gpu = gpu, .resource_id = id,
        .rect = { 0, 0, CURSOR_SIZE, CURSOR_SIZE },
    });
    return addr;
}

/* A guest blob of single pages in reverse order; returns where they are */
static uint64_t cursor_pages(QVirtioGPU *gpu, uint32_t id, unsigned seed)
{
    enum { PAGES = CURSOR_BYTES / 4096 };
    g_autofree uint8_t *pixels = display_cursor_paint(seed);
    uint64_t base = guest_alloc(gpu->alloc, CURSOR_BYTES);
    GPUMemEntry entries[PAGES];
    unsigned i;

    for (i = 0; i < PAGES; i++) {
        entries[i] = (GPUMemEntry) { base + (PAGES - 1 - i) * 4096, 4096 };
        qtest_bufwrite(gpu->qts, entries[i].addr, pixels + i * 4096, 4096);
    }
    gpu_create_blob({
        .gpu = gpu, .resource_id = id, .size = CURSOR_BYTES,
        .blob_mem = VIRTIO_GPU_BLOB_MEM_GUEST,
        .entries = entries, .nr_entries = PAGES,
    });
    return base;
}

static void cursor_host(QVirtioGPU *gpu, uint32_t id, unsigned seed)
{
    g_autofree uint8_t *pixels = display_cursor_paint(seed);

    venus_host_blob(gpu, CTX, id, CURSOR_BYTES);
    gpu_map_blob({ .gpu = gpu, .resource_id = id, .offset = 0 });
    qvirtio_gpu_shm_write(gpu, 0, pixels, CURSOR_BYTES);
}

/* Pixels from each kind of resource, and new ones with the next command */
static void test_pictures(const char *device)
{
    g_autoptr(VenusTest) t = start(device);
    g_autoptr(DisplayListener) l = display_listener_new(t->qts, 0);
    g_autofree uint8_t *pixels = display_cursor_paint(9);
    uint64_t in_2d, in_pages;
    uint32_t id;

    in_2d = cursor_2d(t->gpu, 1, 1);
    in_pages = cursor_pages(t->gpu, 2, 2);
    cursor_host(t->gpu, 3, 3);
    for (id = 1; id <= 3; id++) {
        gpu_update_cursor({
            .gpu = t->gpu, .resource_id = id, .x = 10 * id, .y = 20 * id,
            .hot_x = id, .hot_y = 63 - id,
        });
        display_check_cursor({
            .listener = l, .seed = id, .x = 10 * id, .y = 20 * id,
            .hot_x = id, .hot_y = 63 - id,
        });
    }

    /* A display has a copy, which the next command makes anew. */
    qvirtio_gpu_shm_write(t->gpu, 0, pixels, CURSOR_BYTES);
    gpu_move_cursor({ .gpu = t->gpu, .resource_id = 3, .x = 7, .y = 8 });
    display_check_cursor({
        .listener = l, .seed = 3, .x = 7, .y = 8, .hot_x = 3, .hot_y = 60,
    });
    gpu_update_cursor({ .gpu = t->gpu, .resource_id = 3, .x = 7, .y = 8 });
    display_check_cursor({ .listener = l, .seed = 9, .x = 7, .y = 8 });

    /* So it needs no resource any more. */
    gpu_unref({ .gpu = t->gpu, .resource_id = 3 });
    gpu_move_cursor({ .gpu = t->gpu, .resource_id = 3, .x = 5, .y = 6 });
    display_check_cursor({ .listener = l, .seed = 9, .x = 5, .y = 6 });
    guest_free(&t->alloc, in_2d);
    guest_free(&t->alloc, in_pages);
}

/* Places on either output, and a cursor that is hidden and shown again */
static void test_places(const char *device)
{
    g_autoptr(VenusTest) t = start(device);
    g_autoptr(DisplayListener) first = display_listener_new(t->qts, 0);
    g_autoptr(DisplayListener) second = NULL;

    g_assert_cmpuint(display_listener_cursor(first)->num_defines, ==, 0);
    g_assert_false(display_listener_cursor(first)->on);
    cursor_host(t->gpu, 1, 4);
    gpu_update_cursor({ .gpu = t->gpu, .resource_id = 1, .x = 1, .y = 2 });
    gpu_update_cursor({
        .gpu = t->gpu, .scanout_id = 1, .resource_id = 1, .x = 3, .y = 4,
        .hot_x = 5,
    });
    display_check_cursor({ .listener = first, .seed = 4, .x = 1, .y = 2 });
    /* A display that comes later is told, too. */
    second = display_listener_new_beside(first, 1);
    display_check_cursor({
        .listener = second, .seed = 4, .x = 3, .y = 4, .hot_x = 5,
    });

    gpu_move_cursor({
        .gpu = t->gpu, .scanout_id = 1, .resource_id = 1, .x = UINT32_MAX,
        .y = UINT32_MAX,
    });
    display_check_cursor({
        .listener = second, .seed = 4, .x = -1, .y = -1, .hot_x = 5,
    });
    gpu_update_cursor({ .gpu = t->gpu, .scanout_id = 1, .resource_id = 0 });
    display_check_cursor({ .listener = second, .seed = 4, .hidden = true });
    display_check_cursor({ .listener = first, .seed = 4, .x = 1, .y = 2 });
    gpu_update_cursor({
        .gpu = t->gpu, .scanout_id = 1, .resource_id = 1, .x = 8, .y = 9,
    });
    display_check_cursor({ .listener = second, .seed = 4, .x = 8, .y = 9 });
}

/* Resources that are no cursor leave the picture, other scanouts everything */
static void test_errors(const char *device)
{
    g_autoptr(VenusTest) t = start(device);
    g_autoptr(DisplayListener) l = display_listener_new(t->qts, 0);
    unsigned defines, moves;
    uint32_t id;

    cursor_host(t->gpu, 1, 5);
    venus_host_blob(t->gpu, CTX, 2, CURSOR_BYTES - 4096);
    gpu_create_2d({
        .gpu = t->gpu, .resource_id = 3, .width = 32, .height = 128,
        .format = VIRTIO_GPU_FORMAT_B8G8R8A8_UNORM,
    });
    for (id = 1; id <= 4; id++) {
        gpu_update_cursor({ .gpu = t->gpu, .resource_id = id, .x = id });
        display_check_cursor({ .listener = l, .seed = 5, .x = id });
    }
    defines = display_listener_cursor(l)->num_defines;
    moves = display_listener_cursor(l)->num_moves;
    gpu_update_cursor({ .gpu = t->gpu, .resource_id = 1, .scanout_id = 9 });
    gpu_move_cursor({ .gpu = t->gpu, .resource_id = 1, .scanout_id = 2 });
    g_assert_cmpuint(display_listener_cursor(l)->num_defines, ==, defines);
    g_assert_cmpuint(display_listener_cursor(l)->num_moves, ==, moves);
}

/* Requests as no driver should make them */
static void test_malformed(void)
{
    const size_t whole = sizeof(struct virtio_gpu_update_cursor);
    const size_t sizes[] = {
        0, 1, sizeof(struct virtio_gpu_ctrl_hdr) - 1,
        sizeof(struct virtio_gpu_ctrl_hdr), whole - 1, whole, 256,
    };
    static const uint32_t types[] = {
        VIRTIO_GPU_CMD_UPDATE_CURSOR, VIRTIO_GPU_CMD_MOVE_CURSOR,
        VIRTIO_GPU_CMD_GET_DISPLAY_INFO, UINT32_MAX,
    };
    g_autoptr(VenusTest) t = start(NULL);
    g_autoptr(DisplayListener) l = display_listener_new(t->qts, 0);
    unsigned moves;
    int i, j, fill;

    cursor_host(t->gpu, 1, 6);
    gpu_update_cursor({ .gpu = t->gpu, .resource_id = 1, .x = 3, .hot_y = 4 });
    moves = display_listener_cursor(l)->num_moves;
    for (i = 0; i < G_N_ELEMENTS(types); i++) {
        for (j = 0; j < G_N_ELEMENTS(sizes); j++) {
            for (fill = 0; fill < 2; fill++) {
                uint8_t buf[256];
                struct virtio_gpu_ctrl_hdr hdr = {
                    .type = cpu_to_le32(types[i]),
                };

                if (!fill && sizes[j] >= whole) {
                    continue;           /* zeroes are a good command */
                }
                g_test_message("type 0x%x, %zu bytes", types[i], sizes[j]);
                memset(buf, -fill, sizeof(buf));
                memcpy(buf, &hdr, sizeof(hdr));
                /* An answer is not expected, but there may be room for one */
                qvirtio_gpu_wait(t->gpu, gpu_send({
                    .gpu = t->gpu, .cursor = true, .cmd = buf,
                    .cmd_len = sizes[j], .resp_len = sizeof(hdr),
                }), NULL, 0);
                gpu_display_info({ .gpu = t->gpu });
            }
        }
    }
    display_check_cursor({ .listener = l, .seed = 6, .x = 3, .hot_y = 4 });
    g_assert_cmpuint(display_listener_cursor(l)->num_defines, ==, 1);
    g_assert_cmpuint(display_listener_cursor(l)->num_moves, ==, moves);
    venus_check_2d(t->gpu);
}

/* Looking at a cursor needs a display that tells about it */
static bool usable(char **why)
{
    return display_listener_supported(why) && qvirtio_gpu_venus_usable(why);
}

int main(int argc, char **argv)
{
    static const VenusTestCase cases[] = {
        { "pictures", .run_on = test_pictures },
        { "places", .run_on = test_places },
        { "errors", .run_on = test_errors },
        { "malformed", test_malformed },
    };

    return venus_test_main(argc, argv, "cursor", usable,
                           cases, G_N_ELEMENTS(cases));
}
