#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bosh_config
short_description: Upload a named config to a BOSH Director after checking its networks
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Keeps a named cloud, runtime or CPI config of a BOSH Director as it is stated here, through the Director's HTTPS
    API. The C(bosh) command is not needed.
  - A Director checks nothing of a cloud config when it is uploaded. What is wrong comes out at the next deployment,
    whichever that is, since all cloud configs are read together; then nothing can be deployed until it is corrected.
    This module reads the Director's other cloud configs first and refuses what a deployment would fail at, with the
    Director's own error and what to do instead. It also refuses what the Director takes without a word and cannot use,
    and what makes this version of it slow.
  - Configs are compared by what they say. Another order of keys, other quotes or a comment are no change.
options:
  type:
    description: What the config is about.
    type: str
    choices: [cloud, runtime, cpi]
    default: cloud
  name:
    description: The name of the config.
    type: str
    default: default
  content:
    description:
      - The config, as a mapping or as YAML text. Required with O(state=present).
      - An address that is not in quotes can be something else by the time that it gets here, since Ansible takes an
        address of eight decimal groups for a number. That is noticed and refused. In YAML text it stays an address.
      - It is sent with sorted keys and with addresses in quotes.
    type: raw
  expected_latest_id:
    description:
      - Change the config only if this is the id of its latest version, V(0) for none.
      - Without it the version that this module has read is the one that is expected, so that a change somebody else
        makes at the same time is never overwritten. Directors before 266.2.0 do not look at it.
    type: str
  state:
    description:
      - V(absent) takes all versions of the config away. It is refused like a change when other cloud configs need what
        is in it.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.changes
  - routable.ipv6._attributes.python
  - routable.ipv6._bosh
  - routable.ipv6._bosh.rules
attributes:
  diff_mode:
    details:
      - The difference is one of YAML lines. In runtime and CPI configs values below C(properties) and C(env) are hidden
        and only marked when they change.
notes:
  - The Director's version counts. Before 282.0.10 it expands all reserved and static addresses, so a large range takes
    minutes or for ever. From 282.0.10 on, a long list of single reserved addresses does. From 282.1.1 on, so do many
    static addresses.
  - With O(state=absent) the Director has no way to say which version is to be deleted, so the id is compared
    immediately before.
  - O(content) of runtime and CPI configs is left out of the task's result, also with C(-vvv).
"""

EXAMPLES = r"""
- name: Give BOSH an IPv6 network
  routable.ipv6.bosh_config:
    director: https://[2001:db8::6]:25555
    client: admin
    client_secret: "{{ vault_bosh_admin }}"
    ca_cert: /etc/bosh/ca.pem
    name: ipv6
    content:
      networks:
        - name: ipv6
          type: manual
          subnets:
            - range: "2001:db8:0:1::/64"
              gateway: "2001:db8:0:1::1"
              dns: ["2001:4860:4860::8888"]
              reserved: ["2001:db8:0:1::1 - 2001:db8:0:1::ff"]
              static: ["2001:db8:0:1::100 - 2001:db8:0:1::13f"]
              azs: [z1]
              cloud_properties: {name: IPv6}
  delegate_to: localhost

- name: Upload a config from a file, with all that BOSH_ variables say
  routable.ipv6.bosh_config:
    type: runtime
    name: dns
    content: "{{ lookup('ansible.builtin.file', 'runtime/dns.yml') }}"
  delegate_to: localhost

- name: Two networks share a range on purpose
  routable.ipv6.bosh_config:
    name: ipv6
    content: "{{ lookup('ansible.builtin.file', 'networks.yml') }}"
    accept: [range_shared]
  delegate_to: localhost

- name: Take the network away
  routable.ipv6.bosh_config:
    name: ipv6
    state: absent
  delegate_to: localhost
"""

RETURN = r"""
id:
  description: The id of the config's latest version, V(0) for none. In check mode it is that before the run.
  returned: success
  type: str
  sample: "12"
previous_id:
  description: The id before the run, V(0) for none.
  returned: success
  type: str
  sample: "11"
changes:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: ["Replace the cloud config ipv6 (id 11)"]
director:
  description: The Director that was talked to.
  returned: success
  type: dict
  contains:
    name:
      description: Its name.
      type: str
    uuid:
      description: Its UUID.
      type: str
    version:
      description: Its version.
      type: str
    cpi:
      description: The name of its default CPI.
      type: str
  sample:
    name: bosh-1
    uuid: 4f4f4f4f-0000-4000-8000-000000000001
    version: 283.1.6 (00000000)
    cpi: vsphere_cpi
