# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""What each error code of EC2 means for us. All of them are here, so that a finding on AWS corrects one table.

Sources: the list of error codes in the Amazon EC2 API Reference; the issues named beside a rule. EC2's own text for an
IPv6 address that is taken is not documented, so the text is matched as well as the code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

# What is to be done: take another block; wait and ask again; the resource is not there; it is busy; give up.
CONFLICT, RETRY, MISSING, BUSY, FAIL = "conflict", "retry", "missing", "busy", "fail"


@dataclass(frozen=True)
class Rule:
    """``code`` and ``text`` are regular expressions, for the whole code and for a part of the message."""

    code: str
    outcome: str
    meaning: str
    remedy: str
    text: str = ""

    def matches(self, code: str, message: str) -> bool:
        return bool(re.fullmatch(self.code, code)) and bool(re.search(self.text, message, re.IGNORECASE))


_TAKEN = "the address is taken"
_TAKE_ANOTHER = "Leave block and primary_address out, so that free ones are found"
_REPORT = "This is a mistake in routable.ipv6: please report it"
_LATER = "Run again later"

# The first match counts, so a rule with a text comes before one without.
RULES: tuple[Rule, ...] = (
    # pulumi#10923, the aws-cli's discussion 7176
    Rule(r"InvalidIPAddress\.InUse|Resource\.AlreadyAssigned", CONFLICT, _TAKEN, _TAKE_ANOTHER),
    Rule("InvalidNetworkInterface.InUse", BUSY, "the ENI is attached to an instance", "Set force_detach=true"),
    Rule(
        "InvalidParameterValue",
        BUSY,
        "the ENI is attached to an instance",
        "Set force_detach=true",
        r"network interface.*in use",
    ),
    # Before "already assigned": these are no conflicts. karpenter#2187, ansible#40334
    Rule("InvalidParameterValue", FAIL, "exclusive parameters were sent together", _REPORT, r"only specify one of"),
    Rule("InvalidParameterCombination", FAIL, "exclusive parameters were sent together", _REPORT),
    Rule("InvalidParameterValue", CONFLICT, _TAKEN, _TAKE_ANOTHER, r"already (assigned|in use)|is in use"),
    # amazon-vpc-cni-k8s#3105: the IPv4 side of the subnet
    Rule(
        "InvalidParameterValue",
        FAIL,
        "the subnet has no free IPv4 address, which each ENI of a dual-stack subnet needs",
        "Free one, or take an IPv6-only subnet",
        r"sufficient free Ipv4",
    ),
    Rule(
        "InsufficientCidrBlocks",
        FAIL,
        "the subnet has no free prefix",
        "Make an explicit CIDR reservation in a new subnet, so that single addresses do not break up the space",
    ),
    Rule(
        "InsufficientFreeAddressesInSubnet",
        FAIL,
        "the subnet has no free address; in a dual-stack subnet this can be IPv4",
        "Free some, or take another subnet",
    ),
    # terraform-provider-aws#23114
    Rule(
        "InvalidParameterValue",
        FAIL,
        "the address is outside of the subnet or reserved by AWS",
        "Take one inside of the subnet's range, from its fifth address on",
        r"parameter address",
    ),
    Rule(
        "PrivateIpAddressLimitExceeded",
        FAIL,
        "the instance type does not allow so many addresses on one ENI",
        "Set instance_type, so that the block fits, or take mode=prefix",
    ),
    # karpenter#2975
    Rule("UnsupportedOperation", FAIL, "the instance type cannot do this", "Take a current Nitro type"),
    Rule(
        r"InvalidNetworkInterfaceID\.NotFound|InvalidAttachmentID\.NotFound",
        MISSING,
        "there is no such ENI or attachment",
        "Check eni_id and the region",
    ),
    Rule(r"InvalidSubnetID\.NotFound", FAIL, "there is no such subnet", "Check subnet_id and the region"),
    Rule(r"InvalidGroup\.NotFound", FAIL, "there is no such security group", "Check security_groups and the VPC"),
    Rule(r"InvalidInstanceType", FAIL, "there is no such instance type", "Check instance_type and the region"),
    Rule(r"InvalidInstanceID\..*", FAIL, "there is no such instance", "Check instance_id and the region"),
    Rule(r"InvalidAMIID\..*", FAIL, "there is no such image", "Check image and the region"),
    Rule(r"InvalidKey\.Format", FAIL, "this is no public key", "Give the line of a .pub file, of type rsa or ed25519"),
    Rule(r"InvalidKeyPair\.NotFound", FAIL, "there is no such key pair", "Check key_name, or set public_key"),
    Rule(r"InvalidKeyPair\.Duplicate", FAIL, "somebody else imported the key pair at this moment", _LATER),
    Rule(r"InvalidGroup\.Duplicate", FAIL, "somebody else made the security group at this moment", _LATER),
    Rule(r"InvalidCidrReservation\..*", FAIL, "the subnet cannot reserve this", "Take another prefix of the subnet"),
    Rule("InvalidPermission.Duplicate", FAIL, "the rule is there already", _LATER),
    Rule("DependencyViolation", FAIL, "something still uses it", "Take that away first"),
    Rule(
        "InsufficientInstanceCapacity",
        FAIL,
        "AWS has no room for this instance type at the moment",
        "Take another type or another zone, or run again later",
    ),
    Rule(
        "InstanceLimitExceeded|VcpuLimitExceeded|MaxSpotInstanceCountExceeded",
        FAIL,
        "the account has too many instances",
        "Terminate some, or have the quota raised",
    ),
    Rule("Unsupported", FAIL, "the zone does not have this instance type", "Take another type or another zone"),
    Rule("InstanceTerminated", FAIL, "the instance did not come up", "Read the reason; the ENI is left as it was"),
    Rule(r"Invalid[A-Za-z]+ID\.Malformed", FAIL, "this is not an id", "Copy the id from AWS"),
    Rule("IdempotentParameterMismatch", FAIL, "a client token was used for two requests", _REPORT),
    Rule(
        "OperationNotPermitted",
        FAIL,
        "AWS does not allow this",
        "An instance's first ENI cannot be detached: terminate the instance",
    ),
    Rule(
        "NetworkInterfaceLimitExceeded", FAIL, "the account has too many ENIs", "Delete some, or have the quota raised"
    ),
    Rule(
        "AttachmentLimitExceeded",
        FAIL,
        "the instance has as many ENIs as its type allows",
        "Detach one, or take a larger type",
    ),
    Rule("DryRunOperation", FAIL, "the request was a dry run", "Leave the dry run out of aws_config"),
    Rule("AuthFailure|InvalidClientTokenId|SignatureDoesNotMatch", FAIL, "AWS does not know the keys", "Check them"),
    Rule("RequestExpired|ExpiredToken", FAIL, "the session has expired, or the clock is wrong", "Sign in again"),
    # What amazon.aws retries, too.
    Rule(
        "RequestLimitExceeded|Throttling|ThrottlingException|TooManyRequestsException|RequestThrottled|Unavailable"
        "|ServiceUnavailable|InternalFailure|InternalError",
        RETRY,
        "AWS is busy",
        _LATER,
    ),
    # Ours: what has no code of EC2's.
    Rule("Timeout", FAIL, "AWS took too long", "Raise wait_timeout, or run again"),
    Rule("Unreachable", RETRY, "the API does not answer", "Check region, endpoint_url and the network"),
)
_UNKNOWN = Rule(".*", FAIL, "AWS refused it", "Read AWS' own message")


