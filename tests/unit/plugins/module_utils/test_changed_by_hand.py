# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Somebody changes, by hand, a file that a module has written. The next run says so before it writes it again, and the
manifest says so in between. Files and record are real, below a directory of the test's; the kernel, systemd and Docker
are not there."""

from __future__ import annotations

import os
import pathlib
import types
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import (
    _docker_daemon_apply,
    _files,
    _firewall,
    _firewall_converge,
    _firewall_rules,
    _ndp_proxy_client,
    _ndp_proxy_converge,
    _record,
    _uplink_converge,
)
from ansible_collections.routable.ipv6.plugins.module_utils._manifest import drift, owner_of
from ansible_collections.routable.ipv6.plugins.module_utils._ndp_proxy import AGENT_PATH, Setup
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Change, Plan
from ansible_collections.routable.ipv6.plugins.module_utils._record import Record, digest
from ansible_collections.routable.ipv6.plugins.module_utils._units import UnitState
from ansible_collections.routable.ipv6.plugins.modules import instance_uplink, ipv6_sources


class Root:
    """The host's files are below a directory; the names that modules use for them stay as they are."""

    def __init__(self, root: pathlib.Path) -> None:
        self.root = root

    def path(self, path: str) -> pathlib.Path:
        return self.root / path.lstrip("/")

    def read(self, path: str) -> str | None:
        return _files.read_text(str(self.path(path)))

    def write(self, path: str, text: str) -> None:
        self.path(path).parent.mkdir(parents=True, exist_ok=True)
        self.path(path).write_text(text)

    def manifest(self) -> list[str]:
        """What ipv6_manifest_info calls drift."""
        found = sorted(self.path(_record.DIRECTORY).glob("*.json"))
        return drift([owner_of(one.stem, one.read_text(), lambda path: digest(self.read(path))) for one in found], {})


