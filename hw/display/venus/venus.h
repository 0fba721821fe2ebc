/*
 * virtio-gpu Venus backend: private declarations
 *
 * Shared by the files of this folder only.  Nothing here knows Vulkan, EGL or
 * <virglrenderer.h>.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_DISPLAY_VENUS_H
#define HW_DISPLAY_VENUS_H

#include "hw/virtio/virtio-gpu.h"
#include "hw/virtio/virtio-gpu-venus.h"
#include "qemu/queue.h"
#include "ui/scanout-readback.h"
#include "doorbell.h"
#include "fence.h"
#include "handshake.h"
#include "renderer.h"
#include "server.h"
#include "vulkan-env.h"

/* virtio 1.4, 5.7.6.8: ring_idx is 0..63 */
#define VENUS_MAX_RINGS 64

/* virtio 1.4, 5.7.6.8, struct virtio_gpu_ctx_create: context_init bits 0-7 */
#define VENUS_CAPSET_MASK 0xff

/* Bytes: the page of nearly every guest, and the least that a granule has */
#define VENUS_GRANULE_MIN 4096

/* virtio 1.4, 5.7.3: newer than the headers of the base */
#define VIRTIO_GPU_F_BLOB_ALIGNMENT 5

/* One command taken from the control queue, owned by whoever holds it. */
typedef struct VenusCmd {
    /* First: virtqueue_pop() allocates from it, the base class answers it. */
    struct virtio_gpu_ctrl_command base;
    union {
        struct virtio_gpu_ctrl_hdr hdr;
        struct virtio_gpu_ctx_create ctx_create;
        struct virtio_gpu_ctx_resource ctx_resource;
        struct virtio_gpu_cmd_submit submit;
        struct virtio_gpu_get_capset_info capset_info;
        struct virtio_gpu_get_capset capset;
        struct virtio_gpu_cmd_get_edid edid;
        struct virtio_gpu_resource_create_2d create_2d;
        struct virtio_gpu_transfer_to_host_2d transfer_2d;
        struct virtio_gpu_resource_unref unref;
        struct virtio_gpu_set_scanout set_scanout;
        struct virtio_gpu_resource_flush flush;
        struct virtio_gpu_resource_attach_backing attach_backing;
        struct virtio_gpu_resource_detach_backing detach_backing;
        struct virtio_gpu_resource_create_blob create_blob;
        struct virtio_gpu_resource_map_blob map_blob;
        struct virtio_gpu_resource_unmap_blob unmap_blob;
        struct virtio_gpu_set_scanout_blob set_scanout_blob;
    } args;                     /* host byte order, read once */
    uint32_t args_size;         /* bytes of args that were read */
    GByteArray *reply;          /* owned, starts with a header; or NULL */
    enum virtio_gpu_ctrl_type ok_type;  /* the response once its fence comes */
    enum virtio_gpu_ctrl_type response; /* in VenusState.answers */
    QSIMPLEQ_ENTRY(VenusCmd) next;
} VenusCmd;

/* A part of the hostmem window; only venus_window_range() makes one. */
typedef struct VenusWindowRange {
    uint64_t offset;            /* bytes from the start of the window */
    uint64_t size;              /* bytes, whole granules */
} VenusWindowRange;

typedef struct VenusReadback VenusReadback;
typedef struct VenusRegion VenusRegion;
typedef struct VenusRegionCount VenusRegionCount;
typedef struct VenusWindowOps VenusWindowOps;

/* Guest memory behind a blob: what VIRTIO_GPU_CMD_*_BACKING lists. */
typedef struct VenusBacking {
    struct iovec *iov;          /* owned, mapped for DMA */
    uint32_t iov_cnt;
} VenusBacking;

