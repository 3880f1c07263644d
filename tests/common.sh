# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# Sourced by the steps of tests/run. Leaves the shell in the root of the checkout.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
cache=${XDG_CACHE_HOME:-$HOME/.cache}/routable-ipv6
PATH=$root/.venv/bin:$PATH
PYTHONDONTWRITEBYTECODE=1
export PATH PYTHONDONTWRITEBYTECODE

# The tracked files, in the place where ansible-test and the linters expect a collection.
# usage: tree NAME; prints the collection's directory
tree() {
    base=$root/.cache/trees/$1/ansible_collections/routable/ipv6
    rm -rf "$base"
    mkdir -p "$base"
    git ls-files -z --cached --others --exclude-standard | tar -c --null --ignore-failed-read -T - 2>/dev/null | tar -x -C "$base"
    printf '%s\n' "$base"
}
