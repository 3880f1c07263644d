# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of an uplink, word by word: the steps of its plan, the diff, warnings and refusals."""

from __future__ import annotations

import re

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _uplink as uplink
from ansible_collections.routable.ipv6.plugins.module_utils import _uplink_networkd as networkd
from ansible_collections.routable.ipv6.plugins.module_utils import _uplink_owner as owners
from ansible_collections.routable.ipv6.plugins.module_utils import _uplink_sysctl as persisted
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._uplink_facts import Facts, Ifupdown, Link, Route
from test__uplink import (
    FILE,
    FORWARDING,
    INTERFACES,
    KEY,
    NETPLAN,
    OURS,
    PLAIN,
    RA,
    STATIC,
    by_ifupdown,
    by_networkd,
    by_nm,
    make,
    plan,
)

DROPIN = networkd.dropin_path(FILE)


def test_the_steps_and_the_diff() -> None:
    done = plan(by_networkd(routes=()))
    assert [(change.sentence, change.action) for change in done.changes] == [
        (f"Write {DROPIN}", "file"),
        (f"Write {OURS}", "file"),
        ("Restart systemd-networkd, so that it takes router advertisements", "restart"),
        ("Ask the routers on ens3 for an advertisement", "solicit"),
        (f"Set {FORWARDING} from 0 to 1", "set"),
    ]
    text = persisted.own_text("ens3", False, True)
    assert done.before == {"files": {DROPIN: None, OURS: None}, "sysctls": {FORWARDING: "0"}}
    assert done.after == {"files": {DROPIN: networkd.DROPIN_TEXT, OURS: text}, "sysctls": {FORWARDING: "1"}}
    assert done.changes[1].data == {"path": OURS, "before": None, "after": text}
    assert done.changes[4].data == {"key": FORWARDING, "before": "0", "after": "1"}
    changed = plan(make(sysctl_files=((OURS, "old"),)), forwarding=False)
    assert [change.sentence for change in changed.changes] == [f"Change {OURS}", f"Set {KEY} from 1 to 2"]
    assert changed.before == {"files": {OURS: "old"}, "sysctls": {KEY: "1"}}


def test_our_file_is_only_as_long_as_it_must_be() -> None:
    head = "Written by routable.ipv6.uplink_ra for ens3; a run replaces this file."
    text = str(persisted.own_text("ens3", True, True))
    assert head in text and f"{KEY} = 2\n" in text and f"{FORWARDING} = 1\n" in text
    assert FORWARDING not in str(persisted.own_text("ens3", True, False))
    assert KEY not in str(persisted.own_text("ens3", False, True))
    assert persisted.own_text("ens3", False, False) is None


def test_absent_says_what_stays_and_why() -> None:
    there = make(forwarding="1", link=Link("ens3", 2, accept_ra="2"), ipv6_bridges=("docker0", "br0"))
    done = uplink.plan_absent(there, {OURS: ("x", True, None)}, {FORWARDING: "0", KEY: "1"})
    assert [change.sentence for change in done.changes] == [f"Remove {OURS}"]
    assert (done.before, done.after) == (
        {"files": {OURS: "x"}, "sysctls": {}},
        {"files": {OURS: None}, "sysctls": {}},
    )
    assert done.warnings == (
        "Forwarding stays on, since bridges with IPv6 (docker0, br0) need it.",
        f"{KEY} stays 2 until the next boot, since this host goes on forwarding and would lose its default route "
        "otherwise.",
    )
    free = make(forwarding="1", link=Link("ens3", 2, accept_ra="2"))
    done = uplink.plan_absent(free, {}, {FORWARDING: "0", KEY: "1"})
    assert [change.sentence for change in done.changes] == [f"Set {FORWARDING} from 1 to 0", f"Set {KEY} from 2 to 1"]
    assert done.after == {"files": {}, "sysctls": {FORWARDING: "0", KEY: "1"}} and done.warnings == ()
    # Without an advertised route there is none to lose; and 2 was there before us.
    assert len(uplink.plan_absent(make(forwarding="1", routes=(), link=free.link), {}, {KEY: "1"}).changes) == 1
    assert uplink.plan_absent(free, {}, {KEY: "2"}).changes == ()
    other = "/etc/sysctl.d/99-zz-routable-ipv6-ens4.conf"
    shared = make(forwarding="1", sysctl_files=((other, f"{FORWARDING} = 1\n"),))
    assert uplink.plan_absent(shared, {}, {FORWARDING: "0"}).warnings == (
        f"Forwarding stays on, since {other} wants it.",
    )