class Files:
    """A FileSet below the directory."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self.touched: list[str] = []

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        self._root.write(path, text)
        self.touched.append(path)

    def remove(self, path: str) -> None:
        self._root.path(path).unlink()
        self.touched.append(path)


class Module:
    def __init__(self, **params: t.Any) -> None:
        self.params, self.check_mode = params, False
        self.warnings: list[str] = []

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def get_bin_path(self, *_args: object, **_options: object) -> str | None:
        return None


class Units:
    """A systemd that does as it is told."""

    def __init__(self, root: Root, files: Files) -> None:
        self._root, self._files = root, files

    def path(self, name: str) -> str:
        return f"/etc/systemd/system/{name}"

    def text(self, name: str) -> str | None:
        return self._root.read(self.path(name))

    def write(self, name: str, text: str) -> None:
        self._files.write(self.path(name), text)

    def state(self, name: str) -> UnitState:
        return UnitState("loaded", "active", "running", "enabled", self.path(name), False)

    def __getattr__(self, name: str) -> t.Callable[..., None]:
        return lambda *_args: None


@pytest.fixture
def root(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Root:
    made = Root(tmp_path)
    for module in (_record, _firewall_converge, _ndp_proxy_client, instance_uplink, ipv6_sources):
        monkeypatch.setattr(module, "read_text", made.read)
    for module in (_firewall_converge, _ndp_proxy_client, instance_uplink, ipv6_sources):
        monkeypatch.setattr(module, "FileSet", lambda _module: Files(made))
    for module in (_firewall_converge, _ndp_proxy_client):
        monkeypatch.setattr(module, "Units", lambda _module, files: Units(made, files))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return made


def by_hand(root: Root, path: str, text: str = "by hand\n") -> None:
    """What a person does, and what is seen of it until the next run."""
    assert root.manifest() == []
    root.write(path, text)
    assert [text.partition(" since ")[0] for text in root.manifest()] == [f"{path} has been changed"]


def says(warnings: list[str], path: str) -> bool:
    return [text.partition(" has been changed by somebody else")[0] for text in warnings] == [path]


def through_hands(root: Root, path: str, run: t.Callable[[t.Any], object], module: Module) -> str | None:
    """A run, somebody's hand, a run, somebody's hand, and away with it; gives what the file is then."""
    run(module)
    assert module.warnings == []
    by_hand(root, path)
    run(module)
    assert says(module.warnings, path) and root.manifest() == []
    by_hand(root, path, "by hand again\n")
    module.params["state"], module.warnings = "absent", []
    run(module)
    assert says(module.warnings, path)
    return root.read(path)


def to_write(root: Root, path: str) -> Plan:
    """A plan that writes one file in place of what is there, whatever that is."""
    data = {"path": path, "before": root.read(path), "after": "ours\n", "text": "ours\n", "mode": 0o644}
    return Plan((Change(f"Write {path}", "file", data),), {}, {})


WANTED = _firewall_rules.read("a", ["2001:db8::/64"], [], ["docker0"])


def firewall(root: Root, present: bool = True, table: t.Any = "ours") -> list[str]:
    """One run, as far as it concerns files; what it warns of."""
    now = {path: root.read(path) for path in _firewall_rules.paths("a")}
    current = _firewall.Current(table, "", now, True, True)
    plan = _firewall.plan_present(current, WANTED, "ours", "", []) if present else _firewall.plan_absent(current, "a")  # type: ignore[arg-type]
    host = _firewall_converge.Host(Module(), "a")  # type: ignore[arg-type]
    host.nft.load = host.nft.delete_table = lambda _text: None  # type: ignore[method-assign]
    found = host.foreign(plan)
    host.apply(plan, "")
    return found


@pytest.mark.parametrize("present", [True, False])
@pytest.mark.parametrize("path", _firewall_rules.paths("a"))
def test_a_file_of_the_firewall(root: Root, path: str, present: bool) -> None:
    assert firewall(root) == [] and firewall(root) == []
    by_hand(root, path)
    assert says(firewall(root, present), path)
    assert root.manifest() == []
    assert bool(list(root.path(_record.DIRECTORY).iterdir())) == present


def test_files_that_somebody_has_removed_are_not_remembered(root: Root) -> None:
    firewall(root)
    for path in _firewall_rules.paths("a"):
        root.path(path).unlink()
    assert len(root.manifest()) == 3
    assert firewall(root, present=False) == [] and root.manifest() == []
    proxy = _ndp_proxy_client.Proxy(Module(), "eth0")  # type: ignore[arg-type]
    proxy.apply(Plan((WRITE_UNIT,), {}, {}), Setup(), None)  # type: ignore[arg-type]
    root.path(proxy.units.path(UNIT)).unlink()
    again = _ndp_proxy_client.Proxy(Module(), "eth0")  # type: ignore[arg-type]
    again.apply(Plan((), {}, {}), Setup(), None)  # type: ignore[arg-type]
    assert root.manifest() == []


@pytest.mark.parametrize("table", ["by hand", None])
def test_a_table_of_the_firewall(root: Root, table: str | None) -> None:
    firewall(root)
    (said,) = firewall(root, table=table)
    assert said.startswith("The table ip6 routable_a has been changed or removed by somebody else")
    assert firewall(root) == [] and firewall(root, present=False, table=table) == []


def test_the_firewall_says_it(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    module = Module(name="a", state="absent")
    monkeypatch.setattr(_firewall_converge.Host, "foreign", lambda _self, _plan: ["said"])
    monkeypatch.setattr(_firewall_converge.Host, "read", lambda _self: _firewall.Current(None, "", {}, False, False))
    _firewall_converge.run(module)  # type: ignore[arg-type]
    assert module.warnings == ["said"]


def test_a_firewall_that_somebody_has_removed_is_forgotten(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    firewall(root)
    for path in _firewall_rules.paths("a"):
        root.path(path).unlink()
    nothing = _firewall.Current(None, "", dict.fromkeys(_firewall_rules.paths("a")), False, False)
    monkeypatch.setattr(_firewall_converge.Host, "read", lambda _self: nothing)
    monkeypatch.setattr(_firewall_converge.Host, "clean", lambda _self: None)
    absent = Module(name="a", state="absent")
    absent.check_mode = True
    assert _firewall_converge.run(absent)["changed"] and len(root.manifest()) == 3  # type: ignore[arg-type]
    absent.check_mode = False
    done = _firewall_converge.run(absent)  # type: ignore[arg-type]
    assert done["changes"] == ["Forget what was written here and is gone"]
    assert list(root.path(_record.DIRECTORY).iterdir()) == []
    assert not _firewall_converge.run(absent)["changed"]  # type: ignore[arg-type]


UNIT = "routable-ipv6-ndp-eth0.service"
WRITE_UNIT = Change("", "write_unit", {"unit": UNIT, "text": "[Unit]\n"})


@pytest.mark.parametrize(
    ("path", "write", "remove"),
    [
        (f"/etc/systemd/system/{UNIT}", WRITE_UNIT, Change("", "remove_unit", {"unit": UNIT})),
        *(
            (path, Change("", "write_file", {"path": path, "text": "a"}), Change("", "remove_file", {"path": path}))
            for path in (AGENT_PATH, "/etc/routable-ipv6/ndppd.conf")
        ),
    ],
)
@pytest.mark.parametrize("last", ["write", "remove"])
def test_a_file_of_the_ndp_proxy(root: Root, path: str, write: Change, remove: Change, last: str) -> None:
    def run(change: Change) -> list[str]:
        proxy = _ndp_proxy_client.Proxy(Module(), "eth0")  # type: ignore[arg-type]
        plan = Plan((change,), {}, {})
        found = proxy.foreign(plan)
        proxy.apply(plan, Setup(), None)  # type: ignore[arg-type]
        assert path not in proxy.record.files or path == proxy.units.path(UNIT) or "ndppd" in path
        return found

    assert run(write) == [] and run(write) == []
    by_hand(root, path)
    assert says(run(write if last == "write" else remove), path)
    assert root.manifest() == []


def test_the_ndp_proxy_says_it(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    module = Module(uplink="eth0", state="absent", backend="kernel")
    module.check_mode = True
    proxy = _ndp_proxy_client.Proxy
    monkeypatch.setattr(proxy, "foreign", lambda _self, _plan: ["said"])
    monkeypatch.setattr(proxy, "current", lambda _self: None)
    monkeypatch.setattr(_ndp_proxy_converge.rules, "plan", lambda *_args: Plan((), {}, {}))
    _ndp_proxy_converge.run(module)  # type: ignore[arg-type]
    assert module.warnings == ["said"]


def test_the_unit_of_the_ndp_proxy_is_no_file_of_its_backend(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = _ndp_proxy_client.Proxy(Module(), "eth0")  # type: ignore[arg-type]
    proxy.apply(Plan((WRITE_UNIT,), {}, {}), Setup(), None)  # type: ignore[arg-type]
    monkeypatch.setattr(_ndp_proxy_client.Proxy, "_settings", lambda _self: {})
    monkeypatch.setattr(_ndp_proxy_client.Proxy, "_other_units", lambda _self: [])
    found = _ndp_proxy_client.Proxy(Module(), "eth0").current()  # type: ignore[arg-type]
    assert (found.files, found.unit_text) == ({}, "[Unit]\n")


def test_a_file_of_the_uplink(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    path = "/etc/systemd/network/50-eth0.network.d/90-routable-ipv6.conf"
    facts = types.SimpleNamespace(routes=(), addresses=(), on_link_prefixes=(), router=None)
    host = types.SimpleNamespace(link=lambda: None, interfaces=lambda: {}, facts=lambda _link: facts)
    monkeypatch.setattr(_uplink_converge, "Uplink", lambda *_args: host)
    monkeypatch.setattr(_uplink_converge.uplink, "check_interface", lambda *_args: None)
    monkeypatch.setattr(_uplink_converge.uplink, "evidence", lambda *_args: [])
    monkeypatch.setattr(_uplink_converge.owners, "choose", lambda *_args: types.SimpleNamespace(name="networkd"))
    monkeypatch.setattr(_uplink_converge, "plan_for", lambda *_args: to_write(root, path))

    def write(_module: object, _host: object, _facts: object, plan: Plan, record: Record) -> None:
        _uplink_converge.note(record, plan)
        root.write(path, "ours\n")
        record.save(Files(root))  # type: ignore[arg-type]

    monkeypatch.setattr(_uplink_converge, "apply", write)
    module = Module(interface="eth0", owner="auto", state="absent", holder="", forwarding=True)
    _uplink_converge.run(module)  # type: ignore[arg-type]
    assert module.warnings == []
    by_hand(root, path)
    _uplink_converge.run(module)  # type: ignore[arg-type]
    assert says(module.warnings, path) and root.manifest() == []


def test_a_file_of_an_instances_uplink(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    path = "/etc/netplan/60-routable-ipv6.yaml"
    host = types.SimpleNamespace(
        interface=lambda _mac: "ens5", facts=lambda *_args: None, addresses=lambda _name: (), apply=lambda *_args: None
    )
    monkeypatch.setattr(instance_uplink, "Instance", lambda _module: host)
    monkeypatch.setattr(instance_uplink.rules, "netplan_id", lambda _facts: "ens5")
    monkeypatch.setattr(instance_uplink, "planned", lambda *_args: (to_write(root, path), "fe80::1"))
    module = Module(mac="02:00:00:00:00:01", address="2001:db8::1/64", keep_off=[], gateway=None, state="present")
    # What the first person wrote was there before the last run.
    assert through_hands(root, path, instance_uplink.run, module) == "by hand\n"


def test_a_file_of_the_sources(root: Root, monkeypatch: pytest.MonkeyPatch) -> None:
    path = ipv6_sources.rules.CONF
    monkeypatch.setattr(ipv6_sources, "planned", lambda _module: (to_write(root, path), {}))
    module = Module(state="present")
    assert through_hands(root, path, ipv6_sources.run, module) == "by hand again\n"


def test_files_of_the_docker_daemon(root: Root) -> None:
    paths = ("/etc/docker/daemon.json", "/etc/systemd/system/docker.service.d/zz-routable-ipv6.conf")
    want = types.SimpleNamespace(path=paths[0], dropin_path=paths[1], present=True)
    started = types.SimpleNamespace(config=None, place="")

    def run(present: bool = True) -> list[str]:
        now = types.SimpleNamespace(text=root.read(paths[0]), dropin=root.read(paths[1]), invocation="")
        now.remembered = types.SimpleNamespace(untouched=True)
        want.present = present
        text = "{}\n" if present else None
        decision: t.Any = types.SimpleNamespace(files=dict.fromkeys(paths, text), config={}, started=started, place="")
        decision.owned, decision.lingering = {"a": types.SimpleNamespace(former=1, ours=2)} if present else {}, ()
        record = Record("docker-ipv6-daemon-docker")
        found = record.foreign(decision.files)
        _docker_daemon_apply._write(Files(root), record, now, want, decision)  # type: ignore[arg-type]
        return found

    assert run() == [] and run() == []
    for path in paths:
        by_hand(root, path)
        assert says(run(), path)
    assert run(present=False) == [] and not list(root.path(_record.DIRECTORY).iterdir())
