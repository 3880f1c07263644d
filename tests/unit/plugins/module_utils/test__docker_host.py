# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import netaddr
import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._addresses import nth_subnet, parse_prefix
from ansible_collections.routable.ipv6.plugins.module_utils._docker_host import derive_prefix, plan
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from hypothesis import given
from hypothesis import strategies as st

UPLINK = {"interface": "ens3", "addresses": ["2001:db8:0:1::a/64", "fe80::a/64"], "routers": ["fe80::1"]}
ON_LINK = parse_prefix("2001:db8:0:1::/64")


def host(**more: t.Any) -> dict[str, t.Any]:
    return plan({"host": "d1", "prefix": "2001:db8:0:1:d::/80", **more})


def refusal(**more: t.Any) -> Refused:
    with pytest.raises(Refused) as caught:
        host(**more)
    assert caught.value.what and caught.value.rule and caught.value.remedy
    return caught.value


def address(result: dict[str, t.Any], name: str) -> str:
    found: str = result["addresses"][name]["address"]
    return found


def test_the_configuration_of_2014() -> None:
    result = plan(
        {
            "host": "d1",
            "prefix": "1111:2222:3333:4444::8888:0/112",
            "network": "user",
            "addresses": [{"name": "webserver", "suffix": "::20", "ports": [{"port": 80}]}],
            "uplink": {"interface": "eth0", "addresses": ["1111:2222:3333:4444::2/64"], "routers": []},
            "docker_version": "20.10.24+dfsg1",
        }
    )
    assert result["bridge"] is None
    assert result["user"] == {
        "name": "routable",
        "bridge": "routable0",
        "prefix": "1111:2222:3333:4444::8888:0/112",
        "gateway": "1111:2222:3333:4444::8888:1",
        "static": "1111:2222:3333:4444::8888:0/113",
        "ip_range": "1111:2222:3333:4444::8888:8000/113",
        "routed": False,
        "ipv4": True,
    }
    assert result["addresses"]["webserver"] == {
        "address": "1111:2222:3333:4444::8888:20",
        "suffix": "::20",
        "ports": [{"port": 80, "protocol": "tcp"}],
        "network": "routable",
    }
    assert result["allow"] == [{"address": "1111:2222:3333:4444::8888:20", "ports": [{"port": 80, "protocol": "tcp"}]}]
    assert result["warnings"] == []


def test_the_prefix_of_2016_on_the_default_bridge() -> None:
    result = plan(
        {
            "host": "vultr",
            "prefix": "2001:db8::/80",
            "network": "bridge",
            "uplink": {"interface": "ens3", "addresses": ["2001:db8::5400:00ff:fe20:2295/64"], "routers": []},
        }
    )
    assert result["bridge"] == {"prefix": "2001:db8::/80", "gateway": "2001:db8::1"}
    assert (result["user"], result["docker_network_options"], result["addresses"]) == (None, {}, {})
    assert (result["allow"], result["endpoints"], result["warnings"]) == ([], [], [])


def test_both_networks_share_the_prefix() -> None:
    result = host()
    assert result["bridge"] == {"prefix": "2001:db8:0:1:d::/81", "gateway": "2001:db8:0:1:d::1"}
    user = result["user"]
    assert (user["prefix"], user["gateway"]) == ("2001:db8:0:1:d:8000::/81", "2001:db8:0:1:d:8000:0:1")
    assert (user["static"], user["ip_range"]) == ("2001:db8:0:1:d:8000::/82", "2001:db8:0:1:d:c000::/82")


@given(length=st.integers(48, 120))
def test_the_parts_are_disjoint_and_complete(length: int) -> None:
    prefix = f"2001:db8::/{length}"
    result = plan({"host": "d1", "prefix": prefix})
    parts = [netaddr.IPNetwork(result["bridge"]["prefix"])]
    parts += [netaddr.IPNetwork(result["user"][key]) for key in ("static", "ip_range")]
    assert sum(part.size for part in parts) == netaddr.IPNetwork(prefix).size
    assert netaddr.IPSet(parts) == netaddr.IPSet([prefix])
    assert netaddr.IPAddress(result["user"]["gateway"]) in parts[1]


