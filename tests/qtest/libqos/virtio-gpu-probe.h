/*
 * Starts a QEMU that only has to come up, and says what it printed.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */
#ifndef TESTS_LIBQOS_VIRTIO_GPU_PROBE_H
#define TESTS_LIBQOS_VIRTIO_GPU_PROBE_H

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
 * Whether virtio-gpu-gl-pci,venus=on can run here without a GL display.
 * When not, *@why says what is missing; free with g_free().  A device that
 * fails for any other reason counts as usable, so that its tests fail.
 */
bool qvirtio_gpu_venus_usable(char **why);

#endif
