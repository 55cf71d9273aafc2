# What the ensure scripts share; sourced, not run. Expects $topic, the word that their lines begin with.

started=$(date +%s)
plain_seconds=15

say() { echo "$topic: $1 ($(($(date +%s) - started))s)"; }

die() {
    echo "error: $1" >&2
    exit 1
}

# Runs a command and shows that it goes on: every second in one line on a terminal, every 15 s elsewhere. What the
# command prints is shown when it fails.
watched() {
    text=$1
    shift
    say "$text"
    output=$(mktemp)
    tick "$text" &
    ticker=$!
    status=0
    "$@" >"$output" 2>&1 </dev/null || status=$?
    kill "$ticker" 2>/dev/null || :
    wait "$ticker" 2>/dev/null || :
    [ ! -t 1 ] || printf '\r\033[K'
    [ "$status" = 0 ] || tail -n 15 "$output" >&2
    rm -f "$output"
    return "$status"
}

tick() {
    seconds=0
    while sleep 1 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do # $$ is the script: an interrupted one takes this along
        seconds=$((seconds + 1))
        if [ -t 1 ]; then
            printf '\r\033[K%s: %s (%ss)' "$topic" "$1" "$seconds"
        elif [ $((seconds % plain_seconds)) = 0 ]; then
            say "$1, still"
        fi
    done
}

can_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

# Installs packages by apt; without root or apt says which ones a person has to install.
install_packages() {
    can_apt || die "$* missing: install it (on Debian, as root: apt-get install $*), then run make again"
    watched "reading package lists" apt-get update -qq ||
        die "apt-get update failed, see above: mend the network or /etc/apt, then run make again"
    watched "installing $*" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" ||
        die "apt-get install $* failed, see above: mend that, then run make again"
}
