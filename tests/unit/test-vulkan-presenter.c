/*
 * Unit tests of the Vulkan presenter against a scripted Vulkan
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/atomic.h"
#include "qemu/memalign.h"
#include "vulkan-window.h"

/* What each result leads to.  The window shows its picture in the end. */
typedef struct ResultCase {
    const char *name;
    VulkanScriptCall call;
    VkResult res;
    unsigned devices;           /* made in all */
    unsigned swapchains;        /* successfully or not */
    int surfaces_lost;
} ResultCase;

static const ResultCase result_cases[] = {
    { "none", SCRIPT_ACQUIRE, VK_SUCCESS, 1, 1 },
    { "acquire/out-of-date", SCRIPT_ACQUIRE, VK_ERROR_OUT_OF_DATE_KHR, 1, 2 },
    { "acquire/suboptimal", SCRIPT_ACQUIRE, VK_SUBOPTIMAL_KHR, 1, 2 },
    { "acquire/timeout", SCRIPT_ACQUIRE, VK_TIMEOUT, 1, 1 },
    { "acquire/not-ready", SCRIPT_ACQUIRE, VK_NOT_READY, 1, 1 },
    { "acquire/surface-lost", SCRIPT_ACQUIRE, VK_ERROR_SURFACE_LOST_KHR,
      2, 2, 1 },
    { "acquire/device-lost", SCRIPT_ACQUIRE, VK_ERROR_DEVICE_LOST, 2, 2 },
    { "present/out-of-date", SCRIPT_PRESENT, VK_ERROR_OUT_OF_DATE_KHR, 1, 2 },
    { "present/suboptimal", SCRIPT_PRESENT, VK_SUBOPTIMAL_KHR, 1, 2 },
    { "present/surface-lost", SCRIPT_PRESENT, VK_ERROR_SURFACE_LOST_KHR,
      2, 2, 1 },
    { "present/device-lost", SCRIPT_PRESENT, VK_ERROR_DEVICE_LOST, 2, 2 },
    { "submit/device-lost", SCRIPT_SUBMIT, VK_ERROR_DEVICE_LOST, 2, 2 },
    { "submit/out-of-memory", SCRIPT_SUBMIT, VK_ERROR_OUT_OF_DEVICE_MEMORY,
      2, 2 },
    { "poll/device-lost", SCRIPT_POLL, VK_ERROR_DEVICE_LOST, 2, 2 },
    { "allocate/out-of-memory", SCRIPT_ALLOCATE,
      VK_ERROR_OUT_OF_DEVICE_MEMORY, 2, 2 },
    { "capabilities/surface-lost", SCRIPT_CAPABILITIES,
      VK_ERROR_SURFACE_LOST_KHR, 2, 1, 1 },
    { "swapchain/window-in-use", SCRIPT_CREATE_SWAPCHAIN,
      VK_ERROR_NATIVE_WINDOW_IN_USE_KHR, 2, 2, 1 },
    { "swapchain/out-of-date", SCRIPT_CREATE_SWAPCHAIN,
      VK_ERROR_OUT_OF_DATE_KHR, 1, 2 },
    { "swapchain/device-lost", SCRIPT_CREATE_SWAPCHAIN, VK_ERROR_DEVICE_LOST,
      2, 2 },
    { "device/initialization", SCRIPT_CREATE_DEVICE,
      VK_ERROR_INITIALIZATION_FAILED, 2, 1 },
};

static void test_result(const void *opaque)
{
    const ResultCase *c = opaque;
    Window w;

    window_open(&w, &window_plain);
    vulkan_script_answer(c->call, c->res, 1);
    window_show(&w, window_surface_new());
    if (c->surfaces_lost) {
        window_wait_flag(&w.lost);
        vulkan_presenter_set_surface(w.presenter, vulkan_script_surface());
    }
    window_wait_calls(SCRIPT_CREATE_DEVICE, c->devices);
    window_wait_calls(SCRIPT_CREATE_SWAPCHAIN, c->swapchains);
    window_wait_frames(&w, 1);
    /* Another frame goes the usual way. */
    vulkan_presenter_damage(w.presenter, 0, 0, 1, 1);
    window_wait_frames(&w, 2);
    g_assert_cmpuint(vulkan_script_calls(SCRIPT_CREATE_DEVICE), ==,
                     c->devices);
    g_assert_cmpuint(vulkan_script_calls(SCRIPT_CREATE_SWAPCHAIN), ==,
                     c->swapchains);
    g_assert_cmpint(qatomic_read(&w.lost), ==, c->surfaces_lost);
    window_close(&w);
}

