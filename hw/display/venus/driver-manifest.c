/*
 * virtio-gpu Venus backend: manifests of Vulkan drivers
 *
 * Finds MoltenVK, which the loader does not look for in all places, and makes
 * copies of manifests that the loader would drop.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <glib/gstdio.h>
#include "qobject/qbool.h"
#include "qobject/qdict.h"
#include "qobject/qjson.h"
#include "qobject/qstring.h"
#include "vulkan-env.h"

#define DRIVER_MANIFEST "MoltenVK_icd.json"

struct VenusManifests {
    char *dir;                  /* owned; a private folder */
    GPtrArray *files;           /* of char *, owned; in @dir */
};

/* A folder in which MoltenVK's manifest may lie */
typedef struct DriverPlace {
    const char *variable;       /* whose value comes first, or NULL */
    const char *folder;
} DriverPlace;

/* In the order of preference: what the user set up comes first. */
static const DriverPlace driver_places[] = {
    { "VULKAN_SDK", "share/vulkan/icd.d" },
    { "VULKAN_SDK", "etc/vulkan/icd.d" },
    { "HOME", ".local/share/vulkan/icd.d" },
    { NULL, "/opt/homebrew/etc/vulkan/icd.d" },
    { NULL, "/opt/homebrew/share/vulkan/icd.d" },
    { NULL, "/usr/local/etc/vulkan/icd.d" },
    { NULL, "/usr/local/share/vulkan/icd.d" },
    { NULL, "/opt/local/share/vulkan/icd.d" },
    { NULL, "/etc/vulkan/icd.d" },
    { NULL, "/usr/share/vulkan/icd.d" },
};

/* Variables of the loader that say which drivers there are; newer first */
static const char *const driver_variables[] = {
    "VK_DRIVER_FILES",
    "VK_ICD_FILENAMES",
};

static const char *driver_variable(char **envp)
{
    for (size_t i = 0; i < ARRAY_SIZE(driver_variables); i++) {
        const char *value = g_environ_getenv(envp, driver_variables[i]);

        if (value && value[0]) {
            return driver_variables[i];
        }
    }
    return NULL;
}

char *venus_driver_find(const char *root, char **envp)
{
    if (driver_variable(envp)) {
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_SIZE(driver_places); i++) {
        const DriverPlace *place = &driver_places[i];
        const char *base = place->variable ?
                           g_environ_getenv(envp, place->variable) : "";
        g_autofree char *path = NULL;

        if (!base || (place->variable && !base[0])) {
            continue;
        }
        path = g_strdup_printf("%s%s%s%s/%s", root, base,
                               place->variable ? "/" : "", place->folder,
                               DRIVER_MANIFEST);
        if (g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
            return g_steal_pointer(&path);
        }
    }
    return NULL;
}

/* The manifest as JSON if it says that it is of a portability driver */
static QDict *driver_read_portability(const char *path)
{
    g_autofree char *text = NULL;
    g_autoptr(QDict) manifest = NULL;
    QObject *json;
    QDict *icd;

    if (!g_file_get_contents(path, &text, NULL, NULL)) {
        return NULL;
    }
    json = qobject_from_json(text, NULL);
    manifest = qobject_to(QDict, json);
    if (!manifest) {
        qobject_unref(json);
        return NULL;
    }
    icd = qobject_to(QDict, qdict_get(manifest, "ICD"));
    if (!icd || !qdict_get_try_bool(icd, "is_portability_driver", false)) {
        return NULL;
    }
    return g_steal_pointer(&manifest);
}

/* A library's path is meant from the manifest's folder. */
static void driver_fix_library(QDict *icd, const char *path)
{
    const char *library = qdict_get_try_str(icd, "library_path");
    g_autofree char *dir = g_path_get_dirname(path);
    g_autofree char *full = NULL;

    if (library && strchr(library, '/') && !g_path_is_absolute(library)) {
        full = g_canonicalize_filename(library, dir);
        qdict_put_str(icd, "library_path", full);
    }
}

static VenusManifests *venus_manifests_new(void)
{
    char *dir = g_dir_make_tmp("qemu-venus-XXXXXX", NULL);
    VenusManifests *m;

    if (!dir) {
        return NULL;
    }
    m = g_new0(VenusManifests, 1);
    m->dir = dir;
    m->files = g_ptr_array_new_with_free_func(g_free);
    return m;
}

void venus_manifests_free(VenusManifests *m)
{
    if (!m) {
        return;
    }
    for (guint i = 0; i < m->files->len; i++) {
        g_unlink(g_ptr_array_index(m->files, i));
    }
    g_rmdir(m->dir);
    g_ptr_array_free(m->files, true);
    g_free(m->dir);
    g_free(m);
}

/* The path that the loader is to use in place of @path; borrowed */
static const char *driver_rewrite(const char *path, VenusManifests **manifests)
{
    g_autoptr(QDict) manifest = driver_read_portability(path);
    g_autoptr(GString) text = NULL;
    g_autofree char *name = NULL;
    g_autofree char *copy = NULL;
    QDict *icd;

    if (!manifest) {
        return path;
    }
    if (!*manifests) {
        *manifests = venus_manifests_new();
    }
    if (!*manifests) {
        return path;
    }
    icd = qobject_to(QDict, qdict_get(manifest, "ICD"));
    qdict_del(icd, "is_portability_driver");
    driver_fix_library(icd, path);
    text = qobject_to_json_pretty(QOBJECT(manifest), true);
    name = g_strdup_printf("%u.json", (*manifests)->files->len);
    copy = g_build_filename((*manifests)->dir, name, NULL);
    if (!g_file_set_contents(copy, text->str, text->len, NULL)) {
        return path;
    }
    g_ptr_array_add((*manifests)->files, copy);
    return g_steal_pointer(&copy);
}

char **venus_driver_enable(char **envp, const char *root,
                           VenusManifests **manifests)
{
    g_autofree char *found = venus_driver_find(root, envp);
    const char *variable = found ? driver_variables[0] : driver_variable(envp);
    g_autoptr(GString) list = g_string_new(NULL);
    g_auto(GStrv) paths = NULL;

    *manifests = NULL;
    if (!variable) {
        return envp;
    }
    paths = g_strsplit(found ?: g_environ_getenv(envp, variable), ":", -1);
    for (size_t i = 0; paths[i]; i++) {
        g_string_append_printf(list, "%s%s", i ? ":" : "",
                               driver_rewrite(paths[i], manifests));
    }
    return g_environ_setenv(envp, variable, list->str, true);
}
