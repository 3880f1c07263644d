# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import json
import os
import pathlib
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard_agent as agent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

DYNAMIC = {"dynamic": True, "valid": 60, "preferred": 30, "broadcast": "", "no_prefix": False}
STATIC = {**DYNAMIC, "dynamic": False}
DEFAULT6 = "6 default via fe80::1 dev ens3 proto ra metric 1024 pref medium"
DEFAULT4 = "4 default via 198.51.100.1 dev ens3 proto static"


def unit(active: str = "active", invocation: str = "1") -> dict[str, str]:
    return {"LoadState": "loaded", "ActiveState": active, "InvocationID": invocation}


def snapshot(**more: t.Any) -> agent.Snapshot:
    """A quiet host."""
    return {
        "options": {},
        "files": {},
        "sysctls": {},
        "up": ["ens3"],
        "addresses": {"ens3": {}},
        "routes": {},
        "proxies": [],
        "nft": {},
        "iptables": {"iptables": "", "ip6tables": ""},
        "units": {},
        "docker": {"networks": [], "bridge": []},
        **more,
    }


def actions(before: agent.Snapshot, now: agent.Snapshot) -> list[t.Any]:
    return list(agent.plan(before, now))


def test_nothing_is_done_where_nothing_differs() -> None:
    same = snapshot(files={"/etc/a": {"kind": "file"}}, units={"docker.service": unit()}, routes={DEFAULT6: {}})
    assert agent.plan(same, copy.deepcopy(same)) == []


def test_the_order() -> None:
    """Whoever reads a file is started after it is back; whoever needs a route, after the links."""
    before = snapshot(
        files={"/etc/netplan/a.yaml": {"kind": "file", "data": "eA=="}, "/etc/docker/daemon.json": {"kind": "file"}},
        sysctls={"net/ipv6/conf/all/forwarding": "0"},
        nft={"inet mine": "table inet mine {}"},
        units={"systemd-networkd.service": unit(), "docker.service": unit()},
        routes={DEFAULT4: {"expires": None}},
    )
    now = snapshot(
        files={
            "/etc/netplan/a.yaml": {"kind": "file", "data": "eQ=="},
            "/etc/systemd/system/new.service": {"kind": "file"},
        },
        sysctls={"net/ipv6/conf/all/forwarding": "1"},
        units={"systemd-networkd.service": unit(), "docker.service": unit(), "routable-ipv6-ndp-ens3.service": unit()},
    )
    assert [action for action, data in actions(before, now)] == [
        "stop", "stop", "remove", "put", "put", "reload_units", "stop_docker", "sysctl", "nft", "restart", "links",
        "restart", "bridge", "links",
    ]  # fmt: skip
    restarted = [data for action, data in actions(before, now) if action == "restart"]
    assert restarted == ["systemd-networkd.service", "docker.service"]
    stopped = [data for action, data in actions(before, now) if action == "stop"]
    assert stopped == ["routable-ipv6-ndp-ens3.service", "new.service"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (unit(), unit("failed"), ["restart"]),
        (unit(), unit(invocation="2"), ["restart"]),
        (unit("inactive", ""), unit(), ["stop"]),
        (unit("failed", ""), unit("inactive", ""), []),
        (unit("activating"), unit(), []),
    ],
)
def test_a_unit_is_as_before(old: dict[str, str], new: dict[str, str], expected: list[str]) -> None:
    before, now = snapshot(units={"ndppd.service": old}), snapshot(units={"ndppd.service": new})
    assert [action for action, data in actions(before, now)] == expected + ["links"] * 0


def test_docker_begins_anew_when_its_rules_or_its_bridge_differ() -> None:
    before = snapshot(units={"docker.service": unit()})
    rules = snapshot(units={"docker.service": unit()}, iptables={"iptables": "*filter\n", "ip6tables": ""})
    assert [action for action, data in actions(before, rules)][:3] == ["stop_docker", "iptables", "restart"]
    bridge = snapshot(units={"docker.service": unit()}, docker={"networks": [], "bridge": ["2001:db8::1/64"]})
    assert ("stop_docker", True) in actions(before, bridge)
    assert ("bridge", ([], None)) in actions(before, bridge)


