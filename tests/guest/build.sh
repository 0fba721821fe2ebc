#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Makes the images of the test guests: OUT/NAME/kernel and OUT/NAME/initrd.
# Runs in the Debian 13 root, as any user.  What an image is made of is in
# recipes/NAME.sh; README.md tells how to add one.

set -eu

usage()
{
    cat <<EOF
usage: build.sh [--out DIR] [NAME...]
Makes guest images from the recipes (all of them when none is named) below
DIR, by default .build/guest of the source tree.  An image that is up to date
is left alone.
EOF
}

say()
{
    printf 'guest: %s\n' "$*"
}

die()
{
    printf 'guest: error: %s\n' "$*" >&2
    exit 1
}

here=$(cd "$(dirname "$0")" && pwd)
out=$here/../../.build/guest
while [ $# -gt 0 ]; do
    case $1 in
    --out) [ $# -gt 1 ] || die "--out needs a directory"; out=$2; shift 2 ;;
    -h|--help) usage; exit 0 ;;
    -*) usage >&2; exit 2 ;;
    *) break ;;
    esac
done
mkdir -p "$out"
out=$(cd "$out" && pwd)

triplet=aarch64-linux-gnu

check_tools()
{
    missing=
    for tool in depmod modprobe cpio zstd xz readelf meson ninja \
                glslangValidator $triplet-gcc; do
        command -v $tool > /dev/null || missing="$missing $tool"
    done
    [ -z "$missing" ] || die "not found:$missing (run this in the build root)"
}

hash_of()
{
    cat "$@" | sha256sum | cut -d ' ' -f 1
}

# fetch_packages SET: sets tree to the folder with its packages, which the cache
# has or gets.
fetch_packages()
{
    tree=$("$here/../../scripts/guest-packages" "$1") ||
        die "packages of the set $1"
}

build_programs()
{
    programs=$out/programs
    mkdir -p "$programs/source"
    ln -sfn "$here" "$programs/source/guest"
    ln -sfn "$here/../../contrib/guest-align" "$programs/source/guest-align"
    cat > "$programs/meson.build.new" <<EOF
project('guest-programs', 'c',
        default_options: ['c_std=gnu11', 'warning_level=2'])
subdir('guest')
subdir('guest-align')
EOF
    cmp -s "$programs/meson.build.new" "$programs/source/meson.build" ||
        cp "$programs/meson.build.new" "$programs/source/meson.build"
    if [ ! -e "$programs/build/build.ninja" ]; then
        say "configuring the guest programs"
        log=$programs/setup.log
        meson setup --cross-file "$here/aarch64.ini" --buildtype=release \
            "$programs/build" "$programs/source" > "$log" 2>&1 || {
            tail -n 20 "$log" >&2
            die "configuring the programs failed ($log)"
        }
    fi
    ninja -C "$programs/build" ${JOBS:+-j "$JOBS"} --quiet > "$programs/build.log" 2>&1 || {
        tail -n 40 "$programs/build.log" >&2
        die "building the programs failed ($programs/build.log)"
    }
}

# add_file PATH: one file of the package tree, with the libraries it needs.
add_file()
{
    [ -e "$image/$1" ] && return
    [ -e "$tree/$1" ] || die "$name: no $1 in $tree"
    mkdir -p "$image/$(dirname "$1")"
    cp -L "$tree/$1" "$image/$1"
    add_libraries "$image/$1"
}

# dynamic FILE TAG: the values of a tag of its dynamic section
dynamic()
{
    readelf -d "$1" 2> /dev/null | sed -n "s/.*($2).*\\[\\(.*\\)\\].*/\\1/p"
}

# find_library FILE NAME: where a library is that a file of the image needs
find_library()
{
    origin=$(dirname "/${1#"$image/"}")
    for folder in $(dynamic "$1" RUNPATH | tr : ' ' | sed "s#\$ORIGIN#$origin#g") \
        "/usr/lib/$triplet"; do
        [ ! -e "$tree$folder/$2" ] || break
    done
    echo "${folder#/}/$2"
}

add_libraries()
{
    for needed in $(dynamic "$1" NEEDED); do
        add_file "$(find_library "$1" "$needed")"
    done
}

add_program()
{
    mkdir -p "$image/usr/bin"
    cp "$1" "$image/usr/bin/"
    add_libraries "$1"
}

