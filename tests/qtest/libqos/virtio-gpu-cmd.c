/*
 * The requests of a virtio GPU driver
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "../libqtest.h"
#include "virtio-gpu-cmd.h"

typedef struct GPUCall {           /* what all requests have in common */
    QVirtioGPU *gpu;
    uint32_t type;
    uint32_t expect;            /* 0: @success */
    uint32_t success;           /* 0: OK_NODATA */
    uint32_t ctx_id;
    GPUFence fence;
    GPUPending *pending;        /* may be NULL */
    void *cmd;                  /* begins with the header, filled in here */
    size_t cmd_len;
    const void *data;
    size_t data_len;
    void *resp;                 /* NULL: not of interest */
    size_t resp_len;            /* 0: just a header */
} GPUCall;

static void gpu_header_init(struct virtio_gpu_ctrl_hdr *hdr,
                            const GPUCall *call)
{
    uint32_t flags = 0;

    if (call->fence.id) {
        flags |= VIRTIO_GPU_FLAG_FENCE;
    }
    if (call->fence.has_ring) {
        flags |= VIRTIO_GPU_FLAG_INFO_RING_IDX;
        hdr->ring_idx = call->fence.ring_idx;
    }
    hdr->type = cpu_to_le32(call->type);
    hdr->flags = cpu_to_le32(flags);
    hdr->fence_id = cpu_to_le64(call->fence.id);
    hdr->ctx_id = cpu_to_le32(call->ctx_id);
}

/* "the device MUST ... set fence_id in the response"; errors are responses */
static void gpu_check_fence(const struct virtio_gpu_ctrl_hdr *sent,
                            const struct virtio_gpu_ctrl_hdr *got)
{
    uint32_t fence = le32_to_cpu(sent->flags) & VIRTIO_GPU_FLAG_FENCE;

    g_assert_cmphex(le32_to_cpu(got->flags) & VIRTIO_GPU_FLAG_FENCE, ==,
                    fence);
    if (fence) {
        g_assert_cmpuint(got->fence_id, ==, sent->fence_id);
        g_assert_cmpuint(got->ctx_id, ==, sent->ctx_id);
    }
}

uint32_t gpu_finish(GPUPending *pending)
{
    struct virtio_gpu_ctrl_hdr hdr;
    size_t len;

    g_assert_true(qvirtio_gpu_answered(pending->gpu, pending->req,
                                       QVIRTIO_GPU_TIMEOUT_US));
    pending->order = pending->req->order;
    len = qvirtio_gpu_wait(pending->gpu, pending->req, &hdr, sizeof(hdr));
    pending->req = NULL;
    g_assert_cmpuint(len, >=, sizeof(hdr));
    gpu_check_fence(&pending->hdr, &hdr);
    return le32_to_cpu(hdr.type);
}

static void gpu_check_answer(uint32_t type, uint32_t got, uint32_t expect)
{
    if (got != expect) {
        g_test_message("command 0x%04x", type);
    }
    g_assert_cmphex(got, ==, expect);
}

static void gpu_call(GPUCall call)
{
    struct virtio_gpu_ctrl_hdr *hdr = call.cmd;
    size_t resp_len = call.resp_len ? call.resp_len : sizeof(*hdr);
    g_autofree void *unwanted = call.resp ? NULL : g_malloc0(resp_len);
    struct virtio_gpu_ctrl_hdr *resp = call.resp ? call.resp : unwanted;
    uint32_t success = call.success ? call.success : VIRTIO_GPU_RESP_OK_NODATA;
    uint32_t expect = call.expect ? call.expect : success;
    QVirtioGPURequest *req;
    size_t len;

    gpu_header_init(hdr, &call);
    req = gpu_send({
        .gpu = call.gpu,
        .cmd = call.cmd, .cmd_len = call.cmd_len,
        .data = call.data, .data_len = call.data_len,
        .resp_len = resp_len,
    });
    if (call.pending) {
        *call.pending = (GPUPending) {
            .gpu = call.gpu, .req = req, .hdr = *hdr,
        };
        return;
    }

    len = qvirtio_gpu_wait(call.gpu, req, resp, resp_len);
    gpu_check_answer(call.type, le32_to_cpu(resp->type), expect);
    g_assert_cmpuint(len, ==, expect == success ? resp_len : sizeof(*resp));
    gpu_check_fence(hdr, resp);
}