@pytest.mark.parametrize(
    ("version", "routed"),
    [
        ("20.10.24+dfsg1", False),
        ("26.1.5", False),
        ("27.0.0", True),
        ("28.5.2+dfsg4", True),
        ("5:29.1.0-1~debian", True),
    ],
)
def test_routed_mode_where_docker_has_it(version: str, routed: bool) -> None:
    result = host(docker_version=version)
    options = {"com.docker.network.bridge.name": "routable0"}
    if routed:
        options["com.docker.network.bridge.gateway_mode_ipv6"] = "routed"
    assert result["docker_network_options"] == options
    assert result["user"]["routed"] is routed
    assert result["warnings"] == []


def test_an_unknown_docker_is_planned_without_routed_mode() -> None:
    result = host()
    assert result["user"]["routed"] is False
    assert len(result["warnings"]) == 1 and "docker_version" in result["warnings"][0]


def test_a_unique_local_prefix_is_possible_and_said() -> None:
    (warning,) = plan({"host": "d1", "prefix": "fd00:1::/80", "network": "bridge"})["warnings"]
    assert "unique local" in warning


@pytest.mark.parametrize("prefix", ["fe80:0:0:1::/80", "ff0e::/80", "::/80", "::ffff:0:0/112"])
def test_a_prefix_that_no_container_can_have(prefix: str) -> None:
    assert "section 2.4" in refusal(prefix=prefix).rule


@pytest.mark.parametrize(
    ("length", "network", "room"),
    [(120, "both", True), (121, "both", False), (121, "user", True), (126, "user", True), (126, "bridge", True)]
    + [(length, network, False) for length in (127, 128) for network in ("both", "bridge", "user")],
)
def test_how_small_a_prefix_may_be(length: int, network: str, room: bool) -> None:
    wish = {"prefix": f"2001:db8::/{length}", "network": network}
    if room:
        assert host(**wish)["prefix"] == f"2001:db8::/{length}"
    else:
        assert f"2001:db8::/{length}" in refusal(**wish).what


@pytest.mark.parametrize(
    ("prefix", "rule"),
    [
        ("2001:db8:0:1::/64", "covers"),
        ("2001:db8::/48", "covers"),
        ("2001:db8:0:1::/80", "an address of ens3"),
        ("2001:db8:0:1:f::/80", "router"),
        ("2001:db8:0:1:7::/80", "another host"),
        ("2001:db8:0:1:8:8000::/81", "another host"),
    ],
)
def test_a_given_prefix_takes_nothing_that_is_in_use(prefix: str, rule: str) -> None:
    uplink = {**UPLINK, "routers": ["fe80::1", "2001:db8:0:1:f::1"]}
    others = ["2001:db8:0:1:7::9", "2001:db8:0:1:8::/80", "fe80::9"]
    error = refusal(prefix=prefix, uplink=uplink, others=others)
    assert rule in error.rule
    assert host(prefix="2001:db8:0:1:9::/80", uplink=uplink, others=others)["derived"] is False


def derived(name: str, hosts: t.Iterable[str] = (), **more: t.Any) -> str:
    result = plan({"host": name, "hosts": list(hosts), "uplink": UPLINK, **more})
    assert result["derived"] is True
    prefix: str = result["prefix"]
    return prefix


def test_a_derived_prefix_stays_what_it_was() -> None:
    # A golden value: whoever changes it renumbers every host without a prefix of its own.
    assert derived("d1") == "2001:db8:0:1:296a::/80"


@given(names=st.sets(st.text("abcxyz0123.-", min_size=1, max_size=8), min_size=2, max_size=12), data=st.data())
def test_derived_prefixes_differ_whatever_the_order(names: set[str], data: st.DataObject) -> None:
    order = data.draw(st.permutations(sorted(names)))
    found = {name: derived(name, order) for name in order}
    assert len(set(found.values())) == len(names)
    assert found == {name: derived(name, sorted(names)) for name in names}
    assert all(netaddr.IPNetwork(prefix) in netaddr.IPNetwork("2001:db8:0:1::/64") for prefix in found.values())
    assert "2001:db8:0:1::/80" not in found.values()


