#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# Everything that the documentation shows is tried: examples, playbooks, commands, links. Then the site is made of it.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/common.sh"
export ANSIBLE_CONFIG=$root/ansible.cfg
PYTHONPATH=$root/.dev python -m pytest tests/docs -q -p no:cacheprovider "$@"
[ $# -gt 0 ] || python tests/tools/docs_site.py
