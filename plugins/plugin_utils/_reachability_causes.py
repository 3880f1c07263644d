# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is PRIVATE to the collection: its content can change without notice.

"""Why an endpoint does not answer as claimed: what was observed, which cause that points at, and where to look.

Pure functions. docs/reachability.md lists the causes.
"""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._probe import (
    FILTERED,
    NO_NEIGHBOUR,
    NO_ROUTE,
    OPEN,
    PROHIBITED,
    REFUSED,
    UNREACHABLE,
)

Result = t.Mapping[str, t.Any]
Cause = t.Dict[str, str]

# Where to look, by cause. The order is that of docs/reachability.md.
LOOK = {
    "no_neighbour": (
        "The last router asked for the address on its link and nobody answered. On {behind}: does the NDP proxy run "
        "(ip -6 neigh show proxy; systemctl status 'routable-ipv6-ndp-*' ndppd), and is the address in its prefix?"
    ),
    "no_route": (
        "A router on the way, or the vantage point itself, does not know the prefix. Does the provider send it to "
        "{behind}? traceroute -6 from the vantage point shows where the way ends"
    ),
    "filtered": (
        "A firewall drops it: on {behind} (nft list ruleset; ip6tables -S; is the port in docker_host_addresses?), in "
        "the endpoint itself, or the provider's"
    ),
    "refused": "The packet arrives and nothing listens there. Does the program listen on [::], and not on 127.0.0.1?",
    "silent": (
        "Nothing at all comes back: a firewall drops everything, or the answer is lost on its way. On {behind}, "
        "tcpdump -ni any icmp6 shows which"
    ),
    "gateway": (
        "What the endpoint sends cannot leave. Its default gateway must be an address that {behind} holds (docker "
        "network inspect), and {behind} needs a default route of its own (ip -6 route show default)"
    ),
    "wrong_source": (
        "It is seen with another address than its own: NAT66 on {behind} (nft list ruleset | grep -E "
        "'masquerade|snat'; ip6tables -t nat -S; the network's option gateway_mode_ipv6), or a second address in it"
    ),
    "open": (
        "What must be closed can be reached: look at the firewall in front of it on {behind} (nft list table ip6 "
        "routable_containers)"
    ),
    "mtu": (
        "Packets of this size do not come through: a link on the way is narrower than is claimed, or a firewall drops "
        "Packet Too Big (ICMPv6 type 2). tracepath -6 from the vantage point shows where"
    ),
    "container": "On {behind}: docker ps --all, docker inspect and docker logs. Run again the play that starts it",
    "ipv4": (
        "The host gets an answer over IPv4 and this does not. On {behind}: sysctl net.ipv4.ip_forward; iptables -S; "
        "iptables -t nat -S; and its own route to the bridge"
    ),
    "not_asked": (
        "{behind} could not be asked, or nobody listened at the vantage point: run again with {behind} in reach, and "
        "see that a firewall lets verify_observer_port into the vantage point"
    ),
    "other": "traceroute -6 from the vantage point shows where the way ends",
}
_SAID = {NO_NEIGHBOUR: "no_neighbour", NO_ROUTE: "no_route", PROHIBITED: "filtered"}
# The answer is lost: what points at these is explained by a way out that does not exist.
_LOST = ("silent", "filtered", "gateway")


def causes(
    endpoint: Result,
    answer: Result,
    source: Result | None,
    ipv4: Result | None,
    looked: Result | None,
    trouble: str | None,
) -> list[Cause]:
    """What one vantage point's failures of one endpoint point at; nothing when there are none.

    :arg answer: what ``ipv6_probe`` gave on the vantage point.
    :arg source: ``{ok, expected, seen, reason}``, or None.
    :arg ipv4: ``{ok, to, reason}``, or None.
    :arg looked: what ``ipv6_probe`` gave on the host about the endpoint's container, None when it gave nothing.
    :arg trouble: what the host said about the container, or why it could not be asked; None when all is well there.
    :returns: rows of ``{cause, what, observed}``; ``what`` is the part of the claim, as ``ping`` or ``tcp/80``.
    """
    found = [*_of_echoes(answer), *_of_ports(answer), *_of_source(source, looked, _is_dead(answer))]
    if found and trouble is not None and looked is not None:
        # All else follows from it.
        found = [_cause("container", "container", trouble)]
    route = _misrouted(endpoint, looked)
    if route is not None and any(cause["cause"] in _LOST for cause in found):
        kept = [cause for cause in found if cause["cause"] not in _LOST]
        found = [_cause("gateway", "route", route), *kept]
    elif any(cause["cause"] == "gateway" for cause in found):
        found = [cause for cause in found if cause["cause"] not in ("silent", "filtered")]
    if ipv4 is not None and ipv4["ok"] is False:
        found.append(_cause("ipv4", "ipv4", f"IPv4: {ipv4['reason']}"))
    return found


