# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""EC2 in the lab: the process that answers the API, and the box that is the VPC's side of its instances' links.

A topology's instances are not there until somebody launches them by the API. The double does then what the lab does
for other hosts: a container, a cable, and at its other end what a VPC does for an interface.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import shlex
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from . import daemon
from .names import CHECKOUT, ROUTER, VPC, link_local_of, port
from .network import Cable, container
from .shell import LabError, run, say
from .topology import Host

LABEL_MAC = "routable.lab.mac"
START_SECONDS = 60.0
STOP_SECONDS = 30.0
# The address plan of the guide: the VPC's range, the subnet, and a reservation for delegated prefixes.
SPACE = "2600:1f18:47b:ca00::/56"
SUBNET = "2600:1f18:47b:ca03::/64"
SUBNET4 = "10.0.0.0/24"
# Amazon VPC User Guide, "Link-local addresses": the VPC's router answers on the second beside its own EUI-64 address.
ROUTERS = ("fe80::1066:30ff:feb8:c008", "fe80:ec2::1")
_ADDRESS = "2001:db8:ffff::3"
_IMDS = CHECKOUT / "lab" / "doubles" / "imds" / "__main__.py"
# Marks the routes that belong to one interface, so that they can be taken away together.
_PROTOCOL = "77"

SCRIPT = f"""
until ip link show eth0 >/dev/null 2>&1; do sleep 0.05; done
ip link set eth0 addrgenmode none
ip link set eth0 up
ip addr add {_ADDRESS}/64 dev eth0 nodad
# Who forwards asks for neighbours from a link-local address.
ip addr add fe80::3/64 dev eth0 nodad
ip -6 route add default via 2001:db8:ffff::1
ip addr add fd00:ec2::254/128 dev lo nodad
ip addr add 169.254.169.254/32 dev lo
# What nobody has been given leads nowhere.
ip -6 route add unreachable {SPACE}
sysctl -qw net.ipv6.conf.all.forwarding=1
mkdir -p /run/links
echo '{{}}' >/run/imds.json
python3 -S -E -c {shlex.quote(_IMDS.read_text(encoding="utf-8"))} /run/imds.json &
touch /run/ready
exec sleep infinity
"""
CABLE = Cable(VPC, "eth0", "br1")


@dataclass(frozen=True)
class Interface:
    """An instance's interface as the VPC sees it; ``ranges`` are addresses and prefixes in CIDR form, own one first.

    ``ipv4`` is empty for one in a subnet that has IPv6 only.
    """

    host: str
    mac: str
    ipv4: str
    ranges: tuple[str, ...]
    metadata: tuple[tuple[str, str], ...]

    @property
    def primary(self) -> str | None:
        return next((one.partition("/")[0] for one in self.ranges if one.endswith("/128")), None)


def directory(lab: str) -> Path:
    """Where the lab keeps what the double and the inventory need to know."""
    return daemon.cache() / "labs" / lab


def route(lab: str) -> None:
    """Have the router send the VPC's range to the VPC."""
    run(["docker", "exec", container(lab, ROUTER), "ip", "-6", "route", "replace", SPACE, "via", _ADDRESS])


