# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# shellcheck shell=sh
mount --bind /etc /etc && mount -o remount,bind,ro /etc
