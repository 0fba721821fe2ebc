/*
 * virtio-gpu Venus backend: find the shared-memory layer and enable it
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/cutils.h"
#include "vulkan-env.h"

#define LAYER_NAME "VK_LAYER_QEMU_shm_memory"
#define LAYER_MANIFEST "VkLayer_qemu_shm_memory.json"
#define LAYER_MODE_VARIABLE "VENUS_MEMORY"

/* Path of the manifest, for a layer that lies somewhere else */
#define LAYER_PATH_VARIABLE "VENUS_MEMORY_LAYER"

/* Where installations put it, after the prefix that QEMU belongs to */
static const char *const layer_places[] = {
    "/usr/local/share/vulkan/explicit_layer.d",
    "/usr/share/vulkan/explicit_layer.d",
    "/opt/homebrew/share/vulkan/explicit_layer.d",
    "/opt/local/share/vulkan/explicit_layer.d",
};

/* @dir: taken over */
static char *layer_in(char *dir, GString *looked)
{
    g_autofree char *folder = dir;
    g_autofree char *path = g_build_filename(folder, LAYER_MANIFEST, NULL);

    if (g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        return g_steal_pointer(&path);
    }
    g_string_append_printf(looked, "%s%s", looked->len ? ", " : "", folder);
    return NULL;
}

char *venus_layer_find(GString *looked)
{
    const char *wanted = g_getenv(LAYER_PATH_VARIABLE);
    g_autofree char *data = NULL;
    g_autofree char *share = NULL;
    char *found;

    if (wanted && wanted[0]) {
        if (g_file_test(wanted, G_FILE_TEST_IS_REGULAR)) {
            return g_strdup(wanted);
        }
        g_string_append_printf(looked, "%s (from %s)", wanted,
                               LAYER_PATH_VARIABLE);
        return NULL;
    }
    data = get_relocated_path(CONFIG_QEMU_DATADIR);
    share = g_path_get_dirname(data);
    found = layer_in(g_build_filename(share, "vulkan/explicit_layer.d", NULL),
                     looked);
    for (size_t i = 0; !found && i < ARRAY_SIZE(layer_places); i++) {
        found = layer_in(g_strdup(layer_places[i]), looked);
    }
    return found;
}

/* Put @value before what the variable, a list with colons, has already. */
static char **layer_env_prepend(char **envp, const char *name,
                                const char *value)
{
    const char *old = g_environ_getenv(envp, name);
    g_autofree char *all = old && old[0] ?
                           g_strdup_printf("%s:%s", value, old) :
                           g_strdup(value);

    return g_environ_setenv(envp, name, all, true);
}

char **venus_layer_enable(char **envp, const char *manifest, const char *mode)
{
    g_autofree char *dir = g_path_get_dirname(manifest);
    /* With the first one set, the loader does not look at the second. */
    const char *path = g_environ_getenv(envp, "VK_LAYER_PATH") ?
                       "VK_LAYER_PATH" : "VK_ADD_LAYER_PATH";

    envp = layer_env_prepend(envp, path, dir);
    envp = layer_env_prepend(envp, "VK_INSTANCE_LAYERS", LAYER_NAME);
    return g_environ_setenv(envp, LAYER_MODE_VARIABLE, mode, true);
}
