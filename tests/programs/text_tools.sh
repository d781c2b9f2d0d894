# needs: awk sed sort grep join cksum
awk 'BEGIN {
    letters = "abcdefghijklmnopqrstuvwxyz"
    for (i = 0; i < 100000; i++) print (i * 7919) % 100003, "line", i, substr(letters, i % 20 + 1, 6)
}' >lines
sort -S 4M --parallel=2 -n lines | cksum
awk '{ seen[$4]++; last[$4] = $0; long[$1 % 100] = long[$1 % 100] $3 }
END {
    for (k in seen) print k, seen[k], last[k]
    for (k in long) print k, length(long[k])
}' lines | sort | cksum
sed -E 's/([a-f]+)(.*)/\2 \1/; s/line/LINE/g; /7/d' lines | cksum
grep -cE '(abc|xyz).*|9{2,}' lines
export LC_ALL=C
sort -k1,1 lines >left && sort -r lines | sort -k1,1 >right && join left right | wc -l