/* Entries as the device reads them; free with g_free() */
static struct virtio_gpu_mem_entry *gpu_mem_entries(const GPUMemEntry *entries,
                                                    uint32_t nr_entries)
{
    struct virtio_gpu_mem_entry *ents;
    uint32_t i;

    ents = g_new0(struct virtio_gpu_mem_entry, nr_entries);
    for (i = 0; i < nr_entries; i++) {
        ents[i].addr = cpu_to_le64(entries[i].addr);
        ents[i].length = cpu_to_le32(entries[i].len);
    }
    return ents;
}

static struct virtio_gpu_rect gpu_rect_le(struct virtio_gpu_rect r)
{
    return (struct virtio_gpu_rect) {
        .x = cpu_to_le32(r.x), .y = cpu_to_le32(r.y),
        .width = cpu_to_le32(r.width), .height = cpu_to_le32(r.height),
    };
}

void qvirtio_gpu_display_info(GPUDisplayInfoOpts opt)
{
    struct virtio_gpu_ctrl_hdr cmd = {};

    gpu_call((GPUCall) {
        .gpu = opt.gpu, .type = VIRTIO_GPU_CMD_GET_DISPLAY_INFO,
        .expect = opt.expect, .success = VIRTIO_GPU_RESP_OK_DISPLAY_INFO,
        .fence = opt.fence, .pending = opt.pending,
        .cmd = &cmd, .cmd_len = sizeof(cmd),
        .resp = opt.info, .resp_len = sizeof(*opt.info),
    });
}

void qvirtio_gpu_get_edid(GPUGetEdidOpts opt)
{
    struct virtio_gpu_cmd_get_edid cmd = {
        .scanout = cpu_to_le32(opt.scanout_id),
    };

    gpu_call((GPUCall) {
        .gpu = opt.gpu, .type = VIRTIO_GPU_CMD_GET_EDID,
        .expect = opt.expect, .success = VIRTIO_GPU_RESP_OK_EDID,
        .cmd = &cmd, .cmd_len = sizeof(cmd),
        .resp = opt.edid, .resp_len = sizeof(*opt.edid),
    });
}

void qvirtio_gpu_capset_info(GPUCapsetInfoOpts opt)
{
    struct virtio_gpu_get_capset_info cmd = {
        .capset_index = cpu_to_le32(opt.index),
    };
    struct virtio_gpu_resp_capset_info info = {};

    gpu_call((GPUCall) {
        .gpu = opt.gpu, .type = VIRTIO_GPU_CMD_GET_CAPSET_INFO,
        .expect = opt.expect, .success = VIRTIO_GPU_RESP_OK_CAPSET_INFO,
        .cmd = &cmd, .cmd_len = sizeof(cmd),
        .resp = &info, .resp_len = sizeof(info),
    });
    if (opt.info) {
        opt.info->capset_id = le32_to_cpu(info.capset_id);
        opt.info->capset_max_version = le32_to_cpu(info.capset_max_version);
        opt.info->capset_max_size = le32_to_cpu(info.capset_max_size);
    }
}

void qvirtio_gpu_get_capset(GPUCapsetOpts opt)
{
    struct virtio_gpu_get_capset cmd = {
        .capset_id = cpu_to_le32(opt.id),
        .capset_version = cpu_to_le32(opt.version),
    };
    size_t resp_len = sizeof(struct virtio_gpu_resp_capset) + opt.size;
    g_autofree struct virtio_gpu_resp_capset *resp = g_malloc0(resp_len);

    gpu_call((GPUCall) {
        .gpu = opt.gpu, .type = VIRTIO_GPU_CMD_GET_CAPSET,
        .expect = opt.expect, .success = VIRTIO_GPU_RESP_OK_CAPSET,
        .cmd = &cmd, .cmd_len = sizeof(cmd),
        .resp = resp, .resp_len = resp_len,
    });
    if (opt.data) {
        memcpy(opt.data, resp->capset_data, opt.size);
    }
}

