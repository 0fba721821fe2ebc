# SPDX-License-Identifier: GPL-2.0-or-later
#
# A guest with 16 KiB pages, userland of the stable release.

PACKAGE_SET=stable
KERNEL_FLAVOUR=arm64-16k
