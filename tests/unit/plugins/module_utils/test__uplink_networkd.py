# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

from __future__ import annotations

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _uplink_networkd as networkd
from ansible_collections.routable.ipv6.plugins.module_utils._uplink_facts import Networkd

FILE = "/etc/systemd/network/10-up.network"


@pytest.mark.parametrize(
    ("texts", "value"),
    [
        (["[Match]\nName=ens3\n[Network]\nDHCP=yes\n"], None),
        (["[Network]\nIPv6AcceptRA=yes\n"], "yes"),
        (["[Network]\nIPv6AcceptRA = false \n"], "false"),
        (["[Network]\n#IPv6AcceptRA=no\n;IPv6AcceptRA=no\n"], None),
        (["[IPv6AcceptRA]\nIPv6AcceptRA=no\n"], None),
        (["[Network]\nIPv6AcceptRA=no\n", "[Network]\nIPv6AcceptRA=on\n"], "on"),
        (["[Network]\nIPv6AcceptRA=no\n", "[Network]\nIPv6AcceptRA=\n"], None),
        (["[Network]\nIPv6AcceptRA=no\nIPv6AcceptRA=nonsense\n"], "no"),
    ],
)
def test_accepting(texts: list[str], value: str | None) -> None:
    line = networkd.accepting([(f"{FILE}{place}", text) for place, text in enumerate(texts)])
    assert (None if line is None else line.value) == value


@pytest.mark.parametrize(
    ("value", "lost"), [("no", True), ("ipv4", True), ("ipv6", False), ("yes", False), ("ipv4-fallback", True)]
)
def test_link_local_is_needed(value: str, lost: bool) -> None:
    line = networkd.without_link_local([(FILE, f"[Network]\nLinkLocalAddressing={value}\n")])
    assert (line is not None) is lost
    if line is not None:
        assert line.place == f"{FILE}:2"


@pytest.mark.parametrize(
    ("match", "grabbed"),
    [
        ("Name=ens3", []),
        ("Name=*", ["docker0", "br-0123456789ab", "routable0", "veth0a1b2c3"]),
        ("Name=en* eth* docker*", ["docker0"]),
        ("Name=!en*", ["docker0", "br-0123456789ab", "routable0", "veth0a1b2c3"]),
        ("Name=!docker0 br-* veth* routable*", []),
        ("Type=ether", ["veth0a1b2c3"]),
        ("Kind=bridge", ["docker0", "br-0123456789ab", "routable0"]),
        ("Kind=bridge\nName=br0", []),
        ("Type=ether\nKind=!*", []),
        ("MACAddress=52:54:00:00:00:01", []),
        ("Driver=virtio_net", []),
        ("", []),
    ],
)
def test_grabbing(match: str, grabbed: list[str]) -> None:
    found = networkd.grabbing([(FILE, f"[Match]\n{match}\n[Network]\nDHCP=yes\n")])
    assert found == [(name, FILE) for name in grabbed]


def test_the_first_match_counts_and_unmanaged_is_harmless() -> None:
    harmless = (
        "/etc/systemd/network/05-docker.network",
        "[Match]\nName=docker* br-* veth* routable*\n[Link]\nUnmanaged=yes\n",
    )
    assert networkd.grabbing([harmless, (FILE, "[Match]\nName=*\n")]) == []


def test_order_and_masks() -> None:
    listing = [
        "/usr/lib/systemd/network/20-b.network",
        "/etc/systemd/network/20-b.network",
        "/run/systemd/network/10-netplan-ens3.network",
        "/etc/systemd/network/99-z.network",
    ]
    assert networkd.ordered(listing) == [
        "/run/systemd/network/10-netplan-ens3.network",
        "/etc/systemd/network/20-b.network",
        "/etc/systemd/network/99-z.network",
    ]
    assert (
        networkd.dropin_path("/run/systemd/network/10-netplan-ens3.network")
        == "/etc/systemd/network/10-netplan-ens3.network.d/90-routable-ipv6.conf"
    )


def test_forwarding_forbidden() -> None:
    state = Networkd("configured", FILE, ((FILE, "[Network]\nIPv6Forwarding=no\n"),))
    conf = [("/etc/systemd/networkd.conf", "[Network]\nIPv6Forwarding=yes\n")]
    assert [line.place for line in networkd.forbidding_forwarding(state, conf)] == [f"{FILE}:2"]
