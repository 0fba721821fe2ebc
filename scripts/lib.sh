# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sourced by the shell scripts here: where things are, progress, stamps, locks.
# It knows nothing about what any step does.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=${BUILD:-$TOP/.build}
case $BUILD in /*) ;; *) BUILD=$TOP/$BUILD ;; esac
ROOT=${ROOT:-$BUILD/root}
case $ROOT in /*) ;; *) ROOT=$TOP/$ROOT ;; esac
export TOP BUILD ROOT
# Where the machine's own files are looked for: tests play other machines.
# shellcheck disable=SC2034  # used by the scripts that source this
MACHINE=${TEST_MACHINE:-}

# shellcheck disable=SC2034  # used by the scripts that source this
SRC=$BUILD/qemu/src
LOGS=$BUILD/log
STAMPS=$BUILD/stamp
mkdir -p "$BUILD" "$LOGS" "$STAMPS"

# What each step took, for the table at the end of a run (scripts/timed).
export TIMING=${TIMING:-$LOGS/timing.tsv}

say()
{
    printf '%s\n' "$*"
}

warn()
{
    printf 'warning: %s\n' "$*" >&2
}

# die MESSAGE [WHAT-TO-DO]
die()
{
    printf 'error: %s\n' "$1" >&2
    [ -z "${2:-}" ] || printf '  what to do: %s\n' "$2" >&2
    exit 1
}

elapsed()
{
    local s=$1

    if [ "$s" -ge 60 ]; then
        printf '%d min %02d s' $((s / 60)) $((s % 60))
    else
        printf '%d s' "$s"
    fi
}

# The last thing a log says, as one short line.
last_line()
{
    tail -n 3 "$1" 2>/dev/null | tr '\r' '\n' | grep -v '^[[:space:]]*$' |
        tail -n 1 | tr -d '\000-\037' | cut -c1-60
}

# step NAME COMMAND...
# Runs COMMAND with its output in a log, says how far it is, and on failure
# says which step failed, shows why, and what to do ($HINT).
step()
{
    local name=$1 log pid rc=0 start=$SECONDS next=$((SECONDS + 15))

    shift
    log=$LOGS/$(printf '%s' "$name" | tr -c 'A-Za-z0-9._' '-').log
    say "==> $name"
    "$@" >"$log" 2>&1 </dev/null &
    pid=$!
    # shellcheck disable=SC2064  # the pid of now is meant
    trap "kill $pid 2>/dev/null; exit 130" INT TERM
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.2
        if [ "$SECONDS" -ge "$next" ]; then
            say "    $name: $(elapsed $((SECONDS - start))) $(last_line "$log")"
            next=$((SECONDS + 20))
        fi
    done
    wait "$pid" || rc=$?
    trap - INT TERM
    printf '%s\t%s\n' "$((SECONDS - start))" "$name" >>"$TIMING"
    if [ "$rc" -ne 0 ]; then
        step_failed "$name" "$rc" "$log" "$((SECONDS - start))"
        return "$rc"
    fi
    grep -a '^warning: ' "$log" | grep -av 'dpkg-source' >&2 || true
    say "    $name: done in $(elapsed $((SECONDS - start)))"
}

step_failed()
{
    printf '%s\n' "$3" >>"$LOGS/failed"
    {
        printf '\nFAILED: %s (exit status %d after %s)\n' \
            "$1" "$2" "$(elapsed "$4")"
        printf 'the last lines of %s:\n' "$3"
        tail -n "${TAIL:-25}" "$3" | tr '\r' '\n' | tail -n "${TAIL:-25}" |
            sed 's/^/  | /'
        printf 'what to do: %s\n\n' \
            "${HINT:-read the log above, mend it, and run the same command again}"
    } >&2
}

# aside NAME COMMAND...: run it in the background.  How it ended is kept in a
# file: a shell forgets a child as soon as a later one gets the same process ID,
# which takes a long build a few minutes.
aside()
{
    local status=$BUILD/aside-$1

    shift
    rm -f "$status"
    {
        trap - EXIT
        rc=0
        "$@" || rc=$?
        echo "$rc" >"$status"
    } &
    ASIDE="${ASIDE:-} $!"
    # shellcheck disable=SC2064  # the processes of now are meant
    trap "kill $ASIDE 2>/dev/null || true" EXIT
}

# aside_wait NAME: wait for its end and return how it ended.  A process that is
# gone without a status was killed.
aside_wait()
{
    local status=$BUILD/aside-$1 p alive=yes

    while [ ! -s "$status" ] && [ -n "$alive" ]; do
        alive=
        for p in $ASIDE; do
            ! kill -0 "$p" 2>/dev/null || alive=yes
        done
        sleep 0.2
    done
    return "$(cat "$status" 2>/dev/null || echo 1)"
}

# What a machine must be.  `make apply` works on a Mac too, with its old bash.
check_machine()
{
    local p system

    for p in "$TOP" "$BUILD" "$ROOT" "${CACHE:-}"; do
        case $p in
        *[[:space:]]*)
            die "there is a space in the path '$p'" \
                "QEMU's build allows none: use another folder"
            ;;
        esac
    done
    system=$(uname -s)
    [ "$system" = Linux ] || [ "${0##*/}" = apply-to ] ||
        die "this builds on Linux, not on $system" \
            "put the extension onto a QEMU of your own, 'make apply QEMU=DIR', and build that; see docs/system/devices/virtio-gpu-venus.rst, macOS"
    case ${JOBS:-1} in
    *[!0-9]* | 0*) die "JOBS=$JOBS is not a number of jobs" "JOBS=4, say" ;;
    esac
}

