#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipv6_allocate
short_description: Give names prefixes and addresses, for good
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - A name that asks for a prefix or an address gets one, and the same one on every later run, from any controller. What
    was given, reserved or released is written in a ledger, together with who did it in which run.
  - The ledger is a file beside the inventory, or a PostgreSQL database for several controllers. It never gives the same
    address twice, whatever runs at the same time.
  - A task is one transaction. Either all its requests are granted or none, and pools are defined in the same
    transaction. Give many names in one task instead of a loop.
  - Runs on the controller. No connection to the host is made.
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.changes
  - routable.ipv6._attributes.controller
  - routable.ipv6._ledger
attributes:
  check_mode:
    details:
      - The answers are the real ones. The same is done as in a run, and rolled back.
options:
  requests:
    description:
      - Who wants something. A list of names and dictionaries, or a dictionary from names to what else a request says
        (a dictionary, an address or a suffix as text, or nothing).
      - C(name) is unique in its pool. Required.
      - C(pool) is by default O(pool). Without any, it is the pool that holds the address, or that has the name already,
        or the only one there is.
      - C(address), C(prefix) or C(suffix) (V(::20)) says which one; the pool's strategy chooses if none is given.
      - C(length) is that of the prefix, by default the pool's C(length).
      - C(prefer) is where a new name is put if that place is in the pool and free. Names that the ledger knows stay.
      - C(move) lets a name that has another place leave it. The former place is released as with O(state=absent).
        Without it the task fails, so that nobody is moved unawares.
      - C(owner) says for whom it is, C(meta) is a dictionary for your own use.
      - C(generation) is that of the allocation which a release is meant for. The task fails when it has changed since.
      - C(force) takes what is in quarantine, and releases without quarantine.
    type: raw
  requests_file:
    description:
      - A file on the controller with requests. It has a name or a JSON object in each line, or is a JSON list.
      - For very many names, together with O(result=file). Ansible needs more time to pass 100,000 names to a task and
        back than the ledger needs to serve them.
    type: path
  group:
    description:
      - A group of the inventory whose hosts all want something, whatever the run is limited to. Each is named and owned
        after its host.
      - With O(source=inventory) the hosts whose variables are read, by default all.
    type: str
  source:
    description:
      - Where to read what exists already, for O(state=adopted) and O(state=verified).
      - V(inventory) reads the O(variables) of hosts.
      - V(docker) reads what C(docker network inspect) prints, or the result of M(routable.ipv6.docker_ipv6_info).
      - V(ip_addr) reads what C(ip -6 -j addr) prints. Names begin with O(owner), which is best the host's name.
      - V(bosh_cloud_config) reads the ranges of the subnets in a BOSH cloud config, V(bosh_reserved) the gateways and
        reserved runs in these ranges.
      - V(csv) reads a table with the columns C(name), C(address) or C(prefix), and optionally C(pool) and C(owner).
      - V(netbox) reads a CSV export of NetBox, or an answer of its API, of prefixes or of IP addresses.
    type: str
    choices: [inventory, docker, ip_addr, bosh_cloud_config, bosh_reserved, csv, netbox]
  content:
    description: The document to read, as text or as data.
    type: raw
  content_file:
    description: A file on the controller with the document to read.
    type: path
  variables:
    description:
      - Variables with an address or a prefix, or with a list of dictionaries with C(name) and C(address). For
        O(source=inventory).
    type: list
    elements: str
    default: [docker_host_prefix]
  network:
    description: Only this network of Docker or BOSH.
    type: str
    default: ""
  pool:
    description: The pool of requests that name none.
    type: str
  owner:
    description: For whom the requests are that name nobody.
    type: str
  owners:
    description:
      - Who shall have nothing any more, with O(state=absent). All that is active or reserved for one of these owners is
        released, whatever its name, in O(pool) or, without it, in all pools.
      - What is named in O(requests) is released as well.
    type: list
    elements: str
    default: []
  state:
    description:
      - With V(present), the names have what they asked for.
      - With V(reserved), it is held for them and not yet in use.
      - With V(absent), it is released, and with O(owners) all that these have. It stays in quarantine for as many days
        as its pool says, and a name that comes back in that time gets it again.
      - With V(adopted), they keep the places that they have already. All that clashes is reported at once, and then
        nothing is adopted.
      - With V(verified), what is said is compared with the ledger, and the ledger with itself. Nothing is written. The
        task fails when there are findings.
    type: str
    choices: [present, absent, reserved, adopted, verified]
    default: present
  drop_pools:
    description: Pools to take out of the ledger, after the requests. They must be empty.
    type: list
    elements: str
    default: []
  provider:
    description:
      - A program on the controller, with its arguments, that is asked for what no pool can serve. These are requests of
        a full pool, of a pool with the strategy V(fixed) that name no address, and those that belong to no pool.
      - It gets the request as a JSON object on its standard input, with C(name), C(pool), C(length), C(owner), C(meta),
        C(reason) and C(check_mode), and prints an address. This is bare text, or a JSON object with C(address),
        C(prefix) or C(suffix) and optionally C(pool), C(owner) and C(meta).
      - The answer is checked and recorded like any other, in the pool that holds it. So the program is asked once for
        each name. It is asked in check mode, too.
      - A relative path starts at the playbook.
    type: raw
  provider_timeout:
    description: How many seconds the program may take for an answer.
    type: float
    default: 30
  result:
    description: Whether the allocations are returned or written to a file.
    type: str
    choices: [inline, file]
    default: inline
  result_file:
    description: A file on the controller for the allocations, a JSON list. Required with O(result=file).
    type: path
  run:
    description:
      - What the journal calls this run. By default the number of the job in AWX, else one that is drawn whenever
        Ansible starts.
    type: str
