# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""How to talk to nftables: by its command, which every supported system has in its package."""

from __future__ import annotations

import ipaddress
import json
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._firewall_rules import FAMILY

_LIST = 'nft -j list table "$1" "$2"; nft -s list table "$1" "$2"'


class NftError(Exception):
    """nft, or what it needs, failed; the text is its own."""


class _Runner(t.Protocol):
    def run_command(
        self, args: list[str], data: str | None = None, environ_update: dict[str, str] | None = None
    ) -> tuple[int, str, str]: ...

    def get_bin_path(self, arg: str, required: bool = False, opt_dirs: list[str] | None = None) -> str | None: ...


class Nft:
    """The nft command, with an AnsibleModule to run it."""

    def __init__(self, runner: _Runner) -> None:
        self._runner = runner
        self.path = runner.get_bin_path("nft", opt_dirs=["/usr/sbin", "/sbin"])

    def read_table(self, table: str) -> tuple[str, str] | None:
        """A table as JSON and as text, None where there is no such table.

        :raises NftError: it cannot be read.
        """
        code, output, errors = self._run(["nft", "-j", "list", "table", FAMILY, table])
        if code:
            if "No such file or directory" in errors:
                return None
            raise NftError(errors.strip())
        return output, self._output(["nft", "-s", "list", "table", FAMILY, table])

    def read_rendered(self, text: str, table: str) -> tuple[str, str]:
        """What the kernel makes of the text, as :meth:`read_table` would list it.

        It is loaded in an empty network namespace, so that the running rules are not touched, and the listing is the
        one of this very version of nft.

        :raises NftError: nft or the kernel refuses the text.
        """
        script = f"nft -f -; {_LIST}"
        output = self._output(["unshare", "--net", "sh", "-ec", script, "sh", FAMILY, table], text)
        listed, dummy, listing = output.partition("\n")
        return listed, listing

    def read_chains(self) -> str:
        """All chains as JSON.

        :raises NftError: they cannot be read.
        """
        return self._output(["nft", "-j", "list", "chains"])

    def check(self, text: str) -> None:
        """Let nft and the kernel check the text against the running rules, without a change.

        :raises NftError: they refuse it.
        """
        self._output(["nft", "-c", "-f", "-"], text)

    def load(self, text: str) -> None:
        """Load the text as one transaction.

        :raises NftError: nothing of it was loaded.
        """
        self._output(["nft", "-f", "-"], text)

    def delete_table(self, table: str) -> None:
        """:raises NftError: it cannot be deleted, or is not there."""
        self._output(["nft", "delete", "table", FAMILY, table])

    def _output(self, command: list[str], text: str | None = None) -> str:
        code, output, errors = self._run(command, text)
        if code:
            raise NftError((errors or output).strip() or f"{' '.join(command)} failed with {code}")
        return output

    def _run(self, command: list[str], text: str | None = None) -> tuple[int, str, str]:
        environ = {"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        return self._runner.run_command(command, data=text, environ_update=environ)


def read_own_addresses(runner: _Runner) -> list[tuple[str, ipaddress.IPv6Address]]:
    """The host's IPv6 addresses, each with its interface.

    :raises NftError: ip failed.
    """
    code, output, errors = runner.run_command(["ip", "-6", "-j", "address", "show"], environ_update={"LC_ALL": "C"})
    if code:
        raise NftError(errors.strip())
    return [
        (link["ifname"], ipaddress.IPv6Address(entry["local"]))
        for link in json.loads(output)
        if "ifname" in link
        for entry in link.get("addr_info", [])
        if entry.get("family") == "inet6"
    ]
