#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# What a user does: the built tarball in an empty environment with the declared requirements only, in a project of its
# own, on two hosts; then as AWX does it, in two slices at once.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/common.sh"
# Nothing of the checkout's own environment: the project has to do with what it declares.
own=${PATH%%:*}
PATH=${PATH#*:}
unset ANSIBLE_CONFIG ANSIBLE_COLLECTIONS_PATH PYTHONPATH
python=$(python3 tests/tools/find_python.py 2.19)
work=$(mktemp -d)
export LAB_NAME=consumer-$$
trap '"$root/lab/lab" down; rm -rf "$work"' EXIT
project=$work/project
cp -R tests/consumer "$project"

say() {
    printf '\n== %s (%s s)\n' "$*" "$SECONDS"
}

say The environment
venv=$cache/venv-consumer-$({ cat requirements.txt && "$python" --version; } | sha256sum | cut -c1-12)
if [ ! -e "$venv/complete" ]; then
    rm -rf "$cache"/venv-consumer-*
    "$python" -m venv "$venv"
    # As in an execution environment, whose base brings the first two.
    "$venv/bin/pip" install -q "ansible-core>=2.19" ansible-runner -r requirements.txt
    touch "$venv/complete"
fi
PATH=$venv/bin:$PATH

say The collections
collection=$(tree consumer)
ansible-galaxy collection build --output-path "$project/dist" "$collection"
# What Galaxy would send along comes from the package of all collections that the checkout has.
others=$("$own/python" -c 'import ansible_collections.community as them; print(them.__path__[0])')
cd "$project"
export ANSIBLE_HOME=$work/home
ansible-galaxy collection install --offline -p collections \
    "$others/library_inventory_filtering_v1" "$others/docker" dist/routable-ipv6-*.tar.gz
ansible-galaxy collection install --offline -p collections -r requirements.yml
ansible-galaxy collection verify --offline -p collections routable.ipv6

say The hosts
printf '%s' '{"hosts": [{"name": "one", "suite": "bookworm", "uplink": "ens3", "manager": "kernel"},
    {"name": "two", "suite": "trixie", "uplink": "enp1s0", "manager": "networkd"}]}' | "$root/lab/lab" up --topology -
eval "$("$root/lab/lab" env)"

say The site
ansible-playbook routable.ipv6.site
ansible-playbook shop.yml
ansible-playbook routable.ipv6.verify

say Once more
ansible-playbook routable.ipv6.site shop.yml | tee "$work/again"
python "$root/tests/tools/check_unchanged.py" "$work/again"

say Away with it
ansible-playbook close.yml routable.ipv6.retire "$root/molecule/shared/nothing_left.yml"

say Two slices at once
cd "$root"
CONSUMER_PROJECT=$project CONSUMER_VENV=$venv PYTHONPATH=$root/.dev "$own/python" tests/tools/postgresql.py \
    "$own/python" -m pytest tests/slices -q -p no:cacheprovider "$@"
say All of it
