#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# The pure parts, and without a lab what needs no more than namespaces of the kernel, which ip makes.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/common.sh"
programs ip:iproute2
PYTHONPATH=$root/.dev python -m pytest tests/unit -q -p no:cacheprovider "$@"
