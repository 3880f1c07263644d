#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: eni_ipv6_block
short_description: A network interface on AWS with a block of IPv6 addresses, or a prefix, for containers
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Gives an elastic network interface (ENI) a primary IPv6 address for the instance, and beside it either a block of
    addresses that is aligned to a CIDR boundary, or a delegated prefix. Docker takes the block as C(fixed-cidr-v6).
  - A free block is found by reading what the subnet has. When somebody else takes it first, the next one is tried, so
    that any number of runs can allocate in one subnet at once.
  - Everything is checked before anything is written. When AWS refuses a step, the steps before it are undone.
  - An ENI is found by its name, and one that is in use can be given a block, too.
options:
  name:
    description:
      - The value of the ENI's tag C(Name), by which it is found again. More than one ENI with this name is an error.
      - Required to create an ENI. One of O(name) and O(eni_id) is required.
      - The addresses that are not given follow from this name as long as they are free.
    type: str
  eni_id:
    description: The id of an ENI that exists.
    type: str
  subnet_id:
    description:
      - The subnet to create the ENI in. With it, O(name) is looked for in this subnet only, else in the whole region.
    type: str
  mode:
    description:
      - V(block) assigns single addresses, V(prefix) delegates a /80, which counts as one address and has room for any
        number of containers. Only types of the Nitro System can have prefixes.
      - V(auto) keeps what the ENI has. Otherwise it is V(block) if O(block_prefix_length) is a number, and else
        V(prefix) where the instance type is of the Nitro System.
    type: str
    choices: [auto, block, prefix]
    default: auto
  block_prefix_length:
    description:
      - The length of the block, from 127 (2 addresses) to 123 (32 addresses).
      - V(auto) keeps the block that the ENI has. Otherwise it is the largest one that the instance type allows.
      - Docker keeps the first address of a block and gives the second one to its bridge, so a /126 serves two
        containers.
    type: str
    default: auto
  block:
    description:
      - This very block or prefix instead of a free one.
    type: str
  primary_address:
    description:
      - The instance's own address. Without it the flagged address or the lowest one outside of the block is taken as
        it, or a free one is found.
    type: str
  enable_primary_ipv6:
    description:
      - Set AWS' flag on the primary address, which load balancers want for IPv6 targets. AWS does not take it back.
    type: bool
  instance_type:
    description:
      - The type of the instance that the ENI is for. It says how many addresses the ENI may have and whether it may
        have prefixes. AWS itself says so only when the ENI is attached.
      - Without it, the type of the instance that the ENI is attached to, or will be, is looked up when it is needed.
    type: str
  reservations:
    description:
      - Explicit IPv6 CIDR reservations of the subnet, by id or by prefix, that were made for such blocks. Nothing
        outside of them is taken then.
      - Without it, explicit reservations with a tag C(routable-ipv6) of any value are preferred. All others are
        avoided.
      - AWS assigns nothing by itself inside of an explicit reservation, so this alone keeps blocks from breaking up.
    type: list
    elements: str
    default: []
  allow_private:
    description: Take addresses of a private IPv6 range, too, which is not routed on the internet.
    type: bool
    default: false
  purge_addresses:
    description: Take away the addresses and prefixes of the ENI that are not asked for.
    type: bool
    default: false
  private_ip_address:
    description: The ENI's first IPv4 address. It cannot be changed later.
    type: str
  description:
    description: The ENI's description.
    type: str
  security_groups:
    description:
      - Security groups, by id or by name. Without any, an ENI keeps those that it has, and a new one gets the default
        one.
    type: list
    elements: str
    default: []
  source_dest_check:
    description:
      - Whether AWS drops what is not from or to an address of the ENI. The block and the prefix are the ENI's, so this
        can stay on.
    type: bool
  tags:
    description: Tags of the ENI, set as it is created. The tag C(Name) comes from O(name).
    type: dict
    aliases: [resource_tags]
  purge_tags:
    description: Take away tags that are not in O(tags). Without O(tags), all stay.
    type: bool
    default: true
  instance_id:
    description: The instance for O(attached=true).
    type: str
  device_index:
    description: The index on the instance, for O(attached=true) and for the launch-ready results.
    type: int
    default: 0
  attached:
    description:
      - V(true) attaches the ENI to O(instance_id), V(false) detaches it. Without it nothing of that happens.
    type: bool
  force_detach:
    description:
      - Detach the ENI from the instance that it is attached to, to move it or to delete it. The first ENI of an
        instance cannot be detached.
    type: bool
    default: false
  delete_on_termination:
    description: Whether the ENI is deleted with the instance that it is attached to.
    type: bool
  wait:
    description:
      - Wait until AWS has carried out what was asked for. What the next step depends on is waited for in any case.
    type: bool
    default: true
  wait_timeout:
    description: How long to wait for each step, in seconds.
    type: int
    default: 300
  state:
    description: With V(absent) the ENI is deleted.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.changes
  - routable.ipv6._aws
