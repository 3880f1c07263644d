# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""What is on a host's disk before its first boot: the configuration of whoever manages its uplink."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass

from .names import ipv4
from .topology import Host

GATEWAY4 = "198.51.100.1"
COMMENT = "# Written by the lab before the first boot.\n"


@dataclass(frozen=True)
class File:
    """A file to put on the host; `path` is absolute."""

    path: str
    text: str
    mode: int = 0o644


def unit_escape(interface: str) -> str:
    """An interface's name as it is written in the name of its device unit (systemd.unit(5), string escaping)."""
    plain = "".join(c if c.isalnum() or c in "_." else f"\\x{ord(c):02x}" for c in interface)
    return "\\x2e" + plain[1:] if plain.startswith(".") else plain


def _kernel(host: Host, address: str) -> list[File]:
    # Nobody manages the uplink: it is set up by plain commands and the kernel takes the router advertisements.
    # The unit hangs on the device, so that the uplink comes back when the device does.
    device = f"sys-subsystem-net-devices-{unit_escape(host.uplink)}.device"
    unit = f"""{COMMENT}[Unit]
Description=Uplink {host.uplink} by plain commands
DefaultDependencies=no
BindsTo={device}
After={device} systemd-sysctl.service
Before=network.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/sbin/ip link set {host.uplink} up
ExecStart=/sbin/ip -4 address replace {address}/24 dev {host.uplink}
ExecStart=/sbin/ip -4 route replace default via {GATEWAY4} dev {host.uplink}

[Install]
WantedBy=multi-user.target {device}
"""
    return [File("/etc/systemd/system/lab-uplink.service", unit)]


def _ifupdown(host: Host, address: str) -> list[File]:
    text = f"""{COMMENT}auto lo
iface lo inet loopback

auto {host.uplink}
allow-hotplug {host.uplink}
iface {host.uplink} inet static
    address {address}/24
    gateway {GATEWAY4}
iface {host.uplink} inet6 auto
"""
    return [File("/etc/network/interfaces", text)]


def _networkd(host: Host, address: str) -> list[File]:
    text = f"""{COMMENT}[Match]
Name={host.uplink}

[Network]
Address={address}/24
Gateway={GATEWAY4}
IPv6AcceptRA=yes
"""
    return [File("/etc/systemd/network/10-uplink.network", text)]


def _netplan(host: Host, address: str) -> list[File]:
    text = f"""{COMMENT}network:
  version: 2
  renderer: networkd
  ethernets:
    {host.uplink}:
      addresses: [{address}/24]
      routes:
        - {{to: default, via: {GATEWAY4}}}
      accept-ra: true
"""
    return [File("/etc/netplan/50-lab.yaml", text, 0o600)]


def _networkmanager(host: Host, address: str) -> list[File]:
    # Without the device section NetworkManager leaves a veth alone: its udev rule 85-nm-unmanaged.rules says so.
    manage = f"{COMMENT}[device-lab-uplink]\nmatch-device=interface-name:{host.uplink}\nmanaged=1\n"
    profile = f"""{COMMENT}[connection]
id={host.uplink}
type=ethernet
interface-name={host.uplink}

[ethernet]

[ipv4]
method=manual
address1={address}/24,{GATEWAY4}

[ipv6]
method=auto
addr-gen-mode=eui64
"""
    return [
        File("/etc/NetworkManager/conf.d/10-lab-uplink.conf", manage),
        File(f"/etc/NetworkManager/system-connections/{host.uplink}.nmconnection", profile, 0o600),
    ]


def _cloud_init(host: Host, _address: str) -> list[File]:
    # Nothing but what a cloud image has: cloud-init writes the rest at the first boot, from what the IMDS says.
    settings = f"""#cloud-config
{COMMENT}datasource_list: [Ec2]
datasource: {{Ec2: {{timeout: 2, max_wait: 20}}}}
# As in a cloud image, where ifupdown is not installed.
system_info: {{network: {{renderers: [netplan]}}}}
"""
    # The DMI data by which cloud-init knows an instance are the machine's own, which a container cannot change.
    command = """import sys
from cloudinit.sources import DataSourceEc2
DataSourceEc2.identify_platform = lambda: "aws"
from cloudinit.cmd import main
sys.exit(main.main())
"""
    unit = f"""{COMMENT}[Unit]
Description=First stage of cloud-init
DefaultDependencies=no
After=local-fs.target systemd-udevd.service
Before=network-pre.target systemd-networkd.service
Wants=network-pre.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/bin/python3 /etc/lab/cloud-init.py init --local

[Install]
WantedBy=multi-user.target
"""
    # cloud-init has netplan look for the MAC address that the card was made with, and a virtual cable has none.
    match = f"{COMMENT}[Match]\nPermanentMACAddress=\nName={host.uplink}\n"
    return [
        File(f"/etc/systemd/network/10-netplan-{host.uplink}.network.d/90-lab.conf", match),
        File("/etc/cloud/cloud.cfg.d/90-lab.cfg", settings),
        File("/etc/lab/cloud-init.py", command),
        File("/etc/systemd/system/lab-cloud-init.service", unit),
    ]


_FILES = {
    "kernel": _kernel,
    "ifupdown": _ifupdown,
    "networkd": _networkd,
    "netplan": _netplan,
    "networkmanager": _networkmanager,
    "cloud-init": _cloud_init,
}
_UNITS = {
    "kernel": ["lab-uplink.service"],
    "ifupdown": ["networking.service"],
    "networkd": ["systemd-networkd.service"],
    "netplan": ["systemd-networkd.service"],
    "networkmanager": ["NetworkManager.service"],
    "cloud-init": ["lab-cloud-init.service", "systemd-networkd.service"],
}


def files(host: Host, index: int, units: Sequence[str] = ()) -> list[File]:
    """What every host has; at its first boot `lab-init` enables `units` beside those of the uplink's manager."""
    return [
        File("/etc/lab/uplink", host.uplink + "\n"),
        File("/etc/lab/enable", "\n".join([*_UNITS[host.manager], *units]) + "\n"),
        *_FILES[host.manager](host, ipv4(index)),
    ]


def archive(entries: list[File]) -> bytes:
    """The files as a tar archive, owned by root, for `docker cp`."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for entry in entries:
            data = entry.text.encode()
            info = tarfile.TarInfo(entry.path.lstrip("/"))
            info.size = len(data)
            info.mode = entry.mode
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()
