# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""Names and addresses that follow from a host's name, and the inventory that has to agree with them."""

from __future__ import annotations

import ipaddress
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from routable_lab import names, network

INVENTORY = Path(__file__).resolve().parents[3] / "lab" / "inventory.yml"
HOST_NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,30}", fullmatch=True)


def inventory_value(source: Path, given_name: str | None, variable: str) -> str:
    """A variable of the host `trixie` as Ansible itself evaluates it from the inventory file."""
    environment = {key: value for key, value in os.environ.items() if key not in ("LAB_NAME", "DOCKER_HOST")}
    environment["ANSIBLE_CONFIG"] = str(INVENTORY.parents[1] / "ansible.cfg")
    if given_name is not None:
        environment["LAB_NAME"] = given_name
    ansible = [sys.executable, "-m", "ansible", "adhoc", "trixie", "-i", str(source)]
    done = subprocess.run(
        [*ansible, "-m", "ansible.builtin.debug", "-a", f"msg=<{{{{ {variable} }}}}>"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found = re.search(r'"msg": "<(.*)>"', done.stdout)
    assert found, done.stdout
    return found.group(1)


def test_inventory_names_the_lab_of_a_checkout_as_the_lab_does(tmp_path: Path) -> None:
    checkout = tmp_path / "a checkout"
    (checkout / "lab").mkdir(parents=True)
    (checkout / "lab" / "inventory.yml").write_bytes(INVENTORY.read_bytes())
    by_link = tmp_path / "by-link"
    by_link.symlink_to(checkout)
    expected = names.default_lab_name(checkout)
    assert re.fullmatch(r"routable-[0-9a-f]{6}", expected)
    assert names.default_lab_name(by_link) == expected
    for place in (checkout, by_link):
        assert inventory_value(place / "lab" / "inventory.yml", None, "lab_name") == expected


def test_lab_name_from_the_environment_wins_in_both(monkeypatch: pytest.MonkeyPatch) -> None:
    assert inventory_value(INVENTORY, "other", "lab_name") == "other"
    monkeypatch.setenv("LAB_NAME", "other")
    assert names.lab_name() == "other"
    assert names.lab_name("named") == "named"
    assert inventory_value(INVENTORY, "other", "ansible_host") == network.container("other", "trixie")


def test_two_checkouts_have_two_names(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert names.default_lab_name(tmp_path / "a") != names.default_lab_name(tmp_path / "b")


@given(HOST_NAMES)
def test_mac_is_a_unicast_address_of_local_administration(host: str) -> None:
    first = int(names.mac(host).split(":")[0], 16)
    assert len(names.mac(host)) == 17
    assert first & 0x03 == 0x02


@pytest.mark.parametrize(
    ("mac", "expected"),
    [("34:56:78:9a:bc:de", 0x365678FFFE9ABCDE), ("52:54:00:84:93:81", 0x505400FFFE849381)],
)
def test_interface_id_is_modified_eui64(mac: str, expected: int) -> None:
    assert names.interface_id(mac) == expected


@given(HOST_NAMES)
def test_link_local_address(host: str) -> None:
    address = ipaddress.IPv6Address(names.link_local(host))
    assert address in ipaddress.IPv6Network("fe80::/64")
    assert int(address) & (2**64 - 1) == names.interface_id(names.mac(host))


@given(HOST_NAMES)
def test_port_is_an_interface_name(host: str) -> None:
    assert re.fullmatch(r"p-[a-z0-9-]{1,13}", names.port(host))


def test_ports_of_long_names_differ() -> None:
    assert names.port("a" * 20) != names.port("a" * 21)
