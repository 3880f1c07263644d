# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What docker_ipv6_daemon puts back: drop-ins, the bytes of a file, the rules that Docker leaves behind."""

from __future__ import annotations

import json

from docker_daemons import DROPINS, FILE, HOSTS, OURS, PREFIX, RESET, Hosts, bridge, subnets


def test_dropin(fresh: Hosts) -> None:
    # Somebody's drop-in changes the line, and $DOCKER_OPTS adds to it: both stay in force.
    fresh.sh(
        f"mkdir -p {DROPINS}; line=$(sed -n 's/^ExecStart=//p' $(systemctl show -P FragmentPath docker));"
        f'printf "[Service]\\nExecStart=\\nExecStart=%s --log-level=warn\\n" "$line" >{DROPINS}/50-theirs.conf;'
        "echo 'DOCKER_OPTS=\"--label=a=b\"' >/etc/default/docker; systemctl daemon-reload; systemctl restart docker"
    )
    original = fresh.state()
    fresh.write(FILE, '{"debug": false}')
    done = fresh.run(fixed_cidr_v6=PREFIX, backend="dropin")
    for host, result in done.items():
        assert result["restarted"] and result["backend"] == "dropin"
        text = fresh.lab.exec(host, "cat", OURS)
        assert f"{DROPINS}/50-theirs.conf" in text and "$DOCKER_OPTS --log-level=warn --ipv6=true" in text
        words = fresh.lab.sh(host, "tr '\\0' ' ' </proc/$(systemctl show -P MainPID docker)/cmdline")
        assert f"--label=a=b --log-level=warn --ipv6=true --fixed-cidr-v6={PREFIX}" in words
        assert fresh.lab.exec(host, "cat", FILE) == '{"debug": false}'
    # To the file and back, one restart each.
    done = fresh.run(fixed_cidr_v6=PREFIX)
    for host, result in done.items():
        assert result["restarted"], host
        assert fresh.lab.sh(host, f"ls {OURS} 2>&1 || true").startswith("ls: cannot access")
        assert json.loads(fresh.lab.exec(host, "cat", FILE)) == {"debug": False, "ipv6": True, "fixed-cidr-v6": PREFIX}
    done = fresh.run(fixed_cidr_v6=PREFIX, backend="dropin")
    for host, result in done.items():
        assert result["restarted"], host
        assert fresh.lab.exec(host, "cat", FILE) == '{"debug": false}'
    assert set(map(str, subnets(fresh).values())) == {str([PREFIX])}
    fresh.run(state="absent")
    fresh.sh(f"rm {FILE}")
    names = {host: [line for line in text.splitlines() if "/" in line] for host, text in fresh.state().items()}
    assert names == {host: [line for line in text.splitlines() if "/" in line] for host, text in original.items()}


def test_absent_is_byte_for_byte(fresh: Hosts) -> None:
    text = '{"log-driver":"json-file" ,\n"ip-masq" :true,\n\n   "debug": false}'
    fresh.write(FILE, text, restart=True)
    fresh.run(fixed_cidr_v6=PREFIX, ip_masq=False)
    # Keys that are no longer given get their former value back.
    fresh.run(fixed_cidr_v6=PREFIX)
    for host in HOSTS:
        assert '"ip-masq" :true' in fresh.lab.exec(host, "cat", FILE)
    done = fresh.run(state="absent")
    for host in HOSTS:
        assert done[host]["restarted"]
        assert done[host]["effective"] == {"ipv6": False, "subnet": None, "gateway": None}
        assert fresh.lab.exec(host, "cat", FILE) == text
        assert fresh.lab.sh(host, "ls /var/lib/routable-ipv6 2>/dev/null || true") == ""
    assert set(map(str, bridge(fresh).values())) == {"([], [])"}
    # No file before, none after.
    fresh.sh(RESET)
    fresh.run(fixed_cidr_v6=PREFIX)
    fresh.run(state="absent")
    for host in HOSTS:
        assert fresh.lab.sh(host, f"ls {FILE} 2>&1 || true").startswith("ls: cannot access")


def test_absent_after_somebody_else_wrote(fresh: Hosts) -> None:
    fresh.write(FILE, '{\n  "ipv6": false\n}\n')
    fresh.run(fixed_cidr_v6=PREFIX)
    fresh.sh(f'sed -i \'s/"ipv6": true,/"ipv6": true,\\n  "debug": false,/\' {FILE}')
    fresh.run(state="absent")
    for host in HOSTS:
        assert fresh.lab.exec(host, "cat", FILE) == '{\n  "ipv6": false,\n  "debug": false\n}\n', host


def test_ip6tables_off_leaves_no_rule(fresh: Hosts) -> None:
    fresh.ip6tables_on()
    fresh.sh(
        "docker network create --ipv6 --subnet 2001:db8:55::/64 -o com.docker.network.bridge.name=mine mine;"
        "docker run -d --init --restart=always --name web -p 80:80 busybox httpd -f;"
        "docker run -d --init --restart=always --network mine --name user -p 81:80 busybox httpd -f;"
        "ip6tables -I INPUT -s 2001:db8:bad::/48 -j DROP; ip6tables -t nat -A POSTROUTING -s fd00::/8 -j MASQUERADE"
    )
    for host, text in fresh.sh("ip6tables-save").items():
        assert "DOCKER" in text and ":FORWARD DROP" in text and "-o mine" in text, host
    done = fresh.run(fixed_cidr_v6=PREFIX, ip6tables=False)
    for host, text in fresh.sh("ip6tables-save").items():
        assert any(
            "rules that Docker leaves in ip6tables, and set the policy" in one for one in done[host]["changes"]
        ), host
        rules = [line for line in text.splitlines() if line.startswith("-A")]
        assert rules == ["-A INPUT -s 2001:db8:bad::/48 -j DROP", "-A POSTROUTING -s fd00::/8 -j MASQUERADE"], (
            host,
            rules,
        )
        assert "DOCKER" not in text and ":FORWARD ACCEPT" in text, host


def test_ip6tables_off_spares_other_rules(fresh: Hosts) -> None:
    fresh.ip6tables_on()
    fresh.sh(
        "ip6tables -A FORWARD -i vpn0 -j ACCEPT; ip6tables -N DOCKER-USER 2>/dev/null || true; ip6tables -I DOCKER-USER -i ens3 -p tcp --dport 22 -j DROP"
    )
    for host, result in fresh.run(fixed_cidr_v6=PREFIX, ip6tables=False).items():
        text = fresh.lab.sh(host, "ip6tables-save")
        assert "-A FORWARD -i vpn0 -j ACCEPT" in text and "--dport 22 -j DROP" in text and ":FORWARD DROP" in text
        assert any("The policy DROP of FORWARD stays" in one for one in result["warnings"]), host
        assert any("DOCKER-USER" in one and "stays" in one for one in result["warnings"]), host
        assert "-A DOCKER " not in text and "MASQUERADE" not in text, host
