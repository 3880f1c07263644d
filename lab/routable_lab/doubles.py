# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""Hosts that stand for another operating system: what such a host has on its disk, and its further cables."""

from __future__ import annotations

from pathlib import Path

from .managers import File
from .network import Cable
from .topology import Host

SOURCES = Path(__file__).resolve().parent.parent / "doubles"
# Where a command is in SmartOS -> what the double calls it.
SMARTOS_COMMANDS = {
    "/usr/sbin/vmadm": "vmadm",
    "/usr/sbin/zlogin": "zlogin",
    "/usr/sbin/ipadm": "ipadm",
    "/usr/sbin/dladm": "dladm",
    "/usr/sbin/mdata-get": "mdata-get",
    "/usr/sbin/route": "route",
    "/usr/sbin/svcadm": "svcadm",
    "/usr/sbin/svccfg": "svccfg",
    "/usr/bin/svcs": "svcs",
    "/usr/bin/sysinfo": "sysinfo",
    "/usr/bin/zonename": "zonename",
    # Before the host's own uname, and not in its place.
    "/usr/local/bin/uname": "uname",
    "/native/sbin/ipadm": "native-ipadm",
    "/native/usr/lib/inet/in.ndpd": "in.ndpd",
    "/usr/local/sbin/smartos-double": "control",
}
SMARTOS_PLACE = "/usr/lib/smartos-double"
SMARTOS_UNIT = f"""[Unit]
Description=Double of a SmartOS global zone
After=network.target

[Service]
ExecStart=/usr/bin/python3 -S -E -B {SMARTOS_PLACE} switch
ExecStartPost=/bin/sh -c 'until [ -e /run/smartos-ready ]; do sleep 0.05; done'
# The zones started at boot outlive a restart of the switch.
KillMode=process

[Install]
WantedBy=multi-user.target
"""
BOSH_PLACE = "/usr/lib/bosh-double"
# Of a world that lives for a day in namespaces of one machine, and known to lab/group_vars/bosh_directors.yml.
BOSH_SECRET, VCENTER_PASSWORD = "the-directors-secret", "the-vcenters-password"
BOSH_UNIT = f"""[Unit]
Description=Double of a BOSH Director, with a simulated vCenter
After=network.target

[Service]
Type=notify
WorkingDirectory={BOSH_PLACE}
ExecStart=/usr/bin/python3 -B -m doubles.bosh_director --address :: --name director --directory /etc/bosh-double \\
  --secret-file /etc/bosh-double/secret --world /etc/bosh-double/lab.json \\
  --vcenter-password-file /etc/bosh-double/vcenter

[Install]
WantedBy=multi-user.target
"""
# The router of the post of 2018, in the range whose gateway it is.
BOSH_GATEWAY = "2601:646:100:69f1:20d:b9ff:fe48:9249/64"
PKGSRC_PYTHON = '#!/bin/sh\nexec /usr/bin/python3 "$@"\n'


def _smartos() -> list[File]:
    python = f"/usr/bin/python3 -S -E -B {SMARTOS_PLACE}"
    return [
        *(
            File(f"{SMARTOS_PLACE}/{path.name}", path.read_text())
            for path in sorted((SOURCES / "smartos").glob("*.py"))
        ),
        *(
            File(path, f'#!/bin/sh\nexec {python} {name} "$@"\n', 0o755)
            for path, name in sorted(SMARTOS_COMMANDS.items())
        ),
        File("/opt/tools/bin/python3", PKGSRC_PYTHON, 0o755),
        File("/etc/systemd/system/smartos-double.service", SMARTOS_UNIT),
    ]


def _bosh() -> list[File]:
    sources = [SOURCES / "__init__.py", *sorted((SOURCES / "bosh_director").glob("*.py"))]
    return [
        *(File(f"{BOSH_PLACE}/doubles/{path.relative_to(SOURCES)}", path.read_text()) for path in sources),
        File("/etc/bosh-double/lab.json", (SOURCES / "bosh_director" / "lab.json").read_text()),
        File("/etc/bosh-double/secret", BOSH_SECRET + "\n", 0o600),
        File("/etc/bosh-double/vcenter", VCENTER_PASSWORD + "\n", 0o600),
        File("/etc/systemd/system/bosh-double.service", BOSH_UNIT),
    ]


# Those that run on the host itself; EC2's runs beside the lab and is an instance's outside.
_FILES = {"smartos": _smartos, "bosh": _bosh}


def files(host: Host) -> list[File]:
    """What a double adds to the host's disk before its first boot."""
    return _FILES[host.double]() if host.double in _FILES else []


def units(host: Host) -> list[str]:
    """The units that are enabled at the host's first boot."""
    return [f"{host.double}-double.service"] if host.double in _FILES else []


def cables(host: Host) -> list[Cable]:
    """The host's cables beside its uplink: a second card behind which the zones or VMs are."""
    if host.double not in _FILES:
        return []
    return [Cable(host.name, "trunk0", suffix="t", gateway=BOSH_GATEWAY if host.double == "bosh" else None)]
