# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every text of the corpus in every text option of every module that runs on a host, by the module's own ``main``.

What an option takes in the end is named here, so that nothing is let through unseen. Everything else is refused in one
sentence, before anything is written, run or connected to.
"""

from __future__ import annotations

import contextlib
import pathlib
import re
import socket
import ssl
import tempfile
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import (
    _docker_daemon_converge,
    _ndp_proxy_converge,
    _network_guard_agent,
    _network_guard_client,
    _uplink_converge,
)
from ansible_collections.routable.ipv6.plugins.module_utils._instance_uplink_client import Instance
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._uplink_facts import Link
from ansible_collections.routable.ipv6.plugins.modules import eni_ipv6_block
from corpus import ALL, CANARY, anything
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from samples import INSTANCE
from world import Answered, nobody, run_module

MAC = "72:9c:d5:34:47:59"
AWS = {"region": "eu-west-1", "access_key": "AKIA", "secret_key": "x"}
UUID = "54f1cc77-68f1-42ab-acac-5c4f64f5d6e0"
DIRECTOR = {"director": "192.0.2.1", "client": "admin", "client_secret": "x"}
VCENTER = {"hostname": "192.0.2.1", "username": "u", "password": "x", "datacenter": "dc"}
FILE = {"name": "a", "version": "1", "url": "https://a.example/s", "sha1": "a" * 40}
# For each module options that it takes, with a text in each place where one can be.
OPTIONS: dict[str, dict[str, t.Any]] = {
    "bosh_config": {**DIRECTOR, "content": "networks: []\n", "name": "ipv6", "expected_latest_id": "7"},
    "bosh_deployment": {**DIRECTOR, "state": "absent", "name": "web"},
    "docker_ipv6_daemon": {
        "fixed_cidr_v6": "2001:db8::/80",
        "default_gateway_v6": "2001:db8::2",
        "bip6": "2001:db8::1/64",
        "bridge_accept_fwmark": "1/3",
        "default_address_pools": [{"base": "172.16.0.0/12", "size": 16}, {"base": "2001:db8:1::/56", "size": 64}],
        "host_gateway_ips": ["2001:db8::1"],
        "registry_mirrors": ["https://mirror.example.org"],
        "path": "/etc/docker/daemon.json",
        "service": "docker",
    },
    "docker_ipv6_info": {"socket": "/run/docker.sock"},
    "ec2_docker_instance": {
        **AWS,
        **INSTANCE,
        "eni_id": "eni-0123456789abcdef0",
    },
    "ec2_docker_subnet": {
        **AWS,
        "subnet": "2001:db8::/64",
        "security_group": "containers",
        "allow": [{"protocol": "tcp", "ports": "443", "source": "2001:db8::/32"}],
        "reservations": ["2001:db8::/68"],
        "tags": {"team": "web"},
    },
    "eni_ipv6_block": {
        "eni_id": "eni-0123456789abcdef0",
        **AWS,
        "block": "2001:db8::/80",
        "block_prefix_length": "auto",
        "primary_address": "2001:db8:1::1",
        "private_ip_address": "192.0.2.9",
        "reservations": ["2001:db8::/64"],
    },
    "instance_uplink": {
        "mac": MAC,
        "address": "2001:db8:0:1::20/64",
        "keep_off": ["2001:db8:0:1:d::/80"],
        "gateway": "fe80::1",
    },
    # The first that cannot look at the host ends it, so each is asked alone.
    "ipv6_changes_info of uplink_ra": {"of": [{"uplink_ra": {"interface": "eth0"}}]},
    "ipv6_changes_info of docker_ipv6_daemon": {
        "of": [{"docker_ipv6_daemon": {"fixed_cidr_v6": "2001:db8::/80", "service": "docker"}}]
    },
    "ipv6_firewall": {
        "name": "a",
        "prefixes": ["2001:db8::/64"],
        "allow": [{"address": "2001:db8::1", "ports": ["80"]}],
        "bridges": ["docker0"],
    },
    "ipv6_probe": {"timeout": 0.01, "targets": [{"address": "2001:db8::1", "open": ["80"], "closed": ["81"]}]},
    "ndp_proxy": {
        "uplink": "eth0",
        "prefixes": ["2001:db8::/80"],
        "addresses": ["2001:db8::1"],
        "bridges": ["docker0"],
        "ndppd_mode": "static",
        "backend": "ndppd",
    },
    "network_guard": {
        "state": "armed",
        "paths": ["/etc/mine"],
        "interfaces": ["lo"],
        "sysctls": ["net/ipv4/conf/lo/rp_filter"],
        "units": ["mine.service"],
        "commands": ["ping -c 1 192.0.2.1"],
        "reason": "a task failed",
        "run_id": "0123",
        "holder": "root on host, process 1",
    },
    "smartos_allowed_ips": {
        "zones": [{"zone": "web", "addresses": ["2001:db8::7"]}],
        "prefixes": ["2001:db8::/64"],
        "addresses": ["2001:db8::5"],
        "interface_ids": ["::20"],
        "nics": [{"mac": MAC}],
    },
    "smartos_zone": {
        "zones": [
            {
                "alias": "web",
                "uuid": UUID,
                "payload": {
                    "brand": "lx",
                    "nics": [{"nic_tag": "x", "ip": "192.0.2.1", "netmask": "255.255.255.0", "mac": MAC}],
                },
                "permit": {"prefixes": ["2001:db8::/64"], "addresses": ["2001:db8::5"]},
            }
        ]
    },
    "ipv6_packages": {"holder": "a", "names": ["ndppd"], "keep": ["docker.io"]},
    "ipv6_sources": {"replace": {"deb.debian.org": "mirror.example.org"}, "registries": ["docker.io"]},
    "smartos_zone_ipv6": {"zones": [{"zone": "web", "static": True, "gateway": "fe80::1", "nics": [{"mac": MAC}]}]},
    "uplink_ra": {"interface": "eth0", "owner": "kernel", "holder": "a"},
    "vsphere_network_info": dict(VCENTER),
    "vsphere_vm_addresses": {
        **VCENTER,
        "bios_uuid": UUID,
        "addresses": ["2001:db8::1"],
        "networks": [{"name": "n", "addresses": ["2001:db8::2"]}],
        "advertised_prefixes": ["2001:db8::/64"],
    },
}
READING = re.compile(r"\S*dockerd --version|\S*ip -6 -j|\S*systemctl (show|cat)|\S*docker")
INTERFACE = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}"
ADDRESS = r"\s*[0-9A-Fa-f:.]+\s*"
PREFIX = rf"{ADDRESS.rstrip('*s').rstrip(chr(92))}/[0-9]{{1,3}}\s*"
WORD = "[A-Za-z0-9_][A-Za-z0-9_.-]*"
HOST = r"\s*(https://)?\[?[A-Za-z0-9_.:-]+(%[A-Za-z0-9_.-]+)?\]?(/[!-~]*)?\s*"
# What an option may take, as a whole; "*" is anything. That goes on as a value of JSON, of a form or of XML, or is only
# compared, by code that quotes it; what of it is seen on its way is checked all the same.
TAKEN: dict[str, dict[str, str]] = {
    "bosh_config": {
        "director": HOST,
        "client": "*",
        "client_secret": "*",
        "content": r"\{a\}|\?|::",
        "name": "*",
        "expected_latest_id": "*",
        "accept": "*",
        "ca_cert": "*",
    },
    "bosh_deployment": {
        "accept": "*",
        "ca_cert": "*",
        "director": HOST,
        "client": "*",
        "client_secret": "*",
        "name": "*",
    },
    "docker_ipv6_daemon": {
        "path": "/[!-~]*",
        "service": WORD,
        "fixed_cidr_v6": PREFIX,
        "default_gateway_v6": ADDRESS,
        "bip6": PREFIX,
        "base": PREFIX,
        "bridge_accept_fwmark": "(0x)?[0-9a-f]{1,10}",
        "host_gateway_ips": ADDRESS,
        "registry_mirrors": r"(?i)https?://[^\s/?#@]+/?",
    },
    "docker_ipv6_info": {"socket": "*"},
    # Names of hosts, to which connections are tried.
    "ipv6_sources": {"deb.debian.org": HOST, "registries": HOST},
    "ec2_docker_instance": dict.fromkeys(
        (
            *AWS,
            "name",
            "eni_id",
            "instance_type",
            "image",
            "image_owners",
            "key_name",
            "public_key",
            "user_data",
            "team",
        ),
        "*",
    ),
    "ec2_docker_subnet": {
        **dict.fromkeys((*AWS, "subnet", "security_group", "team"), "*"),
        "ports": "[0-9]{1,5}(-[0-9]{1,5})?",
        "source": PREFIX,
        "reservations": PREFIX,
    },
    "eni_ipv6_block": {
        **dict.fromkeys((*AWS, "eni_id", "instance_type", "name", "team"), "*"),
        "primary_address": ADDRESS,
        "private_ip_address": r"[0-9.]+",
        "reservations": PREFIX,
    },
    "instance_uplink": {
        "address": rf"{ADDRESS}|{PREFIX}",
        "keep_off": PREFIX,
        "gateway": f"{ADDRESS}|",
    },
    "ipv6_changes_info of uplink_ra": {"interface": "eth0"},
    "ipv6_changes_info of docker_ipv6_daemon": {"fixed_cidr_v6": PREFIX, "service": WORD},
    "ipv6_firewall": {
        "name": "[a-z][a-z0-9_]{0,31}",
        "bridges": INTERFACE,
        "prefixes": PREFIX,
        "address": f"{ADDRESS}|{PREFIX}",
    },
    "ipv6_packages": {"holder": "[A-Za-z0-9_]{1,64}", **dict.fromkeys(("names", "keep"), "[a-z0-9][a-z0-9+.-]+")},
    "ipv6_probe": {"address": ADDRESS},
    "ndp_proxy": {"uplink": INTERFACE, "bridges": INTERFACE, "prefixes": PREFIX, "addresses": ADDRESS},
    "network_guard": {
        "paths": "/.+",
        "interfaces": "lo",
        "sysctls": r"(?!\.{1,2}/)[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)+",
        "commands": "*",
        "reason": "*",
        "run_id": "*",
        "holder": "*",
    },
    "smartos_allowed_ips": {
        "zone": "*",
        "prefixes": PREFIX,
        "addresses": f"{ADDRESS}|{PREFIX}",
        "interface_ids": ADDRESS,
    },
    "smartos_zone": {
        "alias": "[^\x00-\x1f\x7f-\xa0\u2028\u2029\u202a-\u202e\u2066-\u2069]{1,255}",
        "uuid": "",
        "nic_tag": "*",
        "ip": "*",
        "prefixes": PREFIX,
        "addresses": f"{ADDRESS}|{PREFIX}",
    },
    "smartos_zone_ipv6": {"interfaces": "*", "zone": "*", "gateway": f"{ADDRESS}|"},
    "uplink_ra": {"interface": "eth0", "holder": "[A-Za-z0-9_.-]{0,64}"},
    "vsphere_network_info": {"hostname": HOST, "username": "*", "password": "*", "datacenter": "*"},
    "vsphere_vm_addresses": {
        "hostname": HOST,
        "username": "*",
        "password": "*",
        "datacenter": "*",
        "bios_uuid": "*",
        "name": "*",
        "addresses": ADDRESS,
        "advertised_prefixes": PREFIX,
    },
}
Slot = t.Tuple[t.Union[str, int], ...]


def slots(value: t.Any, path: Slot = ()) -> t.Iterator[Slot]:
    """Where in some options a text stands."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in pairs:
        yield from slots(one, (*path, key))
    if isinstance(value, str):
        yield path


