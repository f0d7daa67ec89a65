# shellcheck shell=bash disable=SC2034
# What the scripts of the test stack share; sourced, never run.
set -euo pipefail

STACK=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(cd "$STACK/../.." && pwd)
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/crosscheck

APICURIO_VERSION=3.3.3
CARGO_DENY_VERSION=0.20.2
KUSTOMIZE_VERSION=v5.7.1

# A cached thing is keyed by what it is made from, so a new version never meets an old one.
KAFKA_LIB=$CACHE/kafka-$(sha256sum "$STACK/kafka/pom.xml" | cut -c1-12)
APICURIO=$CACHE/apicurio-$APICURIO_VERSION
VENV=$CACHE/python-$(sha256sum "$STACK/requirements.txt" | cut -c1-12)
CARGO_DENY=$CACHE/cargo-deny-$CARGO_DENY_VERSION
KUSTOMIZE=$CACHE/kustomize-$KUSTOMIZE_VERSION
PYTHON=$VENV/bin/python

say() { printf 'stack: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# The newest PostgreSQL that Debian's packages installed.
postgres_bin() { find /usr/lib/postgresql -path '*/bin/pg_ctl' 2>/dev/null | sort -V | tail -n 1 | xargs -r dirname; }

# PostgreSQL refuses to run as root: there the user that its package made runs it.
as_postgres() {
    if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
}

# Waits until a check holds, at most SECONDS; the process behind it must stay alive.
await() { # SECONDS WHAT PIDFILE COMMAND...
    local deadline=$((SECONDS + $1)) what=$2 pidfile=$3
    shift 3
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || die "$what is not ready in time"
        kill -0 "$(cat "$pidfile")" 2>/dev/null || die "$what ended while it was starting"
        sleep 0.1 # between two looks: a port or an answer is no event that a shell can wait for
    done
}

# Starts a process in a group of its own; its pid and output lie in the stack's directory.
spawn() { # NAME COMMAND...
    local name=$1
    shift
    CROSSCHECK_STACK=$DIR setsid -- "$@" >"$DIR/$name.log" 2>&1 </dev/null &
    echo $! >"$DIR/$name.pid"
}

# True when the pid in the file is a process of this stack and not a stranger's that got the number.
ours() { # PIDFILE
    local pid
    pid=$(cat "$1" 2>/dev/null) || return 1
    { tr '\0' '\n' <"/proc/$pid/environ"; } 2>/dev/null | grep -Fqx "CROSSCHECK_STACK=$DIR"
}

# Ends every process of the stack in DIR: asks, waits ten seconds, then forces.
stop_all() {
    local file pid deadline
    if [ -f "$DIR/postgres/data/postmaster.pid" ]; then
        as_postgres "$(postgres_bin)/pg_ctl" -D "$DIR/postgres/data" -m fast -w stop >>"$DIR/postgres.log" 2>&1 || :
    fi
    for file in "$DIR"/*.pid; do
        if [ -f "$file" ] && ours "$file"; then kill -TERM -- "-$(cat "$file")" 2>/dev/null || :; fi
    done
    deadline=$((SECONDS + 10))
    for file in "$DIR"/*.pid; do
        [ -f "$file" ] || continue
        pid=$(cat "$file")
        while ours "$file" && [ "$SECONDS" -lt "$deadline" ]; do sleep 0.1; done # not our child: `wait` cannot
        if ours "$file"; then kill -KILL -- "-$pid" 2>/dev/null || :; fi
        rm -f "$file"
    done
}

# The last lines of every log, for a failure.
show_logs() { # LINES
    local file
    for file in "$DIR"/*.log "$DIR"/*/server.log "$DIR"/postgres/data/log; do
        [ -s "$file" ] || continue
        say "--- ${file#"$DIR"/}"
        tail -n "$1" "$file" >&2 || :
    done
}
