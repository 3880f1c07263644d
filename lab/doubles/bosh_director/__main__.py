# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""python3 -m doubles.bosh_director: a Director to talk to, until it is stopped."""

from __future__ import annotations

import argparse
import pathlib
import signal
import sys
import threading
import typing as t

from .api import Director
from .identity import ADMIN, Local, Uaa
from .server import Double


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
    options = parser.parse_args(arguments)
    known = {options.client: (options.secret_file.read_text().strip(), (ADMIN,))}
    identity = Uaa(known, options.token_seconds) if options.login == "uaa" else Local(known)
    director = Director(identity, version=options.director_version, cpi=options.cpi)
    double = Double(director, options.address, options.name, options.port, options.uaa_port, options.directory)
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *dummy: done.set())
    double.start()
    print(f"Director {double.url}, UAA {director.uaa_url}, CA {options.directory / 'ca.pem'}", flush=True)
    done.wait()
    double.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
