#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# The ledger on both engines: the unit tests on a real PostgreSQL server, many writers at once, writers that are killed.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/common.sh"
export PYTHONPATH=$root/.dev
python tests/tools/postgresql.py \
    python -m pytest tests/unit/plugins/module_utils/ledger tests/ledger -q -p no:cacheprovider "$@"
