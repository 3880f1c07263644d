# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a second run of site.yml costs for one Docker host, against the same questions asked by a shell script.

    python3 tests/benchmarks/second_run.py [HOST]

Both go over the same connection to a host of the lab that ``make site`` has brought up, and become root by sudo, as the
playbook's ``become`` does. The script asks once, in one command per step, what the modules ask; the ratio is taken from
interleaved rounds of one run, by their minima.
"""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROUNDS = 5
GOAL_RATIO = 4.0
GOAL_EXECUTIONS = 12
# What has to be looked at on an on-link host, one connection each: the host, Docker, the daemon, the firewall, the
# uplink, the network of the named addresses, the NDP proxy.
STEPS = (
    "ip -6 -j addr; ip -6 -j route; cat /etc/os-release",
    "docker version; docker network ls -q | xargs docker network inspect; docker ps -q | xargs -r docker inspect",
    "cat /etc/docker/daemon.json; dockerd --version; systemctl show docker; docker info; docker network inspect bridge",
    "cat /etc/routable-ipv6/firewall-containers.nft; nft -j list table ip6 routable_containers; systemctl show nftables",
    "cat /etc/sysctl.d/*routable*; sysctl net.ipv6.conf.all.forwarding; ip -6 -j route; ip -j link; cat /etc/sysctl.d/*",
    "docker version; docker network inspect routable",
    "cat /etc/routable-ipv6/ndp-*.json; systemctl show 'routable-ipv6-ndp-*'; ip -6 -j neigh show proxy",
)
# What Ansible says with -vv for every module that it runs on a host.
EXECUTION = re.compile(r"^<[^>]*> EXEC .*?/usr/bin/python3", re.MULTILINE)


def environment() -> dict[str, str]:
    told = subprocess.run([str(ROOT / "lab" / "lab"), "env"], capture_output=True, text=True, check=True).stdout
    pairs = re.findall(r"^export (\w+)=(\S+)$", told, re.MULTILINE)
    path = f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"
    return {**os.environ, **dict(pairs), "PATH": path, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}


def playbook(host: str, environ: dict[str, str], *words: str) -> tuple[float, str]:
    command = ["ansible-playbook", "-i", "lab/inventory.yml", "playbooks/site.yml", "--limit", host, *words]
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
    return time.perf_counter() - begin, done.stdout


def script(host: str, environ: dict[str, str]) -> float:
    begin = time.perf_counter()
    for step in STEPS:
        command = ["docker", "exec", f"{environ['LAB_NAME']}-{host}", "sudo", "-H", "-n", "sh", "-c", step]
        subprocess.run(command, env=environ, capture_output=True, check=True)
    return time.perf_counter() - begin


def main() -> int:
    host = sys.argv[1] if len(sys.argv) > 1 else "bookworm"
    environ = environment()
    dummy, output = playbook(host, environ, "-vvv")
    if not re.search(rf"^{host}\s.*changed=0\s.*failed=0", output, re.MULTILINE):
        print(f"{host} is not converged: run make site first")
        return 1
    executions = len(EXECUTION.findall(output))
    ours, theirs = [], []
    for turn in range(ROUNDS):
        ours.append(playbook(host, environ)[0])
        theirs.append(script(host, environ))
        print(f"round {turn + 1} of {ROUNDS}: site.yml {ours[-1]:.2f} s, script {theirs[-1]:.2f} s", flush=True)
    ratio = min(ours) / min(theirs)
    print(f"\n{'second run on ' + host:40}{'result':>10}{'goal':>10}")
    print(f"{'site.yml / shell script':40}{ratio:>9.2f}x{GOAL_RATIO:>9.1f}x")
    print(f"{'module executions on the host':40}{executions:>10}{GOAL_EXECUTIONS:>10}")
    return 0 if ratio < GOAL_RATIO and executions <= GOAL_EXECUTIONS else 1


if __name__ == "__main__":
    sys.exit(main())