void qvirtio_gpu_create_2d(GPUCreate2DOpts opt)
{
    struct virtio_gpu_resource_create_2d cmd = {
        .resource_id = cpu_to_le32(opt.resource_id),
        .format = cpu_to_le32(opt.format),
        .width = cpu_to_le32(opt.width),
        .height = cpu_to_le32(opt.height),
    };

    gpu_call((GPUCall) {
        .gpu = opt.gpu, .type = VIRTIO_GPU_CMD_RESOURCE_CREATE_2D,
        .expect = opt.expect, .cmd = &cmd, .cmd_len = sizeof(cmd),
    });
}

static void gpu_resource_call(GPUResourceOpts opt, uint32_t type)
{
    /* UNREF, DETACH_BACKING and UNMAP_BLOB have the same layout */
    struct virtio_gpu_resource_unref cmd = {
        .resource_id = cpu_to_le32(opt.resource_id),
    };

    gpu_call((GPUCall) {
        .gpu = opt.gpu, .type = type,
        .expect = opt.expect, .fence = opt.fence,
        .cmd = &cmd, .cmd_len = sizeof(cmd),
    });
}

void qvirtio_gpu_unref(GPUResourceOpts opt)
{
    gpu_resource_call(opt, VIRTIO_GPU_CMD_RESOURCE_UNREF);
}

void qvirtio_gpu_detach_backing(GPUResourceOpts opt)
{
    gpu_resource_call(opt, VIRTIO_GPU_CMD_RESOURCE_DETACH_BACKING);
}

void qvirtio_gpu_unmap_blob(GPUResourceOpts opt)
{
    gpu_resource_call(opt, VIRTIO_GPU_CMD_RESOURCE_UNMAP_BLOB);
}

void qvirtio_gpu_attach_backing(GPUAttachBackingOpts opt)
{
    struct virtio_gpu_resource_attach_backing cmd = {
        .resource_id = cpu_to_le32(opt.resource_id),
        .nr_entries = cpu_to_le32(opt.nr_entries),
    };
    g_autofree struct virtio_gpu_mem_entry *ents =
        gpu_mem_entries(opt.entries, opt.nr_entries);

    gpu_call((GPUCall) {
        .gpu = opt.gpu, .type = VIRTIO_GPU_CMD_RESOURCE_ATTACH_BACKING,
        .expect = opt.expect, .cmd = &cmd, .cmd_len = sizeof(cmd),
        .data = ents, .data_len = sizeof(*ents) * opt.nr_entries,
    });
}

void qvirtio_gpu_transfer_2d(GPUTransfer2DOpts opt)
{
    struct virtio_gpu_transfer_to_host_2d cmd = {
        .r = gpu_rect_le(opt.rect),
        .offset = cpu_to_le64(opt.offset),
        .resource_id = cpu_to_le32(opt.resource_id),
    };

    gpu_call((GPUCall) {
        .gpu = opt.gpu, .type = VIRTIO_GPU_CMD_TRANSFER_TO_HOST_2D,
        .expect = opt.expect, .fence = opt.fence,
        .cmd = &cmd, .cmd_len = sizeof(cmd),
    });
}

void qvirtio_gpu_set_scanout(GPUSetScanoutOpts opt)
{
    struct virtio_gpu_set_scanout cmd = {
        .r = gpu_rect_le(opt.rect),
        .scanout_id = cpu_to_le32(opt.scanout_id),
        .resource_id = cpu_to_le32(opt.resource_id),
    };

    gpu_call((GPUCall) {
        .gpu = opt.gpu, .type = VIRTIO_GPU_CMD_SET_SCANOUT,
        .expect = opt.expect, .cmd = &cmd, .cmd_len = sizeof(cmd),
    });
}

void qvirtio_gpu_flush(GPUFlushOpts opt)
{
    struct virtio_gpu_resource_flush cmd = {
        .r = gpu_rect_le(opt.rect),
        .resource_id = cpu_to_le32(opt.resource_id),
    };

    gpu_call((GPUCall) {
        .gpu = opt.gpu, .type = VIRTIO_GPU_CMD_RESOURCE_FLUSH,
        .expect = opt.expect, .fence = opt.fence, .pending = opt.pending,
        .cmd = &cmd, .cmd_len = sizeof(cmd),
    });
}

