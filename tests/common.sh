# shellcheck shell=bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# Sourced by the steps of tests/run.py. Leaves the shell in the root of the checkout.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
cache=${XDG_CACHE_HOME:-$HOME/.cache}/routable-ipv6
PATH=$root/.venv/bin:$PATH
PYTHONDONTWRITEBYTECODE=1
export PATH PYTHONDONTWRITEBYTECODE

# The checkout's files where ansible-test and the linters expect a collection: outside of any git checkout, else they ask
# git, which ignores the place.
# usage: tree NAME; prints the collection's directory
tree() {
    base=$cache/trees/$(printf '%s' "$root" | sha256sum | cut -c1-6)-$1/ansible_collections/routable/ipv6
    rm -rf "$base"
    mkdir -p "$base"
    git ls-files -z --cached --others --exclude-standard |
        while IFS= read -r -d '' name; do [ ! -f "$name" ] || printf '%s\0' "$name"; done |
        tar -c --null -T - | tar -x -C "$base"
    printf '%s\n' "$base"
}

# Have these commands, from Debian's packages where they are missing.
# usage: programs COMMAND:PACKAGE...
programs() {
    local pair missing=
    for pair in "$@"; do
        PATH=$PATH:/usr/sbin command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair#*:}"
    done
    [ -n "$missing" ] || return 0
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q -oDPkg::Lock::Timeout=600 update
    # shellcheck disable=SC2086
    apt-get -q -oDPkg::Lock::Timeout=600 install -y --no-install-recommends $missing
}