/* A blob resource.  Never in VirtIOGPU.reslist. */
typedef struct VenusResource {
    uint32_t id;                /* as the guest names it, not 0 */
    uint32_t blob_mem;          /* VIRTIO_GPU_BLOB_MEM_* */
    uint32_t blob_flags;        /* VIRTIO_GPU_BLOB_FLAG_* */
    uint64_t size;              /* bytes, as the guest asked */
    bool in_renderer;           /* the renderer knows it too */
    VenusBacking backing;       /* guest, host3d_guest */
    bool mapped;                /* range is in the window */
    VenusWindowRange range;
    VenusRegion *region;        /* ref, what shows it; or NULL */
    ScanoutImage *image;        /* ref, made at the first use; or NULL */
    bool image_is_shadow;       /* image is a copy, flush fills it */
    uint32_t image_pieces;      /* mappings of a stitched image, or 0 */
} VenusResource;

/* A context.  capset 0 is inert: it exists, and can do nothing. */
typedef struct VenusContext {
    uint32_t id;
    uint32_t capset;
    bool lost;                  /* its worker died; commands are refused */
    bool worker_ended;          /* death_bh has to make it lost */
    bool used;                  /* it has sent commands or asked for a blob */
    VenusProcess *worker;       /* owned; NULL when unknown or inert */
    VenusDoorbells *doorbells;  /* owned; NULL when lost or inert */
    VenusState *s;              /* borrowed, for callbacks */
} VenusContext;

/* What venus_scanout_*() keep for one output beside the base class's state. */
typedef struct VenusScanout {
    DisplaySurface *next;       /* owned: a flip that displays do not have */
    VenusReadback *reading;     /* borrowed: what is being read for it */
    int64_t flushed_ns;         /* when one went to the displays at once */
    bool is_stale;              /* what is shown has to be read back */
    bool was_asked;             /* a display asked while it was read */
} VenusScanout;

/* How many log lines there were lately. */
typedef struct VenusLogLimit {
    int64_t since_ns;           /* QEMU_CLOCK_REALTIME */
    uint32_t lines;
} VenusLogLimit;

struct VenusState {             /* one per device, owned by VirtIOGPUGL */
    /* Constant after realize */
    VirtIOGPU *g;               /* borrowed, the device that embeds us */
    const VenusConf *conf;      /* borrowed, the device's properties */
    const VenusWindowOps *window_ops;   /* NULL: there is no window */
    VenusRegion *window_region; /* ref, in VirtIOGPUBase.hostmem */
    void *window;               /* borrowed, window_size bytes; or NULL */
    VenusRegionCount *regions;  /* ref, window-region.c */
    uint64_t window_size;       /* bytes */
    uint64_t granule;           /* bytes that offsets are multiples of */
    uint32_t blob_alignment;    /* bytes, as offered to the guest; 0: not */
    bool discard_required;      /* nothing may pin guest memory */
    VenusManifests *manifests;  /* owned; of drivers, for the server */
    Notifier exit_notifier;     /* deletes @manifests */
    char *layer;                /* owned; the manifest, NULL: not offered */
    GByteArray *capset;         /* owned, what GET_CAPSET sends; alignment.c */
    uint32_t capset_version;    /* greatest version */
    VenusExporter exporter;     /* of the memory that guests map */
    const GraphicHwOps *base_ops;   /* the base class's for the consoles */
    GraphicHwOps hw_ops;        /* the same with our gfx_update */

    /* Main loop only (BQL) */
    VenusRenderer *renderer;    /* owned; NULL: not running */
    VenusServer *server;        /* owned */
    VenusWatchdog *watchdog;    /* owned */
    int server_fd;              /* owned while the renderer starts, else -1 */
    bool session_used;          /* the guest has made something in it */
    QEMUTimer *poll_timer;      /* owned; NULL: fences come by themselves */
    int64_t poll_ns;            /* present interval of poll_timer */
    GHashTable *resources;      /* id -> VenusResource, owned */
    GHashTable *contexts;       /* id -> VenusContext, owned */
    GHashTable *dumb;           /* ids of 2D resources with a stand-in */
    GTree *mapped;              /* offset -> VenusResource, borrowed */
    VenusScanout scanout[VIRTIO_GPU_MAX_SCANOUTS];
    VenusFenceQueue *fences;    /* owned; has a lock of its own */
    QSIMPLEQ_HEAD(, VenusCmd) answers;  /* owned: see venus_cmd_reply() */
    unsigned refs;              /* the device's, and of answers being sent */
    bool removed;               /* the device has been unrealized */
    QEMUBH *reset_bh;           /* owned */
    bool resetting;             /* a reset waits for reset_bh; commands wait */
    QEMUBH *death_bh;           /* owned, for processes that have ended */
    bool server_ended;          /* death_bh has to end the session */
    bool call_timed_out;        /* the watchdog had to end a call */
    ScanoutReadback *readback;  /* owned; made when needed */
    QLIST_HEAD(, VenusReadback) readbacks;  /* owned: pictures on their way */
    uint32_t stitched;          /* pieces in stitched images */
    bool granule_hinted;        /* the user has been told, see alignment.c */
    VenusLogLimit guest_errors; /* see venus_guest_error() */
    VenusLogLimit warnings;     /* see venus_warn() */
};