void qvirtio_gpu_ctx_create(GPUCtxCreateOpts opt)
{
    const char *name = opt.name ? opt.name : "qtest";
    struct virtio_gpu_ctx_create cmd = {
        .nlen = cpu_to_le32(strlen(name)),
        .context_init = cpu_to_le32(opt.context_init),
    };

    g_assert_cmpuint(strlen(name), <=, sizeof(cmd.debug_name));
    memcpy(cmd.debug_name, name, strlen(name));
    gpu_call((GPUCall) {
        .gpu = opt.gpu, .type = VIRTIO_GPU_CMD_CTX_CREATE,
        .expect = opt.expect,
        .ctx_id = opt.ctx_id, .cmd = &cmd, .cmd_len = sizeof(cmd),
    });
}

void qvirtio_gpu_ctx_destroy(GPUCtxDestroyOpts opt)
{
    struct virtio_gpu_ctx_destroy cmd = {};

    gpu_call((GPUCall) {
        .gpu = opt.gpu, .type = VIRTIO_GPU_CMD_CTX_DESTROY,
        .expect = opt.expect, .ctx_id = opt.ctx_id,
        .fence = opt.fence, .pending = opt.pending,
        .cmd = &cmd, .cmd_len = sizeof(cmd),
    });
}

static void gpu_ctx_resource_call(GPUCtxResourceOpts opt, uint32_t type)
{
    struct virtio_gpu_ctx_resource cmd = {
        .resource_id = cpu_to_le32(opt.resource_id),
    };

    gpu_call((GPUCall) {
        .gpu = opt.gpu, .type = type, .expect = opt.expect,
        .ctx_id = opt.ctx_id, .cmd = &cmd, .cmd_len = sizeof(cmd),
    });
}

void qvirtio_gpu_ctx_attach(GPUCtxResourceOpts opt)
{
    gpu_ctx_resource_call(opt, VIRTIO_GPU_CMD_CTX_ATTACH_RESOURCE);
}

void qvirtio_gpu_ctx_detach(GPUCtxResourceOpts opt)
{
    gpu_ctx_resource_call(opt, VIRTIO_GPU_CMD_CTX_DETACH_RESOURCE);
}

void qvirtio_gpu_submit_3d(GPUSubmit3DOpts opt)
{
    struct virtio_gpu_cmd_submit cmd = {
        .size = cpu_to_le32(opt.size),
    };

    gpu_call((GPUCall) {
        .gpu = opt.gpu, .type = VIRTIO_GPU_CMD_SUBMIT_3D,
        .expect = opt.expect, .ctx_id = opt.ctx_id,
        .fence = opt.fence, .pending = opt.pending,
        .cmd = &cmd, .cmd_len = sizeof(cmd),
        .data = opt.data, .data_len = opt.size,
    });
}

void qvirtio_gpu_create_3d(GPUCreate3DOpts opt)
{
    struct virtio_gpu_resource_create_3d cmd = {
        .resource_id = cpu_to_le32(opt.resource_id),
        .target = cpu_to_le32(2),
        .format = cpu_to_le32(opt.format),
        .bind = cpu_to_le32(2),
        .width = cpu_to_le32(opt.width),
        .height = cpu_to_le32(opt.height),
        .depth = cpu_to_le32(1),
        .array_size = cpu_to_le32(1),
    };

    gpu_call((GPUCall) {
        .gpu = opt.gpu, .type = VIRTIO_GPU_CMD_RESOURCE_CREATE_3D,
        .expect = opt.expect, .cmd = &cmd, .cmd_len = sizeof(cmd),
    });
}

void qvirtio_gpu_transfer_3d(GPUTransfer3DOpts opt)
{
    struct virtio_gpu_transfer_host_3d cmd = {
        .box = {
            .x = cpu_to_le32(opt.box.x), .w = cpu_to_le32(opt.box.w),
            .y = cpu_to_le32(opt.box.y), .h = cpu_to_le32(opt.box.h),
            .z = cpu_to_le32(opt.box.z), .d = cpu_to_le32(opt.box.d),
        },
        .offset = cpu_to_le64(opt.offset),
        .resource_id = cpu_to_le32(opt.resource_id),
    };

    gpu_call((GPUCall) {
        .gpu = opt.gpu,
        .type = opt.from_host ? VIRTIO_GPU_CMD_TRANSFER_FROM_HOST_3D
                              : VIRTIO_GPU_CMD_TRANSFER_TO_HOST_3D,
        .expect = opt.expect, .ctx_id = opt.ctx_id,
        .cmd = &cmd, .cmd_len = sizeof(cmd),
    });
}

