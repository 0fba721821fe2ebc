/*
 * Starts a QEMU that only has to come up, and says what it printed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_LIBQOS_VIRTIO_GPU_PROBE_H
#define TESTS_LIBQOS_VIRTIO_GPU_PROBE_H

/* The devices that have a Venus-only mode */
#define QVIRTIO_GPU_GL_PCI "virtio-gpu-gl-pci"
#define QVIRTIO_VGA_GL "virtio-vga-gl"

typedef struct GPUProbeOpts {
    const char *args;           /* the command line, without the binary */
    const char *env_name;       /* variable to set for QEMU, may be NULL */
    const char *env_value;
    char **output;              /* stderr, free with g_free(); may be NULL */
} GPUProbeOpts;

/* Whether QEMU starts with these options and quits when told to */
#define gpu_probe(...) qvirtio_gpu_probe((GPUProbeOpts) __VA_ARGS__)

bool qvirtio_gpu_probe(GPUProbeOpts opt);

/*
 * Whether this QEMU has a virtio-gpu-gl-pci with a Venus-only mode.  When
 * not, *@why says what is missing; free with g_free().
 */
bool qvirtio_gpu_venus_present(char **why);

/*
 * The same, and whether it can run here.  A device that fails for any other
 * reason than a missing server or driver counts as usable: its tests fail.
 */
bool qvirtio_gpu_venus_usable(char **why);

#endif