check_machine
JOBS=${JOBS:-$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)}

# What outlives a clone and is shared by all: the compiler cache, Debian's
# archives, the root, the guests' packages.  $CACHE_WHY says why it lies in the
# build folder where it has to.
cache_place()
{
    local parent=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}

    CACHE_WHY=
    if [ -z "${CACHE:-}" ]; then
        CACHE=${parent:+$parent/qemu-venus}
        if [ -z "$CACHE" ]; then
            CACHE_WHY="HOME is not set"
        elif ! mkdir -p "$CACHE" 2>/dev/null || [ ! -w "$CACHE" ]; then
            CACHE_WHY="$CACHE cannot be written"
        fi
        [ -z "$CACHE_WHY" ] || CACHE=$BUILD/cache
    fi
    case $CACHE in /*) ;; *) CACHE=$TOP/$CACHE ;; esac
    mkdir -p "$CACHE" || die "CACHE=$CACHE cannot be made" "name another folder"
}

cache_place
check_machine
export CACHE CACHE_WHY JOBS

# cache_lock NAME: one run at a time; it ends with the calling (sub)shell.
cache_lock()
{
    exec 7>"$CACHE/lock-$1"
    flock -n 7 || {
        say "another run holds $CACHE/lock-$1: waiting for it to end"
        flock 7
    }
}

# An entry of the cache is a folder with its content, a text "made-from" and,
# written last, "sums" of both.  cache_has ENTRY: is it there and undamaged?
cache_has()
{
    [ -e "$1" ] || return 1
    if (cd "$1" && LC_ALL=C sha256sum -c --status sums 2>/dev/null); then
        touch "$1"
        return 0
    fi
    warn "$1 is damaged: making it anew"
    rm -rf "$1"
    return 1
}

# cache_put ENTRY FOLDER: makes FOLDER that entry, all at once.  Other entries
# of its kind (ENTRY up to the last "-") go a week after their last use.
cache_put()
{
    find "$2" -type f -printf '%P\0' | LC_ALL=C sort -z >"$2.names"
    (cd "$2" && xargs -0 sha256sum) <"$2.names" >"$2.sums"
    mv "$2.sums" "$2/sums"
    rm "$2.names"
    rm -rf "$1"
    mv "$2" "$1"
    find "${1%/*}" -maxdepth 1 -name "$(basename "${1%-*}")-*" -mtime +7 \
        -exec rm -rf {} +
}

# hash_of FILE... : one hash over names and contents; missing files count too.
hash_of()
{
    sha256sum -- "$@" 2>&1 | sed "s#$TOP/##" | sha256sum | cut -c1-64
}

# stamp_is NAME HASH: was the step NAME last completed with this HASH?
stamp_is()
{
    [ -f "$STAMPS/$1" ] && [ "$(cat "$STAMPS/$1")" = "$2" ]
}

stamp_set()
{
    printf '%s\n' "$2" >"$STAMPS/$1.tmp"
    mv "$STAMPS/$1.tmp" "$STAMPS/$1"
}

# lock NAME SCRIPT ARGS... : one run at a time; the lock ends with the script.
# Usage, first thing in a script:  lock build "$0" "$@"
lock()
{
    local name=$1 var

    shift
    var=LOCKED_$name
    [ -z "${!var:-}" ] || return 0
    if ! flock -n "$BUILD/lock-$name" true; then
        say "another run holds $BUILD/lock-$name: waiting for it to end"
    fi
    exec env "$var=1" flock -F "$BUILD/lock-$name" "$@"
}

# inside: run in the root; every build and test tool comes from there.
inside()
{
    "$TOP/scripts/enter" "$@"
}

# our_tests VARIANT: names of our tests in QEMU's own harness, those that this
# variant of the build has.
our_tests()
{
    local without='^$'

    # The presenter is no part of a build without Vulkan.
    [ "$1" != nogl ] || without='^test-vulkan-'
    sed 's/#.*//' "$TOP/tests/our-tests" | awk 'NF {print $1}' |
        grep -v "$without"
}

# Our unit tests that start threads.  Those that start processes are not for
# the thread sanitizer.
tsan_tests()
{
    our_tests tsan | grep -E '^test-(scanout-image|venus-fence|vulkan-)'
}
