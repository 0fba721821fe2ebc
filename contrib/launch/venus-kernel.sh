#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# venus-kernel.sh KERNEL INITRD [QEMU-OPTION...]: an aarch64 guest with Vulkan,
# its serial console on this terminal, its screen at 127.0.0.1:5901 (VNC).
# QEMU=PROGRAM chooses the emulator, APPEND the kernel's command line.
set -eu

if [ $# -lt 2 ]; then
    echo "usage: ${0##*/} KERNEL INITRD [QEMU-OPTION...]" >&2
    exit 2
fi
kernel=$1
initrd=$2
shift 2

# An Arm host runs the guest itself, any other one emulates its processor.
if [ "$(uname -m)" = aarch64 ] && [ -w /dev/kvm ]; then
    set -- -accel kvm -cpu host "$@"
else
    set -- -accel tcg -cpu max,pauth=off "$@"
fi

exec "${QEMU:-qemu-system-aarch64}" \
    -M virt -smp 2 -m 2G -nic none -serial mon:stdio \
    -device virtio-gpu-gl-pci,venus=on,romfile= \
    -display none -vnc 127.0.0.1:1 \
    -kernel "$kernel" -initrd "$initrd" \
    -append "${APPEND:-console=ttyAMA0}" "$@"
