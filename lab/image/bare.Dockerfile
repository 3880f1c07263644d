# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# bare: nothing of Docker or ndppd installed, but an apt repository on disk, so that roles install packages offline.
ARG BASE
FROM ${BASE}
ARG APT_OPTIONS=""
ARG EXTRA=""
ARG DEBIAN_FRONTEND=noninteractive
RUN apt-get $APT_OPTIONS install -y --no-install-recommends apt-utils \
 && apt-get clean && mkdir -p /opt/lab/repo/partial \
 && apt-get $APT_OPTIONS install -y -d -o Dir::Cache::archives=/opt/lab/repo/ --no-install-recommends \
      docker.io ndppd $EXTRA \
 && cd /opt/lab/repo && rm -rf partial lock && apt-ftparchive packages . >Packages && apt-ftparchive release . >Release \
 && rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/* /var/lib/apt/lists/* /usr/sbin/policy-rc.d \
 && echo 'deb [trusted=yes] file:/opt/lab/repo ./' >/etc/apt/sources.list \
 && echo 'APT::Install-Recommends "0";' >/etc/apt/apt.conf.d/90lab && apt-get update
