# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What vmadm or the kernel refuses, keeps or forgets: undone, and said."""

from __future__ import annotations

import typing as t

import pytest
from smartos_host import zone
from smartos_stage import GLOBAL, LOCAL, PREFIX, UUID, Stage, with_list


def test_old_reads_are_waited_out(stage: Stage) -> None:
    host = stage.host(zone())
    host.stale_reads = 5
    assert stage.run(zones=[UUID], prefixes=[PREFIX])["changed"]
    assert host.count("vmadm", "get") == 6 and host.count("vmadm", "update") == 1


def test_what_is_never_read_back_is_undone(stage: Stage) -> None:
    host = stage.host(with_list("2001:db8::5"))
    host.stale_reads = 10**6
    result = stage.run(zones=[UUID], prefixes=[PREFIX], timeout=0)
    assert "did not have the new list within 0 s after vmadm reported success. Restoring" in result["msg"]
    assert host.allowed() == ["2001:db8::5"]


@pytest.mark.parametrize("former", [["2001:DB8::5", "192.0.2.7"], []])
def test_a_failed_live_step_is_undone(stage: Stage, former: list[str]) -> None:
    host = stage.host(with_list(*former) if former else zone())
    host.live_failures = 1
    result = stage.run(zones=[UUID], prefixes=[PREFIX])
    assert result["failed"] and not result["changed"]
    assert result["msg"] == (
        f"SmartOS host: vmadm update {UUID} failed with 1: first of 1 error: first of 1 error: Command failed: dladm: invalid value. "
        "The former list was restored."
    )
    # An empty list is not sent, since vmadm keeps it as an empty address. This one means the same to the kernel.
    assert host.allowed() == (former or [LOCAL])
    assert host.boots() and host.count("vmadm", "update") == 2


def test_spoofing_comes_back_with_the_former_list(stage: Stage) -> None:
    host = stage.host(with_list("2001:db8::5", allow_ip_spoofing=True))
    host.live_failures = 1
    stage.run(zones=[UUID], prefixes=[PREFIX], disable_spoofing=True)
    assert host.zones[UUID]["nics"][0]["allow_ip_spoofing"] is True and host.allowed() == ["2001:db8::5"]


def test_restoring_may_fail_too(stage: Stage) -> None:
    host = stage.host(with_list("2001:db8::5"))
    host.live_failures = -1
    result = stage.run(zones=[UUID], prefixes=[PREFIX])
    assert "Restoring the former list failed too: vmadm update" in result["msg"]
    assert result["msg"].endswith(f". Read back, zone {UUID} has 2001:db8::5 on net0.")
    assert host.allowed() == ["2001:db8::5"]


def test_what_is_left_when_nothing_can_be_stored_any_more(stage: Stage) -> None:
    host = stage.host(with_list("2001:db8::5", allow_ip_spoofing=True))
    update = host._update

    def refuse(arguments: list[str], data: str | None) -> t.Any:
        host.live_failures, host.config_failures = (1, 0) if host.count("vmadm", "update") == 1 else (0, 1)
        return update(arguments, data)

    host._update = refuse  # type: ignore[method-assign]
    result = stage.run(zones=[UUID], prefixes=[PREFIX])
    left = f"2001:db8::5, {LOCAL}, {GLOBAL} on net0 with allow_ip_spoofing"
    assert result["msg"].endswith(f". Read back, zone {UUID} has {left}.")


def test_a_refused_configuration(stage: Stage) -> None:
    host = stage.host(with_list("2001:db8::5"))
    host.config_failures = 1
    assert "could not set it. The former list was restored." in stage.run(zones=[UUID], prefixes=[PREFIX])["msg"]
    assert host.allowed() == ["2001:db8::5"]


def test_a_failure_leaves_the_zones_before_and_after_it(stage: Stage) -> None:
    # The second zone cannot go live for a reason that nobody could see.
    host = stage.host(*(zone(number) for number in (1, 2, 3)))
    update = host._update

    def refuse(arguments: list[str], data: str | None) -> t.Any:
        host.live_failures = int(arguments[0] == zone(2)["uuid"] and host.count("vmadm", "update") == 2)
        return update(arguments, data)

    host._update = refuse  # type: ignore[method-assign]
    result = stage.run(all_zones=True, prefixes=[PREFIX])
    assert result["updated"] == [UUID] and result["changed"]
    assert f"Updated before: {UUID}. Not touched: 1 more." in result["msg"]
    assert host.allowed(1) == [LOCAL, GLOBAL] and host.allowed(3) is None
    assert host.allowed(2) == ["fe80::709c:d5ff:fe00:2"]


def test_a_property_that_the_platform_does_not_know(stage: Stage) -> None:
    host = stage.host(zone())
    host.unknown = {"allowed_ips"}
    result = stage.run(zones=[UUID], prefixes=[PREFIX])
    assert "nics.*.allowed_ips" in result["msg"] and host.count("vmadm", "update") == 0


def test_no_vmadm(stage: Stage) -> None:
    stage.host(zone()).commands = set()
    assert stage.run(zones=["zone1"], prefixes=[PREFIX])["msg"] == (
        "SmartOS host: vmadm was not found; the task must run in the global zone of a SmartOS host."
    )


def test_not_the_global_zone(stage: Stage) -> None:
    host = stage.host(zone())
    host.global_zone = False
    assert stage.run(zones=["zone1"], prefixes=[PREFIX])["msg"] == (
        "SmartOS host: vmadm works only for root in the global zone of a SmartOS host; it says: "
        "FATAL: cannot run because: this is not the global zone."
    )
