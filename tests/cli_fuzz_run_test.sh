#!/bin/bash
# Drives `cairn fuzz run` in source trees that are made for it. See cli_support.sh for what it needs.
# shellcheck source=tests/cli_support.sh
source "$(dirname "${BASH_SOURCE[0]}")/cli_support.sh"

# A tree whose tools/fuzz says what it is called with, and ends with 3.
make_tree() {
    mkdir -p "$1/fuzz/corpora/sequence" "$1/tools"
    : >"$1/fuzz/BUILD"
    # shellcheck disable=SC2016 # the script expands them
    printf '#!/bin/sh\necho "$0" "$@"\nexit 3\n' >"$1/tools/fuzz"
    chmod +x "$1/tools/fuzz"
}

fuzz_run_becomes_the_trees_own_tool() {
    make_tree tree
    status=0
    (cd tree && "$tool" fuzz run sequence --seconds 2) >out 2>err || status=$?
    expect_status 3
    expect_out "/tree/tools/fuzz sequence --seconds 2"
    expect_no_err
}
check fuzz_run_becomes_the_trees_own_tool

fuzz_run_finds_the_tree_from_within() {
    make_tree tree
    status=0
    (cd tree/fuzz/corpora/sequence && "$tool" fuzz run --list) >out 2>err || status=$?
    expect_status 3
    expect_out "/tree/tools/fuzz --list"
}
check fuzz_run_finds_the_tree_from_within

fuzz_run_outside_of_a_tree_says_so() {
    status=0
    (cd / && "$tool" fuzz run) >out 2>err || status=$?
    expect_status 1
    expect_err "there is no source tree of Cairn here"
}
check fuzz_run_outside_of_a_tree_says_so

conclude
