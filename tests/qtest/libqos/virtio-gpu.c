/*
 * libqos driver of the virtio GPU
 *
 * Sends any bytes and waits for the answer in wall clock time: renderers
 * answer from threads of their own, which stepping the qtest clock does not
 * move.  Knows nothing about single commands.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#include "qemu/osdep.h"
#include "../libqtest.h"
#include "qemu/module.h"
#include "standard-headers/linux/pci_regs.h"
#include "standard-headers/linux/virtio_config.h"
#include "standard-headers/linux/virtio_pci.h"
#include "virtio-gpu.h"
#include "virtio-gpu-probe.h"

#define GPU_QUEUE_CONTROL 0
#define GPU_QUEUE_CURSOR 1

/* Writable memory starts as this, so that a short answer shows */
#define GPU_RESP_FILL 0xa5

static void gpu_request_free(QVirtioGPU *gpu, QVirtioGPURequest *req)
{
    if (req->out_addr) {
        guest_free(gpu->alloc, req->out_addr);
    }
    if (req->in_addr) {
        guest_free(gpu->alloc, req->in_addr);
    }
    g_free(req);
}

static size_t gpu_num_descriptors(size_t len, size_t split)
{
    return len ? DIV_ROUND_UP(len, split ? split : len) : 0;
}

/* Adds @len bytes at @addr as descriptors of at most @split bytes */
static void gpu_add_descriptors(QVirtioGPURequest *req, QTestState *qts,
                                uint64_t addr, size_t len, size_t split,
                                bool write, size_t *left)
{
    while (len) {
        size_t part = split ? MIN(len, split) : len;
        uint32_t index;

        index = qvirtqueue_add(qts, req->vq, addr, part, write, --*left);
        if (req->head == UINT32_MAX) {
            req->head = index;
        }
        addr += part;
        len -= part;
    }
}

/* The pool of libqos only shrinks: refill it when nothing is on its way */
static void gpu_refill_descriptors(QVirtioGPU *gpu, QVirtQueue *vq)
{
    guint i;

    for (i = 0; i < gpu->requests->len; i++) {
        QVirtioGPURequest *req = g_ptr_array_index(gpu->requests, i);

        if (req->vq == vq && !req->is_done) {
            return;
        }
    }
    qvirtqueue_reset_pool(vq);
}

QVirtioGPURequest *qvirtio_gpu_send(QVirtioGPUSend opt)
{
    QVirtioGPU *gpu = opt.gpu;
    QVirtioGPURequest *req = g_new0(QVirtioGPURequest, 1);
    size_t out_len = opt.cmd_len + opt.data_len;
    size_t left = gpu_num_descriptors(opt.cmd_len, opt.split) +
                  gpu_num_descriptors(opt.data_len, opt.split) +
                  gpu_num_descriptors(opt.resp_len, opt.resp_split);

    req->vq = opt.cursor ? gpu->cursorq : gpu->ctrlq;
    req->head = UINT32_MAX;
    req->in_len = opt.resp_len;
    qvirtio_gpu_poll(gpu);
    gpu_refill_descriptors(gpu, req->vq);
    g_assert_cmpuint(left, <=, req->vq->num_free);

    if (out_len) {
        req->out_addr = guest_alloc(gpu->alloc, out_len);
    }
    if (opt.cmd_len) {
        qtest_bufwrite(gpu->qts, req->out_addr, opt.cmd, opt.cmd_len);
        gpu_add_descriptors(req, gpu->qts, req->out_addr, opt.cmd_len,
                            opt.split, false, &left);
    }
    if (opt.data_len) {
        qtest_bufwrite(gpu->qts, req->out_addr + opt.cmd_len,
                       opt.data, opt.data_len);
        gpu_add_descriptors(req, gpu->qts, req->out_addr + opt.cmd_len,
                            opt.data_len, opt.split, false, &left);
    }
    if (opt.resp_len) {
        req->in_addr = guest_alloc(gpu->alloc, opt.resp_len);
        qtest_memset(gpu->qts, req->in_addr, GPU_RESP_FILL, opt.resp_len);
        gpu_add_descriptors(req, gpu->qts, req->in_addr, opt.resp_len,
                            opt.resp_split, true, &left);
    }

    g_ptr_array_add(gpu->requests, req);
    qvirtqueue_kick(gpu->qts, gpu->vdev, req->vq, req->head);
    return req;
}

static void gpu_poll_queue(QVirtioGPU *gpu, QVirtQueue *vq)
{
    uint32_t head, len;

    while (qvirtqueue_get_buf(gpu->qts, vq, &head, &len)) {
        QVirtioGPURequest *found = NULL;
        guint i;

        for (i = 0; i < gpu->requests->len && !found; i++) {
            QVirtioGPURequest *req = g_ptr_array_index(gpu->requests, i);

            if (req->vq == vq && req->head == head && !req->is_done) {
                found = req;
            }
        }
        /* An answer to nothing, or a second answer, is a device bug */
        g_assert_nonnull(found);
        found->is_done = true;
        found->used_len = len;
        found->order = ++gpu->completions;
    }
}

