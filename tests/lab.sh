#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# tests/lab.sh NAME: one file of tests/lab, with a lab of its own.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/common.sh"
name=$1
shift
PYTHONPATH=$root/.dev python -m pytest "tests/lab/test_$name.py" -v -x -p no:cacheprovider "$@"
