# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What a probe asks for and what its answer means. Pure: the packets are the business of ``_probe_client``."""

from __future__ import annotations

import errno
import os
import re
import typing as t
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import parse_address
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

PROTOCOLS = ("tcp", "udp")
# RFC 8200, section 5: every link carries at least this; the upper end is the payload field plus the header.
MTU_RANGE = (1280, 65575)

OPEN = "open"
REFUSED = "refused"
FILTERED = "filtered"
UNREACHABLE = "unreachable"
SILENT = "silent"

# What a router, or the kernel, says of an address. These sentences stand in results, and causes are told from them.
NO_ROUTE = "no route to this address"
NO_NEIGHBOUR = "address unreachable: no neighbour answers for it"
PROHIBITED = "administratively prohibited"


@dataclass(frozen=True, order=True)
class Port:
    """A port with its protocol, written ``tcp/80``."""

    number: int
    protocol: str = "tcp"

    def __str__(self) -> str:
        return f"{self.protocol}/{self.number}"


@dataclass(frozen=True)
class Target:
    """One address and what is claimed about it. ``mtu`` is the size of a packet that must come through, in bytes."""

    address: str
    name: str
    ping: bool
    open: tuple[Port, ...]
    closed: tuple[Port, ...]
    mtu: int | None = None


@dataclass(frozen=True)
class Echo:
    """The outcome of ICMPv6 echo requests to one address."""

    answered: bool
    rtt_ms: float | None = None
    reason: str | None = None

    def as_dict(self) -> dict[str, t.Any]:
        return {"answered": self.answered, "rtt_ms": self.rtt_ms, "reason": self.reason}


@dataclass(frozen=True)
class Knock:
    """The outcome of connecting to one port."""

    state: str
    reason: str | None = None


@dataclass(frozen=True)
class Answers:
    """All that was seen of one target. ``local`` is what the vantage point sends from, None when it has no route."""

    local: str | None
    echo: Echo | None
    sized: Echo | None
    knocks: t.Mapping[Port, Knock]


def parse_port(value: object, name: str = "port") -> Port:
    """A port from a number, from ``tcp/80`` or from ``{port, protocol}``.

    :raises Refused: not a port number, or a protocol that cannot be probed.
    """
    protocol: object = "tcp"
    number: object = value
    if isinstance(value, dict):
        unknown = sorted(set(value) - {"port", "protocol"})
        if unknown:
            raise Refused(f"{name}={value}", f"a port has no {unknown[0]}", "Give port and protocol only")
        number, protocol = value.get("port"), value.get("protocol") or "tcp"
    elif isinstance(value, str) and "/" in value:
        before, dummy, after = value.partition("/")
        # Both spellings are common: ours (tcp/80) and Docker's (80/tcp).
        protocol, number = (after, before) if before.isdigit() else (before, after)
    if isinstance(number, str) and re.fullmatch("[0-9]{1,9}", number):
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int) or not 1 <= number <= 65535:
        raise Refused(f"{name}={value}", "a port is a number from 1 to 65535", "Correct the port")
    protocol = str(protocol).lower()
    if protocol not in PROTOCOLS:
        raise Refused(f"{name}={value}", f"the protocol of a port is {' or '.join(PROTOCOLS)}", "Correct the protocol")
    return Port(number, protocol)


def parse_ports(values: object, name: str) -> tuple[Port, ...]:
    """Ports in order, each one once.

    :raises Refused: not a list, or as for :func:`parse_port`.
    """
    if not isinstance(values, (list, tuple)):
        raise Refused(f"{name}={values}", "ports are a list", "Write it as [80, 443]")
    return tuple(sorted({parse_port(value, name) for value in values}))


def parse_mtu(value: object, name: str = "mtu") -> int | None:
    """The size of an IPv6 packet in bytes, or None.

    :raises Refused: less than the 1280 that every link carries, or more than a packet can have.
    """
    if value is None:
        return None
    least, most = MTU_RANGE
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise Refused(f"{name}={value}", f"the MTU of an IPv6 link is {least} to {most} bytes", "Correct the MTU")
    return value


def parse_unicast(value: object, name: str) -> str:
    """The canonical text of an address that one host can hold.

    :raises Refused: not an address, a multicast address, ``::``, or one that has a meaning on its own link only.
    """
    address = parse_address(value, name)
    what = f"{name}={value}"
    if address.is_multicast or address.is_unspecified:
        raise Refused(what, "an endpoint has a unicast address", "Give the address that the endpoint itself holds")
    if address.is_link_local:
        raise Refused(what, "a link-local address cannot be reached through a router", "Give a global address")
    return str(address)


def parse_target(entry: t.Mapping[str, t.Any]) -> Target:
    """A target from the module's option.

    :raises Refused: any value that cannot be probed, and a port that is claimed to be open and closed at once.
    """
    address = parse_unicast(entry.get("address"), "address")
    opened = parse_ports(entry.get("open") or [], "open")
    closed = parse_ports(entry.get("closed") or [], "closed")
    refuse_both(opened, closed, address)
    ping = entry.get("ping")
    return Target(
        address=address,
        name=str(entry.get("name") or address),
        ping=True if ping is None else bool(ping),
        open=opened,
        closed=closed,
        mtu=parse_mtu(entry.get("mtu")),
    )