/* cmd.c */

/**
 * venus_handle_ctrl - run every command that waits on the control queue
 * @vdev: a device in Venus-only mode
 * @vq: its control queue
 */
void venus_handle_ctrl(VirtIODevice *vdev, VirtQueue *vq);

/**
 * venus_cmd_reply - settle the response to a command
 * @s: device
 * @cmd: ownership is transferred
 * @type: response type; error types drop cmd->reply
 *
 * Main loop.  The guest sees it with the next venus_cmd_send_answers().
 */
void venus_cmd_reply(VenusState *s, VenusCmd *cmd,
                     enum virtio_gpu_ctrl_type type);

/**
 * venus_cmd_send_answers - send what venus_cmd_reply() has collected
 * @s: device
 *
 * Main loop.  Writing a response or raising an interrupt can write to any
 * register of the machine, as a guest chooses: it may reset or eject this one.
 * Whatever collects answers therefore calls this last, when all state is
 * consistent and no pointer into it is held.
 *
 * Return: false if the device has been removed: @s is gone.
 */
bool venus_cmd_send_answers(VenusState *s);

/** venus_cmd_drop_answers - give back to the queue what was not sent yet */
void venus_cmd_drop_answers(VenusState *s);

/** venus_cmd_free - free a command that is not to be answered */
void venus_cmd_free(VenusCmd *cmd);

/** venus_cmd_drop - give a command back to the guest's queue unanswered */
void venus_cmd_drop(VenusCmd *cmd);

/**
 * venus_guest_error - one log line about something the guest did wrong
 *
 * Shown with -d guest_errors, at most 20 lines a second.
 */