findings:
  description: What the rules found, whatever was done about it.
  returned: always, once the configs were read
  type: list
  elements: dict
  contains:
    rule:
      description: The rule's name, for O(accept).
      type: str
    level:
      description: V(error) or V(warning).
      type: str
    config:
      description: The name of the config that it is in, which can be another one.
      type: str
    where:
      description: The place in the config.
      type: str
    value:
      description: What stands there, null where something is missing.
      type: str
    message:
      description: What is wrong and what to do about it.
      type: str
    director_error:
      description: What the Director calls it, null when it says nothing about it.
      type: str
    director_code:
      description: The number of that error.
      type: int
  sample: []
first_addresses:
  description:
    - What the Director hands out first to VMs that name no address, for each subnet of a manual network in this config.
      VMs that there are already are not counted.
  returned: success, for a cloud config without errors
  type: list
  elements: dict
  contains:
    network:
      description: The network's name.
      type: str
    range:
      description: The subnet's range as it is written in the config.
      type: str
    addresses:
      description: The first three, or fewer when there are no more.
      type: list
      elements: str
  sample:
    - network: ipv6
      range: "2001:db8:0:1::/64"
      addresses: ["2001:db8:0:1::140", "2001:db8:0:1::141", "2001:db8:0:1::142"]
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.routable.ipv6.plugins.module_utils import _bosh_config as config
from ansible_collections.routable.ipv6.plugins.module_utils import _bosh_yaml as bosh_yaml
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_arguments import (
    CONNECTION,
    RULES,
    login,
    own_addresses,
)
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_client import (
    BoshError,
    Conflict,
    DirectorClient,
)
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks import first_addresses
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_findings import Director, Finding
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Refused

