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
pulled   the cable is pulled, and the connection is gone; whoever reads ``NAME.pulled`` plugs it in again
flaps    the cable is pulled before the call and plugged in again, so that the call comes to a host that settles
HOOK     any other kind is a script ``HOOK.sh`` for the host, which runs there before the call

With ``clock_jumps``, the call and all later ones see a clock that is years ahead, and years behind, by turns. The fault of
one whose cable is pulled has ``cable`` too: the container at its other end, and the name of that end.
"""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time

DELAY = 0.4  # seconds after the start of a call that count as its middle
FLAP = 1.5  # seconds without a carrier
ENDING = ("cut", "lost", "off", "midway", "pulled")  # kinds after which nothing reaches the host
# Only the time of the day jumps: neither the clock that counts from the boot nor the files' times do.
CLOCK = {"LD_PRELOAD": "/opt/libfaketime.so", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}


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


def carrier(real, cable, state):
    subprocess.run([real, "exec", cable[0], "ip", "link", "set", cable[1], state], check=True)


def with_clock(command, number):
    """The same call, seeing another time."""
    place = command.index("exec") + 1
    settings = {**CLOCK, "FAKETIME": "+900d" if number % 2 else "-500d"}
    return [*command[:place], *(word for pair in settings.items() for word in ("-e", "=".join(pair))), *command[place:]]


def happen(fault, directory, name, command):
    real, kind = command[0], fault["kind"]
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
    elif kind in ("pulled", "flaps"):
        carrier(real, fault["cable"], "down")
        if kind == "pulled":
            open(os.path.join(directory, name + ".pulled"), "w").close()
            gone()
        time.sleep(FLAP)
        carrier(real, fault["cable"], "up")
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
    if number > fault["at"] and fault["kind"] in ENDING:
        gone()
    if number == fault["at"]:
        open(os.path.join(directory, name + ".happened"), "w").close()
        happen(fault, directory, name, command)
    if number >= fault["at"] and fault["kind"] == "clock_jumps":
        command = with_clock(command, number)
    os.execv(command[0], command)


main()
