#!/bin/bash
# Drives `cairn stats` and `cairn version` as a user would. See cli_support.sh for what it needs.
# shellcheck source=tests/cli_support.sh
source "$(dirname "${BASH_SOURCE[0]}")/cli_support.sh"

# A stats file whose sums agree: 1,000 blocks of 48 bytes and a span.
write_stats() {
    cat >"$1" <<'JSON'
{"version": "0.1.0", "form": "release", "pid": 4242, "requested_bytes": 1088000,
 "block_count": 1001, "block_bytes": 1096576, "free_bytes": 17520, "slack_bytes": 16, "pool_bytes": 65536,
 "span_bytes": 1048576, "arena_bytes": 4194304, "resident_bytes": 1200000, "purged_bytes": 0, "metadata_bytes": 9000,
 "peak_used_bytes": 1114112, "peak_arena_bytes": 4194304, "heap_count": 1, "budget_bytes": 0, "a_later_field": "x",
 "classes": [{"block_bytes": 48, "pools": 1, "used_blocks": 1000, "free_blocks": 365}]}
JSON
}

# ---- cairn stats ----

stats_explains_the_sum_from_request_to_arena() {
    write_stats heap.json
    cairn stats heap.json
    expect_status 0
    expect_no_err
    expect_out "Cairn 0.1.0, release form, process 4242"
    grep -qE '^  asked for +1\.0 MiB ' out || fail "asked for"
    grep -qE '^\+ rounding +8\.4 KiB +0\.8 % of blocks' out || fail "waste inside blocks"
    grep -qE '^= blocks +1\.0 MiB +1,001 live blocks of 1095 bytes' out || fail "blocks"
    grep -qE '^\+ free blocks +17\.1 KiB +1\.6 % of pools and spans' out || fail "waste around blocks"
    grep -qE '^= arenas +4\.0 MiB' out || fail "arenas"
    grep -qE '^ +48 +1 +1,000 +365 +64\.0 KiB +73\.3 % +#{23}\.{9}$' out || fail "the class's row"
    ! grep -qF "sums do not agree" out || fail "doubts sums that agree"
}
check stats_explains_the_sum_from_request_to_arena

stats_do_not_go_into_what_the_program_opens() {
    cat >program.c <<'PROGRAM'
#include <fcntl.h>
#include <unistd.h>
int main(void) {
    int mine = open("mine", O_CREAT | O_WRONLY, 0600);
    for (int fd = 2; fd < 5000; fd++) {
        if (fd != mine && fcntl(fd, F_GETFD) >= 0) {
            dup2(mine, fd);
        }
    }
    return 0;
}
PROGRAM
    "${CC:-cc}" -w -o program program.c || fail "the program does not compile"
    cairn run --stats -- ./program
    expect_status 0
    [ ! -s mine ] || fail "they do"
    rm mine
    "$tool" run --stats -- ./program 2>&- >out || fail "the program fails where standard error is closed"
    [ ! -s mine ] || fail "they do where standard error is closed"
}
check stats_do_not_go_into_what_the_program_opens

stats_reads_standard_input() {
    write_stats heap.json
    cairn stats heap.json
    mv out from_file
    cairn stats - <heap.json
    expect_status 0
    expect_out "process 4242"
    cmp -s from_file out || fail "differs from reading the file by name"
}
check stats_reads_standard_input

stats_tells_that_requests_were_not_counted() {
    write_stats heap.json
    sed -i 's/"requested_bytes": 1088000/"requested_bytes": null/' heap.json
    cairn stats heap.json
    expect_status 0
    expect_out "not counted   the option stats=1 counts it"
    ! grep -q rounding out || fail "tells of rounding without knowing the requests"
}
check stats_tells_that_requests_were_not_counted

stats_names_the_largest_part() {
    write_stats heap.json
    cairn stats heap.json
    expect_out "95.6 % of all blocks' memory is in spans"
}
check stats_names_the_largest_part

stats_hints_at_sparse_classes_and_at_idle_memory() {
    write_stats heap.json
    sed -i 's/"free_blocks": 365/"free_blocks": 99000/; s/"free_bytes": 17520/"free_bytes": 4752000/
        s/"pool_bytes": 65536/"pool_bytes": 4800016/; s/"arena_bytes": 4194304/"arena_bytes": 8388608/
        s/"resident_bytes": 1200000/"resident_bytes": 5000000/' heap.json
    cairn stats heap.json
    expect_status 0
    expect_out "Class 48 is sparse: 46.9 KiB of live blocks keep 4.5 MiB of free ones"
    expect_out "78.1 % of resident memory (3.7 MiB) holds no live block: cairn_trim()"
    ! grep -qF "sums do not agree" out || fail "doubts sums that agree"
}
check stats_hints_at_sparse_classes_and_at_idle_memory