attributes:
  check_mode:
    details:
      - The block that would be taken is shown. Somebody else can take it before the run.
  platform:
    support: full
    platforms: posix
notes:
  - Run it on the controller, with C(delegate_to=localhost) or a play with C(connection=local).
  - In block mode the primary address and the block come in one call, so a lost race leaves nothing behind. A prefix
    needs a second call, since EC2 does not take both at once. A run that is killed in between is completed by the next
    one.
  - AWS reserves the first four addresses of a subnet and the last one. The first /126 is therefore C(::4), the first
    /125 C(::8) and the first /80 C(::1:0:0:0).
  - cloud-init writes all addresses of an ENI onto the instance's NIC, and the host then answers for its containers. In
    block mode the block must be taken off the NIC again. A delegated prefix is left alone by cloud-init.
  - The keys need the IAM actions C(ec2:DescribeNetworkInterfaces), C(ec2:DescribeSubnets),
    C(ec2:DescribeSecurityGroups), C(ec2:DescribeInstanceTypes), C(ec2:DescribeInstances), C(ec2:DescribeRouteTables),
    C(ec2:GetSubnetCidrReservations), C(ec2:CreateNetworkInterface), C(ec2:DeleteNetworkInterface),
    C(ec2:AssignIpv6Addresses), C(ec2:UnassignIpv6Addresses), C(ec2:ModifyNetworkInterfaceAttribute),
    C(ec2:AttachNetworkInterface), C(ec2:DetachNetworkInterface), C(ec2:CreateTags) and C(ec2:DeleteTags).
  - What differs from M(amazon.aws.ec2_eni) is that secondary IPv4 addresses are left alone.
seealso:
  - module: routable.ipv6.docker_ipv6_daemon
  - module: amazon.aws.ec2_eni
  - module: amazon.aws.ec2_instance
"""

EXAMPLES = r"""
- name: An ENI with an address for the instance and a prefix for its containers
  routable.ipv6.eni_ipv6_block:
    name: docker-1
    subnet_id: subnet-0123456789abcdef0
    instance_type: m7i.large
    security_groups: [containers]
    region: us-east-1
  delegate_to: localhost
  register: eni

- name: Launch the instance with it
  amazon.aws.ec2_instance:
    name: docker-1
    image_id: ami-0123456789abcdef0
    instance_type: m7i.large
    network_interfaces_ids: "{{ eni.amazon_aws_network_interfaces_ids }}"
    region: us-east-1
  delegate_to: localhost

- name: An ENI with four addresses for Docker, and the addresses themselves chosen
  routable.ipv6.eni_ipv6_block:
    name: instance-1
    subnet_id: subnet-0123456789abcdef0
    mode: block
    primary_address: 2600:1f18:47b:ca03::1:1
    block: 2600:1f18:47b:ca03::8/126
    tags:
      project: containers
  delegate_to: localhost

- name: A block of the largest size that fits, out of a reservation made for blocks
  routable.ipv6.eni_ipv6_block:
    name: docker-2
    subnet_id: subnet-0123456789abcdef0
    mode: block
    instance_type: r5d.large
    reservations: ["2600:1f18:47b:ca03:1::/80"]
  delegate_to: localhost

