/*
 * virtio-gpu Venus backend: the waist between device and renderer
 *
 * The device calls a const table of operations, so that its logic can be
 * tested against a scripted renderer.  renderer-virgl.c has the real one.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HW_DISPLAY_VENUS_RENDERER_H
#define HW_DISPLAY_VENUS_RENDERER_H

#include "qemu/typedefs.h"

typedef struct VenusRenderer VenusRenderer;

/* What the memory of an exported blob is. */
typedef enum VenusFdType {
    VENUS_FD_DMABUF,    /* says it is a dma-buf; may be a memfd */
    VENUS_FD_OPAQUE,    /* only the driver can map it */
    VENUS_FD_SHM,       /* shared memory */
} VenusFdType;

/* Numbers as the guest sent them, @size and ids already checked. */
typedef struct VenusBlobArgs {
    uint32_t resource_id;
    uint32_t ctx_id;
    uint32_t blob_mem;          /* VIRTIO_GPU_BLOB_MEM_* */
    uint32_t blob_flags;        /* VIRTIO_GPU_BLOB_FLAG_* */
    uint64_t blob_id;
    uint64_t size;              /* bytes */
    const struct iovec *iov;    /* borrowed until the resource is gone */
    uint32_t iov_cnt;
} VenusBlobArgs;

typedef struct VenusRendererCallbacks {
    /**
     * fence - every fence of that ring up to @fence_id is complete
     *
     * On a thread of the renderer (no BQL, and none may be taken), or on the
     * caller's thread of poll().
     */
    void (*fence)(void *opaque, uint32_t ctx_id, uint32_t ring_idx,
                  uint64_t fence_id);
    /** server_fd - a connected socket, taken over; -1: failed.  Main loop. */
    int (*server_fd)(void *opaque);
} VenusRendererCallbacks;

/*
 * All operations: main loop, BQL held.  They return 0 or a negative errno,
 * and may block until the render server answers.
 */
typedef struct VenusRendererOps {
    const char *name;
    /**
     * open - start the renderer
     * @cb: valid until close
     * @opaque: for @cb
     * @poll: fences are asked for with poll() instead of called back
     */
    VenusRenderer *(*open)(const VenusRendererCallbacks *cb, void *opaque,
                           bool poll, Error **errp);
    void (*close)(VenusRenderer *r);
    int (*capset_info)(VenusRenderer *r, uint32_t capset, uint32_t *version,
                       uint32_t *size);
    int (*capset)(VenusRenderer *r, uint32_t capset, uint32_t version,
                  void *data);
    int (*context_create)(VenusRenderer *r, uint32_t ctx_id, uint32_t capset,
                          const char *name);
    void (*context_destroy)(VenusRenderer *r, uint32_t ctx_id);
    void (*attach)(VenusRenderer *r, uint32_t ctx_id, uint32_t resource_id);
    void (*detach)(VenusRenderer *r, uint32_t ctx_id, uint32_t resource_id);
    /** submit - @dwords 32-bit words at @buf, 8 byte aligned */
    int (*submit)(VenusRenderer *r, uint32_t ctx_id, void *buf,
                  uint32_t dwords);
    int (*blob_create)(VenusRenderer *r, const VenusBlobArgs *args);
    void (*resource_unref)(VenusRenderer *r, uint32_t resource_id);
    /** blob_export - @fd: a new descriptor, the caller's to close */
    int (*blob_export)(VenusRenderer *r, uint32_t resource_id,
                       VenusFdType *type, int *fd);
    /**
     * blob_map - map a blob that was exported as VENUS_FD_OPAQUE
     * @ptr: set to a host address, valid until blob_unmap
     * @size: set to bytes there
     */
    int (*blob_map)(VenusRenderer *r, uint32_t resource_id, void **ptr,
                    uint64_t *size);
    void (*blob_unmap)(VenusRenderer *r, uint32_t resource_id);
    /** blob_map_info - VIRTIO_GPU_MAP_CACHE_* */
    int (*blob_map_info)(VenusRenderer *r, uint32_t resource_id,
                         uint32_t *map_info);
    int (*fence)(VenusRenderer *r, uint32_t ctx_id, uint32_t ring_idx,
                 uint64_t fence_id);
    void (*poll)(VenusRenderer *r, uint32_t ctx_id);
} VenusRendererOps;

struct VenusRenderer {
    const VenusRendererOps *ops;
};

/** venus_renderer_virgl - the operations that call virglrenderer */
extern const VenusRendererOps venus_renderer_virgl;

#endif