void qvirtio_gpu_create_blob(GPUCreateBlobOpts opt)
{
    struct virtio_gpu_resource_create_blob cmd = {
        .resource_id = cpu_to_le32(opt.resource_id),
        .blob_mem = cpu_to_le32(opt.blob_mem),
        .blob_flags = cpu_to_le32(opt.blob_flags),
        .nr_entries = cpu_to_le32(opt.nr_entries),
        .blob_id = cpu_to_le64(opt.blob_id),
        .size = cpu_to_le64(opt.size),
    };
    g_autofree struct virtio_gpu_mem_entry *ents =
        gpu_mem_entries(opt.entries, opt.nr_entries);

    gpu_call((GPUCall) {
        .gpu = opt.gpu, .type = VIRTIO_GPU_CMD_RESOURCE_CREATE_BLOB,
        .expect = opt.expect, .ctx_id = opt.ctx_id,
        .cmd = &cmd, .cmd_len = sizeof(cmd),
        .data = ents, .data_len = sizeof(*ents) * opt.nr_entries,
    });
}

void qvirtio_gpu_map_blob(GPUMapBlobOpts opt)
{
    struct virtio_gpu_resource_map_blob cmd = {
        .resource_id = cpu_to_le32(opt.resource_id),
        .offset = cpu_to_le64(opt.offset),
    };
    struct virtio_gpu_resp_map_info info = {};

    gpu_call((GPUCall) {
        .gpu = opt.gpu, .type = VIRTIO_GPU_CMD_RESOURCE_MAP_BLOB,
        .expect = opt.expect, .success = VIRTIO_GPU_RESP_OK_MAP_INFO,
        .cmd = &cmd, .cmd_len = sizeof(cmd),
        .resp = &info, .resp_len = sizeof(info),
    });
    if (opt.map_info) {
        *opt.map_info = le32_to_cpu(info.map_info);
    }
}

void qvirtio_gpu_set_scanout_blob(GPUSetScanoutBlobOpts opt)
{
    struct virtio_gpu_set_scanout_blob cmd = {
        .r = gpu_rect_le(opt.rect),
        .scanout_id = cpu_to_le32(opt.scanout_id),
        .resource_id = cpu_to_le32(opt.resource_id),
        .width = cpu_to_le32(opt.width),
        .height = cpu_to_le32(opt.height),
        .format = cpu_to_le32(opt.format),
        .strides[0] = cpu_to_le32(opt.stride),
        .offsets[0] = cpu_to_le32(opt.offset),
    };

    gpu_call((GPUCall) {
        .gpu = opt.gpu, .type = VIRTIO_GPU_CMD_SET_SCANOUT_BLOB,
        .expect = opt.expect, .cmd = &cmd, .cmd_len = sizeof(cmd),
    });
}

static void gpu_cursor_call(GPUCursorOpts opt, uint32_t type)
{
    struct virtio_gpu_update_cursor cmd = {
        .hdr.type = cpu_to_le32(type),
        .pos.scanout_id = cpu_to_le32(opt.scanout_id),
        .pos.x = cpu_to_le32(opt.x),
        .pos.y = cpu_to_le32(opt.y),
        .resource_id = cpu_to_le32(opt.resource_id),
        .hot_x = cpu_to_le32(opt.hot_x),
        .hot_y = cpu_to_le32(opt.hot_y),
    };

    qvirtio_gpu_wait(opt.gpu, gpu_send({
        .gpu = opt.gpu, .cursor = true, .cmd = &cmd, .cmd_len = sizeof(cmd),
    }), NULL, 0);
}

void qvirtio_gpu_update_cursor(GPUCursorOpts opt)
{
    gpu_cursor_call(opt, VIRTIO_GPU_CMD_UPDATE_CURSOR);
}

void qvirtio_gpu_move_cursor(GPUCursorOpts opt)
{
    gpu_cursor_call(opt, VIRTIO_GPU_CMD_MOVE_CURSOR);
}
