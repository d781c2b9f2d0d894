#!/bin/sh
# Each workload of bench/micro and bench/objects, and the programs that measure memory and latency, shortly, on the
# library in $CAIRN_LIBRARY. The workloads check what they wrote. One with three million live blocks is left out: it
# takes half a gigabyte.
set -u
library=$PWD/$CAIRN_LIBRARY
said=$(mktemp)
trap 'rm -f "$said"' EXIT
number=0
failed=0

# runs TITLE COMMAND...: the command succeeds, and its malloc is the library's.
runs() {
    number=$((number + 1))
    title="$number - $1 runs on the $CAIRN_FORM form"
    shift
    if LD_PRELOAD=$library "$@" >"$said" 2>&1 && grep -q "\"malloc\":\"$library\"" "$said"; then
        echo "ok $title"
    else
        echo "not ok $title"
        sed 's/^/# /' "$said"
        failed=1
    fi
}

for suite in micro objects; do
    for row in $("bench/$suite" --list | cut -f1 | grep -v '^replace-3m$'); do
        runs "$row" "bench/$suite" --json --percent 1 "$row"
    done
done
runs "latency" bench/latency --count 20000 --threads 2
runs "latency of a fall" bench/latency --fall 4
runs "timeline" bench/timeline --mib 8 --idle-ms 20
runs "memory fragment" bench/memory fragment 2
runs "memory overhead" bench/memory overhead 64 8
runs "memory return" bench/memory return trim 1000 8
echo "1..$number"
exit $failed
