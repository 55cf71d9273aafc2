#!/bin/bash
# Starts a PgBouncer for each configuration file, with as many open files as it may have (a client is one, and so is a
# server), passes signals on, and ends with the first of them that ends, so that none is missing for long.
set -u

ulimit -n "$(ulimit -Hn)"
running=()
pass() { ((${#running[@]} == 0)) || kill -s "$1" "${running[@]}" 2>/dev/null; }
for signal in HUP INT TERM USR1 USR2; do
    trap "pass $signal" "$signal"
done

for configuration in "$@"; do
    mkdir -p "/run/pgbouncer/$((${#running[@]} + 1))" # its own socket: the console of this very process
    pgbouncer "$configuration" &
    running+=($!)
done
while [ "$(jobs -rp | wc -l)" -eq $# ]; do
    wait -n # also over when a signal came, which has been passed on by then
done
pass INT
while [ -n "$(jobs -rp)" ]; do
    wait -n
done
