# shellcheck shell=bash
# What the tests of the command line tool are made of; they source it. Output is TAP. Needs
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

# The end of a test.
conclude() {
    echo "1..$case_count"
    [ "$failed_count" = 0 ]
}
