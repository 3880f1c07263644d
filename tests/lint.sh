#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# Style, types, documentation and licences; nothing runs.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/common.sh"
failed=
# Go on after a failure: one run shows everything.
step() {
    printf '\n== %s\n' "$*"
    "$@" || failed="$failed $1"
}

step ruff check .
step ruff format --check .
step yamllint --strict .
cd .dev
step mypy --config-file "$root/.mypy.ini" --cache-dir "$root/.mypy_cache" -p ansible_collections.routable.ipv6.plugins
cd "$root"
step python tests/tools/check_headers.py
step python tests/tools/role_readmes.py --check
collection=$(tree lint)
cd "$collection"
export ANSIBLE_COLLECTIONS_PATH=${PWD%/ansible_collections/*}
unset ANSIBLE_CONFIG
step ansible-lint --offline --strict
step antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs dependent .
step antsibull-changelog lint
step antsibull-changelog lint-changelog-yaml changelogs/changelog.yaml
[ -z "$failed" ] || {
    printf '\nfailed:%s\n' "$failed"
    exit 1
}
