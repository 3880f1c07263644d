# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""The lab: a router, a vantage point and hosts with a real systemd, all in containers of one Docker engine."""
