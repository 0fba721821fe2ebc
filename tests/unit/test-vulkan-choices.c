/*
 * Unit tests of what the Vulkan presenter chooses: drivers, formats, places
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "ui/vulkan/draw.h"
#include "ui/vulkan/result.h"
#include "ui/vulkan/swapchain.h"
#include "vulkan-script.h"

#define BGRA VK_FORMAT_B8G8R8A8_UNORM
#define RGBA VK_FORMAT_R8G8B8A8_UNORM
#define BGRA_SRGB VK_FORMAT_B8G8R8A8_SRGB
#define RGBA_SRGB VK_FORMAT_R8G8B8A8_SRGB
#define DEEP VK_FORMAT_A2R10G10B10_UNORM_PACK32
#define DEEP_BGR VK_FORMAT_A2B10G10R10_UNORM_PACK32
#define FLOATS VK_FORMAT_R16G16B16A16_SFLOAT

static VulkanInstance *instance_new(const VulkanScriptConfig *config,
                                    Error **errp)
{
    static const char *const extensions[] = { "VK_KHR_surface" };

    vulkan_script_start(config);
    return vulkan_instance_new(vulkan_script_get_proc, extensions, 1, errp);
}

static void check_portability(bool has_portability)
{
    const VulkanScriptConfig config = { .has_portability = has_portability };
    g_autoptr(VulkanInstance) in = instance_new(&config, &error_abort);
    VkInstanceCreateFlags flags =
        has_portability ? VK_INSTANCE_CREATE_ENUMERATE_PORTABILITY_BIT_KHR : 0;
    VkSurfaceKHR surface = vulkan_script_surface();
    VulkanDevice *dev;

    g_assert_cmpuint(vulkan_script_log().instance_flags, ==, flags);
    g_assert_cmpint(vulkan_script_log().asked_portability, ==,
                    has_portability);
    dev = vulkan_device_new(in, surface, &error_abort);
    g_assert_cmpint(vulkan_script_log().enabled_subset, ==, has_portability);
    /* The first family only computes. */
    g_assert_cmpuint(dev->queue_family, ==, 1);
    g_assert_cmpuint(dev->host_align, ==, 0);
    g_assert_false(dev->has_dmabuf);
    vulkan_device_free(dev);
    vulkan_instance_destroy_surface(in, surface);
    g_assert_cmpint(vulkan_script_alive(), ==, 0);
}

static void test_portability(void)
{
    check_portability(false);
    check_portability(true);
}

static void test_no_device(void)
{
    const VulkanScriptConfig config = { .has_no_device = true };
    g_autoptr(Error) err = NULL;

    g_assert_null(instance_new(&config, &err));
    g_assert_cmpstr(error_get_pretty(err), ==,
                    "the Vulkan drivers found no device");
}

static void test_no_driver(void)
{
    const VulkanScriptConfig config = {};
    g_autoptr(Error) err = NULL;

    vulkan_script_start(&config);
    vulkan_script_answer(SCRIPT_CREATE_INSTANCE,
                         VK_ERROR_INCOMPATIBLE_DRIVER, 1);
    g_assert_null(vulkan_instance_new(vulkan_script_get_proc, NULL, 0, &err));
    g_assert_cmpstr(error_get_pretty(err), ==,
                    "vkCreateInstance: VK_ERROR_INCOMPATIBLE_DRIVER (-9)");
}

/* The guest's values are to arrive unchanged, at their depth if possible. */
static void test_swapchain_formats(void)
{
    static const struct {
        VkFormat wanted;
        VkFormat offered[4];
        VkFormat chosen;        /* 0: none */
    } cases[] = {
        { BGRA, { RGBA_SRGB, BGRA_SRGB, RGBA, BGRA }, BGRA },
        { RGBA, { BGRA_SRGB, BGRA, RGBA }, RGBA },
        { BGRA, { BGRA_SRGB, RGBA_SRGB, RGBA }, RGBA },
        { RGBA, { RGBA_SRGB, BGRA_SRGB }, BGRA_SRGB },
        { BGRA, { DEEP, BGRA }, BGRA },
        { BGRA, { BGRA_SRGB, DEEP }, DEEP },
        { DEEP, { BGRA, DEEP_BGR, DEEP }, DEEP },
        { DEEP, { BGRA, DEEP_BGR }, DEEP_BGR },
        { DEEP, { BGRA }, BGRA },
        { BGRA, { FLOATS }, 0 },
    };
    int i, n;

    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        VkSurfaceFormatKHR offered[5], out = {};
        bool found;

        /* Other colour spaces are for others. */
        offered[0] = (VkSurfaceFormatKHR) {
            cases[i].wanted, VK_COLOR_SPACE_HDR10_ST2084_EXT,
        };
        for (n = 0; n < 4 && cases[i].offered[n]; n++) {
            offered[n + 1].format = cases[i].offered[n];
            offered[n + 1].colorSpace = VK_COLOR_SPACE_SRGB_NONLINEAR_KHR;
        }
        found = vulkan_swapchain_choose_format(offered, n + 1,
                                               cases[i].wanted, &out);
        g_assert_cmpint(found, ==, cases[i].chosen != 0);
        if (found) {
            g_assert_cmpint(out.format, ==, cases[i].chosen);
            g_assert_cmpint(out.colorSpace, ==,
                            VK_COLOR_SPACE_SRGB_NONLINEAR_KHR);
        }
    }
}

