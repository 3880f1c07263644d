# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The promise as a whole, on the hosts of the README's lab: what is said, what happens, and what survives.

The tests run in order and each starts from what the former left: a fresh lab, then a converged one.
"""

from __future__ import annotations

import ipaddress
import json
import pathlib
import time
import typing as t

import pytest
from conftest import ROOT, Lab

# Instances are launched by a role of their own, which Molecule's scenario ec2_docker_host tests.
TOPOLOGY = [
    host for host in json.loads((ROOT / "lab" / "site.json").read_text())["hosts"] if host.get("double") != "ec2"
]
DOCKER_HOSTS = [host for host in TOPOLOGY if not host.get("double")]
HOSTS = [host["name"] for host in DOCKER_HOSTS]
UPLINK = {host["name"]: host["uplink"] for host in DOCKER_HOSTS}
ON_LINK = [host["name"] for host in DOCKER_HOSTS if not host.get("routed_prefix")]
RECOVERY = 10  # seconds
POLL = """
rm -f /tmp/poll.gaps /tmp/poll.over; touch /tmp/poll.on
while [ -e /tmp/poll.on ]; do
    ip -6 route show default | grep -q . || date +%s.%N >>/tmp/poll.gaps
    sleep 0.1
done
touch /tmp/poll.over
"""
# Only a poll that was at work to the end can say that there was no gap.
POLLED = """
rm -f /tmp/poll.on
i=0; until [ -e /tmp/poll.over ]; do i=$((i+1)); [ $i -lt 200 ]; sleep 0.1; done
cat /tmp/poll.gaps 2>/dev/null || true
"""
# What an NDP proxy dies with: its entries in the kernel would outlive it, and hide that nobody keeps them.
UNPROXIED = (
    "ip -6 neigh show proxy | while read -r address dev name rest; do ip -6 neigh del proxy $address dev $name; done"
)


class Site:
    """The site's playbooks against this lab, with a state directory of their own.

    :arg claiming: the hosts that must always claim something, so that no test is about nothing.
    """

    def __init__(self, lab: Lab, state: pathlib.Path, claiming: t.Collection[str] = ()) -> None:
        self.lab = lab
        self._state = state
        self._claiming = set(claiming)

    def play(self, *words: str) -> dict[tuple[str, str], bool]:
        """Run playbooks and give (host, task) → changed. Fails when a task fails."""
        limit = () if "--limit" in words else ("--limit", "all:!ec2_docker")
        extra = ("-e", f"ipv6_state_dir={self._state}", *limit)
        done = self.lab.playbook(*words, *extra, inventory="lab/inventory.yml", log=True)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
        return {key: changed for output in documents(done.stdout) for key, changed in changes(output).items()}

    def verify(self, *words: str) -> None:
        extra = ("-e", f"ipv6_state_dir={self._state}", *words)
        done = self.lab.playbook("playbooks/verify.yml", *extra, inventory="lab/inventory.yml")
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]

    def endpoints(self) -> list[dict[str, t.Any]]:
        files = sorted((self._state / "endpoints").glob("*.json"))
        entries = [entry for file in files for entry in json.loads(file.read_text())["endpoints"]]
        claiming = {entry["behind"] for entry in entries}
        assert claiming >= self._claiming, "a host claims nothing: there is nothing to test"
        return entries

    def answered_within(self, seconds: float) -> None:
        """All endpoints answer at the stranger before the time is over, with no help from Ansible's roles."""
        end = time.monotonic() + seconds
        # What it remembers of before would let the router reach a host that answers no solicitation any more.
        self.lab.sh("router", "ip -6 neigh flush all")
        targets = [{key: entry[key] for key in ("address", "ping", "open")} for entry in self.endpoints()]
        assert targets, "nobody claims anything: there is nothing to test"
        while True:
            left = end - time.monotonic()
            result = self.lab.module("stranger", "ipv6_probe", targets=targets, timeout=max(1, int(left)))
            silent = [target for target in result["targets"] if not target["ok"]]
            if not silent or time.monotonic() > end:
                break
        assert not silent, f"after {seconds} s: {json.dumps(silent, indent=1)}"


def documents(text: str) -> t.Iterator[dict[str, t.Any]]:
    """The JSON documents of an output: one for each playbook of the run."""
    decoder = json.JSONDecoder()
    start = text.find("{\n")
    while start >= 0:
        document, end = decoder.raw_decode(text, start)
        yield document
        start = text.find("{\n", end)


def changes(output: dict[str, t.Any]) -> dict[tuple[str, str], bool]:
    return {
        (host, f"{play['play']['name']}: {task['task']['name']}"): bool(result.get("changed"))
        for play in output["plays"]
        for task in play["tasks"]
        for host, result in task["hosts"].items()
        if not result.get("skipped")
    }


