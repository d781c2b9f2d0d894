#!/bin/bash
# Compiles and runs the programs of tests/misuse/ on the allocator, each a test case, and prints TAP.
#
#   [CAIRN_LIBRARY=path/to/libcairn.so] tests/misuse_test.sh [name...]      (default: bazel-bin/libcairn.so, all)
#
# The first line of a program says what must come of it:
#   // expect: exit 0                 it ends by itself, with status 0 and without a report
#   // expect: SIGSEGV                it ends by this signal, without a report
#   // expect: <kind>: <sentence>     it ends by SIGABRT after the one line `cairn: ERROR: <kind>: <sentence>`, or, where the
#                                     kind is `leak`, by itself, with status 23.
#                                     An extended regular expression for the whole line; `@` stands for the
#                                     address that the program gave to aim().
# The debug form finds more: where something else must come of it there, the second line says `// expect-debug: ` and
# that. A line `// options-debug: guard=all` after them gives the debug form options. The form is $CAIRN_FORM, release or
# debug (release).
# A report of the debug form must also have the block that it is about, with the calls that led to its allocation and, where
# it was freed, to its free: in each of these stacks a function of the program.
# The compiler is $CC and $CXX (gcc and g++); JOBS programs run at a time (2).
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lib=$(realpath -- "${CAIRN_LIBRARY:-bazel-bin/libcairn.so}" 2>/dev/null) && [ -e "$lib" ] || {
    echo "Bail out! no library: run 'bazel build //:libcairn.so', or name one in CAIRN_LIBRARY"
    exit 2
}
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
ulimit -c 0
[ -z "${CAIRN_OPTIONS+set}" ] || unset CAIRN_OPTIONS

# compile SOURCE PROGRAM: without warnings, for the programs are wrong on purpose. The C library comes before the
# allocator, so that only the preload decides whose malloc it is.
compile() {
    local compiler="${CC:-gcc} -std=c11"
    [ "${1##*.}" = c ] || compiler="${CXX:-g++} -std=c++17 -fsized-deallocation"
    $compiler -g -O0 -fno-builtin -pthread -w -I"$here/misuse" -I"$here/../alloc" -o "$2" "$1" \
        -lc -Wl,--as-needed "$lib" -Wl,-rpath,"$(dirname "$lib")"
}

# expectation SOURCE: what its first lines say of the form.
expectation() {
    local debug=''
    [ "${CAIRN_FORM:-release}" = release ] || debug=$(sed -n '2s|^// expect-debug: ||p' "$1")
    if [ -n "$debug" ]; then
        printf '%s\n' "$debug"
    else
        sed -n '1s|^// expect: ||p' "$1"
    fi
}

# options SOURCE: what its first lines ask for.
options() {
    [ "${CAIRN_FORM:-release}" = release ] || sed -n '2,3s|^// options-debug: |CAIRN_OPTIONS=|p' "$1"
}

# has_own_frame PROGRAM HEADING: whether the stack below the heading has a function and a line of the program.
has_own_frame() {
    awk -v heading="$2" -v program="$1+" '
        $1 == heading && /here:$/ { inside = 1; next }
        $1 !~ /^#/ { inside = 0 }
        inside && index($0, program) && /[.](c|cc|h):[0-9]+ / { found = 1 }
        END { exit !found }' "$1.err"
}

# judge_stacks PROGRAM: prints what its report lacks of block and stacks, or nothing.
judge_stacks() {
    local kind
    kind=$(sed -n 's/^cairn: ERROR: \([a-z-]*\): .*/\1/p' "$1.err")
    if ! grep -Eq '^  (block|the first) ' "$1.err"; then
        [[ $kind = bad-free || $kind = invalid-alignment ]] || grep -q 'that belongs to no block' "$1.err" ||
            echo "the report has no block"
        return
    fi
    has_own_frame "$1" allocated || echo "no function of the program in the stack of the allocation"
    case $kind in
    double-free | realloc-of-freed | heap-use-after-free)
        has_own_frame "$1" freed || echo "no function of the program in the stack of the free"
        ;;
    esac
}

# judge EXPECTATION STATUS PROGRAM: prints why the outcome is not as expected, or nothing.
judge() {
    local expected=$1 status=$2 report signal=134
    report=$(grep -a '^cairn: ERROR: ' "$3.err")
    case $expected in
    "exit 0")
        [ "$status" = 0 ] || echo "status $status instead of 0"
        [ -z "$report" ] || echo "a report: $report"
        return
        ;;
    SIGSEGV) signal=139 expected='' ;;
    SIGABRT*) expected=${expected#SIGABRT} expected=${expected# } ;;
    leak:*) signal=23 ;; # the option leaks_exitcode
    esac
    [ "$status" = $signal ] || echo "status $status instead of $signal"
    if [ -n "$expected" ]; then
        expected="cairn: ERROR: ${expected//@/$(tail -n 1 "$3.out")}"
    fi
    printf '%s\n' "$report" | grep -aqxE -- "$expected" || echo "expected: ${expected:-no report}"
    [ "$(printf '%s' "$report" | grep -ac '')" -le 1 ] || echo "more than one report"
    [ "${CAIRN_FORM:-release}" = release ] || [ -z "$report" ] || judge_stacks "$3"
}

# run_case SOURCE: leaves the TAP line of one program, and what it said where that was wrong, in a file of its name.
run_case() {
    local source=$1 name program expected status why settings
    name=$(basename "$source") && name=${name%.*} && program=$work/$name
    expected=$(expectation "$source")
    if [ -z "$expected" ]; then
        why="no expectation in the first line"
    elif ! compile "$source" "$program" >"$program.err" 2>&1; then
        why="does not compile"
    else
        mapfile -t settings < <(options "$source")
        timeout -k 1 "${TIME_LIMIT:-60}" env "${settings[@]}" LD_PRELOAD="$lib" "$program" </dev/null \
            >"$program.out" 2>"$program.err"
        status=$?
        why=$(judge "$expected" $status "$program")
    fi
    if [ -z "$why" ]; then
        echo "ok misuse: ${name//_/ }" >"$program.tap"
    else
        { echo "not ok misuse: ${name//_/ }" && echo "$why" | sed 's/^/#   /'; } >"$program.tap"
        head -n 12 "$program.err" | sed 's/^/#   | /' >>"$program.tap"
    fi
    rm -f "$program"
}

sources=("$here"/misuse/*.c "$here"/misuse/*.cc)
if [ $# -gt 0 ]; then
    sources=()
    for name in "$@"; do
        sources+=("$here/misuse/$name".c*)
    done
fi
# `Aborted` and the like, which bash says of programs that end by a signal, is no news here.
{
    for source in "${sources[@]}"; do
        while [ "$(jobs -rp | wc -l)" -ge "${JOBS:-2}" ]; do wait -n; done
        run_case "$source" &
    done
    wait
} 2>/dev/null

number=0 failed=0
for source in "${sources[@]}"; do
    name=$(basename "$source") number=$((number + 1))
    tap=$work/${name%.*}.tap
    [ -s "$tap" ] || echo "not ok misuse: $name # not run" >"$tap"
    ! grep -q '^not ok' "$tap" || failed=$((failed + 1))
    sed "s/^\(not ok\|ok\) misuse:/\1 $number - misuse:/" "$tap"
done
echo "1..$number"
echo "# $((number - failed)) passed, $failed failed"
[ $failed = 0 ] && [ $number -gt 0 ]
