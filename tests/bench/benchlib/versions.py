# SPDX-License-Identifier: GPL-2.0-or-later
"""What was measured with: versions of everything that matters."""

import os
import re
import subprocess
from pathlib import Path

from harness import env

HOST_PACKAGES = {'Mesa': 'mesa-vulkan-drivers',
                 'virglrenderer': 'libvirglrenderer1'}


def output_of(*command):
    """What a command prints; '' where it fails."""
    try:
        return subprocess.run([str(c) for c in command], text=True, check=True,
                              timeout=60, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ''


def qemu_version(qemu):
    """Such as "10.0.13 (Debian 1:10.0.13+ds-0+deb13u1)"."""
    match = re.match(r'QEMU emulator version (.*)', output_of(qemu,
                                                              '--version'))
    return match.group(1) if match else ''


def package_version(status, package):
    """A package's version in the text of a dpkg status file."""
    match = re.search(rf'^Package: {re.escape(package)}\n(?:.+\n)*?'
                      r'Version: (\S+)', status, re.M)
    return match.group(1) if match else 'unknown'


def read(path):
    try:
        return Path(path).read_text(errors='replace')
    except OSError:
        return ''


def host():
    status = read('/var/lib/dpkg/status')
    return {name: package_version(status, package)
            for name, package in HOST_PACKAGES.items()}


def processor():
    match = re.search(r'^model name\s*: (.*)', read('/proc/cpuinfo'), re.M)
    return match.group(1) if match else os.uname().machine


def upstream(folder):
    """package -> version, as fetch-upstream wrote them down."""
    return dict(line.split(None, 1)
                for line in read(Path(folder) / 'versions').splitlines())


def upstream_text(packages):
    """For people: "QEMU 1:11.1.3+ds-1, virglrenderer 1.3.0-1" and so on."""
    names = {'qemu-system-arm': 'QEMU', 'libvirglrenderer1': 'virglrenderer',
             'mesa-vulkan-drivers': 'Mesa'}
    return ', '.join(f'{name} {packages[package]}'
                     for package, name in names.items() if package in packages)


def project():
    return output_of('git', '-C', env.REPO, 'describe', '--always',
                     '--dirty') or 'unknown'


def everything(old, stock, upstream_folder):
    """All of them, for bench.json and the head of what is printed."""
    found = {'project': project(), 'ours': qemu_version(env.QEMU),
             'host': host(), stock.name: qemu_version(stock.qemu)}
    if old:
        found['old'] = f'{qemu_version(old)}, {old}'
    if upstream_folder:
        found['upstream'] = upstream(upstream_folder)
    return found
