#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipv6_changes_info
short_description: See what modules of this collection would change on a host, in one execution
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Asks several modules what they would change, as their check mode does, and changes nothing.
  - All of them refuse what cannot work before the first of them has written anything, and a run that has nothing to
    change is over after this one execution. The roles of this collection use it for both.
  - Each is asked about the host as it is now, not as the ones before it would leave it.
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.reads
  - routable.ipv6._attributes.linux
options:
  of:
    description:
      - The modules to ask, each an entry of its own with its options as in a task.
      - They are M(routable.ipv6.docker_ipv6_daemon), M(routable.ipv6.ipv6_firewall) and M(routable.ipv6.uplink_ra), by
        their names without the collection's.
    type: list
    elements: dict
    required: true
seealso:
  - module: routable.ipv6.docker_ipv6_daemon
  - module: routable.ipv6.ipv6_firewall
  - module: routable.ipv6.uplink_ra
"""

EXAMPLES = r"""
- name: See what there is to do
  routable.ipv6.ipv6_changes_info:
    of:
      - docker_ipv6_daemon:
          fixed_cidr_v6: 2001:db8:0:1:d::/80
          ip6tables: false
      - uplink_ra:
          interface: ens3
  register: ahead

- name: Give Docker its prefix
  routable.ipv6.docker_ipv6_daemon:
    fixed_cidr_v6: 2001:db8:0:1:d::/80
    ip6tables: false
  when: ahead.changes | length > 0
"""

RETURN = r"""
results:
  description:
    - What each module would report, in the order of O(of). Beside what is described here, each entry has all that the
      module's own documentation describes.
  returned: success
  type: list
  elements: dict
  contains:
    module:
      description: The name of the module.
      type: str
    changed:
      description: Whether it would change something.
      type: bool
    changes:
      description: What it would do, in order.
      type: list
      elements: str
  sample:
    - module: uplink_ra
      changed: true
      changes: ["Set net/ipv6/conf/ens3/accept_ra from 1 to 2"]
changes:
  description: What all of them would do, in order.
  returned: success
  type: list
  elements: str
  sample: ["Set net/ipv6/conf/ens3/accept_ra from 1 to 2"]
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.routable.ipv6.plugins.module_utils._changes_ahead import ask
from ansible_collections.routable.ipv6.plugins.module_utils._outcome import conclude


def run(module: AnsibleModule) -> dict[str, t.Any]:
    results = ask(module, module.params["of"])
    return {
        "changed": False,
        "results": results,
        "changes": [change for result in results for change in result["changes"]],
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec={"of": {"type": "list", "elements": "dict", "required": True}}, supports_check_mode=True
    )
    conclude(module, run, "", (RuntimeError,))


if __name__ == "__main__":
    main()
