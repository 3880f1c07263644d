# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""What a double adds to a lab host."""

from __future__ import annotations

import pytest
from routable_lab import doubles, hosts, names
from routable_lab.shell import LabError
from routable_lab.topology import Host


def test_a_plain_host_gets_nothing() -> None:
    plain = Host("a")
    assert (doubles.files(plain), doubles.units(plain), doubles.cables(plain)) == ([], [], [])


def test_a_smartos_host_has_its_commands_where_smartos_has_them() -> None:
    host = Host("a", double="smartos")
    there = {file.path: file for file in hosts._files(host, 0)}
    for path in ("/usr/sbin/vmadm", "/usr/bin/svcs", "/native/sbin/ipadm", "/opt/tools/bin/python3"):
        assert there[path].mode == 0o755
    assert "/usr/lib/smartos-double/__main__.py" in there
    assert there["/etc/lab/enable"].text.split() == ["systemd-networkd.service", "smartos-double.service"]


def test_its_second_cable_has_a_port_and_an_address_of_its_own() -> None:
    host = Host("a" * 20, double="smartos")
    first, second = hosts._cables("x", host)
    scripts = (first.script(1), second.script(1))
    ports = [names.port(host.name, one.suffix) for one in (first, second)]
    assert len({*ports}) == 2 and all(len(port) <= 15 for port in ports)
    assert names.mac(host.name) in scripts[0] and names.mac(host.name) not in scripts[1]


def test_a_director_has_its_double_and_the_gateway_of_its_network() -> None:
    host = Host("a", image="bosh", double="bosh")
    there = {file.path: file for file in hosts._files(host, 0)}
    for path in ("doubles/__init__.py", "doubles/bosh_director/__main__.py", "doubles/bosh_director/guests.py"):
        assert f"/usr/lib/bosh-double/{path}" in there
    assert there["/etc/bosh-double/secret"].mode == 0o600
    assert there["/etc/lab/enable"].text.split()[-1] == "bosh-double.service"
    scripts = [cable.script(1) for cable in hosts._cables("x", host)]
    assert [f"ip -6 addr replace {doubles.BOSH_GATEWAY} dev br0 nodad" in script for script in scripts] == [False, True]


def test_an_unknown_double_is_refused() -> None:
    with pytest.raises(LabError, match="double is 'solaris', but must be one of smartos, bosh, ec2"):
        Host("a", double="solaris")