def start(lab: str, instances: list[Host], first: int) -> None:
    """Start the double unless it runs, and tell it which hosts can be launched.

    :arg first: the number in the topology of the first one.
    """
    place = directory(lab)
    place.mkdir(parents=True, exist_ok=True)
    hosts = json.dumps({"first": first, "hosts": [host.as_dict() for host in instances]})
    (place / "ec2.hosts").write_text(hosts, encoding="utf-8")
    if _process(place):
        return
    python = CHECKOUT / ".venv" / "bin" / "python"
    if not python.exists():
        raise LabError("The double of EC2 needs the checkout's .venv, which is not there; `lab/lab setup` makes it.")
    say("starting the double of EC2")
    (place / "ec2.url").unlink(missing_ok=True)
    with (place / "ec2.log").open("wb") as log:
        process = subprocess.Popen(
            [str(python), "-B", "-m", "doubles.ec2", "--port=0", f"--lab={lab}"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=CHECKOUT / "lab",
        )
    (place / "ec2.pid").write_text(str(process.pid), encoding="utf-8")
    until = time.monotonic() + START_SECONDS
    while not (place / "ec2.url").exists():
        if process.poll() is not None or time.monotonic() > until:
            tail = (place / "ec2.log").read_text(errors="replace")[-1500:]
            raise LabError(f"The double of EC2 does not start; the end of {place}/ec2.log says: {tail}")
        time.sleep(0.05)


def stop(lab: str) -> None:
    """Stop the double, if it runs, and forget what was kept for it."""
    place = directory(lab)
    pid = _process(place)
    if pid:
        os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + STOP_SECONDS
        while _process(place):
            if time.monotonic() > until:
                raise LabError(f"The double of EC2 (process {pid}) did not stop within {STOP_SECONDS:.0f} s.")
            time.sleep(0.05)
    if place.exists():
        shutil.rmtree(place)
    with contextlib.suppress(OSError):  # other labs have theirs there
        place.parent.rmdir()


def _process(place: Path) -> int | None:
    """The double's process id, None where it does not run. A number that has gone to another program is none."""
    try:
        pid = int((place / "ec2.pid").read_text(encoding="utf-8"))
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return pid if b"doubles.ec2" in words else None


def cable(host: Host, mac: str) -> Cable:
    """The cable from an instance to the VPC."""
    return Cable(host.name, host.uplink, None, box=VPC, mac=mac, then=f"sh -e /run/links/{host.name}.sh")


def link_script(interface: Interface, others: list[Interface]) -> str:
    """Shell commands for the VPC's end of a link, good also when they have run before.

    The VPC knows which address belongs to which interface, so it asks nobody: all goes to the interface's own MAC
    address. Towards the instance it answers for the addresses of the others, since they share a subnet with it.
    """
    ipv4 = bool(interface.ipv4)
    end, local = port(interface.host), link_local_of(interface.mac)
    gateway4 = ipaddress.IPv4Network(SUBNET4)[1]
    run_file = f"/run/links/{interface.host}"
    dhcp = f"--dhcp-option=3,{gateway4} --dhcp-range={interface.ipv4},{interface.ipv4},255.255.255.0"
    if not ipv4:
        dhcp = ""
    if interface.primary:
        dhcp += f" --dhcp-range={interface.primary},{interface.primary},64"
    rules = "".join(f"  rule {one} {{ static }}\n" for other in others for one in other.ranges)
    config = f"proxy {end} {{\n  router yes\n{rules}}}\n"
    lines = [
        # Either may have ended by itself, and then its pid file is all that is left.
        f"for p in dns ndp; do [ ! -e {run_file}.$p ] || kill $(cat {run_file}.$p) || true; rm -f {run_file}.$p; done",
        f"ip link show {end} >/dev/null 2>&1 || exit 0",
        f"ip addr replace {ROUTERS[0]}/64 dev {end} nodad",
        # Deprecated, so that it answers and nothing is ever advertised from it.
        f"ip addr replace {ROUTERS[1]}/64 dev {end} nodad preferred_lft 0",
        # dnsmasq serves a range only where it has an address itself.
        f"ip addr replace {ipaddress.IPv6Network(SUBNET)[1]}/64 dev {end} nodad noprefixroute",
        *([f"ip addr replace {gateway4}/32 dev {end}", f"ip route replace {interface.ipv4}/32 dev {end}"] * ipv4),
        f"ip -6 neigh replace {local} lladdr {interface.mac} dev {end} nud permanent",
        f"ip -6 route flush dev {end} proto {_PROTOCOL}",
        *(f"ip -6 route replace {one} via {local} dev {end} proto {_PROTOCOL}" for one in interface.ranges),
        f"dnsmasq --conf-file=/dev/null --port=0 --bind-interfaces --interface={end} --except-interface=lo --enable-ra"
        f" --dhcp-authoritative --no-ping --leasefile-ro {dhcp} --pid-file={run_file}.dns",
    ]
    if rules:
        lines += [
            f"printf %s {shlex.quote(config)} >{run_file}.conf",
            f"ndppd -d -c {run_file}.conf -p {run_file}.ndp >/dev/null",
        ]
    return "\n".join(lines) + "\n"


def deliver(lab: str, interfaces: list[Interface], gone: list[str]) -> None:
    """Have the VPC know these interfaces and no others; ``gone`` are the hosts whose links are to be forgotten."""
    metadata = {
        source: dict(one.metadata)
        for one in interfaces
        for source in (
            *([one.ipv4] if one.ipv4 else []),
            link_local_of(one.mac),
            *(text.partition("/")[0] for text in one.ranges),
        )
    }
    lines = [f"printf %s {shlex.quote(json.dumps(metadata))} >/run/imds.new", "mv /run/imds.new /run/imds.json"]
    for one in interfaces:
        others = [other for other in interfaces if other is not one]
        path = f"/run/links/{one.host}.sh"
        lines += [f"printf %s {shlex.quote(link_script(one, others))} >{path}", f"sh -e {path}"]
    for name in gone:
        # As above: who has ended by itself need not be ended.
        lines.append(
            f"for p in dns ndp; do [ ! -e /run/links/{name}.$p ] || kill $(cat /run/links/{name}.$p) || true; done; "
            f"rm -f /run/links/{name}.*"
        )
    run(["docker", "exec", container(lab, VPC), "sh", "-ec", "\n".join(lines)])