- name: Delete an ENI, also when it is attached
  routable.ipv6.eni_ipv6_block:
    name: docker-2
    force_detach: true
    state: absent
  delegate_to: localhost
"""

RETURN = r"""
eni_id:
  description: The id; null in check mode for one that would be created.
  returned: success
  type: str
  sample: eni-0123456789abcdef0
mac:
  description: The hardware address.
  returned: state=present
  type: str
  sample: 02:1a:2b:3c:4d:5e
status:
  description: The status, such as V(available) or V(in-use).
  returned: state=present
  type: str
  sample: available
private_ip_address:
  description: The first IPv4 address.
  returned: state=present
  type: str
  sample: 10.0.0.17
instance_id:
  description: The instance that the ENI is attached to.
  returned: state=present
  type: str
  sample: i-0123456789abcdef0
subnet_id:
  description: The subnet.
  returned: state=present
  type: str
  sample: subnet-0123456789abcdef0
vpc_id:
  description: The VPC.
  returned: state=present
  type: str
  sample: vpc-0123456789abcdef0
ipv6_subnet_cidr:
  description: The subnet's IPv6 range that the addresses are from.
  returned: state=present
  type: str
  sample: 2600:1f18:47b:ca03::/64
mode:
  description: V(block) or V(prefix).
  returned: state=present
  type: str
  sample: block
primary:
  description: The instance's own address.
  returned: state=present
  type: dict
  contains:
    address:
      description: The address.
      type: str
    with_prefixlen:
      description: The address with the length of the subnet's range.
      type: str
  sample: {address: "2600:1f18:47b:ca03::1:1", with_prefixlen: "2600:1f18:47b:ca03::1:1/64"}
block:
  description: The block or the prefix.
  returned: state=present
  type: dict
  contains:
    cidr:
      description: In CIDR form.
      type: str
    first:
      description: The first address.
      type: str
    last:
      description: The last address.
      type: str
    addresses:
      description: All addresses; empty for a delegated prefix, which has too many.
      type: list
      elements: str
  sample:
    cidr: 2600:1f18:47b:ca03::8/126
    first: 2600:1f18:47b:ca03::8
    last: 2600:1f18:47b:ca03::b
    addresses: ["2600:1f18:47b:ca03::8", "2600:1f18:47b:ca03::9", "2600:1f18:47b:ca03::a", "2600:1f18:47b:ca03::b"]
docker:
  description: What Docker makes of it.
  returned: state=present
  type: dict
  contains:
    fixed_cidr_v6:
      description: The value for C(fixed-cidr-v6).
      type: str
    gateway:
      description: The address of Docker's bridge.
      type: str
    container_count:
      description: How many containers have an address.
      type: int
    container_addresses:
      description: Their addresses; empty for a delegated prefix.
      type: list
      elements: str
    daemon_json:
      description:
        - Keys for F(/etc/docker/daemon.json) of Docker 20.10 or newer. Docker's own IPv6 firewall is off, since from 27
          on it masquerades containers, so close their ports with M(routable.ipv6.ipv6_firewall).
      type: dict
  sample:
    fixed_cidr_v6: 2600:1f18:47b:ca03::8/126
    gateway: 2600:1f18:47b:ca03::9
    container_count: 2
    container_addresses: ["2600:1f18:47b:ca03::a", "2600:1f18:47b:ca03::b"]
    daemon_json: {ipv6: true, fixed-cidr-v6: "2600:1f18:47b:ca03::8/126", ip6tables: false}
netplan:
  description: What the instance's netplan needs when it does without DHCPv6.
  returned: state=present
  type: dict
  contains:
    match_mac:
      description: The hardware address.
      type: str
    addresses:
      description: The primary address with its length.
      type: list
      elements: str
    routes:
      description: The default route by the VPC's router, which answers on C(fe80:ec2::1) in each subnet.
      type: list
      elements: dict
  sample:
    match_mac: 02:1a:2b:3c:4d:5e
    addresses: ["2600:1f18:47b:ca03::1:1/64"]
    routes: [{to: default, via: "fe80:ec2::1"}]
