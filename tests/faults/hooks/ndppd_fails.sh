# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# shellcheck shell=sh
# What answers neighbour solicitations, ndppd or the agent, does not start; it is stopped where it runs.
mkdir -p /run/systemd/system/routable-ipv6-ndp-.service.d
printf '[Service]\nExecStartPre=/bin/false\n' >/run/systemd/system/routable-ipv6-ndp-.service.d/fails.conf
systemctl daemon-reload
systemctl try-restart 'routable-ipv6-ndp-*.service'
exit 0