class Failure(Exception):
    """A refused or unanswered call: ``operation`` as the API spells it, ``code`` and ``message`` from AWS."""

    def __init__(self, operation: str, code: str, message: str) -> None:
        self.operation, self.code, self.message = operation, code, message.strip()
        self.rule = classify(operation, code, message)
        super().__init__(
            f"{operation}: {self.rule.meaning} ({code}: {self.message.rstrip('.')}). {self.rule.remedy.rstrip('.')}."
        )

    @property
    def outcome(self) -> str:
        return self.rule.outcome


def classify(operation: str, code: str, message: str) -> Rule:
    """The rule for an error; for a missing permission the one that names the IAM action."""
    if re.fullmatch(r"UnauthorizedOperation|AccessDenied(Exception)?", code):
        return Rule(code, FAIL, "the keys do not allow this", f"Allow the IAM action ec2:{operation}")
    return next((rule for rule in RULES if rule.matches(code, message)), _UNKNOWN)


def refused_addresses(message: str) -> list[str]:
    """The IPv6 addresses that an error message names, as it spells them."""
    return [word for word in re.findall(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*", message) if word.count(":") > 1]


class Undone(Exception):
    """A failed run: why, and what became of what it had done."""

    def __init__(self, error: Refused | Failure, outcome: str) -> None:
        super().__init__(f"{error} {outcome}")
        self.error, self.outcome = error, outcome
