# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A process from which nothing gets out: whatever writes, runs or connects is put down and refused.

The interpreter's own audit events are the source (PEP 578), so it does not matter by which library it is done.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import socket
import sys
import typing as t

from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = (
    "os.rename",
    "os.remove",
    "os.rmdir",
    "os.mkdir",
    "os.chmod",
    "os.chown",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.kill",
    "os.killpg",
    "shutil.rmtree",
    "shutil.move",
    "shutil.copyfile",
)
_RUNS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "pty.spawn")
_SPEAKS = ("socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo")


class Blocked(socket.gaierror):
    """What a program gets that tries to get out; of the resolver it is an error that a program expects."""


class World:
    """What was tried while it was watched. Below ``allowed`` everything may be written."""

    def __init__(self, *allowed: str) -> None:
        self.allowed = allowed
        self.tried: list[tuple[str, tuple[t.Any, ...]]] = []

    def see(self, event: str, arguments: tuple[t.Any, ...]) -> None:
        if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & _WRITES):
            return
        if event != "open" and event not in _CHANGES + _RUNS + _SPEAKS:
            return
        if event in ("open", *_CHANGES) and self._mine(arguments):
            return
        self.tried.append((event, arguments))
        raise Blocked(f"{event} is not done in a test")

    def _mine(self, arguments: tuple[t.Any, ...]) -> bool:
        paths = [os.fsdecode(one) for one in arguments[:2] if isinstance(one, (str, bytes)) and one]
        return bool(paths) and all(
            os.path.abspath(path).startswith((*self.allowed, "/dev/null")) for path in paths if os.sep in path
        )


_watched: World | None = None


def _hook(event: str, arguments: tuple[t.Any, ...]) -> None:
    if _watched is not None:
        _watched.see(event, arguments)


sys.addaudithook(_hook)


@contextlib.contextmanager
def watched(world: World) -> t.Iterator[World]:
    global _watched
    former, _watched = _watched, world
    try:
        yield world
    finally:
        _watched = former


class Answered(t.NamedTuple):
    """How a module ended, and what it tried on the way."""

    result: dict[str, t.Any]
    tried: list[tuple[str, tuple[t.Any, ...]]]
    commands: list[tuple[list[str], str | None]]

    @property
    def refused(self) -> bool:
        return bool(self.result.get("failed")) and not self.tried and not self.commands


Answer = t.Callable[[t.List[str], t.Optional[str]], t.Tuple[int, str, str]]


def nobody(command: list[str], data: str | None) -> tuple[int, str, str]:
    """A host on which no command succeeds."""
    return 1, "", "no such thing"


def run_module(name: str, params: dict[str, t.Any], tmp: str, answer: Answer = nobody) -> Answered:
    """A module's own ``main`` with these parameters, up to where it would touch the host."""
    module = importlib.import_module(f"ansible_collections.routable.ipv6.plugins.modules.{name.split()[0]}")
    commands: list[tuple[list[str], str | None]] = []

    def run_command(_self: t.Any, args: t.Any, **options: t.Any) -> tuple[int, str, str]:
        assert isinstance(args, list), f"{name} gives a shell one line: {args!r}"
        assert not options.get("use_unsafe_shell"), f"{name} uses a shell: {args!r}"
        commands.append((list(args), options.get("data")))
        return answer(list(args), options.get("data"))

    world = World(tmp)
    stdout, stderr = io.StringIO(), io.StringIO()
    former = basic.AnsibleModule.run_command, basic.AnsibleModule.get_bin_path, basic.AnsibleModule.log
    basic.AnsibleModule.run_command = run_command
    basic.AnsibleModule.get_bin_path = lambda _self, arg, *_args, **_options: f"/bin/{arg}"
    basic.AnsibleModule.log = lambda *_args, **_options: None
    try:
        with contextlib.ExitStack() as stack:
            # Some libraries let it through; the module got as far as the host.
            stack.enter_context(contextlib.suppress(SystemExit, Blocked))
            stack.enter_context(patch_module_args({**params, "_ansible_remote_tmp": tmp}))
            stack.enter_context(contextlib.redirect_stdout(stdout))
            stack.enter_context(contextlib.redirect_stderr(stderr))
            stack.enter_context(watched(world))
            try:
                module.main()
            except Exception as error:
                # Others hide it in an exception of their own.
                if not world.tried:
                    raise
                stdout.write(json.dumps({"failed": True, "msg": str(error)}))
    finally:
        basic.AnsibleModule.run_command, basic.AnsibleModule.get_bin_path, basic.AnsibleModule.log = former
    return Answered(json.loads(stdout.getvalue() or "{}"), world.tried, commands)
