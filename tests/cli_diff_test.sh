#!/bin/bash
# Drives `cairn diff` on programs that read memory they should not, and on ones that do not. See cli_support.sh for what
# it needs.
# shellcheck source=tests/cli_support.sh
source "$(dirname "${BASH_SOURCE[0]}")/cli_support.sh"

# Compiles the body of a main into the program `program`.
make_program() {
    { printf '%s\n' '#include <stdio.h>' '#include <stdlib.h>' '#include <string.h>' '#include <time.h>' \
        '#include <unistd.h>' 'int main(void) {' && cat && echo 'return 0; }'; } >program.c
    "${CC:-cc}" -O0 -fno-builtin -w -o program program.c || fail "the program does not compile"
}

expect_run() { grep -qE "^  $1 +$2" out || fail "no line '$1 ... $2'"; }

a_clean_program_is_the_same_in_all_runs() {
    make_program <<'PROGRAM'
    char line[100];
    char *copy = calloc(1, 100);
    while (fgets(line, sizeof line, stdin) != NULL) {
        strcpy(copy, line);
        char *other = strdup(copy);
        fputs(other, stdout);
        free(other);
    }
PROGRAM
    printf 'one\ntwo\n' >input
    cairn diff -- ./program <input
    expect_status 0
    expect_no_err
    expect_out "8 runs of ./program"
    expect_run "as it is" "exit status 0, 8 bytes written"
    [ "$(grep -c ' the same$' out)" = 7 ] || fail "not seven runs are the same"
    expect_out "No run differs from the first."
}
check a_clean_program_is_the_same_in_all_runs

a_read_of_an_uninitialised_block_is_found() {
    make_program <<'PROGRAM'
    int *values = malloc(4 * sizeof *values);
    values[0] = 1;
    printf("first\nvalue %x\n", values[2]);
PROGRAM
    cairn diff -- ./program
    expect_status 1
    expect_run "again" "the same"
    expect_run "new blocks filled with 0x00" "differs"
    expect_run "new blocks filled with 0x5A" "differs"
    expect_run "freed blocks filled with 0x00" "the same"
    expect_out "standard output differs from byte 12 on, in line 2:"
    expect_out "first run: value cdcdcdcd"
    expect_out "this run:  value 0"
    expect_out "It reads new blocks before it has written them."
}
check a_read_of_an_uninitialised_block_is_found

an_uninitialised_flag_that_changes_the_exit_status_is_found() {
    make_program <<'PROGRAM'
    struct { int count; unsigned char is_set; } *options = malloc(sizeof *options);
    options->count = 0;
    return options->is_set ? 7 : 0;
PROGRAM
    cairn diff -- ./program
    expect_status 1
    expect_out "first run: exit status 7; this run: exit status 0"
    expect_out "It reads new blocks before it has written them."
}
check an_uninitialised_flag_that_changes_the_exit_status_is_found

a_read_of_a_freed_block_is_found() {
    make_program <<'PROGRAM'
    unsigned *values = calloc(4, sizeof *values);
    free(values);
    printf("%x\n", values[1]);
PROGRAM
    cairn diff -- ./program
    expect_status 1
    expect_run "new blocks filled with 0x00" "the same"
    expect_run "freed blocks filled with 0x00" "differs"
    expect_run "freed blocks filled with 0x5A" "differs"
    expect_out "It reads blocks after their free."
    expect_out "guard=all"
}
check a_read_of_a_freed_block_is_found

output_that_holds_addresses_is_told_from_bad_reads() {
    make_program <<'PROGRAM'
    printf("%p\n", malloc(10));
PROGRAM
    cairn diff -- ./program
    expect_status 1
    expect_run "again" "the same"
    expect_run "new blocks filled with 0x00" "the same"
    expect_run "other addresses" "differs"
    expect_out "It depends on addresses"
    ! grep -q "It reads" out || fail "addresses are taken for a bad read"
}
check output_that_holds_addresses_is_told_from_bad_reads

a_program_that_varies_by_itself_is_status_3() {
    make_program <<'PROGRAM'
    printf("%d\n", (int)getpid());
PROGRAM
    cairn diff -- ./program
    expect_status 3
    expect_run "again" "differs"
    expect_out "It varies by itself"
    ! grep -q "new blocks" out || fail "it went on after that"
}
check a_program_that_varies_by_itself_is_status_3

# A program that writes past a block, after the line of C that is given.
make_overflow() {
    make_program <<PROGRAM
    $1
    char *block = malloc(10);
    block[10] = 0;
    free(block);
PROGRAM
}

expect_report() {
    expect_status 1
    expect_run "as it is" "reports a bug"
    expect_out "    cairn: ERROR: heap-buffer-overflow: block of 10 bytes"
}

a_report_in_the_first_run_comes_first() {
    make_overflow ""
    cairn diff -- ./program
    expect_report
    expect_out "mend this first"
}
check a_report_in_the_first_run_comes_first

a_report_is_found_whatever_form_and_place_the_options_name() {
    local options
    make_overflow ""
    for options in report=json "log_path=$scratch/reports" "report=json:log_path=$scratch/reports"; do
        CAIRN_OPTIONS=$options cairn diff -- ./program
        expect_report
    done
    [ ! -e reports ] || fail "the reports of the runs are in the file that is for others"
}
check a_report_is_found_whatever_form_and_place_the_options_name

a_report_within_a_line_is_found() {
    make_overflow 'fputs("working... ", stderr);'
    cairn diff -- ./program
    expect_report
    ! grep -q "It reads" out || fail "a report is taken for a bad read"
}
check a_report_within_a_line_is_found

