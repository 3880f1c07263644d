#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# What runs on targets, on every Python of theirs that this machine has beside the checkout's own: every module can be
# imported, and the unit tests of module_utils pass, with nothing of Ansible but its module_utils, as in the payload that
# goes to a target.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/common.sh"
# The ansible-core with the widest range of targets, 3.8 to 3.13.
core=2.19
ansible=$cache/module_utils-$core
if [ ! -e "$ansible/complete" ]; then
    rm -rf "$ansible"
    pip install -q --no-deps --no-compile --target "$ansible/whole" "ansible-core==$core.*" --python-version 3.11 --only-binary=:all:
    mkdir -p "$ansible/ansible"
    mv "$ansible/whole/ansible/module_utils" "$ansible/ansible/"
    sed -n '/^__version__/p' "$ansible/whole/ansible/release.py" >"$ansible/ansible/__init__.py"
    rm -rf "$ansible/whole"
    touch "$ansible/complete"
fi
# The tests of what the controller does with module_utils stay with the checkout's own Python.
mapfile -t controller < <(grep -rlE 'plugin_utils|plugins\.(action|filter|lookup)' tests/unit/plugins/module_utils --include='test_*.py')

own=$(python -c 'import sys; print("%d.%d" % sys.version_info[:2])')
for version in 3.8 3.9 3.10 3.11 3.12 3.13; do
    [ "$version" != "$own" ] || continue
    python=$(python3 tests/tools/find_python.py --version "$version") || {
        echo "No Python $version on this machine."
        continue
    }
    venv=$cache/venv-python-$version
    if [ ! -e "$venv/complete" ]; then
        rm -rf "$venv"
        "$python" -m venv "$venv"
        "$venv/bin/pip" install -q boto3 dnspython hypothesis netaddr "psycopg[binary]" pytest pyyaml
        touch "$venv/complete"
    fi
    printf '\n== Python %s\n' "$version"
    export PYTHONPATH=$root/.dev:$ansible
    "$venv/bin/python" tests/tools/import_all.py
    "$venv/bin/python" -m pytest tests/unit/plugins/module_utils -q -p no:cacheprovider \
        --hypothesis-profile=few "${controller[@]/#/--ignore=}" "$@"
done
