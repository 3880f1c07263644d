# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import ipaddress
import json
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon import decide, stale_of_bridge
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_ip6tables import Leftovers
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_state import (
    Api,
    Container,
    Network,
    Now,
    Owned,
    Remembered,
    Started,
    Want,
    as_wanted,
    bridge_state,
)
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_unit import Setting, parse_unit
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._prefix_rules import HostNetworks, Route

FILE = "/etc/docker/daemon.json"
DROPIN = "/etc/systemd/system/docker.service.d/zz-routable-ipv6.conf"
UNIT = parse_unit(
    [
        (
            "/lib/systemd/system/docker.service",
            "[Service]\nEnvironmentFile=-/etc/default/docker\nExecStart=/usr/sbin/dockerd -H fd:// $DOCKER_OPTS\n",
        )
    ]
)
PREFIX, GATEWAY = "2001:db8:5::/80", "2001:db8:5::1/80"
TEXT = f'{{\n  "ipv6": true,\n  "fixed-cidr-v6": "{PREFIX}"\n}}\n'
ON = {"ipv6": True, "fixed-cidr-v6": PREFIX}
OFF = {"ipv6": False, "subnet": None, "gateway": None}
OWNED = {"ipv6": Owned(None, "true"), "fixed-cidr-v6": Owned(None, f'"{PREFIX}"')}
UPLINK = (
    ("ens3", ipaddress.IPv6Interface("2001:db8:0:1::9/64")),
    ("ens3", ipaddress.IPv6Interface("fe80::9/64")),
)


def host(*held: str, routes: t.Iterable[str] = ()) -> HostNetworks:
    """A host with an uplink, and docker0 with these addresses and routes."""
    found = [("docker0", ipaddress.IPv6Interface(one)) for one in held]
    ways = {str(one.network) for dummy, one in found} | set(routes)
    return HostNetworks((*UPLINK, *found), tuple(Route(ipaddress.IPv6Network(one), "docker0") for one in sorted(ways)))


def want(options: t.Mapping[str, t.Any] | None = None, **more: t.Any) -> Want:
    values = {"ipv6": True, "fixed_cidr_v6": PREFIX} if options is None else options
    return Want(values, dropin_path=DROPIN, **more)


def now(version: tuple[int, ...] | None = (26, 1, 5), **more: t.Any) -> Now:
    """A fresh host with a running daemon, changed as said."""
    values: dict[str, t.Any] = {
        "version": version,
        "unit": UNIT,
        "active": "active",
        "invocation": "i1",
        "api": Api(ipv6=False),
        "host": host(),
    }
    return Now(**{**values, **more})


def converged(version: tuple[int, ...] = (26, 1, 5), **more: t.Any) -> Now:
    """The same host after a run."""
    values: dict[str, t.Any] = {
        "text": TEXT,
        "api": Api(ipv6=True, subnet=PREFIX),
        "host": host(GATEWAY),
        "remembered": Remembered(OWNED, FILE, True, None, Started("i1", "file", ON, ON)),
    }
    return now(version, **{**values, **more})


def test_fresh_host() -> None:
    decision = decide(now(), want())
    assert decision.files == {FILE: TEXT}
    assert decision.owned == OWNED
    assert decision.restart and not decision.delete_bridge and not decision.two_starts
    assert decision.effective == {"ipv6": True, "subnet": PREFIX, "gateway": "2001:db8:5::1"}
    assert [change.action for change in decision.plan.changes] == ["file", "restart"]
    assert decision.plan.before["default_bridge"] == OFF
    assert decision.plan.before["files"] == {FILE: None}
    assert decision.plan.after["files"] == {FILE: TEXT.splitlines()}


def test_second_run() -> None:
    decision = decide(converged(), want())
    assert not decision.plan.changed and not decision.files and not decision.restart
    assert decision.effective == bridge_state(Api(ipv6=True, subnet=PREFIX), host(GATEWAY))


@pytest.mark.parametrize(
    "there",
    [
        # The daemon runs with something else than its file says.
        {"api": Api(ipv6=False), "host": host()},
        {"api": Api(ipv6=True, subnet="2001:db8:6::/80"), "host": host("2001:db8:6::1/80")},
        # As 26.1 leaves it: Docker believes in the new prefix, the bridge has the former length.
        {"host": host("2001:db8:5::1/64")},
        {"host": host()},
    ],
)
def test_effective_state_decides(there: dict[str, t.Any]) -> None:
    decision = decide(converged(**there), want())
    assert decision.restart and not decision.files
    assert decision.delete_bridge == bool(there["host"].on("docker0"))


