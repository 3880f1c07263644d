#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipv6_firewall
short_description: Default deny in front of containers, in an nftables table of our own
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Closes everything behind one or more prefixes except what is opened, whatever Docker's own firewall does. It works
    the same with every version of Docker, and it does not depend on C(DOCKER-USER).
  - The rules live in one nftables table of their own, C(ip6 routable_<name>). Other tables, other prefixes, IPv4 and
    connections that containers open themselves are not touched.
  - Let through are established connections, ping, the ICMPv6 errors of RFC 4890, what stays within one bridge, what
    Docker itself forwards from a published port of the host, and what O(allow) opens.
  - The host's own services that listen on C(::) are closed on the bridges' addresses inside the prefixes, except for
    the containers themselves.
  - The table is replaced in one transaction, so there is no moment without it. A systemd unit loads it at boot before
    the network comes up. A drop-in for C(nftables.service), which flushes all tables when it starts, reloads or stops,
    loads it again.
  - A port that is taken out of O(allow) is closed for new connections. Established ones stay until they end.
options:
  name:
    description:
      - What the table, its file and its unit are named after, so that there can be several.
    type: str
    default: containers
  prefixes:
    description:
      - The prefixes of the containers. Required with O(state=present).
      - The host's own addresses must not lie in them, except for those of O(bridges).
    type: list
    elements: str
  allow:
    description: What is opened.
    type: list
    elements: dict
    default: []
    suboptions:
      address:
        description: An address or a prefix inside O(prefixes).
        type: str
        required: true
      ports:
        description:
          - Port numbers, or dictionaries with C(port) and C(protocol) (V(tcp), the default, or V(udp)).
        type: list
        elements: raw
        required: true
  bridges:
    description:
      - The interfaces of the bridges that the containers are on. They need not exist.
    type: list
    elements: str
    default: [docker0, routable0]
  state:
    description:
      - With V(absent) the table, its file, its unit and the drop-in are taken away.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - routable.ipv6._attributes
attributes:
  check_mode:
    support: full
    details:
      - Where C(nft) is not installed yet, the module predicts the change but cannot have the rules checked.
  diff_mode:
    support: full
  idempotent:
    support: full
    details:
      - Compared is the table that the kernel has, so one that was changed or deleted by hand is put back.
  platform:
    support: full
    platforms: Linux with systemd and nftables
requirements:
  - nft of nftables 1.0 or later, and unshare of util-linux, on the target
seealso:
  - plugin: routable.ipv6.docker_host_plan
    plugin_type: filter
notes:
  - The module warns when another chain drops forwarded IPv6 by policy. Such a chain decides as well, and no table can
    overrule it.
"""

EXAMPLES = r"""
- name: Open the web server's port and nothing else
  routable.ipv6.ipv6_firewall:
    prefixes:
      - 2001:db8:0:1:d::/80
    allow:
      - address: 2001:db8:0:1:d:8000::20
        ports: [80, 443]
      - address: 2001:db8:0:1:d:8000::53
        ports:
          - port: 53
            protocol: udp
          - port: 53

- name: Take it away
  routable.ipv6.ipv6_firewall:
    state: absent
"""

RETURN = r"""
table:
  description: Family and name of the table.
  returned: success
  type: str
  sample: ip6 routable_containers
prefixes:
  description: The protected prefixes in canonical form; neighbours and overlapping ones are joined.
  returned: success
  type: list
  elements: str
  sample: ["2001:db8:0:1:d::/80"]
opened:
  description: What is open, each with C(address) and one C(port) with its C(protocol).
  returned: success
  type: list
  elements: dict
  sample:
    - address: 2001:db8:0:1:d:8000::20
      port: 80
      protocol: tcp
unit:
  description: The systemd unit that loads the table at boot.
  returned: success
  type: str
  sample: routable-ipv6-firewall-containers.service
files:
  description: The files that belong to it.
  returned: success
  type: list
  elements: str
  sample:
    - /etc/routable-ipv6/firewall-containers.nft
    - /etc/systemd/system/routable-ipv6-firewall-containers.service
    - /etc/systemd/system/nftables.service.d/routable-ipv6-containers.conf
changes:
  description: What was done, or would be done in check mode, in order.
  returned: success
  type: list
  elements: str
  sample:
    - Replace the table ip6 routable_containers
