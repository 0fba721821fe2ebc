# SPDX-License-Identifier: GPL-2.0-or-later
#
# Debian stable as it is: both kernels, one userland.

PACKAGES="linux-image-arm64 linux-image-arm64-16k $GUEST_PACKAGES"
RELEASE=
