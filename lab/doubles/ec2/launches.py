# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RunInstances, TerminateInstances and the filter by which amazon.aws looks for instances."""

from __future__ import annotations

import functools
import typing as t

from moto.ec2 import utils
from moto.ec2.models.instances import Instance

from . import addresses as rules
from .interfaces import attachable, requested

_FILTER = "network-interface.network-interface-id"


_NAMES = ("private_ip", "private_ip_address", "private_dns_name", "public_ip", "public_ip_address", "public_dns_name")
_SAVED: dict[str, property] = {}


def install() -> None:
    """moto answers this filter with an error 500, and looks for the addresses of a terminated instance."""
    utils.filter_dict_attribute_mapping[_FILTER] = "interface_ids"
    Instance.interface_ids = property(lambda instance: [eni.id for eni in instance.nics.values()])
    for name in _NAMES:
        _SAVED[name] = getattr(Instance, name)
        setattr(Instance, name, property(functools.partial(_with_interface, name)))


def uninstall() -> None:
    utils.filter_dict_attribute_mapping.pop(_FILTER)
    del Instance.interface_ids
    for name, value in _SAVED.items():
        setattr(Instance, name, value)


def _with_interface(name: str, instance: t.Any) -> t.Any:
    return _SAVED[name].__get__(instance) if 0 in instance.nics else ""


def run(response: t.Any, method: t.Callable[[], t.Any]) -> t.Any:
    """The rules for interfaces that are there and for new ones; moto gives new ones no addresses."""
    params, backend = response._get_params(), response.ec2_backend
    kind = params.get("InstanceType", "m1.small")
    new: dict[int, tuple[list[rules.Address], list[rules.Network]]] = {}
    for spec in params.get("NetworkInterfaces") or []:
        if spec.get("NetworkInterfaceId"):
            attachable(backend.get_network_interface(spec["NetworkInterfaceId"]), kind)
            continue
        subnet = backend.get_subnet(spec["SubnetId"])
        found, prefixes = requested(backend, subnet, spec)
        rules.within_limit(kind, len(found), len(prefixes))
        new[int(spec["DeviceIndex"])] = (found, prefixes)
    answer = method()
    for instance in answer.result.instances:
        for index, (found, prefixes) in new.items():
            instance.nics[index].ipv6_addresses = [str(one) for one in found]
            instance.nics[index].delegated = [str(one) for one in prefixes]
    return answer


def terminate(response: t.Any, method: t.Callable[[], t.Any]) -> t.Any:
    """[D] An interface that is not deleted with its instance is detached."""
    backend = response.ec2_backend
    kept = [
        (instance, eni)
        for instance in backend.get_multi_instances_by_id(response._get_param("InstanceIds", []))
        for eni in list(instance.nics.values())
        if not eni.delete_on_termination
    ]
    answer = method()
    for instance, eni in kept:
        instance.detach_eni(eni)
    return answer


HANDLERS = {"RunInstances": run, "TerminateInstances": terminate}