void qvirtio_gpu_poll(QVirtioGPU *gpu)
{
    gpu_poll_queue(gpu, gpu->ctrlq);
    gpu_poll_queue(gpu, gpu->cursorq);
}

bool qvirtio_gpu_answered(QVirtioGPU *gpu, QVirtioGPURequest *req,
                          gint64 timeout_us)
{
    gint64 end = g_get_monotonic_time() + timeout_us;

    for (;;) {
        qvirtio_gpu_poll(gpu);
        if (req->is_done) {
            return true;
        }
        if (g_get_monotonic_time() > end) {
            return false;
        }
        g_usleep(50);
    }
}

size_t qvirtio_gpu_wait(QVirtioGPU *gpu, QVirtioGPURequest *req,
                        void *resp, size_t len)
{
    size_t used_len;

    g_assert_true(qvirtio_gpu_answered(gpu, req, QVIRTIO_GPU_TIMEOUT_US));
    used_len = req->used_len;
    g_assert_cmpuint(used_len, <=, req->in_len);
    len = MIN(len, req->in_len);
    if (len) {
        qtest_bufread(gpu->qts, req->in_addr, resp, len);
    }
    g_assert_true(g_ptr_array_remove_fast(gpu->requests, req));
    gpu_request_free(gpu, req);
    return used_len;
}

void qvirtio_gpu_start(QVirtioGPU *gpu)
{
    uint64_t features = qvirtio_get_features(gpu->vdev);

    features &= ~(QVIRTIO_F_BAD_FEATURE | gpu->refuse_features |
                  (1ull << VIRTIO_RING_F_INDIRECT_DESC) |
                  (1ull << VIRTIO_RING_F_EVENT_IDX));
    qvirtio_set_features(gpu->vdev, features);
    gpu->features = features;

    gpu->requests = g_ptr_array_new();
    gpu->completions = 0;
    gpu->ctrlq = qvirtqueue_setup(gpu->vdev, gpu->alloc, GPU_QUEUE_CONTROL);
    gpu->cursorq = qvirtqueue_setup(gpu->vdev, gpu->alloc, GPU_QUEUE_CURSOR);
    qvirtio_set_driver_ok(gpu->vdev);
}

void qvirtio_gpu_stop(QVirtioGPU *gpu)
{
    guint i;

    for (i = 0; i < gpu->requests->len; i++) {
        gpu_request_free(gpu, g_ptr_array_index(gpu->requests, i));
    }
    g_ptr_array_free(gpu->requests, true);
    gpu->requests = NULL;
    qvirtqueue_cleanup(gpu->vdev->bus, gpu->ctrlq, gpu->alloc);
    qvirtqueue_cleanup(gpu->vdev->bus, gpu->cursorq, gpu->alloc);
}

void qvirtio_gpu_reset(QVirtioGPU *gpu)
{
    qvirtio_reset(gpu->vdev);
    qvirtio_gpu_stop(gpu);
    qvirtio_set_acknowledge(gpu->vdev);
    qvirtio_set_driver(gpu->vdev);
    qvirtio_gpu_start(gpu);
}

void qvirtio_gpu_shm_read(QVirtioGPU *gpu, uint64_t offset,
                          void *buf, size_t len)
{
    g_assert_cmpuint(offset + len, <=, gpu->shm_size);
    qpci_memread(gpu->pdev, gpu->shm_bar, gpu->shm_offset + offset, buf, len);
}

void qvirtio_gpu_shm_write(QVirtioGPU *gpu, uint64_t offset,
                           const void *buf, size_t len)
{
    g_assert_cmpuint(offset + len, <=, gpu->shm_size);
    qpci_memwrite(gpu->pdev, gpu->shm_bar, gpu->shm_offset + offset, buf, len);
}

/* A 64-bit field of struct virtio_pci_cap64: low half in the basic structure */
static uint64_t gpu_cap_read64(QPCIDevice *pdev, uint8_t lo, uint8_t hi)
{
    return qpci_config_readl(pdev, lo) |
           (uint64_t)qpci_config_readl(pdev, hi) << 32;
}

