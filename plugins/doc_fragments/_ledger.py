# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # Where the ledger is and which pools it has, for all that use it.
    DOCUMENTATION = r"""
options:
  ledger:
    description:
      - The ledger. A path on the controller, where a relative one starts at the inventory, or an address
        C(postgresql://user@host/database), which needs the Python package C(psycopg).
      - By default the variable C(ipv6_ledger). Without that it is the file C(ledger.sqlite) in the state directory,
        which is the variable C(ipv6_state_dir), or C(.ipv6) beside the inventory.
    type: str
  pools:
    description:
      - Pools by name, by default the variable C(ipv6_pools). They are defined as given, and others of the ledger stay
        as they are. A change that would move somebody is refused.
      - C(prefix) is what the pool hands out from. A pool with C(parent) takes a prefix of C(prefix_length) from that
        pool.
      - C(length) is that of what is handed out, V(128) by default, which is a single address.
      - C(strategy) is V(pack) (the lowest that fits, by default), V(sparse) (far apart, in the order of RFC 3531),
        V(hash) (follows from the name) or V(fixed) (requests say which).
      - C(suffix) is V(true) for a pool whose names keep their suffixes when its prefix changes.
      - C(quarantine_days) is how long nobody else gets what was released, by default V(0).
      - C(exclude) is a list of addresses, prefixes, ranges C(a-b), or dictionaries with C(range) and C(reason), which
        are never handed out.
      - C(seed) makes the hashes of one pool differ from those of another.
    type: dict
"""