stats_doubts_sums_that_do_not_agree() {
    write_stats heap.json
    sed -i 's/"free_bytes": 17520/"free_bytes": 17521/' heap.json
    cairn stats heap.json
    expect_status 0
    expect_out "The sums do not agree"
}
check stats_doubts_sums_that_do_not_agree

stats_of_an_empty_heap_divides_nothing_by_zero() {
    write_stats heap.json
    sed -i -E 's/(_bytes|_count)": [0-9]+/\1": 0/g; s/\[\{.*\}\]/[]/' heap.json
    cairn stats heap.json
    expect_status 0
    expect_out "No size class has a pool."
    ! grep -qiE 'nan|inf' out || fail "a share of nothing is not a number"
}
check stats_of_an_empty_heap_divides_nothing_by_zero

stats_without_a_file_is_a_usage_error() {
    cairn stats
    expect_usage_error "no FILE given"
    cairn stats one two
    expect_usage_error "'two' is too many"
}
check stats_without_a_file_is_a_usage_error

stats_of_a_missing_file_says_so() {
    cairn stats no-such-file
    expect_status 1
    expect_err "cannot read no-such-file: No such file"
}
check stats_of_a_missing_file_says_so

stats_of_a_directory_says_so() {
    cairn stats .
    expect_status 1
    expect_err "cairn stats: cannot read .: Is a directory"
    [ ! -s out ] || fail "explains a directory"
}
check stats_of_a_directory_says_so

stats_of_a_file_cut_short_says_so() {
    write_stats heap.json
    head -c 200 heap.json >short.json
    cairn stats short.json
    expect_status 1
    expect_err "short.json: not JSON: line 3: premature end"
    expect_err "--stats-json=FILE"
    [ ! -s out ] || fail "explains half a file"
}
check stats_of_a_file_cut_short_says_so

stats_names_what_is_missing_or_wrong_in_the_file() {
    for change in 's/"free_bytes"/"other"/;free_bytes' 's/17520/"many"/;free_bytes' 's/17520/-1/;free_bytes' \
        's/"classes"/"other"/;classes' 's/"used_blocks"/"other"/;used_blocks' 's/"pid"/"other"/;pid' \
        's/"0.1.0"/1/;version'; do
        write_stats heap.json
        sed -i "${change%;*}" heap.json
        cairn stats heap.json
        expect_status 1
        expect_err "\"${change##*;}\" is not there"
        [ ! -s out ] || fail "explains a wrong file"
    done
}
check stats_names_what_is_missing_or_wrong_in_the_file

stats_refuses_json_that_is_something_else() {
    for text in '[]' '{}' '[{"block_bytes": 1}]'; do
        echo "$text" >other.json
        cairn stats other.json
        expect_status 1
        expect_err "not a stats file of Cairn"
    done
}
check stats_refuses_json_that_is_something_else

# ---- cairn version ----

version_names_tool_libraries_and_paths() {
    cairn version
    expect_status 0
    expect_no_err
    grep -qE '^cairn +[0-9]+\.[0-9]+\.[0-9]+$' out || fail "the tool's version"
    grep -qE "^libcairn.so +[0-9.]+ release +$libraries/libcairn.so$" out || fail "the release form"
    grep -qE "^libcairn-debug.so +[0-9.]+ debug +$libraries/libcairn-debug.so$" out || fail "the debug form"
}
check version_names_tool_libraries_and_paths

version_tells_of_libraries_that_are_not_there() {
    mkdir -p empty
    CAIRN_LIBRARY_DIR=empty cairn version
    expect_status 1
    expect_out "not found in empty"
}
check version_tells_of_libraries_that_are_not_there

version_tells_of_a_library_that_does_not_work() {
    mkdir -p broken
    echo nonsense >broken/libcairn.so
    CAIRN_LIBRARY_DIR=broken cairn version
    expect_status 1
    expect_out "does not work: "
}
check version_tells_of_a_library_that_does_not_work

conclude
