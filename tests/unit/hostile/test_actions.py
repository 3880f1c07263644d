# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The corpus in every option of the plugins that run on the controller, and in the files that they read.

Each is refused in one sentence or taken. Whatever a name has in it, the files that are written lie where they belong,
and whoever reads them sees names in them and nothing else.
"""

from __future__ import annotations

import csv
import html.parser
import importlib
import json
import pathlib
import shutil
import ssl
import types
import typing as t
import xml.etree.ElementTree as ET

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible_collections.routable.ipv6.plugins.lookup.ipv6_address import LookupModule
from corpus import ALL, CANARY, TEXTS
from test_filters import ENDPOINT
from test_modules import put, slots
from world import World, watched

HOSTS = {"all": ["docker1", "docker2"], "docker": ["docker1"]}
POOLS = {
    "site": {"prefix": "2001:db8:1::/64", "exclude": ["2001:db8:1::/96"]},
    "small": {"parent": "site", "prefix_length": 96},
}
FOUND = {
    "interfaces": {"eth0": ["2001:db8:1::66/64"]},
    "containers": [{"name": "web", "addresses": {"routable": "2001:db8:1::77"}}],
}
ROW = {
    "name": "r/docker1/web",
    "address": "2001:db8::20",
    "local": "2001:db8::9",
    "mtu": None,
    "open": [],
    "closed": [],
}
PROBED = {
    **ROW,
    "ping": {"answered": False, "rtt_ms": None, "reason": "no answer"},
    "ok": False,
    "reason": "ping: none",
}
REQUEST = {"name": "web", "pool": "site", "owner": "shop", "address": "2001:db8:1:0:1::20", "meta": {"ticket": "7"}}
# The options of each action, with a text wherever one can be. What is called like a file belongs to the user.
GIVEN: dict[str, list[dict[str, t.Any]]] = {
    "ipv6_allocate": [
        {"requests": [REQUEST], "pools": POOLS, "run": "1", "ledger": "ledger.sqlite"},
        {"requests": {"web": "::20", "db": {"length": "128"}}, "pool": "site", "owner": "shop", "state": "reserved"},
        {"requests": ["web"], "pool": "site", "state": "absent", "drop_pools": ["none"]},
        {"group": "docker", "pool": "site"},
        {"source": "inventory", "group": "docker", "variables": ["docker_host_prefix"], "pool": "site"},
        {"source": "csv", "content": "name,address,pool\nweb,2001:db8:1:0:2::20,site\n", "pool": "site"},
        {"source": "netbox", "content": "[]", "pool": "site"},
        {"requests": ["web"], "pool": "none", "provider": ["/nowhere/program"], "result": "file", "result_file": "r"},
    ],
    "ipv6_endpoints": [{"role": "r", "endpoints": [{"name": "web", "address": "2001:db8::1", "kind": "vm"}]}],
    "ipv6_endpoints_info": [{}],
    "ipv6_ledger_export": [
        {
            "format": one,
            "zone": "example.org",
            "prefix": "2001:db8:1::/64",
            "only": ["site"],
            "dest": "file",
            "ttl": "9",
        }
        for one in ("csv", "hosts", "reverse_zone")
    ],
    "ipv6_ledger_import": [{"src": "export.json", "run": "1"}],
    "ipv6_ledger_netbox": [
        {"url": "https://netbox.example", "token": "t", "direction": "publish", "only_pools": ["site"], "vrf": "v"},
        {"url": "https://netbox.example", "token": "t", "direction": "import", "within": ["2001:db8::/32"]},
    ],
    "ipv6_reachability": [
        {"endpoints": [ENDPOINT], "probes": {"stranger": {"targets": [PROBED], "seconds": 0.1}}, "unknown_hosts": ["x"]}
    ],
    "ipv6_report": [{"hosts": {"docker1": FOUND}, "dest": "report", "zone": "example.org"}],
    "network_guard": [
        {"state": "armed", "reason": "why", "run_id": "1", "holder": "h", "wait": "1", "patience": "1"},
        {"state": "disarmed", "wait": "1", "patience": "0"},
    ],
}
CASES = [(name, place) for name, given in GIVEN.items() for place in range(len(given))]
# Of the results of modules, which come in types of their own; what they are is not for a user to say.
NO_TEXT = {"kind", "protocol", "interfaces", "addresses"}


class Site:
    """A controller with a ledger that has something."""

    def __init__(self, place: pathlib.Path) -> None:
        self.place = place
        self.inventory = place / "inventory"
        self.inventory.mkdir()
        self.state = self.inventory / ".ipv6"
        self.run(
            "ipv6_allocate", {"requests": [{"name": "web", "pool": "site", "suffix": "::1:0:0:20"}], "pools": POOLS}
        )
        self.run("ipv6_endpoints", GIVEN["ipv6_endpoints"][0])
        self.run("ipv6_ledger_export", {"format": "json", "dest": "export.json"})
        self.variables: dict[str, t.Any] = {}

    def run(self, name: str, args: dict[str, t.Any], check: bool = False, host: str = "docker1") -> dict[str, t.Any]:
        action = importlib.import_module(f"ansible_collections.routable.ipv6.plugins.action.{name}").ActionModule
        task = types.SimpleNamespace(args=args, check_mode=check, diff=True, async_val=0, action=name, environment=None)
        task.get_name = lambda: "a task"
        templar = types.SimpleNamespace(template=lambda value: value)
        shell = types.SimpleNamespace(tmpdir=None)
        connection = type("Connection", (), {"_shell": shell, "reset": lambda _self: None})()
        made = action(task, connection, types.SimpleNamespace(), DataLoader(), templar, None)
        made._execute_module = lambda **_options: {"failed": True, "msg": "not armed"}
        facts = {
            "inventory_hostname": host,
            "ansible_inventory_sources": [str(self.inventory)],
            "playbook_dir": str(self.place),
            "groups": {**HOSTS, "all": [*HOSTS["all"], host]},
            "hostvars": {one: {"docker_host_prefix": "2001:db8:1:0:5::/80"} for one in HOSTS["all"]},
        }
        done: dict[str, t.Any] = made.run(None, facts)
        return done

    def files(self) -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in self.place.rglob("*") if path.is_file()}


@pytest.fixture
def site(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    pathlib.Path(CANARY).unlink(missing_ok=True)
    monkeypatch.chdir(tmp_path)
    # No time is spent on certificates.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    monkeypatch.setattr(ssl, "create_default_context", lambda *_args, **_options: context)
    return Site(tmp_path)


def attempt(site: Site, name: str, args: dict[str, t.Any], **more: t.Any) -> str:
    """What was said where it was refused. Whatever else is tried is an error, but to speak to a server that was named."""
    world = World(str(site.place), "/tmp/")
    said = ""
    try:
        with watched(world):
            done = site.run(name, args, **more)
        said = str(done.get("msg", ""))
    except AnsibleError as error:
        said = str(error)
    except OverflowError as error:
        # Ansible itself ends so for an integer that is infinite.
        assert "Infinity" in str(error) or "infinity" in str(error)
    ansible = "must be one of" in said or "unable to convert" in said
    assert ansible or (said.isprintable() and len(said) < 5000), f"{name} {args}: {said[:300]!r}"
    runs = [event for event, _arguments in world.tried if not event.startswith(("socket.", "open", "os.mkdir"))]
    program = [arguments[1] for event, arguments in world.tried if event == "subprocess.Popen"]
    assert not runs or all(one[:1] not in (["sh"], ["/bin/sh"]) for one in program), world.tried
    return said


def places(args: dict[str, t.Any]) -> list[tuple[t.Any, ...]]:
    return [slot for slot in slots(args) if not NO_TEXT & set(slot)]


def test_every_action_is_tried() -> None:
    there = pathlib.Path(__file__).parents[3] / "plugins" / "action"
    assert sorted(GIVEN) == sorted(path.stem for path in there.glob("ipv6_*.py")) + ["network_guard"]


@pytest.mark.parametrize(("name", "place"), CASES, ids=[f"{name}-{place}" for name, place in CASES])
def test_hostile_texts_in_check_mode(site: Site, name: str, place: int) -> None:
    """Nothing is written, so each text meets the same ledger."""
    before, given = site.files(), GIVEN[name][place]
    found = places(given)
    # A hundred for each action, and all of them together everything.
    step = max(1, len(ALL) * len(found) // 110)
    for number, (slot, text) in enumerate((slot, text) for slot in found for text in ALL):
        if number % step == place % step:
            attempt(site, name, put(given, slot, text), check=True)
    assert site.files() == before and not pathlib.Path(CANARY).exists()


@pytest.mark.parametrize("text", [*ALL[::4], *TEXTS["markup"], *TEXTS["paths"]], ids=lambda text: repr(text[:20]))
def test_names_that_are_written(site: Site, text: str) -> None:
    """A name of a pool, of an address, of its owner, of a host and of a container, all the way to the report."""
    pools = {**POOLS, text: {"prefix": "2001:db8:2::/64"}}
    attempt(site, "ipv6_allocate", {"requests": [{"name": "a", "pool": text}], "pools": pools})
    attempt(site, "ipv6_allocate", {"requests": [{"name": text, "owner": text, "pool": "site"}]})
    attempt(
        site, "ipv6_endpoints", {"role": "r", "endpoints": [{**GIVEN["ipv6_endpoints"][0]["endpoints"][0]}]}, host=text
    )
    attempt(site, "ipv6_endpoints_info", {})
    containers = [{"name": text, "addresses": {"routable": "2001:db8:1::78"}}]
    attempt(site, "ipv6_report", {"hosts": {text: {**FOUND, "containers": containers}}, "zone": "example.org"})
    probes = {text: {"targets": [PROBED], "seconds": 0.1}}
    attempt(site, "ipv6_reachability", {"endpoints": [{**ENDPOINT, "behind": text}], "probes": probes})
    for kind in ("csv", "hosts", "json"):
        attempt(site, "ipv6_ledger_export", {"format": kind, "dest": f"{kind}.out"})
    written = {path.relative_to(site.place) for path in site.place.rglob("*") if path.is_file()}
    known = {"export.json", "csv.out", "hosts.out", "json.out"}
    assert all(str(path) in known or path.parts[:2] == ("inventory", ".ipv6") for path in written), written
    assert all(len(path.parts) <= 4 for path in written), written
    check_written(site)


class Tags(html.parser.HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found |= {tag, *(name for name, _value in attrs)}


def check_written(site: Site) -> None:
    page = site.state / "report" / "index.html"
    if page.exists():
        assert not Tags(page.read_text()).found & {"x-hostile", "onerror"}
    for path in [*site.state.rglob("*.svg"), *site.state.rglob("*.xml")]:
        ET.parse(path)
    for path in site.place.glob("csv.out"):
        rows = list(csv.reader(path.open(newline=""), strict=True))
        assert {len(row) for row in rows} == {6}
    for path in site.place.glob("hosts.out"):
        assert all(len(line.split()) >= 2 and ":" in line.split()[0] for line in path.read_text().split("\n")[:-1])
    assert not pathlib.Path(CANARY).exists()


BROKEN = ["", "{", "[]", "null", "7", '"x"', '{"host": 7}', '{"host": "a", "endpoints": 7}', "\0", "[" * 100_000]


@pytest.mark.parametrize("content", [*BROKEN, *ALL[::8]], ids=lambda text: repr(text[:20]))
def test_files_that_somebody_else_has_written(site: Site, content: str) -> None:
    document = json.loads((site.place / "export.json").read_text())
    (site.state / "endpoints" / "docker1.json").write_text(content)
    (site.state / "reachability.json").write_text(content)
    shutil.copy(site.place / "export.json", site.place / "other.json")
    for name in ("ipv6_endpoints_info", "ipv6_report", "ipv6_endpoints"):
        attempt(site, name, GIVEN[name][0])
    (site.place / "export.json").write_text(content)
    attempt(site, "ipv6_ledger_import", {"src": "export.json"}, check=True)
    for option in ("requests_file", "content_file"):
        kinds = ("csv", "netbox", "vpc", "hosts") if option == "content_file" else (None,)
        for kind in kinds:
            attempt(
                site, "ipv6_allocate", {option: "export.json", "pool": "site", **({"source": kind} if kind else {})}
            )
    found = list(slots(document))
    for slot in found[:: max(1, len(found) // 6)]:
        (site.place / "export.json").write_text(json.dumps(put(document, slot, content)))
        attempt(site, "ipv6_ledger_import", {"src": "export.json"}, check=True)


@pytest.mark.parametrize("option", ["terms", "pool", "ledger", "part", "ipv6_ledger"])
def test_the_lookup(site: Site, option: str) -> None:
    lookup = LookupModule(loader=DataLoader(), templar=types.SimpleNamespace(template=lambda value: value))
    before = site.files()
    for text in ALL[::2]:
        options: dict[str, t.Any] = {"pool": None, "part": "address", "allocate": False, "ledger": None, "pools": None}
        options.update({option: text} if option in options else {})
        lookup.set_options = lambda **_given: None
        lookup.get_option = options.__getitem__
        facts = {"ansible_inventory_sources": [str(site.inventory)], "playbook_dir": str(site.place)}
        world = World(str(site.place), "/tmp/")
        try:
            with watched(world):
                lookup.run([text if option == "terms" else "web"], {**facts, option: text})
        except AnsibleError as error:
            assert str(error).isprintable(), repr(str(error))
        except KeyError:
            assert option == "part", "Ansible itself knows what a part can be"
        # A ledger has a file beside it, which keeps others out; the place is the user's own.
        allowed = ("socket.", "open", "os.mkdir") if "ledger" in option else ("socket.",)
        assert all(event.startswith(allowed) for event, _arguments in world.tried), (text, world.tried)
    assert site.files() == before
