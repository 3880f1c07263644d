# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every error code of the table, at every place where it matters: what comes of it, and that nothing is left half made."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._eni_client import TRIES

if t.TYPE_CHECKING:
    from .conftest import Cloud

CREATE, ASSIGN = "CreateNetworkInterface", "AssignIpv6Addresses"
CONFLICTS = [
    ("InvalidIPAddress.InUse", "The specified address is already in use"),
    ("InvalidParameterValue", "An address is already assigned to another interface"),
    ("Resource.AlreadyAssigned", ""),
]
BUSY_API = [
    "RequestLimitExceeded",
    "Throttling",
    "Unavailable",
    "ServiceUnavailable",
    "InternalFailure",
    "InternalError",
    "TooManyRequestsException",
]
FINAL = [
    ("InvalidParameterValue", "invalid value for parameter address: x", "from its fifth address on"),
    ("InvalidParameterValue", "You can and can only specify one of ipv6-addresses", "please report it"),
    ("InvalidParameterCombination", "may not be specified together", "please report it"),
    ("InsufficientCidrBlocks", "", "explicit CIDR reservation"),
    ("InsufficientFreeAddressesInSubnet", "", "take another subnet"),
    ("InvalidParameterValue", "There aren't sufficient free Ipv4 addresses or prefixes", "IPv6-only subnet"),
    ("PrivateIpAddressLimitExceeded", "", "take mode=prefix"),
    ("UnsupportedOperation", "IPv6 addresses are not supported on m3.medium", "Nitro type"),
    ("InvalidSubnetID.NotFound", "", "Check subnet_id"),
    ("InvalidGroup.NotFound", "", "Check security_groups"),
    ("InvalidInstanceType", "", "Check instance_type"),
    ("InvalidNetworkInterface.InUse", "", "Set force_detach=true"),
    ("IdempotentParameterMismatch", "", "please report it"),
    ("OperationNotPermitted", "", "terminate the instance"),
    ("NetworkInterfaceLimitExceeded", "", "have the quota raised"),
    ("AttachmentLimitExceeded", "", "take a larger type"),
    ("UnauthorizedOperation", "", "Allow the IAM action ec2:"),
    ("DryRunOperation", "", "Leave the dry run out"),
    ("SomethingNew", "of which nobody knew", "Read AWS' own message"),
]


@pytest.mark.parametrize(("code", "message"), CONFLICTS)
@pytest.mark.parametrize("action", [CREATE, ASSIGN])
def test_a_conflict_is_evaded(cloud: Cloud, action: str, code: str, message: str) -> None:
    cloud.double.fault(action, code, message, times=2)
    result = cloud.good(mode="prefix")
    assert result["attempts"] == 3
    # Three creations, or one creation and three delegations: one ENI in either case.
    assert cloud.prefixes() == {result["block"]["cidr"]} and cloud.addresses() == {result["primary"]["address"]}
    asked = [
        str(params.get("Ipv6Prefixes") or params.get("Ipv6Addresses"))
        for name, params in cloud.double.calls
        if name == action
    ]
    assert len(asked) == len(set(asked)) == 3


@pytest.mark.parametrize(("code", "message", "remedy"), FINAL)
@pytest.mark.parametrize("action", [CREATE, ASSIGN])
def test_what_cannot_be_helped_ends_the_run_and_leaves_nothing(
    cloud: Cloud, action: str, code: str, message: str, remedy: str
) -> None:
    cloud.double.fault(action, code, message)
    text = cloud.bad(mode="prefix")
    assert code in text and remedy in text
    assert cloud.enis() == []
    if action == CREATE:
        assert cloud.double.writes == [CREATE] and text.endswith("Nothing was changed.")
    else:
        assert cloud.double.writes == [CREATE, ASSIGN, "DeleteNetworkInterface"]
        assert text.endswith("What was done before was undone.")


@pytest.mark.parametrize("code", BUSY_API)
def test_a_busy_api_is_waited_for(cloud: Cloud, code: str) -> None:
    for action in (CREATE, ASSIGN, "DescribeSubnets", "DescribeNetworkInterfaces"):
        cloud.double.fault(action, code, times=TRIES - 1)
    assert cloud.good(mode="prefix")["attempts"] == 1
    assert len(cloud.prefixes()) == 1


def test_a_busy_api_is_given_up_at_last(cloud: Cloud) -> None:
    cloud.double.fault(ASSIGN, "RequestLimitExceeded", times=TRIES)
    assert "AWS is busy (RequestLimitExceeded" in cloud.bad(mode="prefix")
    assert cloud.enis() == []


