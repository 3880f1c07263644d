#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipv6_packages
short_description: Remember which packages were not there before, and remove these again
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Before packages are installed, notes on the host which of them, and of all that they bring along, are not there yet.
    It installs nothing itself.
  - Removes later what it has noted, with its configuration, as far as nobody else needs it. Packages that somebody else
    has installed are never removed, also not as a consequence.
  - On a host without apt nothing is noted, and so nothing is removed.
options:
  holder:
    description: Who needs the packages. Each holder has a list of its own.
    type: str
    required: true
  names:
    description: The packages that are about to be installed. Required with O(state=present).
    type: list
    elements: str
    default: []
  state:
    description:
      - V(present) notes what is about to come.
      - V(absent) forgets what was noted, or with O(remove) removes it.
    type: str
    choices: [present, absent]
    default: present
  remove:
    description:
      - Whether the noted packages are removed. What has to stay is still noted, so that a later run removes it when
        nobody needs it any more.
    type: bool
    default: false
  keep:
    description:
      - Packages that stay even if they have been noted, and so does what they need.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - routable.ipv6._attributes
attributes:
  check_mode:
    support: full
    details:
      - What would come and what would go is what apt says in a simulation, which precedes the real run, too.
  diff_mode:
    support: full
  idempotent:
    support: full
  platform:
    support: full
    platforms: debian
notes:
  - A package is noted before it is installed, so that a run which dies in between leaves a list with too much rather
    than too little. What is on the list and has not come is not removed.
  - Users and groups that packages have made stay, as Debian's packages leave them.
seealso:
  - module: routable.ipv6.ipv6_manifest_info
"""

EXAMPLES = r"""
- name: Note what was not there
  routable.ipv6.ipv6_packages:
    holder: my_role
    names: [ndppd]

- name: Install it
  ansible.builtin.apt:
    name: ndppd

- name: Remove it, and what has come along
  routable.ipv6.ipv6_packages:
    holder: my_role
    state: absent
    remove: true
"""

RETURN = r"""
packages:
  description: What is noted for the holder after the run.
  returned: success
  type: list
  elements: str
  sample: [containerd, docker.io, runc, tini]
removed:
  description: What was removed, or would be in check mode.
  returned: success
  type: list
  elements: str
  sample: [docker.io, tini]
kept:
  description: What was noted and stays, and why.
  returned: success
  type: dict
  sample: {runc: "needed by podman"}
"""

import os
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.routable.ipv6.plugins.module_utils import _packages as rules
from ansible_collections.routable.ipv6.plugins.module_utils._files import FileSet, remove_if_empty
from ansible_collections.routable.ipv6.plugins.module_utils._outcome import conclude
from ansible_collections.routable.ipv6.plugins.module_utils._packages_client import Apt, AptError
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._record import DIRECTORY, Record

ARGUMENTS: dict[str, t.Any] = {
    "holder": {"type": "str", "required": True},
    "names": {"type": "list", "elements": "str", "default": []},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "remove": {"type": "bool", "default": False},
    "keep": {"type": "list", "elements": "str", "default": []},
}


def check(params: dict[str, t.Any]) -> None:
    """:raises Refused: an option cannot be meant so."""
    rules.check_holder(params["holder"])
    for option in ("names", "keep"):
        rules.check_names(option, params[option])
    if params["state"] == "present" and (params["remove"] or not params["names"]):
        raise Refused("state=present", "it notes names, and removes nothing", "Give names, or set state: absent")


def decide(params: dict[str, t.Any], noted: list[str], apt: Apt) -> tuple[list[str], rules.Choice]:
    """What is to be noted, and what goes.

    :raises AptError: apt or dpkg does not answer.
    """
    nothing = rules.Choice((), {})
    if not apt.there:
        return (noted if params["state"] == "present" else []), nothing
    if params["state"] == "present":
        return sorted({*noted, *apt.new_with(params["names"])}), nothing
    if not params["remove"] or not noted:
        return [], nothing
    choice = rules.choose(noted, apt.installed(), params["keep"], apt.gone_with)
    return sorted(choice.kept), choice


def run(module: AnsibleModule) -> dict[str, t.Any]:
    """Look, decide, remove, note."""
    check(module.params)
    apt = Apt(module)
    record = Record(f"packages-{module.params['holder']}")
    noted = record.values.get("packages", [])
    after, choice = decide(module.params, noted, apt)
    if after != noted and not module.check_mode:
        if os.geteuid() != 0:
            raise Refused("ipv6_packages", "only root may note and remove packages", "Run the task with become")
        if choice.removed:
            apt.purge(choice.removed)
        record.values = {"packages": after} if after else {}
        record.save(FileSet(module))
        remove_if_empty(DIRECTORY)
    for name, why in choice.kept.items():
        module.warn(f"The package {name} stays: {why}.")
    return {
        "changed": after != noted,
        "diff": {"before": {"packages": noted}, "after": {"packages": after}},
        "packages": after,
        "removed": list(choice.removed),
        "kept": choice.kept,
    }


def main() -> None:
    conclude(
        AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True),
        run,
        "The packages",
        (OSError, ValueError, AptError),
    )


if __name__ == "__main__":
    main()
