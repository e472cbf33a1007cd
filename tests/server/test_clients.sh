#!/bin/sh
# SPDX-License-Identifier: MIT
# test_clients.sh - the command `tophash serve` and the clients people have: nc and libmemcached's.
#
# TOPHASH_CLIENT_SECONDS: how long memcaslap runs (default 2).
set -u
command=${TOPHASH_COMMAND:?the path of the command tophash}
seconds=${TOPHASH_CLIENT_SECONDS:-2}
folder=$(mktemp -d)
number=0
failed=0
skipped=0
server=

finish() {
    [ -z "$server" ] || kill "$server" 2>/dev/null
    rm -rf "$folder"
}
trap finish EXIT

# result NAME STATUS: one line of the report.
result() {
    number=$((number + 1))
    if [ "$2" -eq 0 ]; then
        echo "ok $number $1"
    else
        echo "not ok $number $1"
        failed=$((failed + 1))
        sed 's/^/# /' "$folder/output"
    fi
}

# client NAME COMMAND...: skipped with the reason if the command is not there.
client() {
    name=$1
    shift
    if ! command -v "$1" >/dev/null; then
        number=$((number + 1))
        skipped=$((skipped + 1))
        echo "ok $number $name # SKIP $1 is not installed (make deps)"
        return 1
    fi
    timeout 60 "$@" >"$folder/output" 2>&1
}

# start OPTIONS...: a server on a free port, told in $port.
start() {
    "$command" serve -p -1 "$@" >"$folder/greeting" 2>"$folder/errors" &
    server=$!
    for _ in $(seq 100); do
        grep -q 'serves on' "$folder/greeting" && break
        sleep 0.05
    done
    port=$(sed -n 's/.*127\.0\.0\.1:\([0-9]*\).*/\1/p' "$folder/greeting")
}

# stop: the status of the server after SIGTERM.
stop() {
    kill "$server"
    wait "$server"
    stopped=$?
    server=
    return "$stopped"
}

start -m 2048 -t 2

if client nc_example nc -h; then
    printf 'set a 0 0 1\r\nx\r\nget a\r\nquit\r\n' | timeout 10 nc 127.0.0.1 "$port" \
        >"$folder/output" 2>&1
    printf 'STORED\r\nVALUE a 0 1\r\nx\r\nEND\r\n' | cmp -s - "$folder/output"
    result nc_example $?
fi

"$command" serve -p "$port" >"$folder/output" 2>&1
[ $? -eq 1 ] && grep -q "port $port " "$folder/output" && grep -q -e ' -p ' "$folder/output"
result busy_port_names_port_and_option $?

if client memccapable memccapable -h 127.0.0.1 -p "$port" -a; then
    [ "$(grep -c '\[pass\]' "$folder/output")" -ge 27 ] && ! grep -q FAIL "$folder/output"
    result memccapable $?
fi

if client memcslap memcslap --servers="127.0.0.1:$port" --concurrency=8 --execute-number=500 \
    --test=get; then
    result memcslap $?
fi

echo 'what memccp copies' >"$folder/memccp_key"
if client memccp memccp --servers="127.0.0.1:$port" "$folder/memccp_key"; then
    result memccp $?
    client memccat memccat --servers="127.0.0.1:$port" memccp_key
    grep -qx 'what memccp copies' "$folder/output"
    result memccat $?
fi

if client memcstat memcstat --servers="127.0.0.1:$port"; then
    grep -q 'limit_maxbytes: 2147483648' "$folder/output"
    result memcstat $?
fi

# A fifth of the gets compare what they get; 16 connections, 1 KB values that all fit.
if client memcaslap memcaslap -s "127.0.0.1:$port" -T 2 -c 16 -t "${seconds}s" -v 0.2 -w 8k; then
    grep -q '^verify_failed: 0' "$folder/output" && grep -q '^get_misses: 0' "$folder/output" &&
        grep -q '^verify_misses: 0' "$folder/output" && ! grep -q '^cmd_get: 0' "$folder/output"
    result memcaslap_verifies $?
fi

stop 2>"$folder/output"
result stops_with_status_0 $?

echo "1..$number"
echo "$((number - failed - skipped)) passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
