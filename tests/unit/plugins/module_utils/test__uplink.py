# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _uplink as uplink
from ansible_collections.routable.ipv6.plugins.module_utils import _uplink_networkd as networkd
from ansible_collections.routable.ipv6.plugins.module_utils import _uplink_owner as owners
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Plan, Refused
from ansible_collections.routable.ipv6.plugins.module_utils._uplink_facts import (
    Facts,
    Ifupdown,
    Link,
    Networkd,
    NetworkManager,
    Route,
)

FILE = "/etc/systemd/network/10-up.network"
NETPLAN = "/run/systemd/network/10-netplan-ens3.network"
OURS = "/etc/sysctl.d/99-zz-routable-ipv6-ens3.conf"
INTERFACES = "/etc/network/interfaces"
RA = Route("ens3", "fe80::1", "ra", 1024)
STATIC = Route("ens3", "fe80::1", "static", 1024)
KEY = "net/ipv6/conf/ens3/accept_ra"
FORWARDING = "net/ipv6/conf/all/forwarding"
PLAIN = "[Match]\nName=ens3\n[Network]\nDHCP=yes\n"


def make(**words: t.Any) -> Facts:
    words.setdefault("link", Link("ens3", 2))
    words.setdefault("forwarding", "0")
    words.setdefault("routes", (RA,))
    return Facts(**words)


def by_networkd(text: str = PLAIN, file: str = FILE, state: str = "configured", **words: t.Any) -> Facts:
    words.setdefault("link", Link("ens3", 2, accept_ra="0"))
    texts = ((file, text), *words.pop("dropins", ()))
    return make(networkd=Networkd(state, file, texts, words.pop("shared", ())), **words)


def by_nm(method: str, state: str = "100 (connected)", filename: str = "", **words: t.Any) -> Facts:
    words.setdefault("link", Link("ens3", 2, accept_ra="0"))
    return make(networkmanager=NetworkManager(state, "up", method, filename), **words)


def by_ifupdown(stanza: str, logical: str | None = "ens3", **words: t.Any) -> Facts:
    text = f"auto ens3\niface ens3 inet dhcp\niface ens3 inet6 {stanza}\n"
    return make(ifupdown=Ifupdown(logical, ((INTERFACES, text),)), **words)


def plan(facts: Facts, forwarding: bool = True) -> Plan:
    return uplink.plan_present(facts, owners.detect(facts), forwarding)


def actions(of: Plan) -> list[str]:
    return [
        f"{change.action} {change.data.get('path') or change.data.get('key') or ''}".strip() for change in of.changes
    ]


@pytest.mark.parametrize(
    ("facts", "name"),
    [
        (make(), "kernel"),
        (by_networkd(), "networkd"),
        (by_networkd(state="configuring"), "networkd"),
        (by_networkd(state="unmanaged"), "kernel"),
        (by_networkd(file=NETPLAN), "netplan"),
        (by_nm("auto"), "networkmanager"),
        (by_nm("auto", "100 (connected (externally))"), "kernel"),
        (by_nm("auto", "30 (disconnected)"), "kernel"),
        (by_nm("auto", "10 (unmanaged)"), "kernel"),
        (by_nm("auto", filename="/run/NetworkManager/system-connections/netplan-ens3.nmconnection"), "netplan"),
        (by_ifupdown("auto"), "ifupdown"),
        (by_ifupdown("dhcp"), "ifupdown"),
        (by_ifupdown("static\n address ::1/64"), "ifupdown"),
        (by_ifupdown("manual"), "kernel"),
        (by_ifupdown("auto", logical=None), "kernel"),
        (by_ifupdown("auto", logical="elsewhere"), "kernel"),
        # Two claim it: the one that turns the kernel off counts.
        (dataclasses.replace(by_networkd(), ifupdown=by_ifupdown("auto").ifupdown), "networkd"),
        (dataclasses.replace(by_nm("auto"), ifupdown=by_ifupdown("auto").ifupdown), "networkmanager"),
    ],
)
def test_detect(facts: Facts, name: str) -> None:
    owner = owners.choose(facts, "auto")
    assert owner.name == name
    assert owner.evidence.endswith(".") and "ens3" in owner.evidence
    assert owners.choose(facts, name) == owner


