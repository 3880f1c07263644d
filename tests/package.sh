#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# The tarball as Galaxy gets it: all that a user needs is in it and nothing else, and Galaxy's own importer takes it, and
# so does what makes execution environments.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/common.sh"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
collection=$(tree package)
cd "$collection"
ansible-galaxy collection build --output-path "$out" .
tarball=$(echo "$out"/routable-ipv6-*.tar.gz)

tar -tzf "$tarball" >"$out/names"
unwanted=$(grep -vE '^(plugins|roles|playbooks|meta|docs|changelogs)/|^(MANIFEST|FILES)\.json$|^(README|CHANGELOG|[A-Z_]+)\.md$|^COPYING$|^(requirements|bindep)\.txt$' "$out/names" || true)
unwanted+=$(grep -E '__pycache__|\.pyc$|/\.' "$out/names" | grep -v '^changelogs/fragments/\.keep$' || true)
[ -z "$unwanted" ] || {
    printf 'build_ignore in galaxy.yml has to name these, too:\n%s\n' "$unwanted"
    exit 1
}

missing=$(LC_ALL=C comm -23 <(find plugins roles playbooks meta docs -path docs/site -prune -o -type f -print | LC_ALL=C sort) <(LC_ALL=C sort "$out/names"))
[ -z "$missing" ] || {
    printf 'build_ignore in galaxy.yml leaves these out:\n%s\n' "$missing"
    exit 1
}

# ansible-lint has its own, stricter place in tests/lint.sh.
cat >"$out/importer.cfg" <<'END'
[galaxy-importer]
check_changelog = True
check_required_tags = True
require_v1_or_greater = True
run_ansible_lint = False
END
TARBALL=$tarball python -m pytest "$root/tests/package" -q -p no:cacheprovider
cd "$out"
GALAXY_IMPORTER_CONFIG=$out/importer.cfg python -m galaxy_importer.main "$tarball" 2>&1 | grep -v '^Loading ' | tee "$out/log"
# It goes on after what it only warns of.
! grep -qE '^(WARNING|ERROR|CRITICAL)' "$out/log"
