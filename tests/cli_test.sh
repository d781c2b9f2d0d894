#!/bin/bash
# Drives the command line tool as a user would: help, usage, `cairn run`. See cli_support.sh for what it needs.
# shellcheck source=tests/cli_support.sh
source "$(dirname "${BASH_SOURCE[0]}")/cli_support.sh"

# ---- help and usage ----

help_names_every_command() {
    cairn --help
    expect_status 0
    expect_no_err
    for command in run diff stats bench version help; do
        grep -qE "^  $command  +[a-z]" out || fail "no line for $command"
    done
}
check help_names_every_command

help_of_a_command_can_be_asked_for_in_two_ways() {
    for command in run diff stats bench version; do
        cairn help "$command"
        expect_status 0
        mv out first
        cairn "$command" --help
        expect_status 0
        cmp -s first out || fail "'cairn help $command' differs from 'cairn $command --help'"
        expect_out "Usage: cairn $command"
    done
}
check help_of_a_command_can_be_asked_for_in_two_ways

help_without_a_command_is_the_overview() {
    cairn help
    expect_status 0
    expect_out "Commands:"
}
check help_without_a_command_is_the_overview

help_of_an_unknown_command_is_a_usage_error() {
    cairn help nonsense
    expect_usage_error "cairn help: there is no command 'nonsense'"
    cairn help run fast
    expect_usage_error "cairn help: one command, please: 'fast' is too much"
}
check help_of_an_unknown_command_is_a_usage_error

no_command_is_a_usage_error() {
    cairn
    expect_usage_error "no command given"
}
check no_command_is_a_usage_error

an_unknown_command_is_a_usage_error() {
    cairn nonsense
    expect_usage_error "there is no command 'nonsense'"
}
check an_unknown_command_is_a_usage_error

an_unknown_option_is_a_usage_error() {
    cairn run --nonsense true
    expect_usage_error "unrecognized option '--nonsense'"
}
check an_unknown_option_is_a_usage_error

a_full_disk_under_the_output_is_an_error() {
    [ -w /dev/full ] || skip "there is no /dev/full"
    status=0
    "$tool" version >/dev/full 2>err || status=$?
    expect_status 1
    expect_err "cannot write to standard output"
}
check a_full_disk_under_the_output_is_an_error

# ---- cairn bench ----

# A tree with a tools/bench that says how it was called.
lay_out_tree() {
    mkdir -p tree/tools tree/alloc tree/deep/below
    : >tree/alloc/cairn.h
    printf '#!/bin/sh\nprintf "%%s|" "$@"\nexit 5\n' >tree/tools/bench
    chmod +x tree/tools/bench
}

bench_runs_the_script_of_the_tree_with_its_arguments() {
    lay_out_tree
    cd tree/deep/below || exit 1
    cairn bench --quick "two words" x=y.so
    expect_status 5
    expect_out_is "--quick|two words|x=y.so|"
    expect_no_err
}
check bench_runs_the_script_of_the_tree_with_its_arguments

bench_takes_no_other_project_for_the_tree() {
    lay_out_tree
    rm tree/alloc/cairn.h
    cp "$tool" lonely
    cd tree || exit 1
    status=0
    ../lonely bench >out 2>err || status=$?
    expect_status 1
    expect_err "no source tree of Cairn"
    expect_err "Change into a checkout"
}
check bench_takes_no_other_project_for_the_tree

bench_outside_of_a_tree_still_has_help() {
    cp "$tool" lonely
    status=0
    ./lonely bench --help >out 2>err || status=$?
    expect_status 0
    expect_out "Usage: cairn bench"
}
check bench_outside_of_a_tree_still_has_help

# ---- cairn run: the program ----

run_passes_arguments_and_output_through() {
    cairn run printf '%s|' one "two three" --debug -s
    expect_status 0
    expect_out_is "one|two three|--debug|-s|"
    expect_no_err
}
check run_passes_arguments_and_output_through

