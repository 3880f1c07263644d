# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible's own loader finds the collection, so it must be there before anything of the collection is imported."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from ansible.plugins.loader import init_plugin_loader

sys.path.insert(0, str(Path(__file__).resolve().parent))
init_plugin_loader([str(Path(__file__).resolve().parents[2] / ".dev")])

# What the examples read from the controller.
FILES = {
    "runtime/dns.yml": "addons: []\n",
    "networks.yml": "networks: []\n",
    "nginx.yml": "name: nginx\n",
    ".ssh/id_ed25519.pub": "ssh-ed25519 AAAA operator\n",
}
# What the `bosh` command takes from the environment, and the modules for BOSH with it.
DIRECTOR = {"BOSH_ENVIRONMENT": "bosh.example.org", "BOSH_CLIENT": "admin", "BOSH_CLIENT_SECRET": "secret"}
# What is in the ledger that lookups read.
POOLS = {
    "site": {"prefix": "2001:db8:1::/48", "length": 64, "strategy": "sparse"},
    "web": {"prefix": "2001:db8:0:1::/64", "suffix": True},
}
NAMES = {
    "webserver": ("web", {"suffix": "::20"}),
    "mail": ("web", {}),
    "docker1": ("site", {}),
    "docker2": ("site", {}),
}


@pytest.fixture(autouse=True)
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of playbooks, which is the home directory as well."""
    import trial

    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    for name, value in {"HOME": str(tmp_path), **DIRECTOR}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setitem(trial.AROUND, "ansible_search_path", [str(tmp_path)])
    return tmp_path


@pytest.fixture
def ledger(tmp_path: Path) -> str:
    """The path of a ledger that has these names."""
    from ansible_collections.routable.ipv6.plugins.module_utils._allocation_wishes import parse_wish
    from ansible_collections.routable.ipv6.plugins.plugin_utils._allocate import grant, opened

    where = str(tmp_path / "ledger.sqlite")
    with opened(where, False) as book:
        grant(
            book, [parse_wish({"name": name, **more}, pool) for name, (pool, more) in NAMES.items()], "present", POOLS
        )
    return where
