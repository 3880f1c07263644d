#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# Which lines of plugins/ the tests run that need no lab. What a module does on a lab host is not seen.
# tests/coverage.sh [STEP...]: other steps than these.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/common.sh"
[ $# -gt 0 ] || set -- unit ledger aws report
# The same lines run with few examples.
export HYPOTHESIS_PROFILE=few
rm -rf .cache/coverage
mkdir -p .cache/coverage
config=$root/tests/coverage.ini
# Each Python of .venv looks for this at its start, in a file that coverage.py has put there.
export COVERAGE_PROCESS_START=$config
for step in "$@"; do
    printf '\n== %s\n' "$step"
    "tests/$step.sh"
done
unset COVERAGE_PROCESS_START
coverage combine -q --rcfile="$config"
coverage report --rcfile="$config" --sort=cover
