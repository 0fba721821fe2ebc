/*
 * virtio-gpu Venus backend: who exports the memory that guests map and show
 *
 * The Vulkan driver, or a layer between it and the render server that makes it
 * shared memory.  The layer itself finds out whether the driver can.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qapi/error.h"
#include "qapi/util.h"
#include "system/system.h"
#include "memory.h"
#include "venus.h"
#include "trace.h"

static const char *const memory_exporter_names[] = {
    [VENUS_EXPORTER_NONE] = "none",
    [VENUS_EXPORTER_DRIVER] = "driver",
    [VENUS_EXPORTER_LAYER] = "shm",
};

static const char *memory_asked(VenusState *s)
{
    return qapi_enum_lookup(&virtio_gpu_venus_memory_lookup, s->conf->memory);
}

/* QEMU ends, and no device is unrealized. */
static void memory_exit(Notifier *n, void *data)
{
    VenusState *s = container_of(n, VenusState, exit_notifier);

    g_clear_pointer(&s->manifests, venus_manifests_free);
}

bool venus_memory_prepare(VenusState *s, Error **errp)
{
    ERRP_GUARD();
    g_autoptr(GString) looked = g_string_new(NULL);
    char **envp;

    if (s->conf->memory != VENUS_MEMORY_DRIVER) {
        s->layer = venus_layer_find(looked);
    }
    if (s->conf->memory == VENUS_MEMORY_SHM && !s->layer) {
        error_setg(errp, "venus-memory=shm, but the shared-memory layer is "
                   "not in %s", looked->str);
        error_append_hint(errp, "It is built with the project's own parts: "
                          "contrib/vulkan-shm-memory.\n");
        return false;
    }
    envp = venus_driver_enable(g_get_environ(), "", &s->manifests);
    if (s->layer) {
        envp = venus_layer_enable(envp, s->layer, memory_asked(s));
    }
    venus_server_set_environment(s->server, envp);
    s->exit_notifier.notify = memory_exit;
    qemu_add_exit_notifier(&s->exit_notifier);
    return true;
}

bool venus_memory_check(VenusState *s, Error **errp)
{
    ERRP_GUARD();

    trace_venus_memory(memory_asked(s), memory_exporter_names[s->exporter],
                       s->layer ?: "");
    if (s->conf->memory == VENUS_MEMORY_SHM &&
        s->exporter != VENUS_EXPORTER_LAYER) {
        error_setg(errp, "venus-memory=shm, but the Vulkan driver takes no "
                   "shared memory");
        error_append_hint(errp, "It has to have VK_EXT_external_memory_host "
                          "and to import memory of the host with it.\n");
        return false;
    }
    if (s->exporter != VENUS_EXPORTER_NONE) {
        return true;
    }
    if (s->conf->memory == VENUS_MEMORY_DRIVER) {
        error_setg(errp, "venus-memory=driver, but the Vulkan driver cannot "
                   "export memory");
        error_append_hint(errp, "With venus-memory=auto it can be shared "
                          "memory instead.\n");
    } else if (!s->layer) {
        error_setg(errp, "the Vulkan driver cannot export memory, and the "
                   "layer that shares it instead is not installed");
        error_append_hint(errp, "Install contrib/vulkan-shm-memory; "
                          "venus-memory=shm tells where it is looked for.\n");
    } else {
        error_setg(errp, "the Vulkan driver can neither export memory nor "
                   "import memory of the host");
    }
    return false;
}

void venus_memory_cleanup(VenusState *s)
{
    if (s->exit_notifier.notify) {
        qemu_remove_exit_notifier(&s->exit_notifier);
    }
    g_clear_pointer(&s->manifests, venus_manifests_free);
    g_clear_pointer(&s->layer, g_free);
}

static char *memory_get_exporter(Object *obj, Error **errp)
{
    VenusState *s = venus_from_device(VIRTIO_GPU(obj));

    return g_strdup(memory_exporter_names[s ? s->exporter :
                                              VENUS_EXPORTER_NONE]);
}

void venus_memory_class_init(ObjectClass *klass)
{
    object_class_property_add_str(klass, "venus-memory-used",
                                  memory_get_exporter, NULL);
    object_class_property_set_description(
        klass, "venus-memory-used", "who exports memory (driver/shm/none)");
}
