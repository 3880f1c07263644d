# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which interface has a hardware address, in a directory like the kernel's."""

from __future__ import annotations

import pathlib

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _instance_uplink_client
from ansible_collections.routable.ipv6.plugins.module_utils._instance_uplink_client import Instance

MAC = "02:00:00:00:00:01"


class Runner:
    tmpdir = "/nowhere"

    def run_command(self, args: list[str]) -> tuple[int, str, str]:
        raise AssertionError(f"no command is needed: {args}")

    def get_bin_path(self, arg: str, required: bool = False) -> str | None:
        return None


@pytest.fixture
def net(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setattr(_instance_uplink_client, "_NET", str(tmp_path))
    return tmp_path


def link(net: pathlib.Path, name: str, address: str | None = MAC, beside: str | None = None) -> None:
    (net / name).mkdir()
    if address is not None:
        (net / name / "address").write_text(f"{address}\n")
    if beside is not None:
        (net / name / beside).mkdir()


def test_the_file_of_the_driver_of_bonds_is_no_interface(net: pathlib.Path) -> None:
    # It comes before the names of most cards.
    (net / "bonding_masters").write_text("bond0\n")
    link(net, "ens5")
    assert Instance(Runner()).interface(MAC) == "ens5"
    assert Instance(Runner()).interface("02:00:00:00:00:02") is None


@pytest.mark.parametrize(("name", "beside"), [("bond0", "lower_ens5"), ("br0", "bridge"), ("ens5.7", "lower_ens5")])
def test_what_is_stacked_upon_a_card_is_none(net: pathlib.Path, name: str, beside: str) -> None:
    link(net, name, beside=beside)
    assert Instance(Runner()).interface(MAC) is None
    link(net, "ens5")
    assert Instance(Runner()).interface(MAC.upper()) == "ens5"


def test_one_without_a_hardware_address(net: pathlib.Path) -> None:
    link(net, "a-tunnel", address=None)
    link(net, "lo", address="00:00:00:00:00:00")
    assert Instance(Runner()).interface(MAC) is None
