# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Zones of a SmartOS host, on the lab's double of a global zone, whose filter drops what vmadm was not told to allow.

The tests run in order: three zones from nothing first, then zones that were there before, then what goes wrong.
"""

from __future__ import annotations

import ipaddress
import json
import pathlib
import time
import typing as t

import pytest
from conftest import ROOT, Lab, failure
from test_site import Site

HOST = "headnode"
HOSTS = [host for host in json.loads((ROOT / "lab" / "site.json").read_text())["hosts"] if host["name"] == HOST]
STRANGER = "2001:db8:ffff::2"
PREFIX = "2001:db8:0:1::"
NATIVE_IMAGE = "8adac45a-aaf7-11f0-9f6c-00151714048c"
READING = {"get", "lookup"}


def eui64(mac: str, prefix: str) -> str:
    """RFC 4291, appendix A, worked out here once more so that the test does not believe the code it tests."""
    octets = bytearray.fromhex("".join(part.zfill(2) for part in mac.split(":")))
    octets[0] ^= 2
    tail = int.from_bytes(bytes([*octets[:3], 0xFF, 0xFE, *octets[3:]]), "big")
    return str(ipaddress.IPv6Address(int(ipaddress.IPv6Address(prefix)) + tail))


class Headnode:
    """The host with the double, its zones and its logs."""

    def __init__(self, lab: Lab, state: pathlib.Path) -> None:
        self.lab = lab
        self.site = Site(lab, state)

    def play(self, *words: str, zones: object = None, **variables: object) -> dict[tuple[str, str], bool]:
        given = {**({} if zones is None else {"smartos_zone_zones": zones}), **variables}
        return self.site.play("playbooks/smartos.yml", *words, "-e", json.dumps(given))

    def fails(self, zones: object, **variables: object) -> str:
        """What a run that must fail says."""
        given = json.dumps({"smartos_zone_zones": zones, **variables})
        done = self.lab.playbook(
            "playbooks/smartos.yml",
            "-e",
            given,
            "-e",
            "ipv6_state_dir=/nonexistent",
            inventory="lab/inventory.yml",
            log=True,
        )
        assert done.returncode != 0
        return failure(json.loads(done.stdout[done.stdout.index("{\n") :]))

    def vmadm(self, *words: str, payload: object = None) -> str:
        text = json.dumps(payload) if payload is not None else None
        return self.lab.lab("exec", HOST, "vmadm", *words, stdin=text).stdout

    def vm(self, alias: str) -> dict[str, t.Any]:
        found = json.loads(self.vmadm("lookup", "-j", f"alias={alias}"))
        assert len(found) == 1, found
        return t.cast("dict[str, t.Any]", found[0])

    def create(self, alias: str, brand: str = "joyent", **more: object) -> dict[str, t.Any]:
        """A zone made by hand, as somebody has made it who knew nothing of IPv6."""
        image = {"joyent": NATIVE_IMAGE, "lx": "63d6e664-3f1f-11e8-aef6-a3120cf8dd9d"}.get(brand)
        disks = [{"image_uuid": "0bf06d4c-fd2d-11ee-b0a5-c2d25f2c4d5b"}]
        kind = {"image_uuid": image} if image else {"disks": disks, "ram": 256}
        nics = [{"nic_tag": "external", "ips": ["dhcp"]}]
        self.vmadm("create", payload={"alias": alias, "brand": brand, "nics": nics, **kind, **more})
        return self.vm(alias)

    def log(self, name: str) -> list[dict[str, t.Any]]:
        return t.cast("list[dict[str, t.Any]]", json.loads(self.lab.exec(HOST, "smartos-double", "log", name)))

    def calls(self) -> list[str]:
        """The commands that vmadm got since the log was cleared."""
        return [call["argv"][0] for call in self.log("calls")]

    def clear(self) -> None:
        self.lab.exec(HOST, "smartos-double", "clear")

    def fault(self, name: str, value: object) -> None:
        self.lab.exec(HOST, "smartos-double", "fault", name, str(value))

    def unpermitted(self) -> list[str]:
        """The zones that were ever booted without the list that their addresses need, nor a flag that makes it void."""
        return [
            boot["alias"]
            for boot in self.log("boots")
            for nic in boot["nics"]
            if not nic.get("allow_ip_spoofing")
            and not {eui64(nic["mac"], "fe80::"), eui64(nic["mac"], PREFIX)} <= set(nic.get("allowed_ips", []))
        ]

    def inside(self, uuid: str, *command: str, check: bool = True) -> str:
        """A command with the zone's network and the host's files, as somebody with root in the zone could run it."""
        return self.lab.exec(HOST, "ip", "netns", "exec", f"zone-{uuid}", *command, check=check)

    def passes(self, uuid: str, source: str, seconds: int = 5) -> bool:
        """Whether a packet from this source address, on the zone's link, comes back from the stranger."""
        words = ("ping", "-6", "-n", "-q", "-c", "1", "-i", "0.3", "-w", str(seconds), "-I", source, STRANGER)
        return "1 received" in self.inside(uuid, *words, check=False)

    def answering(self, *addresses: str, seconds: int = 20) -> list[str]:
        """Those of the addresses that the stranger gets an answer from, by ping and by TCP, before the time is over."""
        probes = [{"address": address, "ping": True, "open": [80]} for address in addresses]
        end = time.monotonic() + seconds
        while True:
            # A connection to an address that is still coming up is told within seconds that nobody has it: ask again.
            left = max(1, int(min(3, end - time.monotonic())))
            result = self.lab.module("stranger", "ipv6_probe", targets=probes, timeout=left)
            found = [target["address"] for target in result["targets"] if target["ok"]]
            if len(found) == len(addresses) or time.monotonic() > end:
                return found

    def answers(self, address: str, seconds: int = 20) -> bool:
        return self.answering(address, seconds=seconds) == [address]

    def address(self, alias: str) -> str:
        return eui64(self.vm(alias)["nics"][0]["mac"], PREFIX)


