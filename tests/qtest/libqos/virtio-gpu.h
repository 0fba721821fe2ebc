/*
 * libqos driver of the virtio GPU: device, queues and the window of host blobs.
 * The requests themselves are in virtio-gpu-cmd.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_LIBQOS_VIRTIO_GPU_H
#define TESTS_LIBQOS_VIRTIO_GPU_H

#include "qgraph.h"
#include "virtio.h"
#include "virtio-pci.h"
#include "standard-headers/linux/virtio_gpu.h"

/* How long a request may take before the test fails; renderers can be slow */
#define QVIRTIO_GPU_TIMEOUT_US (30 * G_USEC_PER_SEC)

typedef struct QVirtioGPU {
    QVirtioDevice *vdev;        /* borrowed from the transport */
    QPCIDevice *pdev;           /* borrowed from the transport */
    QTestState *qts;
    QGuestAllocator *alloc;

    uint64_t refuse_features;   /* left out of the negotiation */
    uint64_t features;          /* what was negotiated */
    QVirtQueue *ctrlq;
    QVirtQueue *cursorq;
    GPtrArray *requests;        /* owned QVirtioGPURequest, not waited for */
    unsigned completions;       /* answers seen since the last start */

    /* The shared memory region of host-visible blobs; size 0: there is none */
    QPCIBar shm_bar;
    uint64_t shm_offset;
    uint64_t shm_size;
} QVirtioGPU;

typedef struct QVirtioGPUPCI {
    QVirtioPCIDevice pci_vdev;
    QVirtioGPU gpu;
} QVirtioGPUPCI;

/*
 * A request on its way.  It belongs to the QVirtioGPU: it goes away in
 * qvirtio_gpu_wait(), or when the device is stopped.
 */
typedef struct QVirtioGPURequest {
    QVirtQueue *vq;
    uint32_t head;
    uint64_t out_addr;
    uint64_t in_addr;
    size_t in_len;
    bool is_done;
    uint32_t used_len;
    unsigned order;             /* position among the completions, from 1 */
} QVirtioGPURequest;

/* The bytes of a request, well-formed or not */
typedef struct QVirtioGPUSend {
    QVirtioGPU *gpu;
    bool cursor;                /* on the cursor queue */
    const void *cmd;
    size_t cmd_len;
    const void *data;           /* follows the command, in its own descriptor */
    size_t data_len;
    size_t split;               /* longest readable descriptor; 0: no limit */
    size_t resp_len;            /* 0: no writable descriptor at all */
    size_t resp_split;          /* longest writable descriptor; 0: no limit */
} QVirtioGPUSend;

#define gpu_send(...) qvirtio_gpu_send((QVirtioGPUSend) __VA_ARGS__)

QVirtioGPURequest *qvirtio_gpu_send(QVirtioGPUSend opt);

/* Looks at the used rings once; sets is_done of what has been answered */
void qvirtio_gpu_poll(QVirtioGPU *gpu);

/* Whether @req is answered within @timeout_us; does not consume it */
bool qvirtio_gpu_answered(QVirtioGPU *gpu, QVirtioGPURequest *req,
                          gint64 timeout_us);

/*
 * Waits for the answer, copies up to @len bytes of it to @resp and releases
 * @req.  Returns how many bytes the device says it has written.
 */
size_t qvirtio_gpu_wait(QVirtioGPU *gpu, QVirtioGPURequest *req,
                        void *resp, size_t len);

/* The driver's side of the life cycle; start and stop pair up */
void qvirtio_gpu_start(QVirtioGPU *gpu);
void qvirtio_gpu_stop(QVirtioGPU *gpu);

/* Resets the device through its status register and sets it up anew */
void qvirtio_gpu_reset(QVirtioGPU *gpu);

/* Access to the host-visible window, by the guest's CPU */
void qvirtio_gpu_shm_read(QVirtioGPU *gpu, uint64_t offset,
                          void *buf, size_t len);
void qvirtio_gpu_shm_write(QVirtioGPU *gpu, uint64_t offset,
                           const void *buf, size_t len);

/*
 * For tests that start QEMU themselves instead of through qgraph.  Finds the
 * device, maps its BARs and starts the driver.  free with _pci_free().
 */
QVirtioGPUPCI *qvirtio_gpu_pci_new(QPCIBus *bus, QGuestAllocator *alloc,
                                   QPCIAddress *addr,
                                   uint64_t refuse_features);
void qvirtio_gpu_pci_free(QVirtioGPUPCI *dev);

#endif
