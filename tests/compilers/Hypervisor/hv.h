/*
 * Stands for Apple's Hypervisor.framework on Intel hosts, see Hypervisor.h.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef HVF_COMPILE_HV_H
#define HVF_COMPILE_HV_H

#include <stddef.h>
#include <stdint.h>

typedef int hv_return_t;
typedef const void *hv_uvaddr_t;
typedef uint64_t hv_gpaddr_t;
typedef uint64_t hv_memory_flags_t;
typedef uint64_t hv_vcpu_options_t;
typedef unsigned hv_vcpuid_t;

enum {
    HV_SUCCESS = 0,
    HV_VCPU_DEFAULT = 0,
};

enum {
    HV_MEMORY_READ = 1 << 0,
    HV_MEMORY_WRITE = 1 << 1,
    HV_MEMORY_EXEC = 1 << 2,
};

hv_return_t hv_vm_map(hv_uvaddr_t uva, hv_gpaddr_t gpa, size_t size,
                      hv_memory_flags_t flags);
hv_return_t hv_vm_unmap(hv_gpaddr_t gpa, size_t size);
hv_return_t hv_vm_protect(hv_gpaddr_t gpa, size_t size,
                          hv_memory_flags_t flags);
hv_return_t hv_vcpu_create(hv_vcpuid_t *vcpu, hv_vcpu_options_t flags);
hv_return_t hv_vcpu_destroy(hv_vcpuid_t vcpu);

#endif
