# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""docker_ipv6_daemon and a daemon that is stopped, fails, must not be restarted, or has containers that stop with it."""

from __future__ import annotations

from docker_daemons import DROPINS, FILE, GOOD, PREFIX, Hosts, bridge, subnets


def test_daemon_that_does_not_start(fresh: Hosts) -> None:
    """Made to fail after all checks: the former file, the daemon and its containers come back."""
    text = '{ "debug" : false, "ipv6":true, "fixed-cidr-v6": "2001:db8:5::/64" }\n'
    fresh.write(FILE, text, restart=True)
    fresh.sh(
        "docker run -d --name kept --restart=always --init busybox sleep 9999; docker run -d --name plain --init busybox sleep 9999;"
        f"mkdir -p {DROPINS};"
        f"printf '[Service]\\nExecStartPre=/bin/sh -c \"! grep -q 2001:db8:5::/80 {FILE} || "
        "{ echo level=fatal of our own making; exit 1; }\"\\n' "
        f">{DROPINS}/refuse.conf; systemctl daemon-reload"
    )
    for host, result in fresh.module(fixed_cidr_v6="2001:db8:5::/80").items():
        message = result["msg"]
        assert result["failed"], host
        assert "docker.service did not start with the new values: level=fatal of our own making" in message, (
            host,
            message,
        )
        assert (
            f"What was there has been restored: {FILE} is as before and docker.service runs again with the former values"
            in message
        )
        assert fresh.lab.exec(host, "cat", FILE) == text
        assert fresh.lab.sh(host, "systemctl is-active docker").strip() == "active"
        assert sorted(fresh.lab.sh(host, "docker ps --format '{{.Names}}'").split()) == ["kept", "plain"], host
        assert fresh.lab.sh(host, "ls /var/lib/routable-ipv6 2>/dev/null || true") == ""
    assert set(map(str, subnets(fresh).values())) == {"['2001:db8:5::/64']"}
    for host, (addresses, _routes) in bridge(fresh).items():
        assert addresses == ["2001:db8:5::1/64"], host
    # It is the new value that is refused, not the daemon that is broken.
    fresh.run(fixed_cidr_v6="2001:db8:6::/80")


def test_containers_that_nobody_else_starts(fresh: Hosts) -> None:
    fresh.sh(
        "docker run -d --name kept --restart=unless-stopped --init busybox sleep 9999; docker run -d --name plain --init busybox sleep 9999;"
        "docker run -d --rm --name brief --init busybox sleep 9999; docker create --name off --init busybox sleep 9999"
    )
    predicted = fresh.module(check=True, fixed_cidr_v6=PREFIX)
    done = fresh.module(fixed_cidr_v6=PREFIX)
    for host, result in done.items():
        assert result["started_containers"] == predicted[host]["started_containers"] == ["plain"]
        assert any("restart policy" in one and one.endswith(": plain.") for one in result["warnings"])
        assert any("--rm" in one and one.endswith(": brief.") for one in result["warnings"])
        assert sorted(fresh.lab.sh(host, "docker ps --format '{{.Names}}'").split()) == ["kept", "plain"], host
    done = fresh.module(fixed_cidr_v6="2001:db8:5::/80", start_containers=False)
    for host, result in done.items():
        assert result["started_containers"] == []
        assert fresh.lab.sh(host, "docker ps --format '{{.Names}}'").split() == ["kept"], host


def test_live_restore_is_pending(fresh: Hosts) -> None:
    fresh.write(FILE, '{"live-restore": true}', restart=True)
    fresh.sh("docker run -d --name held --init busybox sleep 9999")
    before = fresh.state()
    for attempt in range(2):
        for host, result in fresh.module(fixed_cidr_v6=PREFIX).items():
            assert result["changed"] == (attempt == 0), host
            assert not result["restarted"]
            assert "live-restore" in result["pending"] and "held" in result["pending"]
            assert any("live-restore" in one for one in result["warnings"])
            assert result["effective"] == {"ipv6": False, "subnet": None, "gateway": None}
            assert "fixed-cidr-v6" in fresh.lab.exec(host, "cat", FILE)
    unit = {host: text.splitlines()[-3:] for host, text in before.items()}
    assert unit == {host: text.splitlines()[-3:] for host, text in fresh.state().items()}
    fresh.sh("docker rm -f held")
    for host, result in fresh.run(fixed_cidr_v6=PREFIX).items():
        assert result["restarted"] and result["pending"] is None, host
    # The effective state agrees, so a container is no reason to say pending.
    fresh.sh("docker run -d --name held --init busybox sleep 9999")
    for host, result in fresh.module(fixed_cidr_v6=PREFIX).items():
        assert not result["changed"] and result["pending"] is None, host


def test_daemon_that_is_stopped(fresh: Hosts) -> None:
    fresh.run(fixed_cidr_v6="2001:db8:6::/64")
    fresh.sh("systemctl stop docker.socket docker")
    for result in fresh.run(fixed_cidr_v6="2001:db8:5::/80").values():
        assert result["changed"] and not result["restarted"]
        assert result["effective"] == {"ipv6": None, "subnet": None, "gateway": None}
    assert {text.strip() for text in fresh.sh("systemctl is-active docker || true").values()} == {"inactive"}
    fresh.sh("systemctl start docker.socket docker")
    assert set(map(str, subnets(fresh).values())) == {"['2001:db8:5::/80']"}
    for host, (addresses, routes) in bridge(fresh).items():
        assert (addresses, routes) == (["2001:db8:5::1/80"], ["2001:db8:5::/80"]), host
    for result in fresh.module(fixed_cidr_v6="2001:db8:5::/80").values():
        assert not result["changed"]
    # Overlapping: Docker would get that wrong at its next start, and 20.10 does not survive it.
    fresh.sh("systemctl stop docker.socket docker")
    for result in fresh.module(fixed_cidr_v6="2001:db8:5::/64").values():
        assert any("overlaps" in one for one in result["warnings"])
    fresh.sh("systemctl start docker.socket docker || true; sleep 1")
    fresh.module(fixed_cidr_v6="2001:db8:5::/64")
    for host, (addresses, routes) in bridge(fresh).items():
        assert (addresses, routes) == (["2001:db8:5::1/64"], ["2001:db8:5::/64"]), host


def test_daemon_that_has_failed_is_started_with_the_right_file(fresh: Hosts) -> None:
    fresh.sh("systemctl stop docker.socket docker")
    # Before 28.0 it does not start without a subnet, and /128 is wrong for all.
    fresh.write(FILE, '{"ipv6": true, "fixed-cidr-v6": "2001:db8:5::1/128"}')
    fresh.sh(
        "systemctl start docker || true; i=0; while [ $(systemctl is-active docker) = activating ] && [ $i -lt 200 ]; do sleep 0.1; i=$((i+1)); done"
    )
    for host, result in fresh.module(**GOOD).items():
        assert result["restarted"], (host, result)
    assert {text.strip() for text in fresh.sh("systemctl is-active docker").values()} == {"active"}
    assert set(map(str, subnets(fresh).values())) == {"['2001:db8:5::/80']"}