def test_of_two_names_that_meet_the_first_keeps_its_place() -> None:
    names = [f"h{number}" for number in range(800)]
    alone = {name: derived(name) for name in names}
    met = [(one, two) for one in names for two in names if one < two and alone[one] == alone[two]]
    assert met, "800 names in 65536 places are all but sure to hold two that meet"
    for one, two in met:
        assert derived(one, [one, two]) == alone[one]
        assert derived(two, [one, two]) != alone[two]


def test_a_derived_prefix_avoids_what_this_host_sees() -> None:
    first = derived("d1")
    inside = first.replace("::/80", "::5")
    second = derived("d1", others=[inside])
    assert second != first
    assert derived("d1", others=[first]) == second
    assert derived("d1", uplink={**UPLINK, "routers": [inside]}) == second
    assert derived("d1", uplink={**UPLINK, "addresses": [*UPLINK["addresses"], f"{inside}/128"]}) == second


def test_what_docker_made_on_one_host_does_not_move_another() -> None:
    # Few parts, so that many names meet.
    on_link = parse_prefix("2001:db8::/74")
    names = [f"h{number}" for number in range(30)]
    before = {name: derive_prefix(name, names, on_link, [], []) for name in names}
    for name in names:
        seen = [parse_prefix(f"{prefix[1]}/128") for other, prefix in before.items() if other != name]
        assert derive_prefix(name, names, on_link, [], seen) == before[name]


def test_the_first_part_of_a_link_is_never_taken() -> None:
    on_link = parse_prefix("2001:db8::/79")
    for number in range(20):
        assert str(derive_prefix(f"h{number}", [], on_link, [], [])) == "2001:db8:0:0:1::/80"


def test_a_full_link_is_refused() -> None:
    with pytest.raises(Refused, match="docker_host_prefix"):
        derive_prefix("d1", [], ON_LINK, [], [ON_LINK])
    free = nth_subnet(ON_LINK, 80, 77)
    rest = netaddr.IPSet([str(ON_LINK)]) - netaddr.IPSet([str(free)])
    occupied = [parse_prefix(str(part)) for part in rest.iter_cidrs()]
    assert derive_prefix("d1", [], ON_LINK, [], occupied) == free


@pytest.mark.parametrize(
    ("addresses", "rule"),
    [
        ([], "no on-link prefix"),
        (["fe80::1/64"], "no on-link prefix"),
        (["2001:db8:0:1::5/128", "2001:db8:0:1::7/80"], "no on-link prefix"),
        (["2001:db8:0:1::5/64", "2001:db8:0:2::5/64"], "more than one"),
    ],
)
def test_nothing_to_derive_from(addresses: list[str], rule: str) -> None:
    error = refusal(prefix="", uplink={"interface": "ens3", "addresses": addresses})
    assert rule in error.rule and "ens3" in error.rule and error.remedy == "Give docker_host_prefix"


def test_a_global_prefix_goes_before_a_unique_local_one() -> None:
    uplink = {"addresses": ["fd00::5/64", "2001:db8:0:1::5/64", "2001:db8:0:1::6/64"]}
    assert derived("d1", uplink=uplink).startswith("2001:db8:0:1:")
    assert derived("d1", uplink={"addresses": ["fd00::5/64"]}).startswith("fd00::")


def test_derived_addresses_stay_what_they_were() -> None:
    # Golden values, as for the prefix.
    result = host(addresses=["webserver", "mail"])
    assert address(result, "webserver") == "2001:db8:0:1:d:a725:da0e:7394"
    assert address(result, "mail") == "2001:db8:0:1:d:ab35:ca71:983e"


