#!/usr/bin/env bash
# Runs the test programs of the C library's entry points twice: on the system's own malloc, which shows that what they
# expect is what glibc does, and on the preloaded library. Prints TAP: one line a case of each run.
#   LIB       libcairn.so or libcairn-debug.so (also as CAIRN_LIBRARY); without it only the first run is made
#   PROGRAMS  the folder of the built programs; by default the one of this script
#   PROGRAM   the names of the programs to run, where not all are wanted
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LIB=${LIB:-${CAIRN_LIBRARY:-}}
PROGRAMS=${PROGRAMS:-$here}
PROGRAM=${PROGRAM:-dropin_test dropin_aligned_test dropin_info_test dropin_threads_test new_delete_test thread_local_test
    fork_test oom_test map_table_test}
[ -n "$LIB" ] && LIB=$(readlink -f "$LIB")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
count=0
failed=0

# Takes over one program's lines of TAP under numbers of this script's own.
take_over() {
    local title=$1 line
    while IFS= read -r line; do
        if [[ $line =~ ^(not )?ok[^#]*\#\ SKIP\ (.*)$ ]]; then
            count=$((count + 1))
            echo "ok $count - $title: ${BASH_REMATCH[2]} # SKIP"
        elif [[ $line =~ ^ok\ [0-9]+\ -\ (.*)$ ]]; then
            count=$((count + 1))
            echo "ok $count - $title: ${BASH_REMATCH[1]}"
        elif [[ $line =~ ^not\ ok\ [0-9]+\ -\ (.*)$ ]]; then
            fail "$title: ${BASH_REMATCH[1]}"
        elif [[ $line != 1..* && $line != "ok - tests" ]]; then
            echo "# ${line#\# }"
        fi
    done
}

fail() {
    count=$((count + 1))
    failed=$((failed + 1))
    echo "not ok $count - $1"
}

# cmocka ends with the number of cases that failed; what timeout and signals make of the status is far above it.
run() {
    local title="$2 on $1" program=$2 library=$3 status=0 before=$count
    CMOCKA_MESSAGE_OUTPUT=TAP timeout 300 env LD_PRELOAD="$library" "$PROGRAMS/$program" >"$scratch/said" 2>&1 || status=$?
    take_over "$title" <"$scratch/said"
    if [ "$status" -ge 124 ] || [ "$count" -eq "$before" ]; then
        fail "$title: ended with status $status"
    fi
}

for program in $PROGRAM; do
    run "the system's malloc" "$program" ""
    [ -z "$LIB" ] || run "the library" "$program" "$LIB"
done
echo "1..$count"
[ "$failed" -eq 0 ]
