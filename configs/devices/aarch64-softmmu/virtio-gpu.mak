# SPDX-License-Identifier: GPL-2.0-or-later
#
# The devices of a virtio-gpu guest and no others, for quick builds:
#   configure --without-default-devices --with-devices-aarch64=virtio-gpu

# The machine and its PCI Express ports
CONFIG_ARM_VIRT=y
CONFIG_PCIE_PORT=y
CONFIG_VIRTIO_PCI=y

# What the tests are about
CONFIG_VIRTIO_GPU=y
CONFIG_VIRTIO_VGA=y
# virtio-vga calls it, and does not say so.
CONFIG_VGA_PCI=y

# What such a guest has besides
CONFIG_VIRTIO_BLK=y
CONFIG_VIRTIO_INPUT=y
CONFIG_VIRTIO_IOMMU=y
CONFIG_VIRTIO_NET=y
CONFIG_VIRTIO_RNG=y
CONFIG_VIRTIO_SERIAL=y
