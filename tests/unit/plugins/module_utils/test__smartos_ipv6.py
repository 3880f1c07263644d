# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import shutil
import subprocess
import typing as t
from xml.etree import ElementTree

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _smartos_ipv6 as ipv6
from ansible_collections.routable.ipv6.plugins.module_utils import _smartos_ipv6_service as service
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._vmadm_zones import Nic, Zone

MAC = "72:9c:d5:34:47:59"
OWN = "2001:db8::709c:d5ff:fe34:4759"
LISTED = ("fe80::709c:d5ff:fe34:4759", OWN)


def zone(brand: str = "joyent", running: bool = True, **nic: t.Any) -> Zone:
    values = {"mac": MAC, "interface": "net0", "ips": ("dhcp",), "allowed_ips": LISTED, **nic}
    return Zone("u", "web", brand, running, "20260312", (Nic(**values),))


def inside(zone: Zone | None = None, **more: t.Any) -> service.Inside:
    nics = [
        {"mac": n.mac, "interface": n.interface, "allowed_ips": list(n.allowed_ips)}
        for n in (zone.nics if zone else ())
    ]
    found = {
        "up": True,
        "state": "",
        "objects": (),
        "interfaces": ("lo0", "net0"),
        "nics": json.dumps(nics),
        "files": {},
    }
    return service.Inside(**{**found, **more})


def wish(**more: t.Any) -> ipv6.Wish:
    return ipv6.read_wishes([{"zone": "web", **more}])[0]


def test_a_zone_that_boots_with_addrconf_needs_nothing() -> None:
    found = (service.AddressObject("net0/_v6", "addrconf", "ok", "fe80::1%net0/10"),)
    new = zone(ips=("dhcp", "addrconf"))
    assert ipv6.settings(new, wish(), inside(new, objects=found)) == service.Settings()
    # The configuration has it, the running zone not yet.
    assert ipv6.settings(new, wish(), inside(new)) == service.Settings(("net0",))


def test_an_existing_zone_gets_the_service_and_a_second_run_leaves_it() -> None:
    old = zone()
    wanted = ipv6.settings(old, wish(), inside(old))
    assert wanted == service.Settings(("net0",))
    (change,) = ipv6.service_changes("web", wanted, inside(old))
    assert change.action == "service" and "svccfg import" in change.data["script"]
    assert ipv6.service_changes("web", wanted, done(wanted, OURS)) == []


OURS = service.AddressObject("net0/routable", "addrconf", "ok", "fe80::1%net0/10")
STATIC = service.AddressObject("net0/routable1", "static", "ok", "2001:db8::80/64")
BY_HAND = service.AddressObject("net0/mine", "static", "ok", "2001:db8::81/64")


def done(wanted: service.Settings, *objects: service.AddressObject) -> service.Inside:
    """A zone in which the service has been brought up with these settings, and has these objects now."""
    files = {**service.TEXTS, service.SETTINGS_PATH: wanted.text()}
    return inside(state="online", files=files, objects=objects)


def test_an_object_that_is_gone_is_made_again() -> None:
    wanted = service.Settings(("net0",), (("net0", "2001:db8::80/64"),))
    assert ipv6.service_changes("web", wanted, done(wanted, OURS, STATIC)) == []
    for left in ([OURS], [STATIC]):
        (change,) = ipv6.service_changes("web", wanted, done(wanted, *left))
        assert "svcadm disable -s" in change.data["script"] and "delete-addr" not in change.data["script"]
    # Whoever has assigned an address, it is there.
    by_hand = STATIC._replace(name="net0/mine", address="2001:DB8:0::80/64")
    assert ipv6.service_changes("web", wanted, done(wanted, OURS, by_hand)) == []


def test_every_interface_of_the_global_zone_has_to_have_its_object() -> None:
    wanted = service.Settings((service.EVERY,))
    assert ipv6.service_changes("the global zone", wanted, done(wanted, OURS)) == []
    wider = done(wanted, OURS)._replace(interfaces=("lo0", "net0", "ixgbe1"))
    assert len(ipv6.service_changes("the global zone", wanted, wider)) == 1


def test_what_is_not_wanted_any_more_is_taken_away() -> None:
    former = service.Settings(("net0",), (("net0", "2001:db8::80/64"),), "2001:db8::1")
    wanted = service.Settings(("net0",))
    (change,) = ipv6.service_changes("web", wanted, done(former, OURS, STATIC, BY_HAND))
    deleted = [line.split()[2] for line in change.data["script"].splitlines() if "delete-addr" in line]
    assert deleted == ["net0/routable1"]
    assert "route -n delete -inet6 default 2001:db8::1 " in change.data["script"]
    assert "take net0/routable1 away" in change.sentence


def test_what_our_service_made_is_not_what_the_boot_made() -> None:
    """``addrconf`` was added to ``ips`` of a running zone: its boot is still to come, so the service stays until then."""
    new = zone(ips=("dhcp", "addrconf"))
    assert ipv6.settings(new, wish(), inside(new, objects=(OURS,))) == service.Settings(("net0",))


