# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""What a guest has against what was asked for, and which VM is meant."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._addresses import expanded, number, written
from ansible_collections.routable.ipv6.plugins.module_utils._identifiers import eui64_identifier
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._vsphere_addresses import (
    Guest,
    GuestAddress,
    Nic,
    Verdict,
    is_global,
    judge,
    kind_of,
    wanted,
)
from ansible_collections.routable.ipv6.plugins.module_utils._vsphere_inventory import VM_KEYS, Vm, find_vm
from hypothesis import given
from hypothesis import strategies as st

MAC = "00:50:56:ae:3f:01"
# RFC 4291, appendix A, done by hand: the universal bit turned over, and fffe in the middle.
EUI = "2001:db8:0:1:250:56ff:feae:3f01"
ADDRESS = "2001:db8:0:1::100"


def nic(*texts: str, network: str | None = "IPv6", mac: str | None = MAC, connected: bool = True, **more: t.Any) -> Nic:
    return Nic(mac, network, connected, tuple(GuestAddress(number(text), 64, **more) for text in texts))


def guest(*nics: Nic, power: str = "poweredOn", tools: str | None = "guestToolsRunning") -> Guest:
    return Guest(power, tools, nics)


def compare(one: Guest, *texts: str, advertised: t.Sequence[str] = (), **networks: list[str]) -> Verdict:
    entries = [{"name": name, "addresses": addresses} for name, addresses in networks.items()]
    return judge(one, wanted(texts, entries, advertised))


class TestMissing:
    @pytest.mark.parametrize("text", [ADDRESS, "2001:0DB8:0:1:0:0:0:0100", "2001:db8::1:0:0:0:100"])
    def test_any_spelling(self, text: str) -> None:
        verdict = compare(guest(nic(ADDRESS)), text)
        assert (verdict.problems, verdict.missing) == ((), ())
        assert [(one["address"], one["kind"]) for one in verdict.addresses] == [(ADDRESS, "asked")]

    def test_nothing_asked(self) -> None:
        assert compare(guest()).problems == () == compare(guest(power="poweredOff")).problems

    @pytest.mark.parametrize(
        ("one", "words"),
        [
            (guest(power="poweredOff", tools=None), "it is not running (poweredOff)"),
            (guest(tools="guestToolsNotRunning"), "VMware Tools do not run in it (guestToolsNotRunning)"),
            (guest(tools=None), "nothing is known of them"),
            (guest(), "have told no address yet"),
            (guest(nic("fe80::1")), "it does not have 2001:db8:0:1::100"),
            (guest(nic(ADDRESS, state="duplicate")), "(duplicate): somebody else on the link has it"),
            (guest(nic(ADDRESS, state="tentative")), "(tentative): the guest still looks"),
            (guest(nic(ADDRESS, state="invalid")), "its lifetime is over"),
            (guest(nic(ADDRESS, state="inaccessible")), "its interface is down"),
            (guest(nic(ADDRESS, connected=False)), "on a NIC that is not connected"),
        ],
    )
    def test_why(self, one: Guest, words: str) -> None:
        verdict = compare(one, ADDRESS)
        assert words in "; ".join(verdict.problems) and verdict.missing == (ADDRESS,)

    @pytest.mark.parametrize("state", [None, "preferred", "deprecated", "unknown"])
    def test_states_that_will_do(self, state: str | None) -> None:
        assert compare(guest(nic(ADDRESS, state=state)), ADDRESS).problems == ()

    def test_one_good_interface_will_do(self) -> None:
        assert compare(guest(nic(ADDRESS, state="duplicate"), nic(ADDRESS)), ADDRESS).problems == ()

    def test_networks(self) -> None:
        one = guest(nic(ADDRESS), nic("2001:db8:0:2::1", network="other"))
        assert compare(one, IPv6=[ADDRESS], other=["2001:db8:0:2::1"]).problems == ()
        verdict = compare(one, other=[ADDRESS])
        assert verdict.problems == (f"it has {ADDRESS} on the network IPv6, not on the network other",)
        assert verdict.missing == (ADDRESS,)
        assert compare(one, third=[ADDRESS]).problems[0] == "it has no NIC in the network third, only in IPv6, other"
        inside = guest(nic(ADDRESS, network=None))
        assert "on an interface of its own, not on the network IPv6" in compare(inside, IPv6=[ADDRESS]).problems[0]


