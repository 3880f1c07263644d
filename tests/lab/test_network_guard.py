# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A guard puts a host back: by its timer, at once, and at the next boot; and it leaves alone what was called off."""

from __future__ import annotations

import json
import pathlib
import socket
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import Lab

HOSTS = [
    {"name": "networkd", "suite": "trixie", "uplink": "enp1s0", "manager": "networkd"},
    {"name": "netplan", "suite": "bookworm", "uplink": "ens3", "manager": "netplan"},
]
DIRECTORY = "/var/lib/routable-ipv6"
# All that the guard keeps, and in which nothing else moves.
LOOK = """set +e
find /etc /usr/local -type f -o -type l | grep -v -e mtab -e resolv -e /hosts | sort | xargs -d '\\n' ls -ld --time-style=+
find /etc -type f | sort | xargs sha256sum
ip -o addr show scope global | sed 's/^[0-9]*: //; s/tentative //; s/valid_lft.*//'
ip -o -4 route; ip -o -6 route | sed 's/nhid [0-9]* //; s/expires [0-9]*sec//'
ip -6 neigh show proxy; nft -s list tables | grep -v -e ' nat' -e ' filter'; nft -s list tables | grep inet | while read t; do nft -s list $t; done
for tool in iptables ip6tables; do $tool-save | grep -v -e '^#' -e '^:[A-Z]* ACCEPT' | sed 's/\\[.*\\]//'; done
sysctl -a 2>/dev/null | grep -e '^net.ipv6.conf' -e ip_forward | grep -v -e stable_secret -e 'conf\\.veth'
systemctl list-units --plain --no-legend --all '*.service' '*.timer' | awk '{print $1, $3}' |
  grep -e docker -e network -e Network -e harm -e routable -e ndppd -e nftables
cat /etc/docker/daemon.json || true; docker network ls --filter type=custom; ls -A /var/lib
"""
# Something of every kind that can be put back.
HARM = """
echo net.ipv6.conf.all.forwarding=1 >/etc/sysctl.d/99-harm.conf; sysctl -qp /etc/sysctl.d/99-harm.conf
printf '[Match]\\nName=LINK\\n[Network]\\nAddress=192.0.2.7/24\\nIPv6AcceptRA=no\\n' >/etc/systemd/network/05-harm.network
printf '{"ipv6": true, "fixed-cidr-v6": "2001:db8:0:1:d::/80"%s}' ', "experimental": true, "ip6tables": true' >/etc/docker/daemon.json
printf '[Service]\\nExecStart=sleep 1000\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/harm.service
systemctl -q enable --now harm.service
nft 'add table inet harm'; nft 'add chain inet harm in { type filter hook input priority 0; policy accept; }'
nft 'add rule inet harm in icmpv6 type nd-router-advert drop'
iptables -P INPUT DROP; iptables -I INPUT -j DROP
sysctl -qw net.ipv6.conf.LINK.accept_ra=0
ip -6 neigh add proxy 2001:db8:0:1::77 dev LINK
systemctl restart docker
systemctl stop cron.service 2>/dev/null || true
docker network create harm >/dev/null
systemctl restart systemd-networkd; sleep 1
ip route flush default; ip -6 route flush default; ip -6 addr flush dev LINK scope global
"""
# The harm takes longer than anybody wants to wait in vain.
HURRY = """
sed -i s/^OnActiveSec=.*/OnActiveSec=1/ /etc/systemd/system/routable-ipv6-guard.timer
systemctl daemon-reload; systemctl restart routable-ipv6-guard.timer
"""


@pytest.fixture(scope="module")
def hosts(lab: Lab) -> Lab:
    lab.up(HOSTS)
    return lab


def guard(lab: Lab, host: str, state: str, run: str = "one", **args: t.Any) -> dict[str, t.Any]:
    """The module's part on the host, as a run of that id."""
    words = {"run_id": run, "holder": f"{run} on controller, process 1", **args}
    return lab.module(host, "network_guard", direct=True, state=state, **words)


def link(host: str) -> str:
    return next(entry["uplink"] for entry in HOSTS if entry["name"] == host)


def harm(lab: Lab, host: str) -> None:
    lab.sh(host, HARM.replace("LINK", link(host)))


def look(lab: Lab, host: str) -> str:
    return lab.sh(host, LOOK)


def same(lab: Lab, host: str, before: str) -> None:
    after = look(lab, host)
    gone = [line for line in before.splitlines() if line not in after.splitlines()]
    came = [line for line in after.splitlines() if line not in before.splitlines()]
    assert (gone, came) == ([], []), f"{host}: {journal(lab, host)}"


def journal(lab: Lab, host: str) -> list[dict[str, t.Any]]:
    text = lab.sh(host, f"cat {DIRECTORY}/guard/journal.jsonl", check=False)
    return [json.loads(line) for line in text.splitlines()]


def until_restored(lab: Lab, host: str) -> None:
    script = f"test ! -e {DIRECTORY}/guard/armed.json && echo gone; systemctl is-active routable-ipv6-guard.service"
    end = time.monotonic() + 90
    while lab.exec(host, "sh", "-c", script, check=False).split() != ["gone", "inactive"]:
        assert time.monotonic() < end, journal(lab, host)
        time.sleep(0.5)


