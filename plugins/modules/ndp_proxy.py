#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ndp_proxy
short_description: Answer neighbour solicitations for the addresses behind a host
version_added: 1.0.0
description:
  - A provider whose router expects all addresses of a prefix on the link asks for each of them by neighbour discovery.
    This module makes a host answer for the addresses behind it.
  - One uplink has one backend. A change of O(backend) takes the former one away in the same run.
author:
  - routable.ipv6 contributors (@routable-ipv6)
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.changes
  - routable.ipv6._attributes.linux
attributes:
  platform:
    details:
      - systemd is needed, and Python 3.8 or newer as C(/usr/bin/python3) for the backend V(kernel).
options:
  uplink:
    description:
      - The interface towards the provider's router. It may be down, but must be there, unless O(state=absent).
    type: str
    required: true
  backend:
    description:
      - What answers.
      - V(kernel) keeps the kernel's own proxy entries in step with the containers that run, named or not. A small
        service follows Docker's events and the kernel's messages, so that entries are there before a container's
        program starts, go with the container, and come back after the uplink was down, was made anew, or somebody
        removed them. It is the default because only it answers every neighbour on the link, for each address that a
        container holds and for no other. With eight containers and two neighbours all sixteen first packets were
        answered within half a millisecond, where V(ndppd) in its mode V(iface) answered the second neighbour not
        at all.
      - V(ndppd) uses the program of that name, in a configuration and a unit of our own. The package must be
        installed; in check mode it is taken for installed, since a task before this one may do that. The unit that
        comes with Debian's package is masked while this one is in force.
      - V(networkd) has C(systemd-networkd) keep entries for single addresses. It must manage the uplink, in version
        247 or newer.
      - V(none) is for a prefix that the provider routes to this host. It removes what another backend left.
    type: str
    choices: [kernel, ndppd, networkd, none]
    default: kernel
  prefixes:
    description:
      - The prefixes of the containers behind this host. They must be longer than the uplink's own on-link prefix.
      - Kernel entries inside these prefixes belong to this module. Entries outside are never touched.
    type: list
    elements: str
    default: []
  addresses:
    description:
      - Addresses behind this host that are answered for always, for example those of virtual machines.
    type: list
    elements: str
    default: []
  bridges:
    description:
      - The bridges on which C(ndppd) asks for an address of O(prefixes) before it answers.
      - Needed with O(backend=ndppd) and O(ndppd_mode=iface), without effect otherwise.
    type: list
    elements: str
    default: []
  ndppd_mode:
    description:
      - How C(ndppd) decides about an address of O(prefixes).
      - V(iface) asks on O(bridges). It serves one neighbour at a time.
      - V(static) answers for every address of the prefix, held or not.
      - The mode V(auto) of C(ndppd) answers for one address at a time and is refused.
    type: str
    default: iface
  state:
    description:
      - With V(absent) the files, the unit, the entries and the settings that this module made are taken away, and
        what was there before comes back. All other options but O(uplink) are without effect then.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: routable.ipv6.uplink_ra
  - module: routable.ipv6.docker_ipv6_daemon
"""

EXAMPLES = r"""
- name: Answer for all containers of this host
  routable.ipv6.ndp_proxy:
    uplink: enp1s0
    prefixes:
      - 2001:db8:0:1:d::/80

- name: Let systemd-networkd answer for two virtual machines
  routable.ipv6.ndp_proxy:
    uplink: enp1s0
    backend: networkd
    addresses:
      - 2001:db8:0:1::20
      - 2001:db8:0:1::21

- name: Take it away
  routable.ipv6.ndp_proxy:
    uplink: enp1s0
    state: absent
"""

RETURN = r"""
backend:
  description: The backend that is in force, V(none) after O(state=absent).
  returned: success
  type: str
  sample: kernel
uplink:
  description: The uplink.
  returned: success
  type: str
  sample: enp1s0
entries:
  description:
    - What is answered for now. With V(ndppd) these are the prefixes of its rules, otherwise the kernel's entries that
      are this module's business.
  returned: success
  type: list
  elements: str
  sample: ["2001:db8:0:1:d:8000::20"]
unit:
  description: The unit that answers, V(none) where there is none.
  returned: success
  type: str
  sample: routable-ipv6-ndp-enp1s0.service
changes:
  description: What was changed, or would be in check mode, one sentence each.
  returned: success
  type: list
  elements: str
  sample: ["Start routable-ipv6-ndp-enp1s0.service"]
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.routable.ipv6.plugins.module_utils._ndp_proxy_converge import TASK
from ansible_collections.routable.ipv6.plugins.module_utils._outcome import carry_out


def main() -> None:
    carry_out(AnsibleModule(argument_spec=TASK.arguments, supports_check_mode=True), TASK)


if __name__ == "__main__":
    main()
