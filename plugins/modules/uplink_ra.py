#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: uplink_ra
short_description: Keep router advertisements on the uplink of a host that forwards
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - A host that forwards IPv6 is a router, and a router ignores router advertisements. The kernel deletes an advertised
    default route the moment forwarding is turned on, and Docker turns it on with its first IPv6 network. The host then
    is unreachable until somebody notices.
  - This module finds out who takes router advertisements on the uplink, tells that one to go on with it while
    forwarding, and only then turns forwarding on. Both are kept over a reboot.
  - When the default route is missing already, routers are solicited for a new advertisement. When the route is lost
    after a change nevertheless, all is put back as it was and the module fails.
  - The addresses, the prefixes and the router that it finds are returned, so that no other task has to look for them.
options:
  interface:
    description:
      - The interface towards the provider's router. A name with dots, as a VLAN has, is fine.
      - It is not guessed, since a host that has lost its default route would have nothing to guess from.
    type: str
    required: true
  owner:
    description:
      - Who takes router advertisements on the interface.
      - V(auto) finds out. Anything else is for hosts on which that fails, and is refused when the one that is named
        does not manage the interface.
    type: str
    choices: [auto, kernel, ifupdown, networkd, netplan, networkmanager]
    default: auto
  forwarding:
    description:
      - Turn C(net.ipv6.conf.all.forwarding) on and keep it on, after router advertisements are secured.
      - With V(false) forwarding is left as it is.
    type: bool
    default: true
  holder:
    description:
      - Who needs this, by a name such as that of a role. With O(state=absent) it is taken away with its last holder.
      - When empty, nobody in particular needs it, and O(state=absent) takes it away whoever else does.
    type: str
    default: ""
  state:
    description:
      - With V(absent) what the module has written is taken away and former values are brought back.
      - Forwarding is turned off again only if this module turned it on and no bridge with an IPv6 address needs it.
        Where the host goes on forwarding, the running C(accept_ra) stays until the next boot, so that the default route
        is not lost at once.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.changes
attributes:
  check_mode:
    details:
      - Whether a router answers a solicitation can be known only by sending one, so a missing route is still missing in
        the result of check mode.
  idempotent:
    details:
      - A host whose uplink has no router at all is solicited again in each run, which counts as a change.
  platform:
    support: full
    platforms: Linux
requirements:
  - iproute2 on the target, and nmcli where NetworkManager runs
notes:
  - "Owner V(kernel): nobody else manages the interface. The kernel gets C(accept_ra) 2, in F(/etc/sysctl.d) and at
    once. The same goes for a NetworkManager connection with C(ipv6.method) V(ignore), for a device that NetworkManager
    only watches (C(connected (externally))), and for C(inet6 manual) or no C(inet6) stanza in ifupdown."
  - "Owner V(ifupdown): C(inet6 auto) writes C(accept_ra) 2 by itself, C(inet6 dhcp) writes 1, and C(inet6 static)
    writes nothing; ifup of ifupdown 0.8.44 was seen to do just that. The last two get the line C(accept_ra 2), changed
    in place, and the interface is not taken down. ifupdown2 is another program and not supported."
  - "Owner V(networkd): systemd-networkd takes router advertisements in its own code and sets the kernel's
    C(accept_ra) to 0, which is left alone. It does not mind that forwarding is turned on: its default route stayed on
    versions 252, 257 and 262. Only its own settings matter, so unless C(IPv6AcceptRA=yes) is there already, a drop-in
    says it."
  - "networkd is not told to read the drop-in while it has an advertised route. C(networkctl reconfigure) takes the
    route away for about one second on 252, 257 and 262, C(networkctl reload) does the same on 252. Where networkd
    takes no advertisements yet, it is restarted, which keeps all routes on the three versions."
  - "Owner V(netplan): as V(networkd), with the drop-in in F(/etc/systemd/network/10-netplan-ID.network.d), which
    survives C(netplan apply) and a reboot. C(netplan apply) itself is not called, since from netplan 1.1 on it takes
    the route away for about one second. With the renderer NetworkManager it is as V(networkmanager), where netplan
    writes C(ipv6.method) V(auto) only for C(dhcp6: true) and otherwise V(ignore), also with C(accept-ra: true)."
  - "Owner V(networkmanager): NetworkManager takes router advertisements in its own code too and sets C(accept_ra) to 0.
    With C(ipv6.method) V(auto) and V(dhcp) its route stayed on versions 1.42, 1.52 and 1.58 while forwarding was turned
    on and after a restart, so nothing is to be done."
  - "An interface with a static default route and none from a router advertisement loses nothing by forwarding. Only
    forwarding is turned on then."
  - The file F(/etc/sysctl.d/99-zz-routable-ipv6-INTERFACE.conf) is written with slashes instead of dots, since only
    that spelling works with procps and systemd alike when the interface's name has a dot. udev applies it again when
    the interface appears late.
  - The module warns of files that speak against it, such as a hardening file that turns forwarding off after ours, or a
    C(.network) file that matches Docker's bridges.
