# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pathlib
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _docker_daemon_client as client
from ansible_collections.routable.ipv6.plugins.module_utils._docker_daemon_state import Api, Container, Network


class Runner:
    """Answers commands from a table, by their first words, and keeps what was asked."""

    def __init__(self, answers: dict[str, tuple[int, str, str]] | None = None) -> None:
        self.answers = answers or {}
        self.asked: list[list[str]] = []
        self.given: list[str] = []

    def run_command(
        self,
        args: list[str],
        *,
        data: str | None = None,
        environ_update: dict[str, str] | None = None,
        pass_fds: tuple[int, ...] | None = None,
    ) -> tuple[int, str, str]:
        self.asked.append(args)
        for handle in pass_fds or ():
            self.given.append(pathlib.Path(f"/proc/self/fd/{handle}").read_text())
        line = " ".join(args)
        return next((answer for start, answer in self.answers.items() if line.startswith(start)), (0, "", ""))

    def get_bin_path(self, arg: str, *, opt_dirs: list[str] | None = None) -> str | None:
        return None


def test_unit_files(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    etc, run, lib = (tmp_path / name for name in ("etc", "run", "lib"))
    monkeypatch.setattr(client, "_UNIT_DIRECTORIES", tuple(str(one) for one in (etc, run, lib)))
    daemon = client.Daemon(Runner(), "docker")
    assert daemon.unit_files("") == []
    for directory, name, text in (
        (lib, "docker.service", "unit"),
        (lib, "docker.service.d/20-a.conf", "hidden"),
        (etc, "docker.service.d/20-a.conf", "shown"),
        (run, "docker.service.d/10-b.conf", "first"),
        (etc, "service.d/30-c.conf", "general"),
        (etc, "docker.service.d/zz-ours.conf", "ours"),
        (etc, "docker.service.d/readme", "no"),
        (etc, "docker.service.d/40-d.conf", "last"),
    ):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    found = daemon.unit_files(str(etc / "docker.service.d/zz-ours.conf"))
    assert [text for dummy, text in found] == ["unit", "first", "shown", "general", "last"]
    # A unit of the administrator's own replaces the packaged one.
    (etc / "docker.service").write_text("own")
    assert daemon.unit_files("")[0][1] == "own"


JOURNAL = """Starting docker.service...
time="2026-11-20T20:11:47Z" level=warning msg="Unable to find pids controller"
time="2026-11-20T20:11:48Z" level=error msg="Could not add route to IPv6 network 2001:db8::1/64 via device docker0: network is down"
failed to start daemon: Error initializing network controller: \\"file exists\\"
docker.service: Main process exited, code=exited, status=1/FAILURE
docker.service: Failed with result 'exit-code'.
Failed to start docker.service.
failed to start daemon: Error initializing network controller: \\"file exists\\"
"""


@pytest.mark.parametrize(
    ("journal", "why"),
    [
        (JOURNAL, 'failed to start daemon: Error initializing network controller: \\"file exists\\"'),
        ('time="x" level=fatal msg="no \\"room\\"" error=y\n', 'no \\"room\\"'),
        ('time="x" level=error msg="first"\nother\n', "first"),
        ("one\ntwo\nthree\nfour\n", "two / three / four"),
        ("", "its journal says nothing"),
    ],
)
def test_start_that_fails_says_why(journal: str, why: str) -> None:
    runner = Runner(
        {
            "systemctl show --property=LoadState docker.socket": (0, "LoadState=loaded\n", ""),
            "systemctl show": (0, "ActiveState=activating\nSubState=auto-restart\nResult=exit-code\n", ""),
            "journalctl": (0, journal, ""),
        }
    )
    with pytest.raises(client.DaemonFailed) as caught:
        client.Daemon(runner, "docker").start()
    assert str(caught.value) == why
    started = [line for line in runner.asked if line[:2] == ["systemctl", "start"]]
    assert started == [["systemctl", "start", "docker.socket"], ["systemctl", "start", "--no-block", "docker.service"]]
    assert ["systemctl", "reset-failed", "docker.service", "docker.socket"] in runner.asked


def test_validate_runs_with_the_flags_of_the_unit() -> None:
    runner = Runner({"/usr/sbin/dockerd": (1, "", "unable to configure\nthe file\n")})
    daemon = client.Daemon(runner, "docker")
    words = ["-/usr/sbin/dockerd", "-H", "fd://", "--config-file", "/x", "--config-file=/y", "--ipv6=true"]
    assert daemon.validate(words, '{"a": 1}') == "unable to configure the file"
    assert runner.asked[0][:-1] == ["/usr/sbin/dockerd", "-H", "fd://", "--ipv6=true", "--validate", "--config-file"]
    runner.answers.clear()
    assert daemon.validate(words, None) is None
    assert runner.given == ['{"a": 1}', "{}"]


def test_api(monkeypatch: pytest.MonkeyPatch) -> None:
    """As 28.5 answers; 20.10 and 26.1 have no IPRange, and the order of Config varies."""
    config = [
        {"Subnet": "2001:db8:9::/80", "IPRange": "2001:DB8:9::/80"},
        {"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.1"},
    ]
    answers: dict[str, t.Any] = {
        "/info": {"LiveRestoreEnabled": True, "Swarm": {"LocalNodeState": "inactive"}},
        "/networks": [
            {"Name": "bridge", "Id": "1" * 64, "Driver": "bridge", "EnableIPv6": True, "IPAM": {"Config": config}},
            {"Name": "host", "Id": "2" * 64, "Driver": "host", "IPAM": {"Config": None}},
            {
                "Name": "web",
                "Id": "3" * 64,
                "Driver": "bridge",
                "EnableIPv6": True,
                "IPAM": {"Config": [{"Subnet": "2001:db8:5::/64"}]},
                "Options": {"com.docker.network.bridge.name": "mine"},
            },
        ],
        "/containers/json": [{"Id": "c"}, {"Id": "gone"}],
        "/containers/c/json": {
            "Id": "c",
            "Name": "/one",
            "HostConfig": {"RestartPolicy": {"Name": ""}, "AutoRemove": True},
            "Config": {"Labels": None},
        },
    }

    def get(path: str, socket: str) -> t.Any:
        if path not in answers:
            raise client.DockerUnavailable(path)
        return answers[path]

    monkeypatch.setattr(client, "get", get)
    daemon = client.Daemon(Runner(), "docker")
    assert daemon.api() == Api(
        ipv6=True,
        subnet="2001:db8:9::/80",
        ip_range="2001:db8:9::/80",
        live_restore=True,
        containers=(Container("c", "one", "no", True),),
        networks=(Network("bridge", "docker0", ("2001:db8:9::/80",)), Network("web", "mine", ("2001:db8:5::/64",))),
    )
    answers.pop("/info")
    assert daemon.api() is None
