#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# The README's first command as a newcomer runs it, then once more: the second run must change nothing.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/common.sh"
LAB_NAME=${LAB_NAME:-site-$$}
export LAB_NAME
trap 'make lab-down' EXIT
make site
make site | tee .cache/second-run.log
python3 tests/tools/check_unchanged.py .cache/second-run.log
