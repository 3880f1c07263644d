# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lab hosts that Ansible reaches through a docker command which can be told to fail."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "lab"))
from routable_lab import hosts as lab_hosts  # noqa: E402
from routable_lab import network  # noqa: E402
from routable_lab.names import ROUTER, port  # noqa: E402
from routable_lab.shell import LabError  # noqa: E402

GUARD = "/var/lib/routable-ipv6/guard"
SECONDS = 150.0  # until a host is back, whatever happened to it
# What a host is: all that the roles and the guard may touch, without what changes by itself. Docker adds a route of its own
# to its bridge's network, beside the kernel's, where the bridge is up already.
LOOK = r"""
files() { find /etc /usr/local -xdev "$@" | grep -v -e /mtab -e resolv.conf -e hostname -e '/hosts' -e 'ld.so.cache' | sort; }
files -type l -printf '%p -> %l\n'
files ! -type d ! -type l -printf '%p %m %U:%G\n'
files -type f | tr '\n' '\0' | xargs -0 sha256sum
ip -o addr show | grep -v veth | sed 's/^[0-9]*: //; s/tentative //; s/valid_lft.*//' | grep -v -e 'docker0.* fe80::' -e 'br-.* fe80::' | sort
for family in 4 6; do ip -$family -o route | grep -v -e veth -e '^fe80' -e 'dev routable0 metric' |
    sed 's/nhid [0-9]* //; s/expires [0-9]*sec//; s/linkdown//; s/ *$//'; done | sort
ip -6 neigh show proxy
nft -s list tables | grep -v -e ' nat$' -e ' filter$' -e ' raw$' | while read t; do nft -s list $t; done
for tool in iptables ip6tables; do $tool-save | grep '^-A' | grep -v -e DOCKER | sort; done
cd /proc/sys/net/ipv6/conf; for l in all default lo docker0 e*; do for k in forwarding accept_ra proxy_ndp disable_ipv6; do echo $l $k $(cat $l/$k); done; done
systemctl list-units --plain --no-legend --all '*.service' '*.timer' | awk '$3 != "inactive" {print $1, $3}' |
  grep -e docker -e network -e Network -e routable -e ndppd -e nftables | sort
docker network ls --filter type=custom --format '{{.Name}}'
"""
# Four ways of an uplink, each of them with another Docker or another manager.
HOSTS = [
    {"name": "networkd", "suite": "trixie", "uplink": "enp1s0", "manager": "networkd", "image": "clock"},
    {"name": "netplan", "suite": "sid", "uplink": "enp1s0", "manager": "netplan", "image": "clock"},
    {"name": "kernel", "suite": "bookworm", "uplink": "ens3", "manager": "kernel", "image": "clock"},
    {"name": "ifupdown", "suite": "trixie", "uplink": "ens3", "manager": "ifupdown", "image": "clock"},
]
VARIABLES: dict[str, dict[str, t.Any]] = {"kernel": {"vultr_ndp_backend": "ndppd"}}
KEEPER = """
docker image inspect busybox >/dev/null 2>&1 || docker import /opt/lab/busybox.tgz busybox >/dev/null
docker run -d --name keeper --restart always --stop-signal KILL busybox sleep 2147483647 >/dev/null
"""
HURRY = """
timer=/etc/systemd/system/routable-ipv6-guard.timer
if systemctl -q is-active routable-ipv6-guard.timer && ! grep -q '^OnActiveSec=1$' $timer; then
    sed -i s/^OnActiveSec=.*/OnActiveSec=1/ $timer
    systemctl daemon-reload; systemctl restart routable-ipv6-guard.timer
fi
"""
# Until the guard has had its turn while the cable is out.
DONE = f"i=0; while [ -e {GUARD}/armed.json ] && [ $i -lt 20 ]; do i=$((i+1)); sleep 1; done"
# The right time again, for what ran with another one, too.
RIGHT_TIME = """
[ -e /run/systemd/system/routable-ipv6-.service.d ] || exit 0
rm -rf /run/systemd/system/routable-ipv6-.service.d
systemctl daemon-reload
systemctl try-restart 'routable-ipv6-ndp-*.service'
"""
# Files of ours and of Ansible that were being written, wherever either writes.
HALF_WRITTEN = (
    r"find /etc /usr/local /var/lib/routable-ipv6 /run /tmp /var/tmp /root -xdev \( -name '.guard-*' -o -name '.routable-*'"
    r" -o -name '.ansible_tmp*' -o -name 'ansible-tmp-*' -o -name 'ansible_*_payload_*' \) -prune -print 2>/dev/null"
)
# A host that nobody has lost: its guard is done, its routes lead somewhere, and its containers run.
ALIVE = f"""
test ! -e {GUARD}/armed.json || {{ echo armed; exit 1; }}
ls /etc/systemd/system/routable-ipv6-guard* 2>/dev/null && {{ echo guard left; exit 1; }}
case $(systemctl is-active routable-ipv6-guard.service) in inactive) ;; *) echo restoring; exit 1;; esac
ip -4 route show default | grep -q . || {{ echo no IPv4 default route; exit 1; }}
ip -6 route show default | grep -q . || {{ echo no IPv6 default route; exit 1; }}
ping -c 1 -W 2 198.51.100.1 >/dev/null || {{ echo no IPv4 gateway; exit 1; }}
ping -6 -c 1 -W 2 2001:db8:ffff::1 >/dev/null || {{ echo no internet; exit 1; }}
test "$(docker inspect -f '{{{{.State.Running}}}}' keeper 2>&1)" = true || {{ echo keeper is down; exit 1; }}
{HALF_WRITTEN} | grep . && {{ echo half-written file; exit 1; }}
exit 0
"""