limits:
  description:
    - What the instance type allows, and how many addresses and prefixes the ENI has. Null where O(instance_type) is not
      given and did not have to be looked up.
  returned: state=present
  type: dict
  contains:
    type:
      description: The instance type.
      type: str
    max:
      description: How many addresses and prefixes one ENI may have.
      type: int
    used:
      description: How many it has.
      type: int
    nitro:
      description: Whether the type is of the Nitro System.
      type: bool
  sample: {type: r5d.large, max: 10, used: 5, nitro: true}
run_instances_network_interfaces:
  description: For C(NetworkInterfaces) of boto3's RunInstances.
  returned: state=present
  type: list
  elements: dict
  sample: [{DeviceIndex: 0, NetworkInterfaceId: eni-0123456789abcdef0}]
amazon_aws_network_interfaces_ids:
  description: For C(network_interfaces_ids) of M(amazon.aws.ec2_instance).
  returned: state=present
  type: list
  elements: dict
  sample: [{id: eni-0123456789abcdef0, device_index: 0}]
attempts:
  description: How many times something was written; more than one if somebody else took the addresses first.
  returned: success
  type: int
  sample: 1
api_calls:
  description: How many calls of each kind were made.
  returned: success
  type: dict
  sample: {DescribeNetworkInterfaces: 1, DescribeSubnets: 1}
changes:
  description: What was changed, or would be in check mode, as sentences.
  returned: success
  type: list
  elements: str
  sample: ["Delegate the prefix 2600:1f18:47b:ca03:1::/80"]
"""

import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.routable.ipv6.plugins.module_utils import _eni_session as aws
from ansible_collections.routable.ipv6.plugins.module_utils._eni_client import Ec2
from ansible_collections.routable.ipv6.plugins.module_utils._eni_converge import Converger
from ansible_collections.routable.ipv6.plugins.module_utils._eni_wanted import Wanted
from ansible_collections.routable.ipv6.plugins.module_utils._seconds import check_seconds

ARGUMENTS: dict[str, t.Any] = {
    "name": {"type": "str"},
    "eni_id": {"type": "str"},
    "subnet_id": {"type": "str"},
    "mode": {"type": "str", "choices": ["auto", "block", "prefix"], "default": "auto"},
    "block_prefix_length": {"type": "str", "default": "auto"},
    "block": {"type": "str"},
    "primary_address": {"type": "str"},
    "enable_primary_ipv6": {"type": "bool"},
    "instance_type": {"type": "str"},
    "reservations": {"type": "list", "elements": "str", "default": []},
    "allow_private": {"type": "bool", "default": False},
    "purge_addresses": {"type": "bool", "default": False},
    "private_ip_address": {"type": "str"},
    "description": {"type": "str"},
    "security_groups": {"type": "list", "elements": "str", "default": []},
    "source_dest_check": {"type": "bool"},
    "tags": {"type": "dict", "aliases": ["resource_tags"]},
    "purge_tags": {"type": "bool", "default": True},
    "instance_id": {"type": "str"},
    "device_index": {"type": "int", "default": 0},
    "attached": {"type": "bool"},
    "force_detach": {"type": "bool", "default": False},
    "delete_on_termination": {"type": "bool"},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 300},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def run(module: AnsibleModule) -> dict[str, t.Any]:
    """Read, plan, apply, read back."""
    params = module.params
    check_seconds("wait_timeout", params["wait_timeout"])
    wanted = Wanted.parse(params)
    ec2 = Ec2(aws.make_client(params))
    converger = Converger(ec2, wanted, module.check_mode, params["wait"], float(params["wait_timeout"]))
    result = converger.present() if params["state"] == "present" else converger.absent()
    for warning in result.warnings:
        module.warn(warning)
    return {
        "changed": result.changed,
        "diff": {"before": result.before, "after": result.after},
        "changes": result.sentences,
        "attempts": result.attempts,
        "api_calls": ec2.requests,
        **result.outputs,
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec={**ARGUMENTS, **aws.ARGUMENTS},
        required_one_of=[("name", "eni_id")],
        **aws.DEPENDENT,
    )
    aws.conclude(module, run)


if __name__ == "__main__":
    main()