a_report_where_the_program_has_closed_its_standard_error_is_found() {
    make_overflow 'close(2);'
    cairn diff -- ./program
    expect_report
}
check a_report_where_the_program_has_closed_its_standard_error_is_found

a_program_that_cannot_begin_is_no_run() {
    echo '#!/nonexistent/interpreter' >script
    chmod +x script
    cairn diff -- ./script
    expect_status 127
    expect_run "as it is" "not run"
    expect_err "cannot run './script'"
}
check a_program_that_cannot_begin_is_no_run

a_caller_that_ignores_its_children_changes_nothing() {
    make_program <<'PROGRAM'
    puts("hello");
PROGRAM
    (trap '' CHLD && exec "$tool" diff -- ./program) >out 2>err || fail "diff fails"
    (trap '' CHLD && exec "$tool" version) >out 2>err || fail "version fails"
    env -u PATH "$tool" diff -- true >out 2>err || fail "diff fails without PATH"
}
check a_caller_that_ignores_its_children_changes_nothing

a_run_ends_with_the_tool() {
    make_program <<'PROGRAM'
    FILE *file = fopen("pid", "w");
    fprintf(file, "%d\n", (int)getpid());
    fclose(file);
    pause();
PROGRAM
    mkdir -p logs
    TMPDIR=$PWD/logs "$tool" diff -- ./program >out 2>err &
    local diff=$! tries=0
    until [ -s pid ]; do sleep 0.05; done
    kill "$diff"
    while kill -0 "$(cat pid)" 2>/dev/null; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || fail "the program goes on"
        sleep 0.05
    done
    wait "$diff" || true
    [ -z "$(ls logs)" ] || fail "the log stays"
}
check a_run_ends_with_the_tool

what_the_program_says_like_a_report_is_its_own() {
    make_program <<'PROGRAM'
    puts("cairn: ERROR: none");
PROGRAM
    cairn diff -- ./program
    expect_status 0
}
check what_the_program_says_like_a_report_is_its_own

# The run ends alike whatever is in the block; a note tells.
a_crash_on_a_pointer_from_a_freed_block_is_found() {
    make_program <<'PROGRAM'
    char *volatile *block = malloc(16);
    free((void *)block);
    return **block;
PROGRAM
    CAIRN_OPTIONS=protect_freed=0 cairn diff -- ./program
    expect_status 1
    expect_run "as it is" "ended by SIGSEGV"
    expect_run "freed blocks filled with 0x00" "differs"
    expect_out "what Cairn says differs from byte 0 on, in line 1:"
    expect_out "first run: cairn: NOTE: at the SIGSEGV a register holds 0xdddddddddddddddd"
    expect_run "other addresses" "the same"
    expect_out "It reads blocks after their free."
}
check a_crash_on_a_pointer_from_a_freed_block_is_found

# expect_nothing_left FOLDER
expect_nothing_left() { [ -z "$(ls "$1")" ] || fail "left in $1: $(ls "$1")"; }

nothing_is_left_in_the_folder_for_temporary_files() {
    mkdir temporary 'with:colon'
    make_overflow ""
    TMPDIR=$scratch/temporary cairn diff -- ./program
    expect_report
    expect_nothing_left temporary
    TMPDIR=$scratch/with:colon cairn diff -- ./program
    expect_report
    expect_nothing_left with:colon
    TMPDIR=$scratch/temporary cairn diff -- sh -c 'rm -rf "$TMPDIR"/*; exec ./program'
    expect_report
    expect_nothing_left temporary
}
check nothing_is_left_in_the_folder_for_temporary_files

nothing_is_left_after_a_signal() {
    local tool_id
    mkdir -p ended
    TMPDIR=$scratch/ended "$tool" diff --time-limit=5 -- sleep 5 >out 2>err &
    tool_id=$!
    for _ in $(seq 100); do
        [ -n "$(ls ended)" ] && break
        sleep 0.1
    done
    kill "$tool_id"
    status=0
    wait "$tool_id" || status=$?
    expect_status 143
    expect_nothing_left ended
}
check nothing_is_left_after_a_signal

a_read_past_the_end_is_reported_where_options_ask_for_guards() {
    make_program <<'PROGRAM'
    volatile char *block = malloc(16);
    (void)block[16];
PROGRAM
    CAIRN_OPTIONS=guard=all cairn diff -- ./program
    expect_status 1
    expect_out "heap-buffer-overflow: read past the end of a block of 16 bytes"
}
check a_read_past_the_end_is_reported_where_options_ask_for_guards

a_run_that_takes_too_long_is_ended() {
    make_program <<'PROGRAM'
    volatile char *is_done = malloc(1);
    while (*is_done == 0x5a) {
    }
PROGRAM
    cairn diff --time-limit=5 -- ./program
    expect_status 1
    expect_out "this run: ended by SIGALRM"
}
check a_run_that_takes_too_long_is_ended

where_all_runs_are_ended_that_is_said() {
    cairn diff --time-limit=1 -- sleep 30
    expect_status 0
    expect_out "as far as it went: all were ended by SIGALRM"
}
check where_all_runs_are_ended_that_is_said

a_program_that_is_not_there_is_status_127() {
    cairn diff -- ./nothing
    expect_status 127
    expect_err "there is no program './nothing'"
    cairn diff -- nothing-of-that-name
    expect_status 127
    : >data
    cairn diff -- ./data
    expect_status 126
    expect_err "'./data' cannot be executed"
}
check a_program_that_is_not_there_is_status_127

a_wrong_command_line_is_a_usage_error() {
    cairn diff
    expect_usage_error "no program given"
    cairn diff --time-limit=soon -- true
    expect_usage_error "--time-limit wants a number of seconds"
}
check a_wrong_command_line_is_a_usage_error

conclude
