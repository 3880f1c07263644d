#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ec2_docker_instance
short_description: Launch an instance on AWS with an interface that is there already
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Launches an instance with an elastic network interface (ENI) as its first one, such as
    M(routable.ipv6.eni_ipv6_block) makes. The key pair is imported and the newest image of a name is found first.
  - The ENI knows its instance. One that is attached needs nothing, so a second run launches nothing, whatever the
    instance is called.
options:
  name:
    description:
      - The value of the instance's tag C(Name). With O(state=absent) and no O(eni_id), the ENI of this name is looked
        at.
    type: str
    required: true
  eni_id:
    description:
      - The id of the ENI. In check mode it may be empty, for one that would be created.
    type: str
  instance_type:
    description: The type, for an instance that is to be launched.
    type: str
  image:
    description:
      - The id of an image, or a pattern of names such as V(debian-13-amd64-*), of which the newest image is taken.
    type: str
  image_owners:
    description:
      - The accounts whose images count, by number or as V(amazon), V(self). Debian's is V(136693071363), that of Ubuntu
        V(099720109477). Anybody can publish an image under any name, so a pattern needs this.
    type: list
    elements: str
    default: []
  key_name:
    description: The key pair.
    type: str
  public_key:
    description:
      - The public key to import under O(key_name), unless there is a key pair of this name.
    type: str
  user_data:
    description: What cloud-init gets. It is not shown and not logged.
    type: str
  tags:
    description: Tags of the instance and of the key pair. The tag C(Name) comes from O(name).
    type: dict
  wait_timeout:
    description: How long to wait until it runs, or is terminated, in seconds.
    type: int
    default: 300
  state:
    description:
      - With V(absent) the instance is terminated if this module launched it, and the key pair deleted if this module
        imported it and no other instance has it. The ENI stays.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.changes
  - routable.ipv6._aws
attributes:
  idempotent:
    details:
      - An instance that is there is not compared with O(image), O(instance_type) and the like, which only count when
        one is launched.
  platform:
    support: full
    platforms: posix
notes:
  - Run it on the controller, with C(delegate_to=localhost) or a play with C(connection=local).
  - The keys need the IAM actions C(ec2:DescribeNetworkInterfaces), C(ec2:DescribeInstances), C(ec2:DescribeImages),
    C(ec2:DescribeKeyPairs), C(ec2:ImportKeyPair), C(ec2:RunInstances), C(ec2:CreateTags), C(ec2:TerminateInstances)
    and C(ec2:DeleteKeyPair).
  - For what this module does not know, use M(amazon.aws.ec2_instance) with C(network_interfaces_ids).
seealso:
  - module: routable.ipv6.eni_ipv6_block
  - module: amazon.aws.ec2_instance
"""

EXAMPLES = r"""
- name: An interface for it, and its containers' addresses
  routable.ipv6.eni_ipv6_block:
    name: docker-1
    subnet_id: subnet-0123456789abcdef0
    instance_type: m7i.large
    region: us-east-1
  delegate_to: localhost
  register: eni

- name: Launch it with the ENI
  routable.ipv6.ec2_docker_instance:
    name: docker-1
    eni_id: "{{ eni.eni_id }}"
    instance_type: m7i.large
    image: debian-13-amd64-*
    image_owners: ["136693071363"]
    key_name: operator
    public_key: "{{ lookup('ansible.builtin.file', '~/.ssh/id_ed25519.pub') }}"
    region: us-east-1
  delegate_to: localhost

- name: Terminate it
  routable.ipv6.ec2_docker_instance:
    name: docker-1
    state: absent
  delegate_to: localhost
"""

RETURN = r"""
instance_id:
  description: The id; null in check mode for one that would be launched, and where there is none.
  returned: success
  type: str
  sample: i-0123456789abcdef0
launched:
  description: Whether it was launched by this run, or would be.
  returned: success
  type: bool
  sample: true
terminated:
  description: Whether it was terminated by this run, or would be.
  returned: success
  type: bool
  sample: false
changes:
  description: What was changed, or would be in check mode, as sentences.
  returned: success
  type: list
  elements: str
  sample: ["Launch docker-1, a m7i.large, from debian-13-amd64-20261110-2293"]
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.routable.ipv6.plugins.module_utils import _ec2_instance as plans
from ansible_collections.routable.ipv6.plugins.module_utils import _eni_session as aws
from ansible_collections.routable.ipv6.plugins.module_utils._ec2_account import Account, gone
from ansible_collections.routable.ipv6.plugins.module_utils._eni_errors import Failure
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Plan, Refused
from ansible_collections.routable.ipv6.plugins.module_utils._seconds import check_seconds

