#!/bin/bash
# Drives the command line tool as a user would. Output is TAP. Needs
#   CAIRN_TOOL         path of the tool
#   CAIRN_LIBRARY_DIR  directory of libcairn.so and libcairn-debug.so
set -u

: "${CAIRN_TOOL:?the path of the cairn tool}"
: "${CAIRN_LIBRARY_DIR:?the directory of libcairn.so and libcairn-debug.so}"
tool=$(realpath "$CAIRN_TOOL")
libraries=$(realpath "$CAIRN_LIBRARY_DIR")
export CAIRN_LIBRARY_DIR=$libraries
unset LD_PRELOAD CAIRN_OPTIONS

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1

case_count=0
failed_count=0

# ---- what the cases are made of ----

# Runs the tool; keeps its output in the files out and err, its exit status in $status.
cairn() {
    status=0
    "$tool" "$@" >out 2>err || status=$?
}

fail() {
    echo "$1"
    sed 's/^/out: /' out
    sed 's/^/err: /' err
    exit 1
}

expect_status() { [ "$status" = "$1" ] || fail "exit status $status, expected $1"; }
expect_out() { grep -qF -- "$1" out || fail "nothing like '$1' in the output"; }
expect_err() { grep -qF -- "$1" err || fail "nothing like '$1' in the messages"; }
expect_out_is() { [ "$(cat out)" = "$1" ] || fail "the output is not '$1'"; }
expect_no_err() { [ ! -s err ] || fail "there is a message"; }

# One line that says what is wrong, one that says what to do, and status 2.
expect_usage_error() {
    expect_status 2
    expect_err "$1"
    [ "$(wc -l <err)" = 2 ] || fail "not one line of error and one of advice"
    expect_err "Try \`cairn"
    [ ! -s out ] || fail "a wrong command line prints on standard output"
}

# Runs the function as a case; the sentence is its name.
check() {
    case_count=$((case_count + 1))
    local verdict=ok
    : >out
    : >err
    (set -e && "$1") >log 2>&1
    case $? in
    0) ;;
    77) verdict="ok" && echo "ok $case_count - ${1//_/ } # SKIP $(tail -n 1 log)" && return ;;
    *) verdict="not ok" && failed_count=$((failed_count + 1)) ;;
    esac
    echo "$verdict $case_count - ${1//_/ }"
    [ "$verdict" = ok ] || sed 's/^/# /' log
}

skip() {
    echo "$1"
    exit 77
}

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

# ---- help and usage ----

help_names_every_command() {
    cairn --help
    expect_status 0
    expect_no_err
    for command in run stats version help; do
        grep -qE "^  $command  +[a-z]" out || fail "no line for $command"
    done
}
check help_names_every_command

help_of_a_command_can_be_asked_for_in_two_ways() {
    for command in run stats version; do
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

# ---- cairn run: options ----

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
    expect_err "cairn stats: "
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

echo "1..$case_count"
[ "$failed_count" = 0 ]
