/*
 * virtio-gpu Venus backend: a session with the render server
 *
 * A session begins with a freshly spawned server and ends with all of its
 * processes gone: at device reset, or when the server dies.  The next command
 * that needs a renderer begins another one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/main-loop.h"
#include "qapi/error.h"
#include "memory.h"
#include "venus.h"
#include "window.h"
#include "trace.h"

/*
 * How often to ask for fences where they do not come by themselves: quickly
 * after something happened, then ever more rarely, nanoseconds.
 */
#define POLL_MIN_NS (200 * SCALE_US)
#define POLL_MAX_NS (4 * SCALE_MS)

/* Renderer thread, or the main loop when polling. */
static void venus_session_fence_cb(void *opaque, uint32_t ctx_id,
                                   uint32_t ring_idx, uint64_t fence_id)
{
    VenusState *s = opaque;

    venus_fence_signal(s->fences, ctx_id, ring_idx, fence_id);
}

/* Main loop, from inside renderer->open(). */
static int venus_session_server_fd_cb(void *opaque)
{
    VenusState *s = opaque;
    int fd = s->server_fd;

    s->server_fd = -1;
    return fd;
}

static const VenusRendererCallbacks venus_session_callbacks = {
    .fence = venus_session_fence_cb,
    .server_fd = venus_session_server_fd_cb,
};

/* Main loop: the server has ended by itself. */
static void venus_session_server_died(void *opaque)
{
    VenusState *s = opaque;

    s->server_ended = true;
    qemu_bh_schedule(s->death_bh);
}

static void venus_session_lose_contexts(VenusState *s)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, s->contexts);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        VenusContext *ctx = value;

        if (ctx->worker_ended) {
            venus_context_lose(ctx, "its render server worker ended");
        }
    }
}

/*
 * Answers commands, so that it has to be guarded against a guest that has its
 * interrupts written into our registers.
 */
static void venus_session_death_bh(void *opaque)
{
    VenusState *s = opaque;

    if (s->server_ended) {
        venus_session_stop(s);
    } else {
        venus_session_lose_contexts(s);
    }
    venus_cmd_send_answers(s);
}

static void venus_session_poll_ctx(void *opaque, uint32_t ctx_id)
{
    VenusState *s = opaque;
    VenusContext *ctx = venus_context_find(s, ctx_id);

    if (ctx && !ctx->lost) {
        s->renderer->ops->poll(s->renderer, ctx_id);
    }
}

/* Polling is realtime: the renderer works while virtual time stands still. */
static void venus_session_poll(void *opaque)
{
    VenusState *s = opaque;

    if (!s->renderer || !venus_fence_pending(s->fences)) {
        return;
    }
    venus_fence_foreach_ctx(s->fences, venus_session_poll_ctx, s);
    s->poll_ns = MIN(s->poll_ns * 2, POLL_MAX_NS);
    timer_mod(s->poll_timer,
              qemu_clock_get_ns(QEMU_CLOCK_REALTIME) + s->poll_ns);
}

static void venus_session_fence_done(void *opaque, VenusCmd *cmd, int error)
{
    venus_cmd_reply(opaque, cmd, error ? VIRTIO_GPU_RESP_ERR_UNSPEC :
                                         cmd->ok_type);
}

static void venus_session_fences_delivered(void *opaque)
{
    venus_cmd_send_answers(opaque);
}

void venus_session_init(VenusState *s)
{
    DeviceState *dev = DEVICE(s->g);
    /* A guest can aim interrupts at the registers of the transport. */
    DeviceState *transport = qdev_get_parent_bus(dev)->parent;

    s->death_bh = virtio_bh_io_new_guarded(dev, venus_session_death_bh, s);
    s->server = venus_server_new(venus_session_server_died, s);
    s->watchdog = venus_watchdog_new(s->server, s->conf->watchdog_ms);
    s->fences = venus_fence_queue_new(&transport->mem_reentrancy_guard,
                                      venus_session_fence_done,
                                      venus_session_fences_delivered, s);
    if (s->conf->fence_poll || !venus_host_has_eventfd()) {
        s->poll_timer = timer_new_ns(QEMU_CLOCK_REALTIME, venus_session_poll,
                                     s);
    }
}

void venus_session_cleanup(VenusState *s)
{
    venus_session_stop(s);
    g_clear_pointer(&s->death_bh, qemu_bh_delete);
    g_clear_pointer(&s->poll_timer, timer_free);
    g_clear_pointer(&s->fences, venus_fence_queue_free);
    g_clear_pointer(&s->watchdog, venus_watchdog_free);
    g_clear_pointer(&s->server, venus_server_free);
    g_clear_pointer(&s->capset, g_byte_array_unref);
    venus_memory_cleanup(s);
}