def dhcp_of_cloud_init() -> Facts:
    return by_ifupdown("dhcp # by cloud-init")


@pytest.mark.parametrize(
    ("facts", "warning"),
    [
        (
            make(sysctl_files=(("/etc/sysctl.d/zz-cis.conf", "net.ipv6.conf.all.forwarding=0"),)),
            f"/etc/sysctl.d/zz-cis.conf:1 sets {FORWARDING} to 0, which is read after our file and wins at boot; "
            f"{FORWARDING} must be 1. Remove that line.",
        ),
        (
            make(sysctl_conf="#\nnet.ipv6.conf.*.accept_ra=0"),
            "/etc/sysctl.conf:2 sets net/ipv6/conf/*/accept_ra to 0, which 'sysctl --system' and 'sysctl -p' read after "
            f"our file; {KEY} must be 2. Remove that line.",
        ),
        (
            by_networkd(link=Link("ens3", 2, accept_ra="2")),
            f"{KEY} is 2, though networkd takes router advertisements itself and had set it to 0; somebody has changed "
            "it since, and both keep routes now.",
        ),
        (
            by_networkd(sysctl_conf="net.ipv6.conf.ens3.accept_ra=2"),
            f"/etc/sysctl.conf:1 sets {KEY} to 2, so the kernel takes router advertisements too and both keep routes.",
        ),
        (
            by_networkd(shared=("ens4", "ens5")),
            f"{FILE} also configures ens4, ens5; what is said there holds for all.",
        ),
        (
            by_networkd(network_files=(("/etc/systemd/network/99-all.network", "[Match]\nName=veth*\n"),)),
            "/etc/systemd/network/99-all.network matches interfaces like veth0, so systemd-networkd configures what "
            "Docker has made and may take its addresses and routes away. Narrow its [Match] section.",
        ),
        (
            by_networkd(networkd_conf=(("/etc/systemd/networkd.conf", "[Network]\nIPv6Forwarding=no"),)),
            "/etc/systemd/networkd.conf:2 lets systemd-networkd turn forwarding off when it starts (from version 256). "
            "Remove that line.",
        ),
        (
            dhcp_of_cloud_init(),
            f"{INTERFACES} is cloud-init's, which writes it anew for a new instance; tell it there too.",
        ),
    ],
)
def test_warnings(facts: Facts, warning: str) -> None:
    found = list(plan(facts).warnings)
    if "veth" in warning:
        found = [re.sub(r"like \S+,", "like veth0,", text) for text in found]
    assert found == [warning]


NEEDS = "interface=ens3: its default route needs router advertisements, "
STATIC_ONE = "or give the interface a static default route."


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (
            by_networkd(PLAIN + "IPv6AcceptRA=no\n"),
            f"{NEEDS}which {FILE}:5 keeps from systemd-networkd. Take that line out, {STATIC_ONE}",
        ),
        (
            by_networkd(PLAIN + "IPv6AcceptRA=no\n", file=NETPLAN),
            f"{NEEDS}which {NETPLAN}:5 keeps from systemd-networkd. Set 'accept-ra: true' in netplan, {STATIC_ONE}",
        ),
        (
            by_nm("link-local", routes=()),
            "interface=ens3: ipv6.method of 'up' is link-local, which takes no router advertisements. "
            f"Set ipv6.method to auto, {STATIC_ONE}",
        ),
        (
            by_ifupdown("auto\n accept_ra 0", routes=()),
            f"{NEEDS}and {INTERFACES}:4 turns them off. Take that line out, {STATIC_ONE}",
        ),
        (
            make(routes=(RA, Route("ens4", "fe80::1", "ra", 1)), others_accept_ra={"ens4": "1"}),
            "interface=ens3: forwarding would also take the default route that the kernel has from a router on ens4, "
            "where accept_ra is 1. Run this module for ens4 with forwarding off first.",
        ),
    ],
)
def test_refused(facts: Facts, message: str) -> None:
    with pytest.raises(Refused, match=f"^{re.escape(message)}$"):
        plan(facts)