def test_networks_that_came_go() -> None:
    now = snapshot(docker={"networks": ["a", "b"], "bridge": []})
    assert actions(snapshot(docker={"networks": ["a"], "bridge": []}), now) == [("drop_network", "b")]
    assert actions(snapshot(), now) == [("drop_network", "a"), ("drop_network", "b")]
    unknown = snapshot(docker={"networks": None, "bridge": []})
    assert actions(unknown, now) == []


def test_what_routers_hand_out_may_stay() -> None:
    before = snapshot(addresses={"ens3": {"192.0.2.1/24": STATIC}}, routes={DEFAULT4: {"expires": None}})
    now = snapshot(
        addresses={"ens3": {"2001:db8::5/64": DYNAMIC, "192.0.2.9/24": STATIC}},
        routes={
            DEFAULT6: {"expires": 9},
            "4 192.0.2.0/24 dev ens3 proto kernel": {},
            "4 default via 192.0.2.7 dev ens3": {},
        },
    )
    assert agent.plan_links(before, now) == [
        ("add_address", ("ens3", "192.0.2.1/24", STATIC)),
        ("drop_address", ("ens3", "192.0.2.9/24")),
        ("drop_route", "4 default via 192.0.2.7 dev ens3"),
        ("add_route", (DEFAULT4, None)),
    ]


def test_a_route_comes_after_the_one_that_its_gateway_needs() -> None:
    near = "4 198.51.100.0/24 dev ens3 proto kernel scope link"
    before = snapshot(routes={DEFAULT4: {"expires": None}, near: {"expires": None}})
    assert [data[0] for action, data in agent.plan_links(before, snapshot())] == [near, DEFAULT4]


def test_a_link_that_was_up_is_set_up_first() -> None:
    before = snapshot(addresses={"ens3": {"192.0.2.1/24": STATIC}})
    assert agent.plan_links(before, snapshot(up=[]))[0] == ("link_up", "ens3")


@pytest.mark.parametrize(
    ("line", "text", "expires"),
    [
        (
            "default nhid 10 via fe80::1 dev e proto ra metric 1024 expires 597sec pref medium",
            "default via fe80::1 dev e proto ra metric 1024 pref medium",
            597,
        ),
        ("172.17.0.0/16 dev docker0 proto kernel linkdown ", "172.17.0.0/16 dev docker0 proto kernel", None),
        (
            "default proto ra \\\tnexthop via fe80::1 dev e weight 1 \\\tnexthop via fe80::2 dev e weight 1",
            "default proto ra nexthop via fe80::1 dev e weight 1 nexthop via fe80::2 dev e weight 1",
            None,
        ),
    ],
)
def test_a_route_as_ip_takes_it_back(line: str, text: str, expires: int | None) -> None:
    assert agent.route_text(line) == (text, expires)


@pytest.mark.parametrize(
    ("route", "expires", "words"),
    [
        ("6 default via fe80::1 dev e metric 9", 600, "default via fe80::1 dev e metric 9 expires 600"),
        ("6 default via fe80::1 dev e", 0, "default via fe80::1 dev e expires 1"),
        # What follows a next hop is another one to ip.
        ("6 default proto ra nexthop via fe80::1 dev e", 600, "default proto ra expires 600 nexthop via fe80::1 dev e"),
        ("4 default via 192.0.2.1 dev e", 600, "default via 192.0.2.1 dev e"),
        ("6 default via fe80::1 dev e", None, "default via fe80::1 dev e"),
    ],
)
def test_a_route_is_put_back_with_its_lifetime(
    route: str, expires: int | None, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[str, ...]] = []
    monkeypatch.setattr(agent, "do", lambda *command, data="": done.append(command))
    agent.add_route(route, expires)
    assert [" ".join(command) for command in done] == [f"ip -{route[0]} route replace {words}"]


