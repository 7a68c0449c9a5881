#!/bin/sh
# Loads a redis-server of its own with redis-benchmark and shuts it down: a workload for `alloc8 compare`. The server
# listens on a socket in a temporary folder only. Prints requests per second.
#
#   alloc8 compare --heaps system,jemalloc,default --metric 'rps=/SET: ([\d.]+)/' --higher-is-better rps \
#     --metric peak-rss -- examples/redis/redis.sh
#
# `default` is worth naming: Debian's redis brings jemalloc along.

set -eu
requests="${1:-50000}"
folder=$(mktemp -d)
socket="$folder/redis.sock"
redis-server --port 0 --unixsocket "$socket" --save '' --appendonly no --daemonize no --dir "$folder" >"$folder/log" &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT INT TERM

tries=0
until redis-cli -s "$socket" ping >/dev/null 2>&1; do
  tries=$((tries + 1))
  [ "$tries" -lt 100 ] || { cat "$folder/log" >&2; exit 1; }
  sleep 0.05
done
# --csv rather than the default, whose progress lines end with carriage returns.
redis-benchmark -s "$socket" -n "$requests" -c 20 -d 512 -r 20000 -t set,lpush,lrange_100 --csv |
  awk -F'"' 'NR > 1 { print $2 ": " $4 }'
