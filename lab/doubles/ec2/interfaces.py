# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CreateNetworkInterface and what else is done to one."""

from __future__ import annotations

import base64
import fnmatch
import ipaddress
import json
import typing as t

from moto.core.responses import ActionResult, EmptyResult
from moto.ec2.models.elastic_network_interfaces import NetworkInterface

from . import addresses as rules
from .errors import refuse

# [M] CreateNetworkInterface, Ipv6Addresses and others: "You cannot specify this option if ...".
_EXCLUSIVE = ("Ipv6Addresses", "Ipv6AddressCount", "Ipv6Prefixes", "Ipv6PrefixCount")
# [D] DescribeNetworkInterfaces, MaxResults.
_SMALLEST_PAGE, _LARGEST_PAGE = 5, 1000
_SAVED: dict[str, t.Any] = {}

Method = t.Callable[[], t.Any]


def install() -> None:
    """Have moto show what it has no place for."""
    for name in ("network_interface_ipv6_addresses_list", "instance_ipv6_address_list"):
        _SAVED[name] = getattr(NetworkInterface, name)
        setattr(NetworkInterface, name, property(_addresses))
    NetworkInterface.ipv6_prefixes = property(lambda eni: [{"Ipv6Prefix": one} for one in rules.prefixes_of(eni)])


def uninstall() -> None:
    for name, value in _SAVED.items():
        setattr(NetworkInterface, name, value)
    del NetworkInterface.ipv6_prefixes


def _addresses(eni: t.Any) -> list[dict[str, t.Any]]:
    primary = eni.__dict__.get("primary_ipv6")
    return [{"Ipv6Address": text, "IsPrimaryIpv6": text == primary} for text in eni.ipv6_addresses]


def exclusive(params: t.Mapping[str, t.Any]) -> None:
    """[M], and [I] karpenter#2187, ansible#40334: a count of zero is given, too."""
    given = [name for name in _EXCLUSIVE if params.get(name) not in (None, [])]
    if len(given) > 1:
        refuse("InvalidParameterCombination", f"{given[0]} and {given[1]} may not be specified together")


def requested(
    backend: t.Any, subnet: t.Any, params: t.Mapping[str, t.Any], default: int = 0
) -> tuple[list[rules.Address], list[rules.Network]]:
    """What the parameters ask for, checked, and what AWS chooses itself."""
    exclusive(params)
    entries = [one["Ipv6Address"] if isinstance(one, dict) else one for one in params.get("Ipv6Addresses") or []]
    found = rules.parse(entries, "address")
    texts = [one["Ipv6Prefix"] if isinstance(one, dict) else one for one in params.get("Ipv6Prefixes") or []]
    prefixes = rules.parse_prefixes(texts)
    rules.check(backend, subnet, found, prefixes)
    count = params.get("Ipv6AddressCount")
    if not found and not prefixes:
        # [M] A count of zero overrides the subnet's AssignIpv6AddressOnCreation.
        wanted = default if count is None and not params.get("Ipv6PrefixCount") else int(count or 0)
        found = rules.automatic(backend, subnet, wanted) if wanted else []
        prefixes = (
            rules.automatic_prefixes(backend, subnet, int(params.get("Ipv6PrefixCount") or 0) or 0)
            if (params.get("Ipv6PrefixCount"))
            else []
        )
    return found, prefixes


def create(response: t.Any, method: Method) -> t.Any:
    params, backend = response._get_params(), response.ec2_backend
    # [M] ClientToken: the same token and parameters give the same interface, other parameters are an error.
    tokens = backend.__dict__.setdefault("client_tokens", {})
    token = params.get("ClientToken")
    digest = json.dumps({key: value for key, value in params.items() if key != "DryRun"}, sort_keys=True, default=str)
    if token in tokens:
        if tokens[token][0] != digest:
            refuse("IdempotentParameterMismatch", "The client token was used with other parameters.")
        return ActionResult({"NetworkInterface": tokens[token][1], "ClientToken": token})
    subnet = backend.get_subnet(params["SubnetId"])
    for group in params.get("Groups") or []:
        known_group(backend, group)
    default = 1 if str(subnet.assign_ipv6_address_on_creation).lower() == "true" else 0
    found, prefixes = requested(backend, subnet, params, default)
    # [M] EnablePrimaryIpv6 needs an address; the first one is taken.
    if params.get("EnablePrimaryIpv6") and not found:
        refuse("InvalidParameterValue", "EnablePrimaryIpv6 needs an IPv6 address")
    for name in _EXCLUSIVE:
        params.pop(name, None)
    if not params.get("PrivateIpAddress"):
        params["PrivateIpAddress"] = _private(backend, subnet)
    answer = method()
    eni = answer.result["NetworkInterface"]
    eni.ipv6_addresses = [str(one) for one in found]
    eni.delegated = [str(one) for one in prefixes]
    if params.get("EnablePrimaryIpv6"):
        eni.primary_ipv6 = eni.ipv6_addresses[0]
    # [D] The answer says pending; it is available a moment later.
    eni.status = "pending"
    tokens[token] = (digest, eni)
    return answer


