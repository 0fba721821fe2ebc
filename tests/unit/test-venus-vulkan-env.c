/*
 * Unit tests: which Vulkan driver and layers the render server finds
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include <glib/gstdio.h>
#include "qapi/error.h"
#include "qemu/cutils.h"
#include "qobject/qdict.h"
#include "qobject/qjson.h"
#include "../../hw/display/venus/vulkan-env.h"

#define MOLTENVK "MoltenVK_icd.json"

typedef struct Fixture {
    char *root;                 /* owned; a folder that stands for "/" */
    GPtrArray *made;            /* of char *, owned; files and folders in it */
} Fixture;

static void fixture_set_up(Fixture *f, gconstpointer data)
{
    f->root = g_dir_make_tmp("venus-env-XXXXXX", NULL);
    g_assert_nonnull(f->root);
    f->made = g_ptr_array_new_with_free_func(g_free);
}

static void remove_tree(const char *path)
{
    GDir *dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *child = g_build_filename(path, name, NULL);

        remove_tree(child);
    }
    g_clear_pointer(&dir, g_dir_close);
    g_remove(path);
}

static void fixture_tear_down(Fixture *f, gconstpointer data)
{
    remove_tree(f->root);
    g_ptr_array_free(f->made, true);
    g_free(f->root);
}

/* Write a file below the root; its path belongs to the fixture. */
static const char *make_file(Fixture *f, const char *where, const char *text)
{
    char *path = g_build_filename(f->root, where, NULL);
    g_autofree char *dir = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(dir, 0700), ==, 0);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    g_ptr_array_add(f->made, path);
    return path;
}

static char **environment(const char *assignment, ...)
{
    char **envp = g_new0(char *, 1);
    va_list ap;

    va_start(ap, assignment);
    for (; assignment; assignment = va_arg(ap, const char *)) {
        g_auto(GStrv) both = g_strsplit(assignment, "=", 2);

        envp = g_environ_setenv(envp, both[0], both[1], true);
    }
    va_end(ap);
    return envp;
}

/* Where packages put it, the less preferred ones first */
static void test_find_places(Fixture *f, gconstpointer data)
{
    static const char *const places[] = {
        "usr/share/vulkan/icd.d",
        "etc/vulkan/icd.d",
        "opt/local/share/vulkan/icd.d",
        "usr/local/share/vulkan/icd.d",
        "usr/local/etc/vulkan/icd.d",
        "opt/homebrew/share/vulkan/icd.d",
        "opt/homebrew/etc/vulkan/icd.d",
        "home/me/.local/share/vulkan/icd.d",
        "sdk/etc/vulkan/icd.d",
        "sdk/share/vulkan/icd.d",
    };
    g_auto(GStrv) envp = environment("HOME=/home/me", "VULKAN_SDK=/sdk", NULL);

    g_assert_null(venus_driver_find(f->root, envp));
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        g_autofree char *where = g_build_filename(places[i], MOLTENVK, NULL);
        const char *path = make_file(f, where, "{}");
        g_autofree char *found = venus_driver_find(f->root, envp);

        g_assert_cmpstr(found, ==, path);
    }
}

/* Whoever has chosen a driver gets that one. */
static void test_find_chosen(Fixture *f, gconstpointer data)
{
    g_auto(GStrv) newer = environment("VK_DRIVER_FILES=/x.json", NULL);
    g_auto(GStrv) older = environment("VK_ICD_FILENAMES=/x.json", NULL);
    g_auto(GStrv) empty = environment("VK_DRIVER_FILES=", "HOME=", NULL);
    g_autofree char *found = NULL;

    make_file(f, "etc/vulkan/icd.d/" MOLTENVK, "{}");
    g_assert_null(venus_driver_find(f->root, newer));
    g_assert_null(venus_driver_find(f->root, older));
    found = venus_driver_find(f->root, empty);
    g_assert_nonnull(found);
}

static QDict *read_icd(const char *path, QDict **manifest)
{
    g_autofree char *text = NULL;
    QObject *json;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    json = qobject_from_json(text, &error_abort);
    *manifest = qobject_to(QDict, json);
    g_assert_nonnull(*manifest);
    return qdict_get_qdict(*manifest, "ICD");
}

/* The copy is the same driver, says nothing of portability, and goes away. */
static void test_rewrite(Fixture *f, gconstpointer data)
{
    const char *portable = make_file(
        f, "etc/vulkan/icd.d/" MOLTENVK,
        "{ 'file_format_version': '1.0.0', 'ICD': {"
        " 'library_path': '../../../lib/libMoltenVK.dylib',"
        " 'api_version': '1.2.0', 'is_portability_driver': true } }");
    g_autofree char *library =
        g_build_filename(f->root, "lib/libMoltenVK.dylib", NULL);
    g_autoptr(QDict) manifest = NULL;
    VenusManifests *manifests;
    g_autofree char *copy = NULL;
    g_autofree char *dir = NULL;
    char **envp = environment("HOME=/nowhere", NULL);
    struct stat st;
    QDict *icd;

    envp = venus_driver_enable(envp, f->root, &manifests);
    g_assert_nonnull(manifests);
    copy = g_strdup(g_environ_getenv(envp, "VK_DRIVER_FILES"));
    g_assert_cmpstr(copy, !=, portable);
    icd = read_icd(copy, &manifest);
    g_assert_false(qdict_haskey(icd, "is_portability_driver"));
    g_assert_cmpstr(qdict_get_str(icd, "library_path"), ==, library);
    g_assert_cmpstr(qdict_get_str(icd, "api_version"), ==, "1.2.0");
    g_assert_cmpstr(qdict_get_str(manifest, "file_format_version"), ==,
                    "1.0.0");

    dir = g_path_get_dirname(copy);
    g_assert_cmpint(stat(dir, &st), ==, 0);
    g_assert_cmpint(st.st_mode & 077, ==, 0);
    venus_manifests_free(manifests);
    g_assert_false(g_file_test(dir, G_FILE_TEST_EXISTS));
    g_strfreev(envp);
}

