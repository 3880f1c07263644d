#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipv6_ledger_netbox
short_description: Exchange prefixes and addresses between the ledger and NetBox
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - With O(direction=publish), NetBox shows what the ledger has given to whom. With O(direction=import), the ledger
    takes over the prefixes and addresses that NetBox has, and hands them out to nobody else.
  - A published object has a label in a custom field, which is the pool and the name as C(pool/name). It is found by its
    label first, and then by its prefix or address. So a run repeated changes nothing, a name that got another address
    keeps its object, and nothing that NetBox has is made a second time.
  - Values are compared as numbers, whatever their spelling.
  - Runs on the controller, over NetBox's REST API. No connection to the host is made, and C(pynetbox) is not needed.
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.changes
  - routable.ipv6._attributes.controller
  - routable.ipv6._ledger
attributes:
  check_mode:
    details:
      - NetBox is only read, and the answers are the real ones. Whether the token may write is found out, too, except
        for deletions, of which NetBox tells nothing before they are done.
options:
  url:
    description:
      - Where NetBox is, with or without C(/api) at its end.
      - Taken from E(NETBOX_API) when it is not given.
    type: str
    required: true
  token:
    description:
      - A token of NetBox's API, of version 1 or 2. It must see all prefixes and addresses in question. What it does not
        see is taken for missing.
      - To publish, its user needs to view custom fields, and to add, change and delete prefixes and IP addresses.
      - Taken from E(NETBOX_TOKEN) when it is not given.
    type: str
    required: true
  validate_certs:
    description: Whether NetBox's certificate must be good.
    type: bool
    default: true
  ca_path:
    description: A file on the controller with the authorities to trust, as PEM.
    type: path
  timeout:
    description: How many seconds NetBox may take to connect, and for each part of an answer.
    type: float
    default: 30
  direction:
    description:
      - V(publish) writes NetBox and only reads the ledger. V(import) writes the ledger and only reads NetBox.
    type: str
    choices: [import, publish]
    required: true
  pools:
    description:
      - For O(direction=import). Pools by name, by default the variable C(ipv6_pools). See
        M(routable.ipv6.ipv6_allocate). They are defined in the transaction that adopts.
  only_pools:
    description:
      - For O(direction=publish). The pools to publish, by default all that have a prefix. Objects of other pools are
        left alone.
    type: list
    elements: str
  custom_field:
    description:
      - The custom field for the labels. It must exist, be of type text, belong to prefixes and IP addresses, and not be
        unique. This is looked at before anything is written.
      - With O(direction=import) it need not exist. Where it has a label, that is the name.
    type: str
    default: routable_name
  vrf:
    description:
      - The VRF, by its route distinguisher or its name. By default the global table. Objects elsewhere are never
        touched.
    type: str
  tenant:
    description: For O(direction=publish). The tenant of what is published, by its slug or its name.
    type: str
  removed:
    description:
      - For O(direction=publish). What becomes of an object with a label of ours that the ledger has no longer. With
        V(deprecated) it stays, and gets that status.
    type: str
    choices: [deleted, deprecated]
    default: deleted
  address_length:
    description:
      - For O(direction=publish). The prefix length that NetBox writes new IP addresses with. Those that exist keep
        theirs.
    type: int
    default: 128
  within:
    description:
      - For O(direction=import). The prefixes to look at, by default those of all pools.
    type: list
    elements: str
  create_pools:
    description:
      - For O(direction=import). Whether prefixes of NetBox become pools of the ledger if they are containers, are
        marked as pools, or have prefixes or addresses in them. Such a pool is a part of the pool around it, is named
        as NetBox describes it, and hands out what it mostly has. One that the ledger or O(pools) has already stays as
        it is.
      - If V(false), everything is adopted in pools that there are.
    type: bool
    default: true
  run:
    description:
      - For O(direction=import). What the journal calls this run. By default the number of the job in AWX, else one that
        is drawn whenever Ansible starts.
    type: str
notes:
  - NetBox 3.5 or later. The API was verified in the sources of 4.6.8.
  - The statuses C(active), C(reserved) and C(quarantine) of the ledger are C(active), C(reserved) and C(deprecated) in
    NetBox. C(container), C(dhcp) and C(slaac) count as active and stay. What is C(deprecated) in NetBox is not
    imported.
  - Two ledgers that publish in the same VRF must not have pools of the same name.
  - Description and comments are written into new objects only, so that what people write there stays.
  - An object that somebody made by hand is labelled, not replaced. One that has another ledger's label is refused, and
    all these are named before anything is written.
  - Whatever is written goes in lists of 100, each of which is a transaction in NetBox. When one fails, it is said what
    was written before, and the next run does the rest.
seealso:
  - module: routable.ipv6.ipv6_allocate
  - plugin: routable.ipv6.netbox_csv
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Take over what NetBox has in our /48
  routable.ipv6.ipv6_ledger_netbox:
    url: https://netbox.example.org
    token: "{{ vault_netbox_token }}"
    direction: import
    within: ["2001:db8::/48"]
  run_once: true

- name: Give addresses to names
  routable.ipv6.ipv6_allocate:
    requests: [webserver, mail]
    pool: web
  run_once: true

- name: Show them in NetBox
  routable.ipv6.ipv6_ledger_netbox:
    url: https://netbox.example.org
    token: "{{ vault_netbox_token }}"
    direction: publish
    only_pools: [web]
    tenant: web-team
    removed: deprecated
  run_once: true
"""

RETURN = r"""
created:
  description: How many objects were made in NetBox.
  returned: with O(direction=publish)
  type: int
updated:
  description: How many objects were changed in NetBox.
  returned: with O(direction=publish)
  type: int
deleted:
  description: How many objects were deleted in NetBox.
  returned: with O(direction=publish)
  type: int
changes:
  description: What was done in NetBox, a sentence for each object.
  returned: with O(direction=publish)
  type: list
  elements: str
  sample: ["Create 2001:db8:0:1::20 for web/webserver."]
adopted:
  description: How many allocations are new in the ledger, or have another state.
  returned: with O(direction=import)
  type: int
count:
  description: How many allocations NetBox has that lie in pools.
  returned: with O(direction=import)
  type: int
pools:
  description: The pools that were made from NetBox's prefixes.
  returned: with O(direction=import)
  type: list
  elements: str
skipped:
  description: What NetBox has in no pool.
  returned: with O(direction=import)
  type: list
  elements: str
duplicates:
  description: What NetBox has more than once. It is never made once more.
  returned: success
  type: list
  elements: str
ledger:
  description: Where the ledger is, without a password.
  returned: success
  type: str
  sample: /home/alice/site/.ipv6/ledger.sqlite
run:
  description: What the journal calls this run.
  returned: with O(direction=import)
  type: str
direction:
  description: As given.
  returned: success
  type: str
netbox_version:
  description: The version that NetBox says it is.
  returned: success
  type: str
  sample: 4.6.8
"""
