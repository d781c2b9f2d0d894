#!/usr/bin/env bash
# The options in CAIRN_OPTIONS as a program on the preload meets them: stats as text and as JSON at exit, and one clear
# line for what is not understood. Prints TAP.
#   LIB   libcairn.so or libcairn-debug.so (also as CAIRN_LIBRARY)
#   FORM  release or debug (also as CAIRN_FORM); not checked when neither is set
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/tap.sh
source "$here/tap.sh"
LIB=$(readlink -f "${LIB:-${CAIRN_LIBRARY:?the library to test}}")
FORM=${FORM:-${CAIRN_FORM:-}}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# run OPTIONS COMMAND...: the command on the preload; standard error goes to $scratch/error.
run() {
    local options=$1
    shift
    timeout 60 env LD_PRELOAD="$LIB" CAIRN_OPTIONS="$options" "$@" 2>"$scratch/error"
}

error_lines() {
    grep -c "$1" "$scratch/error"
}

without_options_nothing_is_said() {
    run "" /bin/true && [ ! -s "$scratch/error" ]
}

stats_are_printed_at_exit() {
    run stats=1 /bin/ls / >/dev/null && [ "$(error_lines .)" -ge 5 ] && [ "$(error_lines WARNING)" -eq 0 ]
}

stats_0_prints_nothing() {
    run stats=0 /bin/ls / >/dev/null && [ ! -s "$scratch/error" ]
}

json_is_written_and_sound() {
    run "stats_json=$scratch/plain.json" /bin/ls / >/dev/null &&
        [ ! -s "$scratch/error" ] && python3 "$here/check_stats.py" "$scratch/plain.json"
}

json_path_takes_the_process_id() {
    run "stats_json=$scratch/of-%p.json" python3 -c 'import os; print(os.getpid())' >"$scratch/pid" &&
        python3 "$here/check_stats.py" "$scratch/of-$(cat "$scratch/pid").json" |
        grep -q "pid $(cat "$scratch/pid"),"
}

each_process_writes_its_own_file() {
    run "stats_json=$scratch/each-%p.json" bash -c '/bin/ls / >/dev/null; /bin/ls / >/dev/null; exit 0' || return 1
    [ "$(find "$scratch" -name 'each-*.json' | wc -l)" -eq 3 ] || return 1
    for file in "$scratch"/each-*.json; do
        python3 "$here/check_stats.py" "$file" || return 1
    done
}

stats_and_json_go_together() {
    run "stats=1:stats_json=$scratch/both.json" /bin/ls / >/dev/null && [ "$(error_lines .)" -ge 5 ] &&
        python3 "$here/check_stats.py" "$scratch/both.json" | grep -q "requested [0-9]"
}

json_of_a_larger_program_is_sound() {
    run "stats_json=$scratch/python.json" env PYTHONMALLOC=malloc python3 -c '
import threading
keep = [str(i) * 50 for i in range(100000)]
threads = [threading.Thread(target=lambda: keep.append([bytes(n) for n in range(2000)])) for _ in range(4)]
[t.start() for t in threads]
[t.join() for t in threads]
' && python3 "$here/check_stats.py" "$scratch/python.json"
}

unknown_key_is_one_warning() {
    run no_such_option=1 /bin/true && [ "$(error_lines .)" -eq 1 ] &&
        grep -q '^cairn: WARNING: .*no_such_option' "$scratch/error"
}

bad_value_is_one_warning() {
    run stats=perhaps /bin/true && [ "$(error_lines .)" -eq 1 ] && grep -q '^cairn: WARNING: .*stats' "$scratch/error"
}

the_rest_of_the_options_still_counts() {
    run "no_such_option=1:stats_json=$scratch/rest.json" /bin/true && [ "$(error_lines WARNING)" -eq 1 ] &&
        python3 "$here/check_stats.py" "$scratch/rest.json"
}

odd_texts_do_no_harm() {
    local text
    for text in : :: = == :=: stats stats= =1 stats=1=2 stats_json= "$(printf '%5000s' '' | tr ' ' x)=1" \
        "stats_json=$(printf '%5000s' '' | tr ' ' y)" $'\x01\xff=\x80' "stats_json=%" "stats_json=$scratch/%q%"; do
        run "$text" /bin/true || { echo "options: $text"; return 1; }
    done
}

unwritable_json_path_does_no_harm() {
    run "stats_json=/no/such/folder/file" /bin/true
}

form_is_named() {
    run "stats_json=$scratch/form.json" /bin/true && grep -q "\"form\": *\"$FORM\"" "$scratch/form.json"
}

tap_case() {
    tap_run "${1//_/ }" "$1"
}

for each in without_options_nothing_is_said stats_are_printed_at_exit stats_0_prints_nothing json_is_written_and_sound \
    json_path_takes_the_process_id each_process_writes_its_own_file stats_and_json_go_together \
    json_of_a_larger_program_is_sound unknown_key_is_one_warning bad_value_is_one_warning \
    the_rest_of_the_options_still_counts odd_texts_do_no_harm unwritable_json_path_does_no_harm; do
    tap_case "$each"
done
if [ -n "$FORM" ]; then
    tap_case form_is_named
fi
tap_end