/* In a list, only those that need it are replaced. */
static void test_rewrite_list(Fixture *f, gconstpointer data)
{
    static const char *const texts[] = {
        "{ 'ICD': { 'library_path': 'libplain.so' } }",
        "{ 'ICD': { 'library_path': 'libvulkan_x.so',"
        " 'is_portability_driver': true } }",
        "{ 'ICD': { 'library_path': '/abs/libx.so',"
        " 'is_portability_driver': false } }",
        "{ 'ICD': { 'library_path': '/abs/liby.so',"
        " 'is_portability_driver': true } }",
        "no JSON",
        "[ 'is_portability_driver' ]",
        "{ 'ICD': 7 }",
    };
    g_autoptr(GString) list = g_string_new("VK_ICD_FILENAMES=");
    g_auto(GStrv) after = NULL;
    VenusManifests *manifests;
    char **envp;

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        g_autofree char *name = g_strdup_printf("%zu.json", i);

        g_string_append_printf(list, "%s:", make_file(f, name, texts[i]));
    }
    g_string_append(list, "/nonexistent.json");
    envp = venus_driver_enable(environment(list->str, NULL), f->root,
                               &manifests);
    after = g_strsplit(g_environ_getenv(envp, "VK_ICD_FILENAMES"), ":", -1);
    g_assert_cmpuint(g_strv_length(after), ==, ARRAY_SIZE(texts) + 1);
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        const char *before = g_ptr_array_index(f->made, i);
        bool replaced = i == 1 || i == 3;

        g_assert_true(replaced == !!strcmp(after[i], before));
        if (replaced) {
            g_autoptr(QDict) manifest = NULL;
            QDict *icd = read_icd(after[i], &manifest);

            /* A bare name is looked for by the system, a path is absolute. */
            g_assert_cmpstr(qdict_get_str(icd, "library_path"), ==,
                            i == 1 ? "libvulkan_x.so" : "/abs/liby.so");
        }
    }
    g_assert_cmpstr(after[ARRAY_SIZE(texts)], ==, "/nonexistent.json");
    venus_manifests_free(manifests);
    g_strfreev(envp);
}

static void test_nothing_to_do(Fixture *f, gconstpointer data)
{
    VenusManifests *manifests;
    char **envp = venus_driver_enable(environment("A=b", NULL), f->root,
                                      &manifests);

    g_assert_null(manifests);
    venus_manifests_free(manifests);
    g_assert_cmpuint(g_strv_length(envp), ==, 1);
    g_strfreev(envp);
}

static void test_layer_find(Fixture *f, gconstpointer data)
{
    const char *path = make_file(f, "layer.json", "{}");
    g_autoptr(GString) looked = g_string_new(NULL);
    g_autofree char *found = NULL;

    g_setenv("VENUS_MEMORY_LAYER", path, true);
    found = venus_layer_find(looked);
    g_assert_cmpstr(found, ==, path);
    g_assert_cmpuint(looked->len, ==, 0);
    g_setenv("VENUS_MEMORY_LAYER", "/nonexistent/layer.json", true);
    g_assert_null(venus_layer_find(looked));
    g_assert_nonnull(strstr(looked->str, "/nonexistent/layer.json"));
    g_assert_nonnull(strstr(looked->str, "VENUS_MEMORY_LAYER"));
    g_unsetenv("VENUS_MEMORY_LAYER");
}

/* Ours is nearest to the server, and nobody else's is lost. */
static void test_layer_enable(Fixture *f, gconstpointer data)
{
    static const struct {
        const char *first, *second;
        const char *variable, *path, *layers;
    } cases[] = {
        { NULL, NULL, "VK_ADD_LAYER_PATH", "/d", "VK_LAYER_QEMU_shm_memory" },
        { "VK_ADD_LAYER_PATH=/a:/b", "VK_INSTANCE_LAYERS=X",
          "VK_ADD_LAYER_PATH", "/d:/a:/b", "VK_LAYER_QEMU_shm_memory:X" },
        { "VK_LAYER_PATH=/a", "VK_INSTANCE_LAYERS=", "VK_LAYER_PATH", "/d:/a",
          "VK_LAYER_QEMU_shm_memory" },
    };

    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char **envp = environment(cases[i].first, cases[i].second, NULL);

        envp = venus_layer_enable(envp, "/d/layer.json", "shm");
        g_assert_cmpstr(g_environ_getenv(envp, cases[i].variable), ==,
                        cases[i].path);
        g_assert_cmpstr(g_environ_getenv(envp, "VK_INSTANCE_LAYERS"), ==,
                        cases[i].layers);
        g_assert_cmpstr(g_environ_getenv(envp, "VENUS_MEMORY"), ==, "shm");
        g_strfreev(envp);
    }
}

static void add(const char *path, void (*test)(Fixture *f, gconstpointer data))
{
    g_test_add(path, Fixture, NULL, fixture_set_up, test, fixture_tear_down);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    qemu_init_exec_dir(argv[0]);
    add("/venus/vulkan-env/find-places", test_find_places);
    add("/venus/vulkan-env/find-chosen", test_find_chosen);
    add("/venus/vulkan-env/rewrite", test_rewrite);
    add("/venus/vulkan-env/rewrite-list", test_rewrite_list);
    add("/venus/vulkan-env/nothing-to-do", test_nothing_to_do);
    add("/venus/vulkan-env/layer-find", test_layer_find);
    add("/venus/vulkan-env/layer-enable", test_layer_enable);
    return g_test_run();
}