"""

EXAMPLES = r"""
- name: Keep the host's default route when Docker turns forwarding on
  routable.ipv6.uplink_ra:
    interface: ens3
  register: uplink

- name: Show the router and the provider's prefix
  ansible.builtin.debug:
    msg: "{{ uplink.router }} advertises {{ uplink.on_link_prefixes }}"

- name: Secure a second uplink without touching forwarding
  routable.ipv6.uplink_ra:
    interface: ens4.100
    forwarding: false

- name: Give the uplink back
  routable.ipv6.uplink_ra:
    interface: ens3
    state: absent
"""

RETURN = r"""
owner:
  description: Who takes router advertisements on the interface.
  returned: success
  type: str
  sample: networkd
evidence:
  description: By what the owner was found, as a sentence.
  returned: success
  type: str
  sample: systemd-networkd manages ens3 by /etc/systemd/network/10-uplink.network.
default_routes:
  description: The host's IPv6 default routes, best first.
  returned: success
  type: list
  elements: dict
  contains:
    interface:
      description: The interface.
      type: str
    gateway:
      description: The next hop.
      type: str
    protocol:
      description: What brought it. V(ra) is a router advertisement, whoever took it.
      type: str
    metric:
      description: The metric.
      type: int
  sample:
    - interface: ens3
      gateway: fe80::1
      protocol: ra
      metric: 1024
addresses:
  description: The IPv6 addresses on the interface in CIDR form, link-local ones included.
  returned: success
  type: list
  elements: str
  sample: ["2001:db8:0:1:5054:ff:fe12:3456/64", "fe80::5054:ff:fe12:3456/64"]
on_link_prefixes:
  description: The prefixes that the interface reaches without a router.
  returned: success
  type: list
  elements: str
  sample: ["2001:db8:0:1::/64"]
router:
  description:
    - The next hop of the interface's default route, the link-local one if there are several. Null where there is none.
  returned: success
  type: str
  sample: fe80::1
holders:
  description: Who needs the uplink kept, O(holder) of all tasks so far.
  returned: success
  type: list
  elements: str
  sample: [docker_host, vultr_ndp]
changes:
  description: What was done, or would be done in check mode, in order.
  returned: success
  type: list
  elements: str
  sample:
    - Write /etc/sysctl.d/99-zz-routable-ipv6-ens3.conf
    - Set net/ipv6/conf/ens3/accept_ra from 1 to 2
    - Set net/ipv6/conf/all/forwarding from 0 to 1
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.routable.ipv6.plugins.module_utils._outcome import carry_out
from ansible_collections.routable.ipv6.plugins.module_utils._uplink_converge import TASK


def main() -> None:
    carry_out(AnsibleModule(argument_spec=TASK.arguments, supports_check_mode=True), TASK)


if __name__ == "__main__":
    main()
