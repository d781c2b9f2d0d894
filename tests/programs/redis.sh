# needs: redis-server redis-cli redis-benchmark
# A server that is filled, put under load, saves in a forked child, and comes back from the file with the same data.
set -u
server=0
stop_server() {
    [ $server = 0 ] || { kill $server && wait $server; } 2>/dev/null
    server=0
}
trap stop_server EXIT

start_server() {
    local attempt
    for attempt in 1 2 3 4 5 6 7 8; do
        port=$((20000 + (RANDOM * 7 + $$ + attempt) % 20000))
        redis-server --port $port --bind 127.0.0.1 --save '' --dir "$PWD" --enable-debug-command local \
            >server.log 2>&1 &
        server=$!
        for _ in $(seq 100); do
            [ "$(redis-cli -p $port ping 2>/dev/null)" = PONG ] && kill -0 $server 2>/dev/null && return
            kill -0 $server 2>/dev/null || break
            sleep 0.05
        done
        stop_server
    done
    echo "the server does not start" && cat server.log && exit 1
}
redis() { redis-cli -p $port "$@"; }

start_server
redis set greeting hello && redis get greeting && redis lpush list a b c && redis lrange list 0 -1
for i in $(seq 5000); do
    echo "SET key:$i value-$((i * i))"
    echo "HSET hash:$((i % 50)) field:$i $i"
    echo "ZADD scores $((i * 7919 % 1000)) member:$i"
    echo "APPEND long $i"
done | redis --pipe | tail -n 1
redis-benchmark -p $port -q -n 5000 -c 20 -P 4 -d 200 -t set,get,incr,lpush,lrange_100,sadd,hset,zadd,mset \
    >benchmark.log 2>&1
echo "benchmark ends with $?"
for i in $(seq 1 2 5000); do echo "DEL key:$i"; done | redis --pipe | tail -n 1
redis dbsize
redis llen mylist
redis strlen long
before=$(redis debug digest)
redis save
redis bgsave
for _ in $(seq 100); do
    redis info persistence | grep -q 'rdb_bgsave_in_progress:0' && break
    sleep 0.05
done
redis info persistence | grep -a 'rdb_last_bgsave_status' | tr -d '\r'
redis shutdown nosave
wait $server
echo "server ends with $?"
server=0
start_server
[ "$(redis debug digest)" = "$before" ] && echo "the data are the same after a restart"
redis shutdown nosave
