# preload.sh: to be sourced by shell tests of programs on the preload, beside tap.sh, which it sources.
#   CAIRN_LIBRARY  the shared library
# It sets LIB, the library's path, and scratch, a folder that goes with the script; and leaves no core files.
# shellcheck shell=bash
# shellcheck source=tests/tap.sh
source "$(dirname "${BASH_SOURCE[0]}")/tap.sh"
# shellcheck disable=SC2034 # for the scripts
LIB=$(readlink -f "$CAIRN_LIBRARY")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
ulimit -c 0

# said STATUS OPTIONS COMMAND...: what the command says on standard error; fails where it ends with another status.
said() {
    local status=0
    timeout 60 env LD_PRELOAD="$LIB" CAIRN_OPTIONS="$2" "${@:3}" 2>"$scratch/error" || status=$?
    cat "$scratch/error"
    [ "$status" -eq "$1" ] || { echo "status $status"; return 1; }
}
