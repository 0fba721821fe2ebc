/*
 * The requests of a virtio GPU driver, one options struct each.
 *
 * Every request checks the type of its answer: .expect, or the success type
 * of the command when .expect is left out.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_LIBQOS_VIRTIO_GPU_CMD_H
#define TESTS_LIBQOS_VIRTIO_GPU_CMD_H

#include "virtio-gpu.h"

/* The fence of a request; id 0: the request has none */
typedef struct GPUFence {
    uint64_t id;
    bool has_ring;
    uint8_t ring_idx;
} GPUFence;

/*
 * Where .pending is given the request is only sent, and gpu_finish() takes
 * the answer.
 */
typedef struct GPUPending {
    QVirtioGPU *gpu;
    QVirtioGPURequest *req;
    struct virtio_gpu_ctrl_hdr hdr;     /* as sent */
    unsigned order;                     /* of the answer, set at the end */
} GPUPending;

typedef struct GPUDisplayInfoOpts {
    QVirtioGPU *gpu;
    uint32_t expect;
    GPUFence fence;
    GPUPending *pending;
    struct virtio_gpu_resp_display_info *info;  /* may be NULL */
} GPUDisplayInfoOpts;

typedef struct GPUGetEdidOpts {
    QVirtioGPU *gpu;
    uint32_t expect;
    uint32_t scanout_id;
    struct virtio_gpu_resp_edid *edid;
} GPUGetEdidOpts;

typedef struct GPUCapsetInfoOpts {
    QVirtioGPU *gpu;
    uint32_t expect;
    uint32_t index;
    struct virtio_gpu_resp_capset_info *info;
} GPUCapsetInfoOpts;

typedef struct GPUCapsetOpts {
    QVirtioGPU *gpu;
    uint32_t expect;
    uint32_t id;
    uint32_t version;
    void *data;
    size_t size;                /* of data, without the header */
} GPUCapsetOpts;

typedef struct GPUCreate2DOpts {
    QVirtioGPU *gpu;
    uint32_t expect;
    uint32_t resource_id;
    uint32_t format;
    uint32_t width;
    uint32_t height;
} GPUCreate2DOpts;

/* UNREF, DETACH_BACKING, UNMAP_BLOB: a resource and nothing else */
typedef struct GPUResourceOpts {
    QVirtioGPU *gpu;
    uint32_t expect;
    GPUFence fence;
    uint32_t resource_id;
} GPUResourceOpts;

typedef struct GPUMemEntry {
    uint64_t addr;
    uint32_t len;
} GPUMemEntry;

typedef struct GPUAttachBackingOpts {
    QVirtioGPU *gpu;
    uint32_t expect;
    uint32_t resource_id;
    const GPUMemEntry *entries;
    uint32_t nr_entries;
} GPUAttachBackingOpts;

typedef struct GPUTransfer2DOpts {
    QVirtioGPU *gpu;
    uint32_t expect;
    GPUFence fence;
    uint32_t resource_id;
    struct virtio_gpu_rect rect;
    uint64_t offset;
} GPUTransfer2DOpts;

typedef struct GPUSetScanoutOpts {
    QVirtioGPU *gpu;
    uint32_t expect;
    uint32_t scanout_id;
    uint32_t resource_id;
    struct virtio_gpu_rect rect;
} GPUSetScanoutOpts;

typedef struct GPUFlushOpts {
    QVirtioGPU *gpu;
    uint32_t expect;
    GPUFence fence;
    GPUPending *pending;
    uint32_t resource_id;
    struct virtio_gpu_rect rect;
} GPUFlushOpts;

typedef struct GPUCtxCreateOpts {
    QVirtioGPU *gpu;
    uint32_t expect;
    uint32_t ctx_id;
    uint32_t context_init;      /* low byte: capset id */
    const char *name;
} GPUCtxCreateOpts;

typedef struct GPUCtxDestroyOpts {
    QVirtioGPU *gpu;
    uint32_t expect;
    GPUFence fence;
    GPUPending *pending;
    uint32_t ctx_id;
} GPUCtxDestroyOpts;

