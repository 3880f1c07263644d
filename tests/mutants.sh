#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# tests/mutants.sh [--sample N] [--seed N] [--only WORD]: what the unit tests of the pure layer notice.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/common.sh"
HYPOTHESIS_PROFILE=few PYTHONPATH=$root/.dev python tests/tools/mutants.py "$@"