@pytest.fixture
def fresh(hosts: Lab) -> t.Iterator[Lab]:
    """No journal from a test before."""
    for entry in HOSTS:
        hosts.sh(entry["name"], f"rm -rf {DIRECTORY}")
    yield hosts


def both(action: t.Callable[[str], t.Any]) -> dict[str, t.Any]:
    """The same on all hosts at once."""
    names = [entry["name"] for entry in HOSTS]
    with ThreadPoolExecutor(len(names)) as pool:
        return dict(zip(names, pool.map(action, names), strict=True))


def test_time_is_up(fresh: Lab) -> None:
    def check(host: str) -> None:
        before = look(fresh, host)
        armed = guard(fresh, host, "armed")
        assert armed["armed"] and armed["changes"] == ["Arm the guard for 300 s"]
        harm(fresh, host)
        fresh.sh(host, HURRY)
        until_restored(fresh, host)
        told = guard(fresh, host, "disarmed")
        assert told["failed"] and "because nobody called it off within 300 s" in told["msg"]
        assert [entry["event"] for entry in journal(fresh, host)] == ["armed", "restored"]
        assert guard(fresh, host, "disarmed", run="two")["restorations"] == []
        assert guard(fresh, host, "absent")["changes"] == ["Remove the journal"]
        same(fresh, host, before)

    both(check)


def test_called_off(fresh: Lab) -> None:
    """What was done stays; of the guard there is nothing but its journal, and then not even that."""

    def check(host: str) -> None:
        before = look(fresh, host)
        assert guard(fresh, host, "armed", check=True)["changes"] == ["Arm the guard for 300 s"]
        same(fresh, host, before)
        guard(fresh, host, "armed")
        fresh.sh(host, "echo net.ipv6.conf.all.forwarding=0 >/etc/sysctl.d/98-wanted.conf")
        assert guard(fresh, host, "disarmed", check=True)["changes"] == ["Call the guard off"]
        assert guard(fresh, host, "disarmed")["changes"] == ["Call the guard off"]
        assert not guard(fresh, host, "disarmed")["changed"]
        assert [entry["event"] for entry in journal(fresh, host)] == ["armed", "disarmed"]
        assert guard(fresh, host, "absent")["changed"]
        assert not guard(fresh, host, "absent")["changed"]
        fresh.sh(host, "rm /etc/sysctl.d/98-wanted.conf")
        same(fresh, host, before)

    both(check)


def test_booted_while_armed(fresh: Lab) -> None:
    """The files are back before networkd, netplan, Docker and sysctl read them."""

    def check(host: str) -> None:
        before = look(fresh, host)
        guard(fresh, host, "armed")
        harm(fresh, host)
        fresh.lab("reboot", host)
        until_restored(fresh, host)
        events = [entry["event"] for entry in journal(fresh, host)]
        assert events == ["armed", "files restored", "restored"]
        assert "booted while" in guard(fresh, host, "disarmed")["msg"]
        guard(fresh, host, "absent")
        same(fresh, host, before)

    both(check)


def test_one_guard_at_a_time(fresh: Lab) -> None:
    host = "networkd"
    guard(fresh, host, "armed")
    nested = guard(fresh, host, "armed")
    assert nested["msg"].startswith("state=armed: this run has armed the guard of this host already")
    other = guard(fresh, host, "armed", run="two")
    assert other["held"] and other["msg"].startswith(
        "one on controller, process 1 has armed the guard of this host at "
    )
    assert "Wait for it to end, or set force=true" in guard(fresh, host, "disarmed", run="two")["msg"]
    assert not guard(fresh, host, "restored", run="two")["changed"]
    assert guard(fresh, host, "restored", run="two", force=True)["changed"]
    assert guard(fresh, host, "armed", run="two")["armed"]
    assert guard(fresh, host, "disarmed", run="two")["changes"] == ["Call the guard off"]


def test_a_check_that_fails_puts_the_host_back(fresh: Lab) -> None:
    """The wrong gateway has a route and no answer."""
    host = "networkd"
    before = look(fresh, host)
    guard(fresh, host, "armed")
    fresh.sh(host, "sed -i s/^Gateway=.*/Gateway=198.51.100.99/ /etc/systemd/network/10-uplink.network")
    fresh.sh(host, "systemctl restart systemd-networkd; ip -4 route flush default; sleep 1")
    fresh.sh(host, "ip -4 route replace default via 198.51.100.99 dev enp1s0 proto static")
    failed = guard(fresh, host, "disarmed", patience=1, commands=["test -e /nowhere"])
    assert "no gateway of IPv4 answers on enp1s0 (198.51.100.99; it was 198.51.100.1)" in failed["missing"]
    assert failed["missing"][-1] == "'test -e /nowhere' ended with 1: "
    assert failed["msg"].endswith("The host was put back as it was before.")
    guard(fresh, host, "absent")
    same(fresh, host, before)