def test_a_wrong_file_with_the_right_effect_needs_no_restart() -> None:
    decision = decide(converged(text=TEXT.replace("2001:db8:5", "2001:db8:7")), want())
    assert list(decision.files) == [FILE] and not decision.restart


def test_spelling_is_no_difference() -> None:
    text = TEXT.replace(PREFIX, "2001:0DB8:5:0::/80")
    assert not decide(converged(text=text), want()).plan.changed


@pytest.mark.parametrize(
    ("former", "twice"), [("2001:db8:5::/64", True), ("2001:db8:5::/96", True), ("2001:db8:6::/80", False)]
)
def test_prefix_change(former: str, twice: bool) -> None:
    address = former.replace("::/", "::1/")
    decision = decide(
        converged(text=TEXT.replace(PREFIX, former), api=Api(ipv6=True, subnet=former), host=host(address)), want()
    )
    assert decision.restart and decision.delete_bridge and decision.two_starts == twice
    assert any(address in change.sentence for change in decision.plan.changes)
    off = json.loads(decision.without_ipv6[FILE])
    assert off == {"ipv6": False, "fixed-cidr-v6": PREFIX}


def test_prefix_change_of_a_drop_in_is_turned_off_there() -> None:
    former = decide(now(), want(backend="dropin"))
    text = former.files[DROPIN]
    assert text is not None and "/usr/sbin/dockerd -H fd:// $DOCKER_OPTS --ipv6=true" in text
    assert former.without_ipv6[DROPIN] == text.replace("--ipv6=true", "--ipv6=false")


def test_ipv6_off() -> None:
    decision = decide(converged(), want({"ipv6": False}))
    assert decision.restart and decision.delete_bridge and decision.effective == OFF
    assert json.loads(str(decision.files[FILE])) == {"ipv6": False}


def test_stale_things_go_without_a_restart() -> None:
    there = host(GATEWAY, "2001:db8:8::1/64", routes=["2001:db8:7::/64", "2001:db8:5:0:0::/96"])
    decision = decide(converged(host=there), want())
    assert not decision.restart and not decision.delete_bridge
    assert decision.clean_bridge == (("2001:db8:8::1/64",), ("2001:db8:7::/64",))
    assert stale_of_bridge(host(GATEWAY), bridge_state(Api(True, PREFIX), host(GATEWAY))) == ((), ())


@pytest.mark.parametrize(
    ("version", "restarts"), [((26, 1, 5), False), ((27, 5, 1), True), ((28, 5, 2), True), ((20, 10, 24), False)]
)
def test_ip6tables_off(version: tuple[int, ...], restarts: bool) -> None:
    """Off is what the daemon does by default before 27.0."""
    left = Leftovers("*filter\n-X DOCKER\nCOMMIT\n", 7, ("DOCKER",), True, ("Something stays.",))
    decision = decide(
        converged(version, leftovers=left), want({"ipv6": True, "fixed_cidr_v6": PREFIX, "ip6tables": False})
    )
    assert decision.restart == decision.clean_rules == restarts
    assert ("Something stays." in decision.plan.warnings) == restarts
    if restarts:
        assert (
            "Remove the rules that Docker leaves in ip6tables, and set the policy of FORWARD back to ACCEPT."
            in decision.plan.sentences
        )


def test_ip6tables_given_back_before_27_is_off() -> None:
    owned = {**OWNED, "ip6tables": Owned(None, "true"), "experimental": Owned(None, "true")}
    config = {**ON, "ip6tables": True, "experimental": True}
    text = TEXT.replace("\n}", ',\n  "ip6tables": true,\n  "experimental": true\n}')
    left = Leftovers("*filter\n-X DOCKER\nCOMMIT\n", 7, ("DOCKER",))
    there = converged(
        text=text, leftovers=left, remembered=Remembered(owned, FILE, True, None, Started("i1", "file", config, config))
    )
    decision = decide(there, want())
    assert decision.files == {FILE: TEXT} and decision.restart and decision.clean_rules


def test_a_default_spelled_out_needs_no_restart() -> None:
    decision = decide(converged(), want({"ipv6": True, "fixed_cidr_v6": PREFIX, "ip_masq": True, "ip_forward": True}))
    assert decision.files and not decision.restart