/* A frame that takes too long is waited for, with the thread still awake. */
static void test_slow_device(void)
{
    Window w;
    int i;

    window_open(&w, &window_plain);
    vulkan_script_answer(SCRIPT_POLL, VK_TIMEOUT, UINT_MAX);
    vulkan_script_answer(SCRIPT_WAIT, VK_TIMEOUT, 3);
    window_show(&w, window_surface_new());
    window_wait_frames(&w, 1);
    for (i = 2; i < 5; i++) {
        vulkan_presenter_damage(w.presenter, 0, 0, 1, 1);
        window_wait_frames(&w, i);
    }
    g_assert_cmpuint(vulkan_script_calls(SCRIPT_WAIT), >=, 4);
    g_assert_cmpuint(vulkan_script_calls(SCRIPT_CREATE_DEVICE), ==, 1);
    window_close(&w);
}

/* Two frames are submitted before any is waited for. */
static void test_two_in_flight(void)
{
    Window w;

    window_open(&w, &window_plain);
    vulkan_script_answer(SCRIPT_POLL, VK_TIMEOUT, UINT_MAX);
    window_show(&w, window_surface_new());
    window_wait_frames(&w, 1);
    vulkan_presenter_damage(w.presenter, 0, 0, 1, 1);
    window_wait_frames(&w, 2);
    g_assert_cmpuint(vulkan_script_calls(SCRIPT_WAIT), ==, 0);
    vulkan_presenter_damage(w.presenter, 0, 0, 1, 1);
    window_wait_frames(&w, 3);
    g_assert_cmpuint(vulkan_script_calls(SCRIPT_WAIT), ==, 1);
    window_close(&w);
}

static void test_gives_up(void)
{
    Window w;

    window_open(&w, &window_plain);
    vulkan_script_answer(SCRIPT_SUBMIT, VK_ERROR_DEVICE_LOST, UINT_MAX);
    window_show(&w, window_surface_new());
    window_wait_flag(&w.stopped);
    g_assert_nonnull(strstr(vulkan_presenter_error(w.presenter),
                            "VK_ERROR_DEVICE_LOST"));
    g_assert_cmpuint(vulkan_script_calls(SCRIPT_CREATE_DEVICE), ==, 6);
    window_close(&w);
}

static void test_hidden_window(void)
{
    Window w;

    window_open(&w, &window_plain);
    vulkan_presenter_resize(w.presenter, 0, 0);
    window_show(&w, window_surface_new());
    vulkan_presenter_damage(w.presenter, 0, 0, 1, 1);
    g_usleep(100 * 1000);
    g_assert_cmpuint(vulkan_script_calls(SCRIPT_CREATE_DEVICE), ==, 0);
    g_assert_cmpuint(vulkan_script_calls(SCRIPT_CAPABILITIES), ==, 0);

    vulkan_presenter_resize(w.presenter, WINDOW_SIZE, WINDOW_SIZE);
    window_wait_frames(&w, 1);
    window_close(&w);
}

/* As on Windows and macOS: the surface itself has no area. */
static void test_surface_without_area(void)
{
    Window w;

    window_open(&w, &window_plain);
    vulkan_script_resize(0, 0);
    window_show(&w, window_surface_new());
    window_wait_calls(SCRIPT_CAPABILITIES, 1);
    g_usleep(100 * 1000);
    g_assert_cmpuint(vulkan_script_calls(SCRIPT_CAPABILITIES), ==, 1);
    g_assert_cmpuint(vulkan_script_calls(SCRIPT_CREATE_SWAPCHAIN), ==, 0);

    vulkan_script_resize(WINDOW_SIZE, WINDOW_SIZE);
    vulkan_presenter_damage(w.presenter, 0, 0, 1, 1);
    window_wait_frames(&w, 1);
    window_close(&w);
}

