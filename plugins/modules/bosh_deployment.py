#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: bosh_deployment
short_description: Deploy a manifest with a BOSH Director after checking its networks
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Uploads the stemcells and releases that the Director lacks, deploys a manifest, follows the task to its end and
    returns the instances with their addresses, all through the Director's HTTPS API. The C(bosh) command is not needed.
  - Before anything is sent it checks the networks of the instance groups against the Director's cloud configs, which
    the Director itself does only in the middle of the task.
  - Nothing is deployed when the manifest says what it said the last time, and the Director sees no difference either,
    which it would after a change of a cloud or runtime config. After a deployment that has failed it is deployed again.
  - A deployment that is still under way is waited for before anything is compared.
options:
  name:
    description:
      - The deployment. Required with O(state=absent); otherwise the manifest has it.
    type: str
  manifest:
    description:
      - The manifest, as a mapping or as YAML text. Required with O(state=present).
      - Releases in it that have C(url), C(version) and C(sha1) are uploaded when the Director lacks them, as the
        C(bosh) command does.
      - It is sent with sorted keys and with addresses in quotes.
    type: raw
  stemcells:
    description: Stemcells that the Director shall have.
    type: list
    elements: dict
    default: []
    suboptions: &artifact
      name:
        description: The name that the Director lists it by.
        type: str
        required: true
      version:
        description: The version that the Director lists it by.
        type: str
        required: true
      url:
        description: Where the Director fetches it when it does not have this name and version.
        type: str
        required: true
      sha1:
        description: The digest that the Director checks, of SHA-1, or of another kind as V(sha256:...).
        type: str
  releases:
    description: Releases that the Director shall have.
    type: list
    elements: dict
    default: []
    suboptions: *artifact
  cloud_configs:
    description:
      - Cloud configs by name that take the place of those that the Director has, when the networks are judged. Where
        they say something else than these, the deployment counts as one to be updated.
      - With it check mode can look at a deployment before the cloud configs that it needs are uploaded.
    type: dict
    default: {}
  task_timeout:
    description:
      - How many seconds each task may take. The Director goes on with a task that takes longer; the next run waits for
        it.
    type: int
    default: 7200
  force:
    description: With O(state=absent), go on when something of it cannot be deleted.
    type: bool
    default: false
  state:
    description: V(absent) deletes the deployment with its VMs and disks. Stemcells and releases stay.
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
  check_mode:
    details:
      - The rules are applied in check mode too. What a run would be refused for, check mode is refused for.
      - Check mode does not wait for a deployment that is under way, and warns of it.
  diff_mode:
    details:
      - The difference is one of the manifest's lines. When the manifest is the same and a config has changed, it is
        what the Director shows. Values below C(properties), C(env) and C(bosh) are hidden and only marked when they
        change, and URLs are shown without user and query.
notes:
  - While a task runs, what it does is written to the log of the host that runs the module. The result has all of it.
  - O(manifest) is left out of the task's result, also with C(-vvv), as far as it can hold secrets.
seealso:
  - module: routable.ipv6.bosh_config
  - module: routable.ipv6.vsphere_vm_addresses
"""

EXAMPLES = r"""
- name: Run nginx with a static IPv6 address
  routable.ipv6.bosh_deployment:
    director: https://[2001:db8::6]:25555
    client: admin
    client_secret: "{{ vault_bosh_admin }}"
    ca_cert: /etc/bosh/ca.pem
    stemcells:
      - name: bosh-vsphere-esxi-ubuntu-noble
        version: "1.204"
        url: https://example.org/bosh-vsphere-esxi-ubuntu-noble-1.204.tgz
        sha1: 0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33
    manifest:
      name: nginx
      releases:
        - name: nginx
          version: 1.21.6
          url: https://example.org/nginx-release-1.21.6.tgz
          sha1: 62cdb7020ff920e5aa642c3d4066950dd1f01f4d
      stemcells: [{alias: default, os: ubuntu-noble, version: "1.204"}]
      update: {canaries: 1, max_in_flight: 1, canary_watch_time: 30000-600000, update_watch_time: 30000-600000}
      instance_groups:
        - name: nginx
          instances: 1
          azs: [z1]
          vm_type: default
          stemcell: default
          networks: [{name: ipv6, static_ips: ["2001:db8:0:1::100"]}]
          jobs: [{name: nginx, release: nginx, properties: {}}]
  delegate_to: localhost
  register: nginx

