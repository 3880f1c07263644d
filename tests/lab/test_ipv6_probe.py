# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a probe sees, with packets: containers behind a host with a routed prefix, looked at from the stranger."""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import typing as t

import jsonschema
import pytest
from conftest import ROOT, Lab
from probe_faults import AFTER_FAULTS, API, BEFORE_FAULTS, FAULTS, NET, NOBODY, ONLINK, PROXIED, WEB

HOST = {
    "name": "trixie",
    "suite": "trixie",
    "uplink": "ens3",
    "manager": "kernel",
    "routed_prefix": "2001:db8:0:2::/64",
}
SETUP = f"""
# A lab that was kept has it all.
docker network inspect user >/dev/null 2>&1 && exit
sysctl -qw net.ipv6.conf.ens3.accept_ra=2 net.ipv6.conf.all.forwarding=1
docker import /opt/lab/busybox.tgz lab/busybox:latest >/dev/null
docker network create --ipv6 --subnet {NET}/80 --gateway {NET}1 -o com.docker.network.bridge.name=user0 user >/dev/null
for last in 20 21; do
    docker run -d --init --name c$last --network user --ip6 {NET}$last lab/busybox:latest \\
        sh -c 'httpd -p 80; exec sleep 2147483647' >/dev/null
done
docker network create --ipv6 --subnet {ONLINK}/80 --gateway {ONLINK}1 -o com.docker.network.bridge.name=onlink0 onlink >/dev/null
docker run -d --init --name c30 --network onlink --ip6 {PROXIED} lab/busybox:latest sh -c 'exec sleep 2147483647' >/dev/null
docker create --name stopped lab/busybox:latest true >/dev/null
"""
FIREWALL = "nft add table ip6 probe; nft 'add chain ip6 probe forward {type filter hook forward priority 0;}'"


class Rules(t.Protocol):
    def __call__(self, *rules: str) -> None: ...


@pytest.fixture(scope="module")
def site(lab: Lab) -> Lab:
    lab.up([HOST])
    lab.sh("trixie", SETUP)
    return lab


def run(site: Lab, host: str, user: str = "", check: bool = False, **args: t.Any) -> dict[str, t.Any]:
    """One execution of the module on a host, and its result."""
    return site.module(host, "ipv6_probe", check, become_user=user, **args)


@pytest.fixture
def forward(site: Lab) -> t.Iterator[Rules]:
    """Firewall rules for what goes through the host."""

    def add(*rules: str) -> None:
        site.sh("trixie", FIREWALL)
        for rule in rules:
            site.sh("trixie", f"nft 'add rule ip6 probe forward {rule}'")

    yield add
    site.sh("trixie", "nft delete table ip6 probe", check=False)


def probe(site: Lab, *targets: dict[str, t.Any], host: str = "stranger", **args: t.Any) -> list[dict[str, t.Any]]:
    result = run(site, host, targets=list(targets), **args)
    assert result["changed"] is False, result
    assert result["ok"] is all(row["ok"] for row in result["targets"])
    rows: list[dict[str, t.Any]] = result["targets"]
    return rows


def state(row: dict[str, t.Any], key: str) -> str:
    return str(row[key][0]["state"])


def test_answered_open_and_refused(site: Lab) -> None:
    (row,) = probe(site, {"address": WEB, "open": [80], "closed": [22], "mtu": 1500})
    assert row["ok"] and row["reason"] is None
    assert row["ping"]["answered"] and 0 < row["ping"]["rtt_ms"] < 4000
    assert row["mtu"]["answered"]
    assert (state(row, "open"), state(row, "closed")) == ("open", "refused")
    assert row["local"] in site.exec("stranger", "ip", "-6", "addr", "show", "scope", "global")


def test_claims_that_are_not_true(site: Lab) -> None:
    (row,) = probe(site, {"address": WEB, "open": [22], "closed": [80]})
    assert row["reason"] == ("tcp/22 should be open: refused (connection refused); tcp/80 should be closed: it is open")


def test_dropped(site: Lab, forward: Rules) -> None:
    forward(f"ip6 daddr {WEB} tcp dport 22 drop")
    (row,) = probe(site, {"address": WEB, "open": [80], "closed": [22]}, timeout=1.5)
    assert row["ok"]
    assert (state(row, "open"), state(row, "closed")) == ("open", "filtered")


