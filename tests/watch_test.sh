#!/usr/bin/env bash
# A wrong access to a block of cairn_malloc or of a named heap is reported at its instruction: by AddressSanitizer, where
# Cairn and the program are built with it, else by Valgrind's memcheck. A program without one has no report. Prints TAP.
#   watch_test.sh PROGRAM SOURCE    the built tests/watched_program.c, and its source
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/tap.sh
source "$here/tap.sh"
PROGRAM=$(readlink -f "$1")
SOURCE=$2
TOOL=$("$PROGRAM" tool)
report=$(mktemp)
trap 'rm -f "$report"' EXIT
ulimit -c 0
readonly seconds=60

# run CASE WHERE BYTES: what the tool says goes to the file.
run() {
    if [ "$TOOL" = asan ]; then
        ASAN_OPTIONS=abort_on_error=0:exitcode=9:detect_leaks=0:symbolize=0 \
            timeout "$seconds" "$PROGRAM" "$@" >"$report" 2>&1
    else
        timeout "$seconds" valgrind --error-exitcode=9 "$PROGRAM" "$@" >"$report" 2>&1
    fi
}

line_of() {
    grep -nF "/* $1 */" "$SOURCE" | cut -d: -f1
}

# What the first report says: its kind of access, and the line of the program that it is at.
asan_report() {
    local offset
    offset=$(sed -n 's/^ *#0 .*+\(0x[0-9a-f]*\)).*/\1/p' "$report" | head -n 1)
    sed -n 's/.*ERROR: AddressSanitizer: \([a-z-]*\) .*/\1/p; s/^\([A-Z]*\) of size.*/\1/p' "$report" | head -n 2 | tr '\n' ' '
    addr2line -e "$PROGRAM" "$offset" | sed 's/ (discriminator.*//; s/.*://'
}

memcheck_report() {
    sed -n 's/^==[0-9]*== \(Invalid read\|Invalid write\|Conditional jump\) .*/\1/p
        s/^==[0-9]*==    at .*(watched_program.c:\([0-9]*\))/\1/p' "$report" | head -n 2 | tr '\n' ' ' | sed 's/ $//'
}

# is_reported CASE WHERE BYTES
is_reported() {
    local access expected found status=0
    run "$@" || status=$?
    access=read
    case $1 in
        *write*) access=write ;;
    esac
    if [ "$TOOL" = asan ]; then
        expected="use-after-poison ${access^^} $(line_of "$1")"
        found=$(asan_report)
    elif [ "$1" = read-of-unset ]; then
        expected="Conditional jump $(line_of "$1")"
        found=$(memcheck_report)
    else
        expected="Invalid $access $(line_of "$1")"
        found=$(memcheck_report)
    fi
    [ "$status" -ne 0 ] && [ "$found" = "$expected" ] && return
    echo "status $status, wanted '$expected', found '$found'"
    cat "$report"
    return 1
}

names_the_block() {
    is_reported "$@" && grep -qE "$pattern" "$report" || { cat "$report"; return 1; }
}

has_no_report() {
    run "$@" && grep -q '^right$' "$report" && ! grep -qE 'AddressSanitizer|Invalid|ninitialised' "$report" || {
        cat "$report"
        return 1
    }
}

# Blocks that fill their size class, and such that do not; spans likewise. Valgrind takes seconds to start.
blocks=("malloc 100" "heap 131072")
[ "$TOOL" = asan ] && blocks+=("heap 64" "malloc 200000")
if [ "$TOOL" != asan ] && ! command -v valgrind >/dev/null; then
    tap_skip "wrong accesses are reported by memcheck" "there is no valgrind"
    tap_end
    exit
fi
for block in "${blocks[@]}"; do
    read -r where bytes <<<"$block"
    for access in overflow-read overflow-write underflow-read read-after-free write-after-free read-after-realloc \
        overflow-read-after-shrinking; do
        tap_run "$access of $bytes bytes of $where is reported at its line" is_reported "$access" "$where" "$bytes"
    done
    tap_run "a right program with $bytes bytes of $where has no report" has_no_report nothing "$where" "$bytes"
done
tap_run "a read of a destroyed heap is reported at its line" is_reported read-after-destroy heap 1000
if [ "$TOOL" = asan ]; then
    pattern='lies 50 bytes inside a'
    tap_run "what Cairn knows of the address follows AddressSanitizer's report" names_the_block read-after-free malloc 100
else
    for block in "${blocks[@]}"; do
        read -r where bytes <<<"$block"
        tap_run "a read of $bytes unset bytes of $where is reported" is_reported read-of-unset "$where" "$bytes"
    done
    pattern="50 bytes inside a block of size 100 free'd"
    tap_run "the report names the freed block" names_the_block read-after-free malloc 100
fi
tap_end
