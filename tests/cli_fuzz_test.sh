#!/bin/bash
# Drives `cairn fuzz print` as a user would. See cli_support.sh for what it needs.
# shellcheck source=tests/cli_support.sh
source "$(dirname "${BASH_SOURCE[0]}")/cli_support.sh"
header=$(realpath "$OLDPWD/alloc/cairn.h")

# malloc(40) to slot 3, a burst, a free in the named heap, another thread, and the first block again.
write_input() {
    printf '\000\003\002\200\074\000\002\000\300\004\002\200\172\000\000\000\027\043\004\000' >"$1"
}

compile() {
    cc -std=gnu11 -Wall -Wextra -Werror -g -I"$(dirname "$header")" "$1" -L"$libraries" -l"$2" \
        -Wl,-rpath,"$libraries" -lpthread -o program >log.cc 2>&1 || fail "$(cat log.cc)"
}

each_operation_is_a_line() {
    write_input input
    cairn fuzz print --target=threads input
    expect_status 0
    expect_no_err
    [ "$(wc -l <out)" = 5 ] || fail "not one line for each operation"
    expect_out "   0  block 3 = cairn_malloc(40)"
    expect_out "   1  burst(0, 4, 32)"
    expect_out "   2  block 4 = cairn_heap_malloc(heap(1), 40)"
    expect_out "   3  now thread 1"
    expect_out "   4  block 3 = cairn_realloc(block(3), 64)"
}
check each_operation_is_a_line

standard_input_is_read_and_an_incomplete_operation_left_out() {
    write_input input
    { cat input && printf '\000\001'; } >longer
    cairn fuzz print -t threads - <longer
    expect_status 0
    [ "$(wc -l <out)" = 5 ] || fail "not one line for each operation"
}
check standard_input_is_read_and_an_incomplete_operation_left_out

target_is_the_folder_that_is_named_so() {
    mkdir -p corpora/threads corpora/sequence
    write_input corpora/threads/input
    cp corpora/threads/input corpora/sequence/input
    cairn fuzz print corpora/threads/input
    expect_out "now thread 1"
    cairn fuzz print corpora/sequence/input
    ! grep -q "now thread" out || fail "a sequence has one thread"
}
check target_is_the_folder_that_is_named_so

bytes_before_a_program_are_told_apart() {
    mkdir -p corpora/fork corpora/oom
    { printf '\003\000\000\000'; cat corpora/threads/input; } >corpora/fork/input
    cairn fuzz print corpora/fork/input
    expect_status 0
    expect_out "first bytes, explained in fuzz/fork_fuzz.c: 03 00 00 00"
    expect_out "   3  now thread 1"
    { printf '\041\377\000\000\000'; cat corpora/threads/input; } >corpora/oom/input
    cairn fuzz print corpora/oom/input
    expect_out "first bytes, explained in fuzz/oom_fuzz.c: 21 ff 00 00 00"
    expect_out "   0  block 3 = cairn_malloc(40)"
    printf '\377' >corpora/oom/input
    cairn fuzz print corpora/oom/input
    expect_status 0
    [ "$(cat out)" = "first bytes, explained in fuzz/oom_fuzz.c: ff" ] || fail "there is no operation"
}
check bytes_before_a_program_are_told_apart

inputs_that_are_no_programs_are_not_printed_as_such() {
    mkdir -p corpora/attack
    cp corpora/threads/input corpora/attack/input
    cairn fuzz print corpora/attack/input
    expect_status 1
    expect_err "inputs of \`attack' are no programs"
    [ ! -s out ] || fail "what is no program is printed"
}
check inputs_that_are_no_programs_are_not_printed_as_such

program_runs_on_both_forms() {
    write_input input
    for target in sequence heaps threads differential; do
        "$tool" fuzz print --program --target="$target" input >program.c
        for library in cairn cairn-debug; do
            compile program.c "$library"
            CAIRN_OPTIONS='' ./program >out 2>err || fail "the program fails"
            expect_no_err
        done
    done
}
check program_runs_on_both_forms

program_sees_what_the_fuzzer_saw() {
    write_input input
    "$tool" fuzz print --program --target=threads input >program.c
    sed 's/^static void part_1(void) {/&\n    memset(blocks[3].start, 0, 1);/' program.c >damaged.c
    cmp -s program.c damaged.c && fail "there is no second part"
    compile damaged.c cairn
    if (ulimit -c 0 && exec ./program >out 2>err); then
        fail "a changed block goes unseen"
    fi
    expect_err "block 3"
    expect_err "changed at 0"
}
check program_sees_what_the_fuzzer_saw

expect_usage() {
    expect_status 2
    expect_err "$1"
    expect_err "Try \`cairn fuzz"
    [ ! -s out ] || fail "a wrong command line prints on standard output"
}

wrong_command_lines_are_explained() {
    cairn fuzz print
    expect_usage "no FILE given"
    cairn fuzz print --target=nothing input
    expect_usage "there is no target 'nothing'"
    cairn fuzz nothing
    expect_usage "there is no command 'nothing'"
    cairn fuzz print missing
    expect_status 1
    expect_err "missing: No such file or directory"
}
check wrong_command_lines_are_explained

conclude
