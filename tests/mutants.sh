#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# tests/mutants.sh [--sample N] [--seed N]: what the unit tests of the pure layer notice.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/common.sh"
collection=$(tree mutants)
tree=${collection%/ansible_collections/*}
rm -rf "$tree/mutants"
python tests/tools/mutants.py "$tree" "$@"
