#!/usr/bin/env bash
# Builds all fuzzers into $OUT, with what each needs beside it: its seeds, dictionary and options. ClusterFuzzLite and
# OSS-Fuzz run it in the source tree, with CC, CXX, CFLAGS, CXXFLAGS, LIB_FUZZING_ENGINE, SANITIZER, SRC, OUT and WORK set.
set -euo pipefail

# The builder needs nothing of a later Python than this image has.
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))'; then
    echo "build.sh: python3 is older than 3.10" >&2
    exit 1
fi

# Where the object files are to be kept apart from what is shipped.
build=$WORK/cairn-$SANITIZER
mapfile -t targets < <(python3 tools/fuzzing/targets.py "$build")
[[ ${#targets[@]} -gt 0 ]] || {
    echo "build.sh: no fuzzer was built" >&2
    exit 1
}

# The seeds of a target: the corpus of its unit, which both forms share, and the inputs that once failed.
pack_seeds() {
    local unit=$1 archive=$2 folder
    local folders=()
    for folder in "fuzz/corpora/$unit" "fuzz/crashes/$unit"; do
        [[ -d $folder ]] && folders+=("$folder"/*)
    done
    if [[ ${#folders[@]} -gt 0 ]]; then
        rm -f "$archive"
        zip -q -j -X "$archive" "${folders[@]}" -x '*.txt' -x '*.c'
    fi
}

for target in "${targets[@]}"; do
    unit=${target%_fuzz*}
    cp "$build/$target" "$OUT/$target"
    pack_seeds "$unit" "$OUT/${target}_seed_corpus.zip"
    for kind in dict options; do
        if [[ -f fuzz/${unit}_fuzz.$kind ]]; then
            cp "fuzz/${unit}_fuzz.$kind" "$OUT/$target.$kind"
        fi
    done
    # The options name the dictionary that lies beside them.
    if [[ -f $OUT/$target.options ]]; then
        sed -i "s/^dict *=.*/dict = $target.dict/" "$OUT/$target.options"
    fi
done
