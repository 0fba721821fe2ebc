/*
 * What the accelerator demands of the guest's RAM mappings
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#ifndef SYSTEM_RAM_GRANULE_H
#define SYSTEM_RAM_GRANULE_H

/**
 * struct RAMGranule - what an accelerator needs to map RAM into the guest
 * @bytes: guest-physical address, size and host pointer of a RAM region have
 *         to be multiples of it; a power of two
 * @sees_remap: when host memory under a mapped RAM region is replaced by
 *              mmap(MAP_FIXED), the guest is known to see the new memory
 */
typedef struct RAMGranule {
    uint64_t bytes;
    bool sees_remap;
} RAMGranule;

/**
 * ram_granule_of - what one accelerator needs
 * @accel: AccelClass.name, for example "KVM"
 * @host_page: bytes
 * @target_page: bytes
 *
 * Any thread.  An accelerator that is not known gets the answer that suits all
 * of them: the larger page, and no remapping.
 */
RAMGranule ram_granule_of(const char *accel, uint64_t host_page,
                          uint64_t target_page);

/**
 * ram_granule - what the current accelerator needs
 *
 * Main loop, after the accelerator has been set up: devices may ask when they
 * are realized.
 */
RAMGranule ram_granule(void);

#endif