CONTAINERS = (
    Container("1", "kept", "always"),
    Container("2", "plain"),
    Container("3", "again", "on-failure"),
    Container("4", "brief", "no", auto_remove=True),
    Container("5", "task", "no", task=True),
    Container("6", "unless", "unless-stopped"),
)


def test_containers() -> None:
    decision = decide(now(api=Api(ipv6=False, containers=CONTAINERS)), want())
    assert [one.name for one in decision.start] == ["plain", "again"]
    assert [one.name for one in decision.gone] == ["brief"]
    assert any("plain, again" in warning for warning in decision.plan.warnings)
    assert any(warning.endswith("brief.") for warning in decision.plan.warnings)
    decision = decide(now(api=Api(ipv6=False, containers=CONTAINERS)), want(start_containers=False))
    assert not decision.start and any("stay stopped: plain, again" in warning for warning in decision.plan.warnings)


@pytest.mark.parametrize(
    ("options", "pending"),
    [
        ({"ipv6": True, "fixed_cidr_v6": PREFIX}, True),
        ({"ipv6": False, "ip_masq": False}, True),
        # Not of the bridges: read at a restart, which containers survive.
        ({"ipv6": False, "default_address_pools": [{"base": "10.9.0.0/16", "size": 24}]}, False),
        ({"ipv6": False, "ip_forward": False}, False),
    ],
)
def test_live_restore(options: dict[str, t.Any], pending: bool) -> None:
    api = Api(ipv6=False, live_restore=True, containers=CONTAINERS[:2])
    decision = decide(now(api=api), want(options))
    assert (decision.pending is not None) == pending and decision.restart != pending
    assert decision.files and not decision.start
    if pending:
        assert "live-restore and 2 running containers (kept, plain)" in str(decision.pending)
        assert decision.effective == OFF and decision.lingering
    # Without containers a restart is as good as ever.
    assert decide(now(api=Api(ipv6=False, live_restore=True)), want(options)).restart


def test_pending_stays_pending_until_the_daemon_was_started_again() -> None:
    first = decide(now(), want({"ipv6": False, "ip_masq": False}, restart=False))
    assert "restart is false" in str(first.pending)
    text = first.files[FILE]
    started = Started("i1", "nowhere", {}, dict(first.config))
    remembered = Remembered(first.owned, FILE, True, None, started, first.lingering)
    again = decide(now(text=text, remembered=remembered), want({"ipv6": False, "ip_masq": False}))
    assert again.restart and not again.files and "ip-masq is true instead of false" in again.plan.sentences[0]
    # The option withdrawn meanwhile: nothing is left to do.
    assert not decide(now(text=text, remembered=remembered), want({"ipv6": False})).restart
    # Somebody restarts the daemon, and that is that.
    there = now(text=text, remembered=remembered, invocation="i2", fresh=False)
    restarted = decide(there, want({"ipv6": False, "ip_masq": False}))
    assert not restarted.plan.changed and restarted.pending is None


def test_a_key_that_nobody_knows_whether_the_daemon_has_read() -> None:
    options = {"ipv6": False, "ip_masq": False}
    text = '{"ip-masq": false, "ipv6": false}'
    assert not decide(now(text=text), want(options)).plan.changed
    decision = decide(now(text=text, fresh=False), want(options))
    assert decision.restart and "nobody knows whether it was started with ip-masq=false" in decision.plan.sentences[0]


def test_daemon_that_is_down() -> None:
    decision = decide(now(active="inactive", api=None, host=host("2001:db8:6::1/80")), want())
    assert decision.files and not decision.restart and decision.delete_bridge
    assert decision.effective == {"ipv6": None, "subnet": None, "gateway": None}
    # Containers of a live-restored daemon still hang on the bridge.
    assert not decide(now(active="inactive", api=None, host=host("2001:db8:6::1/80"), ports=2), want()).delete_bridge
    overlapping = decide(now(active="inactive", api=None, host=host("2001:db8:5::1/64")), want())
    assert any("overlaps with 2001:db8:5::/80" in warning for warning in overlapping.plan.warnings)


@pytest.mark.parametrize("active", ["failed", "activating"])
def test_daemon_that_has_failed_is_started(active: str) -> None:
    decision = decide(now(active=active, api=None), want())
    assert decision.restart and decision.plan.sentences[-1] == f"Start docker.service: it is {active}."
    assert not decide(now(active=active, api=None), want(restart=False)).restart


