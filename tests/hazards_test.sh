#!/usr/bin/env bash
# Runs the programs of tests/hazards on the preloaded library: allocation before constructors and after destructors,
# libraries that come and go, the library itself loaded late, static linking, setuid. Prints TAP.
#   LIB       libcairn.so or libcairn-debug.so (also as CAIRN_LIBRARY); without it the programs run on the system's malloc
#   PROGRAMS  the folder of the built programs and libraries of tests/hazards; by default the one beside this script
#   STATIC_PROGRAM  hazards/whole.c, linked statically with the allocator in the form of LIB; by default whole_static or
#                   whole_static_debug in PROGRAMS; its cases are skipped without it
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/tap.sh
source "$here/tap.sh"
LIB=${LIB:-${CAIRN_LIBRARY:-}}
PROGRAMS=${PROGRAMS:-$here/hazards}
[ -n "$LIB" ] && LIB=$(readlink -f "$LIB")
PROGRAMS=$(cd "$PROGRAMS" && pwd)
case $LIB in
*debug*) STATIC_PROGRAM=${STATIC_PROGRAM:-$PROGRAMS/whole_static_debug} ;;
*) STATIC_PROGRAM=${STATIC_PROGRAM:-$PROGRAMS/whole_static} ;;
esac
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# on_preload LIBRARIES PROGRAM ARGUMENT...
on_preload() {
    local libraries=$1
    shift
    timeout 60 env LD_PRELOAD="$libraries" "$@"
}

# says WORDS COMMAND...: the command succeeds and its output holds the words.
says() {
    local words=$1 said
    shift
    said=$("$@" 2>&1) || { echo "$said"; return 1; }
    grep -qF -- "$words" <<<"$said" || { echo "$said"; echo "no word of: $words"; return 1; }
}

# silent_of WORDS COMMAND...: the command succeeds and its output does not hold the words.
silent_of() {
    local words=$1 said
    shift
    said=$("$@" 2>&1) || { echo "$said"; return 1; }
    ! grep -F -- "$words" <<<"$said"
}

constructors_and_destructors() {
    tap_run "allocation works before all constructors" on_preload "$LIB" "$PROGRAMS/early"
    tap_run "so it does when every symbol is bound at once" on_preload "$LIB" env LD_BIND_NOW=1 "$PROGRAMS/early"
    tap_run "allocation works while the program is being relocated" on_preload "$LIB" "$PROGRAMS/resolver"
    tap_run "allocation works after all destructors" says "last destructor done" on_preload "$LIB" "$PROGRAMS/late"
    tap_run "what stdio held back is written at the end" says "left in the buffer" on_preload "$LIB" "$PROGRAMS/late"
    local around=$PROGRAMS/libaround.so
    tap_run "a library before the allocator may allocate in its constructor and destructor" \
        says "end of around" on_preload "$around:$LIB" "$PROGRAMS/late"
    tap_run "so may a library after the allocator" says "end of around" on_preload "$LIB:$around" "$PROGRAMS/late"
    tap_run "and so around a program that allocates early" \
        says "end of around" on_preload "$around:$LIB" "$PROGRAMS/early"
}

# A program's RUNPATH counts for what it loads by dlopen, though that is Cairn's.
load_from_origin() {
    mkdir -p "$scratch/app/modules"
    cp "$PROGRAMS/libuser.so" "$scratch/app/modules/libof_app.so"
    "${CC:-cc}" -x c -o "$scratch/app/program" - -ldl -Wl,-rpath,"\$ORIGIN/modules" <<'CODE'
#include <dlfcn.h>
int main(void) { return dlopen("libof_app.so", RTLD_NOW) == 0; }
CODE
    on_preload "$LIB" "$scratch/app/program"
}