typedef struct GPUCtxResourceOpts {
    QVirtioGPU *gpu;
    uint32_t expect;
    uint32_t ctx_id;
    uint32_t resource_id;
} GPUCtxResourceOpts;

typedef struct GPUSubmit3DOpts {
    QVirtioGPU *gpu;
    uint32_t expect;
    GPUFence fence;
    GPUPending *pending;
    uint32_t ctx_id;
    const void *data;
    size_t size;
} GPUSubmit3DOpts;

typedef struct GPUCreate3DOpts {
    QVirtioGPU *gpu;
    uint32_t expect;
    uint32_t resource_id;
    uint32_t format;
    uint32_t width;
    uint32_t height;
} GPUCreate3DOpts;

typedef struct GPUTransfer3DOpts {
    QVirtioGPU *gpu;
    uint32_t expect;
    bool from_host;
    uint32_t ctx_id;
    uint32_t resource_id;
    struct virtio_gpu_box box;
    uint64_t offset;
} GPUTransfer3DOpts;

typedef struct GPUCreateBlobOpts {
    QVirtioGPU *gpu;
    uint32_t expect;
    uint32_t ctx_id;
    uint32_t resource_id;
    uint32_t blob_mem;
    uint32_t blob_flags;
    uint64_t blob_id;
    uint64_t size;
    const GPUMemEntry *entries;
    uint32_t nr_entries;
} GPUCreateBlobOpts;

typedef struct GPUMapBlobOpts {
    QVirtioGPU *gpu;
    uint32_t expect;
    uint32_t resource_id;
    uint64_t offset;
    uint32_t *map_info;         /* may be NULL */
} GPUMapBlobOpts;

typedef struct GPUSetScanoutBlobOpts {
    QVirtioGPU *gpu;
    uint32_t expect;
    uint32_t scanout_id;
    uint32_t resource_id;
    struct virtio_gpu_rect rect;
    uint32_t width;
    uint32_t height;
    uint32_t format;
    uint32_t stride;
    uint32_t offset;
} GPUSetScanoutBlobOpts;

/* The cursor queue carries no answers */
typedef struct GPUCursorOpts {
    QVirtioGPU *gpu;
    uint32_t scanout_id;
    uint32_t resource_id;       /* update only; 0 hides it */
    uint32_t x;
    uint32_t y;
    uint32_t hot_x;
    uint32_t hot_y;
} GPUCursorOpts;

#define gpu_display_info(...) \
    qvirtio_gpu_display_info((GPUDisplayInfoOpts) __VA_ARGS__)
#define gpu_get_edid(...) \
    qvirtio_gpu_get_edid((GPUGetEdidOpts) __VA_ARGS__)
#define gpu_capset_info(...) \
    qvirtio_gpu_capset_info((GPUCapsetInfoOpts) __VA_ARGS__)
#define gpu_get_capset(...) \
    qvirtio_gpu_get_capset((GPUCapsetOpts) __VA_ARGS__)
#define gpu_create_2d(...) \
    qvirtio_gpu_create_2d((GPUCreate2DOpts) __VA_ARGS__)
#define gpu_unref(...) \
    qvirtio_gpu_unref((GPUResourceOpts) __VA_ARGS__)
#define gpu_attach_backing(...) \
    qvirtio_gpu_attach_backing((GPUAttachBackingOpts) __VA_ARGS__)
#define gpu_detach_backing(...) \
    qvirtio_gpu_detach_backing((GPUResourceOpts) __VA_ARGS__)
#define gpu_transfer_2d(...) \
    qvirtio_gpu_transfer_2d((GPUTransfer2DOpts) __VA_ARGS__)
#define gpu_set_scanout(...) \
    qvirtio_gpu_set_scanout((GPUSetScanoutOpts) __VA_ARGS__)
#define gpu_flush(...) \
    qvirtio_gpu_flush((GPUFlushOpts) __VA_ARGS__)