/* Finds and maps the BAR of the host-visible shared memory region */
static void gpu_map_shm(QVirtioGPU *gpu)
{
    QPCIDevice *pdev = gpu->pdev;
    uint8_t cap = qpci_config_readb(pdev, PCI_CAPABILITY_LIST);

    for (; cap; cap = qpci_config_readb(pdev, cap + PCI_CAP_LIST_NEXT)) {
        uint64_t bar_size;

        if (qpci_config_readb(pdev, cap) != PCI_CAP_ID_VNDR ||
            qpci_config_readb(pdev, cap + offsetof(struct virtio_pci_cap,
                                                   cfg_type)) !=
            VIRTIO_PCI_CAP_SHARED_MEMORY_CFG ||
            qpci_config_readb(pdev, cap + offsetof(struct virtio_pci_cap,
                                                   id)) !=
            VIRTIO_GPU_SHM_ID_HOST_VISIBLE) {
            continue;
        }
        gpu->shm_offset =
            gpu_cap_read64(pdev, cap + offsetof(struct virtio_pci_cap, offset),
                           cap + offsetof(struct virtio_pci_cap64, offset_hi));
        gpu->shm_size =
            gpu_cap_read64(pdev, cap + offsetof(struct virtio_pci_cap, length),
                           cap + offsetof(struct virtio_pci_cap64, length_hi));
        gpu->shm_bar =
            qpci_iomap(pdev, qpci_config_readb(pdev, cap +
                             offsetof(struct virtio_pci_cap, bar)),
                       &bar_size);
        g_assert_cmpuint(gpu->shm_offset + gpu->shm_size, <=, bar_size);
        return;
    }
}

static void *gpu_pci_get_driver(void *object, const char *interface)
{
    QVirtioGPUPCI *dev = object;

    if (!g_strcmp0(interface, "pci-device")) {
        return dev->pci_vdev.pdev;
    }
    if (!g_strcmp0(interface, "virtio-gpu")) {
        return &dev->gpu;
    }
    if (!g_strcmp0(interface, "virtio")) {
        return dev->gpu.vdev;
    }
    fprintf(stderr, "%s not present in virtio-gpu-pci\n", interface);
    g_assert_not_reached();
}

static void gpu_pci_destructor(QOSGraphObject *obj)
{
    QVirtioGPUPCI *dev = (QVirtioGPUPCI *)obj;

    qvirtio_gpu_stop(&dev->gpu);
    qvirtio_pci_destructor(obj);
}

static void gpu_pci_start_hw(QOSGraphObject *obj)
{
    QVirtioGPUPCI *dev = (QVirtioGPUPCI *)obj;

    /* The big BAR first: it only fits in libqos' space at its beginning */
    gpu_map_shm(&dev->gpu);
    qvirtio_pci_start_hw(obj);
    qvirtio_gpu_start(&dev->gpu);
}

static void *gpu_pci_create(void *pci_bus, QGuestAllocator *alloc, void *addr)
{
    QVirtioGPUPCI *dev = g_new0(QVirtioGPUPCI, 1);
    QOSGraphObject *obj = &dev->pci_vdev.obj;

    virtio_pci_init(&dev->pci_vdev, pci_bus, addr);
    dev->gpu.vdev = &dev->pci_vdev.vdev;
    dev->gpu.pdev = dev->pci_vdev.pdev;
    dev->gpu.qts = dev->gpu.pdev->bus->qts;
    dev->gpu.alloc = alloc;

    obj->get_driver = gpu_pci_get_driver;
    obj->start_hw = gpu_pci_start_hw;
    obj->destructor = gpu_pci_destructor;
    return dev;
}

QVirtioGPUPCI *qvirtio_gpu_pci_new(QPCIBus *bus, QGuestAllocator *alloc,
                                   QPCIAddress *addr, uint64_t refuse_features)
{
    QVirtioGPUPCI *dev = gpu_pci_create(bus, alloc, addr);

    dev->gpu.refuse_features = refuse_features;
    gpu_pci_start_hw(&dev->pci_vdev.obj);
    return dev;
}

void qvirtio_gpu_pci_free(QVirtioGPUPCI *dev)
{
    gpu_pci_destructor(&dev->pci_vdev.obj);
    g_free(dev);
}

static void virtio_gpu_register_node(const char *name, const char *device_opts)
{
    QPCIAddress addr = { .devfn = QPCI_DEVFN(4, 0) };
    /* Neither needs the boot ROM of a VGA card or of a default network card */
    g_autofree char *device =
        g_strconcat("addr=04.0,id=gpu0,max_outputs=2,romfile=", device_opts,
                    NULL);
    QOSGraphEdgeOptions opts = {
        .extra_device_opts = device,
        .after_cmd_line = "-nic none -vga none",
    };

    add_qpci_address(&opts, &addr);
    qos_node_create_driver(name, gpu_pci_create);
    qos_node_consumes(name, "pci-bus", &opts);
    qos_node_produces(name, "pci-device");
    qos_node_produces(name, "virtio");
    qos_node_produces(name, "virtio-gpu");
}

static void virtio_gpu_register_nodes(void)
{
    g_autofree char *why = NULL;

    virtio_gpu_register_node("virtio-gpu-pci", "");
    virtio_gpu_register_node("virtio-vga", "");
    /* qgraph cannot skip a device that is there but cannot be realized */
    if (qvirtio_gpu_venus_usable(&why)) {
        const char *opts = ",venus=on,hostmem=64M";

        virtio_gpu_register_node(QVIRTIO_GPU_GL_PCI, opts);
        virtio_gpu_register_node(QVIRTIO_VGA_GL, opts);
    }
}

libqos_init(virtio_gpu_register_nodes);
