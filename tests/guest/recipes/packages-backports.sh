# SPDX-License-Identifier: GPL-2.0-or-later
#
# Whatever the backports suite has newer than stable: kernel and Mesa.

PACKAGES="linux-image-arm64 $GUEST_PACKAGES"
RELEASE=$CODENAME-backports