seealso:
  - plugin: routable.ipv6.ipv6_address
    plugin_type: lookup
"""

EXAMPLES = r"""
# group_vars/all.yml
#   ipv6_pools:
#     site: {prefix: "2001:db8:1::/48", length: 64, strategy: sparse}
#     web: {prefix: "2001:db8:0:1::/64", suffix: true, quarantine_days: 30}

- name: A /64 for each host of a group, and addresses for names
  routable.ipv6.ipv6_allocate:
    requests:
      - name: webserver
        pool: web
        suffix: "::20"
      - name: mail
        pool: web
        owner: mail team
    group: docker_hosts
    pool: site
  run_once: true
  register: ipv6

- name: Use them
  ansible.builtin.debug:
    msg: "{{ ipv6.allocations.webserver.address }} and {{ ipv6.allocations[inventory_hostname].prefix }}"

- name: Release an address, if it is still the one that was looked at
  routable.ipv6.ipv6_allocate:
    state: absent
    requests:
      - name: webserver
        pool: web
        generation: "{{ ipv6.allocations.webserver.generation }}"
  run_once: true

- name: Release all that a host has had, whatever the names were
  routable.ipv6.ipv6_allocate:
    state: absent
    owners: [docker3]
  run_once: true

- name: Look at Docker
  routable.ipv6.docker_ipv6_info:
  register: docker

- name: Take over the addresses of the containers that run
  routable.ipv6.ipv6_allocate:
    state: adopted
    source: docker
    content: "{{ docker }}"
    owner: "{{ inventory_hostname }}"

- name: Very many names
  routable.ipv6.ipv6_allocate:
    requests_file: names.txt
    pool: web
    result: file
    result_file: addresses.json
  run_once: true

- name: Ask a program for what is not given here
  routable.ipv6.ipv6_allocate:
    requests: [webserver]
    pool: elsewhere   # {prefix: "2001:db8:ffff::/48", strategy: fixed}
    provider: files/ask-the-network-team.py --zone dmz
  run_once: true
"""

RETURN = r"""
allocations:
  description:
    - The allocations by name. A name that was asked for in several pools is C(pool/name) in each of them.
  returned: with O(result=inline), and not with O(state=verified)
  type: dict
  sample:
    webserver:
      name: webserver
      pool: web
      address: 2001:db8:0:1::20
      prefix: null
      suffix: "::20"
      length: 128
      state: active
      owner: ""
      meta: {}
      generation: 7
      changed: false
    docker1:
      name: docker1
      pool: site
      address: null
      prefix: 2001:db8:1::/64
      suffix: null
      length: 64
      state: active
      owner: docker1
      meta: {}
      generation: 9
      changed: true
by_pool:
  description: The same by pool, then by name.
  returned: as RV(allocations)
  type: dict
allocation_list:
  description:
    - The same as a list, in the order of the requests. C(address) has a value for a single address, C(prefix) for
      others. Both are null for what is absent, and in a pool of suffixes that has no prefix. C(state) is V(active),
      V(reserved), V(quarantine) or V(absent).
  returned: as RV(allocations)
  type: list
  elements: dict
result_file:
  description: The file with the list.
  returned: with O(result=file)
  type: str
count:
  description: How many requests there were. Each allocation of O(owners) counts as one.
  returned: success
  type: int
pools:
  description: All pools of the ledger by name, each as it can be defined.
  returned: success, and not with O(state=verified)
  type: dict
  sample:
    web:
      prefix: 2001:db8:0:1::/64
      length: 128
      strategy: pack
      suffix: true
      quarantine_days: 30
findings:
  description: What is not as it should be, a sentence each.
  returned: with O(state=verified)
  type: list
  elements: str
ledger:
  description: Where the ledger is, without a password.
  returned: success
  type: str
  sample: /home/alice/site/.ipv6/ledger.sqlite
run:
  description: What the journal calls this run.
  returned: success, and not with O(state=verified)
  type: str
actor:
  description: Who the journal says it was.
  returned: success, and not with O(state=verified)
  type: str
  sample: alice@controller
"""
