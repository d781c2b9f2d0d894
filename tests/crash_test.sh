#!/usr/bin/env bash
# What the debug form says of a crash on a pointer that was read where there was none. Prints TAP.
#   CAIRN_LIBRARY  the shared library, CAIRN_FORM its form
#   PROGRAM        tests/crash_program.c, built; by default the one beside this script
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/preload.sh
source "$here/preload.sh"
PROGRAM=${PROGRAM:-$here/crash_program}

# notes OPTIONS WHERE TEXT
notes() {
    local text
    text=$(said 139 "$1" "$PROGRAM" "$2") && [[ $text == "cairn: NOTE: at the SIGSEGV a register holds 0x"*"$3"*" in main "* ]] ||
        { echo "$text"; return 1; }
}

a_pointer_from_a_freed_block_is_known() {
    notes protect_freed=0 freed "dddddddddd, which is what freed blocks are filled with"
}

a_pointer_from_a_new_block_is_known() {
    notes stack_depth=8 new "cdcdcdcdcd, which is what new blocks are filled with" &&
        notes fill_allocated=0x5a new "5a5a5a5a5a, which is what new blocks are filled with"
}

of_any_other_nothing_is_said() {
    local options=stats=0
    [ "$CAIRN_FORM" = release ] || options=fill_allocated=off:fill_freed=off:protect_freed=0
    [ -z "$(said 139 stats=0 "$PROGRAM" other)" ] && [ -z "$(said 139 $options "$PROGRAM" other)" ]
}

each=(of_any_other_nothing_is_said)
[ "$CAIRN_FORM" = release ] ||
    each+=(a_pointer_from_a_freed_block_is_known a_pointer_from_a_new_block_is_known)
for name in "${each[@]}"; do
    tap_run "${name//_/ }" "$name"
done 2>/dev/null
tap_end
