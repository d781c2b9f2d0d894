#!/bin/bash
# Runs real programs on the allocator, each a test case, and prints TAP.
#
#   [CAIRN_LIBRARY=path/to/libcairn.so] tests/programs_test.sh [name...]      (default: bazel-bin/libcairn.so, all)
#
# A case is a script tests/programs/<name>.sh. It runs in an empty directory of its own, with its own folder in $CASES,
# and must print the same, and end with the same status, under the preload as without. Its head says
#   # needs: <programs>       the case is skipped where one of them is missing
#   # prints: <text>          it must print this, and is run under the preload only
# and status 77 with a line `skip: <reason>` skips the case. JOBS cases run at a time (2).
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lib=$(realpath -- "${CAIRN_LIBRARY:-bazel-bin/libcairn.so}" 2>/dev/null) && [ -e "$lib" ] || {
    echo "Bail out! no library: run 'bazel build //:libcairn.so', or name one in CAIRN_LIBRARY"
    exit 2
}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
ulimit -c 0
export CASES=$here/programs CAIRN_LIBRARY=$lib LC_ALL=C.UTF-8

# run SCRIPT DIRECTORY [PRELOAD]: leaves .out, .err and .status beside the directory.
run() {
    mkdir -p "$2"
    (cd "$2" && exec timeout -k 2 "${TIME_LIMIT:-240}" env ${3:+LD_PRELOAD="$3"} bash "$1") \
        </dev/null >"$2.out" 2>"$2.err"
    echo $? >"$2.status"
}

# judge SCRIPT DIRECTORY: prints why the run under the preload is wrong, or nothing.
judge() {
    local wanted
    wanted=$(sed -n 's/^# prints: //p' "$1")
    grep -aE '^cairn: |cannot be preloaded' "$2.cairn.err"
    if [ -n "$wanted" ]; then
        [ "$(cat "$2.cairn.status")" = 0 ] || echo "status $(cat "$2.cairn.status")"
        [ "$(cat "$2.cairn.out")" = "$wanted" ] || {
            echo "printed, instead of '$wanted':"
            tail -n 5 "$2.cairn.out"
        }
    else
        diff -a "$2.plain.status" "$2.cairn.status" | sed -n 's/^[<>]/status: &/p'
        diff -a "$2.plain.out" "$2.cairn.out" | head -n 20
    fi
}

# missing SCRIPT: prints the programs that it needs and that are not there.
missing() {
    local program
    for program in $(sed -n 's/^# needs: //p' "$1" 2>/dev/null); do
        command -v "$program" >/dev/null || echo "$program"
    done
}

# reason_to_skip RUN: why the outcome of a run says nothing about the allocator, or nothing.
reason_to_skip() {
    local status reason
    status=$(cat "$1.status")
    reason=$(sed -n 's/^skip: //p' "$1.out")
    [ "$status" = 0 ] && [ -s "$1.out" ] || echo "${reason:-fails without the allocator too, with status $status}"
}

# run_case SCRIPT: leaves the TAP line of one case, and what went wrong.
run_case() {
    local name absent why=""
    name=$(basename "$1" .sh)
    local area=$work/$name title="programs: ${name//_/ }" started=$SECONDS
    absent=$(missing "$1" | tr '\n' ' ')
    if [ ! -e "$1" ]; then
        echo "not ok $title # there is no such case" >"$area.tap"
        return
    elif [ -n "$absent" ]; then
        echo "ok $title # SKIP no ${absent% }" >"$area.tap"
        return
    fi
    grep -q '^# prints: ' "$1" || run "$1" "$area.plain"
    [ ! -e "$area.plain.status" ] || why=$(reason_to_skip "$area.plain")
    if [ -z "$why" ]; then
        run "$1" "$area.cairn" "$lib"
        [ "$(cat "$area.cairn.status")" != 77 ] || why=$(reason_to_skip "$area.cairn")
    fi
    if [ -n "$why" ]; then
        echo "ok $title # SKIP $why" >"$area.tap"
        return
    fi
    why=$(judge "$1" "$area")
    if [ -z "$why" ]; then
        echo "ok $title # $((SECONDS - started)) s" >"$area.tap"
    else
        { echo "not ok $title" && echo "$why" | sed 's/^/#   /'; } >"$area.tap"
        tail -n 40 "$area.cairn.err" | sed 's/^/#   | /' >>"$area.tap"
    fi
}

scripts=("$here"/programs/*.sh)
if [ $# -gt 0 ]; then
    scripts=("$@")
    scripts=("${scripts[@]/#/$here/programs/}") scripts=("${scripts[@]/%/.sh}")
fi
for script in "${scripts[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge "${JOBS:-2}" ]; do wait -n; done
    run_case "$script" &
done
wait

number=0 failed=0
for script in "${scripts[@]}"; do
    tap=$work/$(basename "$script" .sh).tap
    number=$((number + 1))
    [ -s "$tap" ] || echo "not ok programs: $(basename "$script") did not run" >"$tap"
    ! grep -q '^not ok' "$tap" || failed=$((failed + 1))
    sed "s/^\(not ok\|ok\) programs:/\1 $number - programs:/" "$tap"
done
echo "1..$number"
echo "# $((number - failed)) passed, $failed failed"
[ $failed = 0 ] && [ $number -gt 0 ]
