# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Error codes, as EC2 and the issues about it word them."""

from __future__ import annotations

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._eni_errors import (
    BUSY,
    CONFLICT,
    FAIL,
    MISSING,
    RETRY,
    Failure,
    refused_addresses,
)

CASES = [
    ("InvalidIPAddress.InUse", "Address 2600::8 is in use.", CONFLICT),
    ("InvalidParameterValue", "Address 2600::8 is already assigned to another interface", CONFLICT),
    ("InvalidParameterValue", "The address 2600::8 is in use", CONFLICT),
    ("Resource.AlreadyAssigned", "", CONFLICT),
    ("InvalidParameterValue", "invalid value for parameter address: 2600::1", FAIL),
    ("InvalidParameterValue", "You can and can only specify one of ipv6-addresses, ipv6-prefix", FAIL),
    ("InvalidParameterCombination", "IPv6 addresses and IPv6 address count may not be specified", FAIL),
    ("InsufficientCidrBlocks", "", FAIL),
    ("InsufficientFreeAddressesInSubnet", "", FAIL),
    ("InvalidParameterValue", "There aren't sufficient free Ipv4 addresses or prefixes", FAIL),
    ("PrivateIpAddressLimitExceeded", "", FAIL),
    ("UnsupportedOperation", "IPv6 addresses are not supported on m3.medium", FAIL),
    ("InvalidNetworkInterface.InUse", "Interface: [eni-1] in use.", BUSY),
    ("InvalidParameterValue", "Network interface 'eni-1' is currently in use.", BUSY),
    ("InvalidNetworkInterfaceID.NotFound", "", MISSING),
    ("InvalidSubnetID.NotFound", "", FAIL),
    ("InvalidGroup.NotFound", "", FAIL),
    ("InvalidInstanceType", "", FAIL),
    ("IdempotentParameterMismatch", "", FAIL),
    ("OperationNotPermitted", "", FAIL),
    ("NetworkInterfaceLimitExceeded", "", FAIL),
    ("AttachmentLimitExceeded", "", FAIL),
    ("UnauthorizedOperation", "", FAIL),
    ("DryRunOperation", "", FAIL),
    ("RequestLimitExceeded", "", RETRY),
    ("Throttling", "", RETRY),
    ("Unavailable", "", RETRY),
    ("ServiceUnavailable", "", RETRY),
    ("InternalFailure", "", RETRY),
    ("InternalError", "", RETRY),
    ("TooManyRequestsException", "", RETRY),
    ("SomethingNew", "of which nobody knew", FAIL),
]


@pytest.mark.parametrize(("code", "message", "outcome"), CASES)
def test_outcome(code: str, message: str, outcome: str) -> None:
    failure = Failure("CreateNetworkInterface", code, message)
    assert failure.outcome == outcome
    # AWS' own code, and one sentence of what to do.
    assert code in str(failure) and str(failure).endswith(f"{failure.rule.remedy}.") and failure.rule.remedy


@pytest.mark.parametrize("code", ["UnauthorizedOperation", "AccessDenied"])
def test_a_missing_permission_is_named(code: str) -> None:
    failure = Failure("AssignIpv6Addresses", code, "You are not authorized to perform this operation.")
    assert "Allow the IAM action ec2:AssignIpv6Addresses." in str(failure)


def test_the_ipv4_side_is_told_from_the_ipv6_side() -> None:
    text = "There aren't sufficient free Ipv4 addresses or prefixes"
    assert "IPv4" in Failure("CreateNetworkInterface", "InvalidParameterValue", text).rule.meaning


def test_addresses_in_a_message() -> None:
    assert refused_addresses("Address 2600:1F18::8 is in use.") == ["2600:1F18::8"]
    assert refused_addresses("Interface: [eni-1] in use. At 10:15") == []
