/*
 * virtio-gpu Venus backend: what blobs have to be aligned to
 *
 * Hosts map guest memory in pages of their own.  Here the size of these, the
 * granule, is settled and told to the guest: to its kernel (virtio 1.4, 5.7.3
 * and 5.7.4: VIRTIO_GPU_F_BLOB_ALIGNMENT), and behind the Venus capset to
 * programs on kernels that do not know that.  The user hears of a guest that
 * cannot work with it.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "qemu/cutils.h"
#include "qemu/error-report.h"
#include "qapi/error.h"
#include "system/ram-granule.h"
#include "window.h"

/*
 * The configuration space with the field of this feature.  vhost-user-gpu
 * shares struct virtio_gpu_config, which therefore stays as it is.
 */
typedef struct VenusConfigSpace {
    struct virtio_gpu_config base;
    uint32_t blob_alignment;    /* little-endian, bytes */
} VenusConfigSpace;

QEMU_BUILD_BUG_ON(offsetof(VenusConfigSpace, blob_alignment) != 16);

/*
 * Where the record is in the capset, bytes.  Drivers read as much of a capset
 * as they know fields, and a field that the host does not know has to read
 * zero: the record is out of the way of fields to come.  The capset had 16
 * bytes at first, and has 160 now.
 */
#define CAPSET_RECORD_OFFSET 1024
#define CAPSET_RECORD_MAGIC 0x4e524756      /* "VGRN" */
#define CAPSET_RECORD_VERSION 1

/* Ours, see docs/devel.  Little-endian; later versions append fields. */
typedef struct VenusCapsetRecord {
    uint32_t magic;
    uint32_t version;
    uint32_t granule;           /* bytes */
    uint32_t reserved;          /* 0 */
} VenusCapsetRecord;

/* The least that host and accelerator allow, bytes. */
static uint64_t alignment_needed(bool maps_fixed)
{
    uint64_t need = MAX(ram_granule().bytes, VENUS_GRANULE_MIN);

    return maps_fixed ? MAX(need, qemu_real_host_page_size()) : need;
}

bool venus_alignment_init(VenusState *s, bool maps_fixed, Error **errp)
{
    uint64_t need = alignment_needed(maps_fixed);
    uint64_t wish = s->conf->hostmem_granule;

    if (wish && (!is_power_of_2(wish) || wish < VENUS_GRANULE_MIN)) {
        error_setg(errp, "hostmem-granule=%" PRIu64 " is not a power of two "
                   "of at least %d", wish, VENUS_GRANULE_MIN);
        return false;
    }
    if (wish && wish < need) {
        error_setg(errp, "hostmem-granule=%" PRIu64 " is less than this host "
                   "needs, %" PRIu64, wish, need);
        return false;
    }
    s->granule = wish ?: need;
    if (s->granule > s->window_size || s->granule > UINT32_MAX) {
        error_setg(errp, "hostmem-granule=%" PRIu64 " does not fit into "
                   "hostmem=%" PRIu64, s->granule, s->window_size);
        return false;
    }
    if (s->conf->blob_alignment == ON_OFF_AUTO_ON ||
        (s->conf->blob_alignment == ON_OFF_AUTO_AUTO &&
         s->granule > VENUS_GRANULE_MIN)) {
        s->blob_alignment = s->granule;
    }
    return true;
}

void venus_alignment_extend_config(VenusState *s)
{
    VirtIODevice *vdev = VIRTIO_DEVICE(s->g);

    if (s->blob_alignment) {
        vdev->config = g_realloc(vdev->config, sizeof(VenusConfigSpace));
        vdev->config_len = sizeof(VenusConfigSpace);
    }
}

void venus_alignment_fill_config(VenusState *s, uint8_t *config)
{
    VenusConfigSpace *space = (VenusConfigSpace *)config;

    if (s->blob_alignment) {
        space->blob_alignment = cpu_to_le32(s->blob_alignment);
    }
}

void venus_alignment_extend_capset(VenusState *s)
{
    const VenusCapsetRecord record = {
        .magic = cpu_to_le32(CAPSET_RECORD_MAGIC),
        .version = cpu_to_le32(CAPSET_RECORD_VERSION),
        .granule = cpu_to_le32(s->granule),
    };
    size_t filled = s->capset->len;

    if (filled > CAPSET_RECORD_OFFSET) {
        return;
    }
    g_byte_array_set_size(s->capset, CAPSET_RECORD_OFFSET);
    memset(s->capset->data + filled, 0, CAPSET_RECORD_OFFSET - filled);
    g_byte_array_append(s->capset, (const uint8_t *)&record, sizeof(record));
}

uint64_t venus_alignment_features(VenusState *s)
{
    return s->blob_alignment ? 1ull << VIRTIO_GPU_F_BLOB_ALIGNMENT : 0;
}

bool venus_alignment_negotiated(VenusState *s)
{
    return virtio_vdev_has_feature(VIRTIO_DEVICE(s->g),
                                   VIRTIO_GPU_F_BLOB_ALIGNMENT);
}

void venus_alignment_hint(VenusState *s)
{
    g_autofree char *granule = NULL;

    if (s->granule_hinted || s->granule == VENUS_GRANULE_MIN) {
        return;
    }
    s->granule_hinted = true;
    granule = size_to_str(s->granule);
    warn_report("virtio-gpu: Vulkan does not work in this guest, because its "
                "driver makes blobs that do not fill pages of %s, as this "
                "host needs", granule);
    info_report("virtio-gpu: use a guest kernel with pages of %s, or preload "
                "contrib/guest-align in the guest", granule);
}