static void test_resize(void)
{
    Window w;

    window_open(&w, &window_plain);
    window_show(&w, window_surface_new());
    window_wait_frames(&w, 1);
    g_assert_false(vulkan_script_log().had_old);
    g_assert_cmpuint(vulkan_script_log().copies, ==, 1);
    g_assert_cmpuint(vulkan_script_log().blits, ==, 0);

    vulkan_script_resize(2 * WINDOW_SIZE, WINDOW_SIZE);
    vulkan_presenter_resize(w.presenter, 2 * WINDOW_SIZE, WINDOW_SIZE);
    window_wait_frames(&w, 2);
    g_assert_true(vulkan_script_log().had_old);
    g_assert_cmpuint(vulkan_script_log().extent.width, ==, 2 * WINDOW_SIZE);
    g_assert_cmpuint(vulkan_script_log().blits, ==, 1);
    g_assert_cmpuint(vulkan_script_log().clears, ==, 1);
    g_assert_cmpuint(vulkan_script_calls(SCRIPT_WAIT_IDLE), ==, 0);
    window_close(&w);
}

/* A surface that is never content is not asked again and again. */
static void test_always_suboptimal(void)
{
    Window w;
    int i;

    window_open(&w, &window_plain);
    vulkan_script_answer(SCRIPT_PRESENT, VK_SUBOPTIMAL_KHR, UINT_MAX);
    window_show(&w, window_surface_new());
    window_wait_frames(&w, 2);
    for (i = 3; i < 10; i++) {
        vulkan_presenter_damage(w.presenter, 0, 0, 1, 1);
        window_wait_frames(&w, i);
    }
    g_assert_cmpuint(vulkan_script_calls(SCRIPT_CREATE_SWAPCHAIN), ==, 2);
    window_close(&w);
}

/* What changed while no image was free is copied in one go, and only that. */
static void test_damage_adds_up(void)
{
    Window w;
    uint64_t shown;

    window_open(&w, &window_plain);
    window_show(&w, window_surface_new());
    window_wait_frames(&w, 1);
    vulkan_presenter_damage(w.presenter, 0, 0, 1, 1);
    window_wait_frames(&w, 2);
    /* Both slots have had the whole picture; the first lacks one pixel. */
    g_assert_cmpuint(window_copied(&w), ==, 2 * WINDOW_PIXELS);

    vulkan_script_answer(SCRIPT_ACQUIRE, VK_TIMEOUT, UINT_MAX);
    vulkan_presenter_damage(w.presenter, 8, 8, 4, 4);
    vulkan_presenter_damage(w.presenter, 20, 8, 2, 2);
    vulkan_presenter_damage(w.presenter, 10, 8, 4, 4);
    shown = window_frames(&w);
    window_wait_calls(SCRIPT_ACQUIRE, vulkan_script_calls(SCRIPT_ACQUIRE) + 2);
    g_assert_cmpuint(window_frames(&w), ==, shown);
    vulkan_script_answer(SCRIPT_ACQUIRE, VK_SUCCESS, 0);
    window_wait_frames(&w, shown + 1);
    g_assert_cmpuint(window_copied(&w), ==, 2 * WINDOW_PIXELS + 1 + 24 + 4);
    window_close(&w);
}

/* One frame: a console says later that what it switched to is complete. */
static void test_switch_and_update(void)
{
    DisplaySurface *surface = window_surface_new();
    g_autoptr(VulkanFrame) frame = vulkan_frame_new(surface);
    Window w;

    window_open(&w, &window_plain);
    vulkan_presenter_set_frame(w.presenter, frame);
    vulkan_presenter_resize(w.presenter, WINDOW_SIZE, WINDOW_SIZE / 2);
    g_usleep(50 * 1000);
    g_assert_cmpuint(window_frames(&w), ==, 0);
    vulkan_presenter_damage(w.presenter, 0, 0, 1, 1);
    window_wait_frames(&w, 1);
    g_usleep(50 * 1000);
    g_assert_cmpuint(window_frames(&w), ==, 1);
    g_assert_cmpuint(window_copied(&w), ==, WINDOW_PIXELS);
    w.surface = surface;        /* freed with the window */
    window_close(&w);
}

static void test_newest_frame_wins(void)
{
    Window w;
    int i;

    window_open(&w, &window_plain);
    vulkan_script_answer(SCRIPT_ACQUIRE, VK_TIMEOUT, UINT_MAX);
    for (i = 0; i < 50; i++) {
        window_show(&w, window_surface_new());
    }
    window_wait_calls(SCRIPT_ACQUIRE, 2);
    vulkan_script_answer(SCRIPT_ACQUIRE, VK_SUCCESS, 0);
    window_wait_frames(&w, 1);
    g_usleep(20 * 1000);
    g_assert_cmpuint(window_frames(&w), ==, 1);
    window_close(&w);
}

