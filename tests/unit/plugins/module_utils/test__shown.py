# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _docker_daemon_files as daemon_files
from ansible_collections.routable.ipv6.plugins.module_utils import _sources as sources
from ansible_collections.routable.ipv6.plugins.module_utils._shown import without_secrets
from test__sources import seen, wanted
from test__uplink import by_ifupdown, plan

HIDDEN = "********"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "deb https://user:S3@deb.example.org/debian trixie main",
            f"deb https://{HIDDEN}@deb.example.org/debian trixie main",
        ),
        ("deb https://S3@deb.example.org trixie main", f"deb https://{HIDDEN}@deb.example.org trixie main"),
        ("http://user:S3@S3@[2001:db8::1]:80/x", f"http://{HIDDEN}@[2001:db8::1]:80/x"),
        (
            '{"log-opts": {"splunk-token": "S3\\"S3"}, "x": "y"}',
            f'{{"log-opts": {{"splunk-token": "{HIDDEN}"}}, "x": "y"}}',
        ),
        ('"proxies": {"http-proxy": "http://u:S3@p:1"}', f'"proxies": {{"http-proxy": "http://{HIDDEN}@p:1"}}'),
        ('"Password": 12345, "a": 1', f'"Password": "{HIDDEN}", "a": 1'),
        ("--log-opt=splunk-token=S3 --ipv6", f"--log-opt=splunk-token={HIDDEN} --ipv6"),
        ("    wpa-psk S3 S3\n    wpa-ssid home", f"    wpa-psk {HIDDEN}\n    wpa-ssid home"),
        ("wireless-key1 s:S3", f"wireless-key1 {HIDDEN}"),
        ("[WireGuard]\nPrivateKey=S3=", f"[WireGuard]\nPrivateKey={HIDDEN}"),
    ],
)
def test_a_secret_is_not_shown(text: str, shown: str) -> None:
    assert without_secrets(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "deb http://deb.debian.org/debian trixie main # mail me@example.org",
        '{"registry-mirrors": ["https://mirror.example.org"], "tokens": [1], "default-network-opts": {"bridge": {"a": "b"}}}',
        "ExecStart=/usr/bin/dockerd -H fd:// --ipv6=true",
        "iface ens3 inet6 auto\n    accept_ra 2\n",
        "net.ipv6.conf.ens3.accept_ra = 2\n",
        "",
    ],
)
def test_everything_else_is_shown_as_it_is(text: str) -> None:
    assert without_secrets(text) == text


def test_no_file() -> None:
    assert without_secrets(None) is None


def test_no_diff_shows_a_foreign_secret() -> None:
    """Each kind of file in which others keep secrets and that we change."""
    line = "deb http://user:S3@old.example.org/debian trixie main\n"
    replaced = sources.plan(
        {"/a.list": line}, None, wanted(replace={"old.example.org": "new.example.org"}), [seen()], True
    )
    assert replaced.changes[0].data["after"] == line.replace("old", "new")
    text = '{\n  "log-opts": {"splunk-token": "S3"}\n}\n'
    unit = '[Service]\nExecStart=\nExecStart=/usr/bin/dockerd --log-opt "splunk-token=S3"\n'
    daemon = daemon_files.side_of_diff(text, "daemon.json", unit, "ours.conf", {})
    wireless = plan(by_ifupdown("dhcp\n    wpa-psk S3"))
    for shown in (replaced.before, replaced.after, daemon, wireless.before, wireless.after):
        assert HIDDEN in str(shown) and "S3" not in str(shown)
    assert "S3" in str([change.data for change in wireless.changes])
