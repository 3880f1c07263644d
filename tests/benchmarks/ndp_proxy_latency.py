# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long after a container's start it first answers at the stranger, for each backend of ndp_proxy.

tests/benchmarks/ndp_proxy_latency.py [--rounds N] [--suite SUITE]

Each round uses an address that the router has not seen. The stranger is told by a datagram that `docker run` has
returned, and sends an echo request every 10 ms from then on. Times are of this machine on this day; the ratios to the
first backend, taken in the same run, are what to compare.
"""

from __future__ import annotations

import argparse
import ipaddress
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import typing as t

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "lab"))

from conftest import LAB, Lab  # noqa: E402

PREFIX = "2001:db8:0:1:c"
STRANGER = "203.0.113.2"
BACKENDS: dict[str, dict[str, t.Any]] = {
    "kernel": {"backend": "kernel", "prefixes": [f"{PREFIX}::/80"]},
    "ndppd iface": {"backend": "ndppd", "prefixes": [f"{PREFIX}::/80"], "bridges": ["docker0", "br-user"]},
    "ndppd static": {"backend": "ndppd", "prefixes": [f"{PREFIX}::/80"], "ndppd_mode": "static"},
    "networkd": {"backend": "networkd"},
}

LISTEN = """
import select, socket, struct, sys, time
go = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
go.bind(("", 9999))
echo = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)

def answered(address, until):
    while time.monotonic() < until:
        if select.select([echo], [], [], max(0, until - time.monotonic()))[0]:
            data, sender = echo.recvfrom(1500)
            if data[0] == 129 and sender[0] == address:
                return True
    return False

def first(address):
    go.recv(100)
    begin = time.monotonic()
    for sequence in range(1000):
        echo.sendto(struct.pack("!BBHHH", 128, 0, 0, 4711, sequence), (address, 0))
        if answered(address, begin + 0.01 * (sequence + 1)):
            return "%.3f" % ((time.monotonic() - begin) * 1000)
    return "never"

sys.stdout.write("ready\\n"); sys.stdout.flush()
for line in sys.stdin:
    sys.stdout.write(first(line.strip()) + "\\n"); sys.stdout.flush()
"""


def prepare(lab: Lab, suite: str) -> None:
    lab.up([{"name": "t", "suite": suite, "uplink": "enp1s0", "manager": "networkd"}])
    daemon = json.dumps({"ipv6": True, "fixed-cidr-v6": f"{PREFIX}::/81", "ip6tables": False})
    lab.sh(
        "t",
        f"""
        sysctl -qw net.ipv6.conf.all.forwarding=1; mkdir -p /etc/docker; echo '{daemon}' >/etc/docker/daemon.json
        systemctl restart docker; docker import /opt/lab/busybox.tgz busybox >/dev/null
        docker network create --ipv6 --subnet {PREFIX}:8000::/81 -o com.docker.network.bridge.name=br-user user
        """,
    )


def measure(lab: Lab, rounds: int, first: int) -> list[float]:
    """Milliseconds, one per round; infinite for no answer within ten seconds."""
    found = []
    command = [str(LAB), "--name", lab.name, "exec", "stranger", "python3", "-uc", LISTEN]
    listener = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert listener.stdin is not None and listener.stdout is not None
    try:
        assert listener.stdout.readline() == "ready\n"
        for number in range(first, first + rounds):
            # As the socket spells the sender of an answer.
            address = str(ipaddress.IPv6Address(f"{PREFIX}:8000::{number:x}"))
            listener.stdin.write(address + "\n")
            listener.stdin.flush()
            lab.sh(
                "t",
                f"docker run -d --name bench --stop-signal KILL --network user --ip6 {address} busybox sleep 99 >/dev/null;"
                f'python3 -Sc \'import socket; socket.socket(socket.AF_INET, 2).sendto(b"", ("{STRANGER}", 9999))\'',
            )
            answer = listener.stdout.readline().strip()
            found.append(float("inf") if answer == "never" else float(answer))
            lab.sh("t", "docker rm -f bench >/dev/null; sleep 0.5")
    finally:
        # It waits for a datagram when a round has failed.
        listener.kill()
        listener.wait()
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--suite", default="trixie")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        lab = Lab("bench-ndp", pathlib.Path(directory))
        try:
            prepare(lab, options.suite)
            base = 0.0
            print(f"{'backend':14}{'median ms':>11}{'worst ms':>10}{'ratio':>7}")
            for place, (name, args) in enumerate(BACKENDS.items()):
                first = 0x100 * (place + 1)
                addresses = [f"{PREFIX}:8000::{first + number:x}" for number in range(options.rounds)]
                more = {"addresses": addresses} if name == "networkd" else {}
                result = lab.module("t", "ndp_proxy", uplink="enp1s0", **args, **more)
                if result.get("failed"):
                    raise SystemExit(result["msg"])
                times = measure(lab, options.rounds, first)
                base = base or statistics.median(times)
                median = statistics.median(times)
                print(f"{name:14}{median:11.2f}{max(times):10.2f}{median / base:7.1f}", flush=True)
        finally:
            lab.lab("down", check=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