def known_group(backend: t.Any, group: str) -> None:
    """[D] InvalidGroup.NotFound."""
    if backend.get_security_group_from_id(group) is None:
        refuse("InvalidGroup.NotFound", f"The security group '{group}' does not exist")


def _private(backend: t.Any, subnet: t.Any) -> str:
    """[D] Amazon VPC User Guide: the first four addresses and the last one of IPv4, too, are reserved."""
    taken = {eni.private_ip_address for eni in backend.enis.values() if eni.subnet.id == subnet.id}
    for number in range(4, subnet.cidr.num_addresses - 1):
        text = str(subnet.cidr[number])
        if text not in taken:
            return text
    refuse("InsufficientFreeAddressesInSubnet", f"The subnet '{subnet.id}' does not have enough free addresses")


def describe(response: t.Any, _method: Method) -> t.Any:
    params, backend = response._get_params(), response.ec2_backend
    ids = params.get("NetworkInterfaceIds") or []
    filters = response._filters_from_querystring()
    ours = {name: filters.pop(name) for name in list(filters) if name in _FILTERS}
    found = backend.get_all_network_interfaces(ids, filters)
    for name, values in ours.items():
        found = [eni for eni in found if any(_matches(one, values) for one in _FILTERS[name](eni))]
    found = [eni for eni in found if not eni.__dict__.get("hidden")]
    shown, token = paged(found, params, bool(ids))
    for eni in shown:
        # As soon as somebody looks, it is there.
        if eni.status == "pending":
            eni.status = "available"
    return ActionResult({"NetworkInterfaces": shown, "NextToken": token})


_FILTERS: dict[str, t.Callable[[t.Any], list[str]]] = {
    "ipv6-addresses.ipv6-address": lambda eni: list(eni.ipv6_addresses),
    "attachment.device-index": lambda eni: [str(eni.device_index)] if eni.attachment_id else [],
}


def _matches(value: str, patterns: t.Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(value, pattern) for pattern in patterns)


def paged(
    found: t.Sequence[t.Any], params: t.Mapping[str, t.Any], with_ids: bool = False
) -> tuple[list[t.Any], str | None]:
    """[D] DescribeNetworkInterfaces: MaxResults is 5 to 1000, and not to be given with ids."""
    size = params.get("MaxResults")
    if size is not None:
        if with_ids:
            refuse("InvalidParameterCombination", "The parameter NetworkInterfaceIds cannot be used with MaxResults")
        if not _SMALLEST_PAGE <= int(size) <= _LARGEST_PAGE:
            refuse("InvalidParameterValue", f"Value ( {size} ) for parameter maxResults is invalid")
    start = 0
    if params.get("NextToken"):
        start = int(base64.b64decode(params["NextToken"]).decode())
    end = start + int(size or _LARGEST_PAGE)
    token = base64.b64encode(str(end).encode()).decode() if end < len(found) else None
    return list(found[start:end]), token


def assign(response: t.Any, _method: Method) -> t.Any:
    params, backend = response._get_params(), response.ec2_backend
    eni = backend.get_network_interface(params["NetworkInterfaceId"])
    found, prefixes = requested(backend, eni.subnet, params)
    if not found and not prefixes:
        # [U]
        refuse("MissingParameter", "The request must contain addresses, prefixes or a count")
    if eni.instance:
        rules.within_limit(
            eni.instance.instance_type,
            len(eni.ipv6_addresses) + len(found),
            len(rules.prefixes_of(eni)) + len(prefixes),
        )
    eni.ipv6_addresses.extend(str(one) for one in found)
    rules.prefixes_of(eni).extend(str(one) for one in prefixes)
    # [M] The answer has what was assigned by this call only.
    return ActionResult(
        {
            "NetworkInterfaceId": eni.id,
            "AssignedIpv6Addresses": [str(one) for one in found],
            "AssignedIpv6Prefixes": [str(one) for one in prefixes],
        }
    )


