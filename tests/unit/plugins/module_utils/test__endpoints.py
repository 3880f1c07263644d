# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._endpoints import key_of, parse_endpoints, plan
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from hypothesis import given
from hypothesis import strategies as st

WEB: dict[str, t.Any] = {"name": "web", "kind": "container", "address": "2001:db8::20"}


def one(**changes: t.Any) -> dict[str, t.Any]:
    return parse_endpoints([{**WEB, **changes}], "docker_host", "docker1")[0]


def test_all_keys_and_what_is_not_given() -> None:
    assert one() == {
        "role": "docker_host",
        "name": "web",
        "address": "2001:db8::20",
        "kind": "container",
        "behind": "docker1",
        "open": [],
        "closed": [],
        "ping": True,
        "source": None,
        "mtu": None,
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"address": "2001:DB8:0:0::0020"},
        {"source": "", "mtu": None, "open": None, "ping": None, "behind": None},
        {"role": "docker_host", "behind": "docker1"},
    ],
)
def test_another_spelling_is_the_same_endpoint(changes: dict[str, t.Any]) -> None:
    assert one(**changes) == one()


def test_ports_in_any_form_and_order() -> None:
    assert one(open=["443", {"port": 80}, "udp/53", 80])["open"] == [
        {"port": 53, "protocol": "udp"},
        {"port": 80, "protocol": "tcp"},
        {"port": 443, "protocol": "tcp"},
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": ""}, "endpoint : name='': this is a text, and not empty. Give name."),
        ({"name": None}, "endpoint None: name=None: this is a text, and not empty. Give name."),
        ({"name": "a\nb"}, "endpoint a\\nb: name='a\\nb': this is a text"),
        ({"kind": "box"}, "endpoint web: kind=box: an endpoint is a container, vm, zone, host."),
        ({"kind": None}, "endpoint web: kind=None: this is a text"),
        ({"address": None}, "endpoint web: address=None: an address is text"),
        ({"address": "2001:db8::/64"}, "this is not an IPv6 address"),
        ({"address": "192.0.2.1"}, "this is IPv4 where IPv6 is needed"),
        ({"address": "fe80::1"}, "a link-local address cannot be reached through a router"),
        ({"source": "ff02::1"}, "endpoint web: source=ff02::1: an endpoint has a unicast address"),
        ({"open": [0]}, "endpoint web: open=0: a port is a number"),
        ({"open": 80}, "endpoint web: open=80: ports are a list"),
        ({"open": [80], "closed": [80]}, "endpoint web: tcp/80: a port is open or closed, not both."),
        ({"ping": "yes"}, "endpoint web: ping=yes: this is true or false"),
        ({"mtu": 576}, "endpoint web: mtu=576: the MTU of an IPv6 link is 1280 to 65575 bytes"),
        ({"role": "vultr_ndp"}, "endpoint web: role=vultr_ndp: this task speaks for the role docker_host"),
        ({"ports": [80]}, "endpoint web: ports=[80]: an endpoint has role, name, address"),
    ],
)
def test_what_is_no_endpoint(changes: dict[str, t.Any], message: str) -> None:
    with pytest.raises(Refused) as refused:
        one(**changes)
    assert message in str(refused.value)


@pytest.mark.parametrize("entry", ["web", None, ["web"]])
def test_what_is_not_even_a_dictionary(entry: object) -> None:
    with pytest.raises(Refused, match="an endpoint is a dictionary"):
        parse_endpoints([entry], "docker_host", "docker1")


def test_a_name_twice_and_an_address_twice() -> None:
    with pytest.raises(Refused, match="web behind docker1: it comes twice, as 2001:db8::20 and as 2001:db8::21"):
        parse_endpoints([WEB, {**WEB, "address": "2001:db8::21"}], "docker_host", "docker1")
    with pytest.raises(Refused, match="web behind docker1: address=2001:db8::20: api has it already"):
        parse_endpoints([WEB, {**WEB, "name": "api", "address": "2001:db8:0::20"}], "docker_host", "docker1")
    assert len(parse_endpoints([WEB, {**WEB, "behind": "b", "address": "2001:db8::21"}], "docker_host", "docker1")) == 2


def test_what_is_no_longer_given_disappears_and_other_roles_stay() -> None:
    mine = parse_endpoints([WEB, {**WEB, "name": "api", "address": "2001:db8::21"}], "docker_host", "docker1")
    other = parse_endpoints([{**WEB, "kind": "host"}], "vultr_ndp", "docker1")
    planned = plan([*other, *mine], "docker_host", mine[1:], "docker1")
    assert planned.after["endpoints"] == [mine[1], *other]
    assert planned.sentences == ["Withdraw the endpoint api (2001:db8::21) of docker1"]


def test_sentences_for_new_and_for_changed() -> None:
    changed = one(open=[80])
    planned = plan([one()], "docker_host", [changed], "docker1")
    assert planned.sentences == ["Restate the endpoint web (2001:db8::20) of docker1"]
    assert plan([], "docker_host", [changed], "docker1").sentences == [
        "State the endpoint web (2001:db8::20) of docker1"
    ]


entries = st.builds(
    lambda number, ports, ping: {
        "name": f"c{number}",
        "kind": "container",
        "address": str(ipaddress.IPv6Address((0x20010DB8 << 96) + number)),
        "open": ports,
        "ping": ping,
    },
    st.integers(1, 30),
    st.lists(st.integers(1, 65535), max_size=3),
    st.booleans(),
)
claims = st.lists(entries, max_size=6, unique_by=lambda entry: str(entry["name"]))
roles = st.sampled_from(["docker_host", "vultr_ndp", "lab"])


@given(st.lists(st.tuples(roles, claims), max_size=5), roles, claims)
def test_merging(history: list[tuple[str, list[t.Any]]], role: str, wanted: list[t.Any]) -> None:
    current: list[dict[str, t.Any]] = []
    for earlier, claimed in history:
        current = list(plan(current, earlier, parse_endpoints(claimed, earlier, "h"), "h").after["endpoints"])
    parsed = parse_endpoints(wanted, role, "h")
    planned = plan(current, role, parsed, "h")
    after = planned.after["endpoints"]
    assert [e for e in after if e["role"] == role] == parsed
    assert [e for e in after if e["role"] != role] == [e for e in current if e["role"] != role]
    assert after == sorted(after, key=key_of)
    assert planned.changed == (after != current)
    # Once more, in any order and from its own output: nothing to do.
    assert not plan(after, role, parse_endpoints(list(reversed(wanted)), role, "h"), "h").changed
    assert parse_endpoints(parsed, role, "h") == parsed
    # And away again.
    gone = plan(after, role, [], "h").after["endpoints"]
    assert gone == [e for e in after if e["role"] != role]