def test_host_without_docker() -> None:
    there = Now(None, host=host())
    decision = decide(there, want())
    assert decision.files == {FILE: TEXT} and not decision.restart
    assert any("Docker is not installed" in warning for warning in decision.plan.warnings)
    assert "--ipv6=true" in str(decide(there, want(backend="dropin")).files[DROPIN])
    assert not decide(there, want({}, present=False)).plan.changed


def test_backend_moves_and_back() -> None:
    moved = decide(converged(), want(backend="dropin"))
    assert moved.files[FILE] is None and DROPIN in moved.files and not moved.owned and moved.restart
    started = Started("i2", "dropin", dict(moved.config), dict(moved.config))
    there = converged(
        text=None, dropin=moved.files[DROPIN], remembered=Remembered({}, FILE, False, None, started), invocation="i2"
    )
    assert not decide(there, want(backend="dropin")).plan.changed
    back = decide(there, want())
    assert back.files == {FILE: TEXT, DROPIN: None} and back.restart
    gone = decide(there, want({}, present=False))
    assert gone.files == {DROPIN: None} and gone.restart and gone.effective == OFF


def test_the_drop_in_follows_the_line_that_it_repeats() -> None:
    former = decide(now(), want(backend="dropin")).files[DROPIN]
    unit = parse_unit(
        [("/lib/systemd/system/docker.service", "[Service]\nExecStart=/usr/bin/dockerd -H fd:// --new\n")]
    )
    decision = decide(converged(text=None, unit=unit, dropin=former, remembered=Remembered()), want(backend="dropin"))
    assert "/usr/bin/dockerd -H fd:// --new --ipv6=true" in str(decision.files[DROPIN])
    assert not decision.restart


@pytest.mark.parametrize(
    ("there", "wanted", "message"),
    [
        ({"text": ""}, {}, "the file is empty, and Docker before 23.0"),
        ({"text": "\ufeff{}"}, {}, "byte order mark"),
        ({"text": '{"a": "\udcff"}'}, {}, "the file is not UTF-8"),
        ({"text": '{"a": 1,}'}, {}, "line 1, column 8: a trailing comma"),
        ({"text": '{"fixed_cidr_v6": 1}'}, {}, "Docker spells this key with hyphens"),
        ({"text": '{"nonsense": 1}', "help_text": "  --ipv6  x\n"}, {}, "this Docker has no such key"),
        ({"text": '{"hosts": []}'}, {}, "the flag --host=fd:// in /lib/systemd/system/docker.service says the same"),
        ({"text": '{"ipv6": true}'}, {"backend": "dropin"}, f"the flag --ipv6=true in {DROPIN} says the same"),
        (
            {"environment": {"DOCKER_OPTS": Setting("--ipv6", "/etc/default/docker")}},
            {},
            "the flag --ipv6 in /etc/default/docker",
        ),
        (
            {"environment": {"DOCKER_OPTS": Setting("--config-file=/x", "o")}},
            {},
            "the daemon reads /x, by --config-file in o",
        ),
        ({}, {"path": "/etc/other.json"}, "the daemon reads /etc/docker/daemon.json, since nothing says otherwise"),
        ({"remembered": Remembered(OWNED, "/etc/other.json")}, {}, "this module has written /etc/other.json before"),
        (
            {"unit": parse_unit([("/etc/systemd/system/docker.service.d/zzz.conf", "[Service]\nExecStart=/d\n")])},
            {"backend": "dropin"},
            "its name comes after",
        ),
        ({"neighbours": {"2001:db8:5::1": "ens3"}}, {}, "somebody on ens3 has that address"),
        (
            {"api": Api(False, networks=(Network("web", "br-1", ("2001:db8:5::/64",)),))},
            {},
            "of the Docker network web",
        ),
        (
            {"host": HostNetworks((*UPLINK, ("tun0", ipaddress.IPv6Interface("2001:db8:5::7/128"))))},
            {},
            "an address of tun0",
        ),
    ],
)
def test_refused(there: dict[str, t.Any], wanted: dict[str, t.Any], message: str) -> None:
    with pytest.raises(Refused) as caught:
        decide(now((20, 10, 24), **there), want(**wanted))
    assert message in str(caught.value)


def test_empty_file_and_byte_order_mark_since_23() -> None:
    assert decide(now(text=""), want()).files == {FILE: TEXT}
    text = decide(now(text="\ufeff{}"), want()).files[FILE]
    assert text is not None and text.startswith("\ufeff{")