@pytest.mark.parametrize(
    ("link", "message"),
    [
        (None, "this host has no such interface. Name one that it has: ens5, lo."),
        (
            Link("ens3", 1, loopback=True),
            "the loopback leads to no router. Name the interface towards the provider's router.",
        ),
        (
            Link("ens3", 1, bridge="br0"),
            "it is a port of the bridge br0, and IPv6 lives on the bridge. "
            "Name br0, if that one leads to the provider's router.",
        ),
        (
            Link("ens3", 1, disable_ipv6="1"),
            "IPv6 is turned off on it (net/ipv6/conf/ens3/disable_ipv6 is 1). Turn IPv6 on there first.",
        ),
        (
            Link("ens3", 1, disable_ipv6=None),
            "it has no IPv6 (there is no /proc/sys/net/ipv6/conf/ens3). "
            "Give it an MTU of 1280 or more, and see that the kernel has IPv6.",
        ),
    ],
)
def test_no_uplink(link: Link | None, message: str) -> None:
    with pytest.raises(Refused, match=f"^{re.escape(f'interface=ens3: {message}')}$"):
        uplink.check_interface("ens3", link, ["lo", "ens5"])


def test_no_uplink_at_all() -> None:
    with pytest.raises(
        Refused, match=r"^interface=ens3: this host has no such interface. Name one that it has: none\.$"
    ):
        uplink.check_interface("ens3", None, [])


def test_evidence() -> None:
    left = "neither systemd-networkd nor NetworkManager nor an inet6 stanza of ifupdown configures it"
    kernel = f"ens3 is left to the kernel: {left}."
    networkd_has_it = f"systemd-networkd manages ens3 by {FILE}."
    assert uplink.evidence(make(), owners.detect(make())) == kernel
    static = make(routes=(STATIC,))
    assert uplink.evidence(static, owners.detect(static)) == (
        f"{kernel} Its default route is static, so forwarding cannot take it away."
    )
    assert owners.detect(by_networkd()).evidence == networkd_has_it
    assert owners.detect(by_networkd(file=NETPLAN)).evidence == (
        f"systemd-networkd manages ens3 by {NETPLAN}, which netplan has written."
    )
    assert owners.choose(by_networkd(), "kernel").evidence == f"The kernel was asked for, although: {networkd_has_it}"
    with pytest.raises(
        Refused, match=f"^{re.escape(f'owner=ifupdown: it does not manage ens3. {kernel}')} Leave owner at"
    ):
        owners.choose(make(), "ifupdown")


def test_which_sysctl_files_count() -> None:
    listing = [
        "/usr/lib/sysctl.d/50-a.conf",
        "/etc/sysctl.d/50-a.conf",
        "/run/sysctl.d/40-b.conf",
        "/lib/sysctl.d/40-b.conf",
        "/etc/sysctl.d/README",
    ]
    assert persisted.ordered(listing) == ["/run/sysctl.d/40-b.conf", "/etc/sysctl.d/50-a.conf"]
    found = persisted.settings("/f", "# a = 1\n; b = 1\n\nc = 1 \n-net.d.e=2\nplain\n")
    assert [(key, line.number, line.value) for key, line in found] == [("c", 4, "1"), ("net/d/e", 5, "2")]


def test_the_file_of_ifupdown_is_given_back_without_our_line() -> None:
    before, now = "iface ens3 inet6 dhcp\n", "iface ens3 inet6 dhcp\n    accept_ra 2\n"
    there = make(ifupdown=Ifupdown("ens3", ((INTERFACES, now),)))
    done = uplink.plan_absent(there, {INTERFACES: (now, True, before)}, {})
    assert [change.sentence for change in done.changes] == [f"Change {INTERFACES}"]
    assert done.after["files"] == {INTERFACES: before}
    # Somebody removed it, or it is as it was.
    assert uplink.plan_absent(there, {INTERFACES: (None, False, before)}, {}).changes == ()
    assert uplink.plan_absent(there, {INTERFACES: (before, True, before)}, {}).changes == ()