WRONG_GATEWAY = """
- name: Name a gateway that is none
  ansible.builtin.replace:
    path: /etc/netplan/50-lab.yaml
    regexp: "via: 198.51.100.1}"
    replace: "via: 198.51.100.99}"

- name: Apply it
  ansible.builtin.command: netplan apply
  changed_when: true
"""
PLAY = """
- hosts: netplan
  gather_facts: false
  tasks:
    - ansible.builtin.include_role:
        name: routable.ipv6.network_guard
      vars:
        network_guard_tasks: TASKS
"""


def test_a_wrong_gateway_by_netplan(fresh: Lab, tmp_path: pathlib.Path) -> None:
    """Through Ansible, by the role; the run names what was missing, and is told of nothing afterwards."""
    before = look(fresh, "netplan")
    (tmp_path / "tasks.yml").write_text(WRONG_GATEWAY)
    (tmp_path / "play.yml").write_text(PLAY.replace("TASKS", str(tmp_path / "tasks.yml")))
    done = fresh.playbook(str(tmp_path / "play.yml"))
    assert done.returncode
    assert "no gateway of IPv4 answers on ens3 (198.51.100.99; it was 198.51.100.1)" in done.stdout
    assert "The host was put back as it was before." in done.stdout
    guard(fresh, "netplan", "absent")
    same(fresh, "netplan", before)
    fresh.sh("router", "ping -c 1 -W 3 198.51.100.11")


def test_a_wrong_gateway_and_nobody_there(fresh: Lab) -> None:
    before = look(fresh, "netplan")
    guard(fresh, "netplan", "armed")
    fresh.sh("netplan", "sed -i 's/198.51.100.1}/198.51.100.99}/' /etc/netplan/50-lab.yaml; netplan apply")
    assert "via 198.51.100.99" in fresh.sh("netplan", "ip -4 route show default")
    fresh.sh("netplan", HURRY)
    until_restored(fresh, "netplan")
    restorations = guard(fresh, "netplan", "armed", run="two")["restorations"]
    assert "Bring back /etc/netplan/50-lab.yaml" in restorations[0]
    guard(fresh, "netplan", "absent", run="two")
    same(fresh, "netplan", before)


def test_the_run_that_died_is_put_back_by_the_next(fresh: Lab) -> None:
    """The holder was a process of this controller and is no more; a run elsewhere is waited for."""
    here = f"me on {socket.gethostname()}, process 4000000"
    guard(fresh, "netplan", "armed", run="dead", holder=here)
    fresh.sh("netplan", "echo net.ipv6.conf.all.forwarding=0 >/etc/sysctl.d/99-harm.conf")
    next_run = fresh.module(
        "netplan", "network_guard", state="armed", run_id="two", holder="me on elsewhere, process 1"
    )
    assert next_run["armed"] and next_run["run"] == "two"
    fresh.sh("netplan", "test ! -e /etc/sysctl.d/99-harm.conf")
    assert "the run that had armed the guard has died" in json.dumps(journal(fresh, "netplan"))
    other = fresh.module("netplan", "network_guard", state="armed", run_id="three", wait=0)
    assert other["failed"] and other["held"]
    assert guard(fresh, "netplan", "absent", run="two")["changed"]


def test_the_timer_follows_no_clock_that_can_be_set(fresh: Lab) -> None:
    guard(fresh, "netplan", "armed", timeout=10)
    shown = fresh.sh("netplan", "systemctl show -p TimersMonotonic -p TimersCalendar routable-ipv6-guard.timer")
    assert "OnActiveUSec=10s" in shown and "OnCalendar" not in shown
    until_restored(fresh, "netplan")


def test_without_systemd(fresh: Lab) -> None:
    """A process waits instead, which outlives the connection; one that was killed is noticed by the next run."""
    fresh.sh(
        "stranger",
        "mkdir -p /etc/sysctl.d; ip -6 route add 2001:db8:77::/64 dev eth0; echo before >/etc/sysctl.d/10-own.conf",
    )
    for hurried in (True, False):
        guard(fresh, "stranger", "armed", timeout=10 if hurried else 300)
        fresh.sh("stranger", "ip -6 route del 2001:db8:77::/64; echo after >/etc/sysctl.d/10-own.conf")
        if hurried:
            fresh.sh(
                "stranger",
                f"i=0; while [ -e {DIRECTORY}/guard/armed.json ]; do sleep 0.2; i=$((i+1)); [ $i -lt 300 ]; done",
            )
        else:
            fresh.sh("stranger", f"kill -9 $(cut -d' ' -f1 {DIRECTORY}/guard/waiting)")
            told = guard(fresh, "stranger", "armed", run="two")["restorations"]
            assert "because nothing waited for its time-out any more" in told[0]
            guard(fresh, "stranger", "disarmed", run="two")
        assert "2001:db8:77::/64" in fresh.sh("stranger", "ip -6 route")
        assert fresh.sh("stranger", "cat /etc/sysctl.d/10-own.conf") == "before\n"
    fresh.sh("stranger", f"ip -6 route del 2001:db8:77::/64; rm -r /etc/sysctl.d/10-own.conf {DIRECTORY}")
