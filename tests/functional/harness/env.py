# SPDX-License-Identifier: GPL-2.0-or-later
"""Where things are: the repository, its build folder, QEMU and the guests."""

import os
import subprocess
from pathlib import Path

REPO = Path(__file__).resolve().parents[3]
BUILD = Path(os.environ.get('BUILD') or REPO / '.build').absolute()
LOG = BUILD / 'log' / 'functional'

QEMU_NAME = 'qemu-system-aarch64'
QEMU = Path(os.environ.get('QEMU_BIN') or BUILD / 'qemu/build' / QEMU_NAME)
QEMU_NO_OPENGL = Path(os.environ.get('QEMU_NO_OPENGL') or
                      BUILD / 'qemu/build-nogl' / QEMU_NAME)
# Debian's own, which has none of the fixes of the series.
QEMU_UNPATCHED = Path(os.environ.get('QEMU_UNPATCHED') or
                      Path('/usr/bin') / QEMU_NAME)

HOST_PROGRAMS = BUILD / 'ours/tests/guest'
BENCH_PROGRAMS = BUILD / 'ours/tests/bench'
FIRMWARE = (Path('/usr/share/qemu-efi-aarch64/QEMU_EFI.fd'),
            Path('/usr/share/AAVMF/AAVMF_CODE.no-secboot.fd'))

VENUS = 'virtio-gpu-gl-pci,venus=on,romfile='


def guest_files(name):
    """The kernel and the initramfs of the guest called name."""
    return BUILD / 'guest' / name / 'kernel', BUILD / 'guest' / name / 'initrd'


def host_program(name, *args, folder=HOST_PROGRAMS, environ=None):
    """Runs a program of ours on the host: by default one of the guest's."""
    return subprocess.run([str(folder / name), *map(str, args)],
                          check=True, timeout=120, text=True,
                          env=dict(os.environ, **(environ or {})),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def displays(qemu=QEMU):
    """The names this QEMU takes after -display."""
    out = subprocess.run([str(qemu), '-display', 'help'], text=True,
                         timeout=60, check=True, stdout=subprocess.PIPE)
    return out.stdout.split()