class World:
    """The lab of this test and its hosts.

    :arg names: which of :data:`HOSTS`.
    """

    def __init__(self, lab: str, directory: pathlib.Path, names: t.Sequence[str]) -> None:
        self.lab = lab
        self.directory = directory
        self.hosts = [host for host in HOSTS if host["name"] in names]
        self.names = [host["name"] for host in self.hosts]
        self.faults = directory / "faults"
        self.modules = directory / "modules"
        self.environ = {**os.environ, "LAB_NAME": lab, "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg")}
        self.docker = ""

    def up(self) -> None:
        topology = self.directory / "topology.json"
        topology.write_text(json.dumps({"hosts": self.hosts}))
        self._lab("down")
        self._lab("up", "--topology", str(topology))
        for line in self._lab("env").splitlines():
            name, sep, value = line.replace("export ", "", 1).partition("=")
            if sep:
                self.environ[name.strip()] = value.strip().strip("'\"")
        # For the lab's own functions.
        os.environ["DOCKER_HOST"] = self.environ["DOCKER_HOST"]
        self.docker = str(shutil.which("docker"))
        self.modules.mkdir(exist_ok=True)
        (self.directory / "bin").mkdir(exist_ok=True)
        stand_in = self.directory / "bin" / "docker"
        stand_in.unlink(missing_ok=True)
        program = shlex.quote(str(ROOT / "tests" / "faults" / "docker.py"))
        # Without site packages, since it starts at each step.
        stand_in.write_text(f'#!/bin/sh\nexec /usr/bin/python3 -IS {program} "$@"\n')
        stand_in.chmod(0o755)
        self._write_inventory()
        self.all(lambda name: self.sh(name, f"command -v docker >/dev/null || exit 0\n{KEEPER}"))

    def down(self) -> None:
        self._lab("down")

    def container(self, name: str) -> str:
        return f"{self.lab}-{name}"

    def all(self, action: t.Callable[[str], t.Any]) -> dict[str, t.Any]:
        with ThreadPoolExecutor(len(self.names)) as pool:
            return dict(zip(self.names, pool.map(action, self.names), strict=True))

    def try_sh(self, name: str, script: str) -> tuple[int, str]:
        words = [self.docker, "exec", "-i", self.container(name), "sh"]
        done = subprocess.run(
            words, input=script, text=True, capture_output=True, errors="replace", env=self.environ, check=False
        )
        return done.returncode, done.stdout

    def sh(self, name: str, script: str) -> str:
        code, output = self.try_sh(name, f"set -e\n{script}")
        if code:
            raise AssertionError(f"{name}: {script}\n{output}")
        return output

    def play(
        self, playbook: str, faults: dict[str, dict[str, t.Any]] | None = None, words: t.Sequence[str] = ()
    ) -> tuple[int, str, dict[str, int]]:
        """Run a playbook; gives its status, its output, and how many calls each host has seen.

        :arg faults: by host's name ``{"kind": ..., "at": ...}``.
        :arg words: more of the command line.
        """
        shutil.rmtree(self.faults, ignore_errors=True)
        self.faults.mkdir()
        (self.faults / "REAL").write_text(self.docker)
        for hook in (ROOT / "tests" / "faults" / "hooks").glob("*.sh"):
            shutil.copy(hook, self.faults)
        for name in self.names:
            fault = (faults or {}).get(name, {"kind": "none", "at": 0})
            cable = (network.container(self.lab, ROUTER), port(name))
            (self.faults / f"{self.container(name)}.json").write_text(json.dumps({**fault, "cable": cable}))
        path = f"{self.directory}/bin:{pathlib.Path(sys.executable).parent}:{self.environ['PATH']}"
        environ = {**self.environ, "PATH": path, "FAULTS": str(self.faults), "MODULES": str(self.modules)}
        ansible = [sys.executable, "-I", str(ROOT / "tests" / "faults" / "play.py")]
        command = [*ansible, "-i", str(self.directory / "inventory.json"), str(ROOT / playbook), *words]
        done = subprocess.run(
            command, env=environ, cwd=ROOT, text=True, capture_output=True, stdin=subprocess.DEVNULL, check=False
        )
        calls = {name: self._size(f"{self.container(name)}.calls") for name in self.names}
        return done.returncode, done.stdout + done.stderr, calls

    def happened(self, name: str) -> bool:
        return (self.faults / f"{self.container(name)}.happened").exists()

    def recover(self, name: str, lift: str) -> str:
        """Switch the host on if it is off, lift what lasts, and let its guard's time be up; why it is lost, or nothing."""
        if (self.faults / f"{self.container(name)}.off").exists():
            self._boot(name)
        if (self.faults / f"{self.container(name)}.pulled").exists():
            self.try_sh(name, HURRY + DONE)
            network.carrier(self.lab, lab_hosts.find(self.lab, name), "up")
        self._wait_for_calls()
        self.try_sh(name, lift)
        end = time.monotonic() + SECONDS
        while True:
            self.try_sh(name, HURRY)
            code, output = self.try_sh(name, ALIVE)
            if code == 0 or time.monotonic() > end:
                break
            time.sleep(1)
        self.try_sh(name, RIGHT_TIME)
        return "" if code == 0 else output.strip() or f"status {code}"

    def _wait_for_calls(self) -> None:
        """Until nothing of the run is at work any more.

        A worker outlives an ansible-playbook that is killed, and a call goes on without anybody to see it: either may arm
        the guard yet, or be in the midst of a change when a guard that is told to hurry puts the host back.
        """
        mark = f"FAULTS={self.faults}".encode()
        end = time.monotonic() + SECONDS
        while any(mark in environ.split(b"\0") for environ in _environments()) and time.monotonic() < end:
            time.sleep(0.2)

    def look(self, name: str) -> str:
        return self.try_sh(name, LOOK)[1]

    def half_written(self, name: str) -> str:
        """What is left of files that were being written, anywhere."""
        return " ".join(self.try_sh(name, HALF_WRITTEN)[1].split())

    def _boot(self, name: str) -> None:
        host = lab_hosts.find(self.lab, name)
        subprocess.run([self.docker, "start", self.container(name)], env=self.environ, capture_output=True, check=False)
        try:
            network.plug(self.lab, [network.cable(host)])
            lab_hosts.booted(self.lab, host)
        except LabError as error:
            # What became of it is seen soon.
            print(f"{name}: {error}", file=sys.stderr)

    def _size(self, name: str) -> int:
        path = self.faults / name
        return path.stat().st_size if path.exists() else 0

    def _lab(self, *words: str) -> str:
        done = subprocess.run(
            [str(ROOT / "lab" / "lab"), *words], text=True, capture_output=True, env=self.environ, check=False
        )
        if done.returncode:
            raise SystemExit(f"lab {' '.join(words)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def _write_inventory(self) -> None:
        hosts = {n: {"ansible_host": self.container(n), **VARIABLES.get(n, {})} for n in self.names}
        inventory = {
            "all": {
                "vars": {
                    "ansible_connection": "community.docker.docker",
                    "ansible_python_interpreter": "/usr/bin/python3",
                    "docker_host_addresses": [{"name": "web", "suffix": "::20", "ports": [80]}],
                    "ipv6_state_dir": str(self.directory / "state"),
                },
                "children": {
                    "docker_hosts": {
                        "children": {
                            "vultr": {"hosts": hosts},
                        }
                    }
                },
            }
        }
        (self.directory / "inventory.json").write_text(json.dumps(inventory))


def _environments() -> t.Iterator[bytes]:
    """What each process of this machine was started with, as far as that can be seen."""
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        # Gone by now, or the kernel's own.
        with contextlib.suppress(OSError):
            yield pathlib.Path("/proc", pid, "environ").read_bytes()
