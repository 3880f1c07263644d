# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# bosh: govmomi's simulator of a vCenter, what a double of a Director talks to it with, and what its VMs run.
ARG BASE
FROM ${BASE} AS simulator
# By which the stage is found again and removed, once it has served.
LABEL routable.lab.stage=simulator
ARG APT_OPTIONS=""
ARG DEBIAN_FRONTEND=noninteractive
RUN apt-get $APT_OPTIONS install -y --no-install-recommends golang-go golang-github-vmware-govmomi-dev
COPY vcenter.go /tmp/vcenter.go
RUN GO111MODULE=off GOPATH=/usr/share/gocode CGO_ENABLED=0 go build -ldflags='-s -w' -o /usr/local/bin/vcenter /tmp/vcenter.go

FROM ${BASE}
ARG APT_OPTIONS=""
ARG EXTRA=""
ARG DEBIAN_FRONTEND=noninteractive
RUN apt-get $APT_OPTIONS install -y --no-install-recommends nginx python3-pyvmomi \
 && systemctl -q disable nginx \
 && apt-get clean && rm -rf /var/lib/apt/lists/* /usr/sbin/policy-rc.d
COPY --from=simulator /usr/local/bin/vcenter /usr/local/bin/vcenter