@given(
    names=st.sets(
        st.text("abcdefgh0_.-", min_size=2, max_size=6).filter(lambda name: name[0] in "abcdefgh0"), max_size=14
    ),
    length=st.sampled_from([123, 124, 120, 112, 80, 64, 56]),
    data=st.data(),
)
def test_named_addresses_are_apart_from_all_else(names: set[str], length: int, data: st.DataObject) -> None:
    order = data.draw(st.permutations(sorted(names)))
    wish = {"host": "d1", "prefix": f"2001:db8::/{length}", "network": "user"}
    if len(names) > 2 ** (127 - length) - 2:
        with pytest.raises(Refused, match="room"):
            plan({**wish, "addresses": order})
        return
    result = plan({**wish, "addresses": order})
    found = {name: netaddr.IPAddress(entry["address"]) for name, entry in result["addresses"].items()}
    static = netaddr.IPNetwork(result["user"]["static"])
    assert list(found) == order and len(set(found.values())) == len(names)
    for one in found.values():
        assert one in static and int(one) not in (static.first, static.first + 1)
    assert result["addresses"] == plan({**wish, "addresses": sorted(names)})["addresses"]


def test_a_chosen_address_goes_before_a_derived_one() -> None:
    taken = address(host(addresses=["mail"]), "mail")
    result = host(addresses=["mail", {"name": "web", "address": taken.upper()}])
    assert address(result, "web") == taken
    assert address(result, "mail") != taken


@pytest.mark.parametrize(
    ("entry", "rule"),
    [
        ({"suffix": "::"}, "anycast"),
        ({"suffix": "::1"}, "gateway"),
        ({"suffix": "::4000:0:0"}, "Docker's to hand out"),
        ({"suffix": "::7fff:ffff:ffff"}, "Docker's to hand out"),
        ({"suffix": "::8000:0:20"}, "has 47 bits"),
        ({"address": "2001:db8:0:1:d::20"}, "static part"),
        ({"address": "2001:db8:0:1:d:ffff:ffff:ffff"}, "Docker's to hand out"),
        ({"address": "2001:db8::20"}, "static part"),
        ({"address": "192.0.2.1"}, "IPv4"),
        ({"address": "2001:db8:0:1:d:8000::20", "suffix": "::20"}, "one of them"),
    ],
)
def test_a_chosen_address_lies_in_the_static_part(entry: dict[str, str], rule: str) -> None:
    error = refusal(addresses=[{"name": "web", **entry}])
    assert rule in error.rule and "web" in error.what


def test_two_names_for_one_address() -> None:
    error = refusal(
        addresses=[{"name": "web", "suffix": "::0020"}, {"name": "www", "address": "2001:db8:0:1:d:8000:0:20"}]
    )
    assert "www" in error.what and "web" in error.rule


def test_names_need_a_network_of_ours() -> None:
    assert "default bridge" in refusal(network="bridge", addresses=["web"]).rule


def test_endpoints_say_what_must_answer() -> None:
    ports = [80, {"port": 53, "protocol": "udp"}, 9, 22]
    (endpoint,) = host(addresses=[{"name": "web", "suffix": "::20", "ports": ports}])["endpoints"]
    assert endpoint == {
        "role": "docker_host",
        "name": "web",
        "address": "2001:db8:0:1:d:8000:0:20",
        "kind": "container",
        "behind": "d1",
        "open": [
            {"port": 9, "protocol": "tcp"},
            {"port": 22, "protocol": "tcp"},
            {"port": 53, "protocol": "udp"},
            {"port": 80, "protocol": "tcp"},
        ],
        "closed": [{"port": 7, "protocol": "tcp"}],
        "ping": True,
        "source": "2001:db8:0:1:d:8000:0:20",
        "mtu": None,
    }


def test_a_name_without_ports_opens_nothing() -> None:
    result = host(addresses=["web"])
    assert result["allow"] == [] and result["endpoints"][0]["open"] == []


def test_a_network_without_ipv4_needs_docker_28() -> None:
    assert host(network_ipv4=False, docker_version="28.5.2+dfsg1")["user"]["ipv4"] is False
    refused = refusal(network_ipv4=False, docker_version="27.5.1")
    assert refused.what == "network_ipv4=false" and "since Docker 28" in refused.rule
    # Where there is no Docker yet nobody knows, and where there is no such network nobody minds.
    assert "needs Docker 28" in " ".join(host(network_ipv4=False)["warnings"])
    assert host(network_ipv4=False, docker_version="20.10.24", network="bridge")["user"] is None
    assert "true or false" in refusal(network_ipv4="no").rule