def test_absent() -> None:
    former = '{"ipv6":false}'
    owned = {"ipv6": Owned("false", "true"), "fixed-cidr-v6": Owned(None, f'"{PREFIX}"')}
    remembered = Remembered(owned, FILE, True, former, Started("i1", "file", ON, ON))
    decision = decide(converged(remembered=remembered), want({}, present=False))
    assert decision.files == {FILE: former} and decision.restart and decision.delete_bridge and not decision.owned
    # Somebody else has written since: only ours goes.
    text = TEXT.replace("{\n", '{\n  "debug": true,\n')
    decision = decide(
        converged(text=text, remembered=dataclasses.replace(remembered, untouched=False)), want({}, present=False)
    )
    assert decision.files == {FILE: '{\n  "debug": true,\n  "ipv6": false\n}\n'}
    # Somebody has changed our key: it is theirs now.
    text = TEXT.replace(PREFIX, "2001:db8:7::/64")
    decision = decide(
        converged(text=text, remembered=dataclasses.replace(remembered, untouched=False)), want({}, present=False)
    )
    assert json.loads(str(decision.files[FILE])) == {"ipv6": False, "fixed-cidr-v6": "2001:db8:7::/64"}


def test_absent_where_nothing_is_ours() -> None:
    for text in (None, "", "nonsense", TEXT):
        assert not decide(
            now(text=text, api=Api(True, PREFIX), host=host(GATEWAY)), want({}, present=False)
        ).plan.changed


def test_keys_no_longer_given_are_given_back() -> None:
    owned = {**OWNED, "ip-masq": Owned("true", "false")}
    text = TEXT.replace("{\n", '{\n  "ip-masq": false,\n')
    config = {**ON, "ip-masq": False}
    there = converged(text=text, remembered=Remembered(owned, FILE, True, "x", Started("i1", "file", config, config)))
    decision = decide(there, want())
    assert json.loads(str(decision.files[FILE])) == {"ip-masq": True, **ON}
    assert decision.restart and set(decision.owned) == set(OWNED)


def test_dockers_own_choice_of_a_prefix() -> None:
    version = (28, 5, 2)
    decision = decide(now(version, host=host("2001:db8:6::1/64")), want({"ipv6": True}))
    # Docker would take for its choice what it finds on the bridge.
    assert decision.delete_bridge and decision.two_starts and decision.effective["subnet"] is None
    assert as_wanted({"ipv6": True, "subnet": "fd12::/64", "gateway": "fd12::1"}, decision.effective)
    assert not as_wanted({"ipv6": True, "subnet": "2001:db8:6::/64", "gateway": None}, decision.effective)
    assert not decide(now(version, host=host("fd12::1/64")), want({"ipv6": True})).delete_bridge
    there = now(version, text='{"ipv6": true}', api=Api(True, "fd12::/64"), host=host("fd12::1/64"))
    assert not decide(there, want({"ipv6": True})).plan.changed


def test_range_within_bip6() -> None:
    options = {"ipv6": True, "bip6": "2001:db8:5::7/64", "fixed_cidr_v6": "2001:db8:5:0:2::/80"}
    text = '{"ipv6": true, "bip6": "2001:db8:5::7/64", "fixed-cidr-v6": "2001:db8:5:0:2::/80"}'
    api = Api(True, "2001:db8:5::/64", "2001:db8:5:0:2::/80")
    there = now((28, 5, 2), text=text, api=api, host=host("2001:db8:5::7/64"))
    assert not decide(there, want(options)).plan.changed
    other = dataclasses.replace(there, api=dataclasses.replace(api, ip_range="2001:db8:5:0:1::/80"))
    assert decide(other, want(options)).restart


def test_a_network_that_goes_first_is_in_nobodys_way() -> None:
    user = Network("routable", "routable0", ("2001:db8:5:0:0:8000::/81",))
    held = HostNetworks(
        (*UPLINK, ("routable0", ipaddress.IPv6Interface("2001:db8:5:0:0:8000::1/81"))),
        (Route(ipaddress.IPv6Network(user.subnets[0]), "routable0"),),
    )
    there = now(api=Api(ipv6=False, networks=(user,)), host=held)
    with pytest.raises(Refused, match="overlaps with .* of the Docker network routable"):
        decide(there, want())
    assert decide(there, want(replaced_networks=("routable",))).restart
