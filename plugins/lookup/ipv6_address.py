# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: ipv6_address
short_description: The address or prefix that a name has
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Reads from the ledger what was given to names with M(routable.ipv6.ipv6_allocate).
  - A name that has nothing is an error, and so is one that stands in several pools when O(pool) does not say which.
extends_documentation_fragment:
  - routable.ipv6._ledger
options:
  _terms:
    description: The names.
    type: list
    elements: str
    required: true
  pool:
    description: The pool to look into. By default any.
    type: str
  part:
    description:
      - What to give of it. V(address) is the first address, V(prefix) has the length behind it, V(suffix) is what lies
        behind the pool's prefix, V(all) is a dictionary as in the result of M(routable.ipv6.ipv6_allocate).
    type: str
    choices: [address, prefix, suffix, all]
    default: address
  allocate:
    description:
      - Whether a name that has nothing is given something, as with M(routable.ipv6.ipv6_allocate). In check mode it is
        told what it would be given.
    type: bool
    default: false
seealso:
  - module: routable.ipv6.ipv6_allocate
"""

EXAMPLES = r"""
- name: The address of the web server
  ansible.builtin.debug:
    msg: "{{ lookup('routable.ipv6.ipv6_address', 'webserver') }}"
  # 2001:db8:0:1::20

- name: The prefixes of two hosts
  ansible.builtin.debug:
    msg: "{{ query('routable.ipv6.ipv6_address', 'docker1', 'docker2', pool='site', part='prefix') }}"
  # ["2001:db8:1::/64", "2001:db8:1:8000::/64"]
"""

RETURN = r"""
_raw:
  description: For each name what was asked for, in the same order.
  type: list
  elements: raw
"""

import os
import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_answers import Entry, entry_of
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_wishes import parse_wish
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.outcomes import Outcome
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.records import LedgerError
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused, printable
from ansible_collections.routable.ipv6.plugins.plugin_utils._allocate import (
    grant,
    is_database,
    opened,
    place_of_ledger,
    run_id,
)


class LookupModule(LookupBase):  # type: ignore[misc]  # Ansible ships no types
    """See DOCUMENTATION."""

    def run(self, terms: list[t.Any], variables: dict[str, t.Any] | None = None, **kwargs: t.Any) -> list[t.Any]:
        given = variables or {}
        self.set_options(var_options=given, direct=kwargs)
        try:
            return [self._part(one) for one in self._outcomes([str(term) for term in terms], given)]
        except (Refused, LedgerError) as error:
            raise AnsibleLookupError(printable(str(error), 4000)) from None

    def _outcomes(self, names: list[str], variables: dict[str, t.Any]) -> list[Outcome]:
        where, pool = self._ledger(variables), self.get_option("pool")
        if self.get_option("allocate"):
            check = bool(variables.get("ansible_check_mode"))
            pools = self.get_option("pools") or self._templar.template(variables.get("ipv6_pools")) or {}
            wishes = [parse_wish(name, pool) for name in names]
            with opened(where, check) as ledger:
                return grant(ledger, wishes, "present", pools, run=run_id(variables), check=check).outcomes
        if not is_database(where) and not os.path.exists(where):
            raise Refused(f"ledger {where}", "there is no such file", "Allocate something first, or correct the path")
        with opened(where, True) as ledger:
            return [self._only(ledger.find(name, pool), name) for name in names]

    def _only(self, found: list[Outcome], name: str) -> Outcome:
        if not found:
            pool = self.get_option("pool")
            where = f"the pool {pool} has" if pool else "the ledger has"
            raise Refused(f"name {name}", f"{where} no allocation for it", "Allocate it first, or correct the name")
        if len(found) > 1:
            pools = ", ".join(outcome.pool.name for outcome in found)
            raise Refused(f"name {name}", f"it is in several pools: {pools}", "Name the pool")
        return found[0]

    def _part(self, outcome: Outcome) -> str | Entry:
        part = self.get_option("part")
        if part == "all":
            return entry_of(outcome)
        value = {"address": outcome.address, "prefix": outcome.prefix, "suffix": outcome.suffix}[part]
        if value is None:
            raise Refused(
                f"name {outcome.name}",
                f"its pool {outcome.pool.name} has no prefix, so it has a suffix only",
                "Ask for part='suffix'",
            )
        return value

    def _ledger(self, variables: dict[str, t.Any]) -> str:
        configured, state = (
            self._templar.template(value)
            for value in (self.get_option("ledger") or variables.get("ipv6_ledger"), variables.get("ipv6_state_dir"))
        )
        return place_of_ledger(
            str(configured) if configured else None,
            str(state) if state else None,
            [str(source) for source in variables.get("ansible_inventory_sources") or []],
            str(variables.get("playbook_dir") or self._loader.get_basedir()),
        )
