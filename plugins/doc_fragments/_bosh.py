# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # How to log in at a Director, for all modules that talk to one.
    DOCUMENTATION = r"""
options:
  director:
    description:
      - The URL of the Director, or its name or address. Port 25555 is taken unless another one is given.
      - An IPv6 address can be written with or without brackets.
      - Taken from E(BOSH_ENVIRONMENT) when it is not given.
    type: str
    required: true
  client:
    description:
      - A client of the Director's UAA, or a user of the Director where it has no UAA. The Director says which.
      - Taken from E(BOSH_CLIENT) when it is not given.
    type: str
    required: true
  client_secret:
    description:
      - The client's secret, or the user's password.
      - Taken from E(BOSH_CLIENT_SECRET) when it is not given.
    type: str
    required: true
  ca_cert:
    description:
      - The authority that has signed the certificates of the Director and its UAA, as PEM text or as the path of a
        file on the host that runs this module. The system's authorities count when it is not given.
      - Taken from E(BOSH_CA_CERT) when it is not given. Checking certificates cannot be turned off.
    type: str
  timeout:
    description: How many seconds the Director may take to connect, and for each part of an answer.
    type: int
    default: 30
notes:
  - Run it where the Director can be reached, mostly with C(delegate_to=localhost) or C(connection=local).
requirements:
  - PyYAML on the host that runs the module, which is there wherever ansible-core is
"""

    # For those that judge networks before they send anything.
    RULES = r"""
options:
  rules:
    description:
      - What to do with errors that the rules find in cloud configs, or in the networks of a deployment.
      - V(enforce) fails before anything is sent, V(warn) warns, V(skip) does not look.
    type: str
    choices: [enforce, warn, skip]
    default: enforce
  accept:
    description: Rules whose findings are left out, by the names in RV(findings[].rule).
    type: list
    elements: str
    default: []
  ignore_missing_gateway:
    description: Whether the Director runs with its property C(director.ignore_missing_gateway).
    type: bool
    default: false
attributes:
  check_mode:
    details:
      - The rules are applied in check mode too. What a run would be refused for, check mode is refused for.
"""
