#!/bin/sh
# Starts PgBouncer in the foreground with as many open files as it may have: a client is one, and so is a server.
set -eu

ulimit -n "$(ulimit -Hn)"
exec pgbouncer "$@"