def test_an_owner_that_does_not_manage_is_refused() -> None:
    with pytest.raises(Refused, match=r"owner=networkd: it does not manage ens3.*set it to kernel"):
        owners.choose(make(), "networkd")
    assert owners.choose(by_networkd(), "kernel").name == "kernel"
    both = dataclasses.replace(by_networkd(), ifupdown=by_ifupdown("auto").ifupdown)
    assert owners.choose(both, "ifupdown").name == "ifupdown"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (make(), [f"file {OURS}", f"set {KEY}", f"set {FORWARDING}"]),
        (make(forwarding="1"), [f"file {OURS}", f"set {KEY}"]),
        (make(routes=()), [f"file {OURS}", f"set {KEY}", "solicit", f"set {FORWARDING}"]),
        (make(routes=(STATIC,)), [f"file {OURS}", f"set {FORWARDING}"]),
        (make(routes=(STATIC, RA)), [f"file {OURS}", f"set {KEY}", f"set {FORWARDING}"]),
        (
            by_ifupdown("auto", link=Link("ens3", 2, accept_ra="2")),
            [f"file {OURS}", f"set {FORWARDING}"],
        ),
        (by_ifupdown("dhcp"), [f"file {INTERFACES}", f"file {OURS}", f"set {KEY}", f"set {FORWARDING}"]),
        (by_ifupdown("static\n gateway fe80::1", routes=(STATIC,)), [f"file {OURS}", f"set {FORWARDING}"]),
        (by_networkd(), [f"file {networkd.dropin_path(FILE)}", f"file {OURS}", f"set {FORWARDING}"]),
        (by_networkd(PLAIN + "IPv6AcceptRA=yes\n"), [f"file {OURS}", f"set {FORWARDING}"]),
        (
            by_networkd(routes=()),
            [f"file {networkd.dropin_path(FILE)}", f"file {OURS}", "restart", "solicit", f"set {FORWARDING}"],
        ),
        (by_networkd(PLAIN + "IPv6AcceptRA=yes\n", routes=()), [f"file {OURS}", "solicit", f"set {FORWARDING}"]),
        (by_networkd(PLAIN + "IPv6AcceptRA=no\n", routes=(STATIC,)), [f"file {OURS}", f"set {FORWARDING}"]),
        (by_networkd(file=NETPLAN), [f"file {networkd.dropin_path(NETPLAN)}", f"file {OURS}", f"set {FORWARDING}"]),
        (by_nm("auto"), [f"file {OURS}", f"set {FORWARDING}"]),
        (by_nm("dhcp", routes=()), [f"file {OURS}", "solicit", f"set {FORWARDING}"]),
        (by_nm("ignore"), [f"file {OURS}", f"set {KEY}", f"set {FORWARDING}"]),
        (by_nm("manual", routes=(STATIC,)), [f"file {OURS}", f"set {FORWARDING}"]),
        (by_nm("disabled", routes=(STATIC,)), [f"file {OURS}", f"set {FORWARDING}"]),
    ],
)
def test_present(facts: Facts, expected: list[str]) -> None:
    made = plan(facts)
    assert actions(made) == expected
    # Forwarding is always the last step, after everything that secures the route.
    assert not any("forwarding" in action for action in actions(made)[:-1])


def test_without_forwarding() -> None:
    assert actions(plan(make(), forwarding=False)) == [f"file {OURS}", f"set {KEY}"]
    assert actions(plan(by_nm("auto"), forwarding=False)) == []
    (change, dummy) = plan(make(), forwarding=False).changes
    assert "forwarding" not in change.data["after"]