run_ends_with_the_status_of_the_program() {
    cairn run -- sh -c 'exit 7'
    expect_status 7
}
check run_ends_with_the_status_of_the_program

run_without_a_program_is_a_usage_error() {
    cairn run --stats
    expect_usage_error "no program given"
    cairn run --
    expect_usage_error "no program given"
}
check run_without_a_program_is_a_usage_error

run_of_a_missing_program_ends_with_127() {
    PATH=/usr/bin:/bin cairn run no-such-program-here
    expect_status 127
    expect_err "cannot run 'no-such-program-here': No such file"
    expect_err "PATH"
    cairn run ./no-such-program-here
    expect_status 127
}
check run_of_a_missing_program_ends_with_127

run_of_a_file_that_is_no_program_ends_with_126() {
    echo text >plain
    chmod -x plain
    cairn run ./plain
    expect_status 126
    expect_err "cannot run './plain': Permission denied"
}
check run_of_a_file_that_is_no_program_ends_with_126

# ---- cairn run: the library ----

run_preloads_the_release_form() {
    cairn run printenv LD_PRELOAD
    expect_status 0
    expect_out_is "$libraries/libcairn.so"
}
check run_preloads_the_release_form

run_maps_the_library_into_the_program() {
    cairn run grep -F libcairn.so /proc/self/maps
    expect_status 0
    expect_out "/libcairn.so"
    expect_no_err
}
check run_maps_the_library_into_the_program

run_with_debug_preloads_the_debug_form() {
    cairn run --debug printenv LD_PRELOAD
    expect_status 0
    expect_out_is "$libraries/libcairn-debug.so"
}
check run_with_debug_preloads_the_debug_form

run_keeps_what_is_preloaded_already_and_appends() {
    LD_PRELOAD="libm.so.6 libdl.so.2" cairn run printenv LD_PRELOAD
    expect_status 0
    expect_out_is "libm.so.6:libdl.so.2:$libraries/libcairn.so"
}
check run_keeps_what_is_preloaded_already_and_appends

run_within_run_uses_the_inner_form() {
    cairn run --debug "$tool" run printenv LD_PRELOAD
    expect_status 0
    expect_out_is "$libraries/libcairn.so"
}
check run_within_run_uses_the_inner_form

run_finds_the_library_beside_the_tool_in_lib_and_above() {
    mkdir -p tree/bin tree/lib elsewhere
    cp "$tool" tree/bin/cairn
    unset CAIRN_LIBRARY_DIR
    for place in tree tree/lib tree/bin; do
        cp "$libraries/libcairn.so" "$place/"
        status=0
        (cd elsewhere && "$scratch/tree/bin/cairn" run printenv LD_PRELOAD) >out 2>err || status=$?
        expect_status 0
        expect_out_is "$(realpath "$place")/libcairn.so"
    done
}
check run_finds_the_library_beside_the_tool_in_lib_and_above

run_takes_a_relative_library_directory() {
    ln -sfn "$libraries" link
    CAIRN_LIBRARY_DIR=./link cairn run printenv LD_PRELOAD
    expect_status 0
    expect_out_is "$libraries/libcairn.so"
}
check run_takes_a_relative_library_directory

run_without_a_library_says_where_it_looked_and_what_to_do() {
    mkdir -p empty
    CAIRN_LIBRARY_DIR=$scratch/empty cairn run true
    expect_status 125
    expect_err "cannot find libcairn.so in $scratch/empty"
    expect_err "bazel build"
    expect_err "CAIRN_LIBRARY_DIR"
}
check run_without_a_library_says_where_it_looked_and_what_to_do

run_refuses_a_library_path_that_a_preload_cannot_hold() {
    mkdir -p "a space"
    cp "$libraries/libcairn.so" "a space/"
    CAIRN_LIBRARY_DIR="a space" cairn run true
    expect_status 125
    expect_err "contains a space or colon"
}
check run_refuses_a_library_path_that_a_preload_cannot_hold

