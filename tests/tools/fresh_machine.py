# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A checkout on a machine that has git, make, python3, root, and nothing else.

    python3 tests/tools/fresh_machine.py [--engine] [--cache DIR] [trixie|bookworm [WORD...]]

The machine is a container of Debian as debootstrap leaves it, with a Docker daemon of its own inside; it shares the
real machine's way to package mirrors and nothing else, so that the first run makes everything anew. HEAD of this
checkout is cloned there, and `make WORD...` runs in it: `test`, or `test STEPS="lint unit"`. Without words it is `make
site`, `make site` again, which must change nothing, and `make lab-down`; what a lab could leave behind is compared by
tests/traces.sh. With ``--engine`` Debian's Docker runs there before, as on a developer's machine. With ``--cache`` the
machine's ~/.cache, with the lab's images and the environments of the tests, is a directory that stays for the next one.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "lab"))

from routable_lab import daemon, images, network  # noqa: E402

CERTIFICATES = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
# Not the same place, which belongs to the Debian package that `make site` may install.
TRUSTED = "/etc/machine-certificates.pem"

# As its own init the container has a cgroup of version 2, in which a daemon may make others only if the top is empty.
MACHINE = """
if [ "$(stat -fc %T /sys/fs/cgroup)" != cgroup2fs ]; then
    umount -R /sys/fs/cgroup
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
else
    mount -o remount,bind,rw /sys/fs/cgroup
fi
mkdir /sys/fs/cgroup/init
echo $$ >/sys/fs/cgroup/init/cgroup.procs
touch /run/ready
exec sleep infinity
"""

# Not in the environment, which ansible-test keeps from its own pip.
PIP = f"""
[ ! -e {TRUSTED} ] || printf '[global]\\ncert = %s\\n' {TRUSTED} >/etc/pip.conf
"""

PACKAGES = "apt-get -q update && apt-get -qq install -y --no-install-recommends git make python3"

# Its bridge and its rules would be the real machine's, whose network this container shares.
ENGINE = """
apt-get -qq install -y --no-install-recommends docker.io $(apt-cache -q show docker-cli 2>/dev/null | sed -n '1s/.*/docker-cli/p')
dockerd --bridge=none --iptables=false --ip6tables=false --ip-forward=false >/var/log/dockerd.log 2>&1 &
until docker version >/dev/null 2>&1; do kill -0 $! || { cat /var/log/dockerd.log; exit 1; }; sleep 0.2; done
"""

CLONE = """
git clone -q file:///checkout /root/checkout
cd /root/checkout
git log -1 --format='commit %h: %s'
"""

SITE = """
make site
make site | tee /root/second.log
python3 tests/tools/check_unchanged.py /root/second.log
make lab-down
"""


def start(name: str, suite: str, cache: pathlib.Path | None) -> None:
    """Start the container that is the machine."""
    privileges = [flag for flag in network.privileges() if not flag.startswith(("--network", "--sysctl"))]
    kept = f"{cache.resolve()}:" if cache else ""
    mounts = [
        f"--volume={kept}/root/.cache",
        "--volume=/var/lib/docker",
        "--volume=/var/lib/containerd",
        "--tmpfs=/run",
    ]
    mounts += [f"--volume={ROOT}:/checkout:ro"]
    # The machine's own way to packages.
    settings = [f"--env={key}" for key in os.environ if key.lower().endswith("_proxy")]
    if CERTIFICATES.exists():
        mounts += [f"--volume={CERTIFICATES}:{TRUSTED}:ro"]
    command = ["docker", "run", "-d", f"--name={name}", f"--label={network.LABEL}={name}", "--network=host"]
    command += ["--cgroupns=private", "--device-cgroup-rule=a *:* rwm", *privileges, *mounts, *settings]
    subprocess.run([*command, f"routable-lab-root:{suite}", "sh", "-ec", MACHINE], check=True)
    network.wait_ready(name.rpartition("-")[0], name.rpartition("-")[2])


def inside(name: str, script: str) -> None:
    """Run a script on the machine, its output shown as it comes. Raises CalledProcessError when it fails."""
    environment = ["--env=DEBIAN_FRONTEND=noninteractive", "--env=LANG=C.UTF-8"]
    # The engine starts what runs inside, so it would not be as nice as this process.
    command = ["nice", f"--adjustment={os.nice(0)}", "bash", "-eo", "pipefail", "-c", script]
    subprocess.run(["docker", "exec", *environment, name, *command], check=True)


def make(name: str, options: argparse.Namespace, task: str) -> bool:
    """Have the task done on a machine of this name; whether it was."""
    with daemon.engine():
        images.ensure([(options.suite, "host")])
        try:
            start(name, options.suite, options.cache)
            inside(name, PIP + PACKAGES)
            inside(name, (ENGINE if options.engine else "") + CLONE + task)
        except subprocess.CalledProcessError as error:
            print(f"failed with code {error.returncode}: {error.cmd[-1].strip()}", flush=True)
            return False
        finally:
            if not options.keep:
                subprocess.run(["docker", "rm", "-fv", name], check=False, stdout=subprocess.DEVNULL)
    return True


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", action="store_true", help="a Docker engine runs there already")
    parser.add_argument("--keep", action="store_true", help="leave the machine running, to look at")
    parser.add_argument("--cache", type=pathlib.Path, metavar="DIR", help="keep the machine's ~/.cache there")
    parser.add_argument("suite", nargs="?", default="trixie", choices=["trixie", "bookworm"])
    parser.add_argument("word", nargs="*", help="what make is to do instead of the site, twice")
    options = parser.parse_args()
    if options.cache:
        options.cache.mkdir(parents=True, exist_ok=True)
    task = shlex.join(["make", *options.word]) if options.word else SITE
    name = f"fresh-{os.getpid()}-{options.suite}"
    try:
        made = make(name, options, task)
    finally:
        daemon.stop_if_unused()
    if not made:
        return 1
    what = " ".join(options.word) or "the site, and changed nothing the second time"
    print(f"a fresh machine with {options.suite} has made {what}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
