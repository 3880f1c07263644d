# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""python3 -m doubles.bosh_director: a Director to talk to, until it is stopped."""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import typing as t

from . import psych
from .api import Director
from .deployments import Item
from .identity import ADMIN, Local, Uaa
from .server import Double

VCENTER = ("127.0.0.1", 443, "administrator@vsphere.local")


def main(arguments: t.Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="doubles.bosh_director", description=__doc__)
    parser.add_argument("--address", default="127.0.0.1", help="where to listen")
    parser.add_argument("--port", type=int, default=25555)
    parser.add_argument("--uaa-port", type=int, default=8443)
    parser.add_argument("--name", action="append", default=[], help="a further name for the certificate")
    parser.add_argument("--directory", type=pathlib.Path, required=True, help="where ca.pem is left")
    parser.add_argument("--login", choices=("uaa", "basic"), default="uaa")
    parser.add_argument("--client", default="admin", help="the client, or the user with --login basic")
    parser.add_argument("--secret-file", type=pathlib.Path, required=True, help="a file with its secret")
    parser.add_argument("--token-seconds", type=float, default=600.0)
    parser.add_argument("--director-version", default="283.1.6")
    parser.add_argument("--cpi", default="vsphere_cpi")
    parser.add_argument("--world", type=pathlib.Path, help="JSON: the first cloud config, and what the web has")
    parser.add_argument("--vcenter-password-file", type=pathlib.Path, help="run a vCenter, and VMs behind trunk0")
    options = parser.parse_args(arguments)
    known = {options.client: (options.secret_file.read_text().strip(), (ADMIN,))}
    identity = Uaa(known, options.token_seconds) if options.login == "uaa" else Local(known)
    director = Director(identity, version=options.director_version, cpi=options.cpi)
    double = Double(director, options.address, options.name, options.port, options.uaa_port, options.directory)
    if options.name:
        director.uaa_url = f"https://{options.name[0]}:{options.uaa_port}"
    world = json.loads(options.world.read_text()) if options.world else {}
    _furnish(director, world)
    vcenter = _vcenter(director, options, world) if options.vcenter_password_file else None
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *dummy: done.set())
    double.start()
    print(f"Director {double.url}, UAA {director.uaa_url}, CA {options.directory / 'ca.pem'}", flush=True)
    _notify()
    done.wait()
    double.stop()
    if vcenter is not None:
        vcenter.terminate()
    return 0


def _notify() -> None:
    """Tell systemd, where it has started this, that everything listens (sd_notify(3))."""
    if "NOTIFY_SOCKET" in os.environ:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
            to.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])


def _furnish(director: Director, world: dict[str, t.Any]) -> None:
    """What was there before anybody came."""
    if "cloud" in world:
        director.configs.update({"type": "cloud", "name": "default", "content": psych.dump(world["cloud"])})
    for entry in world.get("web", []):
        url = entry.pop("url")
        director.store.web[url] = Item(**entry)


def _vcenter(director: Director, options: argparse.Namespace, world: dict[str, t.Any]) -> subprocess.Popen[str]:
    # pyvmomi is in the image of such a host, and nowhere else needed.
    from . import guests
    from .vcenter import Vcenter

    address, port, user = VCENTER
    files = {"certificate": options.directory / "server.pem", "key": options.directory / "server.key"}
    files["password-file"] = options.vcenter_password_file
    words = [word for name, path in files.items() for word in (f"-{name}", str(path))]
    program = subprocess.Popen(
        ["vcenter", "-listen", f"[::]:{port}", "-user", user, *words], stdout=subprocess.PIPE, text=True
    )
    assert program.stdout is not None
    if not program.stdout.readline():
        raise SystemExit("the vCenter does not start")
    guests.set_up()
    password = options.vcenter_password_file.read_text().strip()
    director.backend = guests.Guests(Vcenter(address, port, user, password, world.get("port_groups", [])))
    return program


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
