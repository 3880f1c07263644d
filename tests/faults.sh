#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# A few faults, each on a host of its own; `make test-faults` injects all of them.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/common.sh"
python tests/faults/run.py --sample
