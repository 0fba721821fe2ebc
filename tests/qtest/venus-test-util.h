/*
 * What the tests of Venus-only mode share: a QEMU with the device, and a look
 * at its processes.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_VENUS_TEST_UTIL_H
#define TESTS_VENUS_TEST_UTIL_H

#include "libqtest.h"
#include "libqos/generic-pcihost.h"
#include "libqos/virtio-gpu-cmd.h"

/* The host-visible window of these tests' devices */
#define VENUS_TEST_HOSTMEM (64 * 1024 * 1024)

/* Device 0 on bus 1, as libqos counts them */
#define VENUS_TEST_PORT_DEVFN (1 << 8)

typedef struct VenusTest {
    uint64_t refuse_features;
    bool behind_port;
    QTestState *qts;
    QGuestAllocator alloc;
    QGenericPCIHost host;
    QVirtioGPUPCI *dev;
    QVirtioGPU *gpu;            /* borrowed from dev */
    QPCIDevice *port;           /* what the device is behind; NULL: nothing */
} VenusTest;

typedef struct VenusTestOpts {
    const char *device;         /* default: virtio-gpu-gl-pci */
    const char *device_opts;    /* default: ,hostmem=64M,max_outputs=2 */
    const char *args;           /* before the device on the command line */
    uint64_t refuse_features;
    bool behind_port;           /* of PCI Express, which can be powered off */
} VenusTestOpts;

#define venus_test_new(...) qvenus_test_new((VenusTestOpts) __VA_ARGS__)

VenusTest *qvenus_test_new(VenusTestOpts opt);
void venus_test_free(VenusTest *t);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(VenusTest, venus_test_free)

/* The guest reboots: the same QEMU, and a driver that starts from nothing */
void venus_test_reboot(VenusTest *t);

/* Has either of the functions */
typedef struct VenusTestCase {
    const char *name;
    void (*run)(void);                  /* on virtio-gpu-gl-pci */
    void (*run_on)(const char *device); /* on each device with this mode */
    const char *only;                   /* device of run_on; NULL: each */
} VenusTestCase;

/*
 * main() of a test: runs the cases, or skips each of them with the reason
 * when @usable says no.  Devices that this QEMU does not have are named in a
 * message.
 */
int venus_test_main(int argc, char **argv, const char *subject,
                    bool (*usable)(char **why),
                    const VenusTestCase *cases, size_t num_cases);

/*
 * Whether loops take their long form: -m slow, or meson test --setup slow,
 * which GLib does not know.
 */
bool venus_test_slow(void);

/* A test that is skipped, for the reason that is its data */
void venus_test_skip(const void *why);

/* A context of the Venus capset */
void venus_ctx_create(QVirtioGPU *gpu, uint32_t ctx_id);

/* A host blob of plain shared memory (blob id 0), which can be mapped */
void venus_host_blob(QVirtioGPU *gpu, uint32_t ctx_id, uint32_t resource_id,
                     uint64_t size);

/* A guest blob in one piece; returns where its memory is */
uint64_t venus_guest_blob(QVirtioGPU *gpu, uint32_t resource_id, size_t size);

/* The device still does what needs no renderer: it answers and takes pixels */
void venus_check_2d(QVirtioGPU *gpu);

/* A Venus context can be made, answers a fence, and goes */
void venus_check_context(QVirtioGPU *gpu, uint32_t ctx_id);

/* How many descriptors, and how many mappings, a process has */
unsigned venus_count_fds(pid_t pid);
unsigned venus_count_maps(pid_t pid);

/* Shared mappings only: memory that others see too, as a blob's */
unsigned venus_count_shared_maps(pid_t pid);

/*
 * The @index-th child process of @parent called @name, or with any name where
 * that is NULL; 0: there is none.
 */
pid_t venus_find_child(pid_t parent, const char *name, unsigned index);

/*
 * Lets a process stand still until venus_kill_process(), which says whether it
 * was still there.  It is also killed when the test fails in between.
 */
void venus_stop_process(pid_t pid);
bool venus_kill_process(pid_t pid);

/*
 * Fails unless @type is an answer to a fence of a context that ends meanwhile:
 * the fence was reached, or given up.
 */
void venus_check_cut_off(uint32_t type);

/* Sends an empty submission with a fence and does not wait */
GPUPending venus_submit_fence(QVirtioGPU *gpu, uint32_t ctx_id,
                              uint8_t ring_idx, uint64_t fence_id);

/* Has the interrupt of the control queue write @data to @addr, from now on */
void venus_aim_interrupt(VenusTest *t, uint64_t addr, uint32_t data);

/* The render server of this QEMU */
pid_t venus_server_pid(VenusTest *t);

/*
 * Makes a context and returns the process that works for it.  The context of
 * the device's own check may still be on its way out.
 */
pid_t venus_ctx_with_worker(VenusTest *t, uint32_t ctx_id);

/*
 * Waits until the device says that the context is no good any more.  Before it
 * has noticed a death, commands may still seem to work.
 */
void venus_wait_until_lost(QVirtioGPU *gpu, uint32_t ctx_id);

#endif