- name: Show the address
  ansible.builtin.debug:
    var: nginx.instances[0].addresses

- name: Take it away, with all that BOSH_ variables say
  routable.ipv6.bosh_deployment:
    name: nginx
    state: absent
  delegate_to: localhost
"""

RETURN = r"""
name:
  description: The deployment's name.
  returned: success
  type: str
  sample: nginx
changes:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: ["Upload the release nginx/1.21.6", "Create the deployment nginx"]
instances:
  description: The instances, by group and index. In check mode those before the run.
  returned: success
  type: list
  elements: dict
  contains:
    group:
      description: The instance group.
      type: str
    index:
      description: The number in the group.
      type: int
    id:
      description: The instance's UUID.
      type: str
    az:
      description: The availability zone, null for none.
      type: str
    addresses:
      description: The addresses of the VM, as the Director has given them out.
      type: list
      elements: str
    vm_cid:
      description: What the CPI calls the VM; with vSphere its name. Null for an instance without a VM.
      type: str
  sample:
    - group: nginx
      index: 0
      id: 6f0c8a0e-5f5a-4d1c-9d43-5a7f3f0b9a55
      az: z1
      addresses: ["2001:db8:0:1::100"]
      vm_cid: vm-1d1cf5a2-2f5a-4d8a-8a9e-2b3d5a0f7b11
tasks:
  description: The Director's tasks of this run.
  returned: always, once one was begun
  type: list
  elements: dict
  contains:
    id:
      description: The number.
      type: int
    description:
      description: What the Director calls it.
      type: str
    state:
      description: V(done), or what else became of it.
      type: str
    events:
      description: What it told of its progress, a line for each step.
      type: list
      elements: str
  sample:
    - id: 12
      description: create deployment
      state: done
      events: ["Preparing deployment: Preparing deployment (1/1) finished"]
