# SPDX-License-Identifier: GPL-2.0-or-later
"""An x86 guest that runs programs of this host, with its libraries.

Its kernel is Debian's and has what hosts without privileges lack, such as
/dev/udmabuf.  Its initramfs holds the programs, all that they are linked with,
and lavapipe.  It runs them one after the other and switches itself off.
"""

import os
import platform
import re
import subprocess
from pathlib import Path

from . import env

QEMU = Path(os.environ.get('QEMU_X86') or '/usr/bin/qemu-system-x86_64')
KERNEL = env.BUILD / 'guest/x86/kernel'
DRIVER = Path('/usr/share/vulkan/icd.d/lvp_icd.json')
# What is loaded while they run, so that nothing is linked with it
LOADED = ('libvulkan.so.1', 'libvulkan_lvp.so')
INIT = '''#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin HOME=/ LC_ALL=C XDG_RUNTIME_DIR=/tmp
mkdir -p /dev /proc /sys /tmp
mount -t devtmpfs devtmpfs /dev
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /tmp
exec 0</dev/null 1>/dev/console 2>&1
for program in /programs/*; do
    echo "NESTED-BEGIN ${program##*/}"
    $program
    echo "NESTED-END ${program##*/} $?"
done
poweroff -f
'''
MACHINE = ('-M', 'pc', '-accel', 'tcg,thread=multi', '-cpu', 'max',
           '-smp', str(max(2, min(os.cpu_count(), 8))),
           '-nodefaults', '-nic', 'none', '-display', 'none', '-no-reboot')
TAP = re.compile(r'^(ok|not ok) \d+ (?:- )?(\S+)(?:[ \t]+# (\S.*))?$',
                 re.M)
PLAN = re.compile(r'^1\.\.(\d+)$', re.M)


def why_not():
    """What is missing to run such a guest, or None."""
    if platform.machine() != 'x86_64':
        return f'the nested guest is an x86 one, the host {platform.machine()}'
    return None


def libraries(path):
    """All that a program or library is linked with, the loader included."""
    out = subprocess.run(['ldd', str(path)], check=True, text=True, timeout=60,
                         stdout=subprocess.PIPE).stdout
    return set(re.findall(r'(/\S+) \(0x', out))


def library(name):
    """The path of a library, as the dynamic loader would find it."""
    out = subprocess.run(['/sbin/ldconfig', '-p'], check=True, text=True,
                         timeout=60, stdout=subprocess.PIPE).stdout
    found = re.search(rf'^\t{re.escape(name)} .*x86-64.* => (\S+)$', out, re.M)
    if found:
        return found.group(1)
    return f'/usr/lib/x86_64-linux-gnu/{name}'


class Initramfs:
    """Writes a cpio archive of the kind that Linux unpacks ("newc")."""

    def __init__(self, path):
        self._file = open(path, 'wb')
        self._folders = {'/'}
        self._count = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._entry('TRAILER!!!', 0, b'')
        self._file.close()

    def _entry(self, name, mode, data):
        name = name.encode() + b'\0'
        self._count += 1
        fields = (self._count, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0,
                  len(name), 0)
        head = b'070701' + b''.join(b'%08X' % field for field in fields) + name
        for part in (head, data):
            self._file.write(part + b'\0' * (-len(part) % 4))

    def add(self, name, data):
        """A file that can be run, at an absolute path."""
        for folder in reversed(Path(name).parents):
            if str(folder) not in self._folders:
                self._folders.add(str(folder))
                self._entry(str(folder)[1:], 0o040755, b'')
        self._entry(name[1:], 0o100755, data)


def is_elf(file):
    with open(file, 'rb') as start:
        return start.read(4) == b'\x7fELF'


def make_initramfs(path, programs, others):
    """One that runs programs, in the order of their names."""
    files = {str(DRIVER): DRIVER} | others
    for name in LOADED:
        files[library(name)] = Path(library(name))
    for file in (*programs, *files.copy().values()):
        if is_elf(file):
            files.update((name, Path(name)) for name in libraries(file))
    files['/bin/busybox'] = Path('/usr/bin/busybox')
    for program in programs:
        files[f'/programs/{program.name}'] = program
    with Initramfs(path) as archive:
        archive.add('/init', INIT.encode())
        for name, file in sorted(files.items()):
            archive.add(name, file.read_bytes())


def run(log, programs, timeout, *, memory='1G', others=None):
    """Boots the guest: {program: what it printed, and its exit status}.

    others are what the programs need besides: {name there: file here}.
    """
    log.mkdir(parents=True, exist_ok=True)
    initramfs, serial = log / 'initramfs', log / 'serial.log'
    make_initramfs(initramfs, programs, others or {})
    command = ['setpriv', '--pdeathsig', 'KILL', str(QEMU), *MACHINE,
               '-m', memory, '-serial', f'file:{serial}', '-kernel', str(KERNEL),
               '-initrd', str(initramfs),
               '-append', 'console=ttyS0 quiet panic=-1 no_timer_check']
    try:
        with open(log / 'qemu.log', 'w', encoding='utf-8') as out:
            print('+', *command, file=out, flush=True)
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=out,
                           stderr=out, timeout=timeout, check=True)
    finally:
        initramfs.unlink()
    text = serial.read_text(errors='replace').replace('\r', '')
    return {name: (said, int(status)) for name, said, status in re.findall(
        r'^NESTED-BEGIN (\S+)\n(.*?)^NESTED-END \1 (\d+)$', text,
        re.M | re.S)}


def tap(said):
    """What a test program said: how many tests it has, and their outcomes."""
    plan = PLAN.search(said)
    return int(plan.group(1)) if plan else 0, {
        name: f'{outcome} {note}'.strip()
        for outcome, name, note in TAP.findall(said)}
