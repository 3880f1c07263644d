# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A guard on a host without systemd: what it puts back, and when it may be called off."""

from __future__ import annotations

import json
import subprocess
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard_client as client
from namespaces import Namespace, namespace, until

PROGRAM = "module_utils._network_guard_agent"
DIRECTORY = "/var/lib/routable-ipv6/guard"
GATEWAY, WRONG = "2001:db8:0:1::1", "2001:db8:0:1::99"
GATEWAY4 = "198.51.100.1"
# What a host is that has a default route of each family, and files of its own.
SETUP = f"""
ip -6 addr add 2001:db8:0:1::2/64 dev eth0 nodad; ip addr add 198.51.100.2/24 dev eth0
ip -6 route add default via {GATEWAY}; ip route add default via {GATEWAY4}
ip -6 route add 2001:db8:77::/64 via {GATEWAY} dev eth0 expires 3600
ip -6 neigh add proxy 2001:db8:0:1::5 dev eth0
mkdir -p /etc/own/inner; echo before >/etc/own/file; chmod 640 /etc/own/file; ln -s file /etc/own/link
"""
HARM = """
ip -6 route del default; ip route del default; ip -6 route del 2001:db8:77::/64
ip -6 addr add 2001:db8:0:1::66/64 dev eth0 nodad; ip addr del 198.51.100.2/24 dev eth0
ip -6 neigh del proxy 2001:db8:0:1::5 dev eth0; ip -6 neigh add proxy 2001:db8:0:1::6 dev eth0
echo 1 >/proc/sys/net/ipv6/conf/all/forwarding; echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_ra
echo after >/etc/own/file; ln -sf nowhere /etc/own/link; rmdir /etc/own/inner; mkdir /etc/own/new; echo 1 >/etc/own/new/one
"""
LOOK = """
ip -o addr show dev eth0 scope global | sed 's/nodad //; s/tentative //'; ip route; ip -6 route | sed 's/expires [0-9]*sec//'; ip -6 neigh show proxy
cat /proc/sys/net/ipv6/conf/all/forwarding /proc/sys/net/ipv6/conf/eth0/accept_ra
cd /etc/own; find . | sort | xargs ls -ld --time-style=+; cat file
"""
Result = t.Dict[str, t.Any]


@pytest.fixture
def host() -> t.Iterator[Namespace]:
    with namespace() as router, namespace() as made:
        made.sh(f"ip link add eth0 type veth peer name br0 netns {router.pid}; ip link set eth0 up")
        router.sh(f"ip link set br0 up; ip -6 addr add {GATEWAY}/64 dev br0 nodad; ip addr add {GATEWAY4}/24 dev br0")
        made.sh(SETUP)
        yield made


def guard(host: Namespace, state: str, check: bool = False, run: str = "one", **more: t.Any) -> Result:
    given = {"run_id": run, "holder": f"me in {run}", "patience": 1, "firewall": False, "paths": ["/etc/own"], **more}
    return host.module("network_guard", check, state=state, **given)


def program(host: Namespace, verb: str) -> subprocess.CompletedProcess[str]:
    """The agent as the timer and the units of a boot start it."""
    return host.run(*host.part(PROGRAM), verb, DIRECTORY)


def change_armed(host: Namespace, **more: t.Any) -> None:
    path = f"{DIRECTORY}/armed.json"
    armed = {**json.loads(host.sh(f"cat {path}")), **more}
    assert host.run("tee", path, input=json.dumps(armed)).returncode == 0


def events(host: Namespace) -> list[str]:
    return [json.loads(line)["event"] for line in host.sh(f"cat {DIRECTORY}/journal.jsonl").splitlines()]


def test_everything_is_put_back_when_nobody_calls_it_off(host: Namespace) -> None:
    before = host.sh(LOOK)
    assert guard(host, "armed", timeout=600)["armed"]
    host.sh(HARM)
    assert host.sh(LOOK) != before
    done = program(host, "restore")
    assert (done.returncode, done.stderr) == (0, "")
    assert host.sh(LOOK) == before
    told = guard(host, "disarmed")
    assert told["failed"] and "because nobody called it off within 600 s" in told["msg"]
    # Once, and not again.
    assert guard(host, "disarmed") == {**guard(host, "disarmed", check=True), "restorations": []}
    assert program(host, "restore").returncode == 0
    assert events(host) == ["armed", "restored"]


def test_it_waits_by_itself(host: Namespace) -> None:
    before = host.sh(LOOK)
    guard(host, "armed")
    host.sh(HARM)
    change_armed(host, timeout=0)
    assert program(host, "wait").returncode == 0
    assert host.sh(LOOK) == before
    # Neither that process nor the one that was started has anything left to wait for.
    assert program(host, "wait").returncode == 0
    assert guard(host, "armed", run="two")["restorations"]
    guard(host, "disarmed", run="two")