@pytest.mark.parametrize(("state", "command"), [("maintenance", "svcadm clear"), ("online", "svcadm disable -s")])
def test_a_service_that_is_there_is_brought_to_its_new_settings(state: str, command: str) -> None:
    files = {**service.TEXTS, service.SETTINGS_PATH: "old\n"}
    (change,) = ipv6.service_changes("web", service.Settings(("net0",)), inside(state=state, files=files))
    assert command in change.data["script"] and "svccfg import" not in change.data["script"]
    assert "old" in change.data["undo"]


def test_static_addresses_are_the_single_global_ones_that_slaac_does_not_make() -> None:
    listed = (*LISTED, "2001:DB8::80", "2001:db8:1::/64", "192.0.2.1", "fe80::80")
    old = zone(allowed_ips=listed)
    assert ipv6.static_addresses(old.nics) == [("net0", "2001:db8::80/64")]
    wanted = ipv6.settings(old, wish(static=True, addrconf=False), inside(old))
    assert wanted.text().splitlines()[1:] == ["addrconf net0", "static net0 2001:db8::80/64"]


@pytest.mark.parametrize(
    ("gateway", "line"), [("2001:db8::1", "gateway 2001:db8::1"), ("FE80::1", "gateway fe80::1 net0")]
)
def test_a_gateway_is_for_links_without_advertisements(gateway: str, line: str) -> None:
    old = zone(allowed_ips=("2001:db8::80",))
    text = ipv6.settings(old, wish(static=True, gateway=gateway), inside(old)).text()
    assert text.splitlines()[-1] == line
    assert service.gateway_of(text) == line[8:].replace(" net0", " -ifp net0")


def test_lx_gets_addrconf_and_static_addresses_by_ips_in_the_spelling_of_the_list() -> None:
    old = zone("lx", interface="eth0", allowed_ips=(*LISTED, "2001:DB8::80"))
    changes = ipv6.lx_changes("web", old, wish(static=True))
    assert [change.action for change in changes] == ["ips", "ndpd"]
    assert changes[0].data["payload"]["update_nics"] == [{"mac": MAC, "ips": ["dhcp", "2001:DB8::80/64", "addrconf"]}]
    assert changes[0].data["undo"]["update_nics"] == [{"mac": MAC, "ips": ["dhcp"]}]
    assert ipv6.needs_reboot(old, changes)
    done = zone("lx", ips=("dhcp", "2001:db8::80/64", "addrconf"), allowed_ips=(*LISTED, "2001:DB8::80"))
    assert ipv6.lx_changes("web", done, wish(static=True)) == []


def test_an_lx_zone_without_static_addresses_needs_no_reboot_and_a_stopped_one_no_daemon() -> None:
    assert not ipv6.needs_reboot(zone("lx"), ipv6.lx_changes("web", zone("lx"), wish()))
    assert [c.action for c in ipv6.lx_changes("web", zone("lx", False), wish())] == ["ips"]


def test_lxinit_cuts_a_long_text_off() -> None:
    listed = tuple(f"2001:db8:1111:2222:3333:4444:5555:{n:x}" for n in range(0x1000, 0x1008))
    with pytest.raises(Refused, match="255 characters"):
        ipv6.lx_changes("web", zone("lx", allowed_ips=listed), wish(static=True))


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"gateway": "2001:db8::1"}, "with SLAAC alone routers advertise themselves"),
        ({"gateway": "192.0.2.1", "static": True}, "this is IPv4 where IPv6 is needed"),
        ({"nics": [{"tag": "x"}]}, "NICs are chosen by"),
    ],
)
def test_bad_input(entry: dict[str, t.Any], said: str) -> None:
    with pytest.raises(Refused) as refused:
        wish(**entry)
    assert said in str(refused.value)


def test_what_is_read_inside_is_taken_apart() -> None:
    mark = "@@routable@@"
    lines = [f"{mark} multi-user", "online", f"{mark} state", f"{mark} addresses", "lo0/v4:static:ok:127.0.0.1/8"]
    lines += ["net0/v6:addrconf:ok:fe80\\:\\:1%net0/10", f"{mark} interfaces", "lo0", "net0", f"{mark} nics", "[]"]
    lines += [f"{mark} {service.SETTINGS_PATH}", "addrconf net0", ""]
    found = service.parse_inside("\n".join(lines))
    assert found.up and found.state == "" and found.interfaces == ("lo0", "net0")
    assert found.objects[1] == service.AddressObject("net0/v6", "addrconf", "ok", "fe80::1%net0/10")
    assert found.has_addrconf("net0") and not found.has_addrconf("net")
    assert found.files == {service.SETTINGS_PATH: "addrconf net0\n"}
    with pytest.raises(ValueError, match="no addresses"):
        service.parse_inside(f"{mark} state\n")