class TestUnasked:
    def test_kinds(self) -> None:
        one = guest(nic(ADDRESS, EUI, "2001:db8:0:1:1234:5678:9abc:def0", "fe80::250:56ff:feae:3f01", "fd00::1"))
        verdict = compare(one, ADDRESS, advertised=["2001:db8:0:1::/64"])
        assert [(row["address"], row["prefix"]) for row in verdict.of_kind("slaac")] == [(EUI, "2001:db8:0:1::/64")]
        assert [row["address"] for row in verdict.of_kind("other")] == ["2001:db8:0:1:1234:5678:9abc:def0", "fd00::1"]
        assert verdict.problems == ()
        sentences = verdict.pointed_out()
        assert len(sentences) == 3 and EUI in sentences[0] and MAC in sentences[0]
        assert sentences[2] == "fd00::1 on the network IPv6 is an address that nobody asked for."

    def test_asked_for_is_asked_for(self) -> None:
        assert compare(guest(nic(EUI)), EUI, advertised=["2001:db8:0:1::/64"]).pointed_out() == []

    def test_prefixes(self) -> None:
        assert kind_of(number(EUI), MAC, wanted((), (), ["2001:db8:0:2::/64"])) == "other"
        assert kind_of(number(EUI), MAC, wanted((), (), ["2001:db8:0:2::/64", "2001:db8:0:1::/64"])) == "slaac"
        assert kind_of(number(EUI), MAC, wanted((), (), ())) == "slaac"

    @pytest.mark.parametrize("mac", [None, "", "junk", "00:00:00:00:00:00", "01:50:56:ae:3f:01", "00:50:56:ae:3f:02"])
    def test_no_mac_or_another(self, mac: str | None) -> None:
        assert kind_of(number(EUI), mac, wanted((), (), ())) == "other"

    @given(st.integers(0, (1 << 64) - 1), st.integers(1, (1 << 48) - 1))
    def test_what_slaac_makes_is_found(self, prefix: int, mac: int) -> None:
        mac &= ~(1 << 40)
        if mac:
            text = mac.to_bytes(6, "big").hex("-")
            assert kind_of(prefix << 64 | eui64_identifier(mac), text, wanted((), (), ())) == "slaac"
            assert kind_of(prefix << 64 | eui64_identifier(mac) ^ 1, text, wanted((), (), ())) == "other"

    @pytest.mark.parametrize(
        ("text", "answer"),
        [
            ("::", False),
            ("::1", False),
            ("::2", True),
            ("fe80::1", False),
            ("febf::1", False),
            ("ff02::1", False),
            ("fec0::1", True),
            ("fd00::1", True),
            ("2001:db8::", True),
        ],
    )
    def test_scope(self, text: str, answer: bool) -> None:
        assert is_global(number(text)) is answer


@given(st.sets(st.integers(1 << 125, (1 << 126) - 1), max_size=6), st.data())
def test_nothing_is_lost(have: set[int], data: st.DataObject) -> None:
    asked = data.draw(st.sets(st.integers(1 << 125, (1 << 126) - 1) | st.sampled_from(sorted(have) or [1 << 125])))
    one = guest(Nic(None, "IPv6", True, tuple(GuestAddress(value) for value in have)))
    verdict = compare(one, *map(expanded, asked))
    assert set(verdict.missing) == {written(value) for value in asked - have}
    assert {row["address"] for row in verdict.of_kind("asked")} == {written(value) for value in asked & have}
    assert {row["address"] for row in verdict.of_kind("other")} == {written(value) for value in have - asked}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((["192.0.2.1"], [], []), "this is IPv4"),
        ((["fe80::1"], [], []), "means nothing beyond a host or a link"),
        (([5602001869620062], [], []), "Quote it"),
        (([], [{"name": "a", "addresses": []}, {"name": "a", "addresses": []}], []), "comes twice"),
        (([], [{"name": "a", "addresses": ["x"]}], []), "networks: a: addresses=x"),
        (([], [], ["2001:db8::/56"]), "only from an advertised /64"),
    ],
)
def test_what_is_refused(arguments: t.Any, words: str) -> None:
    with pytest.raises(Refused, match=words):
        wanted(*arguments)


BIOS = "422e3a9d-53d2-d5e8-6f2c-8a1e0b6c7d11"
VMS = [
    Vm("vm-1", "web", BIOS, "502e71fa-1a00-759b-e40f-ce778e915f16"),
    Vm("vm-2", "db", BIOS, "502e71fa-1a00-759b-e40f-ce778e915f17"),
    Vm("vm-3", "db", None, None),
    Vm("vm-4", "base", template=True),
    Vm("vm-5", "web", template=True),
]


class TestFindVm:
    @pytest.mark.parametrize(
        ("key", "wanted_value", "moid"),
        [
            ("name", "web", "vm-1"),
            ("moid", "vm-3", "vm-3"),
            ("instance_uuid", "502E71FA1A00759BE40FCE778E915F17", "vm-2"),
        ],
    )
    def test_found(self, key: str, wanted_value: str, moid: str) -> None:
        assert find_vm(VMS, key, wanted_value, "dc").moid == moid

    @pytest.mark.parametrize(
        ("key", "wanted_value", "words"),
        [
            ("name", "db", "2 VMs of the datacenter dc have it. Give the moid of the one that is meant: vm-2, vm-3"),
            ("bios_uuid", BIOS, "2 VMs"),
            ("name", "base", "this is a template"),
            ("name", "WEB", "Write web"),
            ("name", "no", "There are db, web"),
            ("bios_uuid", "502e71fa-1a00-759b-e40f-ce778e915f16", "It is the instance_uuid of one"),
            ("moid", "vm-9", "Look whether it is in another datacenter"),
        ],
    )
    def test_refused(self, key: str, wanted_value: str, words: str) -> None:
        with pytest.raises(Refused) as refused:
            find_vm(VMS, key, wanted_value, "dc")
        assert words in str(refused.value) and f"{key}={wanted_value}" in str(refused.value)

    def test_nothing_there(self) -> None:
        for key in VM_KEYS:
            with pytest.raises(Refused, match="has no such VM"):
                find_vm([], key, "x", "dc")

    def test_many(self) -> None:
        vms = [Vm(f"vm-{one}", f"vm{one:02}") for one in range(12)]
        with pytest.raises(Refused, match=r"vm09, \.\.\."):
            find_vm(vms, "name", "x", "dc")
