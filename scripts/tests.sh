# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Sourced by check and check-long: how each kind of test is run, and how it
# leaves rows "outcome, name, reason, seconds" in $RESULTS (scripts/report).

row()
{
    printf '%s\t%s\t%s\t\n' "$1" "$2" "${3:-}" >>"$RESULTS/parts.tsv"
}

# part NAME COMMAND...: a part that counts as one test; its time is a step's.
part()
{
    local name=$1

    shift
    if "$@"; then
        row passed "$name"
    else
        row failed "$name" "see $LOGS"
        return 1
    fi
}

part_step()
{
    part "$1" step "$@"
}

build_dir()
{
    local dir=$BUILD/qemu/build

    [ "$1" = main ] || dir=$dir-$1
    echo "$dir"
}

# Meson's names of those of the tests $2... that the build folder $1 has.
known_tests()
{
    local dir=$1

    shift
    inside "$dir/pyvenv/bin/meson" test -C "$dir" --list 2>/dev/null |
        sed 's/.* \/ //' | grep -xFf <(printf '%s\n' "$@") || true
}

# qemu_tests VARIANT SUFFIX MESON-OPTION... -- TEST...: tests of ours in QEMU's
# own harness.  SUFFIX tells rows apart where a variant is run in two ways.
qemu_tests()
{
    local variant=$1 suffix=$2 suite=qemu-$1$2 dir
    local options=() names=() known=()

    dir=$(build_dir "$variant")
    shift 2
    while [ "$1" != -- ]; do
        options+=("$1")
        shift
    done
    shift
    names=("$@")
    # A name that meson does not know would keep the others from running; that
    # it did not run is found out below.
    mapfile -t known < <(known_tests "$dir" "${names[@]}")
    [ ${#known[@]} -gt 0 ] || known=(none)
    rm -f "$dir"/meson-logs/venus*
    # What failed is in the rows; a run that makes no log at all fails by that.
    TAIL=60 step "tests in QEMU ($variant$suffix)" inside env \
        ASAN_OPTIONS="${ASAN_OPTIONS:-}" \
        UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
        "TSAN_OPTIONS=halt_on_error=1:suppressions=$TOP/tests/tsan-suppressions" \
        "$dir/pyvenv/bin/meson" test -C "$dir" --logbase venus \
        --num-processes "$JOBS" --print-errorlogs -t 4 \
        "${options[@]}" "${known[@]}" || true
    inside scripts/report rows-meson "$suite" "$dir/meson-logs/venus" \
        "${names[@]}" >>"$RESULTS/$suite.tsv" || row failed "$suite"
}

# built VARIANT: build a variant of QEMU and its tests.
built()
{
    part "build $1" env TESTS=1 "$TOP/scripts/build" "$1"
}

# all_tests VARIANT: all of our tests that a variant has.
all_tests()
{
    local names

    mapfile -t names < <(our_tests "$1")
    qemu_tests "$1" "" -- "${names[@]}"
}

# ours_tests VARIANT: tests of our own parts, built by scripts/ours.
ours_tests()
{
    local dir=$BUILD/ours suite=ours

    [ "$1" = plain ] || dir=$dir-$1 suite=ours-$1
    rm -f "$dir"/meson-logs/venus*
    step "tests of our own parts ($1)" inside meson test -C "$dir" \
        --logbase venus --num-processes "$JOBS" --print-errorlogs || true
    inside scripts/report rows-meson "$suite" "$dir/meson-logs/venus" \
        >>"$RESULTS/$suite.tsv" || row failed "$suite"
}

# functional_tests NAME ARGUMENT...: a run of tests/functional/run, whose rows
# are those of NAME.
functional_tests()
{
    local name=$1 results=$LOGS/functional/results.json

    shift
    rm -f "$results"
    TAIL=60 step "functional tests ($name)" inside \
        tests/functional/run "$@" || true
    inside scripts/report rows-functional "$results" \
        >>"$RESULTS/functional-$name.tsv" || row failed "functional-$name"
}
