# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors

"""The site that the tests of the report look at."""

from __future__ import annotations

import typing as t

BEGIN = 1790000000  # 2026-09-21T14:13:20Z
AT = "2026-09-25T14:13:20+00:00"
POOLS = {
    "site": {"prefix": "2001:db8:1000::/36", "length": 48, "strategy": "sparse"},
    "hosts": {"prefix": "2001:db8:0:1::/64", "length": 80, "suffix": True},
    "one": {"prefix_length": 80, "parent": "hosts", "length": 128, "quarantine_days": 30},
    "odd": {"prefix": "2001:db8:77::/64"},
}
NAMES = (
    "</script><script>document.title = 'taken'</script>",
    "<img src=x onerror=\"document.title='taken'\">",
    "\"'&<b>&amp;",
    "東京 ünï",
    ("x" * 63 + ".") * 3 + "y" * 61,
)
HOSTS = {"one": {"interfaces": {"docker0": ["2001:db8:0:1:5054:ff:fe12:3456/64"]}, "containers": []}}

UNSEEN = {"two": "no route to host", "<b>three</b>": "it gave no answer"}


def matrix() -> dict[str, t.Any]:
    """A reachability matrix in which one of three endpoints does not answer."""
    seen = {
        "ok": True,
        "probed": True,
        "reason": None,
        "local": "2001:db8:f::1",
        "ping": {"answered": True, "rtt_ms": 1.25, "reason": None},
        "mtu": None,
        "open": [{"port": 80, "protocol": "tcp", "state": "open", "reason": None, "ok": True}],
        "closed": [{"port": 9, "protocol": "tcp", "state": "filtered", "reason": None, "ok": True}],
        "source": {"ok": True, "expected": "2001:db8::1", "seen": "2001:db8::1", "reason": None},
    }
    silent = {
        **seen,
        "ok": False,
        "reason": "ping: address unreachable: no neighbour answers for it",
        "ping": {"answered": False, "rtt_ms": None, "reason": "address unreachable: no neighbour answers for it"},
    }
    rows = [
        {"name": name, "behind": "one", "address": f"2001:db8::{number}", "kind": "container", "role": "docker_host"}
        for number, name in enumerate(("web", NAMES[1], "mail"), 1)
    ]
    return {
        "version": 1,
        "at": AT,
        "ok": False,
        "vantages": [{"name": "stranger", "ok": True, "reason": None, "seconds": 1.0}],
        "endpoints": [
            {**row, "ok": row["name"] != "mail", "from": {"stranger": silent if row["name"] == "mail" else seen}}
            for row in rows
        ],
        "failures": ["mail behind one (2001:db8::3) from stranger: ping: no neighbour answers for it"],
        "advice": [
            {
                "cause": "no_neighbour",
                "behind": "one",
                "endpoints": ["mail"],
                "look": "Look whether the NDP proxy runs.",
            }
        ],
        "ipv4": [
            {"host": "one", "vantage": "stranger", "to": "192.0.2.1", "answered": True, "answered_at": AT, "ok": True}
        ],
        "warnings": [],
    }
