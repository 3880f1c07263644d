# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._eni_session import show_settings

PROXY = "http://me:pass@proxy.example.org:3128"


def hidden(values: set[str], **params: t.Any) -> set[str]:
    show_settings(values, {"secret_key": None, "session_token": None, "aws_config": None, **params})
    return values


def test_settings_of_the_connection_are_no_secrets() -> None:
    """A number of them is a part of many an address."""
    config = {"read_timeout": 240, "retries": {"mode": "standard", "total_max_attempts": 26}}
    assert hidden({"240", "26", "standard", "key"}, aws_config=config, secret_key="key") == {"key"}
    assert hidden({"key"}, secret_key="key") == {"key"}


def test_proxies_are_and_so_are_keys() -> None:
    config = {"proxies": {"https": PROXY}, "proxies_config": {"proxy_client_cert": ["/a", "/b"]}, "region_name": "key"}
    assert hidden({PROXY, "/a", "/b", "key"}, aws_config=config, secret_key="key") == {PROXY, "/a", "/b", "key"}
