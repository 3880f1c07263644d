# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is PRIVATE to the collection: its content can change without notice.

"""A program of the user that answers requests which no pool can serve.

It is run once for each request, with the request as a JSON object on its standard input, and prints an address: as
bare text, as a JSON text, or as a JSON object with ``address``, ``prefix`` or ``suffix`` and, if it likes, ``pool``,
``owner`` and ``meta``.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._allocation_batch import ASKED_POOL, Unserved
from ansible_collections.routable.ipv6.plugins.module_utils._allocation_wishes import Wish, parse_wish
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused

_KEYS = ("address", "prefix", "suffix", "pool", "owner", "meta")
_SHOWN = 200


class Provider:
    """The program, its time limit, and the directory that a relative path of it starts from."""

    def __init__(self, command: object, timeout: float, directory: str) -> None:
        """:raises Refused: there is no program."""
        words = shlex.split(command) if isinstance(command, str) else command
        if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
            raise Refused(
                f"provider={command!r}", "this is a program with its arguments", "Give a text or a list of texts"
            )
        program = os.path.expanduser(words[0])
        if os.sep in program:
            program = os.path.normpath(os.path.join(directory, program))
        self._command = [program, *words[1:]]
        self._timeout, self._directory = timeout, directory

    def ask(self, wish: Wish, unserved: Unserved, check: bool) -> Wish:
        """The wish with the place that the program answers.

        :raises Refused: the program cannot be run, fails, takes too long, or answers something else.
        """
        request = wish.request
        question = {
            "name": request.name,
            "pool": None if wish.nowhere else request.pool,
            "length": request.length,
            "owner": request.owner,
            "meta": dict(request.meta or {}),
            "reason": unserved.error.rule,
            "check_mode": check,
        }
        answer = self._answer(self._run(json.dumps(question), request.name), request.name)
        meta = {**(request.meta or {}), **(answer.get("meta") or {})}
        if not wish.nowhere:
            meta[ASKED_POOL] = request.pool
        place = {key: answer[key] for key in ("address", "prefix", "suffix") if answer.get(key)}
        given: dict[str, t.Any] = {"name": request.name, "length": request.length, "force": request.force, **place}
        given["owner"] = answer.get("owner") or request.owner
        given["meta"] = meta or None
        # Where no pool is named, the innermost one that holds the address is meant; a suffix is of the asked pool.
        pool = answer.get("pool") or (None if "suffix" not in place or wish.nowhere else request.pool)
        try:
            return parse_wish({key: value for key, value in given.items() if value is not None}, pool)
        except Refused as refused:
            raise Refused(f"provider: {refused.what}", refused.rule, "Correct what the program prints") from refused

    def _run(self, question: str, name: str) -> str:
        what, program = f"provider for {name}", self._command[0]
        try:
            done = subprocess.run(
                self._command,
                input=question,
                capture_output=True,
                text=True,
                timeout=self._timeout,
                cwd=self._directory,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Refused(
                what, f"{program} gave no answer in {self._timeout:g} s", "Make it faster, or give it more time"
            ) from None
        except OSError as error:
            raise Refused(
                what,
                f"{program} cannot be run ({os.strerror(error.errno or 0)})",
                "Give a program that this user can run",
            ) from error
        except ValueError as error:
            raise Refused(what, f"{program} printed what is no text", "Make it print an address") from error
        if done.returncode:
            said = " ".join(done.stderr.split())[:_SHOWN] or "it said nothing"
            raise Refused(
                what, f"{program} ended with {done.returncode} ({said})", "See to the program, or ask for less"
            )
        return done.stdout.strip()

    def _answer(self, text: str, name: str) -> dict[str, t.Any]:
        what = f"provider for {name}"
        if not text:
            raise Refused(
                what, f"{self._command[0]} printed nothing", "Make it print an address, or fail with a reason"
            )
        if text[0] in '{["':
            try:
                answer = json.loads(text)
            except ValueError as error:
                raise Refused(
                    what, f"its answer {text[:_SHOWN]!r} is no JSON ({error})", "Correct what it prints"
                ) from error
            if isinstance(answer, dict):
                return self._checked(answer, what)
            text = answer
        if not isinstance(text, str) or len(text.split()) != 1:
            raise Refused(what, f"its answer {str(text)[:_SHOWN]!r} is no address", "Make it print one address")
        return {"prefix" if "/" in text else "address": text}

    @staticmethod
    def _checked(answer: dict[str, t.Any], what: str) -> dict[str, t.Any]:
        unknown = sorted(key for key in answer if key not in _KEYS)
        if unknown:
            raise Refused(f"{what}: {unknown[0]}", f"an answer has {', '.join(_KEYS)}", "Correct what it prints")
        if not any(answer.get(key) for key in ("address", "prefix", "suffix")):
            raise Refused(what, "its answer has no address", "Make it print one address")
        return answer
