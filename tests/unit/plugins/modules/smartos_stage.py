# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of smartos_allowed_ips have in common: one host, and the module that runs on it."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible.module_utils.testing import patch_module_args
from ansible_collections.routable.ipv6.plugins.module_utils import _vmadm_client as client
from ansible_collections.routable.ipv6.plugins.modules import smartos_allowed_ips
from smartos_host import GlobalZone, nic, zone

PREFIX = "2001:db8:0:1::/64"


LOCAL = "fe80::709c:d5ff:fe00:1"


GLOBAL = "2001:db8:0:1:709c:d5ff:fe00:1"


UUID = zone()["uuid"]


class Stage:
    """Runs the module on one host."""

    def __init__(self, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._patch, self._capsys = patch, capsys
        self.warnings: list[str] = []
        patch.setattr(smartos_allowed_ips.AnsibleModule, "warn", lambda _module, text: self.warnings.append(text))
        patch.setattr(client, "_STEP", 0)

    def host(self, *zones: dict[str, t.Any]) -> GlobalZone:
        made = GlobalZone(*zones)
        module = smartos_allowed_ips.AnsibleModule
        self._patch.setattr(module, "run_command", lambda _module, args, **options: made.run_command(args, **options))
        self._patch.setattr(module, "get_bin_path", lambda _module, arg, **options: made.get_bin_path(arg, **options))
        return made

    def run(self, **params: t.Any) -> dict[str, t.Any]:
        self.warnings.clear()
        with patch_module_args(params), pytest.raises(SystemExit):
            smartos_allowed_ips.main()
        result: dict[str, t.Any] = json.loads(self._capsys.readouterr().out)
        return result


def with_list(*allowed: str, **over: t.Any) -> dict[str, t.Any]:
    return zone(nics=[nic(allowed_ips=list(allowed), **over)])
