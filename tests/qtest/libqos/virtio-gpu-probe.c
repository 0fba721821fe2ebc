/*
 * Starts a QEMU that only has to come up, and says what it printed
 *
 * Display devices cannot be hot-plugged, so whether one realizes is only
 * known from a QEMU started with it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "../libqtest.h"
#include "virtio-gpu-probe.h"

bool qvirtio_gpu_probe(GPUProbeOpts opt)
{
    g_autofree char *script =
        g_strdup_printf("echo quit | exec \"$QTEST_QEMU_BINARY\" %s"
                        " -accel qtest -display none -nodefaults"
                        " -serial none -monitor stdio", opt.args);
    const char *argv[] = { "/bin/sh", "-c", script, NULL };
    g_auto(GStrv) env = g_get_environ();
    g_autofree char *output = NULL;
    g_autoptr(GError) err = NULL;
    int status = -1;

    if (opt.env_name) {
        env = g_environ_setenv(env, opt.env_name, opt.env_value, true);
    }
    g_spawn_sync(NULL, (char **)argv, env, G_SPAWN_STDOUT_TO_DEV_NULL,
                 NULL, NULL, NULL, &output, &status, &err);
    g_assert_no_error(err);
    /* Refusing the options is an answer, dying of a signal is a bug */
    g_assert_true(WIFEXITED(status));
    g_assert_cmpint(WEXITSTATUS(status), <, 128);
    g_strchomp(output);
    if (opt.output) {
        *opt.output = g_steal_pointer(&output);
    }
    return WEXITSTATUS(status) == 0;
}

/* The property that chooses the mode, among those that -device lists */
static bool gpu_probe_has_virgl_property(void)
{
    g_autofree char *script =
        g_strdup("exec \"$QTEST_QEMU_BINARY\" -machine virt"
                 " -device virtio-gpu-gl-pci,help");
    const char *argv[] = { "/bin/sh", "-c", script, NULL };
    g_autofree char *output = NULL;

    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_STDERR_TO_DEV_NULL,
                 NULL, NULL, &output, NULL, NULL, NULL);
    return output && strstr(output, "  virgl=");
}

bool qvirtio_gpu_venus_present(char **why)
{
    *why = NULL;
    if (strcmp(qtest_get_arch(), "aarch64") || !qtest_has_machine("virt")) {
        *why = g_strdup("no aarch64 virt machine in this QEMU");
    } else if (!qtest_has_device("virtio-gpu-gl-pci")) {
        *why = g_strdup("no virtio-gpu-gl-pci in this QEMU");
    } else if (!gpu_probe_has_virgl_property()) {
        *why = g_strdup("virtio-gpu-gl-pci has no Venus-only mode");
    }
    return !*why;
}

bool qvirtio_gpu_venus_usable(char **why)
{
    g_autofree char *output = NULL;
    bool realizes;

    if (!qvirtio_gpu_venus_present(why)) {
        return false;
    }
    realizes = gpu_probe({
        .args = "-machine virt -device virtio-gpu-gl-pci,venus=on",
        .output = &output,
    });
    if (!realizes &&
        (strstr(output, "render server") || strstr(output, "Vulkan"))) {
        *why = g_strdup_printf("Venus cannot run here: %s", output);
        return false;
    }
    return true;
}