def test_prohibited(site: Lab, forward: Rules) -> None:
    forward(
        f"ip6 daddr {WEB} tcp dport 22 reject with icmpv6 admin-prohibited",
        f"ip6 daddr {API} meta l4proto ipv6-icmp reject with icmpv6 admin-prohibited",
    )
    # A rejection that comes while the kernel still sends the first packet counts only when the second one, a second
    # later, is rejected, too.
    web, api = probe(site, {"address": WEB, "closed": [22]}, {"address": API}, timeout=2.5)
    assert web["closed"][0] == {
        "port": 22,
        "protocol": "tcp",
        "state": "filtered",
        "reason": "administratively prohibited",
        "ok": True,
    }
    assert api["ping"]["reason"] == "administratively prohibited"


def test_everything_dropped_is_not_a_closed_port(site: Lab, forward: Rules) -> None:
    forward(f"ip6 daddr {WEB} drop")
    with_ping, without = probe(
        site, {"address": WEB, "closed": [22]}, {"address": WEB, "ping": False, "closed": [22]}, timeout=1.5
    )
    assert (with_ping["ok"], state(with_ping, "closed")) == (False, "unreachable")
    assert with_ping["reason"] == "ping: no answer within 1.5 s"
    assert (without["ok"], state(without, "closed")) == (True, "filtered")


def test_one_lost_packet_is_no_failure(site: Lab, forward: Rules) -> None:
    # The first of each never arrives.
    forward(
        f"ip6 daddr {WEB} tcp dport 80 limit rate 1/hour burst 1 packets counter drop",
        f"ip6 daddr {WEB} icmpv6 type echo-request limit rate 1/hour burst 1 packets counter drop",
    )
    (row,) = probe(site, {"address": WEB, "open": [80]})
    assert site.sh("trixie", "nft list table ip6 probe").count("counter packets 1 ") == 2
    assert row["ok"], row["reason"]


def test_nobody_holds_the_address(site: Lab) -> None:
    (row,) = probe(site, {"address": NOBODY, "open": [80], "closed": [22]}, timeout=5)
    assert row["reason"] == "ping: address unreachable: no neighbour answers for it"
    assert {state(row, "open"), state(row, "closed")} == {"unreachable"}


def test_no_route(site: Lab) -> None:
    site.sh("stranger", f"ip -6 route add unreachable {NET}/80")
    try:
        (row,) = probe(site, {"address": WEB, "open": [80]}, timeout=1)
    finally:
        site.sh("stranger", f"ip -6 route del unreachable {NET}/80")
    assert not row["ok"] and row["local"] is None
    assert state(row, "open") == "unreachable"


def test_the_path_is_narrower_than_claimed(site: Lab) -> None:
    site.sh("trixie", "ip link set user0 mtu 1400")
    try:
        (row,) = probe(site, {"address": API, "mtu": 1500}, timeout=2)
    finally:
        site.sh("trixie", "ip link set user0 mtu 1500")
        site.sh("stranger", "ip -6 route flush cache")
    assert row["ping"]["answered"]
    assert re.search(r"^packet of 1500 bytes: .*(1400 bytes only|larger than the path carries)", row["reason"])


def test_udp(site: Lab) -> None:
    (row,) = probe(site, {"address": WEB, "closed": ["udp/53"]}, timeout=1)
    assert row["closed"][0]["state"] == "refused"


@pytest.mark.parametrize("groups", ["0 2147483647", "1 0"])
def test_without_root(site: Lab, groups: str) -> None:
    """First with the unprivileged ICMP socket, then with the ping command's own permission."""
    before = site.sh("stranger", "sysctl -n net.ipv4.ping_group_range").strip()
    # Debian's ping has a permission of its own only where no group may use the socket.
    site.sh("stranger", f"chmod u+s /usr/bin/ping; sysctl -qw 'net.ipv4.ping_group_range={groups}'")
    try:
        targets = [{"address": WEB, "mtu": 1500}, {"address": NOBODY}]
        result = run(site, "stranger", user="nobody", targets=targets, timeout=1)
    finally:
        site.sh("stranger", f"chmod u-s /usr/bin/ping; sysctl -qw 'net.ipv4.ping_group_range={before}'")
    there, nobody = result["targets"]
    assert there["ok"], there
    assert not nobody["ping"]["answered"]


