/*
 * Venus-only mode: devices that cannot be, and what QEMU says about them
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "libqos/virtio-gpu-probe.h"
#include "venus-test-util.h"

#define MACHINE "-machine virt -cpu max "

typedef struct BadDevice {
    const char *name;
    const char *args;
    const char *env_name;
    const char *env_value;
    const char *says[3];        /* all of these are in the message */
} BadDevice;

static const BadDevice bad_devices[] = {
    { "blob-off",
      "-device virtio-gpu-gl-pci,venus=on,blob=off",
      .says = { "blob" } },
    { "no-mode",
      "-device virtio-gpu-gl-pci,venus=off,virgl=off",
      .says = { "venus", "virgl" } },
    { "hostmem-100M",
      "-device virtio-gpu-gl-pci,venus=on,hostmem=100M",
      .says = { "hostmem", "power of" } },
    { "hostmem-1",
      "-device virtio-gpu-gl-pci,venus=on,hostmem=1",
      .says = { "hostmem" } },
    { "granule-3000",
      "-device virtio-gpu-gl-pci,venus=on,hostmem-granule=3000",
      .says = { "hostmem-granule=3000", "power of two" } },
    { "granule-2k",
      "-device virtio-gpu-gl-pci,venus=on,hostmem-granule=2K",
      .says = { "hostmem-granule=2048", "4096" } },
    { "granule-over-hostmem",
      "-device virtio-gpu-gl-pci,venus=on,hostmem=64K,hostmem-granule=128K",
      .says = { "hostmem-granule=131072", "hostmem=65536" } },
    { "mapping-other",
      "-device virtio-gpu-gl-pci,venus=on,hostmem-mapping=other",
      .says = { "hostmem-mapping", "other" } },
    { "17-outputs",
      "-device virtio-gpu-gl-pci,venus=on,max_outputs=17",
      .says = { "max_outputs=17", "16" } },
    { "two-devices",
      "-device virtio-gpu-gl-pci,venus=on -device virtio-gpu-gl-pci,venus=on",
      .says = { "one virtio-gpu-gl" } },
    { "mmio",
      "-global virtio-mmio.force-legacy=false "
      "-device virtio-gpu-gl-device,venus=on",
      .says = { "PCI", "virtio-gpu-gl-pci" } },
    { "no-server",
      "-device virtio-gpu-gl-pci,venus=on",
      "RENDER_SERVER_EXEC_PATH", "/nonexistent/server",
      .says = { "render server", "/nonexistent/server" } },
    { "server-is-no-server",
      "-device virtio-gpu-gl-pci,venus=on",
      "RENDER_SERVER_EXEC_PATH", "/bin/true",
      .says = { "render server", "/bin/true" } },
    { "vga-blob-off",
      "-device virtio-vga-gl,romfile=,venus=on,blob=off",
      .says = { "blob" } },
    { "vga-no-mode",
      "-device virtio-vga-gl,romfile=,venus=off,virgl=off",
      .says = { "venus", "virgl" } },
    { "vga-hostmem-100M",
      "-device virtio-vga-gl,romfile=,venus=on,hostmem=100M",
      .says = { "hostmem", "power of" } },
    { "vga-granule-3000",
      "-device virtio-vga-gl,romfile=,venus=on,hostmem-granule=3000",
      .says = { "hostmem-granule=3000", "power of two" } },
    { "vga-is-second",
      "-device virtio-gpu-gl-pci,venus=on "
      "-device virtio-vga-gl,romfile=,venus=on",
      .says = { "one virtio-gpu-gl" } },
    { "vga-no-server",
      "-device virtio-vga-gl,romfile=,venus=on",
      "RENDER_SERVER_EXEC_PATH", "/nonexistent/server",
      .says = { "render server", "/nonexistent/server" } },
    { "no-driver",
      "-device virtio-gpu-gl-pci,venus=on",
      "VK_DRIVER_FILES", "/nonexistent/icd.json",
      .says = { "Vulkan" } },
};

/* What QEMU says behind the option that it repeats first */
static const char *find_message(const char *output, const char *args)
{
    const char *option = g_strrstr(args, "-device ");
    const char *message = strstr(output, option);

    g_assert_nonnull(message);
    return message + strlen(option);
}

