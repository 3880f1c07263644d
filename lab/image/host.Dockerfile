# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# host: the packages are there.
ARG BASE
FROM ${BASE}
ARG APT_OPTIONS=""
ARG EXTRA=""
ARG DEBIAN_FRONTEND=noninteractive
# Where ndppd is installed without a unit that is enabled, there is nothing to disable.
RUN apt-get $APT_OPTIONS install -y --no-install-recommends docker.io ndppd $EXTRA \
 && (systemctl -q disable ndppd 2>/dev/null || true) \
 # as in Docker's own packages, and one inotify instance fewer
 && sed -i '/^version = /a disabled_plugins = ["io.containerd.grpc.v1.cri"]' /etc/containerd/config.toml \
 && apt-get clean && rm -rf /var/lib/apt/lists/* /usr/sbin/policy-rc.d