def seen(site: Lab, *clients: dict[str, t.Any], **observe: t.Any) -> list[dict[str, t.Any]]:
    """Start an observer at the stranger and ask it from the host."""
    (target,) = probe(site, {"address": WEB})
    listening = run(site, "stranger", observe={"expect": len(clients), "seconds": 20, **observe})
    port = listening["observer"]["port"]
    rows: list[dict[str, t.Any]] = run(
        site, "trixie", timeout=3, **{"from": [{"to": target["local"], "port": port, **c} for c in clients]}
    )["from"]
    return rows


def listeners(site: Lab) -> str:
    return site.sh("stranger", "ss -Hltnp6 | grep python || true")


def test_source_is_the_containers_own(site: Lab) -> None:
    rows = seen(site, {"container": "c20", "expect": WEB}, {"container": "c21", "expect": API}, {})
    assert [(row["seen"], row["ok"], row["reason"]) for row in rows[:2]] == [(WEB, True, None), (API, True, None)]
    assert rows[0]["addresses"] == [WEB]
    assert rows[2]["container"] is None and rows[2]["seen"].startswith("2001:db8:0:1:")
    assert listeners(site) == ""


def test_source_behind_nat66(site: Lab) -> None:
    site.sh(
        "trixie", "nft add table ip6 nat66; nft 'add chain ip6 nat66 out {type nat hook postrouting priority 100;}'"
    )
    site.sh("trixie", f"nft 'add rule ip6 nat66 out ip6 saddr {NET}/80 oifname ens3 masquerade'")
    try:
        (row,) = seen(site, {"container": "c20", "expect": WEB})
    finally:
        site.sh("trixie", "nft delete table ip6 nat66")
    assert not row["ok"] and row["local"] == WEB
    assert row["seen"].startswith("2001:db8:0:1:")
    assert row["reason"] == (f"seen as {row['seen']}, expected {WEB}, so something on the way translates it (NAT66)")


def test_containers_that_cannot_ask(site: Lab) -> None:
    rows = run(site, "trixie", **{"from": [{"container": name} for name in ("c20", "nobody", "stopped")]})["from"]
    assert [row["state"] for row in rows] == ["running", "absent", "created"]
    assert [row["reason"] for row in rows] == [
        None,
        "there is no container named nobody",
        "the container stopped does not run: created",
    ]


def test_nobody_listens(site: Lab) -> None:
    (target,) = probe(site, {"address": WEB})
    rows = run(site, "trixie", timeout=1, **{"from": [{"container": "c20", "to": target["local"], "port": 9}]})["from"]
    assert rows[0]["reason"] == f"no connection to [{target['local']}]:9: refused"


def test_an_observer_ends_by_itself_and_a_taken_port_is_said(site: Lab) -> None:
    first = run(site, "stranger", observe={"expect": 1, "seconds": 4})["observer"]
    second = run(site, "stranger", observe={"expect": 1, "port": first["port"]})
    assert second["observer"]["reason"] == f"cannot listen on port {first['port']}: Address already in use"
    assert not second["ok"]
    site.sh("stranger", "for i in $(seq 80); do ss -Hltnp6 | grep -q python || exit 0; sleep 0.1; done; exit 1")


def test_fail_says_what(site: Lab) -> None:
    result = run(site, "stranger", targets=[{"address": WEB, "name": "web", "open": [22]}], fail=True)
    assert result["failed"]
    assert result["msg"] == "web: tcp/22 should be open: refused (connection refused)"


def test_check_mode_sends_the_same_packets(site: Lab) -> None:
    targets = [{"address": WEB, "open": [80]}]
    for result in (
        run(site, "stranger", check=True, targets=targets),
        site.ansible(["stranger"], "ipv6_probe", check=True, targets=targets)["stranger"],
    ):
        assert result["ok"] and not result["changed"]


