#!/usr/bin/env bash
# Makes, of gcc's libbacktrace and libiberty's demangler, a library whose names all begin with cn_, so that a program may
# have another version of them; and that asks Cairn for the list of modules in place of the dynamic linker, whose list is
# behind a lock.
#
#   rename.sh ARCHIVE
set -euo pipefail

archive=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
objects=$scratch/objects
mkdir "$objects"

backtrace=$(gcc -print-file-name=libbacktrace.a)
[[ $backtrace == /* ]] || { echo "rename.sh: this gcc has no libbacktrace.a" >&2; exit 1; }
cp "$backtrace" "$scratch/backtrace.a"
cp "$(gcc -print-file-name=libiberty.a)" "$scratch/iberty.a"

(
    cd "$objects"
    ar x ../backtrace.a
    ar x ../iberty.a cp-demangle.o
    # Of these nothing is called; they want more of the C library than the rest.
    rm -f print.o simple.o backtrace.o
)

nm -g --defined-only "$objects"/*.o 2>/dev/null | awk 'NF == 3 { print $3, "cn_" $3 }' | sort -u >"$scratch/names"
echo "dl_iterate_phdr cn_symbol_iterate_phdr" >>"$scratch/names"
for object in "$objects"/*.o; do
    objcopy --redefine-syms="$scratch/names" "$object"
done

rm -f "$archive"
ar Dcr "$archive" "$objects"/*.o
