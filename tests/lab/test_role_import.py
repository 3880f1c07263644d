# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The roles in somebody else's plays: a plain user with sudo, a docker_daemon role of the caller's own, any strategy."""

from __future__ import annotations

import ipaddress
import json
import pathlib
import typing as t

import pytest
from conftest import Lab

HOST = "trixie"
HOSTS = [{"name": HOST, "suite": "trixie", "uplink": "enp1s0", "manager": "networkd"}]
OURS = ("docker_host", "vultr_ndp", "network_guard")
# Names that a careless role would use, as the caller has them.
CALLERS = {
    name: f"the caller's {name}"
    for name in ("prefix", "plan", "found", "result", "uplink", "addresses", "pools", "state", "interface", "network")
}
PLAIN_USER = """
useradd --create-home plain
echo 'plain ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/plain
"""
# What the roles would touch.
LOOK = """
find /etc /usr/local /var/lib/routable-ipv6 -type f 2>/dev/null | sort | xargs -d '\\n' sha256sum
nft -s list tables; ip -6 neigh show proxy; ip -6 addr show scope global dev docker0; sysctl -a 2>/dev/null | grep ^net.ipv6
docker network ls --format '{{.Name}}'; systemctl list-units --plain --no-legend 'routable*' | awk '{print $1}'
"""
DAEMON_ROLE = {
    "tasks": [
        {
            "name": "The daemon's log",
            "ansible.builtin.copy": {
                "content": '{"log-driver": "json-file"}\n',
                "dest": "/etc/docker/daemon.json",
                "mode": "0644",
                "force": False,
            },
            "notify": ["Restart docker", "Reload systemd"],
        }
    ],
    "handlers": [
        {
            "name": name,
            "ansible.builtin.shell": f"{command} && echo {name.split()[0]} >>/root/handlers",
            "changed_when": True,
        }
        for name, command in {
            "Restart docker": "systemctl restart docker",
            "Reload systemd": "systemctl daemon-reload",
        }.items()
    ],
}


def names(key: str) -> dict[str, t.Any]:
    """A task that remembers which variables there are."""
    return {
        "name": f"Names {key}",
        "tags": ["always"],
        "ansible.builtin.set_fact": {f"names_{key}": "{{ query('ansible.builtin.varnames', '.+') }}"},
    }


def show(**values: str) -> dict[str, t.Any]:
    shown = {key: "{{ " + value + " }}" for key, value in values.items()}
    return {"name": "Show", "tags": ["always"], "ansible.builtin.debug": {"msg": shown}}


def include(role: str, **more: t.Any) -> dict[str, t.Any]:
    return {"name": f"Ours {role}", "ansible.builtin.include_role": {"name": f"routable.ipv6.{role}"}, **more}


class Caller:
    """A project with a role of its own, on a lab host which it reaches as a plain user."""

    def __init__(self, lab: Lab, place: pathlib.Path) -> None:
        self.lab, self.place = lab, place
        for part, entries in DAEMON_ROLE.items():
            path = place / "roles" / "docker_daemon" / part / "main.yml"
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps(entries))
        for number in (1, 2):
            touch = {"ansible.builtin.copy": {"content": f"{number}\n", "dest": f"/etc/own-{number}", "mode": "0644"}}
            (place / f"tasks-{number}.yml").write_text(json.dumps([{"name": f"Own {number}", **touch}]))
        entry = {
            "ansible_connection": "community.docker.docker",
            "ansible_python_interpreter": "/usr/bin/python3",
            "ansible_user": "plain",
            "ipv6_state_dir": str(place / "state"),
            "docker_host_addresses": [{"name": "web", "suffix": "::20", "ports": [80]}],
        }
        # The other one is not there: who limits a run to one host does not need the others.
        vultr = {"hosts": {HOST: {"ansible_host": f"{lab.name}-{HOST}"}, "gone": {"ansible_host": "nowhere"}}}
        inventory = {"all": {"vars": entry, "children": {"docker_hosts": {"children": {"vultr": vultr}}}}}
        (place / "hosts.json").write_text(json.dumps(inventory))

    def play(self, plays: list[dict[str, t.Any]], *words: str) -> list[dict[str, t.Any]]:
        """Run plays; gives the results of the host in order, with the task's name, without those that were skipped."""
        common = {"hosts": "docker_hosts", "gather_facts": False, "become": True, "vars": CALLERS}
        path = self.place / "play.yml"
        path.write_text(json.dumps([{**common, **play} for play in plays]))
        extra = [str(path), "--limit", HOST, *words]
        done = self.lab.playbook(*extra, inventory=str(self.place / "hosts.json"), log=True)
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr
        found = json.loads(done.stdout[done.stdout.index("{") :])
        tasks = [task for play in found["plays"] for task in play["tasks"]]
        results = [(task["task"]["name"], task["hosts"][HOST]) for task in tasks if HOST in task["hosts"]]
        return [{"task": name, **result} for name, result in results if not result.get("skipped")]