void venus_guest_error(VenusState *s, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

/**
 * venus_warn - one line for the user about something that a guest can cause
 *
 * At most 5 lines a second; further ones are dropped.
 */
void venus_warn(VenusState *s, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

/**
 * venus_resp_from_errno - the response for a failed host operation
 * @ret: 0 or a negative errno
 */
enum virtio_gpu_ctrl_type venus_resp_from_errno(int ret);

/* cmd-2d.c */
enum virtio_gpu_ctrl_type venus_cmd_2d(VenusState *s, VenusCmd *cmd);
enum virtio_gpu_ctrl_type venus_cmd_create_2d(VenusState *s, VenusCmd *cmd);
enum virtio_gpu_ctrl_type venus_cmd_transfer_2d(VenusState *s, VenusCmd *cmd);
enum virtio_gpu_ctrl_type venus_cmd_set_scanout(VenusState *s, VenusCmd *cmd);
enum virtio_gpu_ctrl_type venus_cmd_display_info(VenusState *s, VenusCmd *cmd);
enum virtio_gpu_ctrl_type venus_cmd_edid(VenusState *s, VenusCmd *cmd);

/* context.c */
enum virtio_gpu_ctrl_type venus_cmd_capset_info(VenusState *s, VenusCmd *cmd);
enum virtio_gpu_ctrl_type venus_cmd_capset(VenusState *s, VenusCmd *cmd);
enum virtio_gpu_ctrl_type venus_cmd_ctx_create(VenusState *s, VenusCmd *cmd);
enum virtio_gpu_ctrl_type venus_cmd_ctx_destroy(VenusState *s, VenusCmd *cmd);
enum virtio_gpu_ctrl_type venus_cmd_ctx_resource(VenusState *s, VenusCmd *cmd);
enum virtio_gpu_ctrl_type venus_cmd_submit(VenusState *s, VenusCmd *cmd);

/** venus_context_find - the context with that id, or NULL */
VenusContext *venus_context_find(VenusState *s, uint32_t id);

/** venus_context_free - destroy it, in the renderer too; for the hash */
void venus_context_free(VenusContext *ctx);

/** venus_context_orphan - the whole renderer is going: only remember that */
void venus_context_orphan(VenusContext *ctx);

/** venus_context_lose - its worker is gone: refuse it from now on */
void venus_context_lose(VenusContext *ctx, const char *why);

/* dumb.c */

/**
 * venus_dumb_known - whether the renderer has a stand-in for a 2D resource
 * @s: device, renderer running
 * @ctx: a Venus context that is not lost
 * @id: of a 2D resource that exists
 * @create: make one if there is none
 *
 * With it a context that imports the resource gets a Vulkan error; without it
 * the context would be lost.
 */
bool venus_dumb_known(VenusState *s, VenusContext *ctx, uint32_t id,
                      bool create);

/** venus_dumb_forget - the 2D resource is going; no-op without a stand-in */
void venus_dumb_forget(VenusState *s, uint32_t id);

/* resource.c */
enum virtio_gpu_ctrl_type venus_cmd_create_blob(VenusState *s, VenusCmd *cmd);
enum virtio_gpu_ctrl_type venus_cmd_unref(VenusState *s, VenusCmd *cmd);
enum virtio_gpu_ctrl_type venus_cmd_attach_backing(VenusState *s,
                                                   VenusCmd *cmd);
enum virtio_gpu_ctrl_type venus_cmd_detach_backing(VenusState *s,
                                                   VenusCmd *cmd);
enum virtio_gpu_ctrl_type venus_cmd_map_blob(VenusState *s, VenusCmd *cmd);
enum virtio_gpu_ctrl_type venus_cmd_unmap_blob(VenusState *s, VenusCmd *cmd);

/** venus_resource_find - the blob with that id, or NULL */
VenusResource *venus_resource_find(VenusState *s, uint32_t id);

/** venus_resource_exists - whether the id is taken, by a blob or a 2D one */
bool venus_resource_exists(VenusState *s, uint32_t id);

/**
 * venus_resource_destroy - take a blob off every output, unmap and free it
 * @s: device
 * @res: in the hash, removed from it
 */
void venus_resource_destroy(VenusState *s, VenusResource *res);

/* scanout.c */
enum virtio_gpu_ctrl_type venus_cmd_set_scanout_blob(VenusState *s,
                                                     VenusCmd *cmd);
enum virtio_gpu_ctrl_type venus_cmd_flush(VenusState *s, VenusCmd *cmd);

/**
 * venus_scanout_init - make the device's consoles ask us for pictures
 *
 * The consoles point into @s from then on: call it when realize cannot fail
 * any more.
 */
void venus_scanout_init(VenusState *s);

/** venus_scanout_cleanup - undo venus_scanout_init() if it was done */
void venus_scanout_cleanup(VenusState *s);

/** venus_scanout_forget - the base class took output @i over */
void venus_scanout_forget(VenusState *s, int i);

/** venus_scanout_disable - output @i shows nothing */
void venus_scanout_disable(VenusState *s, int i);

/** venus_scanout_drop_resource - disable every output that shows @res */
void venus_scanout_drop_resource(VenusState *s, VenusResource *res);

/** venus_scanout_reset - drop all pictures, for device reset */
void venus_scanout_reset(VenusState *s);

/**
 * venus_scanout_put - show a picture that has its pixels
 * @next: taken over; NULL: what is shown has changed
 */
void venus_scanout_put(VenusState *s, int i, DisplaySurface *next);

/** venus_scanout_apply - bring output @i up to date, a display has asked */
void venus_scanout_apply(VenusState *s, int i);

/* readback.c */

/**
 * venus_readback_begin - have the newest picture of an output read, if needed
 *
 * Return: whether its pixels are waited for; venus_scanout_put() follows.
 */
bool venus_readback_begin(VenusState *s, int i);

/**
 * venus_readback_defer - the picture that an output shows has changed
 *
 * Return: whether displays see it only after a venus_readback_begin().
 */
bool venus_readback_defer(VenusState *s, int i);

/** venus_readback_forget - another picture comes: drop what is on its way */
void venus_readback_forget(VenusState *s, int i);

/** venus_readback_cleanup - end it all; waits for the device */
void venus_readback_cleanup(VenusState *s);

/* image.c */

/**
 * venus_image_get - the blob's pixels as CPU memory
 * @s: device
 * @res: blob; res->image is made at the first call
 * @errp: set on failure
 *
 * A host blob is exported and mapped once; a guest blob is used in place when
 * it is one piece, else through a second, contiguous mapping of the guest's
 * shared memory, else through a copy that venus_image_gather() fills.  A host
 * blob that cannot be mapped gets a copy that is read back.
 *
 * Return: res->image (borrowed), or NULL.
 */
ScanoutImage *venus_image_get(VenusState *s, VenusResource *res, Error **errp);

/**
 * venus_image_gather - copy what changed into a blob's shadow
 * @res: blob with image_is_shadow; a no-op for others
 * @fb: the picture in the blob, @offset is its first pixel; within res->size
 * @rect: in pixels of that picture, within it
 */
void venus_image_gather(VenusResource *res,
                        const struct virtio_gpu_framebuffer *fb,
                        const struct virtio_gpu_rect *rect);

/** venus_image_drop - forget res->image; consumers keep theirs alive */
void venus_image_drop(VenusState *s, VenusResource *res);

/* cursor.c */

/**
 * venus_update_cursor_data - fill the current cursor from any resource
 *
 * VirtIOGPUClass.update_cursor_data of a device in Venus-only mode.
 */
void venus_update_cursor_data(VirtIOGPU *g, struct virtio_gpu_scanout *scanout,
                              uint32_t resource_id);

/* host-linux.c, host-stub.c */

/** venus_host_has_eventfd - whether the renderer can call back with fences */
bool venus_host_has_eventfd(void);

/**
 * venus_mapping_clone - map the memory behind a shared mapping once more
 * @dst: page aligned address, replaced
 * @src: page aligned address in a shared mapping
 * @size: bytes, whole pages
 *
 * Return: 0 or a negative errno; -ENOTSUP where the host cannot do it.
 */
int venus_mapping_clone(void *dst, void *src, size_t size);

/* session.c */

/**
 * venus_session_init - what outlives single sessions: server, watchdog, fences
 *
 * venus_session_cleanup() undoes it.
 */
void venus_session_init(VenusState *s);

/** venus_session_cleanup - stop, and free what venus_session_init() made */
void venus_session_cleanup(VenusState *s);

/**
 * venus_session_check - ask the render server whether guests can use Vulkan
 * @s: device, session started
 * @errp: set when they cannot
 *
 * Also fetches the Venus capset.
 */
bool venus_session_check(VenusState *s, Error **errp);

/**
 * venus_call_begin - a call into the renderer follows that may block
 * @ctx: context whose worker has to answer; NULL: the server
 */
void venus_call_begin(VenusState *s, VenusContext *ctx);

/** venus_call_end - the call came back */
void venus_call_end(VenusState *s);

/**
 * venus_session_start - start server and renderer unless they run
 * @s: device
 * @errp: set on failure
 *
 * Blocks for the server's first answer, at most the watchdog time.
 */
bool venus_session_start(VenusState *s, Error **errp);

/**
 * venus_session_fence - have a command answered when its ring gets there
 * @cmd: taken over; answered at once when the renderer refuses the fence
 */
void venus_session_fence(VenusState *s, VenusContext *ctx, VenusCmd *cmd);

/** venus_session_stop - end renderer, server and all their processes */
void venus_session_stop(VenusState *s);

/** venus_state_ref - keep the structure, not what is in it, from being freed */
void venus_state_ref(VenusState *s);

/** venus_state_unref - undo venus_state_ref(); main loop, BQL held */
void venus_state_unref(VenusState *s);

/** venus_from_device - the state of a device in Venus-only mode, else NULL */
VenusState *venus_from_device(VirtIOGPU *g);

#endif
