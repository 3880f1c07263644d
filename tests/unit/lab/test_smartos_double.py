# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""The double of vmadm: its texts, its exit codes, the order of its checks, and what it keeps. No zone really runs here."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
import typing as t

import pytest

DOUBLE = pathlib.Path(__file__).resolve().parents[3] / "lab" / "doubles" / "smartos"
NATIVE = "8adac45a-aaf7-11f0-9f6c-00151714048c"
LX = "63d6e664-3f1f-11e8-aef6-a3120cf8dd9d"
UUID = "54f1cc77-68f1-42ab-acac-5c4f64f5d6e0"
OTHER = "54f1cc77-68f1-42ab-acac-5c4f64f5d6e1"
MAC = "72:9c:d5:34:47:59"
MAC2 = "72:9c:d5:34:47:60"

if os.geteuid() != 0:
    pytest.skip("vmadm is for root alone, and so is its double", allow_module_level=True)


class Double:
    def __init__(self, root: pathlib.Path) -> None:
        self._environ = {**os.environ, "SMARTOS_DOUBLE_ROOT": str(root / "state"), "SMARTOS_DOUBLE_ZONES": str(root)}
        self._environ["SMARTOS_DOUBLE_NETWORK"] = "no"

    def run(self, *words: str, payload: object = None) -> tuple[int, str, str]:
        text = payload if isinstance(payload, str) else json.dumps(payload)
        done = subprocess.run(
            [sys.executable, "-B", str(DOUBLE), *words],
            input=text,
            capture_output=True,
            text=True,
            env=self._environ,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr.strip()

    def create(self, uuid: str = UUID, autoboot: bool = False, brand: str = "joyent", nics: object = None) -> None:
        image = LX if brand == "lx" else NATIVE
        given = nics if nics is not None else [nic()]
        payload = {"uuid": uuid, "alias": "a", "brand": brand, "image_uuid": image, "autoboot": autoboot, "nics": given}
        assert self.run("vmadm", "create", payload=payload) == (0, "", f"Successfully created VM {uuid}")

    def vm(self, uuid: str = UUID) -> dict[str, t.Any]:
        return t.cast("dict[str, t.Any]", json.loads(self.run("vmadm", "get", uuid)[1]))

    def update(self, **change: object) -> tuple[int, str, str]:
        return self.run("vmadm", "update", UUID, payload={"update_nics": [{"mac": MAC, **change}]})


def nic(mac: str = MAC, **more: object) -> dict[str, object]:
    return {"nic_tag": "external", "mac": mac, "ips": ["192.0.2.5/24"], **more}


@pytest.fixture
def double(tmp_path: pathlib.Path) -> Double:
    return Double(tmp_path)


@pytest.mark.parametrize(
    ("words", "payload", "code", "said"),
    [
        (["get", OTHER], None, 1, f"zoneadm: {OTHER}: No such zone configured"),
        (["get", "nonsense"], None, 2, "Invalid or missing UUID for get"),
        (["update", OTHER], {}, 1, f"VM {OTHER} not found"),
        (["update", UUID], "{", 1, "Invalid JSON payload: "),
        (["lookup", "colour=red"], None, 1, 'Invalid lookup key: "colour"'),
        (["lookup", "-1", "alias=b"], None, 1, "Requested unique lookup but found 0 results."),
        (["reboot", UUID], None, 1, 'Cannot reboot vm from state "stopped", must be "running"'),
        (["stop", UUID], None, 0, f"VM {UUID} is already not 'running' (currently: stopped)"),
        (["frobnicate"], None, 2, "Invalid command: 'frobnicate'."),
    ],
)
def test_texts_and_codes(double: Double, words: list[str], payload: object, code: int, said: str) -> None:
    double.create()
    found = double.run("vmadm", *words, payload=payload)
    assert (found[0], found[1]) == (code, "")
    assert found[2].startswith(said)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"allowed_ips": ["nonsense"]}, "invalid allowed_ips: nonsense"),
        ({"allowed_ips": ["addrconf"]}, "invalid allowed_ips: addrconf"),
        ({"allowed_ips": ["2001:db8::/0"]}, "invalid allowed_ips: 2001:db8::/0"),
        ({"allowed_ips": ["a,b"]}, "Invalid value(s) for: nics.*.allowed_ips"),
        ({"allowed_ips": [f"2001:db8::{n:x}" for n in range(1, 15)]}, "Maximum of 13 allowed_ips per nic"),
        ({"ips": ["2001:db8::1"]}, "Invalid IP for NIC"),
        ({"ips": [f"192.0.2.{n}/24" for n in range(21)]}, "nic.*.ips contains 21 addresses, but is limited to 20"),
        ({"gateways": ["2001:db8::1"]}, "Static gateways must be IPv4 addresses: 2001:db8::1"),
        ({"primary": False}, "invalid value for NIC's primary flag: false (must be true)"),
        ({"mac": MAC.upper()}, "There is no existing NIC with that mac address"),
        # The type of a value is looked at before whether the NIC is there.
        ({"mac": MAC.upper(), "allowed_ips": [1]}, "Invalid value(s) for: nics.*.allowed_ips"),
        # The syntax is looked at before the number.
        ({"allowed_ips": ["x"] * 14}, "invalid allowed_ips: x"),
    ],
)
def test_what_an_update_refuses_is_not_stored(double: Double, change: dict[str, object], said: str) -> None:
    double.create()
    before = double.vm()
    code, dummy, errors = double.update(**change)
    assert (code, errors[: len(said)]) == (1, said)
    assert double.vm() == before


