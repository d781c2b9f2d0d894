#!/bin/sh
# Each workload of bench/micro, shortly, on the library in $CAIRN_LIBRARY. The workloads check what they wrote.
# One with three million live blocks is left out: it takes half a gigabyte.
set -u
micro=bench/micro
library=$PWD/$CAIRN_LIBRARY
rows=$("$micro" --list | cut -f1 | grep -v '^replace-3m$')
said=$(mktemp)
trap 'rm -f "$said"' EXIT

echo "1..$(echo "$rows" | wc -l)"
number=0
failed=0
for row in $rows; do
    number=$((number + 1))
    title="$number - $row runs on the $CAIRN_FORM form"
    if LD_PRELOAD=$library "$micro" --json --percent 1 "$row" >"$said" 2>&1 &&
        grep -q "\"malloc\":\"$library\"" "$said"; then
        echo "ok $title"
    else
        echo "not ok $title"
        sed 's/^/# /' "$said"
        failed=1
    fi
done
exit $failed