def put(value: t.Any, path: Slot, text: str) -> t.Any:
    """The options with another text in one place."""
    if not path:
        return text
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    made = {key: put(one, path[1:], text) if key == path[0] else one for key, one in pairs}
    return made if isinstance(value, dict) else list(made.values())


SLOTS = [(name, slot) for name, options in OPTIONS.items() for slot in slots(options)]


def one_interface(name: str, _link: object, _known: object) -> Link:
    """Of a host that has eth0 and nothing else."""
    if name != "eth0":
        raise Refused(f"interface={name}", "this host has no such interface", "Name one that it has: eth0")
    return Link("eth0", 2)


@pytest.fixture(autouse=True, scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[str]:
    """No time is spent on certificates and programs, and systemd is there."""
    patch = pytest.MonkeyPatch()
    place = str(tmp_path_factory.mktemp("tmp"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    patch.setattr(ssl, "create_default_context", lambda *_args, **_options: context)
    patch.setattr(_docker_daemon_converge, "booted", lambda: True)
    patch.setattr(tempfile, "tempdir", place)
    patch.setattr(_ndp_proxy_converge, "agent_text", str)
    patch.setattr("ansible.module_utils._internal.is_controller", False)
    patch.setattr(eni_ipv6_block.aws, "make_client", lambda _params: socket.getaddrinfo("ec2.example", 443))
    patch.setattr(_uplink_converge.uplink, "check_interface", one_interface)
    patch.setattr(Instance, "interface", lambda _self, mac: "eth0" if mac == MAC else None)
    patch.setattr(_network_guard_agent, "locked", contextlib.nullcontext)
    patch.setattr(_network_guard_agent, "take", lambda _options: socket.getaddrinfo("host.example", 443))
    for module in (_network_guard_agent, _network_guard_client.files):
        patch.setattr(module, "remove", lambda _path: None)
    pathlib.Path(CANARY).unlink(missing_ok=True)
    yield place
    patch.undo()


def docker(command: list[str], data: str | None) -> tuple[int, str, str]:
    """A host with a Docker that does not run."""
    if command[:1] == ["ip"]:
        return 0, "[]", ""
    return (0, "Docker version 29.1.0, build ecc6942\n", "") if "--version" in command else nobody(command, data)


def check(name: str, slot: Slot, text: str, answered: Answered) -> None:
    """Refused in one sentence, or of the kind that this option may be; and nothing done with it."""
    where = f"{name}: {'.'.join(map(str, slot))}={text[:60]!r}"
    result = answered.result
    said = str(result.get("msg", ""))
    assert "Traceback" not in str(result.get("exception", "")), f"{where}: {result}"
    assert said.isprintable() or "must be one of" in said, f"{where}: {said!r}"
    assert len(said) < 5000 or "must be one of" in said, f"{where}: {len(said)} characters"
    option = str([key for key in slot if isinstance(key, str)][-1])
    # Some rules depend on what is installed, so the module has looked at the host before it could refuse.
    looked = all(READING.match(" ".join(command)) for command, _data in answered.commands)
    if not answered.refused and not (
        looked and not answered.tried and re.search(rf"{option}\S*[=:]|{slot[0]}: ", said)
    ):
        rule = TAKEN.get(name, {}).get(option)
        if rule == "*":
            bad = [one for one in answered.tried if not one[0].startswith("socket.")]
            assert not bad, f"{where}: {bad}"
        assert rule == "*" or (rule is not None and re.fullmatch(rule, text, re.ASCII)), f"{where}: {said[:200]}"
    if len(text) > 3:
        words = [word for command, _data in answered.commands for word in command if text in word]
        assert not words or re.fullmatch(WORD, text, re.ASCII), f"{where}: {words}"


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_what_is_well_meant_gets_to_the_host(name: str, quick: str) -> None:
    assert not run_module(name, OPTIONS[name], quick).refused


@pytest.mark.parametrize(("name", "slot"), SLOTS, ids=[f"{n}-{'.'.join(map(str, s))}" for n, s in SLOTS])
def test_hostile_texts(name: str, slot: Slot, quick: str) -> None:
    for text in ALL:
        check(name, slot, text, run_module(name, put(OPTIONS[name], slot, text), quick, docker))
    assert not pathlib.Path(CANARY).exists()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(SLOTS), anything)
def test_mixtures(quick: str, place: tuple[str, Slot], text: str) -> None:
    name, slot = place
    check(name, slot, text, run_module(name, put(OPTIONS[name], slot, text), quick, docker))
