#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# A lab that was up and is down again leaves nothing on the machine: links, routes, firewall, sysctls, mounts, files.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/common.sh"
export LAB_NAME=traces-$$
before=$(mktemp -p .cache)
trap 'rm -f "$before"' EXIT
lab/lab traces >"$before"
printf '%s' '{"hosts": [{"name": "bookworm", "suite": "bookworm", "uplink": "ens3", "manager": "kernel"}]}' |
    lab/lab up --topology -
lab/lab exec bookworm sysctl -w net.ipv6.conf.all.forwarding=1
lab/lab down
lab/lab traces --since "$before"
