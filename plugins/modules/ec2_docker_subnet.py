#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ec2_docker_subnet
short_description: Prepare a subnet on AWS for Docker hosts, with a security group and room for blocks
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Makes a security group that lets ICMPv6 in from itself and whatever else is asked for, and reserves prefixes of the
    subnet for the blocks that M(routable.ipv6.eni_ipv6_block) takes.
  - What is there beside this stays. Any number of runs can do it at once.
options:
  subnet:
    description:
      - The subnet, by its id, the value of its tag C(Name), or its IPv6 range.
    type: str
    required: true
  security_group:
    description:
      - The name of the group, in the VPC of the subnet. Without it none is made.
    type: str
  allow:
    description:
      - What the group lets in beside ICMPv6 from itself. What is allowed already, by a wider rule, too, needs no rule.
    type: list
    elements: dict
    default: []
    suboptions:
      protocol:
        description: The protocol. V(icmpv6) is all of ICMPv6.
        type: str
        choices: [tcp, udp, icmpv6]
        required: true
      ports:
        description: A port or a range of ports, such as V(8000-8099). Not for V(icmpv6).
        type: str
      source:
        description: The prefix from which it is let in.
        type: str
        default: "::/0"
  reservations:
    description:
      - Prefixes of the subnet to reserve explicitly. AWS assigns nothing by itself inside of them, which alone keeps
        the space from breaking up.
    type: list
    elements: str
    default: []
  tags:
    description: Tags of what is made. The tag C(routable-ipv6) is set in any case.
    type: dict
  state:
    description:
      - With V(absent) the group and O(reservations) are taken away if this module made them and no interface is in the
        group.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.changes
  - routable.ipv6._aws
attributes:
  platform:
    support: full
    platforms: posix
notes:
  - Run it on the controller, with C(delegate_to=localhost) or a play with C(connection=local).
  - The keys need the IAM actions C(ec2:DescribeSubnets), C(ec2:DescribeSecurityGroups),
    C(ec2:GetSubnetCidrReservations), C(ec2:CreateSecurityGroup), C(ec2:AuthorizeSecurityGroupIngress),
    C(ec2:CreateSubnetCidrReservation) and C(ec2:CreateTags), and to take it away C(ec2:DescribeNetworkInterfaces),
    C(ec2:DeleteSecurityGroup) and C(ec2:DeleteSubnetCidrReservation).
seealso:
  - module: routable.ipv6.eni_ipv6_block
  - module: routable.ipv6.ec2_docker_instance
"""

EXAMPLES = r"""
- name: A group for Docker hosts, and a /68 of the subnet for their prefixes
  routable.ipv6.ec2_docker_subnet:
    subnet: 2600:1f18:47b:ca03::/64
    security_group: containers
    allow:
      - {protocol: icmpv6}
      - {protocol: tcp, ports: "22", source: "2001:db8::/32"}
      - {protocol: tcp, ports: "443"}
    reservations: ["2600:1f18:47b:ca03:1000::/68"]
    region: us-east-1
  delegate_to: localhost
  register: subnet
"""

RETURN = r"""
subnet_id:
  description: The subnet.
  returned: success
  type: str
  sample: subnet-0123456789abcdef0
vpc_id:
  description: Its VPC.
  returned: success
  type: str
  sample: vpc-0123456789abcdef0
security_group_id:
  description: The group; null where none is asked for, or in check mode one that would be made.
  returned: success
  type: str
  sample: sg-0123456789abcdef0
changes:
  description: What was changed, or would be in check mode, as sentences.
  returned: success
  type: list
  elements: str
  sample: [Create the security group containers, Let in icmpv6 from itself]
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.routable.ipv6.plugins.module_utils import _ec2_surroundings as plans
from ansible_collections.routable.ipv6.plugins.module_utils import _eni_session as aws
from ansible_collections.routable.ipv6.plugins.module_utils._ec2_account import Account, gone
from ansible_collections.routable.ipv6.plugins.module_utils._eni_errors import Failure
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan

