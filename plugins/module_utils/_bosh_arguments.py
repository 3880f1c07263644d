# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""The options that modules for a Director have in common: how to log in, and what the rules are for."""

from __future__ import annotations

import ipaddress
import typing as t

from ansible.module_utils.basic import env_fallback
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_client import parse_url
from ansible_collections.routable.ipv6.plugins.module_utils._seconds import LONGEST_ANSWER, check_seconds

CONNECTION: dict[str, t.Any] = {
    "director": {"type": "str", "required": True, "fallback": (env_fallback, ["BOSH_ENVIRONMENT"])},
    "client": {"type": "str", "required": True, "fallback": (env_fallback, ["BOSH_CLIENT"])},
    "client_secret": {
        "type": "str",
        "required": True,
        "no_log": True,
        "fallback": (env_fallback, ["BOSH_CLIENT_SECRET"]),
    },
    "ca_cert": {"type": "str", "fallback": (env_fallback, ["BOSH_CA_CERT"])},
    "timeout": {"type": "int", "default": 30},
}
# What becomes of what the rules find.
RULES: dict[str, t.Any] = {
    "rules": {"type": "str", "choices": ["enforce", "warn", "skip"], "default": "enforce"},
    "accept": {"type": "list", "elements": "str", "default": []},
    "ignore_missing_gateway": {"type": "bool", "default": False},
}


def login(params: t.Mapping[str, t.Any]) -> tuple[str, str, str, str | None, float]:
    """What a client of the Director is made from.

    :raises Refused: no time for an answer.
    """
    check_seconds("timeout", params["timeout"], 1, LONGEST_ANSWER)
    return params["director"], params["client"], params["client_secret"], params["ca_cert"], params["timeout"]


def own_addresses(url: str) -> tuple[str, ...]:
    """The Director's address, where the URL has it; it never hands out its own."""
    host = parse_url(url).host
    try:
        return (str(ipaddress.ip_address(host)),)
    except ValueError:
        return ()
