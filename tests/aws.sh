#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# The AWS module against EC2's double.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/common.sh"
PYTHONPATH=$root/.dev python -m pytest tests/aws -q -p no:cacheprovider "$@"