def carried_out(facts: Facts, done: Plan) -> Facts:
    """The facts after a plan."""
    after = {change.data["path"]: change.data["after"] for change in done.changes if change.action == "file"}
    values = {change.data["key"]: change.data["after"] for change in done.changes if change.action == "set"}
    texts = dict(facts.sysctl_files)
    texts.update({path: text for path, text in after.items() if "/sysctl.d/" in path})
    managed = facts.networkd
    if managed is not None:
        dropins = dict(managed.texts)
        dropins.update({path: text for path, text in after.items() if "/network/" in path and path.endswith(".conf")})
        managed = dataclasses.replace(managed, texts=tuple(dropins.items()))
    stanzas = {path: after.get(path, text) for path, text in facts.ifupdown.texts}
    return dataclasses.replace(
        facts,
        link=dataclasses.replace(facts.link, accept_ra=values.get(KEY, facts.link.accept_ra)),
        forwarding=values.get(FORWARDING, facts.forwarding),
        routes=facts.routes or (RA,),
        networkd=managed,
        ifupdown=dataclasses.replace(facts.ifupdown, texts=tuple(stanzas.items())),
        sysctl_files=tuple(texts.items()),
    )


@pytest.mark.parametrize(
    "facts",
    [
        make(),
        make(routes=(STATIC,)),
        by_ifupdown("auto"),
        by_ifupdown("dhcp"),
        by_networkd(),
        by_networkd(file=NETPLAN, routes=()),
        by_nm("auto"),
        by_nm("ignore"),
    ],
)
def test_a_second_plan_is_empty_and_absent_undoes_the_first(facts: Facts) -> None:
    first = plan(facts)
    after = carried_out(facts, first)
    assert actions(plan(after)) == []
    # Also while the advertised route is away for a moment, nothing is taken back.
    away = dataclasses.replace(after, routes=())
    assert [
        action for action in actions(plan(away)) if action.startswith(("file", "set"))
    ] == [] or not facts.advertised

    files = [change.data for change in first.changes if change.action == "file"]
    values = {change.data["key"]: change.data["before"] for change in first.changes if change.action == "set"}
    written = {data["path"]: (data["after"], True, data["before"]) for data in files}
    undone = uplink.plan_absent(after, written, values)
    assert {change.data["path"]: change.data["after"] for change in undone.changes if change.action == "file"} == {
        data["path"]: data["before"] for data in files
    }
    assert {change.data["key"]: change.data["after"] for change in undone.changes if change.action == "set"} == values
    keys = [change.data["key"] for change in undone.changes if change.action == "set"]
    assert keys[:1] == [FORWARDING]


def test_absent_keeps_what_is_needed() -> None:
    after = make(forwarding="1", link=Link("ens3", 2, accept_ra="2"), ipv6_bridges=("docker0",))
    kept = uplink.plan_absent(after, {OURS: ("x", True, None)}, {FORWARDING: "0", KEY: "1"})
    assert actions(kept) == [f"file {OURS}"]
    assert "docker0" in kept.warnings[0] and "until the next boot" in kept.warnings[1]
    other = "/etc/sysctl.d/99-zz-routable-ipv6-ens4.conf"
    shared = dataclasses.replace(after, ipv6_bridges=(), sysctl_files=((other, f"{FORWARDING} = 1\n"),))
    assert other in uplink.plan_absent(shared, {}, {FORWARDING: "0"}).warnings[0]
    # Forwarding was on before us.
    assert uplink.plan_absent(dataclasses.replace(after, ipv6_bridges=()), {}, {}).changes == ()


