/*
 * virtio-gpu Venus backend: the device
 *
 * Adds Venus-only mode to virtio-gpu-gl.  The mode is chosen for each instance
 * when it is realized; an instance without it runs the stock methods.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/error-report.h"
#include "qemu/main-loop.h"
#include "qemu/module.h"
#include "qemu/units.h"
#include "qapi/error.h"
#include "hw/pci/pci_device.h"
#include "hw/qdev-properties.h"
#include "hw/virtio/virtio-bus.h"
#include "system/cpus.h"
#include "system/system.h"
#include "memory.h"
#include "venus.h"
#include "window.h"
#include "trace.h"

/* Bytes; what the trials' guests use at most is a fraction of it. */
#define VENUS_HOSTMEM_DEFAULT (256 * MiB)

/* The stock methods of a class, see virtio_gpu_venus_class_init(). */
struct VenusStock {
    DeviceRealize realize;
    DeviceUnrealize unrealize;
    DeviceUnrealize base_unrealize;     /* of the class above */
    void (*reset)(VirtIODevice *vdev);
    void (*get_config)(VirtIODevice *vdev, uint8_t *config);
    uint64_t (*get_features)(VirtIODevice *vdev, uint64_t features,
                             Error **errp);
    void (*handle_ctrl)(VirtIODevice *vdev, VirtQueue *vq);
    void (*update_cursor_data)(VirtIOGPU *g, struct virtio_gpu_scanout *s,
                               uint32_t resource_id);
    void (*gl_flushed)(VirtIOGPUBase *b);
};

static const VenusStock *venus_stock(VirtIOGPU *g)
{
    return VIRTIO_GPU_GET_CLASS(g)->venus_stock;
}

VenusState *venus_from_device(VirtIOGPU *g)
{
    return VIRTIO_GPU_GL(g)->venus;
}

static bool venus_flag(VirtIOGPUBase *b, enum virtio_gpu_base_conf_flags flag)
{
    return b->conf.flags & (1 << flag);
}

static void venus_set_flag(VirtIOGPUBase *b,
                           enum virtio_gpu_base_conf_flags flag)
{
    b->conf.flags |= 1 << flag;
}

/* Whether this instance has no OpenGL renderer; false and errp: impossible. */
static bool venus_is_wanted(VirtIOGPUGL *gl, bool *wanted, Error **errp)
{
    bool venus = virtio_gpu_venus_enabled(VIRTIO_GPU_BASE(gl)->conf);

    *wanted = gl->venus_conf.virgl == ON_OFF_AUTO_OFF ||
              (gl->venus_conf.virgl == ON_OFF_AUTO_AUTO && venus &&
               !display_opengl);
    if (*wanted && !venus) {
        error_setg(errp, "virgl=off and venus=off leave no renderer");
        error_append_hint(errp, "Use venus=on for Vulkan without OpenGL, or "
                          "the virtio-gpu-pci device for 2D only.\n");
        return false;
    }
    return true;
}

/* VirtIOGPUBaseClass.prepare: before the bus proxy sizes its BARs. */
static bool venus_prepare(VirtIOGPUBase *b, Error **errp)
{
    VirtIOGPUGL *gl = VIRTIO_GPU_GL(b);
    bool wanted;

    if (!venus_is_wanted(gl, &wanted, errp)) {
        return false;
    }
    if (wanted) {
        if (venus_flag(b, VIRTIO_GPU_FLAG_BLOB_GIVEN) &&
            !virtio_gpu_blob_enabled(b->conf)) {
            error_setg(errp, "venus=on needs blob resources, but blob=off");
            return false;
        }
        if (!b->conf.hostmem) {
            b->conf.hostmem = VENUS_HOSTMEM_DEFAULT;
        }
    }
    if (!b->conf.max_outputs ||
        b->conf.max_outputs > VIRTIO_GPU_MAX_SCANOUTS) {
        error_setg(errp, "max_outputs=%" PRIu32 " is not 1 to %d",
                   b->conf.max_outputs, VIRTIO_GPU_MAX_SCANOUTS);
        return false;
    }
    if (b->conf.hostmem && (!is_power_of_2(b->conf.hostmem) ||
                            b->conf.hostmem < qemu_real_host_page_size())) {
        error_setg(errp, "hostmem=%" PRIu64 " is not a power of two of at "
                   "least a page", b->conf.hostmem);
        error_append_hint(errp, "It is the size of a PCI BAR, for example "
                          "hostmem=256M or hostmem=4G.\n");
        return false;
    }
    return true;
}

/* No answer may go into the queues of the time after a reset. */
static void venus_device_drop_commands(VenusState *s)
{
    venus_fence_reset(s->fences, venus_cmd_drop);
    venus_cmd_drop_answers(s);
}

