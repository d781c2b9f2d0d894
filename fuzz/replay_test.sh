#!/usr/bin/env bash
# What the replay of a fuzzer's inputs makes of its command line. Prints TAP.
#   REPLAY  a fuzzer that was built without an engine
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/tap.sh
source "$here/../tests/tap.sh"
REPLAY=$(readlink -f "$REPLAY")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# ends_with STATUS TEXT ARGUMENT...
ends_with() {
    local expected=$1 text=$2 said status=0
    said=$("$REPLAY" "${@:3}" 2>&1) || status=$?
    [ "$status" -eq "$expected" ] && [[ $said == *"$text"* ]] || { echo "$said"; echo "status $status"; return 1; }
}

an_input_is_replayed() {
    printf 'abcdefgh' >"$scratch/input"
    ends_with 0 "ok 2 - $scratch/input (1 input)" "$scratch/input" &&
        (cd / && BUILD_WORKING_DIRECTORY=$scratch ends_with 0 "ok 2 - $scratch/input (1 input)" input)
}

an_input_that_is_not_there_is_an_error() {
    ends_with 1 "cannot open an input: $scratch/none: No such file or directory" "$scratch/none" &&
        BUILD_WORKING_DIRECTORY=$scratch ends_with 1 "cannot open an input: none: No such file" none &&
        ends_with 1 "cannot open an input" fuzz/crashes/pool/none
}

a_unit_needs_no_crashes() {
    ends_with 0 "1..1" fuzz/crashes/none fuzz/corpora/none
}

a_wrong_command_line_is_refused() {
    local word
    for word in --foo --rounds --rounds= --rounds=0 --rounds=-1 --rounds=1x -h; do
        ends_with 2 "usage: " "$word" || return 1
    done
    ends_with 0 "usage: " --help
}

all_rounds_are_run() {
    printf 'abcdefgh' >"$scratch/input"
    ends_with 0 "inputs a second" --rounds=20 "$scratch/input"
}

for each in an_input_is_replayed an_input_that_is_not_there_is_an_error a_unit_needs_no_crashes \
    a_wrong_command_line_is_refused all_rounds_are_run; do
    tap_run "${each//_/ }" "$each"
done
tap_end