# ---- cairn run: stats ----

a_relative_stats_file_lies_where_run_was_called() {
    cairn run --stats-json=heap.json printenv CAIRN_OPTIONS
    expect_out_is "stats_json=$scratch/heap.json"
    cairn run --stats-json=/tmp/heap.json printenv CAIRN_OPTIONS
    expect_out_is "stats_json=/tmp/heap.json"
}
check a_relative_stats_file_lies_where_run_was_called

run_with_stats_prints_them_at_the_end() {
    cairn run --stats true
    expect_status 0
    [ -s err ] || fail "there are no stats on standard error"
    [ ! -s out ] || fail "there is something on standard output"
}
check run_with_stats_prints_them_at_the_end

a_program_that_run_started_leaves_stats_that_can_be_explained() {
    for form in release debug; do
        rm -f heap.*.json
        local form_option=()
        [ $form = release ] || form_option=(--debug)
        cairn run "${form_option[@]}" --stats --stats-json=heap.%p.json ls /
        expect_status 0
        [ "$(echo heap.*.json | wc -w)" = 1 ] || fail "there is not one stats file, named after the process"
        cairn stats heap.*.json
        expect_status 0
        expect_out ", $form form, process "
        expect_out "asked for"
        expect_out "Size classes"
        ! grep -qF "sums do not agree" out || fail "the sums do not agree"
    done
}
check a_program_that_run_started_leaves_stats_that_can_be_explained

# ---- cairn run: programs on which a preload has no effect ----

compile_static() {
    echo 'int main(void) { return 0; }' >static.c
    "${CC:-cc}" "$@" -o static static.c >cc.log 2>&1 || skip "cannot link statically here"
}

run_warns_of_a_statically_linked_program() {
    for kind in -static -static-pie; do
        compile_static $kind
        cairn run ./static
        expect_status 0
        expect_err "warning: ./static will not use Cairn: it is statically linked"
    done
}
check run_warns_of_a_statically_linked_program

run_warns_of_a_program_with_a_malloc_of_its_own() {
    printf '%s\n' '#include <stddef.h>' 'static char room[1 << 20]; static size_t used;' \
        'void *malloc(size_t size) { used += (size + 15) / 16 * 16; return room + used - (size + 15) / 16 * 16; }' \
        'void free(void *block) { (void)block; }' 'int main(void) { return malloc(5) == NULL; }' >own.c
    "${CC:-cc}" -fno-builtin -w -rdynamic -o own own.c
    cairn run ./own
    expect_status 0
    expect_err "warning: ./own will not use Cairn: it is linked with a malloc of its own"
    echo 'int main(void) { return 0; }' >none.c
    "${CC:-cc}" -rdynamic -o none none.c
    cairn run ./none
    expect_no_err
}
check run_warns_of_a_program_with_a_malloc_of_its_own

run_warns_of_a_script_whose_interpreter_is_statically_linked() {
    compile_static -static
    echo "#! $scratch/static -x" >script
    chmod +x script
    cairn run ./script
    expect_err "statically linked"
}
check run_warns_of_a_script_whose_interpreter_is_statically_linked

run_warns_of_a_program_that_is_setuid_to_another_user() {
    [ "$(id -u)" = 0 ] || skip "needs root"
    cp "$(type -P true)" setuid
    chown nobody setuid
    chmod 4755 setuid
    cairn run ./setuid
    expect_err "it is setuid to another user"
}
check run_warns_of_a_program_that_is_setuid_to_another_user

run_does_not_warn_of_ordinary_programs_and_scripts() {
    printf '#!/bin/sh\necho "$@"\n' >script
    chmod +x script
    for program in ./script echo "$(type -P echo)"; do
        cairn run "$program" it ran
        expect_status 0
        expect_out_is "it ran"
        expect_no_err
    done
}
check run_does_not_warn_of_ordinary_programs_and_scripts

conclude
