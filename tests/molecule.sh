#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
# tests/molecule.sh SCENARIO [molecule's words]
# shellcheck source=tests/common.sh
. "$(dirname "$0")/common.sh"
scenario=$1
shift
eval "$(lab/lab env)"
export ANSIBLE_CONFIG="$root/ansible.cfg" MOLECULE_PROJECT_DIRECTORY="$root"
molecule "${@:-test}" -s "$scenario"
