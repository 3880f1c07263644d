# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._manifest import drift, owner_of
from ansible_collections.routable.ipv6.plugins.module_utils._record import digest

RECORD = json.dumps(
    {
        "files": {
            "/etc/new": {"before": None, "after_sha256": digest("ours")},
            "/etc/old": {"before": "theirs", "after_sha256": digest("both")},
        },
        "values": {"net/ipv6/conf/all/forwarding": "0"},
        "holders": ["docker_host"],
    }
)


def test_untouched() -> None:
    now = {"/etc/new": digest("ours"), "/etc/old": digest("both")}
    owner = owner_of("uplink-ra-ens3", RECORD, now.get)
    assert owner["files"][0] == {
        "path": "/etc/new", "before": None, "after": digest("ours"), "now": digest("ours"), "intact": True,
    }  # fmt: skip
    assert owner["files"][1]["before"] == digest("theirs")
    assert owner["holders"] == ["docker_host"]
    assert drift([owner], {"a.service": True}) == []


def test_changed_and_removed() -> None:
    owner = owner_of("o", RECORD, {"/etc/new": digest("else")}.get)
    assert drift([owner], {"a.service": False}) == [
        "/etc/new has been changed since o wrote it",
        "/etc/old has been removed since o wrote it",
        "a.service does not run",
    ]


@pytest.mark.parametrize("text", ["", "[]", '"x"', '{"files": []}'])
def test_no_record(text: str) -> None:
    with pytest.raises(ValueError):
        owner_of("o", text, lambda path: None)
