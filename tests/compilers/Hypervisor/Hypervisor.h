/*
 * Stands for Apple's Hypervisor.framework on Arm hosts: as much of its
 * interface as QEMU's memory code uses, so that this code can be compiled
 * elsewhere.  Written from the framework's public documentation.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HVF_COMPILE_HYPERVISOR_H
#define HVF_COMPILE_HYPERVISOR_H

#include <stddef.h>
#include <stdint.h>

typedef int hv_return_t;
typedef uint64_t hv_ipa_t;
typedef uint64_t hv_memory_flags_t;
typedef uint64_t hv_vcpu_t;
typedef struct hv_vcpu_exit hv_vcpu_exit_t;
typedef struct hv_vcpu_config *hv_vcpu_config_t;

enum {
    HV_SUCCESS = 0,
};

enum {
    HV_MEMORY_READ = 1 << 0,
    HV_MEMORY_WRITE = 1 << 1,
    HV_MEMORY_EXEC = 1 << 2,
};

hv_return_t hv_vm_map(void *addr, hv_ipa_t ipa, size_t size,
                      hv_memory_flags_t flags);
hv_return_t hv_vm_unmap(hv_ipa_t ipa, size_t size);
hv_return_t hv_vm_protect(hv_ipa_t ipa, size_t size, hv_memory_flags_t flags);
hv_return_t hv_vcpu_create(hv_vcpu_t *vcpu, hv_vcpu_exit_t **exit,
                           hv_vcpu_config_t config);
hv_return_t hv_vcpu_destroy(hv_vcpu_t vcpu);

#endif
