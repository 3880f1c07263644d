# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What is wrong with a cloud config, and which Director says so.

The names and codes are those of the BOSH Director (``src/bosh-director/lib/bosh/director/errors.rb``, v283.1.6). The
sentences are ours, since the Director's own come one at a time, at the next deployment, and often without the value.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

Version = t.Tuple[int, ...]

# What the Director says of an exception that it did not expect.
UNCLASSIFIED = "unclassified"
CODES: dict[str, int] = {
    UNCLASSIFIED: 100,
    "ValidationInvalidType": 40000,
    "ValidationMissingField": 40001,
    "CompilationConfigUnknownNetwork": 120001,
    "CompilationConfigInvalidAvailabilityZone": 120002,
    "CompilationConfigInvalidVmType": 120003,
    "NetworkReservationNotEnoughCapacity": 130011,
    "NetworkReservationIpReserved": 130013,
    "JobMissingNetwork": 140009,
    "JobInvalidAvailabilityZone": 140016,
    "JobMissingAvailabilityZones": 140017,
    "JobUnknownAvailabilityZone": 140018,
    "JobUnknownNetwork": 150001,
    "InstanceGroupNetworkInstanceIpMismatch": 150002,
    "JobNetworkInvalidDefault": 150003,
    "JobNetworkMultipleDefaults": 150004,
    "JobNetworkMissingDefault": 150005,
    "JobNetworkMissingRequiredAvailabilityZone": 150006,
    "JobStaticIpsFromInvalidAvailabilityZone": 150007,
    "JobStaticIPNotSupportedOnDynamicNetwork": 150008,
    "JobInvalidStaticIPs": 150009,
    "NetworkOverlappingSubnets": 160001,
    "NetworkInvalidRange": 160002,
    "NetworkInvalidGateway": 160003,
    "NetworkInvalidDns": 160004,
    "NetworkReservedIpOutOfRange": 160005,
    "NetworkStaticIpOutOfRange": 160006,
    "NetworkSubnetUnknownAvailabilityZone": 160007,
    "NetworkInvalidProperty": 160008,
    "NetworkInvalidIpRangeFormat": 160010,
    # These two have one digit less than their neighbours in the Director as well.
    "NetworkPrefixSizeTooBig": 16013,
    "NetworkPrefixSizesDiffer": 16014,
    "DeploymentDuplicateVmTypeName": 190004,
    "DeploymentDuplicateVmExtensionName": 190005,
    "DeploymentCanonicalNetworkNameTaken": 190007,
    "DeploymentNoNetworks": 190008,
    "DeploymentInvalidNetworkType": 190010,
    "DeploymentDuplicateDiskTypeName": 190013,
    "DeploymentDuplicateAvailabilityZoneName": 190017,
    "DnsInvalidCanonicalName": 420001,
    "BadConfig": 440011,
    "CloudConfigMergeError": 570000,
}

ERROR = "error"
WARNING = "warning"

# Reserved ranges are kept as CIDR blocks from here on; before, they were expanded address by address.
BLOCKS_SINCE: Version = (282, 0, 10)
# From here on every allocation compares every static address of the subnet with all others.
STATICS_WALKED_SINCE: Version = (282, 1, 1)
# Until here an address inside a reserved block may be handed out (cloudfoundry/bosh, pull requests 2657 and 2706).
RESERVED_KEPT_SINCE: Version = (282, 1, 9)


@dataclass(frozen=True)
class Director:
    """What the rules depend on. An unknown version (None) gets what is wrong on any of them.

    :arg version: as numbers, (282, 1, 1).
    :arg config_server: whether the Director fills in ``((variables))`` at a deployment.
    :arg ignore_missing_gateway: its property ``director.ignore_missing_gateway``.
    :arg cpi: the name of the default CPI, such as ``vsphere_cpi``.
    :arg addresses: its own addresses, which it never hands out.
    """

    version: Version | None = None
    config_server: bool = False
    ignore_missing_gateway: bool = False
    cpi: str = ""
    addresses: tuple[str, ...] = ()

    @property
    def expands(self) -> bool:
        return self.version is None or self.version < BLOCKS_SINCE

    @property
    def keeps_blocks(self) -> bool:
        return self.version is None or self.version >= BLOCKS_SINCE

    @property
    def walks_statics(self) -> bool:
        return self.version is None or self.version >= STATICS_WALKED_SINCE

    @property
    def leaks_reserved(self) -> bool:
        return self.version is not None and BLOCKS_SINCE <= self.version < RESERVED_KEPT_SINCE

    @property
    def vsphere(self) -> bool:
        return self.cpi.startswith("vsphere")


def parse_version(text: object) -> Version | None:
    """``283.1.6 (00000000)`` as (283, 1, 6). None for what has no number, and for 0.0.0, a build from source."""
    found = re.match(r"v?([0-9]+(?:\.[0-9]+)*)", str(text or ""))
    numbers = [int(part) for part in found.group(1).split(".")] if found else []
    # Until 2017 the versions were 1.3262.3.0, so 1 is older than all that matters here, and sorts so.
    return tuple(numbers) if any(numbers) else None


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    :arg rule: our short name of the rule, stable, for those who want to accept a finding.
    :arg level: ``error`` or ``warning``.
    :arg config: the name of the named config that it is in.
    :arg where: the place in the config, ``network ipv6, subnet 1: gateway``.
    :arg value: what stands there, or None where something is missing.
    :arg clause: the rule it breaks, as a clause without a full stop.
    :arg remedy: what to do instead, as a clause without a full stop.
    :arg error: the Director's name for it; None when the Director says nothing at all.
    """

    rule: str
    level: str
    config: str
    where: str
    value: t.Any
    clause: str
    remedy: str
    error: str | None = None

    @property
    def code(self) -> int | None:
        return None if self.error is None else CODES[self.error]

    @property
    def sentence(self) -> str:
        shown = self.where if self.value is None else f"{self.where}={shorten(self.value)}"
        if self.error is not None:
            said = f" ({self.error}, {self.code})"
        else:
            said = " (the Director says nothing)" if self.level == ERROR else ""
        return f"{shown}: {self.clause}{said}. {self.remedy}."

    def as_dict(self) -> dict[str, t.Any]:
        return {
            "rule": self.rule,
            "level": self.level,
            "config": self.config,
            "where": self.where,
            "value": None if self.value is None else shorten(self.value),
            "message": self.sentence,
            "director_error": self.error,
            "director_code": self.code,
        }


def shorten(value: object) -> str:
    """A value for a message: one line, and not a list of thousands."""
    text = value if isinstance(value, str) else repr(value)
    text = text.replace("\n", " ")
    return text if len(text) <= 100 else f"{text[:80]}... ({len(text)} characters)"


@dataclass
class Findings:
    """Collects findings about one place of one config."""

    config: str = ""
    where: str = ""
    found: list[Finding] = field(default_factory=list)

    def at(self, place: str) -> Findings:
        """The same collection, for a place below this one."""
        return Findings(self.config, f"{self.where}{place}", self.found)

    def error(self, rule: str, key: str, value: object, clause: str, remedy: str, director: str | None = None) -> None:
        self.found.append(Finding(rule, ERROR, self.config, self._place(key), value, clause, remedy, director))

    def warning(
        self, rule: str, key: str, value: object, clause: str, remedy: str, director: str | None = None
    ) -> None:
        self.found.append(Finding(rule, WARNING, self.config, self._place(key), value, clause, remedy, director))

    def _place(self, key: str) -> str:
        """Without a key, it is all of what stands there."""
        return f"{self.where}{key}" if key else self.where.rstrip(": ")