findings:
  description: What the rules found, whatever was done about it.
  returned: always with O(state=present), once the configs were read
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
      description: The name of the cloud config or of the deployment that it is in.
      type: str
    where:
      description: The place in it.
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
"""

import time
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.routable.ipv6.plugins.module_utils import _bosh_deployment as rules
from ansible_collections.routable.ipv6.plugins.module_utils import _bosh_yaml as bosh_yaml
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_arguments import (
    CONNECTION,
    RULES,
    login,
    own_addresses,
)
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_client import BoshError
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_config import HIDDEN, director_of, same
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_deployment_client import FINAL, DeploymentClient
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks import read_cloud
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_findings import Finding
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_groups import check_instance_groups
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Refused
from ansible_collections.routable.ipv6.plugins.module_utils._seconds import check_seconds

_ARTIFACT = {
    "name": {"type": "str", "required": True},
    "version": {"type": "str", "required": True},
    # Signed ones are secret.
    "url": {"type": "str", "required": True, "no_log": True},
    "sha1": {"type": "str"},
}
ARGUMENTS: dict[str, t.Any] = {
    **CONNECTION,
    "name": {"type": "str"},
    # It may have passwords in it.
    "manifest": {"type": "raw", "no_log": True},
    "stemcells": {"type": "list", "elements": "dict", "default": [], "options": _ARTIFACT},
    "releases": {"type": "list", "elements": "dict", "default": [], "options": _ARTIFACT},
    **RULES,
    "cloud_configs": {"type": "dict", "default": {}},
    "task_timeout": {"type": "int", "default": 7200},
    "force": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
SHOWN_WARNINGS = 20
_LONGEST_PAUSE = 10.0
# A deployment takes long, and a look at it that fails says nothing about it.
_LOST_LOOKS = 5


class Run:
    """One run of the module: what it has found so far is in ``result``, also when it fails."""

    def __init__(self, module: AnsibleModule, result: dict[str, t.Any]) -> None:
        self.module = module
        self.params = module.params
        self.client = DeploymentClient(*login(module.params))
        self.result = result
        # Whether a cloud config is still to be uploaded.
        self.pending = False

    def manifest(self) -> t.Any:
        """What shall be there as data, None for nothing."""
        if self.params["state"] == "absent":
            return None
        manifest = self.params["manifest"]
        if isinstance(manifest, str):
            try:
                return bosh_yaml.load(manifest)
            except bosh_yaml.BadYaml as error:
                raise Refused("manifest", str(error), "Correct it") from error
        return manifest

    def judge(self, name: str, manifest: dict[str, t.Any]) -> None:
        """Apply the rules to the networks.

        :raises Refused: the deployment would fail.
        """
        params = self.params
        info = self.client.info()
        director = director_of(info, params["ignore_missing_gateway"], own_addresses(params["director"]))
        left = rules.variables(manifest)
        if left and not director.config_server:
            some = ", ".join(left[:SHOWN_WARNINGS])
            self.module.warn(f"The Director has no config server and takes these as they are written: {some}.")
        if params["rules"] == "skip" and not params["cloud_configs"]:
            return
        configs = self.cloud_configs()
        if params["rules"] == "skip":
            return
        cloud = read_cloud(configs, director)
        found: list[Finding] = [*cloud.findings]
        if "instance_groups" in manifest:
            found += check_instance_groups(manifest["instance_groups"], cloud, director, name)
        found = [finding for finding in found if finding.rule not in params["accept"]]
        self.result["findings"] = [finding.as_dict() for finding in found]
        refusal = rules.refusal(name, found)
        if refusal is not None and params["rules"] == "enforce":
            raise BoshError(refusal.rstrip("."))
        for finding in found[:SHOWN_WARNINGS]:
            self.module.warn(f"{finding.config}: {finding.sentence}")

    def cloud_configs(self) -> dict[str, t.Any]:
        """The Director's cloud configs by name, with what is about to take their place."""
        configs: dict[str, t.Any] = {}
        for row in self.client.configs("cloud"):
            try:
                configs[str(row.get("name"))] = bosh_yaml.load(str(row.get("content") or ""))
            except bosh_yaml.BadYaml as error:
                self.module.warn(f"The cloud config {row.get('name')} of the Director: {error}.")
        for name, content in self.params["cloud_configs"].items():
            self.pending = self.pending or not same(configs.get(name), content)
            configs[name] = content
        return configs

    def read(self, name: str, manifest: t.Any) -> rules.Found:
        """What the Director has. A task on this deployment that goes on is waited for first."""
        tasks = self.client.tasks(name)
        running = [row for row in tasks if row.get("state") not in FINAL]
        if running and self.module.check_mode:
            self.module.warn(
                f"The Director is at work on {name} (task {running[0]['id']}); this may change the answer."
            )
        elif running:
            for row in reversed(running):
                self.follow(int(row["id"]), fails=False)
            tasks = self.client.tasks(name)
        text = self.client.manifest(name)
        current: t.Any = None
        if text is not None:
            try:
                current = bosh_yaml.load(text)
            except bosh_yaml.BadYaml as error:
                self.module.warn(f"The manifest that the Director has: {error}.")
                current = ""
            # A deployment that has never come to its end has an empty one.
            current = {} if current is None else current
        if manifest is None:
            return rules.Found(current)
        lines, why_not = self.client.diff(name, bosh_yaml.dump(manifest))
        last = tasks[0] if tasks else None
        failed = (
            int(last["id"]) if last is not None and last.get("state") in ("error", "cancelled", "timeout") else None
        )
        have = (self.client.stemcells(), self.client.releases())
        return rules.Found(current, *have, tuple(lines), why_not, failed, self.pending)

    def carry_out(self, change: Change, name: str, manifest: t.Any) -> None:
        if change.action == "upload":
            artifact: rules.Artifact = change.data["artifact"]
            self.follow(self.client.upload(artifact.kind, artifact.url, artifact.sha1))
            have = rules.Found(None, self.client.stemcells(), self.client.releases())
            if not have.has(artifact):
                raise BoshError(f"What the Director has fetched for the {artifact.text} is another {artifact.kind}")
        elif change.action == "deploy":
            self.follow(self.client.deploy(bosh_yaml.dump(manifest)))
        else:
            task = self.client.delete(name, self.params["force"])
            if task is not None:
                self.follow(task)

    def follow(self, identifier: int, fails: bool = True) -> None:
        """Wait until a task is at its end.

        :arg fails: whether its failure is ours.
        """
        begin = time.monotonic()
        pause, lost, told = 0.5, 0, 0
        while True:
            try:
                task = self.client.task(identifier)
                events = self.client.events(identifier)
                lost = 0
            except BoshError as error:
                lost += 1
                if lost > _LOST_LOOKS:
                    raise BoshError(f"{error}, while task {identifier} was followed") from error
                time.sleep(pause)
                continue
            lines = [line for line in map(rules.progress, events) if line is not None]
            for line in lines[told:]:
                self.module.log(f"BOSH task {identifier}: {line}")
            told = len(lines)
            if task["state"] in FINAL:
                break
            gone = time.monotonic() - begin
            if gone >= self.params["task_timeout"]:
                self.record(identifier, task, lines)
                raise BoshError(
                    f"Task {identifier} of the Director ({task.get('description')}) has not ended within "
                    f"{self.params['task_timeout']} s: the Director goes on with it, and the next run waits for it"
                )
            time.sleep(min(pause, self.params["task_timeout"] - gone))
            pause = min(pause * 1.5, _LONGEST_PAUSE)
        self.record(identifier, task, lines)
        if fails and task["state"] != "done":
            why = rules.failure(task, events)
            raise BoshError(
                f"Task {identifier} of the Director ({task.get('description')}) ends in {task['state']}: {why}"
            )

    def record(self, identifier: int, task: dict[str, t.Any], lines: list[str]) -> None:
        row = {"id": identifier, "description": task.get("description"), "state": task["state"], "events": lines}
        self.result.setdefault("tasks", []).append(row)

    def go(self) -> None:
        """Read, judge, plan, apply, read back."""
        params = self.params
        check_seconds("task_timeout", params["task_timeout"])
        manifest = self.manifest()
        artifacts: tuple[rules.Artifact, ...] = ()
        if manifest is None:
            name = params["name"]
        else:
            name = rules.name_of(manifest, params["name"])
            artifacts = rules.artifacts_of(manifest, params["stemcells"], params["releases"])
            self.judge(name, manifest)
        found = self.read(name, manifest)
        plan = rules.plan(name, found, manifest, artifacts, params["force"])
        if not self.module.check_mode:
            for change in plan.changes:
                self.carry_out(change, name, manifest)
        self.result.update(
            changed=plan.changed,
            name=name,
            changes=plan.sentences,
            diff=self.diff(plan.before["manifest"], plan.after["manifest"], found),
            instances=rules.instance_rows(self.client.instances(name)),
        )

    @staticmethod
    def diff(before: t.Any, after: t.Any, found: rules.Found) -> dict[str, str]:
        """The manifest before and after; the Director's own lines when it is another thing that has changed."""
        if before == after and any(status for dummy, status in found.lines):
            marks = {"added": "+", "removed": "-"}
            lines = [f"{marks.get(str(status), ' ')} {text}\n" for text, status in found.lines]
            return {"prepared": "".join(lines)}
        return {
            side: bosh_yaml.dump(shown) if isinstance(shown, dict) and shown else ""
            for side, shown in (("before", before), ("after", after))
        }