# add_modules NAME...: kernel modules with what they depend on, uncompressed
# because busybox's modprobe is given no decompressor.
add_modules()
{
    for module in "$@"; do
        modprobe -d "$tree/usr" -S "$release" --show-depends "$module" |
        while read -r verb file _; do
            [ "$verb" = insmod ] || continue
            dest=$image/usr/${file#"$tree/usr/"}
            mkdir -p "$(dirname "$dest")"
            case $file in
            *.xz) xz -dc "$file" > "${dest%.xz}" ;;
            *.zst) zstd -dqc "$file" > "${dest%.zst}" ;;
            *) cp "$file" "$dest" ;;
            esac
        done
        echo "$module" >> "$image/etc/guest-modules"
    done
    cp "$tree/usr/lib/modules/$release"/modules.builtin* \
        "$tree/usr/lib/modules/$release/modules.order" \
        "$image/usr/lib/modules/$release/"
    depmod -b "$image/usr" "$release"
}

compose()
{
    name=$1
    recipe=$here/recipes/$name.sh
    [ -e "$recipe" ] || die "no recipe $recipe"
    MODULES="virtio_gpu"
    INITRD_FILTER="zstd -q -19"
    FILES="usr/bin/vulkaninfo usr/lib/$triplet/libvulkan_virtio.so
        usr/share/vulkan/icd.d/virtio_icd.json"
    recipe_finish() { :; }
    . "$recipe"
    fetch_packages "$PACKAGE_SET"
    built=$(find "$programs/build/guest" -maxdepth 1 -type f -perm -100 | sort)
    [ -n "$built" ] || die "no programs in $programs/build/guest"
    library=$programs/build/guest-align/libvenus-guest-align.so
    stamp=$(hash_of "$recipe" "$tree/../sums" "$0" "$here/init" $built "$library")
    if [ "$(cat "$out/$name/stamp" 2> /dev/null)" = "$stamp" ]; then
        say "$name is up to date"
        return
    fi
    modules=$(echo "$tree"/usr/lib/modules/*-"$KERNEL_FLAVOUR")
    release=${modules##*/}
    # Up to 6.12 the kernel is in /boot, later beside its modules.
    kernel=$modules/vmlinuz
    [ -e "$kernel" ] || kernel=$tree/boot/vmlinuz-$release
    [ -e "$kernel" ] || die "$name: no kernel of flavour $KERNEL_FLAVOUR"

    say "composing $name (Linux $release)"
    mkdir -p "$out/$name"
    rm -f "$out/$name/stamp"
    image=$out/$name/tree
    rm -rf "$image"
    for dir in bin dev etc proc root sys tmp usr/bin "usr/lib/modules/$release"
    do
        mkdir -p "$image/$dir"
    done
    ln -s usr/lib "$image/lib"
    cp "$tree/usr/bin/busybox" "$image/bin/"
    cp "$here/init" "$image/init"
    chmod 755 "$image/init"
    echo "$name" > "$image/etc/guest-name"
    for file in usr/lib/ld-linux-aarch64.so.1 $FILES; do
        add_file "$file"
    done
    for program in $built; do
        add_program "$program"
    done
    cp "$library" "$image/usr/lib/"
    add_libraries "$library"
    add_modules $MODULES
    recipe_finish "$image"

    cp "$kernel" "$out/$name/kernel"
    find "$image" -exec touch -h -d @0 {} +
    # Step by step: the end of a pipe hides what failed before it.
    (cd "$image" && find . | LC_ALL=C sort > "$image.list" &&
        cpio --quiet --reproducible -o -H newc -R 0:0 \
            < "$image.list" > "$image.cpio")
    $INITRD_FILTER < "$image.cpio" > "$out/$name/initrd"
    rm -rf "$image" "$image.list" "$image.cpio"
    { echo "Linux $release"
      sed -n 's/^mesa-vulkan-drivers_\(.*\)_.*/Mesa \1/p' "$tree/../made-from"
    } | paste -s -d , > "$out/$name/versions"
    echo "$stamp" > "$out/$name/stamp"
    say "$name: initrd $(du -k "$out/$name/initrd" | cut -f 1) KiB"
}

check_tools
if [ $# -eq 0 ]; then
    for recipe in "$here"/recipes/*.sh; do
        recipe=$(basename "$recipe" .sh)
        case $recipe in packages-*) ;; *) set -- "$@" "$recipe" ;; esac
    done
fi
build_programs
for image_name in "$@"; do
    compose "$image_name"
done