def unassign(response: t.Any, _method: Method) -> t.Any:
    params, backend = response._get_params(), response.ec2_backend
    eni = backend.get_network_interface(params["NetworkInterfaceId"])
    gone = [str(ipaddress.IPv6Address(text)) for text in params.get("Ipv6Addresses") or []]
    prefixes = [str(ipaddress.IPv6Network(text)) for text in params.get("Ipv6Prefixes") or []]
    for text in [*gone, *prefixes]:
        # [U]
        if text not in eni.ipv6_addresses and text not in rules.prefixes_of(eni):
            refuse("InvalidParameterValue", f"{text} is not assigned to {eni.id}")
    eni.ipv6_addresses = [text for text in eni.ipv6_addresses if text not in gone]
    eni.delegated = [text for text in rules.prefixes_of(eni) if text not in prefixes]
    return ActionResult(
        {"NetworkInterfaceId": eni.id, "UnassignedIpv6Addresses": gone, "UnassignedIpv6Prefixes": prefixes}
    )


def modify(response: t.Any, method: Method) -> t.Any:
    """[M] "You can specify only one attribute at a time." """
    params, backend = response._get_params(), response.ec2_backend
    names = ("Description", "SourceDestCheck", "Groups", "Attachment", "EnablePrimaryIpv6")
    given = [name for name in names if params.get(name) not in (None, [])]
    if len(given) != 1:
        refuse("InvalidParameterCombination", f"One attribute at a time, not {', '.join(given) or 'none'}")
    eni = backend.get_network_interface(params["NetworkInterfaceId"])
    if given == ["EnablePrimaryIpv6"]:
        return _flag(eni, str(params["EnablePrimaryIpv6"]).lower() == "true")
    if given == ["Attachment"]:
        if params["Attachment"].get("AttachmentId") != eni.attachment_id:
            refuse("InvalidAttachmentID.NotFound", "The attachment does not exist")
        eni.delete_on_termination = str(params["Attachment"]["DeleteOnTermination"]).lower() == "true"
        return EmptyResult()
    if given == ["Description"]:
        eni.description = params["Description"].get("Value", "")
        return EmptyResult()
    for group in params.get("Groups") or []:
        known_group(backend, group)
    return method()


def _flag(eni: t.Any, on: bool) -> t.Any:
    """[M] EnablePrimaryIpv6: the first address becomes the primary one, and that cannot be taken back."""
    if not on and eni.__dict__.get("primary_ipv6"):
        refuse("InvalidParameterValue", "A primary IPv6 address cannot be disabled")
    if on and not eni.ipv6_addresses:
        refuse("InvalidParameterValue", f"{eni.id} has no IPv6 address")
    if on and not eni.__dict__.get("primary_ipv6"):
        eni.primary_ipv6 = eni.ipv6_addresses[0]
    return EmptyResult()


def delete(response: t.Any, method: Method) -> t.Any:
    """[I] amazon-vpc-cni-k8s: the wording for one that is attached."""
    eni = response.ec2_backend.get_network_interface(response._get_param("NetworkInterfaceId"))
    if eni.attachment_id:
        refuse("InvalidParameterValue", f"Network interface '{eni.id}' is currently in use.")
    return method()


def attach(response: t.Any, method: Method) -> t.Any:
    backend = response.ec2_backend
    eni = backend.get_network_interface(response._get_param("NetworkInterfaceId"))
    instance = backend.get_instance(response._get_param("InstanceId"))
    attachable(eni, instance.instance_type)
    if int(response._get_param("DeviceIndex")) in instance.nics:
        # [U]
        refuse("InvalidParameterValue", f"Instance '{instance.id}' already has an interface attached at that index.")
    return method()


def attachable(eni: t.Any, kind: str) -> None:
    """[I] terraform-provider-aws#27513 for one that is in use."""
    if eni.attachment_id:
        refuse("InvalidNetworkInterface.InUse", f"Interface: [{eni.id}] in use.")
    rules.within_limit(kind, len(eni.ipv6_addresses), len(rules.prefixes_of(eni)))


def detach(response: t.Any, method: Method) -> t.Any:
    """[D] An instance's first interface cannot be detached."""
    found = [
        one for one in response.ec2_backend.enis.values() if one.attachment_id == response._get_param("AttachmentId")
    ]
    if found and found[0].device_index == 0:
        refuse("OperationNotPermitted", "The network interface at device index 0 cannot be detached.")
    return method()


HANDLERS = {
    "CreateNetworkInterface": create,
    "DescribeNetworkInterfaces": describe,
    "AssignIpv6Addresses": assign,
    "UnassignIpv6Addresses": unassign,
    "ModifyNetworkInterfaceAttribute": modify,
    "DeleteNetworkInterface": delete,
    "AttachNetworkInterface": attach,
    "DetachNetworkInterface": detach,
}