def invocation(params: dict[str, t.Any]) -> dict[str, t.Any]:
    """The options for the result, without what can hold a secret and is not marked as one."""
    shown = dict(params)
    if params["manifest"] is not None:
        # Text that is no YAML may have its secrets anywhere.
        shown["manifest"] = rules.shown(params["manifest"]) if isinstance(params["manifest"], dict) else HIDDEN
    for key in ("stemcells", "releases"):
        shown[key] = [rules.shown(one) for one in params[key]]
    if "@" in params["director"]:
        shown["director"] = HIDDEN
    return {"module_args": shown}


def main() -> None:
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        required_if=[("state", "present", ["manifest"]), ("state", "absent", ["name"])],
        supports_check_mode=True,
    )
    # The manifest stays out of the log only: of what is shown, no more is hidden than has to be (see invocation).
    module.no_log_values.intersection_update([module.params["client_secret"]])
    if not bosh_yaml.HAS_YAML:
        module.fail_json(msg=missing_required_lib("PyYAML"), exception=bosh_yaml.YAML_ERROR)
    given = invocation(module.params)
    result: dict[str, t.Any] = {}
    try:
        Run(module, result).go()
    except Refused as error:
        module.fail_json(msg=str(error), invocation=given, **result)
    except BoshError as error:
        module.fail_json(msg=f"{error}.", invocation=given, **result)
    module.exit_json(invocation=given, **result)


if __name__ == "__main__":
    main()
