#!/usr/bin/env bash
# How programs on the preload end by abort and by assertions that fail: as ever, and in the debug form not before all blocks
# were looked at. Prints TAP.
#   CAIRN_LIBRARY  the shared library, CAIRN_FORM its form
#   PROGRAM        tests/abort_program.c, built; by default the one beside this script
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/preload.sh
source "$here/preload.sh"
PROGRAM=${PROGRAM:-$here/abort_program}

reports() {
    grep -c '^cairn: ERROR: ' <<<"$1"
}

# Word for word.
assertions_say_what_the_c_library_says() {
    local how own
    for how in assert nameless abort; do
        own=$("$PROGRAM" "$how" 2>&1)
        [ "$(said 134 '' "$PROGRAM" "$how")" = "$own" ] || { echo "$how: not '$own'"; return 1; }
    done
}

damage_is_reported_once_and_after_the_assertion() {
    local text how
    for how in abort assert nameless; do
        text=$(said 134 '' "$PROGRAM" "$how" overflow) || { echo "$text"; return 1; }
        [ "$(reports "$text")" -eq 1 ] || { echo "$text"; return 1; }
    done
    [[ $text == *"failed."*"cairn: ERROR: heap-buffer-overflow: "*"found at a failed assertion"* ]] || echo "$text"
}

the_program_handles_the_signal_after_the_report() {
    local text what
    for what in handled again; do
        text=$(said 134 '' "$PROGRAM" abort $what) || { echo "$text"; return 1; }
        [ "$(reports "$text")" -eq 1 ] && [[ $text == *"cairn: ERROR: "*"handled"* ]] || { echo "$text"; return 1; }
    done
}

the_program_handles_the_signal() {
    [ "$(said 134 '' "$PROGRAM" abort handled | head -n 1)" = handled ]
}

the_program_handles_the_signal_that_it_blocks() {
    local text how
    for how in abort assert; do
        text=$(said 134 '' "$PROGRAM" "$how" blocked)
        [ "$(tail -n 1 <<<"$text")" = handled ] || { echo "$how: $text"; return 1; }
    done
}

nothing_is_looked_at_where_the_options_say_so() {
    local text
    text=$(said 134 check_at_exit=0 "$PROGRAM" abort overflow) || { echo "$text"; return 1; }
    [ -z "$text" ] || { echo "$text"; return 1; }
}

it_ends_where_reports_do_not_end_it() {
    local text
    text=$(said 134 halt_on_error=0 "$PROGRAM" assert overflow) || { echo "$text"; return 1; }
    [ "$(reports "$text")" -eq 2 ]
}

each=(assertions_say_what_the_c_library_says the_program_handles_the_signal_that_it_blocks)
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