static void venus_reset_main_loop(VenusState *s)
{
    GHashTableIter iter;
    gpointer value;

    assert(bql_locked());
    venus_device_drop_commands(s);
    venus_scanout_reset(s);
    if (s->session_used) {
        venus_session_stop(s);
    }
    g_hash_table_remove_all(s->contexts);
    /* One change of the guest's memory, however many blobs are in it. */
    memory_region_transaction_begin();
    while (g_hash_table_size(s->resources)) {
        g_hash_table_iter_init(&iter, s->resources);
        g_hash_table_iter_next(&iter, NULL, &value);
        venus_resource_destroy(s, value);
    }
    memory_region_transaction_commit();
    venus_window_reset(s);
}

/* Main thread: the consoles belong to it, and nobody waits for it. */
static void venus_reset_finish(VenusState *s)
{
    venus_reset_main_loop(s);
    virtio_gpu_reset(VIRTIO_DEVICE(s->g));
    s->resetting = false;
    /* The guest may have kicked the queue in the meantime. */
    qemu_bh_schedule(s->g->ctrl_bh);
}

static void venus_reset_bh(void *opaque)
{
    venus_reset_finish(opaque);
}

static void venus_reset(VirtIODevice *vdev)
{
    VirtIOGPU *g = VIRTIO_GPU(vdev);
    VenusState *s = venus_from_device(g);

    if (!s) {
        venus_stock(g)->reset(vdev);
        return;
    }
    venus_device_drop_commands(s);
    if (qemu_in_vcpu_thread()) {
        /*
         * Waiting here for the main thread would deadlock with one that waits
         * for the vCPUs to pause.  Commands wait instead, see resetting.
         */
        s->resetting = true;
        qemu_bh_schedule(s->reset_bh);
    } else {
        qemu_bh_cancel(s->reset_bh);
        venus_reset_finish(s);
    }
}

static VenusState *venus_state_new(VirtIOGPUGL *gl)
{
    VenusState *s = g_new0(VenusState, 1);

    s->refs = 1;
    QSIMPLEQ_INIT(&s->answers);
    s->g = VIRTIO_GPU(gl);
    s->conf = &gl->venus_conf;
    s->resources = g_hash_table_new(NULL, NULL);
    s->contexts = g_hash_table_new_full(NULL, NULL, NULL,
                                        (GDestroyNotify)venus_context_free);
    s->dumb = g_hash_table_new(NULL, NULL);
    s->reset_bh = virtio_bh_io_new_guarded(DEVICE(gl), venus_reset_bh, s);
    venus_session_init(s);
    return s;
}

void venus_state_ref(VenusState *s)
{
    assert(bql_locked());
    s->refs++;
}

void venus_state_unref(VenusState *s)
{
    assert(bql_locked());
    if (--s->refs == 0) {
        assert(s->removed);
        g_free(s);
    }
}