def shown(results: list[dict[str, t.Any]]) -> dict[str, t.Any]:
    return next(result["msg"] for result in reversed(results) if result["task"] == "Show")


def changed(results: list[dict[str, t.Any]]) -> list[str]:
    return [result["task"] for result in results if result["changed"]]


def of_ours(results: list[dict[str, t.Any]]) -> list[str]:
    return [result["task"] for result in results if " : " in result["task"] and "routable.ipv6" in result["task"]]


@pytest.fixture(scope="module")
def caller(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Caller:
    lab.up(HOSTS)
    lab.sh(HOST, PLAIN_USER)
    return Caller(lab, tmp_path_factory.mktemp("caller"))


ROLES = [
    "docker_daemon",
    *({"role": f"routable.ipv6.{role}", "tags": ["addresses"]} for role in ("docker_host", "vultr_ndp")),
]


def test_set_up_beside_a_role_of_the_callers_own(caller: Caller) -> None:
    before = caller.lab.sh(HOST, LOOK)
    plays = [
        {"tasks": [names("before")]},
        {"strategy": "free", "roles": ROLES, "tasks": [names("within")]},
        {"tasks": [show(before="names_before", within="names_within", callers=f"[{', '.join(CALLERS)}]")]},
    ]
    caller.play(plays[1:2], "--check")
    assert caller.lab.sh(HOST, LOOK) == before

    results = caller.play(plays)
    # Each of the caller's handlers ran once, after everything, and Docker has its prefix still.
    assert caller.lab.sh(HOST, "cat /root/handlers").split() == ["Restart", "Reload"]
    assert "2001:db8:0:1:" in caller.lab.sh(HOST, "ip -6 addr show scope global dev docker0")
    assert '"log-driver"' in caller.lab.sh(HOST, "cat /etc/docker/daemon.json")

    said = shown(results)
    assert said["callers"] == list(CALLERS.values())
    came = {name for name in said["within"] if name not in said["before"]}
    assert {name for name in came if not name.lstrip("_").startswith(OURS)} == {"names_before", "ipv6_endpoints"}
    assert not changed(caller.play(plays)), "a second run changes nothing"


def test_tags_choose_the_roles(caller: Caller) -> None:
    tags = ["addresses"]
    ways = {
        "roles": {"roles": ROLES},
        "import": {
            "tasks": [{"ansible.builtin.import_role": {"name": "routable.ipv6.docker_host"}, "tags": tags}],
        },
        "include": {
            "tasks": [
                {
                    "ansible.builtin.include_role": {
                        "name": "routable.ipv6.docker_host",
                        "apply": {"tags": tags, "become": True},
                    },
                    "tags": tags,
                }
            ],
            "become": False,
        },
    }
    for way, play in ways.items():
        results = caller.play([{**play, "post_tasks": [show(plan="docker_host_facts.prefix")]}], "--tags", "addresses")
        assert shown(results)["plan"].endswith("/80"), way
        assert any("publish" in name.lower() for name in of_ours(results)), way
        assert changed(results) == [], way
    skipped = caller.play(list(ways.values()), "--skip-tags", "addresses")
    assert of_ours(skipped) == []


def test_twice_on_one_host(caller: Caller) -> None:
    """What the first use was given is not left to the second."""
    tables = "nft -s list table ip6 routable_containers"
    plain = caller.lab.sh(HOST, tables)
    bridge = caller.lab.sh(HOST, "ip -6 -o addr show scope global dev docker0").split()[3]
    opened = {"docker_host_open": [{"address": str(ipaddress.IPv6Interface(bridge).network[0x99]), "ports": [8443]}]}
    guards = [
        include("network_guard", vars={"network_guard_tasks": str(caller.place / f"tasks-{number}.yml")})
        for number in (1, 2)
    ]
    results = caller.play([{"tasks": [include("docker_host", vars=opened), include("docker_host"), *guards]}])
    firewall = [one for one in changed(results) if one.endswith("Deny what nobody opened")]
    assert len(firewall) == 2
    assert caller.lab.sh(HOST, tables) == plain
    assert caller.lab.sh(HOST, "cat /etc/own-1 /etc/own-2").split() == ["1", "2"]


def test_taken_away_by_the_same_user(caller: Caller) -> None:
    tasks = [include(role, vars={f"{role}_state": "absent"}) for role in reversed(OURS)]
    caller.play([{"tasks": tasks}])
    left = caller.lab.sh(HOST, "find / -xdev -name '*routable*' -not -path '/proc/*'; nft list tables")
    assert "routable" not in left
    assert caller.lab.sh(HOST, "cat /etc/docker/daemon.json") == '{"log-driver": "json-file"}\n'
