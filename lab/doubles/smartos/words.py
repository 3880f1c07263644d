# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""What all commands of vmadm share: their words, their payload, and how they speak."""

from __future__ import annotations

import json
import sys
import typing as t

import values
from values import Refusal

USAGE = "Usage: vmadm <command> [options]"


class UsageError(Exception):
    """Wrong words on the command line: exit code 2."""


class Payload:
    """Standard input or the file of -f, read when it is asked for."""

    def __init__(self, argv: t.Sequence[str]) -> None:
        self._file = argv[argv.index("-f") + 1] if "-f" in argv[:-1] else None
        self.text: str | None = None

    def read(self, verb: str) -> dict[str, t.Any]:
        if self._file is not None:
            with open(self._file, encoding="utf-8") as handle:
                self.text = handle.read()
        elif sys.stdin.isatty():
            raise UsageError(f"Will not {verb} from stdin when stdin is a tty.")
        else:
            self.text = sys.stdin.read()
        try:
            parsed = json.loads(self.text)
        except ValueError as error:
            raise Refusal(f"Invalid JSON payload: {error}") from error
        if not isinstance(parsed, dict):
            raise Refusal("Invalid JSON payload: not an object")
        return parsed


def uuid_of(words: list[str], command: str) -> str:
    if not words or not values.UUID.fullmatch(words[0]):
        raise UsageError(f"Invalid or missing UUID for {command}")
    return words[0]


def done(text: str) -> int:
    print(text, file=sys.stderr)
    return 0


def show(value: object) -> int:
    print(json.dumps(value, indent=2))
    return 0
