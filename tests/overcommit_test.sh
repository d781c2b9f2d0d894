#!/usr/bin/env bash
# Runs under vm.overcommit_memory=2, where the system promises no more memory than it has: large requests must fail with
# ENOMEM, ordinary ones must work. The setting is the whole machine's: it is put back at the end, and changed only where
# there is room enough for everybody else, so this test should run alone. Prints TAP.
#   LIB       libcairn.so or libcairn-debug.so (also as CAIRN_LIBRARY); without it the program runs on the system's malloc
#   PROGRAMS  the folder of the built programs of tests/hazards; by default the one beside this script
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/tap.sh
source "$here/tap.sh"
LIB=${LIB:-${CAIRN_LIBRARY:-}}
PROGRAMS=${PROGRAMS:-$here/hazards}
[ -n "$LIB" ] && LIB=$(readlink -f "$LIB")
setting=/proc/sys/vm/overcommit_memory

kilobytes_of() {
    awk -v key="$1:" '$1 == key { print $2 }' /proc/meminfo
}

# Room of 2 GiB between what is promised now and what may be promised.
has_room() {
    [ $(($(kilobytes_of CommitLimit) - $(kilobytes_of Committed_AS))) -gt $((2 * 1024 * 1024)) ]
}

work() {
    timeout 60 env LD_PRELOAD="$LIB" "$PROGRAMS/commit" $((($(kilobytes_of CommitLimit) + 1024 * 1024) * 1024))
}

start_a_shell() {
    # shellcheck disable=SC2016
    timeout 60 env LD_PRELOAD="$LIB" bash -c 'x=$(seq 1 20000) && [ ${#x} -gt 100000 ]'
}

before=$(cat $setting)
if [ "$(id -u)" -ne 0 ] || ! echo "$before" 2>/dev/null >$setting; then
    tap_skip "what cannot be promised is ENOMEM, all else works" "needs the right to change $setting"
elif ! has_room; then
    tap_skip "what cannot be promised is ENOMEM, all else works" "too much memory is promised already"
else
    trap 'echo "$before" >$setting' EXIT
    trap 'exit 1' INT TERM HUP
    echo 2 >$setting
    tap_run "what cannot be promised is ENOMEM, all else works" work
    tap_run "a shell starts and works" start_a_shell
    echo "$before" >$setting
fi
tap_end
