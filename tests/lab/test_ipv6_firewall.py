# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The firewall on three generations of Docker, seen from the internet. Prefixes are routed, so only it decides."""

from __future__ import annotations

import ipaddress
import itertools
import json
import time
import typing as t

import pytest
from conftest import Lab
from firewall_world import FILES, HOSTS, POLL, STRANGER, TABLE, UNIT, World


def spread(names: str, values: list[t.Any]) -> pytest.MarkDecorator:
    """Each value on one host in turn: for what does not depend on the version of anything."""
    rows = zip(itertools.cycle(HOSTS), values)
    cases = [(host, *value) if isinstance(value, tuple) else (host, value) for host, value in rows]
    return pytest.mark.parametrize(f"world, {names}", cases, indirect=["world"], scope="module")


@pytest.fixture(scope="module")
def all_hosts(lab: Lab) -> Lab:
    lab.up([{"name": name, "uplink": "ens3", **host} for name, host in HOSTS.items()])
    lab.sh("stranger", "setsid python3 -m http.server 8099 --bind :: -d /usr/share/doc/adduser >/dev/null 2>&1 &")
    return lab


@pytest.fixture(scope="module", params=HOSTS)
def world(request: pytest.FixtureRequest, all_hosts: Lab) -> World:
    made = World(all_hosts, request.param)
    made.setup()
    return made


# The tests of one host build on each other, in this order.


def test_without_a_firewall_everything_is_open(world: World) -> None:
    plain = world.address("plain", "bridge")
    targets = [("tcp", world.web, 9), ("tcp", plain, 9), ("udp", world.web, 54)]
    world.seen(True, *targets, ("tcp", world.plan["user"]["gateway"], 7777))


def test_automatic_addresses_stay_out_of_the_static_part(world: World) -> None:
    assert ipaddress.IPv6Address(world.address("peer", "routable")) in ipaddress.IPv6Network(
        world.plan["user"]["ip_range"]
    )
    assert ipaddress.IPv6Address(world.address("plain", "bridge")) in ipaddress.IPv6Network(
        world.plan["bridge"]["prefix"]
    )


def test_check_mode_says_what_the_run_does(world: World) -> None:
    before = world.state()
    checked = world.module(check=True, ansible=True)
    assert world.state() == before
    done = world.module(ansible=True)
    assert done["changed"] and checked["changed"]
    assert [checked[key] for key in ("changes", "diff", "opened", "files")] == [
        done[key] for key in ("changes", "diff", "opened", "files")
    ]
    assert world.state() != before and world.state()[2:] == before[2:]
    assert done["opened"] == [
        {"address": world.web, "port": 53, "protocol": "udp"},
        {"address": world.web, "port": 80, "protocol": "tcp"},
    ]


def test_the_second_run_changes_nothing(world: World) -> None:
    result = world.module(allow=[{"address": world.web.upper(), "ports": ["80", {"port": 53, "protocol": "udp"}]}])
    assert not result["changed"] and result["changes"] == []
    assert result["diff"]["before"] == result["diff"]["after"]
    assert not world.module(check=True)["changed"]


def test_only_what_is_allowed_answers(world: World) -> None:
    world.assert_closed()


def test_containers_reach_out(world: World) -> None:
    assert world.inside("plain", STRANGER, 8099) and world.inside("web", STRANGER, 8099)
    # Their host's services are theirs to use as before.
    assert world.inside("plain", world.plan["bridge"]["gateway"], 7777)


@spread(
    "harm",
    [
        f"nft delete table {TABLE}",
        f"nft flush chain {TABLE} forward",
        f"nft flush set {TABLE} prefixes",
        f"nft insert rule {TABLE} forward accept",
        f"nft add element {TABLE} opened {{ 2001:db8:0:11:d::/81 . tcp . 9 }}",
        f"nft add set {TABLE} foreign {{ type ipv6_addr\\; }}",
        f"rm {FILES[0]}",
        f"echo '# x' >>{FILES[2]}",
        f"systemctl disable -q {UNIT}",
        f"systemctl stop {UNIT}",
    ],
)
def test_what_was_changed_by_hand_is_mended(world: World, harm: str) -> None:
    before = world.state()
    world.sh(harm)
    assert world.state() != before
    assert world.module()["changed"]
    assert world.state() == before


def test_check_mode_says_what_is_mended(world: World) -> None:
    before = world.state()
    world.sh(f"nft delete set {TABLE} prefixes 2>/dev/null || nft flush table {TABLE}; rm {FILES[0]}")
    checked = world.module(check=True)
    done = world.module()
    assert done["changed"] and (checked["changes"], checked["diff"]) == (done["changes"], done["diff"])
    assert world.state() == before and not world.module()["changed"]


@pytest.mark.parametrize(
    "event",
    [
        "systemctl start nftables",
        "systemctl restart nftables",
        "systemctl reload nftables",
        "nft flush ruleset; systemctl restart nftables",
        "systemctl stop nftables",
    ],
)
def test_whatever_happens_to_nftables_the_table_is_there(world: World, event: str) -> None:
    table = world.table()
    world.sh(event)
    assert world.table() == table
    world.seen(True, ("tcp", world.web, 80))
    world.seen(False, ("tcp", world.web, 9), seconds=0)


def test_docker_is_started_again_after_that(world: World) -> None:
    # Flushing everything took Docker's own rules for IPv4 as well.
    world.sh("systemctl reset-failed docker; systemctl restart docker")
    world.serve()
    world.add_others()
    world.assert_closed()