static void test_place(void)
{
    static const struct {
        uint32_t width, height;
        VkExtent2D window;
        VkRect2D place;
    } cases[] = {
        { 640, 480, { 640, 480 }, { { 0, 0 }, { 640, 480 } } },
        { 640, 480, { 1280, 960 }, { { 0, 0 }, { 1280, 960 } } },
        { 640, 480, { 1920, 480 }, { { 640, 0 }, { 640, 480 } } },
        { 640, 480, { 640, 960 }, { { 0, 240 }, { 640, 480 } } },
        { 1920, 1080, { 1, 1 }, { { 0, 0 }, { 1, 1 } } },
        { 32767, 1, { 100, 100 }, { { 0, 49 }, { 100, 1 } } },
        { 1, 32767, { 100, 100 }, { { 49, 0 }, { 1, 100 } } },
    };
    int i;

    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        VkRect2D at = vulkan_draw_place(cases[i].width, cases[i].height,
                                        cases[i].window);

        g_assert_cmpint(at.offset.x, ==, cases[i].place.offset.x);
        g_assert_cmpint(at.offset.y, ==, cases[i].place.offset.y);
        g_assert_cmpuint(at.extent.width, ==, cases[i].place.extent.width);
        g_assert_cmpuint(at.extent.height, ==, cases[i].place.extent.height);
    }
}

static void test_pixel_at(void)
{
    static const struct {
        VkExtent2D window;      /* of a picture of 640x480 */
        int x, y;
        VkOffset2D pixel;
    } cases[] = {
        { { 640, 480 }, 0, 0, { 0, 0 } },
        { { 640, 480 }, 639, 479, { 639, 479 } },
        { { 1280, 960 }, 1279, 1, { 639, 0 } },
        { { 1920, 480 }, 640, 7, { 0, 7 } },            /* bars at the sides */
        { { 1920, 480 }, 1279, 7, { 639, 7 } },
        { { 1920, 480 }, 3, 7, { 0, 7 } },
        { { 1920, 480 }, 1900, 7, { 639, 7 } },
        { { 640, 960 }, 5, 240, { 5, 0 } },             /* above and below */
        { { 640, 960 }, 5, 959, { 5, 479 } },
        { { 640, 960 }, -1, 10, { 0, 0 } },             /* dragged outside */
        { { 1, 1 }, 0, 0, { 0, 0 } },
    };
    int i;

    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        VkOffset2D at = vulkan_draw_pixel_at(640, 480, cases[i].window,
                                             cases[i].x, cases[i].y);

        g_assert_cmpint(at.x, ==, cases[i].pixel.x);
        g_assert_cmpint(at.y, ==, cases[i].pixel.y);
    }
}

/* Every result that can come has one meaning. */
static void test_status(void)
{
    static const struct {
        VkResult res;
        VulkanPresentStatus status;
    } cases[] = {
        { VK_SUCCESS, VULKAN_PRESENT_OK },
        { VK_SUBOPTIMAL_KHR, VULKAN_PRESENT_STALE },
        { VK_TIMEOUT, VULKAN_PRESENT_BUSY },
        { VK_NOT_READY, VULKAN_PRESENT_BUSY },
        { VK_ERROR_OUT_OF_DATE_KHR, VULKAN_PRESENT_RECREATE },
        { VK_ERROR_SURFACE_LOST_KHR, VULKAN_PRESENT_NO_SURFACE },
        { VK_ERROR_DEVICE_LOST, VULKAN_PRESENT_NO_DEVICE },
        { VK_ERROR_OUT_OF_HOST_MEMORY, VULKAN_PRESENT_NO_DEVICE },
    };
    int i;

    for (i = 0; i < ARRAY_SIZE(cases); i++) {
        g_assert_cmpint(vulkan_present_status(cases[i].res), ==,
                        cases[i].status);
    }
    g_assert_cmpstr(vulkan_result_name(VK_ERROR_DEVICE_LOST), ==,
                    "VK_ERROR_DEVICE_LOST");
    g_assert_cmpstr(vulkan_result_name(12345), ==, "an unknown VkResult");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/vulkan/portability", test_portability);
    g_test_add_func("/vulkan/no-device", test_no_device);
    g_test_add_func("/vulkan/no-driver", test_no_driver);
    g_test_add_func("/vulkan/swapchain-formats", test_swapchain_formats);
    g_test_add_func("/vulkan/place", test_place);
    g_test_add_func("/vulkan/pixel-at", test_pixel_at);
    g_test_add_func("/vulkan/status", test_status);
    return g_test_run();
}
