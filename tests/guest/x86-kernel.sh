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

# The package that linux-image-cloud-amd64 stands for now
newest()
{
    apt-cache depends linux-image-cloud-amd64 |
        sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p' | head -n 1
}

# apt checks what it fetches against its signed index, which may be too old.
fetch()
{
    package=$(newest)
    [ -n "$package" ] &&
        (cd "$out" && rm -f ./*.deb &&
            apt-get -o APT::Sandbox::User=root -o Acquire::Retries=3 \
                download "$package")
}

package=$(newest)
if [ -n "$package" ] && [ "$(cat "$out/stamp" 2> /dev/null)" = "$package" ]; then
    exit 0
fi
rm -f "$out/stamp"
fetch || { apt-get -o Acquire::Retries=3 update && fetch; }
dpkg-deb --fsys-tarfile "$out"/linux-image-*.deb |
    tar -x -O --wildcards './boot/vmlinuz-*' > "$out/kernel"
rm -f "$out"/*.deb
newest > "$out/stamp"
