# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""Which network a name means to the CPI."""

from __future__ import annotations

import types

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._vsphere_networks import (
    DISTRIBUTED,
    NSX,
    OPAQUE,
    STANDARD,
    Network,
    Vlan,
    is_uplink,
    numeric_ranges,
    resolve,
    standard_vlan,
)


def group(name: str, switch: str = "DVS0", folder: tuple[str, ...] = (), **more: object) -> Network:
    return Network(f"{switch}-{name}", name, DISTRIBUTED, folder, switch, **more)  # type: ignore[arg-type]


def nsx(switch: str, logical: str | None) -> Network:
    return Network(f"{switch}-nsx", "seg", NSX, (), switch, logical_switch=logical)


def opaque(logical: str, number: int = 1) -> Network:
    return Network(f"opaque-{number}", "seg", OPAQUE, logical_switch=logical)


def standard(name: str, *folder: str) -> Network:
    return Network(f"standard-{'-'.join(folder)}", name, STANDARD, folder, "vSwitch0")


ALL = [
    standard("VM Network"),
    group("IPv6"),
    group("twice", "DVS0"),
    group("twice", "DVS1", ("edge",)),
    group("both"),
    standard("both"),
    group("DVS0-DVUplinks-9", uplink=True),
    standard("same", "a"),
    standard("same", "b"),
    standard("a%2fb"),
]


@pytest.mark.parametrize(
    ("wanted", "identifier"),
    [
        ("VM Network", "standard-"),
        ("IPv6", "DVS0-IPv6"),
        ("DVS0/IPv6", "DVS0-IPv6"),
        ("DVS0/twice", "DVS0-twice"),
        ("edge/DVS1/twice", "DVS1-twice"),
        ("edge/twice", "DVS1-twice"),
        ("b/same", "standard-b"),
        ("a%2fb", "standard-"),
    ],
)
def test_found(wanted: str, identifier: str) -> None:
    found = resolve(ALL, wanted, "dc")
    assert (found.network.id, found.warning) == (identifier, None)


def test_every_path_leads_to_its_network() -> None:
    alone = [one for one in ALL if not one.uplink and one.name != "both"]
    assert [resolve(ALL, one.path, "dc").network for one in alone] == alone


def test_the_standard_one_wins() -> None:
    found = resolve(ALL, "both", "dc")
    assert found.network.type == STANDARD and found.warning is not None and "not DVS0/both" in found.warning
    assert resolve(ALL, "DVS0/both", "dc").network.type == DISTRIBUTED


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("twice", "2 networks of the datacenter dc have this name. Give the full path: DVS0/twice or edge/DVS1/twice"),
        ("same", "2 of them standard port groups in different folders. Give the full path: a/same or b/same"),
        ("DVS0-DVUplinks-9", "uplinks, which carries no VM"),
        ("ipv6", "for ten minutes. Write IPv6"),
        ("DVS1/IPv6", "for ten minutes. Write DVS0/IPv6"),
        ("DVS1/twice", "Write DVS0/twice or edge/DVS1/twice"),
        ("a/b", "Write a%2fb"),
        ("nothing", "There are IPv6, VM Network, a%2fb, both, same, twice"),
    ],
)
def test_refused(wanted: str, words: str) -> None:
    with pytest.raises(Refused) as caught:
        resolve(ALL, wanted, "dc")
    assert words in str(caught.value)


def test_a_datacenter_without_networks() -> None:
    with pytest.raises(Refused, match="Make a port group"):
        resolve([group("up", uplink=True)], "IPv6", "dc")


@pytest.mark.parametrize(
    ("networks", "identifier"),
    [
        ([nsx("A", "ls1"), nsx("B", "ls1")], "A-nsx"),
        ([nsx("A", "ls1"), opaque("ls1")], "A-nsx"),
        ([nsx("A", "ls1"), nsx("B", "ls2")], None),
        ([nsx("A", "ls1"), opaque("ls2")], None),
        ([nsx("A", None), nsx("B", None)], None),
        ([nsx("A", "ls1"), opaque("ls1", 1), opaque("ls1", 2)], None),
        ([nsx("A", "ls1"), group("seg")], None),
        ([opaque("ls1", 1), opaque("ls1", 2)], None),
    ],
)
def test_one_logical_switch_behind_several_networks(networks: list[Network], identifier: str | None) -> None:
    if identifier is None:
        with pytest.raises(Refused, match="have this name"):
            resolve(networks, "seg", "dc")
    else:
        assert resolve(networks, "seg", "dc").network.id == identifier


@pytest.mark.parametrize(
    ("ids", "vlan"),
    [
        ([], Vlan("unknown")),
        ([0, 0], Vlan("none")),
        ([4095], Vlan("trunk", ("0-4094",))),
        ([7, 6, 7], Vlan("access", ("6", "7"))),
    ],
)
def test_standard_vlan(ids: list[int], vlan: Vlan) -> None:
    assert standard_vlan(ids) == vlan


def test_trunk() -> None:
    ranges = [types.SimpleNamespace(start=100, end=199), types.SimpleNamespace(start=5, end=5)]
    assert numeric_ranges(ranges) == ("5", "100-199")


@pytest.mark.parametrize(
    ("name", "flag", "tags", "listed", "expected"),
    [
        ("x", True, [], False, True),
        ("x", None, ["SYSTEM/DVS.UPLINKPG"], False, True),
        ("x", None, [], True, True),
        ("DVS0-DVUplinks-9", None, [], False, True),
        ("DVUplinks", False, ["other"], False, False),
    ],
)
def test_uplink(name: str, flag: object, tags: list[str], listed: bool, expected: bool) -> None:
    assert is_uplink(name, flag, tags, listed) == expected


def test_a_network_as_a_result() -> None:
    found = Network("dvportgroup-7", "IPv6", DISTRIBUTED, ("edge", "dc"), "DVS0", Vlan("vlan", (7,)), "ls-1")
    assert found.as_dict() == {
        "id": "dvportgroup-7",
        "name": "IPv6",
        "type": DISTRIBUTED,
        "path": "edge/dc/DVS0/IPv6",
        "folder": "edge/dc",
        "switch": "DVS0",
        "vlan": {"mode": "vlan", "ids": [7]},
        "logical_switch": "ls-1",
    }