@pytest.fixture(scope="module")
def head(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Headnode:
    lab.up(HOSTS)
    return Headnode(lab, tmp_path_factory.mktemp("state"))


def test_three_zones_from_nothing_as_check_mode_predicts(head: Headnode) -> None:
    predicted = head.play("--check", "--diff")
    assert set(head.calls()) <= READING, "check mode has written"
    happened = head.play("--diff")
    assert {key for key, changed in happened.items() if changed}, "the first run changes nothing: the test is void"
    assert predicted == happened
    head.site.verify()
    assert {head.address(alias) for alias in ("native", "lx", "hvm")} == {e["address"] for e in head.site.endpoints()}
    flags = [
        key for alias in ("native", "lx", "hvm") for nic in head.vm(alias)["nics"] for key in nic if "spoofing" in key
    ]
    assert flags == []


def test_no_zone_has_ever_run_unpermitted(head: Headnode) -> None:
    assert sorted(boot["alias"] for boot in head.log("boots")) == ["hvm", "lx", "native"]
    assert head.unpermitted() == []


def test_second_run_reads_only(head: Headnode) -> None:
    head.clear()
    for words in (("--check",), ()):
        assert [key for key, changed in head.play(*words).items() if changed] == []
    assert set(head.calls()) <= READING


def test_a_forged_source_gets_nowhere_until_it_is_permitted(head: Headnode) -> None:
    forged = {"native": f"{PREFIX}bad", "lx": f"{PREFIX}bae", "hvm": f"{PREFIX}baf"}
    zones = [{"zone": alias, "addresses": [address], "link_local": False} for alias, address in forged.items()]
    vms = {alias: head.vm(alias) for alias in forged}
    for alias, vm in vms.items():
        add = ("ip", "-6", "addr", "add", f"{forged[alias]}/64", "dev", vm["nics"][0]["interface"], "nodad")
        head.inside(vm["uuid"], *add)
        assert head.passes(vm["uuid"], head.address(alias)), alias
        assert not head.passes(vm["uuid"], forged[alias], 2), alias
    # Nor does anybody find it: what the zone advertises for it is dropped as well.
    assert head.answering(*forged.values(), seconds=2) == []
    head.lab.module(HOST, "smartos_allowed_ips", zones=zones)
    assert [alias for alias, vm in vms.items() if not head.passes(vm["uuid"], forged[alias])] == []
    assert sorted(head.answering(*forged.values())) == sorted(forged.values())
    head.lab.module(HOST, "smartos_allowed_ips", zones=zones, state="absent")
    assert [alias for alias, vm in vms.items() if head.passes(vm["uuid"], forged[alias], 2)] == []


def test_existing_zones_converge_without_a_reboot(head: Headnode) -> None:
    brands = {"old": "joyent", "old-lx": "lx", "old-hvm": "kvm"}
    addresses = [eui64(head.create(alias, brand)["nics"][0]["mac"], PREFIX) for alias, brand in brands.items()]
    assert head.answering(*addresses, seconds=1) == [], "they answer before anything was done: the test is void"
    head.clear()
    zones = [{"alias": alias, "open": [80]} for alias in brands]
    predicted = head.play("--check", zones=zones)
    assert predicted == head.play(zones=zones)
    assert head.log("boots") == []
    assert head.answering(*addresses) == addresses
    assert [key for key, changed in head.play(zones=zones).items() if changed] == []
    # Only the native one needs the service, and it is imported once.
    assert [entry["zone"] for entry in head.log("imports")] == [head.vm("old")["uuid"]]
    # What was turned on inside is turned on at the next boot, too.
    for alias in brands:
        head.vmadm("reboot", head.vm(alias)["uuid"])
    assert head.answering(*addresses) == addresses


def test_a_static_address_is_assigned_inside(head: Headnode) -> None:
    zones = [{"alias": "old", "addresses": [f"{PREFIX}80"], "static": True, "open": [80]}]
    head.play(zones=zones)
    assert head.answers(f"{PREFIX}80")
    shown = head.lab.exec(HOST, "zlogin", head.vm("old")["uuid"], "ipadm", "show-addr", "-p", "-o", "type,state,addr")
    assert f"static:ok:{PREFIX}80/64".replace(":", r"\:").replace(r"\:", ":", 2) in shown, shown
    assert [key for key, changed in head.play(zones=zones).items() if changed] == []
    head.vmadm("reboot", head.vm("old")["uuid"])
    assert head.answers(f"{PREFIX}80")


def test_a_static_address_has_a_default_route_without_advertisements_if_asked(head: Headnode) -> None:
    zones = [{"alias": "old", "addresses": [f"{PREFIX}80"], "static": True}]
    uuid = head.vm("old")["uuid"]
    words = ("ip", "-6", "route", "show", "default", "via", f"{PREFIX}1")
    assert head.inside(uuid, *words) == "", "the route is there before it was asked for: the test is void"
    head.play(zones=[{**zones[0], "gateway": f"{PREFIX}1"}])
    assert "default" in head.inside(uuid, *words)
    # Somebody takes the address away; the same run brings it back, and drops the gateway that is wanted no more.
    head.lab.exec(HOST, "zlogin", uuid, "ipadm", "delete-addr", "net0/routable1")
    assert not head.answers(f"{PREFIX}80", seconds=1)
    head.play(zones=zones)
    assert head.answers(f"{PREFIX}80")
    assert head.inside(uuid, *words) == ""


def test_a_list_that_failed_live_is_restored_and_the_zone_still_boots(head: Headnode) -> None:
    before = head.vm("old")["nics"][0]["allowed_ips"]
    head.fault("live_failures", 1)
    said = head.fails([{"alias": "old", "prefixes": [f"{PREFIX}/64", "2001:db8:0:99::/64"]}])
    assert "dladm" in said and "The former list was restored" in said
    assert head.vm("old")["nics"][0]["allowed_ips"] == before
    head.vmadm("reboot", head.vm("old")["uuid"])
    assert head.vm("old")["state"] == "running"
    assert head.answers(head.address("old"))


def test_a_run_that_broke_off_goes_on_where_it_was(head: Headnode) -> None:
    head.clear()
    payload = {"brand": "joyent", "image_uuid": NATIVE_IMAGE, "nics": [{"nic_tag": "external", "ips": ["dhcp"]}]}
    zones = [{"alias": "late", "payload": payload, "open": [80]}]
    for name, left in (("config_failures", None), ("boot_failures", "stopped")):
        head.fault(name, 1)
        head.fails(zones)
        assert [vm["state"] for vm in json.loads(head.vmadm("lookup", "-j", "alias=late"))] == ([left] if left else [])
    head.play(zones=zones)
    assert head.answers(head.address("late"))
    assert len(head.log("boots")) == 1 and head.unpermitted() == []


def test_a_zone_that_was_left_at_any_step_goes_on_from_there(head: Headnode) -> None:
    """Created and not permitted, permitted and not booted, booted and without IPv6 inside."""
    uuid = head.create("left", autoboot=False)["uuid"]
    zones = [{"alias": "left", "open": [80]}]
    head.clear()
    steps = (
        ("config_failures", "stopped", False),
        ("boot_failures", "stopped", True),
        ("method_failures", "running", True),
    )
    for name, state, permitted in steps:
        head.fault(name, 1)
        head.fails(zones)
        vm = head.vm("left")
        nic = vm["nics"][0]
        assert (vm["state"], eui64(nic["mac"], PREFIX) in nic.get("allowed_ips", [])) == (state, permitted), name
    # What the service had made before it failed is gone with it.
    shown = head.lab.sh(HOST, f"zlogin {uuid} ipadm show-addr -p -o addrobj; zlogin {uuid} svcs -H -o fmri")
    assert "routable" not in shown, shown
    head.play(zones=zones)
    assert head.answers(head.address("left"))
    assert len(head.log("boots")) == 1 and head.unpermitted() == []
    head.vmadm("delete", uuid)


def test_reads_that_lag_behind_are_waited_for(head: Headnode) -> None:
    head.fault("stale_reads", 3)
    zones = [{"alias": "late", "addresses": [f"{PREFIX}81"]}]
    head.play(zones=zones)
    head.fault("stale_reads", 0)
    assert f"{PREFIX}81" in head.vm("late")["nics"][0]["allowed_ips"]
    assert [key for key, changed in head.play(zones=zones).items() if changed] == []


def test_autoboot_false_is_honoured(head: Headnode) -> None:
    nic = {"nic_tag": "external", "ips": ["dhcp"], "mac": "72:9c:d5:34:47:77"}
    payload = {"brand": "joyent", "image_uuid": NATIVE_IMAGE, "nics": [nic]}
    zones = [{"alias": "asleep", "autoboot": False, "payload": payload}]
    head.clear()
    head.play(zones=zones)
    vm = head.vm("asleep")
    assert (vm["state"], vm["autoboot"]) == ("stopped", False)
    assert eui64(nic["mac"], PREFIX) in vm["nics"][0]["allowed_ips"]
    assert head.log("boots") == [] and [key for key, changed in head.play(zones=zones).items() if changed] == []


def test_spoofing_is_a_mode_that_has_to_be_asked_for(head: Headnode) -> None:
    uuid = head.create("trusted", "kvm")["uuid"]
    zones = [{"alias": "trusted", "mode": "spoofing"}]
    predicted = head.play("--check", zones=zones)
    assert predicted == head.play(zones=zones)
    head.inside(uuid, "ip", "-6", "addr", "add", f"{PREFIX}bb/64", "dev", "net0", "nodad")
    assert head.passes(uuid, f"{PREFIX}bb")
    assert [key for key, changed in head.play(zones=zones).items() if changed] == []
    head.play(zones=[{"alias": "trusted"}], smartos_zone_disable_spoofing=True)
    assert not head.passes(uuid, f"{PREFIX}bb", 2)
    assert head.passes(uuid, head.address("trusted"))


def test_the_global_zone_and_all_zones_come_back_after_a_reboot(head: Headnode) -> None:
    variables = {"smartos_zone_global": True, "smartos_zone_global_interfaces": ["ixgbe0"]}
    predicted = head.play("--check", **variables)
    assert predicted == head.play(**variables)
    card = eui64(head.lab.exec(HOST, "cat", "/sys/class/net/ixgbe0/address").strip(), PREFIX)
    ping = ("ping", "-6", "-c", "1", "-W", "5", card)
    head.lab.exec("stranger", *ping)
    assert [key for key, changed in head.play(**variables).items() if changed] == []
    head.lab.lab("reboot", HOST)
    head.site.answered_within(30)
    head.lab.exec("stranger", *ping)
    assert [key for key, changed in head.play(**variables).items() if changed] == []


def test_taken_away(head: Headnode) -> None:
    variables = {"smartos_zone_state": "absent", "smartos_zone_global": True}
    head.play(zones=[{"alias": "old", "addresses": [f"{PREFIX}80"], "static": True}], **variables)
    shown = head.lab.exec(HOST, "zlogin", head.vm("old")["uuid"], "ipadm", "show-addr", "-p", "-o", "addrobj")
    assert "routable" not in shown
    assert not head.answers(f"{PREFIX}80", seconds=1)
    assert head.lab.sh(HOST, "find /opt/custom /zones -name '*routable*'").split() == []
    predicted = head.play("--check", smartos_zone_delete=True, **variables)
    assert predicted == head.play(smartos_zone_delete=True, **variables)
    left = [vm["alias"] for vm in json.loads(head.vmadm("lookup", "-j"))]
    assert not set(left) & {"native", "lx", "hvm"} and {"old", "old-lx", "trusted"} <= set(left)
    assert head.site.endpoints() == []


def test_five_hundred_zones(head: Headnode) -> None:
    for vm in json.loads(head.vmadm("lookup", "-j")):
        head.vmadm("delete", vm["uuid"])
    head.lab.exec(HOST, "smartos-double", "stopped", "500", PREFIX)
    options = {"all_zones": True, "prefixes": [f"{PREFIX}/64"]}
    for number in range(5):
        mac = f"02:00:5e:00:00:{number:02x}"
        uuid = head.vmadm("lookup", f"alias=stopped-{number}").strip()
        head.vmadm("update", uuid, payload={"update_nics": [{"mac": mac, "allowed_ips": [eui64(mac, "fe80::")]}]})
    head.clear()
    assert head.lab.module(HOST, "smartos_allowed_ips", **options)["changed"]
    counts = {name: head.calls().count(name) for name in head.calls()}
    assert counts == {"lookup": 1, "validate": 1, "update": 5, "get": 5}
    head.clear()
    times = []
    for _turn in range(3):
        begin = time.monotonic()
        assert not head.lab.module(HOST, "smartos_allowed_ips", **options)["changed"]
        times.append(time.monotonic() - begin)
    assert head.calls() == ["lookup"] * 3
    assert min(times) < 5, times