/* QEMU refuses and names the thing */
static void test_refused(const void *data)
{
    const BadDevice *bad = data;
    g_autofree char *args = g_strconcat(MACHINE, bad->args, NULL);
    g_autofree char *output = NULL;
    const char *message;
    int i;

    g_assert_false(gpu_probe({
        .args = args, .output = &output,
        .env_name = bad->env_name, .env_value = bad->env_value,
    }));
    message = find_message(output, bad->args);
    g_test_message("%s", message);
    for (i = 0; i < G_N_ELEMENTS(bad->says) && bad->says[i]; i++) {
        g_assert_nonnull(strstr(message, bad->says[i]));
    }
}

/* Plain 2D on the same machine does not mind what Venus lacks */
static void test_plain_device(void)
{
    g_assert_true(gpu_probe({
        .args = MACHINE "-device virtio-gpu-pci",
        .env_name = "RENDER_SERVER_EXEC_PATH", .env_value = "/nonexistent",
    }));
}

/* Whether QEMU starts with a device; what it says is in the log if not */
static void check_accepted(const char *device, const char *opts)
{
    g_autofree char *args = g_strdup_printf(MACHINE "-device %s,romfile=,%s",
                                            device, opts);
    g_autofree char *output = NULL;
    bool works = gpu_probe({ .args = args, .output = &output });

    g_test_message("%s: %s", args, output);
    g_assert_true(works);
}

/* The other way round: what is said explicitly and is right is taken */
static void test_accepted(void)
{
    static const char *const opts[] = {
        "venus=on", "venus=on,virgl=off", "venus=on,virgl=auto",
        "venus=on,blob=on", "venus=on,hostmem=16M", "venus=on,hostmem=1G",
        "venus=on,max_outputs=16", "venus=on,edid=off",
        "venus=on,hostmem-granule=0", "venus=on,hostmem-granule=64K",
        "venus=on,hostmem=64K,hostmem-granule=64K",
        "venus=on,hostmem-mapping=auto", "venus=on,hostmem-mapping=window",
        "venus=on,hostmem-mapping=subregion",
        "venus=on,blob-alignment=on", "venus=on,blob-alignment=off",
    };
    g_autofree char *why = NULL;
    int i;

    if (!qvirtio_gpu_venus_usable(&why)) {
        g_test_skip(why);
        return;
    }
    for (i = 0; i < G_N_ELEMENTS(opts); i++) {
        check_accepted(QVIRTIO_GPU_GL_PCI, opts[i]);
    }
}

static void test_vga_accepted(void)
{
    static const char *const opts[] = {
        "venus=on", "venus=on,virgl=off", "venus=on,hostmem=1G",
        "venus=on,max_outputs=16", "venus=on,hostmem-granule=64K",
        "venus=on,hostmem-mapping=subregion", "venus=on,blob-alignment=on",
    };
    g_autofree char *why = NULL;
    int i;

    if (!qvirtio_gpu_venus_usable(&why)) {
        g_test_skip(why);
        return;
    }
    for (i = 0; i < G_N_ELEMENTS(opts); i++) {
        check_accepted(QVIRTIO_VGA_GL, opts[i]);
    }
}

int main(int argc, char **argv)
{
    g_autofree char *why = NULL;
    bool present, has_vga;
    int i;

    g_test_init(&argc, &argv, NULL);
    has_vga = qtest_has_device(QVIRTIO_VGA_GL);
    if (!has_vga) {
        g_test_message("not in this QEMU, not tested: " QVIRTIO_VGA_GL);
    }
    present = qvirtio_gpu_venus_present(&why);
    for (i = 0; i < G_N_ELEMENTS(bad_devices); i++) {
        g_autofree char *path = g_strdup_printf("venus/realize/%s",
                                                bad_devices[i].name);

        if (!has_vga && strstr(bad_devices[i].args, QVIRTIO_VGA_GL)) {
            continue;
        }
        if (present) {
            qtest_add_data_func(path, &bad_devices[i], test_refused);
        } else {
            qtest_add_data_func(path, why, venus_test_skip);
        }
    }
    if (present) {
        qtest_add_func("venus/realize/plain-device", test_plain_device);
        qtest_add_func("venus/realize/accepted", test_accepted);
    }
    if (present && has_vga) {
        qtest_add_func("venus/realize/vga-accepted", test_vga_accepted);
    }
    return g_test_run();
}