#define gpu_ctx_create(...) \
    qvirtio_gpu_ctx_create((GPUCtxCreateOpts) __VA_ARGS__)
#define gpu_ctx_destroy(...) \
    qvirtio_gpu_ctx_destroy((GPUCtxDestroyOpts) __VA_ARGS__)
#define gpu_ctx_attach(...) \
    qvirtio_gpu_ctx_attach((GPUCtxResourceOpts) __VA_ARGS__)
#define gpu_ctx_detach(...) \
    qvirtio_gpu_ctx_detach((GPUCtxResourceOpts) __VA_ARGS__)
#define gpu_submit_3d(...) \
    qvirtio_gpu_submit_3d((GPUSubmit3DOpts) __VA_ARGS__)
#define gpu_create_3d(...) \
    qvirtio_gpu_create_3d((GPUCreate3DOpts) __VA_ARGS__)
#define gpu_transfer_3d(...) \
    qvirtio_gpu_transfer_3d((GPUTransfer3DOpts) __VA_ARGS__)
#define gpu_create_blob(...) \
    qvirtio_gpu_create_blob((GPUCreateBlobOpts) __VA_ARGS__)
#define gpu_map_blob(...) \
    qvirtio_gpu_map_blob((GPUMapBlobOpts) __VA_ARGS__)
#define gpu_unmap_blob(...) \
    qvirtio_gpu_unmap_blob((GPUResourceOpts) __VA_ARGS__)
#define gpu_set_scanout_blob(...) \
    qvirtio_gpu_set_scanout_blob((GPUSetScanoutBlobOpts) __VA_ARGS__)
#define gpu_update_cursor(...) \
    qvirtio_gpu_update_cursor((GPUCursorOpts) __VA_ARGS__)
#define gpu_move_cursor(...) \
    qvirtio_gpu_move_cursor((GPUCursorOpts) __VA_ARGS__)

void qvirtio_gpu_display_info(GPUDisplayInfoOpts opt);
void qvirtio_gpu_get_edid(GPUGetEdidOpts opt);
void qvirtio_gpu_capset_info(GPUCapsetInfoOpts opt);
void qvirtio_gpu_get_capset(GPUCapsetOpts opt);
void qvirtio_gpu_create_2d(GPUCreate2DOpts opt);
void qvirtio_gpu_unref(GPUResourceOpts opt);
void qvirtio_gpu_attach_backing(GPUAttachBackingOpts opt);
void qvirtio_gpu_detach_backing(GPUResourceOpts opt);
void qvirtio_gpu_transfer_2d(GPUTransfer2DOpts opt);
void qvirtio_gpu_set_scanout(GPUSetScanoutOpts opt);
void qvirtio_gpu_flush(GPUFlushOpts opt);
void qvirtio_gpu_ctx_create(GPUCtxCreateOpts opt);
void qvirtio_gpu_ctx_destroy(GPUCtxDestroyOpts opt);
void qvirtio_gpu_ctx_attach(GPUCtxResourceOpts opt);
void qvirtio_gpu_ctx_detach(GPUCtxResourceOpts opt);
void qvirtio_gpu_submit_3d(GPUSubmit3DOpts opt);
void qvirtio_gpu_create_3d(GPUCreate3DOpts opt);
void qvirtio_gpu_transfer_3d(GPUTransfer3DOpts opt);
void qvirtio_gpu_create_blob(GPUCreateBlobOpts opt);
void qvirtio_gpu_map_blob(GPUMapBlobOpts opt);
void qvirtio_gpu_unmap_blob(GPUResourceOpts opt);
void qvirtio_gpu_set_scanout_blob(GPUSetScanoutBlobOpts opt);
void qvirtio_gpu_update_cursor(GPUCursorOpts opt);
void qvirtio_gpu_move_cursor(GPUCursorOpts opt);

/*
 * Takes the answer of a pending request, checks that it carries the
 * request's fence, and returns its type.
 */
uint32_t gpu_finish(GPUPending *pending);

#endif