libraries() {
    tap_run "libraries that allocate come and go" on_preload "$LIB" "$PROGRAMS/load_user" "$PROGRAMS/libuser.so"
    tap_run "a library bound to its own needs first shares blocks" \
        on_preload "$LIB" "$PROGRAMS/load_deep" "$PROGRAMS/libuser.so"
    tap_run "what is looked for in the C library itself is everybody's malloc" on_preload "$LIB" "$PROGRAMS/load_libc"
    tap_run "a library before the allocator may lead past it, to the C library's" \
        on_preload "$PROGRAMS/libbypass.so:$LIB" "$PROGRAMS/late"
    tap_run "then that is everybody's" on_preload "$PROGRAMS/libbypass.so:$LIB" "$PROGRAMS/load_libc"
    tap_run "what a library's own operator new has taken goes back by delete" \
        on_preload "$LIB" "$PROGRAMS/load_copies"
    tap_run "a library in C++ can handle that there is no memory, though the program is in C" \
        on_preload "$LIB" "$PROGRAMS/load_throwing" "$PROGRAMS/libthrowing.so"
    tap_run "so can one with a C++ library of its own" \
        on_preload "$LIB" "$PROGRAMS/load_throwing" "$PROGRAMS/libthrowing_whole.so"
    tap_run "a library is looked for from where its loader lies" load_from_origin
    if [ -z "$LIB" ]; then
        tap_skip "the library can be loaded after the start" "no library given"
        return
    fi
    tap_run "the library can be loaded after the start" on_preload "" "$PROGRAMS/load_cairn" "$LIB"
    tap_run "it can be loaded though it is preloaded already" on_preload "$LIB" "$PROGRAMS/load_cairn" "$LIB"
}

# The systems and libraries that a program may meet.
company() {
    tap_run "a large block keeps its contents where moving its pages fails half way" \
        says "target unmapped" on_preload "$LIB:$PROGRAMS/libold_mremap.so" "$PROGRAMS/grow"
    local handler=$PROGRAMS/libfork_handler.so
    tap_run "a library before the allocator may allocate in the child of a fork" \
        on_preload "$handler:$LIB" "$PROGRAMS/forks"
    tap_run "so may a library after the allocator, in the child" on_preload "$LIB:$handler" "$PROGRAMS/forks"
    tap_run "the child of a large process makes little memory its own" on_preload "$LIB" "$PROGRAMS/child"
    local wrapping=$PROGRAMS/libwrapping.so
    tap_run "a library before the allocator may have functions of the C library that allocate" \
        on_preload "$wrapping:$LIB" "$PROGRAMS/forks"
    tap_run "so may a library after the allocator have them" on_preload "$LIB:$wrapping" "$PROGRAMS/forks"
    tap_run "blocks come and go where a sandbox allows what malloc needs" on_preload "$LIB" "$PROGRAMS/sandbox"
}

static_program() {
    if [ ! -x "$STATIC_PROGRAM" ]; then
        tap_skip "a static program runs on the allocator" "there is no $STATIC_PROGRAM"
        return
    fi
    tap_run "a static program runs on the allocator" says "0." "$STATIC_PROGRAM"
    tap_run "it knows the options" says "cairn: WARNING: " env CAIRN_OPTIONS=no_such_option=1 "$STATIC_PROGRAM"
}

as_nobody() {
    setpriv --reuid=65534 --regid=65534 --clear-groups -- "$@"
}

setuid_program() {
    local name="a program with its owner's rights ignores the options"
    if [ ! -x "$STATIC_PROGRAM" ] || [ "$(id -u)" -ne 0 ] || ! command -v setpriv >/dev/null; then
        tap_skip "$name" "needs a static program, root and setpriv"
        return
    fi
    chmod 755 "$scratch"
    install -m 4755 "$STATIC_PROGRAM" "$scratch/whole"
    if ! as_nobody "$scratch/whole" user 2>/dev/null | grep -q "other rights"; then
        tap_skip "$name" "the system does not give the owner's rights here"
        return
    fi
    tap_run "$name" silent_of "cairn" as_nobody env CAIRN_OPTIONS=no_such_option=1:stats=1 "$scratch/whole"
    tap_run "not even where a stats file is asked for" as_nobody env "CAIRN_OPTIONS=stats_json=$scratch/stats" \
        "$scratch/whole"
    tap_run "and leaves no such file" test ! -e "$scratch/stats"
}

constructors_and_destructors
libraries
company
static_program
setuid_program
tap_end