class TestVerify:
    """The playbook, on what these hosts hold."""

    CLAIMS: t.ClassVar[list[dict[str, t.Any]]] = [
        {"name": "c20", "kind": "container", "address": WEB, "source": WEB, "open": [80], "closed": [22], "mtu": 1500},
        {"name": "c21", "kind": "container", "address": API, "source": API, "open": [80], "closed": [22]},
    ]

    @pytest.fixture
    def state(self, tmp_path: pathlib.Path) -> pathlib.Path:
        return tmp_path / "state"

    def claim(self, state: pathlib.Path, host: str, claims: list[dict[str, t.Any]]) -> None:
        (state / "endpoints").mkdir(parents=True, exist_ok=True)
        content = {"host": host, "endpoints": [{"role": "docker_host", "behind": host, **entry} for entry in claims]}
        (state / "endpoints" / f"{host}.json").write_text(json.dumps(content))

    def verify(self, site: Lab, state: pathlib.Path, *words: str) -> tuple[subprocess.CompletedProcess[str], t.Any]:
        done = site.playbook("playbooks/verify.yml", "-e", f"ipv6_state_dir={state}", *words)
        path = state / "reachability.json"
        return done, json.loads(path.read_text()) if path.exists() else None

    def test_all_is_well(self, site: Lab, state: pathlib.Path) -> None:
        self.claim(state, "trixie", self.CLAIMS)
        done, matrix = self.verify(site, state, "-e", "verify_vantage=stranger,router")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "✓ All 2 endpoints answer as claimed, seen from stranger, router." in done.stdout
        assert "changed=0" in done.stdout and "changed=1" not in done.stdout
        assert matrix["ok"] and matrix["failures"] == []
        assert matrix["endpoints"][0]["from"]["stranger"]["source"]["seen"] == WEB
        assert path_mode(state / "reachability.json") == 0o600

    def test_what_is_not_as_claimed(self, site: Lab, state: pathlib.Path) -> None:
        later = {"name": "later", "kind": "container", "address": NOBODY, "source": NOBODY}
        moved = {"name": "c21", "kind": "container", "address": f"{NET}98"}
        self.claim(state, "trixie", [{**self.CLAIMS[0], "open": [443]}, later, moved])
        self.claim(state, "gone", [])
        done, matrix = self.verify(site, state, "-e", "verify_vantage=stranger")
        assert done.returncode == 2
        web, moved_away, not_yet = matrix["failures"]
        assert web == f"c20 behind trixie ({WEB}) from stranger: tcp/443 should be open: refused (connection refused)"
        assert moved_away.startswith(f"c21 behind trixie ({NET}98) from stranger: ping: ")
        assert moved_away.endswith(f"; the container c21 runs with {API} instead")
        assert not_yet.startswith(f"later behind trixie ({NOBODY}) from stranger: ping: ")
        assert not_yet.endswith("; there is no container named later on trixie")
        assert matrix["warnings"][0].startswith("gone has endpoints and is not in the inventory any more")
        assert "✗ 0 of 3 endpoints answer as claimed, seen from stranger." in done.stdout

    def test_each_kind_of_failure_has_its_own_cause(self, site: Lab, state: pathlib.Path) -> None:
        """One run while all is well, then one with everything broken at once, each at an endpoint of its own."""
        lost = f"{NET}22"
        claims = [
            {**self.CLAIMS[0], "open": [80, 81], "closed": [22, 23]},
            {**self.CLAIMS[1], "closed": [22]},
            {"name": "c30", "kind": "container", "address": PROXIED, "source": PROXIED},
            {"name": "lost", "kind": "container", "address": lost, "source": lost},
            {"name": "unrouted", "kind": "host", "address": "2001:db8:0:3::1"},
        ]
        words = ("-e", "verify_vantage=stranger", "-e", "verify_timeout=5", "-e", "verify_mtu=1500")
        site.sh("trixie", BEFORE_FAULTS)
        try:
            self.claim(state, "trixie", [{**claims[0], "open": [80, 81], "closed": [22]}, *claims[1:4]])
            done, matrix = self.verify(site, state, *words)
            assert done.returncode == 0, done.stdout + done.stderr
            assert {row["from"]["stranger"]["mtu"]["bytes"] for row in matrix["endpoints"]} == {1500}
            assert {row["from"]["stranger"]["ipv4"]["ok"] for row in matrix["endpoints"]} == {True}
            self.claim(state, "trixie", claims)
            site.sh("trixie", FAULTS)
            # It would go on sending to a neighbour that it has heard of.
            site.sh("router", "ip -6 neigh flush dev br0")
            done, matrix = self.verify(site, state, *words)
        finally:
            site.sh("trixie", AFTER_FAULTS)
            site.sh("stranger", "ip -6 route flush cache")
        assert done.returncode == 2
        jsonschema.validate(matrix, json.loads((ROOT / "docs" / "schemas" / "reachability.json").read_text()))
        rows = {row["name"]: row["from"]["stranger"] for row in matrix["endpoints"]}
        assert {name: [(c["cause"], c["what"]) for c in row["causes"]] for name, row in rows.items()} == {
            "c20": [("refused", "tcp/81"), ("open", "tcp/23"), ("ipv4", "ipv4")],
            "c21": [("mtu", "mtu"), ("filtered", "tcp/80"), ("wrong_source", "source")],
            "c30": [("no_neighbour", "ping")],
            "lost": [("gateway", "route")],
            "unrouted": [("no_route", "ping")],
        }
        assert rows["lost"]["reason"].endswith(
            f"the container sends to the gateway {NET}bad, which trixie does not hold"
        )
        looks = {entry["cause"]: entry["look"] for entry in matrix["advice"]}
        assert "systemctl status 'routable-ipv6-ndp-*' ndppd" in looks["no_neighbour"]
        assert "→ wrong_source (c21 behind trixie): It is seen with another address than its own: NAT66" in done.stdout

    def test_nothing_is_claimed(self, site: Lab, state: pathlib.Path) -> None:
        done, matrix = self.verify(site, state)
        assert done.returncode == 2 and matrix is None
        assert f"No endpoint is stated in {state} for the hosts of this run. Run the roles first" in done.stdout

    def test_nobody_can_look(self, site: Lab, state: pathlib.Path) -> None:
        self.claim(state, "trixie", self.CLAIMS)
        done, matrix = self.verify(site, state, "-e", "verify_vantage=nosuchhost")
        assert done.returncode == 2 and matrix is None
        assert "verify_vantage=nosuchhost must match hosts of the inventory that are in this run" in done.stdout

    def test_a_limited_run_looks_at_its_own_hosts(self, site: Lab, state: pathlib.Path) -> None:
        self.claim(state, "trixie", self.CLAIMS)
        self.claim(state, "router", [{"name": "r", "kind": "host", "address": NOBODY}])
        alone, nothing = self.verify(site, state, "-e", "verify_vantage=stranger", "--limit", "trixie")
        assert alone.returncode == 2 and nothing is None
        assert "with --limit add the vantage points to it" in alone.stdout
        done, matrix = self.verify(site, state, "-e", "verify_vantage=stranger", "--limit", "trixie,stranger")
        assert done.returncode == 0, done.stdout + done.stderr
        assert [row["name"] for row in matrix["endpoints"]] == ["c20", "c21"]

    def test_a_vantage_point_that_is_down(self, site: Lab, state: pathlib.Path) -> None:
        self.claim(state, "trixie", self.CLAIMS)
        down = ("-e", '{"verify_vantage": ["stranger", "router"]}', "-e", "verify_timeout=2")
        done, matrix = self.verify(site, state, *down, "-i", str(self.unreachable_router(state)))
        assert done.returncode == 2
        assert [vantage["ok"] for vantage in matrix["vantages"]] == [True, False]
        assert len(matrix["failures"]) == 1
        assert matrix["failures"][0].startswith("from router: nothing could be probed: ")

    @staticmethod
    def unreachable_router(state: pathlib.Path) -> pathlib.Path:
        # As OpenSSH ends where it reaches nobody; not every machine has it.
        ssh = state / "ssh"
        ssh.write_text("#!/bin/sh\necho nobody is there >&2\nexit 255\n")
        ssh.chmod(0o755)
        path = state / "down.json"
        router = {"ansible_connection": "ansible.builtin.ssh", "ansible_ssh_executable": str(ssh)}
        path.write_text(json.dumps({"all": {"hosts": {"router": router}}}))
        return path


def path_mode(path: pathlib.Path) -> int:
    return path.stat().st_mode & 0o777
