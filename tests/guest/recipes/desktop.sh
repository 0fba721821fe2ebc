# SPDX-License-Identifier: GPL-2.0-or-later
#
# The new guest with a desktop: weston and its clients, Vulkan and OpenGL
# programs that know nothing of virtual machines, OpenGL by zink.

# Sourced by build.sh, which sets triplet, tree and FILES and uses the rest.
# shellcheck shell=dash disable=SC2034,SC2154
PACKAGE_SET=desktop
KERNEL_FLAVOUR=arm64
# zink lies in a library that wants all of LLVM: 200 MB, for which an emulated
# machine needs longer to decompress them than for everything else at boot.
INITRD_FILTER="cat"

for program in weston weston-simple-dmabuf-egl weston-simple-egl vkcube vkmark \
    kmscube; do
    FILES="$FILES usr/bin/$program"
done
FILES="$FILES usr/sbin/seatd
    usr/libexec/weston-desktop-shell usr/libexec/weston-keyboard
    usr/lib/$triplet/weston/desktop-shell.so
    usr/lib/$triplet/libweston-14/drm-backend.so
    usr/lib/$triplet/libweston-14/gl-renderer.so
    usr/lib/$triplet/libEGL_mesa.so.0
    usr/lib/$triplet/gbm/dri_gbm.so
    usr/lib/$triplet/vkmark/kms.so
    usr/share/glvnd/egl_vendor.d/50_mesa.json
    usr/share/fonts/truetype/dejavu/DejaVuSans.ttf
    etc/fonts/fonts.conf"

recipe_finish()
{
    mkdir "$1/run"      # for seatd's socket
    for folder in weston vkmark libinput X11/xkb; do
        mkdir -p "$1/usr/share/$folder"
        cp -a "$tree/usr/share/$folder/." "$1/usr/share/$folder"
    done
}