static void test_host_pointer_copies_nothing(void)
{
    int released;
    ScanoutImage *blob = window_blob_new(&released);
    void *memory = scanout_image_ptr(blob);
    Window w;
    int i;

    window_open(&w, &window_plain);
    for (i = 1; i < 10; i++) {
        window_show(&w, window_blob_surface(blob));
        window_wait_frames(&w, i);
    }
    g_assert_cmpuint(window_copied(&w), ==, 0);
    g_assert_cmpuint(vulkan_script_calls(SCRIPT_HOST_POINTER), ==, 1);
    scanout_image_unref(blob);
    window_close(&w);
    g_assert_cmpint(released, ==, 1);
    qemu_vfree(memory);
}

static void test_refused_host_pointer(void)
{
    int released;
    ScanoutImage *blob = window_blob_new(&released);
    void *memory = scanout_image_ptr(blob);
    Window w;

    window_open(&w, &window_plain);
    vulkan_script_answer(SCRIPT_HOST_POINTER,
                         VK_ERROR_INVALID_EXTERNAL_HANDLE, UINT_MAX);
    window_show(&w, window_blob_surface(blob));
    window_wait_frames(&w, 1);
    g_assert_cmpuint(window_copied(&w), ==, WINDOW_PIXELS);
    scanout_image_unref(blob);
    window_close(&w);
    qemu_vfree(memory);
}

/* A picture that the device cannot scale is converted to one that it can. */
static void check_deep(bool can_scale)
{
    VulkanScriptConfig config = window_plain;
    int released;
    ScanoutImage *blob = window_blob_new(&released);
    void *memory = scanout_image_ptr(blob);
    Window w;

    config.has_no_deep_scaling = !can_scale;
    config.formats[1] = VK_FORMAT_A2R10G10B10_UNORM_PACK32;
    window_open(&w, &config);
    window_show(&w, scanout_image_new_surface(blob, PIXMAN_x2r10g10b10,
                                              WINDOW_SIZE, WINDOW_SIZE,
                                              WINDOW_SIZE * 4, 0));
    window_wait_frames(&w, 1);
    g_assert_cmpuint(window_copied(&w), ==, can_scale ? 0 : WINDOW_PIXELS);
    g_assert_cmpint(vulkan_script_log().format, ==,
                    can_scale ? VK_FORMAT_A2R10G10B10_UNORM_PACK32 :
                                VK_FORMAT_B8G8R8A8_UNORM);
    scanout_image_unref(blob);
    window_close(&w);
    qemu_vfree(memory);
}

static void test_deep(void)
{
    check_deep(true);
    check_deep(false);
}

/*
 * A picture that only a device reaches is shown without its pixels; they are
 * asked for once the device refuses it.
 */
static void check_device_memory(bool is_refused)
{
    VulkanScriptConfig config = window_plain;
    int released;
    ScanoutImage *blob = window_blob_new(&released);
    void *memory = scanout_image_ptr(blob);
    int fds[2];
    Window w;
    int i;

    config.has_dmabuf = true;
    /* As little shared memory as a dma-buf, which is all that is looked at */
    g_assert_cmpint(pipe(fds), ==, 0);
    scanout_image_set_device_fd(blob, fds[0]);
    window_open(&w, &config);
    vulkan_script_answer(SCRIPT_ALLOCATE, VK_ERROR_INVALID_EXTERNAL_HANDLE,
                         is_refused);
    for (i = 1; i < 4; i++) {
        window_show(&w, window_blob_surface(blob));
        window_wait_frames(&w, i);
    }
    g_assert_cmpuint(vulkan_script_log().dmabufs, ==, !is_refused);
    g_assert_cmpint(scanout_image_copy_is_wanted(blob), ==, is_refused);
    g_assert_cmpuint(window_copied(&w), ==, 0);
    scanout_image_unref(blob);
    window_close(&w);
    g_assert_cmpint(released, ==, 1);
    close(fds[1]);
    qemu_vfree(memory);
}

static void test_dmabuf(void)
{
    check_device_memory(false);
}

static void test_dmabuf_refused(void)
{
    check_device_memory(true);
}

/* The guest is done with a blob that the device still reads. */
static void test_blob_outlives_its_frame(void)
{
    int released;
    ScanoutImage *blob = window_blob_new(&released);
    void *memory = scanout_image_ptr(blob);
    Window w;

    window_open(&w, &window_plain);
    vulkan_script_answer(SCRIPT_POLL, VK_TIMEOUT, UINT_MAX);
    window_show(&w, window_blob_surface(blob));
    window_wait_frames(&w, 1);
    window_show(&w, window_surface_new());
    scanout_image_unref(blob);
    window_wait_frames(&w, 2);
    window_wait_calls(SCRIPT_POLL, vulkan_script_calls(SCRIPT_POLL) + 3);
    g_assert_cmpint(qatomic_read(&released), ==, 0);

    vulkan_script_answer(SCRIPT_POLL, VK_SUCCESS, 0);
    window_wait_flag(&released);
    window_close(&w);
    qemu_vfree(memory);
}

