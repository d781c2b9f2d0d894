# needs: bash
# Arrays, functions, expansions, pipes, subshells and jobs of the shell itself.
declare -A squares
for ((i = 0; i < 20000; i++)); do squares[$i]=$((i * i)); done
total=0
for key in "${!squares[@]}"; do ((total += squares[$key])); done
echo "${#squares[@]} $total"
words=()
for i in {1..3000}; do words+=("w$((i * 7919 % 1000))-${i//1/one}"); done
text="${words[*]}"
echo "${#text} ${text//w/W}" | cksum
fib() { if (($1 < 2)); then echo "$1"; else echo $(($(fib $(($1 - 1))) + $(fib $(($1 - 2))))); fi; }
fib 11
for i in {1..50}; do (echo "job $i" >"job$i") & done
wait
cat job* | sort -n | cksum
mapfile -t lines < <(printf '%s\n' "${words[@]}")
printf '%s\n' "${lines[@]}" | sort -u | head -n 3
