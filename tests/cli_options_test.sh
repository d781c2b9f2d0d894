#!/bin/bash
# Drives the options of `cairn run` as a user would. See cli_support.sh for what it needs.
# shellcheck source=tests/cli_support.sh
source "$(dirname "${BASH_SOURCE[0]}")/cli_support.sh"

run_leaves_options_unset_where_none_are_given() {
    cairn run printenv CAIRN_OPTIONS
    expect_status 1
}
check run_leaves_options_unset_where_none_are_given

run_keeps_options_that_are_set_already() {
    CAIRN_OPTIONS=stats=0 cairn run printenv CAIRN_OPTIONS
    expect_out_is "stats=0"
}
check run_keeps_options_that_are_set_already

the_command_line_wins_over_the_environment() {
    CAIRN_OPTIONS=stats=1:stats_json=/dev/null cairn run --option stats=0 printenv CAIRN_OPTIONS
    expect_status 0
    expect_out_is "stats_json=/dev/null:stats=0"
}
check the_command_line_wins_over_the_environment

the_last_of_two_equal_options_wins() {
    cairn run -o stats=1 -o stats=0 printenv CAIRN_OPTIONS
    expect_out_is "stats=0"
}
check the_last_of_two_equal_options_wins

an_option_does_not_replace_one_whose_name_it_begins() {
    CAIRN_OPTIONS=stats_json=/dev/null cairn run --option stats=0 printenv CAIRN_OPTIONS
    expect_out_is "stats_json=/dev/null:stats=0"
}
check an_option_does_not_replace_one_whose_name_it_begins

guard_may_name_a_block_after_a_colon() {
    CAIRN_OPTIONS=guard=site:beef:stats=0 cairn run --option guard=serial:12 printenv CAIRN_OPTIONS
    expect_out_is "guard=site:beef:stats=0:guard=serial:12"
    cairn run --option guard=serial:12:stats=1 true
    expect_usage_error "cannot contain ':'"
}
check guard_may_name_a_block_after_a_colon

# Where the process lies, and so all that it maps.
personality_under() {
    cairn run "$@" cat /proc/self/personality
    cat out
}

a_seed_fixes_addresses() {
    setarch -R true 2>err || { cp err out && exit 0; } # the system does not let them be fixed
    [ "$(personality_under --option seed=5)" = 00040000 ] || fail "addresses are random"
    [ "$(personality_under --option seed=5 --option seed=0)" = 00000000 ] || fail "addresses are not random"
    [ "$(personality_under)" = 00000000 ] || fail "addresses are not random"
}
check a_seed_fixes_addresses

help_of_run_lists_the_options_of_the_allocator() {
    cairn run --help
    expect_out "  stats=0|1 (default 0)"
    expect_out "  guard=none|all|1/N|serial:N|site:HASH (default none)"
    expect_out "  stack_depth=N * (default 16)"
}
check help_of_run_lists_the_options_of_the_allocator

run_refuses_options_that_are_none() {
    for option in nonsense =1 "two words=1" ""; do
        cairn run --option "$option" true
        expect_usage_error "wants KEY=VALUE, not '$option'"
    done
    cairn run --option stats_json=a:b true
    expect_usage_error "cannot contain ':'"
    cairn run --stats-json=a:b true
    expect_usage_error "contains ':'"
    cairn run --stats-json= true
    expect_usage_error "wants the path of a file"
}
check run_refuses_options_that_are_none

conclude