def test_unknown_properties_are_dropped_with_success_and_only_validate_tells(double: Double) -> None:
    double.create()
    before = double.vm()
    assert double.update(allowed_ip=["2001:db8::1"]) == (0, "", f"Successfully updated VM {UUID}")
    assert double.vm() == before
    payload = {"update_nics": [{"mac": MAC, "allowed_ip": []}]}
    code, dummy, errors = double.run("vmadm", "validate", "update", "joyent", payload=payload)
    assert (code, json.loads(errors)["bad_properties"]) == (1, ["update_nics.*.allowed_ip"])


def test_two_spellings_are_stored_and_then_refused_live_and_at_each_boot(double: Double) -> None:
    double.create(autoboot=True)
    twice = ["2001:db8::1", "2001:DB8::1"]
    code, dummy, errors = double.update(allowed_ips=twice)
    assert code == 1 and errors.startswith("first of 1 error: first of 1 error: Command failed:")
    assert double.vm()["nics"][0]["allowed_ips"] == twice
    assert double.run("vmadm", "reboot", UUID)[0] == 1
    code, dummy, errors = double.run("vmadm", "start", UUID)
    assert code == 1 and errors.startswith(f"Unable to start VM {UUID}: ")
    assert double.vm()["state"] == "stopped"


@pytest.mark.parametrize("entry", ["::", "2001:db8::/z", "192.0.2.5/32"])
def test_what_only_the_kernel_refuses(double: Double, entry: str) -> None:
    double.create(autoboot=True)
    assert double.update(allowed_ips=[entry])[0] == 1
    assert double.vm()["nics"][0]["allowed_ips"] == [entry]


def test_an_address_of_ips_in_the_same_spelling_is_folded(double: Double) -> None:
    double.create(autoboot=True)
    assert double.update(allowed_ips=["192.0.2.5"])[0] == 0


def test_an_empty_list_reads_back_as_one_empty_value(double: Double) -> None:
    double.create(autoboot=True)
    assert double.update(allowed_ips=[])[0] == 0
    assert double.vm()["nics"][0]["allowed_ips"] == [""]
    assert double.update(ips=["192.0.2.6/24"])[0] == 1


@pytest.mark.parametrize(("brand", "order"), [("lx", [MAC2, MAC]), ("joyent", [MAC, MAC2])])
def test_the_updated_nic_of_an_lx_zone_moves_last(double: Double, brand: str, order: list[str]) -> None:
    double.create(brand=brand, nics=[nic(), nic(MAC2, ips=["192.0.2.6/24"])])
    assert double.update(allowed_ips=["2001:db8::1"])[0] == 0
    assert [one["mac"] for one in double.vm()["nics"]] == order


def test_zones_may_share_allowed_ips_but_not_ips(double: Double) -> None:
    double.create(nics=[nic(allowed_ips=["2001:db8::1"])])
    double.create(OTHER, nics=[nic(MAC2, ips=["192.0.2.6/24"], allowed_ips=["2001:db8::1"])])
    code, dummy, errors = double.update(ips=["192.0.2.6/24"])
    assert (code, errors) == (1, "Conflict detected with another vm, please check the MAC, IP, and VRID")


def test_reads_after_an_update_may_be_stale(double: Double) -> None:
    double.create()
    double.run("control", "fault", "stale_reads", "2")
    double.update(allowed_ips=["2001:db8::1"])
    assert ["allowed_ips" in double.vm()["nics"][0] for _turn in range(3)] == [False, False, True]


@pytest.mark.parametrize(("name", "stored"), [("live_failures", True), ("config_failures", False)])
def test_failures_before_and_after_a_list_is_stored(double: Double, name: str, stored: bool) -> None:
    double.create(autoboot=True)
    double.run("control", "fault", name, "1")
    assert double.update(allowed_ips=["2001:db8::1"])[0] == 1
    assert ("allowed_ips" in double.vm()["nics"][0]) == stored
    assert double.update(allowed_ips=["2001:db8::1"])[0] == 0


def test_autoboot_goes_with_start_and_stop(double: Double) -> None:
    double.create()
    seen = []
    for verb in ("start", "stop"):
        double.run("vmadm", verb, UUID)
        vm = double.vm()
        seen.append((vm["state"], vm["autoboot"]))
    assert seen == [("running", True), ("stopped", False)]


def test_create_boots_unless_told_otherwise_and_draws_a_local_mac(double: Double) -> None:
    nics = [{"nic_tag": "external", "ips": ["dhcp"]}]
    payload = {"uuid": UUID, "brand": "joyent", "image_uuid": NATIVE, "nics": nics}
    assert double.run("vmadm", "create", payload=payload)[0] == 0
    vm = double.vm()
    assert (vm["state"], vm["nics"][0]["interface"], vm["nics"][0]["mac"][1]) == ("running", "net0", "2")


@pytest.mark.parametrize(
    "words", [["svcs", "-x"], ["ipadm", "down-addr", "net0/v6"], ["zlogin", UUID], ["sysinfo", "-p"]]
)
def test_what_the_double_does_not_know_it_refuses(double: Double, words: list[str]) -> None:
    code, output, errors = double.run(*words)
    assert code != 0 and output == "" and "does not know" in errors


def test_every_call_is_on_record(double: Double) -> None:
    double.create()
    double.run("vmadm", "get", OTHER)
    calls = json.loads(double.run("control", "log", "calls")[1])
    assert [(call["argv"][0], call["code"]) for call in calls] == [("create", 0), ("get", 1)]
