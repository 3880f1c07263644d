# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# shellcheck shell=sh
mkdir -p /run/systemd/system/docker.service.d
printf '[Service]\nExecStartPre=/bin/false\n' >/run/systemd/system/docker.service.d/fails.conf
systemctl daemon-reload