def _cause(cause: str, what: str, observed: str) -> Cause:
    return {"cause": cause, "what": what, "observed": observed}


def _said(reason: str) -> str:
    """The cause behind what a router, a kernel, or nobody said."""
    return _SAID.get(reason) or ("silent" if reason.startswith("no answer") else "other")


def _is_dead(answer: Result) -> bool:
    """Whether the address should answer a ping and does not."""
    return answer["ping"] is not None and not answer["ping"]["answered"]


def _of_echoes(answer: Result) -> t.Iterator[Cause]:
    ping, mtu = answer["ping"], answer["mtu"]
    if _is_dead(answer):
        yield _cause("no_route" if answer["local"] is None else _said(ping["reason"]), "ping", ping["reason"])
    elif mtu is not None and not mtu["answered"]:
        yield _cause("mtu", "mtu", f"packet of {mtu['bytes']} bytes: {mtu['reason']}")


def _of_ports(answer: Result) -> t.Iterator[Cause]:
    dead = _is_dead(answer)
    for port in (*answer["open"], *answer["closed"]):
        # An address that cannot be reached at all is one cause, not one per port.
        if port["ok"] or (dead and port["state"] == UNREACHABLE):
            continue
        what = f"{port['protocol']}/{port['port']}"
        if port["state"] in (OPEN, REFUSED, FILTERED):
            yield _cause(port["state"], what, port["reason"] or "it is open")
        else:
            yield _cause(_said(port["reason"]), what, port["reason"])


def _of_source(source: Result | None, looked: Result | None, dead: bool) -> t.Iterator[Cause]:
    if source is None or source["ok"]:
        return
    reason = source["reason"]
    if source["seen"]:
        yield _cause("wrong_source", "source", reason)
    elif reason.endswith(NO_NEIGHBOUR) or "no IPv6 route" in reason:
        yield _cause("gateway", "source", reason)
    elif looked is not None and looked["to"] and reason.startswith("no answer"):
        # What comes back to an address that cannot be reached is lost like the ping.
        if not dead:
            yield _cause("filtered", "source", reason)
    else:
        yield _cause("not_asked", "source", reason)


def _misrouted(endpoint: Result, looked: Result | None) -> str | None:
    """What is wrong with a container's way out, None when nothing is or it was not seen."""
    route = (looked or {}).get("route")
    if route is None or route["here"]:
        return None
    if not route["found"]:
        return "the container has no IPv6 default route"
    if route["gateway"] is None:
        return None
    return f"the container sends to the gateway {route['gateway']}, which {endpoint['behind']} does not hold"


def advice(rows: t.Iterable[Result], without: t.Collection[str]) -> list[dict[str, t.Any]]:
    """Where to look, once for each cause and host: ``{cause, behind, endpoints, look}``, in the order of ``LOOK``.

    :arg without: vantage points that could look at nothing, for a reason of their own.
    """
    names: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        cells = [cell for vantage, cell in row["from"].items() if vantage not in without]
        for cause in {cause["cause"] for cell in cells for cause in cell["causes"]}:
            names.setdefault((cause, row["behind"]), []).append(row["name"])
    order = list(LOOK)
    return [
        {"cause": cause, "behind": behind, "endpoints": found, "look": LOOK[cause].format(behind=behind)}
        for (cause, behind), found in sorted(names.items(), key=lambda item: (order.index(item[0][0]), item[0][1]))
    ]
