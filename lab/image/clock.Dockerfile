# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# clock: programs can be shown another time than the machine's, which nobody sets.
ARG BASE
FROM ${BASE}
ARG APT_OPTIONS=""
ARG EXTRA=""
ARG DEBIAN_FRONTEND=noninteractive
RUN apt-get $APT_OPTIONS update \
 && apt-get $APT_OPTIONS install -y --no-install-recommends libfaketime $EXTRA \
 && ln -s /usr/lib/*-linux-gnu/faketime/libfaketimeMT.so.1 /opt/libfaketime.so \
 && apt-get clean && rm -rf /var/lib/apt/lists/*
