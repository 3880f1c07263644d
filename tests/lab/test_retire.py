# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""site.yml and then retire.yml leave nothing: compared byte by byte, for each manager of an uplink."""

from __future__ import annotations

import json
import pathlib
import sys
import typing as t

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "faults"))
from world import HOSTS, World

SITE, RETIRE = "playbooks/site.yml", "playbooks/retire.yml"
# What an administrator had there: odd spacing, a mode of its own, a firewall, forwarding of IPv4 by a file.
OWN = r"""
mkdir -p /etc/docker
printf '{ "log-level":"warn" ,\n\n  "max-concurrent-downloads": 3}' >/etc/docker/daemon.json; chmod 640 /etc/docker/daemon.json
echo 'net.ipv4.ip_forward = 1' >/etc/sysctl.d/50-own.conf
nft 'add table inet own'; nft 'add chain inet own in { type filter hook input priority 5; policy accept; }'
systemctl restart docker
"""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[World]:
    made = World("t-retire", tmp_path_factory.mktemp("world"), [host["name"] for host in HOSTS])
    made.up()
    made.sh("networkd", OWN)
    yield made
    made.down()


def recap(output: str) -> dict[str, dict[str, int]]:
    """The counts of the recap, by host."""
    lines = [line for line in output.splitlines() if "unreachable=" in line]
    return {
        line.split()[0]: {key: int(value) for key, value in (word.split("=") for word in line.split()[2:])}
        for line in lines
    }


def play(world: World, playbook: str) -> dict[str, dict[str, int]]:
    code, output, _calls = world.play(playbook)
    assert code == 0, output[-4000:]
    return recap(output)


def test_nothing_but_what_was_there(world: World) -> None:
    pools = {
        "docker_hosts": {
            "prefix": "2001:db8:0:1::/64",
            "length": 80,
            "suffix": True,
            "strategy": "hash",
            "quarantine_days": 30,
        }
    }
    inventory = json.loads((world.directory / "inventory.json").read_text())
    inventory["all"]["vars"]["ipv6_pools"] = pools
    (world.directory / "inventory.json").write_text(json.dumps(inventory))
    before = world.all(world.look)
    play(world, SITE)
    assert all(look != before[name] for name, look in world.all(world.look).items())
    first = play(world, RETIRE)
    assert all(counts["changed"] for counts in first.values())
    after = world.all(world.look)
    differences = {}
    for name, look in before.items():
        gone = [line for line in look.splitlines() if line not in after[name].splitlines()]
        came = [line for line in after[name].splitlines() if line not in look.splitlines()]
        differences[name] = (gone, came)
    assert differences == dict.fromkeys(before, ([], []))
    for name in before:
        assert world.sh(name, "find / -xdev -name '*routable*' -not -path '/proc/*'") == ""
    again = play(world, RETIRE)
    assert {name: counts["changed"] for name, counts in again.items()} == dict.fromkeys(before, 0)
