#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# The report in a real browser, and its files in the programs that they are for.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/common.sh"
programs chromium:chromium chromedriver:chromium-driver named-checkzone:bind9-utils
PYTHONPATH=$root/.dev python -m pytest tests/report -q -p no:cacheprovider "$@"
