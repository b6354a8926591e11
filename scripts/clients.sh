#!/usr/bin/env bash
# Clients of others, for the tests: PyPI's `ksqldb` and npm's `ksqldb-client`, pinned, under target/clients.
#
#   scripts/clients.sh install     what is there already is kept
#   eval "$(scripts/clients.sh env)"
set -euo pipefail
cd "$(dirname "$0")/.."
from=crates/weir/tests/clients
to=${CARGO_TARGET_DIR:-$PWD/target}/clients

case ${1:-} in
install)
    mkdir -p "$to"
    if ! cmp --silent "$from/requirements.txt" "$to/python/installed"; then
        python3 -m venv "$to/python"
        "$to/python/bin/pip" install --quiet --disable-pip-version-check --requirement "$from/requirements.txt"
        cp "$from/requirements.txt" "$to/python/installed"
    fi
    if ! cmp --silent "$from/package-lock.json" "$to/node/installed"; then
        mkdir -p "$to/node"
        cp "$from/package.json" "$from/package-lock.json" "$to/node/"
        npm ci --prefix "$to/node" --silent --no-audit --no-fund --ignore-scripts
        cp "$from/package-lock.json" "$to/node/installed"
    fi
    ;;
env)
    printf 'export WEIR_TEST_CLIENTS=%q\n' "$to"
    ;;
*)
    sed -n 's/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
