# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# ec2: a cloud image. cloud-init finds out at the first boot what it is. dnsmasq and ndppd are for the VPC's side.
ARG BASE
FROM ${BASE}
ARG APT_OPTIONS=""
ARG EXTRA=""
ARG DEBIAN_FRONTEND=noninteractive
RUN apt-get $APT_OPTIONS update \
 && apt-get $APT_OPTIONS install -y --no-install-recommends cloud-init dnsmasq-base $EXTRA \
 # only its first stage runs here, by a unit of the lab's: there is no disk to grow and there are no keys to fetch
 && for u in main local network final hotplugd; do systemctl -q mask cloud-init-$u.service; done \
 && systemctl -q mask cloud-init.service cloud-config.service cloud-final.service cloud-init-hotplugd.socket \
 && apt-get clean && rm -rf /var/lib/apt/lists/*
