#!/usr/bin/env bash
# The release form holds no call of the debug form, also where no optimiser takes dead code out: as `bazel build -c dbg`
# builds it, for a debugger. Prints TAP.
set -u
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/tap.sh
source "$here/tap.sh"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

compiles() {
    local file
    for file in alloc/*.c; do
        "${CC:-cc}" -std=c11 -O0 -g -fPIC -DCAIRN_FORM_DEBUG=0 -I. -c -o "$scratch/$(basename "$file").o" "$file" || return
    done
    "${CXX:-c++}" -std=c++17 -O0 -g -fPIC -DCAIRN_FORM_DEBUG=0 -I. -c -o "$scratch/new_delete.o" alloc/new_delete.cc
}

links() { "${CC:-cc}" -shared -Wl,-z,defs -o "$scratch/libcairn.so" "$scratch"/*.o; }

works() { [ "$(LD_PRELOAD=$scratch/libcairn.so sh -c 'echo "$1" | sort | uniq' sh one)" = one ]; }

tap_run "the release form compiles without optimisation" compiles
tap_run "the release form links without optimisation" links
tap_run "the release form runs without optimisation" works
tap_end
