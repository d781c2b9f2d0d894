# tap.sh: to be sourced by shell tests. One numbered line of TAP a case, the plan at the end.
# shellcheck shell=bash

tap_count=0
tap_failed=0

# tap_result STATUS NAME: 0 is a pass.
tap_result() {
    tap_count=$((tap_count + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $tap_count - $2"
    else
        tap_failed=$((tap_failed + 1))
        echo "not ok $tap_count - $2"
    fi
}

# tap_run NAME COMMAND...: passes where the command succeeds; otherwise shows what it said.
tap_run() {
    local name=$1 said status=0
    shift
    said=$("$@" 2>&1) || status=$?
    if [ "$status" -ne 0 ]; then
        printf '%s\nstatus %s\n' "$said" "$status" | sed 's/^/# /'
    fi
    tap_result "$status" "$name"
}

tap_skip() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1 # SKIP $2"
}

# The plan; the script's exit status says whether all passed.
tap_end() {
    echo "1..$tap_count"
    [ "$tap_failed" -eq 0 ]
}
