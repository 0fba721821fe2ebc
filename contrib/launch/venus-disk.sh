#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# venus-disk.sh DISK [QEMU-OPTION...]: boots an aarch64 disk image with UEFI and
# Vulkan in a window.  The disk is opened in raw format; FORMAT=qcow2 changes
# that.  QEMU=PROGRAM chooses the emulator, FIRMWARE=FILE the UEFI image
# (Debian: package qemu-efi-aarch64).
set -eu

if [ $# -lt 1 ]; then
    echo "usage: ${0##*/} DISK [QEMU-OPTION...]" >&2
    exit 2
fi
disk=$1
shift

if [ "$(uname -m)" = aarch64 ] && [ -w /dev/kvm ]; then
    set -- -accel kvm -cpu host "$@"
else
    set -- -accel tcg -cpu max,pauth=off "$@"
fi

exec "${QEMU:-qemu-system-aarch64}" \
    -M virt -smp 4 -m 4G \
    -bios "${FIRMWARE:-/usr/share/qemu-efi-aarch64/QEMU_EFI.fd}" \
    -device virtio-gpu-gl-pci,venus=on,romfile= -display sdl \
    -device virtio-keyboard-pci -device virtio-tablet-pci \
    -netdev user,id=net0 -device virtio-net-pci,netdev=net0,romfile= \
    -blockdev "driver=${FORMAT:-raw},node-name=disk0,file.driver=file,file.filename=$disk" \
    -device virtio-blk-pci,drive=disk0 "$@"
