# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""The command line of the lab."""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import sys

from . import cloud, daemon, hosts, images, network, setup, status, topology, traces
from .names import lab_name
from .shell import LabError, run, say


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lab/lab",
        description="A throw-away network: a router, a vantage point and hosts with a real systemd, all in containers.",
        epilog="Environment: LAB_NAME (like --name), DOCKER_HOST, LAB_MIRROR (a Debian mirror), XDG_CACHE_HOME, "
        "LAB_MOUNTS (SOURCE:TARGET[:ro] ..., from the machine into each host).",
    )
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--name", default=argparse.SUPPRESS, help="name of the lab; several can be up side by side")
    parser.add_argument("--name", default=None, help=argparse.SUPPRESS)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text, parents=[shared])

    up = command("up", "Bring the lab up; what is up already stays as it is.")
    up.add_argument("--topology", metavar="FILE", help="hosts as JSON, - for standard input; default: lab/site.json")
    command("down", "Remove the lab, and stop the private Docker daemon when no other lab uses it.")
    command("status", "Show the lab's hosts in a table.")
    execute = command("exec", "Run a command on a host, the router or the stranger.")
    execute.add_argument("host")
    execute.add_argument("argv", nargs=argparse.REMAINDER, metavar="CMD")
    for name, text in (
        ("plug", "Plug a host's cable in, after the container was restarted by hand."),
        ("reboot", "Restart a host with its disk kept, and wait for its boot."),
    ):
        command(name, text).add_argument("host")
    link = command("link", "Take a host's carrier away at the switch, bring it back, or make the uplink anew.")
    link.add_argument("host")
    link.add_argument("state", choices=("up", "down", "recreate"))
    command("env", "Print shell commands that set DOCKER_HOST and LAB_NAME for this lab.")
    build = command("images", "Build the images and do nothing else.")
    build.add_argument("--topology", metavar="FILE", help="only the images of these hosts; default: lab/site.json")
    traces_ = command(
        "traces", "Print as JSON what a lab could leave on the machine, or compare with an earlier print."
    )
    traces_.add_argument("--since", metavar="FILE", help="an earlier print; exits with 1 and the differences, if any")
    command("setup", "Make the checkout ready for work: missing Debian packages, .venv, the collection's link.")
    command("clean", "Remove the lab's images and its cache; every lab must be down.")
    return parser


def _up(name: str, source: str | None) -> None:
    wanted = topology.load(source)
    with daemon.engine():
        hosts.up(name, wanted)
    say(f"lab {name} is up")


def _images(source: str | None) -> None:
    wanted = [(host.suite, host.image) for host in topology.load(source)]
    with daemon.engine():
        images.ensure(wanted)
        for image in sorted({images.tag(*one) for one in wanted}):
            print(image)


def _with_running(name: str) -> bool:
    """Talk to the engine that answers; False when there is none, and so no lab."""
    found = daemon.running()
    if found is None:
        return False
    daemon.use(found)
    return True


def _down(name: str) -> None:
    # A lab stays on the engine it was made on, also when another one has begun to answer since.
    found = 0
    # First, since it is the one that makes containers.
    cloud.stop(name)
    for endpoint in daemon.engines():
        daemon.use(endpoint)
        found += hosts.down(name)
    if not found:
        say(f"lab {name} is not up")
    daemon.stop_if_unused()


def _env(name: str) -> None:
    found = daemon.running()
    endpoint = daemon.private_host() if found is None else found
    print(f"export DOCKER_HOST={shlex.quote(endpoint)}" if endpoint else "unset DOCKER_HOST")
    print(f"export LAB_NAME={shlex.quote(name)}")


def _clean() -> None:
    for endpoint in daemon.engines():
        daemon.use(endpoint)
        left = run(["docker", "ps", "-aq", f"--filter=label={network.LABEL}"]).stdout.split()
        if left:
            raise LabError(f"{len(left)} containers of labs are still there; `lab/lab down` for each of them first.")
        images.remove()
    if not daemon.stop_if_unused():
        raise LabError("The private Docker daemon still has containers, so its cache stays.")
    if daemon.cache().exists():
        shutil.rmtree(daemon.cache())
        say(f"removed {daemon.cache()}")


def _traces(since: str | None) -> int:
    if since is None:
        print(json.dumps(traces.snapshot(), indent=1))
        return 0
    found = traces.compare(since)
    print("\n".join(found) or "no differences")
    return 1 if found else 0


def _on_host(name: str, arguments: argparse.Namespace) -> None:
    host = hosts.find(name, arguments.host)
    if arguments.command == "reboot":
        hosts.reboot(name, host)
    elif arguments.command == "plug" or arguments.state == "recreate":
        hosts.plug(name, host)
    else:
        network.carrier(name, host, arguments.state)


def _execute(name: str, arguments: argparse.Namespace) -> int:
    argv = arguments.argv[1:] if arguments.argv[:1] == ["--"] else arguments.argv
    if not argv:
        raise LabError("`lab/lab exec HOST` needs a command to run.")
    terminal = ["-t"] if sys.stdin.isatty() and sys.stdout.isatty() else []
    docker = shutil.which("docker") or "docker"
    os.execv(docker, [docker, "exec", "-i", *terminal, network.container(name, arguments.host), *argv])


def _dispatch(arguments: argparse.Namespace) -> int:
    name = lab_name(arguments.name)
    if arguments.command == "up":
        _up(name, arguments.topology)
    elif arguments.command == "images":
        _images(arguments.topology)
    elif arguments.command == "down":
        _down(name)
    elif arguments.command == "env":
        _env(name)
    elif arguments.command == "clean":
        _clean()
    elif arguments.command == "traces":
        return _traces(arguments.since)
    elif arguments.command == "setup":
        setup.setup()
    elif not _with_running(name):
        raise LabError("No Docker engine answers, so no lab is up; `lab/lab up` brings one up.")
    elif arguments.command == "status":
        print(status.table(name))
    elif arguments.command == "exec":
        return _execute(name, arguments)
    else:
        _on_host(name, arguments)
    return 0


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 when it worked, 1 with one sentence on standard error when it did not."""
    arguments = _parser().parse_args(argv)
    try:
        return _dispatch(arguments)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lab: interrupted", file=sys.stderr)
        return 130