def test_a_change_leaves_no_open_moment_and_no_closed_one(world: World) -> None:
    plain = world.address("plain", "bridge")
    world.lab.exec("stranger", "sh", "-c", f"cat >/tmp/poll.py <<'E'\n{POLL}\nE")
    targets = [(world.web, 80, 0.9), (plain, 9, 0.05)]
    poll = "".join(
        f"python3 /tmp/poll.py {address} {port} 8 {wait} >/tmp/poll-{port} & " for address, port, wait in targets
    )
    world.lab.sh("stranger", f"({poll}) >/dev/null 2>&1")
    more = [*world.args["allow"], {"address": world.plan["bridge"]["prefix"], "ports": [80]}]
    assert world.module(allow=more)["changed"]
    assert world.module()["changed"]
    time.sleep(8)
    always, never = (json.loads(world.lab.sh("stranger", f"cat /tmp/poll-{port}")) for port in (80, 9))
    assert always["open"] > 50 and always["closed"] == 0
    assert never["closed"] > 20 and never["open"] == 0


def test_a_prefix_can_be_opened(world: World) -> None:
    plain = world.address("plain", "bridge")
    more = [*world.args["allow"], {"address": world.plan["bridge"]["prefix"], "ports": [80]}]
    assert world.module(allow=more)["changed"]
    world.seen(True, ("tcp", plain, 80), ("tcp", world.web, 80))
    world.seen(False, ("tcp", plain, 9), seconds=0)
    assert world.module()["changed"]
    world.seen(False, ("tcp", plain, 80), seconds=0)


@spread(
    "wrong, said",
    [
        ({"prefixes": []}, "at least one prefix"),
        ({"prefixes": ["192.0.2.0/24"]}, "IPv4"),
        ({"prefixes": ["2001:db8:0:1::/64"], "allow": []}, "of ens3, and the host's own services"),
        ({"allow": [{"address": "2001:db8::1", "ports": [80]}]}, "nothing else can be opened"),
        ({"allow": [{"address": "2001:db8:0:11::/48", "ports": [80]}]}, "beyond the prefix length"),
        ({"bridges": ['x" accept']}, "an interface's name is 1 to 15"),
    ],
)
def test_what_cannot_work_is_refused(world: World, wrong: dict[str, t.Any], said: str) -> None:
    before = world.state()
    for check in (True, False):
        result = world.lab.module(world.name, "ipv6_firewall", check=check, **{**world.args, **wrong})
        assert result["failed"] and not result.get("changed")
        assert said in result["msg"]
    assert world.state() == before


def test_a_failure_brings_everything_back(world: World) -> None:
    world.sh(f"systemctl stop {UNIT}")
    before = world.state()
    dropin = f"/etc/systemd/system/{UNIT}.d/break.conf"
    world.sh(
        f"mkdir -p $(dirname {dropin}); printf '[Service]\\nExecStartPre=/bin/false\\n' >{dropin}; systemctl daemon-reload"
    )
    more = [{"address": world.web, "ports": [80, 9]}]
    result = world.lab.module(world.name, "ipv6_firewall", **{**world.args, "allow": more})
    world.sh(f"rm -r $(dirname {dropin}); systemctl daemon-reload; systemctl reset-failed {UNIT} || true")
    assert result["failed"] and "restored" in result["msg"] and UNIT in result["msg"], result
    assert world.state() == before
    world.seen(False, ("tcp", world.web, 9), seconds=0)
    assert world.module()["changed"]


def test_a_chain_that_drops_is_named(world: World) -> None:
    chain = "'{ type filter hook forward priority 0; policy drop; }'"
    world.sh(f"nft add table ip6 strict; nft add chain ip6 strict doors {chain}")
    result = world.module()
    world.sh("nft delete table ip6 strict")
    assert not result["changed"]
    assert any("ip6 strict doors" in warning for warning in result["warnings"])
    assert not world.module().get("warnings")


def test_after_a_reboot_all_of_it_holds(world: World) -> None:
    table = world.table()
    world.lab.lab("reboot", world.name)
    assert world.table() == table
    world.serve()
    world.assert_closed()
    assert not world.module()["changed"]
    order = world.sh(f"systemctl show -p ActiveEnterTimestampMonotonic --value {UNIT} docker.service")
    ours, docker = (int(stamp) for stamp in order.split())
    assert 0 < ours < docker


def test_absent_takes_only_ours_away(world: World) -> None:
    checked = world.module(check=True, state="absent", prefixes=[], allow=[])
    done = world.module(state="absent", prefixes=[], allow=[])
    assert done["changed"] and (checked["changes"], checked["diff"]) == (done["changes"], done["diff"])
    left = (
        f"set +e; nft list tables; ls -d {' '.join(FILES)} /etc/routable-ipv6 /etc/systemd/system/nftables.service.d; "
    )
    said = world.sh(
        left + f"systemctl list-unit-files --no-legend {UNIT}; systemctl list-units --all --no-legend {UNIT}; true"
    )
    # Not even a directory is left, and nothing of it is in the errors of ls, which go elsewhere.
    assert "routable" not in said and "nftables.service.d" not in said, said
    assert not world.module(state="absent", prefixes=[], allow=[])["changed"]
    world.seen(True, ("tcp", world.web, 9))