def test_lost_answers(cloud: Cloud) -> None:
    """Both calls are carried out, and their answers lost: the token finds the ENI, a look at it finds the prefix."""
    cloud.double.fault(CREATE, "InternalError", performed=True)
    cloud.double.fault(ASSIGN, "InternalError", performed=True)
    result = cloud.good(mode="prefix")
    assert cloud.prefixes() == {result["block"]["cidr"]}
    assert [sentence.split()[0] for sentence in result["changes"]] == ["Create", "Delegate"]
    assert cloud.double.counted(CREATE, ASSIGN) == {CREATE: 2, ASSIGN: 2}


def test_a_new_eni_is_unknown_for_a_moment(cloud: Cloud) -> None:
    cloud.double.fault(ASSIGN, "InvalidNetworkInterfaceID.NotFound", times=3)
    assert cloud.good(mode="prefix")["attempts"] == 1


def test_addresses_that_nobody_can_see(cloud: Cloud) -> None:
    """In a subnet that is shared with other accounts, only a refusal tells what is taken."""
    hidden = cloud.good(
        name="hidden", reservations=[cloud.reserve(f"{cloud.at(1 << 48)}/125")], block_prefix_length=126
    )
    cloud.double.hide(hidden["eni_id"])
    number = cloud.ec2.get_subnet_cidr_reservations(SubnetId=cloud.subnet)["SubnetIpv6CidrReservations"][0]
    blocks = set()
    for name in ("one", "two", "three"):
        result = cloud.run(name=name, reservations=[number["SubnetCidrReservationId"]], block_prefix_length=126)
        blocks.add(result.get("block", {}).get("cidr", result.get("msg")))
    # One block is free, and then none: each refused block is tried once per run.
    assert len(blocks) == 2 and any("no aligned run" in str(text) for text in blocks)
    assert hidden["block"]["cidr"] not in blocks


@pytest.mark.parametrize(
    ("action", "number"), [(ASSIGN, 1), ("ModifyNetworkInterfaceAttribute", 1), ("CreateTags", 1), ("DeleteTags", 1)]
)
def test_an_eni_in_use_gets_back_what_it_had(cloud: Cloud, action: str, number: int) -> None:
    cloud.good(block=f"{cloud.at(8)}/126", primary_address=cloud.at(0x10001), tags={"a": "1", "b": "2"})
    before = cloud.eni()
    cloud.double.forget()
    cloud.double.fault(action, "UnauthorizedOperation", times=number)
    text = cloud.bad(
        mode="prefix",
        primary_address=cloud.at(0x10001),
        purge_addresses=True,
        description="x",
        source_dest_check=False,
        security_groups=["default"],
        tags={"a": "3", "c": "4"},
    )
    assert f"ec2:{action}" in text and text.endswith(
        "Nothing was changed." if action == ASSIGN else "What was done before was undone."
    )
    after = cloud.eni()
    for eni in (before, after):
        eni["TagSet"].sort(key=lambda tag: tag["Key"])
        eni["Ipv6Addresses"].sort(key=lambda one: one["Ipv6Address"])
    assert after == before


def test_when_undoing_fails_too(cloud: Cloud) -> None:
    cloud.double.fault(ASSIGN, "UnsupportedOperation")
    cloud.double.fault("DeleteNetworkInterface", "UnauthorizedOperation")
    text = cloud.bad(mode="prefix")
    assert "UnsupportedOperation" in text and "Undoing the rest failed too, so look at eni-" in text
    # And the next run finds it by its name.
    assert cloud.good(mode="prefix")["eni_id"] == cloud.eni()["NetworkInterfaceId"]


def test_busy_when_deleted(cloud: Cloud) -> None:
    cloud.good()
    cloud.double.fault("DeleteNetworkInterface", "InvalidParameterValue", "Network interface 'x' is currently in use.")
    assert "Set force_detach=true" in cloud.bad(state="absent")
    instance = cloud.launch()
    cloud.double.fault("AttachNetworkInterface", "InvalidNetworkInterface.InUse", "Interface: [x] in use.")
    assert "InvalidNetworkInterface.InUse" in cloud.bad(attached=True, instance_id=instance, device_index=1)


def test_given_values_that_somebody_takes_first(cloud: Cloud) -> None:
    cloud.double.fault(CREATE, "InvalidIPAddress.InUse", "Address is in use.", times=99)
    text = cloud.bad(block=f"{cloud.at(8)}/126", primary_address=cloud.at(0x10001))
    assert "Leave block and primary_address out" in text and cloud.double.counted(CREATE)[CREATE] <= 4
