#!/usr/bin/env bash
# Which blocks the option guard puts on guarded pages, and that real programs run well on them. Prints TAP.
#   CAIRN_LIBRARY  the shared library, CAIRN_FORM its form
#   PROGRAM        tests/overrun_program.c, built; by default the one beside this script
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/preload.sh
source "$here/preload.sh"
PROGRAM=${PROGRAM:-$here/overrun_program}

# run OPTIONS COMMAND...: what the command says goes to $scratch/out, and what is said of it to $scratch/error.
run() {
    local options=$1
    shift
    timeout 120 env LD_PRELOAD="$LIB" CAIRN_OPTIONS="$options" "$@" >"$scratch/out" 2>"$scratch/error"
}

# is_stopped OPTIONS ARGUMENT...: the overrun is, at the access itself.
is_stopped() {
    local options=$1 status=0 verb=${3%-last}
    shift
    run "$options" "$PROGRAM" "$@" || status=$?
    [ "$status" -eq 134 ] &&
        grep -qE "^cairn: ERROR: heap-buffer-overflow: $verb past the end of a block of 160 bytes" "$scratch/error" ||
        { echo "status $status"; cat "$scratch/error"; return 1; }
}

one_in_many_blocks_is_guarded() {
    is_stopped guard=1/50 20000 read
}

every_block_is_guarded() {
    is_stopped "guard=$1" 1 read && is_stopped "guard=$1" 1000 write-last
}

no_block_is_guarded_unasked() {
    run stats=0 "$PROGRAM" 20000 read && grep -qx 'not stopped' "$scratch/out" && [ ! -s "$scratch/error" ]
}

# The canary is found to be damaged at the end; the report names what to guard.
the_report_names_the_block_to_guard() {
    local status=0
    run stats=0 "$PROGRAM" 500 write-last || status=$?
    sed -nE 's/.*guard=serial:([0-9]+).*/\1/p' "$scratch/error" | head -n 1 >"$scratch/serial"
    sed -nE 's/.*guard=site:(0x[0-9a-f]+).*/\1/p' "$scratch/error" | head -n 1 >"$scratch/site"
    [ "$status" -eq 134 ] && [ -s "$scratch/serial" ] && [ -s "$scratch/site" ] || { cat "$scratch/error"; return 1; }
}

the_block_that_was_named_is_guarded_in_the_next_run() {
    is_stopped "guard=$1:$(cat "$scratch/$1")" 500 write-last
}

# is_silent: nothing was said, but that there were more blocks than can be guarded.
is_silent() {
    ! grep -v "^cairn: WARNING: blocks that guard= asks for find no more guarded pages" "$scratch/error"
}

results_are_the_same_with_it() {
    local without
    without=$(printf '%s\n' {1..5000} | sort -R --random-source=/bin/true | sort -n | md5sum)
    run "$1" bash -c 'printf "%s\n" {1..5000} | sort -R --random-source=/bin/true | sort -n | md5sum' &&
        [ "$(cat "$scratch/out")" = "$without" ] && is_silent
}

python_runs_with_it() {
    run "$1" env PYTHONMALLOC=malloc python3 -c '
import json, threading, subprocess
data = {str(i): list(range(i % 50)) for i in range(500)}
def work():
    for _ in range(2):
        assert json.loads(json.dumps(data)) == data
threads = [threading.Thread(target=work) for _ in range(3)]
[t.start() for t in threads]
assert subprocess.run(["/bin/echo", "child"], capture_output=True).stdout == b"child\n"
[t.join() for t in threads]
print("well")
' && grep -qx well "$scratch/out" && is_silent || { head -n 20 "$scratch/error"; return 1; }
}

tap_run "no block is guarded unasked" no_block_is_guarded_unasked
tap_run "one in many blocks is guarded" one_in_many_blocks_is_guarded
tap_run "one in one is every block" every_block_is_guarded 1/1
choices=(guard=1/100 guard=1/1:guard_side=before)
if [ "$CAIRN_FORM" = debug ]; then
    tap_run "all is every block" every_block_is_guarded all
    tap_run "the report names the block to guard" the_report_names_the_block_to_guard
    tap_run "the next run stops at it, by its serial number" the_block_that_was_named_is_guarded_in_the_next_run serial
    tap_run "the next run stops at it, by its site" the_block_that_was_named_is_guarded_in_the_next_run site
    choices+=(guard=all)
fi
for choice in "${choices[@]}"; do
    tap_run "sort works the same with $choice" results_are_the_same_with_it "$choice"
    tap_run "python works with $choice" python_runs_with_it "$choice"
done
tap_end
