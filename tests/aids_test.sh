#!/usr/bin/env bash
# The options that single out allocations, of the debug form: break_on, fail_at, fail_rate, fail_stacks. Prints TAP.
#   CAIRN_LIBRARY  the shared library, CAIRN_FORM its form
#   PROGRAM        tests/aids_program.c, built; by default the one beside this script
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/preload.sh
source "$here/preload.sh"
PROGRAM=${PROGRAM:-$here/aids_program}
BLOCKS=1000

# failures OPTIONS: the numbers of the allocations that failed; what was said goes to $scratch/error.
failures() {
    timeout 60 env LD_PRELOAD="$LIB" CAIRN_OPTIONS="$1" "$PROGRAM" $BLOCKS 2>"$scratch/error"
}

number_of_failures() {
    failures "$1" | wc -l
}

# is NUMBER LOW HIGH
is_within() {
    [ "$1" -ge "$2" ] && [ "$1" -le "$3" ] || { echo "$1 is not from $2 to $3"; return 1; }
}

no_allocation_fails_unasked() {
    [ -z "$(failures stats=0)" ]
}

the_release_form_lets_none_fail() {
    [ -z "$(failures fail_rate=1)" ] && grep -q 'needs the debug form' "$scratch/error"
}

one_allocation_fails_with_enomem() {
    local first second
    first=$(failures fail_at=500) && second=$(failures fail_at=520)
    [ "$(wc -l <<<"$first")" -eq 1 ] && [ "${first#* }" = ENOMEM ] && [ $((${second% *} - ${first% *})) -eq 20 ] ||
        { echo "$first, then $second"; return 1; }
}

a_share_of_allocations_fails() {
    is_within "$(number_of_failures fail_rate=1/10:seed=7)" 60 140 &&
        is_within "$(number_of_failures fail_rate=0.5:seed=7)" 430 570 &&
        is_within "$(number_of_failures fail_rate=0)" 0 0
}

the_same_seed_fails_the_same_allocations() {
    local first second other
    first=$(failures fail_rate=0.1:seed=7) second=$(failures fail_rate=0.1:seed=7)
    other=$(failures fail_rate=0.1:seed=8)
    [ "$first" = "$second" ] && [ "$first" != "$other" ]
}

without_a_seed_runs_differ() {
    [ "$(failures fail_rate=0.1)" != "$(failures fail_rate=0.1)" ]
}

failures_are_silent_unless_asked_for() {
    is_within "$(number_of_failures fail_rate=0.1)" 1 $BLOCKS && [ ! -s "$scratch/error" ]
}

each_failure_is_told_with_its_stack_on_request() {
    local count
    count=$(number_of_failures fail_rate=0.1:fail_stacks=1)
    [ "$(grep -cE '^cairn: NOTE: allocation [0-9]+, of 24 bytes, fails as the options say$' "$scratch/error")" \
        -eq "$count" ] && [ "$(grep -c '^    ' "$scratch/error")" -ge "$count" ] || { cat "$scratch/error"; return 1; }
}

notes_go_where_reports_go() {
    local count
    count=$(number_of_failures "fail_at=500:fail_stacks=1:log_path=$scratch/log")
    is_within "$count" 1 1 && [ ! -s "$scratch/error" ] && grep -q '^cairn: NOTE: allocation 500,' "$scratch/log"
}

break_on_raises_sigtrap_in_that_allocation() {
    local status=0
    failures break_on=500 >/dev/null || status=$?
    [ "$status" -eq 133 ] || { echo "status $status"; return 1; }
    failures break_on=5000
}

if [ "$CAIRN_FORM" = release ]; then
    for each in no_allocation_fails_unasked the_release_form_lets_none_fail; do
        tap_run "${each//_/ }" "$each"
    done
else
    for each in no_allocation_fails_unasked one_allocation_fails_with_enomem a_share_of_allocations_fails \
        the_same_seed_fails_the_same_allocations without_a_seed_runs_differ failures_are_silent_unless_asked_for \
        each_failure_is_told_with_its_stack_on_request notes_go_where_reports_go \
        break_on_raises_sigtrap_in_that_allocation; do
        tap_run "${each//_/ }" "$each"
    done
fi 2>/dev/null
tap_end