def test_only_objects_of_ours_are_removed_the_link_local_one_last() -> None:
    names = ("net0/routable", "net0/routable1", "net0/v6", "net0/routable12", "net0/unroutable")
    objects = [service.AddressObject(name, "static", "ok", "") for name in names]
    assert service.our_objects(objects) == ["net0/routable1", "net0/routable12", "net0/routable"]


def test_the_manifest_is_xml_and_the_scripts_are_shell() -> None:
    tree = ElementTree.fromstring(service.MANIFEST)
    assert tree.find("service/create_default_instance").get("enabled") == "true"  # type: ignore[union-attr]
    groupings = {one.get("name"): one.get("grouping") for one in tree.iter("dependency")}
    assert groupings["ndp"] == "optional_all"
    for shell in [path for path in map(shutil.which, ("dash", "bash")) if path]:
        for script in (
            service.METHOD,
            service.READ,
            service.write_script(service.TEXTS),
            service.remove_script(True, (), ""),
            service.restore_script(inside(), "fe80::1 -ifp net0"),
            service.restore_script(done(service.Settings(("net0",)), OURS), ""),
        ):
            subprocess.run([shell, "-n"], input=script, text=True, check=True)


IPADM = r"""#!/bin/sh
case "$*" in
"show-if -p -o ifname") printf '%s\n' lo0 e1000g0 ixgbe1 bnx0 my_aggr0 ;;
"show-addr -p -o addrobj,type") printf '%s\n' lo0/v6:static bnx0/_a:addrconf ixgbe1/v4:dhcp ;;
"show-addr -p -o addr") printf '%s\n' ::1/128 2001:db8::81/64 ;;
"show-addr -p -o addrobj") printf '%s\n' lo0/v6 ixgbe1/routable1 ;;
*) echo "$*" >>"$LOG" ;;
esac
"""


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        (
            service.Settings((service.EVERY,)),
            [f"create-addr -t -T addrconf {name}/routable" for name in ("e1000g0", "ixgbe1", "my_aggr0")],
        ),
        (service.Settings(("bnx0",)), []),
        (
            service.Settings(("ixgbe1",), (("ixgbe1", "2001:db8::80/64"), ("ixgbe1", "2001:DB8::81/64"))),
            [
                "create-addr -t -T addrconf ixgbe1/routable",
                "create-addr -t -T static -a 2001:db8::80/64 ixgbe1/routable2",
            ],
        ),
    ],
)
def test_the_method_makes_what_is_not_there_whatever_the_driver_is_called(
    wanted: service.Settings, made: list[str], tmp_path: t.Any
) -> None:
    for name, text in {"ipadm": IPADM, "svcadm": "#!/bin/sh\n", "route": "#!/bin/sh\n"}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    (tmp_path / "settings").write_text(wanted.text())
    method = service.METHOD.replace("/usr/sbin:", f"{tmp_path}:/usr/sbin:").replace(
        service.SETTINGS_PATH, f"{tmp_path}/settings"
    )
    log = tmp_path / "log"
    subprocess.run(["sh"], input=method, text=True, check=True, env={"LOG": str(log)})
    assert (log.read_text().splitlines() if log.exists() else []) == made


def test_what_a_zone_says_of_its_files_is_no_command(tmp_path: t.Any) -> None:
    """Whoever has root in a zone can write what he likes there; it is written back as it was."""
    place, canary = f"{tmp_path}/opt", tmp_path / "canary"
    evil = f"x'; touch {canary}; '\n@@routable@@\n$(touch {canary})`touch {canary}`\n"
    script = service.write_script({service.SETTINGS_PATH: evil}).replace("/opt/", f"{place}/")
    subprocess.run(["sh"], input=script, text=True, check=True)
    assert open(service.SETTINGS_PATH.replace("/opt/", f"{place}/")).read() == evil  # noqa: SIM115
    assert not canary.exists()


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path: t.Any) -> None:
    place = tmp_path / "opt"
    directory = place / "custom" / "etc" / "routable-ipv6.conf" / "in the way"
    directory.mkdir(parents=True)
    script = service.write_script({service.SETTINGS_PATH: "new\n"}).replace("/opt/", f"{place}/")
    # A directory in the place of the file, into which nothing may be moved.
    script = script.replace("mv ", "mv -T ")
    assert subprocess.run(["sh"], input=script, text=True, check=False, capture_output=True).returncode
    assert [path.name for path in place.rglob("*.new")] == []


def test_a_written_file_is_what_it_should_be(tmp_path: t.Any) -> None:
    place = f"{tmp_path}/opt"
    script = service.write_script(service.TEXTS).replace("/opt/", f"{place}/")
    subprocess.run(["sh"], input=script, text=True, check=True)
    for path, text in service.TEXTS.items():
        written = open(path.replace("/opt/", f"{place}/")).read()  # noqa: SIM115
        assert written == text.replace("/opt/", f"{place}/") or written == text
