#!/bin/sh
# Starts Redis by the official image's contract: flags alone mean redis-server, root hands over to the user redis.
set -eu

case ${1:-redis-server} in
-* | *.conf) set -- redis-server "$@" ;;
esac
[ $# -gt 0 ] || set -- redis-server
if [ "$1" = redis-server ] && [ "$(id -u)" = 0 ]; then
    find /data \! -user redis -exec chown redis:redis {} +
    exec setpriv --reuid=redis --regid=redis --init-groups "$0" "$@"
fi
umask 0077
exec "$@"
