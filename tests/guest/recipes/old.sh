# SPDX-License-Identifier: GPL-2.0-or-later
#
# Kernel and Mesa of the stable release.

PACKAGE_SET=stable
KERNEL_FLAVOUR=arm64