def test_called_off_it_leaves_what_was_done(host: Namespace) -> None:
    ahead = guard(host, "armed", check=True)
    assert (ahead["changed"], ahead["armed"]) == (True, False)
    armed = guard(host, "armed")
    assert armed["diff"] == {"before": {"guard": None}, "after": {"guard": "me in one"}} == ahead["diff"]
    host.sh("echo after >/etc/own/file")
    assert guard(host, "disarmed", check=True)["changes"] == ["Call the guard off"]
    assert guard(host, "disarmed")["changes"] == ["Call the guard off"]
    assert not guard(host, "disarmed")["changed"]
    assert host.sh("cat /etc/own/file") == "after\n"
    assert host.sh(f"ls -A {DIRECTORY}") == "journal.jsonl\n"
    assert guard(host, "absent", check=True)["changes"] == guard(host, "absent")["changes"] == ["Remove the journal"]
    assert not guard(host, "absent")["changed"]
    assert host.sh("ls -A /var/lib") == ""


def test_a_gateway_that_does_not_answer_puts_the_host_back(host: Namespace) -> None:
    before = host.sh(LOOK)
    guard(host, "armed")
    host.sh(f"ip -6 route replace default via {WRONG}")
    failed = guard(host, "disarmed")
    assert failed["msg"].endswith("The host was put back as it was before.")
    assert failed["missing"] == [f"no gateway of IPv6 answers on eth0 ({WRONG}; it was {GATEWAY})"]
    assert host.sh(LOOK) == before


def test_everything_that_is_missing_is_named(host: Namespace) -> None:
    before = host.sh(LOOK)
    guard(host, "armed")
    host.sh("ip -6 route del default; ip addr del 198.51.100.2/24 dev eth0")
    failed = guard(host, "absent", commands=["test -e /nowhere"])
    assert failed["missing"] == [
        "IPv4 has no default route through eth0",
        "IPv6 has no default route through eth0",
        "eth0 has lost its address 198.51.100.2/24",
        "'test -e /nowhere' ended with 1: ",
    ]
    assert host.sh(LOOK) == before


def test_one_guard_at_a_time(host: Namespace) -> None:
    guard(host, "armed")
    assert guard(host, "armed")["msg"].startswith("state=armed: this run has armed the guard of this host already")
    other = guard(host, "armed", run="two")
    assert other["held"] and other["holder"] == "me in one"
    assert "Wait for it to end, or set force=true" in guard(host, "disarmed", run="two")["msg"]
    assert not guard(host, "restored", run="two")["changed"]
    ahead = guard(host, "restored", run="two", force=True, check=True, reason="it is mine")
    assert ahead["changes"] == ["Put the host back, because it is mine"]
    assert guard(host, "restored", run="two", force=True, reason="it is mine")["changes"] == ahead["changes"]
    # One whose process was killed holds nobody up, and what it kept is put back first.
    guard(host, "armed")
    host.sh(f"echo after >/etc/own/file; kill -9 $(cut -d' ' -f1 {DIRECTORY}/waiting)")
    told = guard(host, "armed", run="two")["restorations"]
    assert "because nothing waited for its time-out any more" in told[0]
    assert host.sh("cat /etc/own/file") == "before\n"
    guard(host, "disarmed", run="two")


def test_a_boot_puts_the_files_back_first_and_then_the_rest(host: Namespace) -> None:
    before = host.sh(LOOK)
    guard(host, "armed")
    host.sh(HARM)
    change_armed(host, boot="another")
    assert program(host, "boot").returncode == 0
    assert host.sh("cat /etc/own/file") == "before\n"
    assert host.sh(LOOK) != before
    assert program(host, "late").returncode == 0
    assert host.sh(LOOK) == before
    assert events(host) == ["armed", "files restored", "restored"]


def test_what_cannot_be_put_back_is_tried_again(host: Namespace) -> None:
    before = host.sh(LOOK)
    guard(host, "armed")
    host.sh(HARM)
    host.sh("mount --bind -o ro /etc/own /etc/own && mount -o remount,bind,ro /etc/own")
    for _time in range(2):
        failed = program(host, "restore")
        assert failed.returncode == 1
        assert "Bring back /etc/own/file: Read-only file system\n" in failed.stderr
    # The same trouble is noted once.
    assert events(host) == ["armed", "failed"]
    refused = guard(host, "restored")
    assert refused["failed"] and "not all could be put back, and it is tried again" in refused["msg"]
    host.sh("umount /etc/own")
    assert program(host, "restore").returncode == 0
    assert host.sh(LOOK) == before
    assert events(host) == ["armed", "failed", "restored"]


def test_what_is_refused(host: Namespace) -> None:
    assert "interfaces=eth7: this host has no such interface" in guard(host, "armed", interfaces=["eth7"])["msg"]
    assert "timeout=3" in guard(host, "armed", timeout=3)["msg"]
    assert host.sh("ls -A /var/lib") == ""
    usage = host.run(*host.part(PROGRAM), "nothing", "/")
    assert usage.returncode == 2 and "restore|boot|late|wait DIRECTORY" in usage.stderr
    assert not guard(host, "absent")["changed"]


def test_a_process_that_has_ended_waits_for_nothing() -> None:
    """Also while its parent has not asked about it, as in a container whose first process asks about nobody."""
    with subprocess.Popen(["sleep", "infinity"]) as process:
        assert client._process(process.pid).isdigit()
        process.kill()
        until(lambda: client._process(process.pid) == "none")
