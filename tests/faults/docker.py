# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands before the docker command on Ansible's way to a lab host, and does what FAULTS says at one of its calls.

FAULTS names a directory with ``REAL``, the path of the real command, and for each host's container ``NAME.json``:
``{"kind": ..., "at": n}``. The n-th ``docker exec`` on that container, counted from 1, is the one at which it happens:

cut      the connection is gone: this call and all later ones fail, and the host sees nothing of them
lost     the host carries this call out, and then the connection is gone
worker   Ansible's worker is killed before the call
between  Ansible's worker is killed while the host carries the call out
run      Ansible itself is killed, with all its workers, while the host carries the call out
off      the host loses its power before the call; it is switched on again by whoever reads ``NAME.off``
midway   the host loses its power while it carries the call out
HOOK     any other kind is a script ``HOOK.sh`` for the host, which runs there before the call
"""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys

DELAY = 0.4  # seconds after the start of a call that count as its middle


def count(path):
    """The number of this call."""
    with open(path, "a+") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        stream.seek(0)
        number = len(stream.read()) + 1
        stream.write(".")
        return number


def gone():
    sys.stderr.write("the connection is gone\n")
    raise SystemExit(255)


def main_process():
    """The process of ansible-playbook, whose workers call this program."""
    with open(f"/proc/{os.getppid()}/stat") as stream:
        return int(stream.read().rpartition(")")[2].split()[1])


def begin(command):
    """Start a call whose end nobody will see, and give it time to get to its middle."""
    done = subprocess.Popen(
        command, stdin=0, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    with contextlib.suppress(subprocess.TimeoutExpired):
        done.wait(DELAY)
    return done


def happen(kind, directory, name, command):
    real = command[0]
    if kind in ("cut", "lost"):
        if kind == "lost":
            subprocess.run(command, stdin=0, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        gone()
    elif kind in ("worker", "between", "run"):
        if kind != "worker":
            begin(command)
        if kind == "run":
            os.kill(main_process(), signal.SIGKILL)
        os.kill(os.getppid(), signal.SIGKILL)
        raise SystemExit(137)
    elif kind in ("off", "midway"):
        if kind == "midway":
            begin(command)
        subprocess.run([real, "kill", name], stdout=subprocess.DEVNULL, check=False)
        open(os.path.join(directory, name + ".off"), "w").close()
        gone()
    else:
        with open(os.path.join(directory, kind + ".sh")) as script:
            subprocess.run([real, "exec", "-i", name, "sh"], stdin=script, stdout=subprocess.DEVNULL, check=False)


def main():
    directory = os.environ["FAULTS"]
    with open(os.path.join(directory, "REAL")) as stream:
        command = [stream.read().strip(), *sys.argv[1:]]
    names = [word for word in command if os.path.exists(os.path.join(directory, word + ".json"))]
    if "exec" not in command or not names:
        os.execv(command[0], command)
    name = names[0]
    number = count(os.path.join(directory, name + ".calls"))
    with open(os.path.join(directory, name + ".json")) as stream:
        fault = json.load(stream)
    after = number > fault["at"] and fault["kind"] in ("cut", "lost", "off", "midway")
    if after:
        gone()
    if number == fault["at"]:
        open(os.path.join(directory, name + ".happened"), "w").close()
        happen(fault["kind"], directory, name, command)
    os.execv(command[0], command)


main()
