# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""VMs in govmomi's simulator of a vCenter, made as the vSphere CPI makes them, and what VMware Tools tell of guests."""

from __future__ import annotations

import ssl
import typing as t

from pyVim.connect import SmartConnect
from pyVim.task import WaitForTask
from pyVmomi import vim

from .machines import CpiError, Machine

FIRST_NIC = 4000  # the key of a VM's first NIC in vSphere


class Vcenter:
    """A datacenter of the simulator.

    :arg port_groups: those that shall be there, on the datacenter's distributed switch.
    """

    def __init__(self, address: str, port: int, user: str, password: str, port_groups: t.Sequence[str]) -> None:
        context = ssl.create_default_context()
        # On the loopback, of the same program.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        instance = SmartConnect(host=address, port=port, user=user, pwd=password, sslContext=context)
        self._content = instance.content
        self._datacenter = self._content.rootFolder.childEntity[0]
        (switch,) = self._all(vim.DistributedVirtualSwitch)
        there = {network.name for network in self._datacenter.network}
        kind = vim.dvs.DistributedVirtualPortgroup.ConfigSpec
        missing = [kind(name=name, numPorts=8, type="earlyBinding") for name in port_groups if name not in there]
        if missing:
            WaitForTask(switch.AddDVPortgroup_Task(missing))

    def create(self, machine: Machine) -> None:
        """A VM that runs, with its NICs.

        :raises CpiError: a network that is not there; the real CPI looks for it for ten minutes.
        """
        pool = self._all(vim.ResourcePool)[0]
        spec = vim.vm.ConfigSpec(
            name=machine.cid,
            memoryMB=256,
            numCPUs=1,
            files=vim.vm.FileInfo(vmPathName=f"[{self._datacenter.datastore[0].name}]"),
            deviceChange=[
                vim.vm.device.VirtualDeviceSpec(operation="add", device=self._nic(number, nic.port_group, nic.mac))
                for number, nic in enumerate(machine.nics)
            ],
        )
        task = self._datacenter.vmFolder.CreateVM_Task(config=spec, pool=pool)
        WaitForTask(task)
        WaitForTask(task.info.result.PowerOn())

    def delete(self, cid: str) -> None:
        for vm in self._named(cid):
            WaitForTask(vm.PowerOff())
            WaitForTask(vm.Destroy_Task())

    def tell(self, machine: Machine, addresses: t.Sequence[t.Sequence[str]]) -> None:
        """What VMware Tools say of a guest.

        :arg addresses: of each NIC, with their lengths.
        """
        nics = vim.vm.GuestInfo.NicInfo.Array(
            [
                _info(FIRST_NIC + number, nic.port_group, nic.mac, texts)
                for number, (nic, texts) in enumerate(zip(machine.nics, addresses))
            ]
        )
        settings = [
            vim.option.OptionValue(key="SET.guest.net", value=nics),
            vim.option.OptionValue(key="SET.guest.toolsRunningStatus", value="guestToolsRunning"),
        ]
        for vm in self._named(machine.cid):
            WaitForTask(vm.ReconfigVM_Task(vim.vm.ConfigSpec(extraConfig=settings)))

    def _nic(self, number: int, name: str, mac: str) -> t.Any:
        network = next((one for one in self._datacenter.network if one.name == name), None)
        if network is None:
            raise CpiError(
                f"Error in finding network '{name}' after multiple retries. Verify that the portgroup exists."
            )
        if isinstance(network, vim.dvs.DistributedVirtualPortgroup):
            port = vim.dvs.PortConnection(
                portgroupKey=network.key, switchUuid=network.config.distributedVirtualSwitch.uuid
            )
            backing: t.Any = vim.vm.device.VirtualEthernetCard.DistributedVirtualPortBackingInfo(port=port)
        else:
            backing = vim.vm.device.VirtualEthernetCard.NetworkBackingInfo(deviceName=name, network=network)
        return vim.vm.device.VirtualVmxnet3(
            key=FIRST_NIC + number, addressType="manual", macAddress=mac, backing=backing
        )

    def _named(self, cid: str) -> list[t.Any]:
        return [vm for vm in self._all(vim.VirtualMachine) if vm.name == cid]

    def _all(self, kind: t.Any) -> list[t.Any]:
        view = self._content.viewManager.CreateContainerView(self._datacenter, [kind], True)
        try:
            return list(view.view)
        finally:
            view.Destroy()


def _info(key: int, network: str, mac: str, addresses: t.Sequence[str]) -> t.Any:
    kind = vim.net.IpConfigInfo.IpAddress
    pairs = [text.partition("/")[::2] for text in addresses]
    return vim.vm.GuestInfo.NicInfo(
        network=network,
        macAddress=mac,
        connected=True,
        deviceConfigId=key,
        ipAddress=[address for address, _length in pairs],
        ipConfig=vim.net.IpConfigInfo(
            ipAddress=[
                kind(ipAddress=address, prefixLength=int(length), state="preferred") for address, length in pairs
            ]
        ),
    )
