# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A job in slices, as AWX runs one: a run of ansible-runner for each slice, all at once, one ledger in PostgreSQL.

tests/consumer.sh has started the server and made the project and its environment.
"""

from __future__ import annotations

import collections
import ipaddress
import json
import os
import pathlib
import subprocess
import typing as t

import psycopg
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.ledger import open_ledger

PROJECT = pathlib.Path(os.environ["CONSUMER_PROJECT"])
RUNNER = pathlib.Path(os.environ["CONSUMER_VENV"]) / "bin" / "ansible-runner"
DSN = os.environ["LEDGER_TEST_DSN"]
FLEET = [f"host{number:02}" for number in range(12)]
# What a slice was told: pool and name, and the prefix.
Told = t.List[t.Tuple[t.Tuple[str, str], str]]


def start(place: pathlib.Path, hosts: list[str]) -> subprocess.Popen[str]:
    """Start one slice: the private directory that AWX makes, with an inventory of these hosts only."""
    (place / "env").mkdir(parents=True)
    (place / "inventory").mkdir()
    (place / "project").symlink_to(PROJECT)
    (place / "env" / "extravars").write_text(json.dumps({"ipv6_ledger": DSN}))
    (place / "env" / "envvars").write_text(json.dumps({"ANSIBLE_HOME": str(place / "home")}))
    fleet = {"hosts": dict.fromkeys(hosts, {}), "vars": {"ansible_connection": "local"}}
    (place / "inventory" / "hosts.json").write_text(json.dumps({"all": {"children": {"fleet": fleet}}}))
    words = [str(RUNNER), "run", str(place), "-p", "fleet.yml", "--ident", "job"]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def job(place: pathlib.Path, count: int) -> list[tuple[Told, bool]]:
    """Run the job in this many slices; what each was told, and whether it changed anything.

    A slice has each ``count``-th host, which is how AWX cuts an inventory.
    """
    running = {number: start(place / str(number), FLEET[number::count]) for number in range(count)}
    output = {number: process.communicate()[0] for number, process in running.items()}
    for number, process in running.items():
        assert process.returncode == 0, output[number]
    return [answers(place / str(number) / "artifacts" / "job" / "job_events") for number in running]


def answers(events: pathlib.Path) -> tuple[Told, bool]:
    done = [json.loads(path.read_text()) for path in events.glob("*.json")]
    results = [event["event_data"]["res"] for event in done if event["event"] == "runner_on_ok"]
    told = [
        ((entry["pool"], entry["name"]), entry["prefix"] or f"{entry['address']}/128")
        for result in results
        for entry in result["allocation_list"]
    ]
    return told, any(result["changed"] for result in results)


def in_database() -> dict[tuple[str, str], str]:
    """Every allocation, asked of the database itself; no name may be there twice."""
    with psycopg.connect(DSN) as connection:
        rows = connection.execute(
            "SELECT pools.name, allocations.name, allocations.prefix::text FROM routable_ipv6.allocations"
            " JOIN routable_ipv6.pools ON pools.id = allocations.pool"
        ).fetchall()
    assert not [
        key for key, number in collections.Counter((pool, name) for pool, name, _value in rows).items() if number > 1
    ]
    return {(pool, name): prefix for pool, name, prefix in rows}


def test_nothing_is_allocated_twice(tmp_path: pathlib.Path) -> None:
    slices = job(tmp_path / "first", 2)
    held = in_database()
    wanted = {("fleet", name) for name in FLEET} | {("names", "entrance")}
    wanted |= {("names", f"{kind}.{name}") for name in FLEET for kind in ("web", "mail")}
    assert set(held) == wanted
    networks = sorted(ipaddress.IPv6Network(prefix) for prefix in held.values())
    assert all(one.broadcast_address < other.network_address for one, other in zip(networks, networks[1:]))
    for told, changed in slices:
        assert changed
        assert {key: held[key] for key, _prefix in told} == dict(told)
        assert len(dict(told)) == len(FLEET) // 2 * 3 + 1
    with open_ledger(DSN) as ledger:
        assert ledger.verify() == []

    # Cut otherwise, each host finds what it has.
    assert not any(changed for _told, changed in job(tmp_path / "again", 3))
    assert in_database() == held
