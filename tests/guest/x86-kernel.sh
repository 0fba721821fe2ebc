#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# x86-kernel.sh DIR: Debian's kernel for virtual x86 machines as DIR/kernel.
# Runs in the Debian 13 root, as any user.  It is the kernel of the guest in
# which unit tests see a /dev/udmabuf; on other hosts there is no such guest.

set -eu

[ "$(dpkg --print-architecture)" = amd64 ] || exit 0
out=$1
mkdir -p "$out"
package=$("$(dirname "$0")/../../scripts/guest-packages" --kernel)
if [ "$(cat "$out/stamp" 2> /dev/null)" = "${package##*/}" ]; then
    exit 0
fi
rm -f "$out/stamp" "$out/kernel"
dpkg-deb --fsys-tarfile "$package" |
    tar -x -O --wildcards './boot/vmlinuz-*' > "$out/kernel"
[ -s "$out/kernel" ]
echo "${package##*/}" | sed 's/^linux-image-\([^_]*\)_.*/Linux \1/' > "$out/versions"
echo "${package##*/}" > "$out/stamp"
