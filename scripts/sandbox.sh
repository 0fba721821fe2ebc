# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sourced by root and enter: what to tell where bubblewrap cannot work.

# What forbids namespaces here, and what allows them
sandbox_cure()
{
    local apparmor=$MACHINE/proc/sys/kernel/apparmor_restrict_unprivileged_userns

    if [ -e "$MACHINE/.dockerenv" ] || [ -e "$MACHINE/run/.containerenv" ]; then
        echo "this is a container: use ROOT=/ in a debian:13 one, or give it CAP_SYS_ADMIN (docker run --cap-add SYS_ADMIN --security-opt seccomp=unconfined --security-opt apparmor=unconfined)"
    elif [ "$(id -u)" = 0 ]; then
        echo "root lacks CAP_SYS_ADMIN here: use ROOT=/ on Debian 13, or a machine of your own"
    elif [ "$(cat "$apparmor" 2>/dev/null)" = 1 ]; then
        echo "AppArmor forbids user namespaces (Ubuntu 23.10 and later): sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0, or run as root"
    else
        echo "allow unprivileged user namespaces (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone), or run as root"
    fi
}

# Before half a gigabyte is fetched for a root that nobody can enter.
sandbox_check()
{
    local why

    why=$(bwrap --die-with-parent --unshare-pid --bind / / --dev-bind /dev /dev \
        true 2>&1) ||
        die "bubblewrap cannot work here: $why" "$(sandbox_cure)"
}