/* Hidden, and with nothing drawn since, the window lets go as well. */
static void test_hidden_window_lets_go(void)
{
    int released;
    ScanoutImage *blob = window_blob_new(&released);
    void *memory = scanout_image_ptr(blob);
    Window w;

    window_open(&w, &window_plain);
    window_show(&w, window_blob_surface(blob));
    window_wait_frames(&w, 1);
    vulkan_presenter_resize(w.presenter, 0, 0);
    window_show(&w, window_surface_new());
    scanout_image_unref(blob);
    window_wait_flag(&released);
    window_close(&w);
    qemu_vfree(memory);
}

static void test_revoked_frame_is_not_read(void)
{
    DisplaySurface *surface = window_surface_new();
    g_autoptr(VulkanFrame) frame = vulkan_frame_new(surface);
    g_autofree uint8_t *copy = g_malloc0(WINDOW_PIXELS * 4);
    pixman_region32_t all;

    pixman_region32_init_rect(&all, 0, 0, WINDOW_SIZE, WINDOW_SIZE);
    g_assert_cmpuint(vulkan_frame_read(frame, &all, false, copy), ==,
                     WINDOW_PIXELS);
    vulkan_frame_revoke(frame);
    qemu_free_displaysurface(surface);
    g_assert_cmpuint(vulkan_frame_read(frame, &all, false, copy), ==, 0);
    pixman_region32_fini(&all);
}

static void test_mode_falls_back(void)
{
    VulkanScriptConfig config = window_plain;
    Window w;

    config.has_mailbox = false;
    window_open(&w, &config);
    window_show(&w, window_surface_new());
    window_wait_frames(&w, 1);
    g_assert_cmpint(vulkan_script_log().mode, ==, VK_PRESENT_MODE_FIFO_KHR);
    window_close(&w);

    window_open(&w, &window_plain);
    window_show(&w, window_surface_new());
    window_wait_frames(&w, 1);
    g_assert_cmpint(vulkan_script_log().mode, ==,
                    VK_PRESENT_MODE_MAILBOX_KHR);
    window_close(&w);
}

int main(int argc, char **argv)
{
    int i;

    g_test_init(&argc, &argv, NULL);
    for (i = 0; i < ARRAY_SIZE(result_cases); i++) {
        g_autofree char *path = g_strdup_printf("/vulkan/result/%s",
                                                result_cases[i].name);

        g_test_add_data_func(path, &result_cases[i], test_result);
    }
    g_test_add_func("/vulkan/slow-device", test_slow_device);
    g_test_add_func("/vulkan/two-in-flight", test_two_in_flight);
    g_test_add_func("/vulkan/gives-up", test_gives_up);
    g_test_add_func("/vulkan/hidden", test_hidden_window);
    g_test_add_func("/vulkan/no-area", test_surface_without_area);
    g_test_add_func("/vulkan/resize", test_resize);
    g_test_add_func("/vulkan/always-suboptimal", test_always_suboptimal);
    g_test_add_func("/vulkan/damage", test_damage_adds_up);
    g_test_add_func("/vulkan/switch-and-update", test_switch_and_update);
    g_test_add_func("/vulkan/newest-wins", test_newest_frame_wins);
    g_test_add_func("/vulkan/host-pointer", test_host_pointer_copies_nothing);
    g_test_add_func("/vulkan/host-pointer-refused", test_refused_host_pointer);
    g_test_add_func("/vulkan/deep", test_deep);
    g_test_add_func("/vulkan/dmabuf", test_dmabuf);
    g_test_add_func("/vulkan/dmabuf-refused", test_dmabuf_refused);
    g_test_add_func("/vulkan/blob-outlives-frame",
                    test_blob_outlives_its_frame);
    g_test_add_func("/vulkan/hidden-lets-go", test_hidden_window_lets_go);
    g_test_add_func("/vulkan/revoked-frame", test_revoked_frame_is_not_read);
    g_test_add_func("/vulkan/mode", test_mode_falls_back);
    return g_test_run();
}
