#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# Which lines of plugins/ the tests run, on this machine and on lab hosts; fewer than GOAL per cent are an error.
# tests/coverage.sh STEP...: steps by the names of `python3 tests/run.py --list`.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/common.sh"
# The same lines run with few examples.
export HYPOTHESIS_PROFILE=few
rm -rf .cache/coverage
mkdir -p .cache/coverage
config=$root/tests/coverage.ini
LAB_MOUNTS=$(python tests/tools/measured_hosts.py .cache/coverage/hosts)
export LAB_MOUNTS
# Each Python of .venv looks for this at its start, in a file that coverage.py has put there.
export COVERAGE_PROCESS_START=$config
failed=
for step in "$@"; do
    printf '\n== %s\n' "$step"
    # What ran is seen also where a test failed, as one that counts on time does while all is measured.
    case $step in
    lab-*) tests/lab.sh "${step#lab-}" ;;
    molecule-*) tests/molecule.sh "${step#molecule-}" ;;
    *) "tests/$step.sh" ;;
    esac || failed="$failed $step"
done
unset COVERAGE_PROCESS_START
coverage combine -q --rcfile="$config" .cache/coverage .cache/coverage/hosts/data
coverage report --rcfile="$config" --sort=cover --fail-under="${GOAL:-90}"
[ -z "$failed" ] || {
    printf '\nfailed:%s\n' "$failed"
    exit 1
}