ARGUMENTS: dict[str, t.Any] = {
    "name": {"type": "str", "required": True},
    "eni_id": {"type": "str"},
    "instance_type": {"type": "str"},
    "image": {"type": "str"},
    "image_owners": {"type": "list", "elements": "str", "default": []},
    "key_name": {"type": "str"},
    "public_key": {"type": "str", "no_log": False},
    "user_data": {"type": "str", "no_log": True},
    "tags": {"type": "dict"},
    "wait_timeout": {"type": "int", "default": 300},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def instance_of(ec2: Account, wanted: plans.Wanted) -> dict[str, t.Any] | None:
    """The instance that the ENI is attached to."""
    if wanted.eni_id:
        eni = ec2.interface(wanted.eni_id)
        if eni is None:
            raise Refused(f"eni_id={wanted.eni_id}", "there is no such ENI", "Check the id and the region")
        holder = eni.attachment.instance_id if eni.attachment else ""
    else:
        raw = ec2.interface_named(wanted.name)
        holder = str(((raw or {}).get("Attachment") or {}).get("InstanceId", ""))
    found = ec2.instance(holder) if holder else None
    return None if found is None else dict(found)


def present(module: AnsibleModule, ec2: Account, wanted: plans.Wanted) -> tuple[plans.Facts, Plan]:
    if not wanted.eni_id and not module.check_mode:
        raise Refused("eni_id=", "an instance is launched with an ENI", "Set eni_id, as eni_ipv6_block returns it")
    instance = instance_of(ec2, wanted) if wanted.eni_id else None
    facts = plans.Facts(instance)
    if not facts.alive and wanted.image:
        facts = plans.Facts(
            instance,
            tuple(ec2.images(wanted.image_owners, plans.image_filters(wanted))),
            ec2.key_pair(wanted.key_name) if wanted.key_name else None,
        )
    return facts, plans.plan_present(facts, wanted)


def absent(ec2: Account, wanted: plans.Wanted) -> tuple[plans.Facts, Plan]:
    instance = instance_of(ec2, wanted)
    key = ec2.key_pair(wanted.key_name) if wanted.key_name else None
    users: list[str] = []
    if key is not None:
        states = {"key-name": [wanted.key_name], "instance-state-name": ["pending", "running", "stopping", "stopped"]}
        users = [str(one["InstanceId"]) for one in ec2.instances(states)]
    facts = plans.Facts(instance, (), key)
    return facts, plans.plan_absent(facts, wanted, users)


def import_key(ec2: Account, wanted: plans.Wanted) -> None:
    tags = {key: value for key, value in wanted.tags.items() if key != "Name"}
    try:
        ec2.import_key(wanted.key_name, wanted.public_key, tags)
    except Failure as failure:
        # Another host of the same run was faster.
        if failure.code != "InvalidKeyPair.Duplicate":
            raise


def apply(ec2: Account, wanted: plans.Wanted, plan: Plan, timeout: float) -> str | None:
    """:returns: the id of the instance that was launched."""
    launched = None
    for change in plan.changes:
        if change.action == "import_key":
            import_key(ec2, wanted)
        elif change.action == "run":
            launched = str(ec2.run(change.data["parameters"])["InstanceId"])
            ec2.until(launched, ("running",), timeout)
        elif change.action == "terminate":
            ec2.terminate(change.data["id"])
            ec2.until(change.data["id"], ("terminated",), timeout)
        else:
            try:
                ec2.delete_key(wanted.key_name)
            except Failure as failure:
                if not gone(failure):
                    raise
    return launched


def run(module: AnsibleModule) -> dict[str, t.Any]:
    """Read, plan, apply."""
    check_seconds("wait_timeout", module.params["wait_timeout"])
    wanted = plans.Wanted.parse(module.params)
    ec2 = Account(aws.make_client(module.params))
    facts, plan = present(module, ec2, wanted) if module.params["state"] == "present" else absent(ec2, wanted)
    launched = None
    if plan.changed and not module.check_mode:
        launched = apply(ec2, wanted, plan, float(module.params["wait_timeout"]))
    there = facts.instance["InstanceId"] if facts.instance and facts.alive else None
    return {
        **plan.result,
        "instance_id": launched or (there if module.params["state"] == "present" else None),
        "launched": any(change.action == "run" for change in plan.changes),
        "terminated": any(change.action == "terminate" for change in plan.changes),
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec={**ARGUMENTS, **aws.ARGUMENTS},
        **aws.DEPENDENT,
    )
    aws.conclude(module, run)


if __name__ == "__main__":
    main()
