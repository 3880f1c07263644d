# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What Docker hosts ask of a ledger: a prefix for each host, and an address for each of its names.

The prefix of a host is an allocation in the host's pool, under its inventory name. A nested pool of the same name lives
in it and has the named addresses. It is a suffix pool, so they stay whatever becomes of the host's prefix, and excludes
all but the static part of the host's user-defined network.

What a host has without a ledger it keeps: a prefix that is given is asked for, what is derived is preferred.
"""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._allocation import Pool, parse_pool
from ansible_collections.routable.ipv6.plugins.module_utils._docker_host import (
    HOST_PREFIX_LENGTH,
    LONGEST_FOR_BOTH,
    LONGEST_FOR_ONE,
    derived_prefix,
    plan,
    suffix_space,
)
from ansible_collections.routable.ipv6.plugins.module_utils._docker_host_input import Wanted, read
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused


def requests_of(asked: t.Sequence[t.Mapping[str, t.Any]]) -> dict[str, t.Any]:
    """The options ``pools`` and ``requests`` of the module ipv6_allocate for these hosts.

    :arg asked: for each host the input of its plan, and ``pool`` and ``pools`` as documented for the filter
        ``docker_host_requests``.
    :raises Refused: a value that cannot work, or two definitions of one pool.
    """
    pools: dict[str, t.Any] = {}
    # A template may give what is read but once.
    asked = [] if isinstance(asked, (str, t.Mapping)) or not isinstance(asked, t.Iterable) else list(asked)
    if not asked or not all(isinstance(one, t.Mapping) for one in asked):
        raise Refused("the hosts", "a list of dictionaries is needed, one for each host", "Give such a list")
    for one in asked:
        absent = [key for key in ("pool", "pools") if key not in one]
        if absent:
            raise Refused(f"host={one.get('host')}", f"it has no {' and no '.join(absent)}", "Give both")
        for name, definition in one["pools"].items():
            if pools.setdefault(name, definition) != definition:
                raise Refused(f"pool {name}", "it is defined in two ways for the hosts of this run", "Define it once")
    nested: dict[str, t.Any] = {}
    requests: list[dict[str, t.Any]] = []
    for one in asked:
        given = {key: value for key, value in one.items() if key not in ("pool", "pools")}
        name = str(one["pool"])
        if name not in pools:
            raise Refused(f"docker_host_pool={name}", "ipv6_pools has no such pool", "Define it, or correct the name")
        wanted, pool = read(given), parse_pool(name, pools[name])
        if wanted.host in pools:
            raise Refused(
                f"pool {wanted.host}", "a Docker host has this name, and a pool of its own under it", "Rename the pool"
            )
        request, length, where = _prefix(given, wanted, pool)
        names, excluded = suffix_space(wanted, length)
        nested[wanted.host] = {
            **where,
            "suffix": True,
            "strategy": "hash",
            "quarantine_days": pool.quarantine_days,
            "exclude": [{"range": text, "reason": reason} for text, reason in excluded],
        }
        requests += request
        for entry in wanted.names:
            chosen = entry.address is not None or entry.suffix is not None
            place = {"suffix": names[entry.name], "move": True} if chosen else {"prefer": names[entry.name]}
            requests.append({"name": entry.name, "pool": wanted.host, "owner": wanted.host, **place})
    return {"pools": {**pools, **nested}, "requests": requests}


def _prefix(
    given: t.Mapping[str, t.Any], wanted: Wanted, pool: Pool
) -> tuple[list[dict[str, t.Any]], int, dict[str, t.Any]]:
    """What a host asks of its pool, how long its prefix is, and where its own pool is in the ledger."""
    # The owner that the ledger itself gives to what a nested pool takes.
    request: dict[str, t.Any] = {"name": wanted.host, "pool": pool.name, "owner": f"pool {wanted.host}"}
    if wanted.prefix is not None:
        plan(given)  # refuses before the ledger is touched
        where: dict[str, t.Any] = {"prefix": str(wanted.prefix)}
        # One of another provider is none of the pool's.
        inside = pool.prefix is None or wanted.prefix.subnet_of(pool.prefix)
        return [], wanted.prefix.prefixlen, {**where, "parent": pool.name} if inside else where
    derived = derived_prefix(wanted)
    if derived is not None and (pool.prefix is None or derived.subnet_of(pool.prefix)):
        plan(given)
        where = {"parent": pool.name, "prefix_length": HOST_PREFIX_LENGTH}
        return [{**request, "prefer": str(derived), "length": HOST_PREFIX_LENGTH}], HOST_PREFIX_LENGTH, where
    longest = LONGEST_FOR_BOTH if wanted.network == "both" else LONGEST_FOR_ONE
    if pool.length > longest:
        raise Refused(
            f"pool {pool.name}: length={pool.length}",
            f"the prefix of a Docker host is a /{longest} or shorter",
            f"Give the pool length: {HOST_PREFIX_LENGTH}",
        )
    return [request], pool.length, {"parent": pool.name, "prefix_length": pool.length}
