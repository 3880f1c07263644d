# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# shellcheck shell=sh
# What runs by itself sees another time from here on; Ansible's own calls are shown theirs by whoever makes them.
mkdir -p /run/systemd/system/routable-ipv6-.service.d
cat >/run/systemd/system/routable-ipv6-.service.d/clock.conf <<'END'
[Service]
Environment=LD_PRELOAD=/opt/libfaketime.so FAKETIME=-500d FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1
END
systemctl daemon-reload