ARGUMENTS: dict[str, t.Any] = {
    **CONNECTION,
    "type": {"type": "str", "choices": list(config.TYPES), "default": "cloud"},
    "name": {"type": "str", "default": "default"},
    # That of a CPI config has passwords in it.
    "content": {"type": "raw", "no_log": True},
    "expected_latest_id": {"type": "str"},
    **RULES,
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
PREDICTED = 3
# A config with thousands of mistakes has one reason, and nobody reads thousands of lines.
SHOWN_WARNINGS = 20


class Rejected(Exception):
    """Findings that stand in the way."""

    def __init__(self, text: str, findings: list[Finding]) -> None:
        super().__init__(text)
        self.findings = findings


def wanted_content(params: dict[str, t.Any]) -> t.Any:
    """What shall be there as data, None for nothing."""
    if params["state"] == "absent":
        return None
    content, what = params["content"], f"The {params['type']} config {params['name']}"
    if isinstance(content, str):
        try:
            content = bosh_yaml.load(content)
        except bosh_yaml.BadYaml as error:
            raise Refused(what, str(error), "Correct it") from error
    if not isinstance(content, dict):
        raise Refused(what, f"a config is a mapping, and this is {type(content).__name__}", "Give a mapping")
    return config.normalized(params["type"], content)


def read_all(module: AnsibleModule, client: DirectorClient) -> tuple[dict[str, t.Any], dict[str, str], str]:
    """The content and the id of each config of the type, by name; and this one's content as text."""
    contents: dict[str, t.Any] = {}
    ids: dict[str, str] = {}
    own = ""
    for row in client.configs(module.params["type"]):
        name, text = str(row.get("name")), str(row.get("content") or "")
        ids[name] = str(row["id"])
        if name == module.params["name"]:
            own = text
        try:
            contents[name] = bosh_yaml.load(text)
        except bosh_yaml.BadYaml as error:
            # Somebody got it into the Director, so replacing it must be possible.
            contents[name] = text
            module.warn(f"The {module.params['type']} config {name} of the Director: {error}.")
    return contents, ids, own


def carry_out(client: DirectorClient, change: Change, wanted: t.Any) -> str:
    """Send the change; the id afterwards."""
    kind, name, latest = change.data["kind"], change.data["name"], change.data["latest"]
    if change.action == "update":
        row = client.update_config(kind, name, bosh_yaml.dump(wanted), latest)
        if not config.same(config.normalized(kind, bosh_yaml.load(str(row.get("content")))), wanted):
            raise BoshError(f"{client.who} has stored something else than was sent as {kind} config {name}")
        return str(row["id"])
    now = next((str(row["id"]) for row in client.configs(kind) if row.get("name") == name), "0")
    if now not in (latest, "0"):
        raise Conflict(f"{client.who} has a newer version ({now}) than the one that was read ({latest})")
    client.delete_config(kind, name)
    return "0"


def predicted(content: dict[str, t.Any], director: Director) -> list[dict[str, t.Any]]:
    return [
        {
            "network": network.get("name"),
            "range": subnet.get("range"),
            "addresses": first_addresses(subnet, director, PREDICTED),
        }
        for network in content.get("networks") or []
        if isinstance(network, dict) and network.get("type", "manual") == "manual"
        for subnet in network.get("subnets") or []
        if isinstance(subnet, dict)
    ]


def run(module: AnsibleModule) -> dict[str, t.Any]:
    """Read, judge, plan, apply."""
    params = module.params
    kind, name = params["type"], params["name"]
    wanted = wanted_content(params)
    client = DirectorClient(*login(params))
    info = client.info()
    contents, ids, text = read_all(module, client)
    current, latest = contents.get(name), ids.get(name, "0")
    plan = config.plan(kind, name, current, latest, wanted, params["expected_latest_id"])
    director = config.director_of(info, params["ignore_missing_gateway"], own_addresses(params["director"]))
    findings: list[Finding] = []
    refusal = None
    if kind == "cloud" and params["rules"] != "skip" and (wanted is not None or current is not None):
        others = {key: value for key, value in contents.items() if key != name}
        findings = config.judge(name, wanted, current, others, director, params["accept"])
        refusal = config.refusal(findings)
        if refusal is not None and params["rules"] == "enforce":
            raise Rejected(refusal, findings)
    for finding in findings[:SHOWN_WARNINGS]:
        module.warn(f"{kind} config {finding.config}: {finding.sentence}")
    identifier = latest
    if not module.check_mode:
        for change in plan.changes:
            identifier = carry_out(client, change, wanted)
    result = {
        "changed": plan.changed,
        "diff": {
            side: as_text(shown["content"], text if kind == "cloud" else config.HIDDEN)
            for side, shown in (("before", plan.before), ("after", plan.after))
        },
        "id": identifier,
        "previous_id": latest,
        "changes": plan.sentences,
        "director": {key: info.get(key) for key in ("name", "uuid", "version", "cpi")},
        "findings": [finding.as_dict() for finding in findings],
    }
    if kind == "cloud" and wanted is not None and refusal is None and params["rules"] != "skip":
        result["first_addresses"] = predicted(wanted, director)
    return result


def as_text(content: t.Any, unreadable: str) -> str:
    """YAML lines; a config that is no YAML is shown as it is."""
    return unreadable if isinstance(content, str) else bosh_yaml.dump(content)


def invocation(params: dict[str, t.Any]) -> dict[str, t.Any]:
    """The options for the result, without what can hold a secret and is not marked as one."""
    shown = dict(params)
    if params["type"] != "cloud" and params["content"] is not None:
        shown["content"] = config.HIDDEN
    if "@" in params["director"]:
        shown["director"] = config.HIDDEN
    return {"module_args": shown}


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS, required_if=[("state", "present", ["content"])], supports_check_mode=True
    )
    # The content stays out of the log only: of what is shown, no more is hidden than has to be (see invocation).
    module.no_log_values.intersection_update([module.params["client_secret"]])
    if not bosh_yaml.HAS_YAML:
        module.fail_json(msg=missing_required_lib("PyYAML"), exception=bosh_yaml.YAML_ERROR)
    given = invocation(module.params)
    try:
        result = run(module)
    except Rejected as error:
        findings = [finding.as_dict() for finding in error.findings]
        module.fail_json(msg=str(error), findings=findings, invocation=given)
    except Refused as error:
        module.fail_json(msg=str(error), invocation=given)
    except Conflict as error:
        module.fail_json(
            msg=f"{error}. Nothing was written; run the task again to see the difference.", invocation=given
        )
    except BoshError as error:
        module.fail_json(msg=f"{error}.", invocation=given)
    else:
        module.exit_json(invocation=given, **result)


if __name__ == "__main__":
    main()
