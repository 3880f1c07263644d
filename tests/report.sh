#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# The report in a real browser, and its files in the programs that they are for.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/common.sh"
missing=
for pair in chromium:chromium chromedriver:chromium-driver named-checkzone:bind9-utils; do
    PATH=$PATH:/usr/sbin command -v "${pair%%:*}" >/dev/null || missing="$missing ${pair#*:}"
done
if [ -n "$missing" ]; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q -oDPkg::Lock::Timeout=600 update
    # shellcheck disable=SC2086
    apt-get -q -oDPkg::Lock::Timeout=600 install -y --no-install-recommends $missing
fi
PYTHONPATH=$root/.dev python -m pytest tests/report -q -p no:cacheprovider "$@"
