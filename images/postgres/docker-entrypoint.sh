#!/bin/bash
# Starts PostgreSQL by the official image's contract: POSTGRES_USER, _DB, _PASSWORD or _PASSWORD_FILE, _INITDB_ARGS,
# PGDATA, /docker-entrypoint-initdb.d. The cluster is made in a folder beside and moved in when it is whole, so that a
# start that was cut short is made again instead of taken for a finished one. Unlike there, the cluster's own pg_hba.conf
# lets in the container itself only: who else may is said by the server's hba_file.
set -euo pipefail

die() {
    echo "docker-entrypoint: $1" >&2
    exit 1
}

prepare_folders() {
    install -d -o postgres -g postgres -m 0700 "$PGDATA"
    install -d -o postgres -g postgres -m 2775 /var/run/postgresql
    chown postgres:postgres "$PGDATA"
}

read_password() {
    if [ -n "${POSTGRES_PASSWORD_FILE:-}" ]; then
        [ -z "${POSTGRES_PASSWORD:-}" ] || die "give POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE, not both"
        password=$(<"$POSTGRES_PASSWORD_FILE") || die "POSTGRES_PASSWORD_FILE can't be read"
    else
        password=${POSTGRES_PASSWORD:-}
    fi
    unset POSTGRES_PASSWORD
    [ -n "$password" ] || die "the superuser needs a password: set POSTGRES_PASSWORD_FILE"
}

initialize() {
    new=$PGDATA/.initializing
    rm -rf "$new"
    # shellcheck disable=SC2086  # POSTGRES_INITDB_ARGS are several words
    initdb --pgdata="$new" --username="$user" --pwfile=<(printf '%s\n' "$password") --auth-local=peer \
        --auth-host=scram-sha-256 --locale-provider=libc --locale=C.UTF-8 --encoding=UTF8 ${POSTGRES_INITDB_ARGS:-}
    printf 'local all all trust\n' >"$new/first_start_hba.conf"
    # the server's own flags too: extensions like pgaudit can only be created where they are preloaded
    pg_ctl --pgdata="$new" --wait --silent start --options="$(
        printf '%q ' "$@" -c listen_addresses= -c port=5432 -c "hba_file=$new/first_start_hba.conf"
    )"
    if [ "$database" != postgres ]; then
        psql_first postgres --set=name="$database" <<<'CREATE DATABASE :"name";'
    fi
    run_scripts
    pg_ctl --pgdata="$new" --wait --silent --mode=fast stop
    rm "$new/first_start_hba.conf"
    find "$new" -mindepth 1 -maxdepth 1 ! -name PG_VERSION -exec mv -t "$PGDATA" {} +
    mv "$new/PG_VERSION" "$PGDATA/" # last: it is what says that the cluster is whole
    rmdir "$new"
}

psql_first() {
    local name=$1
    shift
    psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="$user" --dbname="$name" "$@"
}

run_scripts() {
    for script in /docker-entrypoint-initdb.d/*; do
        case $script in
        *.sh) if [ -x "$script" ]; then "$script"; else . "$script"; fi ;;
        *.sql) psql_first "$database" --file="$script" ;;
        *.sql.gz) gunzip --stdout "$script" | psql_first "$database" ;;
        */\*) ;;
        *) echo "docker-entrypoint: ignoring $script" >&2 ;;
        esac
    done
}

[ "${1:0:1}" != - ] || set -- postgres "$@"
if [ "$1" != postgres ]; then
    exec "$@"
fi
if [ "$(id -u)" = 0 ]; then
    prepare_folders
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi
# started without root: the folder is made here, and PostgreSQL itself says what is wrong with one that isn't its own
mkdir -p "$PGDATA" && chmod 0700 "$PGDATA" 2>/dev/null || :
user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    if [ -n "$(find "$PGDATA" -mindepth 1 -maxdepth 1 ! -name .initializing ! -name lost+found -print -quit)" ]; then
        # a move that was cut short leaves PG_VERSION behind in .initializing: finish it
        if [ -s "$PGDATA/.initializing/PG_VERSION" ]; then
            find "$PGDATA/.initializing" -mindepth 1 -maxdepth 1 ! -name PG_VERSION -exec mv -t "$PGDATA" {} +
            mv "$PGDATA/.initializing/PG_VERSION" "$PGDATA/" && rmdir "$PGDATA/.initializing"
        else
            die "$PGDATA is not empty and holds no cluster: give it an empty volume"
        fi
    else
        read_password
        initialize "${@:2}"
    fi
fi
exec "$@"
