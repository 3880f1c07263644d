# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""vCenter through pyvmomi: what networks and VMs a datacenter has. A port: it decides nothing."""

from __future__ import annotations

import contextlib
import http.client
import os
import ssl
import traceback
import typing as t
import urllib.parse

from ansible_collections.routable.ipv6.plugins.module_utils._addresses import number
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._vsphere_addresses import Guest, GuestAddress, Nic
from ansible_collections.routable.ipv6.plugins.module_utils._vsphere_inventory import Vm
from ansible_collections.routable.ipv6.plugins.module_utils._vsphere_networks import (
    DISTRIBUTED,
    NSX,
    OPAQUE,
    STANDARD,
    Network,
    Vlan,
    is_uplink,
    numeric_ranges,
    standard_vlan,
)

try:
    from pyVim.connect import Disconnect, SmartConnect
    from pyVmomi import vim, vmodl
except ImportError:
    HAS_PYVMOMI = False
    PYVMOMI_ERROR: str | None = traceback.format_exc()
else:
    HAS_PYVMOMI = True
    PYVMOMI_ERROR = None

PORT = 443
_PAGE = 500


class VsphereError(Exception):
    """vCenter cannot be asked; the text is one sentence without a full stop."""


def make_context(ca_cert: str | None, validate: bool) -> ssl.SSLContext:
    """Always given to pyvmomi, which checks nothing for localhost, 127.0.0.1 and ::1 when it makes its own.

    :arg ca_cert: PEM text or a file; None for the system's authorities.
    """
    context = ssl.create_default_context()
    if not validate:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif ca_cert:
        try:
            if "-----BEGIN" in ca_cert:
                context = ssl.create_default_context(cadata=ca_cert)
            else:
                context = ssl.create_default_context(cafile=os.path.expanduser(ca_cert))
        except (OSError, ValueError) as error:
            raise VsphereError("The CA is neither PEM text nor a file that can be read") from error
    return context


