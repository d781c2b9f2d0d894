#!/usr/bin/env bash
# Twice as many blocks, or heaps, take twice as many instructions, and not four times as many. Prints TAP.
#   growth_test.sh PROGRAM    the built tests/growth_program.c
set -u
# shellcheck source=tests/tap.sh
source "$(dirname "${BASH_SOURCE[0]}")/tap.sh"
PROGRAM=$1

# instructions PATTERN COUNT
instructions() {
    local said
    said=$(timeout 60 valgrind --tool=callgrind --callgrind-out-file=/dev/null "$PROGRAM" "$1" "$2" 2>&1) ||
        { echo "$said" >&2; return 1; }
    echo "$said" | sed -n 's/.*Collected : \([0-9]*\)/\1/p'
}

# grows_no_faster PATTERN COUNT: from twice to four times the count it takes less than three times what it takes from once
# to twice.
grows_no_faster() {
    local once twice four_times
    once=$(instructions "$1" "$2") && twice=$(instructions "$1" $((2 * $2))) &&
        four_times=$(instructions "$1" $((4 * $2))) || return 1
    echo "$once, $twice, $four_times instructions"
    [ "$twice" -gt "$once" ] && [ $((four_times - twice)) -lt $((3 * (twice - once))) ]
}

patterns=(
    "large 500 blocks of 1.5 MiB"
    "aligned 500 blocks that are aligned to 2 MiB"
    "heaps 400 named heaps beside those of ended threads"
)
for pattern in "${patterns[@]}"; do
    read -r name count what <<<"$pattern"
    if command -v valgrind >/dev/null; then
        tap_run "$what: the cost grows as their number" grows_no_faster "$name" "$count"
    else
        tap_skip "$what: the cost grows as their number" "valgrind is not installed"
    fi
done
tap_end
