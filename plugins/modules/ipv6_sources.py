#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipv6_sources
short_description: See whether a host reaches its packages and images, and keep apt to IPv6 where IPv4 leads nowhere
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Tries a connection to each server that apt's sources name, and to registries of images, over IPv6 and over IPv4, all
    at the same time and for a few seconds. What cannot be reached is reported in one sentence, before anything waits
    for it.
  - A host whose IPv4 leads nowhere, such as an instance on AWS without a public IPv4 address, may still have an IPv4
    address and a route. apt then waits for minutes at each of a source's IPv4 addresses. This module tells apt to keep
    to IPv6 there.
  - Where apt uses a proxy, the proxy is tried in place of the sources behind it. On a host without apt only
    O(registries) are tried.
options:
  packages:
    description: Whether apt's sources are looked at.
    type: bool
    default: true
  force:
    description:
      - Whether apt is made to keep to IPv6. V(auto) is where a source answers over IPv6 and nothing over IPv4. Where
        nothing answers at all, it is left as it is.
    type: str
    choices: [auto, always, never]
    default: auto
  replace:
    description:
      - Hosts in the URIs of apt's sources, each with another one to take its place, for servers that have no IPv6
        address.
    type: dict
    default: {}
  registries:
    description:
      - Registries from which images will come, each as a host, as a host and a port, or as the URL of a mirror.
        V(docker.io) is Docker Hub.
    type: list
    elements: str
    default: []
  timeout:
    description: How many seconds all of the connections may take together, the look-up of names included.
    type: int
    default: 5
  required:
    description:
      - Whether the task fails where something cannot be reached. Nothing is written then. With V(false) a warning says
        so.
    type: bool
    default: true
  state:
    description: With V(absent) apt's files are as they were, unless somebody else has changed them since.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.changes
  - routable.ipv6._attributes.linux
attributes:
  check_mode:
    details:
      - The connections are tried in check mode, too.
  idempotent:
    details:
      - With O(force=auto) what is written follows from what answers.
notes:
  - A connection proves that a server is there, not that it has what is asked for.
  - Behind NAT64 with DNS64 a server that has only IPv4 answers over IPv6, as it does to apt.
seealso:
  - module: routable.ipv6.docker_ipv6_daemon
"""

EXAMPLES = r"""
- name: Find packages on an instance without IPv4, in Ubuntu's worldwide archive instead of the region's own
  routable.ipv6.ipv6_sources:
    replace:
      us-east-1.ec2.archive.ubuntu.com: archive.ubuntu.com

- name: Say early where images cannot come from
  routable.ipv6.ipv6_sources:
    packages: false
    registries: [docker.io, "registry.example.org:5000"]
"""

RETURN = r"""
sources:
  description: What came of each connection. The servers are those after O(replace).
  returned: state=present
  type: list
  elements: dict
  contains:
    host:
      description: The server.
      type: str
    port:
      description: Its port.
      type: int
    origin:
      description: The file that names it, V(apt's proxy) or V(registries).
      type: str
    ipv6:
      description: V(it answers), or what came instead.
      type: str
    ipv4:
      description: The same over IPv4.
      type: str
  sample:
    - host: deb.debian.org
      port: 80
      origin: /etc/apt/sources.list.d/debian.sources
      ipv6: it answers
      ipv4: nothing answers
forced:
  description: Whether apt keeps to IPv6 because of this module, or would after a run.
  returned: success
  type: bool
  sample: true
changes:
  description: What was changed, or would be in check mode, as sentences.
  returned: success
  type: list
  elements: str
  sample: ["Write /etc/apt/apt.conf.d/99routable-ipv6, so that apt keeps to IPv6."]
"""

import os
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.routable.ipv6.plugins.module_utils import _sources as rules
from ansible_collections.routable.ipv6.plugins.module_utils import _sources_client as client
from ansible_collections.routable.ipv6.plugins.module_utils._files import FileSet, read_text
from ansible_collections.routable.ipv6.plugins.module_utils._outcome import conclude
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Plan, Refused
from ansible_collections.routable.ipv6.plugins.module_utils._record import Record
from ansible_collections.routable.ipv6.plugins.module_utils._seconds import check_seconds

ARGUMENTS: dict[str, t.Any] = {
    "packages": {"type": "bool", "default": True},
    "force": {"type": "str", "choices": list(rules.FORCES), "default": "auto"},
    "replace": {"type": "dict", "default": {}},
    "registries": {"type": "list", "elements": "str", "default": []},
    "timeout": {"type": "int", "default": 5},
    "required": {"type": "bool", "default": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def apt_config(module: AnsibleModule) -> str | None:
    """What apt is set to; None on a host without apt."""
    path = module.get_bin_path("apt-config")
    if path is None:
        return None
    dummy, out, dummy = module.run_command([path, "dump"], check_rc=True)
    return str(out)


def planned(module: AnsibleModule) -> tuple[Plan, dict[str, t.Any]]:
    wanted = rules.Wanted.parse(module.params)
    check_seconds("timeout", module.params["timeout"], 1, 60)
    config = apt_config(module)
    files = client.source_files() if config is not None and wanted.packages else {}
    texts = {path: rules.replaced(text, wanted.replace) for path, text in files.items()}
    asked = [*rules.sources(texts, config or ""), *wanted.registries]
    seen = client.look(asked, module.params["timeout"])
    plan = rules.plan(files, read_text(rules.CONF), wanted, seen, config is not None)
    return plan, {"sources": [one.as_dict() for one in seen]}


def apply(module: AnsibleModule, plan: Plan, record: Record, present: bool) -> None:
    """All files or none."""
    files = FileSet(module)
    try:
        for change in plan.changes:
            path, before, after = (change.data[key] for key in ("path", "before", "after"))
            if after is None:
                files.remove(path)
            else:
                files.write(path, after)
            if not present or (after is None and record.before(path) is None):
                record.forget(path)
            else:
                record.wrote(path, before, after)
        if not present:
            record.files.clear()
        record.save(files)
    except OSError:
        files.restore()
        raise


def run(module: AnsibleModule) -> dict[str, t.Any]:
    """Look, plan, write."""
    record = Record("ipv6-sources")
    present = module.params["state"] == "present"
    more: dict[str, t.Any] = {}
    if present:
        plan, more = planned(module)
        for warning in record.foreign(change.data["path"] for change in plan.changes):
            module.warn(warning)
    else:
        texts = {path: read_text(path) for path in record.files}
        plan = rules.plan_absent(
            {path: (now, record.untouched(path, now), record.before(path)) for path, now in texts.items()}
        )
    if plan.changed and not module.check_mode:
        if os.geteuid() != 0:
            raise Refused("ipv6_sources", "only root may write apt's files", "Run the task with become")
        apply(module, plan, record, present)
    for warning in plan.warnings:
        module.warn(warning)
    conf = plan.after.get(rules.CONF, read_text(rules.CONF))
    return {
        **plan.result,
        "forced": conf is not None,
        **more,
    }


def main() -> None:
    conclude(
        AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True),
        run,
        "The sources of packages and images",
        (OSError, ValueError),
    )


if __name__ == "__main__":
    main()