class Vcenter:
    """A session with one vCenter, to be used as a context manager."""

    def __init__(self, host: str, port: int, user: str, password: str, context: ssl.SSLContext, timeout: int) -> None:
        bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
        self.who = f"vCenter at {f'[{bare}]' if ':' in bare else bare}:{port}"
        self._open: t.Callable[[], t.Any] = lambda: SmartConnect(
            host=f"[{bare}]" if ":" in bare else bare,
            port=port,
            user=user,
            pwd=password,
            sslContext=context,
            httpConnectionTimeout=timeout,
        )
        self._user = user
        self._instance: t.Any = None

    def __enter__(self) -> Vcenter:
        try:
            self._instance = self._open()
        except ssl.SSLCertVerificationError as error:
            reason = str(error.verify_message).rstrip(".")
            remedy = "use a name that it is good for" if "mismatch" in reason.lower() else "give its CA as ca_cert"
            raise VsphereError(f"{self.who} has a certificate that is not trusted ({reason}): {remedy}") from error
        except vim.fault.InvalidLogin as error:
            raise VsphereError(f"{self.who} does not accept the password of {self._user}") from error
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise VsphereError(f"{self.who} cannot be reached ({reason})") from error
        except vmodl.MethodFault as error:
            raise VsphereError(f"{self.who} refuses the login ({type(error).__name__})") from error
        except Exception as error:
            # pyvmomi raises this very class for what is no vCenter. What it says can hold what it was given.
            raise VsphereError(f"{self.who} does not answer like a vCenter") from error
        return self

    def __exit__(self, *dummy: object) -> None:
        Disconnect(self._instance)

    def datacenters(self) -> list[tuple[str, t.Any]]:
        """Name and object of each."""
        content = self._instance.content
        return [(_plain(row["name"]), row["obj"]) for row in self._rows(content.rootFolder, {vim.Datacenter: ["name"]})]

    def networks(self, datacenter: t.Any) -> list[Network]:
        """All networks of a datacenter, those of uplinks included."""
        rows = self._rows(
            datacenter.networkFolder,
            {
                vim.Folder: ["name", "parent"],
                vim.DistributedVirtualSwitch: ["name", "parent", "config.uplinkPortgroup"],
                vim.Network: ["name", "parent"],
                vim.OpaqueNetwork: ["summary"],
                vim.dvs.DistributedVirtualPortgroup: ["config", "tag"],
            },
        )
        folders = {row["obj"]: row for row in rows if isinstance(row["obj"], vim.Folder)}
        switches = {row["obj"]: row for row in rows if isinstance(row["obj"], vim.DistributedVirtualSwitch)}
        uplinks = {group for row in switches.values() for group in row.get("config.uplinkPortgroup") or ()}
        host_groups = self._host_groups(datacenter)
        networks = []
        for row in rows:
            if not isinstance(row["obj"], vim.Network):
                continue
            folder = _folder(row, folders, switches)
            if isinstance(row["obj"], vim.dvs.DistributedVirtualPortgroup):
                networks.append(_group(row, folder, switches, row["obj"] in uplinks))
            elif isinstance(row["obj"], vim.OpaqueNetwork):
                identifier = getattr(row.get("summary"), "opaqueNetworkId", None)
                networks.append(
                    Network(row["obj"]._moId, _name(row), OPAQUE, folder, None, Vlan("unknown"), identifier)
                )
            else:
                vlans, names = host_groups.get(_plain(_name(row)), ([], set()))
                switch = ", ".join(sorted(names)) or None
                networks.append(Network(row["obj"]._moId, _name(row), STANDARD, folder, switch, standard_vlan(vlans)))
        return networks

    def _host_groups(self, datacenter: t.Any) -> dict[str, tuple[list[int], set[str]]]:
        """VLAN ids and switches of the standard port groups, by name, over all hosts."""
        groups: dict[str, tuple[list[int], set[str]]] = {}
        for row in self._rows(datacenter.hostFolder, {vim.HostSystem: ["config.network.portgroup"]}):
            for group in row.get("config.network.portgroup") or ():
                vlans, names = groups.setdefault(group.spec.name, ([], set()))
                vlans.append(group.spec.vlanId)
                names.add(group.spec.vswitchName)
        return groups

    def vms(self, datacenter: t.Any) -> list[Vm]:
        """All VMs and templates of a datacenter."""
        paths = ["name", "config.uuid", "config.instanceUuid", "config.template"]
        return [
            Vm(
                row["obj"]._moId,
                _plain(_name(row)),
                row.get("config.uuid"),
                row.get("config.instanceUuid"),
                bool(row.get("config.template")),
                row["obj"],
            )
            for row in self._rows(datacenter.vmFolder, {vim.VirtualMachine: paths}, "VMs")
            # One that is just being made has no name yet.
            if "name" in row
        ]

    def guest(self, vm: Vm) -> Guest:
        """What vCenter knows of a VM's guest now.

        :raises VsphereError: also when the VM has been deleted meanwhile.
        """
        collector = vmodl.query.PropertyCollector
        paths = ["runtime.powerState", "guest.toolsRunningStatus", "guest.net"]
        selected = [collector.ObjectSpec(obj=vm.handle, skip=False)]
        try:
            (row,) = self._retrieve(selected, {vim.VirtualMachine: paths}, "guest's addresses")
        except ValueError as error:
            raise VsphereError(f"{self.who} does not tell the guest's addresses") from error
        nics = tuple(_nic(one) for one in row.get("guest.net") or ())
        return Guest(str(row.get("runtime.powerState")), row.get("guest.toolsRunningStatus"), nics)

    def _rows(self, root: t.Any, kinds: dict[t.Any, list[str]], what: str = "networks") -> list[dict[str, t.Any]]:
        """The properties of everything of these kinds below ``root``, with the object as ``obj``."""
        collector = vmodl.query.PropertyCollector
        with self._faults(what):
            view = self._instance.content.viewManager.CreateContainerView(root, _roots(kinds), True)
            try:
                walk = collector.TraversalSpec(name="view", path="view", skip=False, type=vim.view.ContainerView)
                return self._retrieve([collector.ObjectSpec(obj=view, skip=True, selectSet=[walk])], kinds, what)
            finally:
                view.Destroy()

    def _retrieve(self, selected: list[t.Any], kinds: dict[t.Any, list[str]], what: str) -> list[dict[str, t.Any]]:
        """The properties of the objects that are selected, page by page."""
        collector = vmodl.query.PropertyCollector
        properties = [collector.PropertySpec(type=kind, pathSet=paths) for kind, paths in kinds.items()]
        spec = collector.FilterSpec(objectSet=selected, propSet=properties)
        objects = []
        with self._faults(what):
            port = self._instance.content.propertyCollector
            page = port.RetrievePropertiesEx([spec], collector.RetrieveOptions(maxObjects=_PAGE))
            while page is not None:
                objects += page.objects
                page = port.ContinueRetrievePropertiesEx(page.token) if page.token else None
        return [{"obj": one.obj, **{found.name: found.val for found in one.propSet}} for one in objects]

    @contextlib.contextmanager
    def _faults(self, what: str) -> t.Iterator[None]:
        """What goes wrong while asking, as one sentence."""
        try:
            yield
        except vmodl.fault.ManagedObjectNotFound as error:
            raise VsphereError(f"{self.who} has lost what it was asked about: it was deleted meanwhile") from error
        except vmodl.MethodFault as error:
            raise VsphereError(f"{self.who} does not tell its {what} ({type(error).__name__})") from error
        except (OSError, http.client.HTTPException) as error:
            raise VsphereError(f"{self.who} went away in the middle of the request") from error