def test_absent_without_a_record_and_with_foreign_changes() -> None:
    dropin = networkd.dropin_path(FILE)
    lost = by_networkd(dropins=((dropin, networkd.DROPIN_TEXT),), sysctl_files=((OURS, "x"),))
    assert sorted(actions(uplink.plan_absent(lost, {}, {}))) == sorted([f"file {OURS}", f"file {dropin}"])

    before = "iface ens3 inet6 dhcp\n"
    now = "# theirs\niface ens3 inet6 dhcp\n    accept_ra 2\n"
    edited = make(ifupdown=Ifupdown("ens3", ((INTERFACES, now),)))
    (change,) = uplink.plan_absent(edited, {INTERFACES: (now, False, before)}, {}).changes
    assert change.data["after"] == "# theirs\niface ens3 inet6 dhcp\n"


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (by_networkd(PLAIN + "IPv6AcceptRA=no\n"), [f"{FILE}:5", "Take that line out"]),
        (by_networkd(PLAIN + "IPv6AcceptRA=no\n", file=NETPLAN), [f"{NETPLAN}:5", "accept-ra: true"]),
        (by_networkd(PLAIN + "LinkLocalAddressing=no\n"), [f"{FILE}:5"]),
        (by_nm("link-local", routes=()), ["ipv6.method of 'up' is link-local", "Set ipv6.method to auto"]),
        (by_nm("disabled", routes=()), ["is disabled"]),
        (by_nm("link-local", filename="/run/netplan-ens3.nmconnection", routes=()), ["'dhcp6: true' in netplan"]),
        (by_nm("shared", routes=()), ["is shared"]),
        (by_ifupdown("auto\n accept_ra 0", routes=()), [f"{INTERFACES}:4"]),
        (
            make(routes=(RA, Route("ens4", "fe80::1", "ra", 1)), others_accept_ra={"ens4": "1"}),
            ["ens4", "forwarding off"],
        ),
    ],
)
def test_refused(facts: Facts, words: list[str]) -> None:
    with pytest.raises(Refused) as caught:
        plan(facts)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_another_uplink_that_is_safe_is_no_obstacle() -> None:
    routes = (RA, Route("ens4", "fe80::1", "ra", 1))
    assert plan(make(routes=routes, others_accept_ra={"ens4": "2"})).changed
    assert plan(make(routes=routes, others_accept_ra={"ens4": "1"}), forwarding=False).changed
    assert plan(make(routes=routes, others_accept_ra={"ens4": "1"}, forwarding="1")).changed


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        (
            make(sysctl_files=(("/etc/sysctl.d/zz-cis.conf", "net.ipv6.conf.all.forwarding=0"),)),
            "/etc/sysctl.d/zz-cis.conf:1",
        ),
        (make(sysctl_conf="#\nnet.ipv6.conf.ens3.accept_ra=0"), "/etc/sysctl.conf:2"),
        (by_networkd(link=Link("ens3", 2, accept_ra="2")), "somebody has changed it"),
        (by_networkd(sysctl_conf="net.ipv6.conf.ens3.accept_ra=2"), "/etc/sysctl.conf:1"),
        (by_networkd(shared=("ens4",)), "ens4"),
        (by_networkd(network_files=(("/etc/systemd/network/99-all.network", "[Match]\nName=*\n"),)), "99-all.network"),
        (
            by_networkd(networkd_conf=(("/etc/systemd/networkd.conf", "[Network]\nIPv6Forwarding=no"),)),
            "networkd.conf:2",
        ),
        (by_ifupdown("dhcp # by cloud-init"), "cloud-init"),
    ],
)
def test_warnings(facts: Facts, word: str) -> None:
    assert any(word in warning for warning in plan(facts).warnings), plan(facts).warnings


def test_no_warnings_where_all_is_well() -> None:
    for facts in (make(), by_networkd(), by_nm("auto"), by_ifupdown("dhcp")):
        assert plan(facts).warnings == ()


def test_evidence_speaks_of_a_static_route() -> None:
    facts = make(routes=(STATIC,))
    assert "static" in uplink.evidence(facts, owners.detect(facts))
    assert "static" not in uplink.evidence(make(), owners.detect(make()))


@pytest.mark.parametrize(
    ("link", "words"),
    [
        (None, "interface=ens3: this host has no such interface. Name one that it has: ens5, lo"),
        (Link("ens3", 1, loopback=True), "loopback"),
        (Link("ens3", 1, bridge="br0"), "Name br0"),
        (Link("ens3", 1, disable_ipv6="1"), "net/ipv6/conf/ens3/disable_ipv6 is 1"),
        (Link("ens3", 1, disable_ipv6=None), "has no IPv6"),
    ],
)
def test_no_uplink(link: Link | None, words: str) -> None:
    with pytest.raises(Refused) as caught:
        uplink.check_interface("ens3", link, ["lo", "ens5"])
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("name", "fine"), [("docker0", False), ("br-0123456789ab", False), ("br0", True), ("br-lan", True)]
)
def test_bridges(name: str, fine: bool) -> None:
    link = Link(name, 3, is_bridge=True)
    if fine:
        assert uplink.check_interface(name, link, []) is link
        return
    with pytest.raises(Refused, match="bridge towards containers"):
        uplink.check_interface(name, link, [])
