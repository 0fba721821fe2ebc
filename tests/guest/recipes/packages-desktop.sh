# SPDX-License-Identifier: GPL-2.0-or-later
#
# The backports set with a Wayland desktop, and OpenGL on Vulkan for it.

PACKAGES="linux-image-arm64 $GUEST_PACKAGES libgl1-mesa-dri libegl-mesa0
    libgles2 libgbm1 weston seatd kmscube vkmark fonts-dejavu-core"
RELEASE=$CODENAME-backports
