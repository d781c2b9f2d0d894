#!/usr/bin/env bash
# How programs on the preload end by abort and by assertions that fail: as ever, and in the debug form not before all blocks
# were looked at. Prints TAP.
#   CAIRN_LIBRARY  the shared library, CAIRN_FORM its form
#   PROGRAM        tests/abort_program.c, built; by default the one beside this script
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/tap.sh
source "$here/tap.sh"
LIB=$(readlink -f "$CAIRN_LIBRARY")
PROGRAM=${PROGRAM:-$here/abort_program}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
ulimit -c 0

# said OPTIONS ARGUMENT...: what the program says on the preload; fails where it does not end by SIGABRT.
said() {
    local status=0
    timeout 60 env LD_PRELOAD="$LIB" CAIRN_OPTIONS="$1" "$PROGRAM" "${@:2}" 2>"$scratch/error" || status=$?
    cat "$scratch/error"
    [ "$status" -eq 134 ] || { echo "status $status"; return 1; }
}

reports() {
    grep -c '^cairn: ERROR: ' <<<"$1"
}

# Word for word.
assertions_say_what_the_c_library_says() {
    local how own
    for how in assert nameless abort; do
        own=$("$PROGRAM" "$how" 2>&1)
        [ "$(said '' "$how")" = "$own" ] || { echo "$how: not '$own'"; return 1; }
    done
}

damage_is_reported_once_and_after_the_assertion() {
    local text how
    for how in abort assert nameless; do
        text=$(said '' "$how" overflow) || { echo "$text"; return 1; }
        [ "$(reports "$text")" -eq 1 ] || { echo "$text"; return 1; }
    done
    [[ $text == *"failed."*"cairn: ERROR: heap-buffer-overflow: "*"found at a failed assertion"* ]] || echo "$text"
}

the_program_handles_the_signal_after_the_report() {
    local text what
    for what in handled again; do
        text=$(said '' abort $what) || { echo "$text"; return 1; }
        [ "$(reports "$text")" -eq 1 ] && [[ $text == *"cairn: ERROR: "*"handled"* ]] || { echo "$text"; return 1; }
    done
}

the_program_handles_the_signal() {
    [ "$(said '' abort handled | head -n 1)" = handled ]
}

nothing_is_looked_at_where_the_options_say_so() {
    local text
    text=$(said check_at_exit=0 abort overflow) || { echo "$text"; return 1; }
    [ -z "$text" ] || { echo "$text"; return 1; }
}

it_ends_where_reports_do_not_end_it() {
    local text
    text=$(said halt_on_error=0 assert overflow) || { echo "$text"; return 1; }
    [ "$(reports "$text")" -eq 2 ]
}

each=(assertions_say_what_the_c_library_says)
if [ "$CAIRN_FORM" = release ]; then
    each+=(the_program_handles_the_signal)
else
    each+=(damage_is_reported_once_and_after_the_assertion the_program_handles_the_signal_after_the_report
        nothing_is_looked_at_where_the_options_say_so it_ends_where_reports_do_not_end_it)
fi
for name in "${each[@]}"; do
    tap_run "${name//_/ }" "$name"
done 2>/dev/null
tap_end