def _roots(kinds: t.Iterable[t.Any]) -> list[t.Any]:
    """The kinds without those that another one of them includes."""
    kinds = list(kinds)
    return [kind for kind in kinds if not any(kind is not other and issubclass(kind, other) for other in kinds)]


def _plain(name: str) -> str:
    """A name as people see it: vCenter keeps a slash, a backslash and a percent sign escaped."""
    return urllib.parse.unquote(name)


def _name(row: dict[str, t.Any]) -> str:
    return str(row["name"])


def _folder(row: dict[str, t.Any], folders: dict[t.Any, t.Any], switches: dict[t.Any, t.Any]) -> tuple[str, ...]:
    """The folders that something is in, below the datacenter's network folder, which the view does not list."""
    names: list[str] = []
    parent = row.get("parent")
    while parent in folders or parent in switches:
        if parent in folders:
            names.insert(0, _name(folders[parent]))
        parent = (folders.get(parent) or switches[parent]).get("parent")
    return tuple(names)


def _group(row: dict[str, t.Any], folder: tuple[str, ...], switches: dict[t.Any, t.Any], listed: bool) -> Network:
    config = row.get("config")
    switch = switches.get(getattr(config, "distributedVirtualSwitch", None))
    tags = [str(tag.key) for tag in row.get("tag") or ()]
    return Network(
        row["obj"]._moId,
        _name(row),
        # Both are there since vSphere 7.0.
        NSX if getattr(config, "backingType", None) == "nsx" else DISTRIBUTED,
        folder,
        None if switch is None else _name(switch),
        _vlan(getattr(config, "defaultPortConfig", None)),
        getattr(config, "logicalSwitchUuid", None),
        is_uplink(_name(row), getattr(config, "uplink", None), tags, listed),
    )


def _vlan(setting: t.Any) -> Vlan:
    spec = getattr(setting, "vlan", None)
    kinds = vim.dvs.VmwareDistributedVirtualSwitch
    if isinstance(spec, kinds.TrunkVlanSpec):
        return Vlan("trunk", numeric_ranges(spec.vlanId))
    if isinstance(spec, kinds.PvlanSpec):
        return Vlan("private", (str(spec.pvlanId),))
    if isinstance(spec, kinds.VlanIdSpec):
        return Vlan("access", (str(spec.vlanId),)) if spec.vlanId else Vlan("none")
    return Vlan("unknown")


def _nic(info: t.Any) -> Nic:
    """A ``GuestNicInfo``. Interfaces that the guest has made itself have -1 for the key of their device."""
    settings = getattr(info.ipConfig, "ipAddress", None) or ()
    details = {one.ipAddress: one for one in settings}
    addresses = []
    # Older VMware Tools fill the plain list alone.
    for text in dict.fromkeys([*details, *(info.ipAddress or ())]):
        try:
            value = number(text.partition("%")[0])
        except Refused:
            continue
        one = details.get(text)
        length, state = getattr(one, "prefixLength", None), getattr(one, "state", None)
        addresses.append(GuestAddress(value, length, state, getattr(one, "origin", None)))
    own = info.deviceConfigId is not None and info.deviceConfigId < 0
    network = None if own or not info.network else _plain(info.network)
    return Nic(info.macAddress, network, own or info.connected is not False, tuple(addresses))
