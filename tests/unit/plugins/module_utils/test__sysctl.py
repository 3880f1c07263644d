# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

from __future__ import annotations

import pathlib

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _sysctl as sysctl


@pytest.mark.parametrize(
    ("spelling", "path"),
    [
        ("net.ipv6.conf.all.forwarding", "net/ipv6/conf/all/forwarding"),
        ("net/ipv6/conf/all/forwarding", "net/ipv6/conf/all/forwarding"),
        ("net/ipv6/conf/ens3.100/accept_ra", "net/ipv6/conf/ens3.100/accept_ra"),
        ("net.ipv6.conf.ens3/100.accept_ra", "net/ipv6/conf/ens3.100/accept_ra"),
        ("net.ipv6.conf.ens3.100.accept_ra", "net/ipv6/conf/ens3/100/accept_ra"),
        ("forwarding", "forwarding"),
        ("", ""),
    ],
)
def test_canonical(spelling: str, path: str) -> None:
    assert sysctl.canonical(spelling) == path


def test_render_keeps_order_and_dots() -> None:
    text = sysctl.render([(sysctl.interface_key("ens3.100", "accept_ra"), "2"), (sysctl.FORWARDING, "1")], "one\ntwo")
    assert text == "# one\n# two\nnet/ipv6/conf/ens3.100/accept_ra = 2\nnet/ipv6/conf/all/forwarding = 1\n"


def test_read_and_write(tmp_path: pathlib.Path) -> None:
    key = sysctl.interface_key("ens3.100", "accept_ra")
    assert sysctl.read(key, str(tmp_path)) is None
    with pytest.raises(FileNotFoundError):
        sysctl.write(key, "2", str(tmp_path))
    (tmp_path / key).parent.mkdir(parents=True)
    (tmp_path / key).write_text("1\n")
    assert sysctl.read(key, str(tmp_path)) == "1"
    sysctl.write(key, "2", str(tmp_path))
    assert (tmp_path / key).read_text().startswith("2")
