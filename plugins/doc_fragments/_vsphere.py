# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # How to log in at vCenter, for all modules that ask it.
    DOCUMENTATION = r"""
options:
  hostname:
    description:
      - The name or address of vCenter. An IPv6 address can be written with or without brackets.
      - Taken from E(VMWARE_HOST) when it is not given.
    type: str
    required: true
  port:
    description: The port of vCenter.
    type: int
    default: 443
  username:
    description: Who logs in. Taken from E(VMWARE_USER) when it is not given.
    type: str
    required: true
  password:
    description: The password. Taken from E(VMWARE_PASSWORD) when it is not given.
    type: str
    required: true
  ca_cert:
    description:
      - The authority that has signed vCenter's certificate, as PEM text or as the path of a file on the host that runs
        this module. The system's authorities count when it is not given.
    type: str
  validate_certs:
    description: Check vCenter's certificate, also on the loopback.
    type: bool
    default: true
  timeout:
    description: How many seconds vCenter may take for each step of a request.
    type: int
    default: 30
requirements:
  - pyvmomi on the host that runs the module
"""