void venus_call_begin(VenusState *s, VenusContext *ctx)
{
    venus_watchdog_begin(s->watchdog, ctx ? ctx->worker : NULL);
}

void venus_call_end(VenusState *s)
{
    s->call_timed_out |= venus_watchdog_end(s->watchdog);
}

/* The program may be the wrong one, or too old. */
static void venus_session_blame_server(VenusState *s, Error **errp)
{
    error_prepend(errp, "render server '%s': ", venus_server_path(s->server));
}

bool venus_session_start(VenusState *s, Error **errp)
{
    ERRP_GUARD();

    assert(bql_locked());
    if (s->renderer) {
        return true;
    }
    /* First: the library would start one of its own if it got none from us. */
    s->server_fd = venus_server_start(s->server, errp);
    if (s->server_fd < 0) {
        return false;
    }
    venus_call_begin(s, NULL);
    s->renderer = venus_renderer_virgl.open(&venus_session_callbacks, s,
                                            s->poll_timer, errp);
    venus_call_end(s);
    if (s->server_fd >= 0) {
        close(s->server_fd);    /* the library failed before it took it */
    }
    if (!s->renderer) {
        venus_session_blame_server(s, errp);
        venus_server_stop(s->server);
        return false;
    }
    trace_venus_session_start(s->renderer->ops->name);
    return true;
}

static bool venus_session_fetch_capset(VenusState *s, Error **errp)
{
    const VenusRendererOps *ops = s->renderer->ops;
    uint32_t size = 0;
    int ret;

    ret = ops->capset_info(s->renderer, VIRTIO_GPU_CAPSET_VENUS,
                           &s->capset_version, &size);
    if (ret) {
        error_setg(errp, "virglrenderer was built without Venus");
        return false;
    }
    s->capset = g_byte_array_new();
    g_byte_array_set_size(s->capset, size);
    memset(s->capset->data, 0, size);
    ret = ops->capset(s->renderer, VIRTIO_GPU_CAPSET_VENUS, s->capset_version,
                      s->capset->data);
    if (ret) {
        error_setg_errno(errp, -ret, "virglrenderer has no Venus capset");
        return false;
    }
    venus_alignment_extend_capset(s);
    return true;
}

bool venus_session_check(VenusState *s, Error **errp)
{
    ERRP_GUARD();
    bool ok;

    if (!venus_session_fetch_capset(s, errp)) {
        return false;
    }
    venus_call_begin(s, NULL);
    ok = venus_handshake(s->renderer, &s->exporter, errp);
    venus_call_end(s);
    if (!ok) {
        venus_session_blame_server(s, errp);
    }
    return ok && venus_memory_check(s, errp);
}

void venus_session_fence(VenusState *s, VenusContext *ctx, VenusCmd *cmd)
{
    const struct virtio_gpu_ctrl_hdr *hdr = &cmd->base.cmd_hdr;
    uint32_t ctx_id = ctx->id;
    uint32_t ring_idx = hdr->ring_idx;
    int ret;

    venus_fence_add(s->fences, cmd, ctx_id, ring_idx, hdr->fence_id);
    venus_call_begin(s, ctx);
    ret = s->renderer->ops->fence(s->renderer, ctx_id, ring_idx,
                                  hdr->fence_id);
    venus_call_end(s);
    if (ret) {
        cmd = venus_fence_cancel_last(s->fences, ctx_id, ring_idx);
        venus_cmd_reply(s, cmd, VIRTIO_GPU_RESP_ERR_UNSPEC);
        if (ret != -EINVAL) {
            venus_context_lose(ctx, "its render server worker takes no fence");
        }
        return;
    }
    if (s->poll_timer) {
        s->poll_ns = POLL_MIN_NS;
        timer_mod(s->poll_timer,
                  qemu_clock_get_ns(QEMU_CLOCK_REALTIME) + s->poll_ns);
    }
}

static void venus_session_orphan(gpointer key, gpointer value, gpointer opaque)
{
    VenusResource *res = value;

    /* What is mapped or shown stays: it is memory of our own. */
    res->in_renderer = false;
}

void venus_session_stop(VenusState *s)
{
    GHashTableIter iter;
    gpointer value;

    assert(bql_locked());
    if (!s->renderer) {
        return;
    }
    trace_venus_session_stop();
    /* Dead processes cannot make the library wait for them. */
    venus_server_kill(s->server);

    g_hash_table_iter_init(&iter, s->contexts);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        venus_context_orphan(value);
    }
    g_hash_table_foreach(s->resources, venus_session_orphan, NULL);
    g_hash_table_remove_all(s->dumb);

    venus_call_begin(s, NULL);
    s->renderer->ops->close(s->renderer);
    venus_call_end(s);
    s->renderer = NULL;
    s->session_used = false;
    s->server_ended = false;
    venus_fence_session_end(s->fences);
    venus_server_stop(s->server);
}
