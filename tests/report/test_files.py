# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""What lies beside the page, in the programs that it is for."""

from __future__ import annotations

import pathlib
import subprocess

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.ledger import open_ledger
from ansible_collections.routable.ipv6.plugins.module_utils._ledger_export import as_format

HEAD = "$TTL 3600\n@ IN SOA ns.example.org. admin.example.org. 1 7200 3600 1209600 3600\n@ IN NS ns.example.org.\n"


@pytest.fixture
def texts(tmp_path: pathlib.Path) -> dict[str, str]:
    with open_ledger(str(tmp_path / "ledger.sqlite")) as ledger:
        ledger.define_pools({"web": {"prefix": "2001:db8:0:1::/64"}})
        ledger.apply(["www", "mail", "ns"], pool="web")
        document, pools = ledger.export(), ledger.pools()
    return {
        "zone": as_format("zone", document, pools, zone="example.org"),
        "reverse": as_format("reverse_zone", document, pools, zone="example.org", prefix="2001:db8:0:1::/64"),
        "hosts": as_format("hosts", document, pools),
    }


@pytest.mark.parametrize(
    ("kind", "origin"), [("zone", "example.org"), ("reverse", "1.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa")]
)
def test_a_name_server_takes_the_records(texts: dict[str, str], kind: str, origin: str, tmp_path: pathlib.Path) -> None:
    whole = tmp_path / "zone"
    whole.write_text(HEAD + texts[kind])
    done = subprocess.run(
        [
            "/usr/sbin/named-checkzone" if pathlib.Path("/usr/sbin/named-checkzone").exists() else "named-checkzone",
            origin,
            str(whole),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and "OK" in done.stdout, done.stdout + done.stderr
    assert texts[kind].count("AAAA" if kind == "zone" else "PTR") == 3


def test_glibc_finds_the_names_in_the_hosts_file(texts: dict[str, str], tmp_path: pathlib.Path) -> None:
    """In a mount namespace, where the file is /etc/hosts for nobody else."""
    file = tmp_path / "hosts"
    file.write_text(texts["hosts"])
    for name in ("www", "mail", "ns"):
        script = f"mount --bind {file} /etc/hosts && getent ahosts {name}"
        found = subprocess.run(["unshare", "-m", "sh", "-ec", script], capture_output=True, text=True, check=False)
        addresses = {line.split()[0] for line in found.stdout.splitlines()}
        line = next(line for line in texts["hosts"].splitlines() if name in line.split()[1:])
        assert addresses == {line.split()[0]}, found.stdout + found.stderr