"""

import os
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.routable.ipv6.plugins.module_utils import _firewall as firewall
from ansible_collections.routable.ipv6.plugins.module_utils import _firewall_rules as rules
from ansible_collections.routable.ipv6.plugins.module_utils._files import FileSet, read_text, remove_if_empty
from ansible_collections.routable.ipv6.plugins.module_utils._firewall_client import Nft, NftError, read_own_addresses
from ansible_collections.routable.ipv6.plugins.module_utils._outcome import conclude
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Plan
from ansible_collections.routable.ipv6.plugins.module_utils._units import UnitError, Units

ARGUMENTS: dict[str, t.Any] = {
    "name": {"type": "str", "default": "containers"},
    "prefixes": {"type": "list", "elements": "str"},
    "allow": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "address": {"type": "str", "required": True},
            "ports": {"type": "list", "elements": "raw", "required": True},
        },
    },
    "bridges": {"type": "list", "elements": "str", "default": ["docker0", "routable0"]},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


class Host:
    """One firewall on this host: what is there, and how to carry out a plan."""

    def __init__(self, module: AnsibleModule, name: str) -> None:
        self._name = name
        self._table = rules.table_name(name)
        self._unit = rules.unit_name(name)
        self._files = FileSet(module)
        self._units = Units(module, self._files)
        self.nft = Nft(module)

    def read(self) -> firewall.Current:
        table = self.nft.read_table(self._table) if self.nft.path else None
        unit = self._units.state(self._unit)
        return firewall.Current(
            table=None if table is None else firewall.table_value(table[0], self._table),
            listing="" if table is None else table[1],
            files={path: read_text(path) for path in rules.paths(self._name)},
            enabled=unit.enabled,
            active=unit.running,
        )

    def apply(self, plan: Plan, text: str) -> None:
        for change in plan.changes:
            if change.action == "write":
                self._files.write(change.data["path"], change.data["text"])
            elif change.action == "remove":
                self._files.remove(change.data["path"])
            elif change.action == "reload":
                self._units.reload()
            elif change.action == "enable":
                self._units.enable(self._unit)
            elif change.action == "load":
                self.nft.load(text)
            elif change.action == "start":
                self._units.start(self._unit)
            elif change.action == "disable":
                self._units.stop(self._unit)
                self._units.disable(self._unit)
            elif change.action == "delete":
                self.nft.delete_table(self._table)

    def restore(self, before: firewall.Current) -> None:
        self._files.restore()
        self._units.restore()
        if self.nft.path:
            self.nft.load(firewall.restoring(before, self._table))

    def clean(self) -> None:
        for path in (rules.rules_path(self._name), rules.dropin_path(self._name)):
            remove_if_empty(os.path.dirname(path))


class Wish(t.NamedTuple):
    """What is to be there: all empty where nothing is."""

    firewall: rules.Firewall | None
    text: str
    table: dict[str, t.Any] | None


def planned(module: AnsibleModule, host: Host, current: firewall.Current) -> tuple[Plan, Wish]:
    """The plan and what it is for."""
    if module.params["state"] == "absent":
        return firewall.plan_absent(current, module.params["name"]), Wish(None, "", None)
    wanted = rules.read(
        module.params["name"], module.params["prefixes"], module.params["allow"], module.params["bridges"]
    )
    rules.check_own_addresses(wanted, read_own_addresses(module))
    text, name = rules.render(wanted), rules.table_name(wanted.name)
    if not host.nft.path:
        if not module.check_mode:
            raise NftError("nft was not found; install the package nftables")
        module.warn("nft is not installed yet, so the rules could not be checked.")
        return firewall.plan_present(current, wanted, None, text, []), Wish(wanted, text, None)
    host.nft.check(text)
    listed, listing = host.nft.read_rendered(text, name)
    table = firewall.table_value(listed, name)
    blocking = firewall.blocking_chains(host.nft.read_chains(), name)
    return firewall.plan_present(current, wanted, table, listing, blocking), Wish(wanted, text, table)


def run(module: AnsibleModule) -> dict[str, t.Any]:
    """Read, plan, apply, read back; what failed half-way is brought back to what it was."""
    name = rules.read_name(module.params["name"])
    host = Host(module, name)
    current = host.read()
    plan, wish = planned(module, host, current)
    if plan.changed and not module.check_mode:
        try:
            host.apply(plan, wish.text)
            left = firewall.difference(host.read(), plan, wish.table)
            if left:
                raise NftError(f"read back, {left} is not as it was written")
        except (NftError, UnitError, OSError) as error:
            host.restore(current)
            raise NftError(f"{str(error).rstrip('.')}. The former table, files and unit were restored") from error
        if wish.firewall is None:
            host.clean()
    for warning in plan.warnings:
        module.warn(warning)
    return {
        "changed": plan.changed,
        "diff": {"before": plan.before, "after": plan.after},
        "table": f"{rules.FAMILY} {rules.table_name(name)}",
        "prefixes": [] if wish.firewall is None else [str(prefix) for prefix in wish.firewall.prefixes],
        "opened": [] if wish.firewall is None else rules.opened_entries(wish.firewall),
        "unit": rules.unit_name(name),
        "files": list(rules.paths(name)),
        "changes": plan.sentences,
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS, required_if=[("state", "present", ["prefixes"])], supports_check_mode=True
    )
    conclude(module, run, f"Firewall {module.params['name']}", (NftError, UnitError, OSError))


if __name__ == "__main__":
    main()
