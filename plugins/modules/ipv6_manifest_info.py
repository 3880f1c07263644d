#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipv6_manifest_info
short_description: List what this collection has changed on a host, and what others have changed of that
version_added: 1.0.0
description:
  - Reads the records below C(/var/lib/routable-ipv6), and compares them with the host. Nothing is changed.
  - The modules themselves warn, with a diff, before they write over what somebody else has changed.
author:
  - routable.ipv6 contributors (@routable-ipv6)
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.reads
  - routable.ipv6._attributes.linux
options: {}
seealso:
  - module: routable.ipv6.network_guard
"""

EXAMPLES = r"""
- name: See what this collection has changed
  routable.ipv6.ipv6_manifest_info:
  become: true
  register: manifest

- name: Nobody else has touched it
  ansible.builtin.assert:
    that: manifest.drift | length == 0
    fail_msg: "{{ manifest.drift }}"
"""

RETURN = r"""
owners:
  description: What each module has on record here.
  returned: success
  type: list
  elements: dict
  contains:
    owner:
      description: The module, and what it manages.
      type: str
    files:
      description:
        - The files it has written, each with C(path), the SHA-256 digests C(before) it, C(after) it and C(now), null
          for no file, and whether it is C(intact).
      type: list
      elements: dict
    former:
      description: Other values as they were before, as kernel parameters.
      type: dict
    packages:
      description: Packages that were not there before this collection installed them.
      type: list
      elements: str
    holders:
      description: The roles that need it.
      type: list
      elements: str
  sample:
    - owner: uplink-ra-ens3
      files:
        - path: /etc/sysctl.d/90-routable-ipv6-ens3.conf
          before: null
          after: 5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef
          now: 5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef
          intact: true
      former: {"net/ipv6/conf/all/forwarding": "0"}
      packages: []
      holders: [docker_host]
units:
  description: The units of this collection, and whether each runs.
  returned: success
  type: dict
  sample: {"routable-ipv6-ndp-ens3.service": true}
tables:
  description: The tables of nftables that this collection has made.
  returned: success
  type: list
  elements: str
  sample: ["ip6 routable_containers"]
drift:
  description: What somebody else has changed since, one sentence each.
  returned: success
  type: list
  elements: str
  sample: ["/etc/sysctl.d/90-routable-ipv6-ens3.conf has been changed since uplink-ra-ens3 wrote it"]
"""

import glob
import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.routable.ipv6.plugins.module_utils._files import read_text
from ansible_collections.routable.ipv6.plugins.module_utils._manifest import drift, owner_of
from ansible_collections.routable.ipv6.plugins.module_utils._plan import printable
from ansible_collections.routable.ipv6.plugins.module_utils._record import DIRECTORY, digest
from ansible_collections.routable.ipv6.plugins.module_utils._units import DIRECTORY as UNITS
from ansible_collections.routable.ipv6.plugins.module_utils._units import booted


def own_units(module: AnsibleModule) -> dict[str, bool]:
    """The units that are to run all the time; the guard's do so only while it is armed."""
    found = {}
    for path in sorted(glob.glob(f"{UNITS}/routable-*.service")):
        name = os.path.basename(path)
        if booted() and not name.startswith("routable-ipv6-guard"):
            found[name] = module.run_command(["systemctl", "is-active", "--quiet", name])[0] == 0
    return found


def own_tables(module: AnsibleModule) -> list[str]:
    nft = module.get_bin_path("nft", opt_dirs=["/usr/sbin", "/sbin"])
    listed = module.run_command([nft, "list", "tables"])[1] if nft else ""
    return sorted(line[len("table ") :] for line in listed.splitlines() if " routable" in line)


def main() -> None:
    module = AnsibleModule(argument_spec={}, supports_check_mode=True)
    owners = []
    for path in sorted(glob.glob(f"{DIRECTORY}/*.json")):
        try:
            name = os.path.basename(path)[: -len(".json")]
            owners.append(owner_of(name, read_text(path) or "", lambda one: digest(read_text(one))))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            module.fail_json(msg=f"{printable(path)} cannot be read as a record: {printable(str(error))}.")
    units = own_units(module)
    module.exit_json(changed=False, owners=owners, units=units, tables=own_tables(module), drift=drift(owners, units))


if __name__ == "__main__":
    main()