ARGUMENTS: dict[str, t.Any] = {
    "subnet": {"type": "str", "required": True},
    "security_group": {"type": "str"},
    "allow": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "protocol": {"type": "str", "choices": list(plans.PROTOCOLS), "required": True},
            "ports": {"type": "str"},
            "source": {"type": "str", "default": "::/0"},
        },
    },
    "reservations": {"type": "list", "elements": "str", "default": []},
    "tags": {"type": "dict"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
# Another run may make the same at the same moment; then it is there when it is read again.
ATTEMPTS = 5
_MEANWHILE = ("InvalidGroup.Duplicate", "InvalidPermission.Duplicate", "InvalidCidrReservation.OverlapExisting")


def read(ec2: Account, wanted: plans.Wanted, absent: bool) -> plans.Facts:
    subnet = plans.the_subnet(ec2.subnets(plans.subnet_filter(wanted.subnet)), wanted.subnet)
    group = None
    if wanted.group:
        found = ec2.security_groups({"vpc-id": [subnet["VpcId"]], "group-name": [wanted.group]})
        group = next((one for one in found if one["GroupName"] == wanted.group), None)
    reservations = ec2.raw_reservations(subnet["SubnetId"]) if wanted.reservations else []
    holders = ec2.group_holders(group["GroupId"]) if group and absent else []
    return plans.Facts(subnet, group, tuple(reservations), tuple(holders))


def apply(ec2: Account, facts: plans.Facts, wanted: plans.Wanted, changes: t.Sequence[Change]) -> str | None:
    """:returns: the id of the group."""
    group_id = facts.group["GroupId"] if facts.group else None
    for change in changes:
        data = change.data
        if change.action == "create_group":
            group_id = ec2.create_group(data["name"], facts.subnet["VpcId"], plans.DESCRIPTION, wanted.tags)
        elif change.action == "allow" and group_id:
            ec2.allow(group_id, [data["rule"].permission(group_id)])
        elif change.action == "reserve":
            ec2.reserve(facts.subnet["SubnetId"], data["cidr"], wanted.tags)
        else:
            try:
                ec2.delete_group(str(group_id)) if change.action == "delete_group" else ec2.release(data["id"])
            except Failure as failure:
                if not gone(failure):
                    raise
    return group_id


def converge(module: AnsibleModule, ec2: Account, wanted: plans.Wanted) -> tuple[plans.Facts, Plan, str | None]:
    absent = module.params["state"] == "absent"
    for attempt in range(1, ATTEMPTS + 1):
        facts = read(ec2, wanted, absent)
        plan = plans.plan_absent(facts, wanted) if absent else plans.plan_present(facts, wanted)
        group_id = facts.group["GroupId"] if facts.group else None
        if module.check_mode or not plan.changed:
            return facts, plan, group_id
        try:
            return facts, plan, apply(ec2, facts, wanted, plan.changes)
        except Failure as failure:
            if failure.code not in _MEANWHILE or attempt == ATTEMPTS:
                raise
            ec2.pause(attempt)
    raise AssertionError


def run(module: AnsibleModule) -> dict[str, t.Any]:
    """Read, plan, apply; again when somebody else was faster."""
    wanted = plans.Wanted.parse(module.params)
    ec2 = Account(aws.make_client(module.params))
    facts, plan, group_id = converge(module, ec2, wanted)
    for warning in plan.warnings:
        module.warn(warning)
    return {
        **plan.result,
        "subnet_id": facts.subnet["SubnetId"],
        "vpc_id": facts.subnet["VpcId"],
        "security_group_id": group_id,
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec={**ARGUMENTS, **aws.ARGUMENTS},
        **aws.DEPENDENT,
    )
    aws.conclude(module, run)


if __name__ == "__main__":
    main()