/* The device goes; who is just sending its answers keeps the structure. */
static void venus_state_free(VenusState *s)
{
    venus_reset_main_loop(s);
    venus_scanout_cleanup(s);
    venus_session_cleanup(s);
    venus_window_cleanup(s);
    qemu_bh_delete(s->reset_bh);
    g_hash_table_unref(s->contexts);
    g_hash_table_unref(s->dumb);
    g_hash_table_unref(s->resources);
    s->removed = true;
    venus_state_unref(s);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(VenusState, venus_state_free)

/* What no host and no machine can mend later. */
static bool venus_check_host(DeviceState *dev, Error **errp)
{
    if (HOST_BIG_ENDIAN) {
        error_setg(errp, "venus is not supported on big-endian hosts");
        return false;
    }
    if (!object_dynamic_cast(OBJECT(qdev_get_parent_bus(dev)->parent),
                             TYPE_PCI_DEVICE)) {
        error_setg(errp, "venus needs a host visible memory window, which "
                   "only the PCI transport has");
        error_append_hint(errp, "Use virtio-gpu-gl-pci instead of %s.\n",
                          object_get_typename(OBJECT(dev)));
        return false;
    }
    /* The library has one state for the whole process. */
    if (!object_resolve_path_type("", TYPE_VIRTIO_GPU_GL, NULL)) {
        error_setg(errp, "at most one virtio-gpu-gl device is possible");
        return false;
    }
    return true;
}

static void venus_realize(VirtIOGPUGL *gl, Error **errp)
{
    ERRP_GUARD();
    VirtIOGPU *g = VIRTIO_GPU(gl);
    VirtIOGPUBase *b = VIRTIO_GPU_BASE(gl);
    g_autoptr(VenusState) s = NULL;

    if (!venus_check_host(DEVICE(gl), errp)) {
        return;
    }
    if (!gl->venus_conf.watchdog_ms) {
        error_setg(errp, "x-watchdog-ms must not be 0");
        return;
    }
    s = venus_state_new(gl);
    if (!venus_window_init(s, errp) || !venus_memory_prepare(s, errp) ||
        !venus_session_start(s, errp) || !venus_session_check(s, errp)) {
        return;
    }

    /* VIRGL_ENABLED stands for the 3D command set: queues, F_VIRGL, ... */
    venus_set_flag(b, VIRTIO_GPU_FLAG_VIRGL_ENABLED);
    venus_set_flag(b, VIRTIO_GPU_FLAG_NO_GL);
    venus_set_flag(b, VIRTIO_GPU_FLAG_BLOB_ENABLED);
    venus_set_flag(b, VIRTIO_GPU_FLAG_CONTEXT_INIT_ENABLED);
    b->virtio_config.num_capsets = 1;
    virtio_gpu_device_realize(DEVICE(gl), errp);
    if (*errp) {
        return;
    }
    venus_alignment_extend_config(s);
    gl->venus = g_steal_pointer(&s);
    venus_scanout_init(gl->venus);
    trace_venus_realize(g, b->conf.hostmem);
}

static void venus_device_realize(DeviceState *dev, Error **errp)
{
    VirtIOGPUGL *gl = VIRTIO_GPU_GL(dev);
    bool wanted;

    if (!venus_is_wanted(gl, &wanted, errp)) {
        return;
    }
    if (wanted) {
        venus_realize(gl, errp);
    } else {
        venus_stock(VIRTIO_GPU(dev))->realize(dev, errp);
    }
}

static void venus_device_unrealize(DeviceState *dev)
{
    VirtIOGPUGL *gl = VIRTIO_GPU_GL(dev);

    if (!gl->venus) {
        venus_stock(VIRTIO_GPU(dev))->unrealize(dev);
        return;
    }
    /* The consoles may ask for a picture until the end. */
    venus_state_free(gl->venus);
    gl->venus = NULL;
    venus_stock(VIRTIO_GPU(dev))->base_unrealize(dev);
}

static void venus_device_handle_ctrl(VirtIODevice *vdev, VirtQueue *vq)
{
    VirtIOGPU *g = VIRTIO_GPU(vdev);

    if (venus_from_device(g)) {
        venus_handle_ctrl(vdev, vq);
    } else {
        venus_stock(g)->handle_ctrl(vdev, vq);
    }
}

static void venus_device_update_cursor(VirtIOGPU *g,
                                       struct virtio_gpu_scanout *scanout,
                                       uint32_t resource_id)
{
    if (venus_from_device(g)) {
        venus_update_cursor_data(g, scanout, resource_id);
    } else {
        venus_stock(g)->update_cursor_data(g, scanout, resource_id);
    }
}

static uint64_t venus_device_get_features(VirtIODevice *vdev,
                                          uint64_t features, Error **errp)
{
    VirtIOGPU *g = VIRTIO_GPU(vdev);
    VenusState *s = venus_from_device(g);

    features = venus_stock(g)->get_features(vdev, features, errp);
    return s ? features | venus_alignment_features(s) : features;
}

static void venus_device_get_config(VirtIODevice *vdev, uint8_t *config)
{
    VirtIOGPU *g = VIRTIO_GPU(vdev);
    VenusState *s = venus_from_device(g);

    venus_stock(g)->get_config(vdev, config);
    if (s) {
        venus_alignment_fill_config(s, config);
    }
}

static void venus_device_gl_flushed(VirtIOGPUBase *b)
{
    VirtIOGPU *g = VIRTIO_GPU(b);

    /* Without OpenGL nothing waits for a GL display to finish a frame. */
    if (!venus_from_device(g)) {
        venus_stock(g)->gl_flushed(b);
    }
}

void virtio_gpu_venus_class_init(ObjectClass *klass)
{
    VirtioDeviceClass *vdc = VIRTIO_DEVICE_CLASS(klass);
    VirtIOGPUBaseClass *vbc = VIRTIO_GPU_BASE_CLASS(klass);
    VirtIOGPUClass *vgc = VIRTIO_GPU_CLASS(klass);
    VenusStock *stock = g_new0(VenusStock, 1);     /* lives with the class */

    stock->realize = vdc->realize;
    stock->unrealize = vdc->unrealize;
    stock->base_unrealize =
        VIRTIO_DEVICE_CLASS(object_class_get_parent(klass))->unrealize;
    stock->reset = vdc->reset;
    stock->get_config = vdc->get_config;
    stock->get_features = vdc->get_features;
    stock->handle_ctrl = vgc->handle_ctrl;
    stock->update_cursor_data = vgc->update_cursor_data;
    stock->gl_flushed = vbc->gl_flushed;
    vgc->venus_stock = stock;

    vdc->realize = venus_device_realize;
    vdc->unrealize = venus_device_unrealize;
    vdc->reset = venus_reset;
    vdc->get_config = venus_device_get_config;
    vdc->get_features = venus_device_get_features;
    vgc->handle_ctrl = venus_device_handle_ctrl;
    vgc->update_cursor_data = venus_device_update_cursor;
    vbc->gl_flushed = venus_device_gl_flushed;
    vbc->prepare = venus_prepare;
    venus_memory_class_init(klass);
}
