#!/usr/bin/env bash
# A report for a program and a library without symbols names their files and the offsets of the calls in them, which the
# files with symbols resolve. Prints TAP.
#   CAIRN_LIBRARY  the shared library, CAIRN_FORM its form
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/preload.sh
source "$here/preload.sh"

# A library that allocates, and a program that writes past the end of what it gets; with symbols in full/, without in bare/.
build() {
    local flags=(-O2 -fno-builtin -fno-inline -fomit-frame-pointer -fno-optimize-sibling-calls)
    mkdir -p "$scratch/full" "$scratch/bare"
    cat >"$scratch/library.c" <<'CODE'
#include <stdlib.h>
static void *inner(void) { return malloc(24); }
void *get(void) { void *block = inner(); return block; }
CODE
    cat >"$scratch/program.c" <<'CODE'
#include <stdlib.h>
void *get(void);
static void overrun(char *block) { block[24] = 'x'; free(block); }
static void release_twice(char *block) { free(block); free(block); }
int main(int count, char **arguments) {
    (void)arguments;
    if (count > 1) { release_twice(malloc(48)); } else { overrun(get()); }
    return 0;
}
CODE
    "${CC:-cc}" "${flags[@]}" -shared -fPIC -o "$scratch/full/libgets.so" "$scratch/library.c" &&
        "${CC:-cc}" "${flags[@]}" -o "$scratch/full/program" "$scratch/program.c" -L"$scratch/full" -lgets \
            -Wl,-rpath,"\$ORIGIN" &&
        strip --strip-all -o "$scratch/bare/libgets.so" "$scratch/full/libgets.so" &&
        strip --strip-all -o "$scratch/bare/program" "$scratch/full/program"
}

run() {
    timeout 60 env LD_PRELOAD="$LIB" "$scratch/bare/program" "$@" >"$scratch/out" 2>"$scratch/report"
    [ $? -eq 134 ]
}

# functions HEADING FILE: of the frames in the file below the heading, the functions at their offsets, innermost first.
functions() {
    awk -v heading="$1" -v file="/bare/$2+" '
        $1 == heading && /here:$/ { inside = 1; next }
        inside && $1 !~ /^#/ { exit }
        inside && (at = index($0, file)) { sub(/[)].*/, ""); print substr($0, at + length(file)) }' \
        "$scratch/report" | addr2line -f -e "$scratch/full/$2" | awk 'NR % 2' | tr '\n' ' '
}

# is_stack HEADING FILE FUNCTION...: the first functions of the stack that lie in the file.
is_stack() {
    local heading=$1 file=$2 found
    shift 2
    found=$(functions "$heading" "$file")
    [[ $found = "$* "* ]] || { echo "$heading, in $file: $found"; cat "$scratch/report"; return 1; }
}

report_is_of_an_overflow() {
    run && grep -q '^cairn: ERROR: heap-buffer-overflow: block of 24 bytes' "$scratch/report"
}

report_is_of_a_double_free() {
    run twice && grep -q '^cairn: ERROR: double-free: ' "$scratch/report"
}

# operator new has a frame of its own in Cairn's library: stacks begin behind it.
stacks_begin_in_the_program() {
    printf 'int main() { char *block = new char[24]; block[24] = 1; delete[] block; }\n' >"$scratch/operators.cc"
    "${CXX:-c++}" -O0 -w -o "$scratch/bare/operators" "$scratch/operators.cc" || return 1
    timeout 60 env LD_PRELOAD="$LIB" "$scratch/bare/operators" 2>"$scratch/report"
    for heading in allocated noticed; do
        grep -A1 "^  $heading by thread 1 here:" "$scratch/report" | grep -q '^    #0 0x[0-9a-f]* in main' ||
            { cat "$scratch/report"; return 1; }
    done
}

no_symbol_of_the_program_is_left() {
    ! nm "$scratch/bare/program" 2>/dev/null | grep -q . && ! grep -qE ' in (overrun|main|inner) ' "$scratch/report"
}

if [ "$CAIRN_FORM" = release ]; then
    tap_skip "a report names files and offsets" "the release form's reports have no stacks"
elif ! build; then
    tap_result 1 "the program builds"
else
    tap_run "an overflow in a program without symbols is reported" report_is_of_an_overflow
    tap_run "there are no names to be found" no_symbol_of_the_program_is_left
    tap_run "the allocation names the library and offsets in it" is_stack allocated libgets.so inner get
    tap_run "the allocation names the program and offsets in it" is_stack allocated program main
    tap_run "the call that noticed it names the program" is_stack noticed program overrun main
    tap_run "stacks begin in the program, also where new and delete are called" stacks_begin_in_the_program
    tap_run "a double free in a program without symbols is reported" report_is_of_a_double_free
    tap_run "the allocation of what is freed twice is named" is_stack allocated program main
    tap_run "the first free is named" is_stack freed program release_twice main
    tap_run "the second free is named" is_stack called program release_twice main
fi
tap_end