@pytest.fixture(scope="module")
def site(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Site:
    lab.up(TOPOLOGY)
    return Site(lab, tmp_path_factory.mktemp("state"), HOSTS)


@pytest.fixture
def poll(site: Site) -> t.Iterator[t.Callable[[], dict[str, list[str]]]]:
    """Look for the default route on every host each 100 ms; calling the fixture ends that and gives the gaps."""
    for host in HOSTS:
        site.lab.sh(
            host, f"setsid sh -c '{POLL}' >/dev/null 2>&1 </dev/null & while [ ! -e /tmp/poll.on ]; do sleep 0.1; done"
        )

    def end() -> dict[str, list[str]]:
        gaps = {}
        for host in HOSTS:
            lines = site.lab.sh(host, POLLED).split()
            if lines:
                gaps[host] = lines
        return gaps

    yield end
    for host in HOSTS:
        site.lab.sh(host, "rm -f /tmp/poll.on")


def test_check_mode_predicts_the_first_run_and_no_host_loses_its_default_route(
    site: Site, poll: t.Callable[[], dict[str, list[str]]]
) -> None:
    predicted = site.play("playbooks/site.yml", "--check", "--diff")
    happened = site.play("playbooks/site.yml", "--diff")
    time.sleep(6)  # longer than the router's interval, so that what an advertisement would mend cannot hide a gap
    assert poll() == {}
    assert {key for key, changed in happened.items() if changed}, "the first run changes nothing: the test is void"
    assert {key: changed for key, changed in predicted.items() if key in happened} == happened


def test_everything_answers(site: Site) -> None:
    site.play("playbooks/site.yml", "lab/containers.yml")
    site.verify()


def test_second_run_changes_nothing_and_check_mode_says_so(site: Site) -> None:
    for words in (("--check",), ()):
        result = site.play("playbooks/site.yml", "lab/containers.yml", *words)
        assert [key for key, changed in result.items() if changed] == []


def test_container_to_container_between_hosts(site: Site) -> None:
    endpoints = {(entry["behind"], entry["name"]): entry["address"] for entry in site.endpoints()}
    for here in HOSTS:
        for there in HOSTS:
            site.lab.exec(here, "docker", "exec", "web", "ping", "-6", "-c", "1", "-W", "5", endpoints[there, "web"])


def advertised(site: Site, address: str) -> tuple[bool, bool]:
    """Whether the router hears a solicited neighbour advertisement for the address, and an answer to its ping."""
    watch = f"timeout 3 tcpdump -lni br0 'icmp6 and ip6[40] == 136 and ip6[48:4] != 0' 2>/dev/null | grep -c {address}"
    ping = f"ip -6 neigh flush all; ping -6 -c 2 -W 1 {address} >/dev/null && echo answered"
    seen = site.lab.sh("router", f"({watch}) & sleep 0.5; {ping}; wait", check=False).split()
    return "0" not in seen, "answered" in seen


def test_an_address_that_nobody_holds_is_not_claimed(site: Site) -> None:
    held = {entry["address"] for entry in site.endpoints()}
    for entry in [entry for entry in site.endpoints() if entry["name"] == "web"]:
        nobody = entry["address"].rsplit(":", 1)[0] + ":5a5a"
        assert nobody not in held
        assert advertised(site, nobody) == (False, False), f"{nobody} behind {entry['behind']}"
        # The watch sees what there is to see; a routed prefix needs no advertisement.
        assert advertised(site, entry["address"]) == (entry["behind"] in ON_LINK, True)


def test_all_containers_answer_two_neighbours_at_once_and_a_minute_later(site: Site) -> None:
    targets = [
        {"address": entry["address"], "ping": True} for entry in site.endpoints() if entry["behind"] == "bookworm"
    ]
    assert len(targets) >= 8
    for wait in (0, 60):
        time.sleep(wait)
        for neighbour in ("router", "trixie"):
            site.lab.sh(neighbour, "ip -6 neigh flush all")
        for neighbour in ("router", "trixie"):
            result = site.lab.module(neighbour, "ipv6_probe", targets=targets, timeout=3)
            assert [target for target in result["targets"] if not target["ok"]] == []


def test_docker_restarted(site: Site, poll: t.Callable[[], dict[str, list[str]]]) -> None:
    for host in HOSTS:
        site.lab.sh(host, "systemctl reset-failed docker; systemctl restart docker")
    site.answered_within(RECOVERY)
    assert poll() == {}


@pytest.mark.parametrize(
    "fault",
    [
        "ip link set UPLINK down; sleep 1; ip link set UPLINK up",
        "systemctl reset-failed docker; systemctl stop docker.socket docker; ip link del docker0; ip link del routable0; systemctl start docker",
        f"systemctl kill -s KILL routable-ipv6-ndp-UPLINK.service; {UNPROXIED}",
    ],
)
def test_recovers_without_help(site: Site, fault: str) -> None:
    for host in ON_LINK:
        site.lab.sh(host, fault.replace("UPLINK", UPLINK[host]))
    site.answered_within(RECOVERY)


def test_rebooted(site: Site) -> None:
    for host in HOSTS:
        site.lab.lab("reboot", host)
    site.answered_within(60)
    site.verify()


@pytest.mark.parametrize("prefix", ["2001:db8:0:2:5::/80", "2001:db8:0:2:6::/80", "2001:db8:0:2::/64"])
def test_prefix_changed(site: Site, prefix: str) -> None:
    for host in [host for host in HOSTS if host not in ON_LINK]:
        words = ("--limit", host, "-e", f"docker_host_prefix={prefix}")
        site.play("playbooks/site.yml", "lab/containers.yml", *words)
        site.verify()
        for device in ("docker0", "routable0"):
            there = site.lab.sh(host, f"ip -6 addr show dev {device} scope global; ip -6 route show dev {device}")
            shown = [ipaddress.ip_interface(word) for word in there.split() if word.startswith("2001:db8:")]
            stale = [one for one in shown if one.ip not in ipaddress.IPv6Network(prefix)]
            assert stale == [], there
