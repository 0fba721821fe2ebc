# SPDX-License-Identifier: GPL-2.0-or-later
#
# Newest kernel and Mesa: BLOB_ALIGNMENT, external memory and WSI in the guest.

PACKAGE_SET=backports
KERNEL_FLAVOUR=arm64