def test_counters_are_no_difference() -> None:
    assert (
        agent.rules_text("# Generated\n*filter\n:INPUT ACCEPT [5:7]\nCOMMIT\n")
        == "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n"
    )


def test_after_a_boot_every_unit_is_another_one() -> None:
    before = snapshot(units={"docker.service": unit()}, iptables={"iptables": "old", "ip6tables": ""})
    now = snapshot(units={"docker.service": unit(invocation="9")}, iptables={"iptables": "new", "ip6tables": ""})
    assert agent.plan(before, now) != []
    assert agent.plan(agent.with_new_units(before, now), now) == []


NAMES = st.sampled_from(["a", "b", "c", "d.conf"])
LEAF = st.one_of(st.binary(max_size=20), st.sampled_from(["../x", "/dev/null"]))
TREE = st.recursive(LEAF, lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=8)


def grow(path: str, tree: t.Any) -> None:
    if isinstance(tree, dict):
        os.mkdir(path)
        for name, inner in tree.items():
            grow(f"{path}/{name}", inner)
    elif isinstance(tree, str):
        os.symlink(tree, path)
    else:
        pathlib.Path(path).write_bytes(tree)


def fell(path: str) -> None:
    for inner in sorted(agent.below(path), reverse=True):
        agent.remove(inner)
    agent.remove(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(before=TREE, now=TREE)
def test_any_files_become_what_they_were(tmp_path: pathlib.Path, before: t.Any, now: t.Any) -> None:
    top = f"{tmp_path}/top"
    grow(top, before)
    kept = agent.take_files([top])
    fell(top)
    grow(top, now)
    steps = agent.plan_files({"files": kept}, {"files": agent.take_files([top])})
    assert agent.carry_out({}, steps) == []
    assert agent.take_files([top]) == kept
    fell(top)


def test_modes_are_kept_and_nothing_half_written_stays(tmp_path: pathlib.Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("before")
    secret.chmod(0o640)
    kept = agent.take_files([str(tmp_path)])
    secret.unlink()
    assert agent.carry_out({}, agent.plan_files({"files": kept}, {"files": agent.take_files([str(tmp_path)])})) == []
    assert secret.stat().st_mode & 0o7777 == 0o640
    assert os.listdir(tmp_path) == ["secret"]


def test_a_file_that_cannot_be_written_leaves_nothing_half_done(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "a").write_text("now")
    monkeypatch.setattr(os, "fsync", full)
    failed = agent.carry_out({}, [("put", (str(tmp_path / "a"), agent.file_entry("before", 0o644)))])
    assert failed == [f"Bring back {tmp_path}/a: [Errno 28] No space left on device"]
    assert (tmp_path / "a").read_text() == "now"
    assert os.listdir(tmp_path) == ["a"]


def test_what_was_left_half_written_is_swept(tmp_path: pathlib.Path) -> None:
    (tmp_path / "deep").mkdir()
    for name in (".guard-1", "deep/.guard-2", "deep/kept"):
        (tmp_path / name).write_text("x")
    agent.sweep([f"{tmp_path}*"])
    assert sorted(agent.below(str(tmp_path))) == [f"{tmp_path}/deep", f"{tmp_path}/deep/kept"]


def test_too_much_is_refused(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent, "LARGEST", 1 << 20)
    (tmp_path / "big").write_bytes(b"\0" * (1 << 20))
    with pytest.raises(agent.Trouble, match="has more than 1 MiB, which is too much to keep"):
        agent.take_files([str(tmp_path)])


@pytest.mark.parametrize(
    "path",
    [
        "/var/lib/routable-ipv6/guard/armed.json",
        "/var/lib/routable-ipv6",
        "/etc/systemd/system/routable-ipv6-guard-boot.service",
        "/etc/systemd/system/timers.target.wants/routable-ipv6-guard.timer",
        "/etc/netplan/.guard-abc",
    ],
)
def test_its_own_files_are_no_part_of_it(path: str) -> None:
    assert agent.own(path)


def test_others_are() -> None:
    assert not agent.own("/var/lib/routable-ipv6/ndp_proxy.json")
    assert not agent.own("/etc/systemd/system/routable-ipv6-ndp-ens3.service")


def guard(directory: pathlib.Path) -> dict[str, str]:
    return {"run": "r", "holder": "h"}


def test_the_journal_keeps_its_end(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent, "JOURNAL_LINES", 3)
    monkeypatch.setattr(os, "chown", lambda *words: None)
    for number in range(5):
        agent.note(str(tmp_path), guard(tmp_path), "armed", number=number)
    assert [entry["number"] for entry in agent.journal(str(tmp_path))] == [2, 3, 4]
    with open(tmp_path / "journal.jsonl", "a") as stream:
        stream.write('{"half')
    assert len(agent.journal(str(tmp_path))) == 3


def test_nothing_is_put_back_without_an_armed_guard(tmp_path: pathlib.Path) -> None:
    assert agent.restore(str(tmp_path), "why") == []
    assert agent.wait(str(tmp_path)) == 0


def test_waiting_ends_when_the_guard_is_called_off(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "armed.json").write_text(json.dumps({"timeout": 1000, "token": "a"}))
    monkeypatch.setattr(agent.time, "sleep", lambda seconds: (tmp_path / "armed.json").unlink())
    assert agent.wait(str(tmp_path)) == 0


def test_waiting_ends_when_another_guard_is_armed(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = json.dumps({"timeout": 1000, "token": "b"})
    (tmp_path / "armed.json").write_text(json.dumps({"timeout": 1000, "token": "a"}))
    monkeypatch.setattr(agent.time, "sleep", lambda seconds: (tmp_path / "armed.json").write_text(other))
    assert agent.wait(str(tmp_path)) == 0
    assert (tmp_path / "armed.json").exists()


def test_waiting_counts_on_the_monotonic_clock(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wall clock jumps by a day in each direction; only the other one decides."""
    clock = {"now": 50.0, "wall": 1.0}
    rang: list[float] = []

    def sleep(seconds: float) -> None:
        clock["now"] += seconds
        clock["wall"] = -clock["wall"] * 86400

    def restore(directory: str, why: str) -> list[str]:
        rang.append(clock["now"])
        return []

    (tmp_path / "armed.json").write_text(json.dumps({"timeout": 10, "token": "a"}))
    monkeypatch.setattr(agent.time, "sleep", sleep)
    monkeypatch.setattr(agent.time, "monotonic", lambda: clock["now"])
    monkeypatch.setattr(agent.time, "time", lambda: clock["wall"])
    monkeypatch.setattr(agent, "restore", restore)
    monkeypatch.setattr(agent, "LOCK", str(tmp_path / "lock"))
    assert agent.wait(str(tmp_path)) == 0
    assert rang == [60.0]


@pytest.mark.parametrize("words", [[], ["restore"], ["explode", "/x"], ["restore", "/x", "y"]])
def test_wrong_words_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert agent.main(["agent", *words]) == 2
    assert capsys.readouterr().err.startswith("usage: ")


def test_what_a_router_hands_out_is_left_to_it_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    before = snapshot(
        options={"sysctls": []}, addresses={"ens3": {"2001:db8::5/64": DYNAMIC}}, routes={DEFAULT4: {"expires": None}}
    )
    clock, done = {"now": 0.0}, []

    def carry_out(kept: agent.Snapshot, steps: t.Iterable[agent.Step]) -> list[str]:
        done.append((clock["now"], [action for action, data in steps]))
        return []

    monkeypatch.setattr(agent, "carry_out", carry_out)
    monkeypatch.setattr(agent, "take_links", lambda links: snapshot())
    monkeypatch.setattr(agent, "take_sysctls", lambda links, names: {})
    monkeypatch.setattr(agent, "has_carrier", lambda link: True)
    monkeypatch.setattr(agent.time, "monotonic", lambda: clock["now"])
    monkeypatch.setattr(agent.time, "sleep", lambda seconds: clock.update(now=clock["now"] + seconds))
    agent.settle_links(before)
    assert done[0] == (0.0, ["add_route"])
    assert done[-1] == (agent.SETTLE_SECONDS / 2, ["add_address", "add_route"])


RULES = """*filter
:FORWARD DROP [0:0]
-A FORWARD -i br-0123456789ab -j ACCEPT
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -i web0 -o eth0 -j MARK
COMMIT
*nat
-A POSTROUTING -s 172.18.0.0/16 ! -o web0 -j MASQUERADE
-A POSTROUTING -s 172.18.0.0/16 ! -o web0x -j MASQUERADE
COMMIT
"""


def test_rules_of_networks_that_are_gone_stay_away() -> None:
    docker = {
        "networks": ["0123456789abcdef", "feed"],
        "bridge": [],
        "bridges": {"0123456789abcdef": "br-0123456789ab"},
    }
    docker["bridges"]["feed"] = "web0"
    before = snapshot(docker=docker, iptables={"iptables": RULES, "ip6tables": ""})
    assert agent.without_networks(before, lambda name: True) == before
    kept = agent.without_networks(before, lambda name: name != "web0")["iptables"]["iptables"]
    assert "br-0123456789ab" in kept and "docker0" in kept and "web0x" in kept
    assert "web0 " not in kept and kept.count("COMMIT") == 2
    # A guard that was armed before bridges were kept.
    old = snapshot(docker={"networks": ["feed"], "bridge": []})
    assert agent.without_networks(old, lambda name: False) == old


def test_bridges_of_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent, "run", lambda *_words: (0, f"feed web0\n{'0' * 20} \n", ""))
    assert agent.bridges_of(["feed", "0" * 20]) == {"feed": "web0", "0" * 20: "br-000000000000"}
    assert agent.bridges_of([]) == {}


def test_what_a_router_hands_out_waits_for_a_cable(monkeypatch: pytest.MonkeyPatch) -> None:
    carrier = {"eth0": False}
    route = ("6 default via fe80::1 dev eth0 proto ra metric 1024", 600)
    address = ("eth0", "2001:db8::1/64", {"dynamic": True})
    wanted: list[agent.Step] = [("add_route", route), ("add_address", address), ("add_proxy", "2001:db8::2 dev eth0")]
    done: list[agent.Step] = []

    def carry_out(_before: agent.Snapshot, steps: t.Iterable[agent.Step]) -> list[str]:
        done.extend(steps)
        return []

    for name in ("take_links", "take_sysctls"):
        monkeypatch.setattr(agent, name, lambda *_args: {})
    for name in ("plan_sysctls", "plan_proxies"):
        monkeypatch.setattr(agent, name, lambda *_args: [])
    monkeypatch.setattr(agent, "plan_links", lambda *_args: [step for step in wanted if step not in done])
    monkeypatch.setattr(agent, "carry_out", carry_out)
    monkeypatch.setattr(agent, "has_carrier", lambda link: carrier[link])
    monkeypatch.setattr(agent, "SETTLE_SECONDS", 0.0)
    before = snapshot(addresses={"eth0": {}}, options={"sysctls": []})
    agent.settle_links(before)
    assert done == [("add_proxy", "2001:db8::2 dev eth0")]
    carrier["eth0"] = True
    agent.settle_links(before)
    assert done[1:] == [("add_route", route), ("add_address", address)]


def test_a_carrier() -> None:
    assert agent.has_carrier("lo") and not agent.has_carrier("none")
