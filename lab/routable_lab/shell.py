# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""Run commands and say how it goes."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence

STARTED = time.monotonic()
BEAT_SECONDS = 15.0


class LabError(Exception):
    """The lab cannot do what was asked; the text is one sentence for the user."""


def say(text: str) -> None:
    """Print a progress line with the seconds since the command started, on standard error."""
    sys.stderr.write(f"lab {time.monotonic() - STARTED:6.1f}s  {text}\n")
    sys.stderr.flush()


def run(
    argv: Sequence[str],
    *,
    data: bytes | None = None,
    check: bool = True,
    timeout: float | None = None,
    env: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command with its output captured as text.

    Raises LabError with the command and the end of its output when it fails and `check` is set, or when it takes
    longer than `timeout` seconds.
    """
    try:
        done = subprocess.run(list(argv), input=data, capture_output=True, timeout=timeout, env=env, check=False)
    except FileNotFoundError as error:
        raise LabError(f"The command {argv[0]} is not installed; `make setup` installs what the lab needs.") from error
    except subprocess.TimeoutExpired as error:
        raise LabError(f"`{' '.join(argv)[:200]}` did not finish within {timeout} s.") from error
    result = subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
    )
    if check and result.returncode != 0:
        tail = (result.stderr or result.stdout).strip()[-1500:]
        raise LabError(f"`{' '.join(argv)[:200]}` failed with code {result.returncode}: {tail}")
    return result


@contextlib.contextmanager
def heartbeat(what: str, every: float = BEAT_SECONDS) -> Iterator[None]:
    """Say `what` at once and again every few seconds until the block ends, so that no long step is silent."""
    begin = time.monotonic()
    over = threading.Event()

    def beat() -> None:
        while not over.wait(every):
            say(f"{what}: still at it after {time.monotonic() - begin:.0f} s")

    say(what)
    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
