# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""python -m doubles.ec2 --port 5000: EC2 for the lab, until it is interrupted."""

from __future__ import annotations

import argparse
import signal
import sys
import typing as t

from .server import Double

REGION = "us-east-1"
# Of one of them there are two, so that the newest one has to be found.
IMAGES = ("debian-12-amd64-20260811-2201", "debian-12-amd64-20261110-2293", "debian-sid-amd64-daily-20261110-2293")


def main(arguments: t.Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="doubles.ec2", description=__doc__)
    parser.add_argument("--address", default="127.0.0.1", help="where to listen (default: %(default)s)")
    parser.add_argument("--port", type=int, default=5000, help="0 is any free one (default: %(default)s)")
    parser.add_argument("--lax", action="store_true", help="moto without the rules")
    parser.add_argument("--lab", help="instances are the hosts of this lab")
    options = parser.parse_args(arguments)
    machines = None
    if options.lab:
        # Not for who has no lab.
        from .machines import Machines

        machines = Machines(options.lab)
    double = Double(options.address, options.port, strict=not options.lax, machines=machines)
    with double:
        if machines:
            machines.furnish(double.backend(REGION), IMAGES)
            machines.announce(double.url)
        print(double.url, flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    return 0


if __name__ == "__main__":
    # Before any thread starts, so that all of them leave the signals to sigwait.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    sys.exit(main(sys.argv[1:]))