def refuse_both(opened: t.Iterable[Port], closed: t.Iterable[Port], who: str) -> None:
    """:raises Refused: a port stands in both lists."""
    both = sorted(set(opened) & set(closed))
    if both:
        raise Refused(f"{who}: {both[0]}", "a port is open or closed, not both", "Take it out of one of the lists")


def classify(port: Port, error: int | None, timeout: float) -> Knock:
    """What the outcome of one connection means.

    ``error`` is 0 for success, an errno, or None when nothing came within ``timeout`` seconds. How ICMPv6 errors become
    an errno: ``icmpv6_err_convert`` in the kernel's net/ipv6/icmp.c.
    """
    if error == 0:
        return Knock(OPEN)
    if error is None or error == errno.ETIMEDOUT:
        nothing = f"no answer within {timeout:g} s"
        if port.protocol == "udp":
            return Knock(SILENT, f"{nothing}, which UDP cannot tell from an open port")
        return Knock(FILTERED, nothing)
    known = {
        errno.ECONNREFUSED: Knock(REFUSED, "connection refused"),
        errno.ECONNRESET: Knock(REFUSED, "connection reset"),
        errno.EACCES: Knock(FILTERED, PROHIBITED),
        errno.EHOSTUNREACH: Knock(UNREACHABLE, NO_NEIGHBOUR),
    }
    return known.get(error) or Knock(UNREACHABLE, explain_local(error))


def explain_local(error: int) -> str:
    """A sentence for an errno that the vantage point itself gave when it sent a packet."""
    sentences = {
        errno.ENETUNREACH: NO_ROUTE,
        errno.EHOSTUNREACH: NO_NEIGHBOUR,
        errno.EADDRNOTAVAIL: "the vantage point has no IPv6 address to send from",
        errno.EAFNOSUPPORT: "the vantage point has no IPv6",
        errno.EPERM: "the vantage point's own firewall forbids it",
        errno.EACCES: "the vantage point's own routes or firewall forbid it",
        errno.EMSGSIZE: "the packet is larger than the path carries",
    }
    return sentences.get(error) or os.strerror(error)


def judge(target: Target, answers: Answers) -> dict[str, t.Any]:
    """The result of one target: what was seen, whether it is what was claimed, and why not.

    A port that is claimed to be closed must belong to an address that answers: silence of an address that should
    answer a ping and does not says nothing about its ports.
    """
    echo, sized = answers.echo, answers.sized
    alive = bool(echo and echo.answered) or any(knock.state in (OPEN, REFUSED) for knock in answers.knocks.values())
    dead = target.ping and not alive
    reasons: list[str] = []
    if target.ping and echo is not None and not echo.answered:
        reasons.append(f"ping: {echo.reason}")
    if target.mtu is not None and sized is not None and not sized.answered:
        reasons.append(f"packet of {target.mtu} bytes: {sized.reason}")

    def ports(wanted: tuple[Port, ...], expected: str) -> list[dict[str, t.Any]]:
        rows = []
        for port in wanted:
            knock = answers.knocks[port]
            if dead and knock.state in (FILTERED, SILENT):
                knock = Knock(UNREACHABLE, knock.reason)
            good = (OPEN, SILENT) if expected == OPEN else (REFUSED, FILTERED, SILENT)
            met = knock.state in good
            # An address that cannot be reached at all is one failure, not one per port.
            if not met and not (knock.state == UNREACHABLE and target.ping and reasons):
                why = "it is open" if knock.state == OPEN else f"{knock.state} ({knock.reason})"
                reasons.append(f"{port} should be {expected}: {why}")
            rows.append(
                {
                    "port": port.number,
                    "protocol": port.protocol,
                    "state": knock.state,
                    "reason": knock.reason,
                    "ok": met,
                }
            )
        return rows

    opened, closed = ports(target.open, OPEN), ports(target.closed, "closed")
    return {
        "name": target.name,
        "address": target.address,
        "local": answers.local,
        "ping": echo.as_dict() if target.ping and echo is not None else None,
        "mtu": {"bytes": target.mtu, **sized.as_dict()} if target.mtu is not None and sized is not None else None,
        "open": opened,
        "closed": closed,
        "ok": not reasons,
        "reason": "; ".join(reasons) or None,
    }


def judge_source(row: t.Mapping[str, t.Any], expected: str | None) -> dict[str, t.Any]:
    """Add ``ok`` to what came of asking an observer, and the reason when another address was seen than expected."""
    reason = row["reason"]
    if reason is None and expected is not None and row["to"] is not None and row["seen"] != expected:
        translated = row["local"] == expected
        reason = f"seen as {row['seen']}, expected {expected}"
        reason += (
            ", so something on the way translates it (NAT66)" if translated else f" (it sends from {row['local']})"
        )
    return {**row, "ok": reason is None, "reason": reason}
