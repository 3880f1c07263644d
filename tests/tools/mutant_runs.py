# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which unit tests run a line, and whether they notice a mutant of it: the pytest side of tests/tools/mutants.py."""

from __future__ import annotations

import collections
import gc
import json
import os
import pathlib
import resource
import shutil
import signal
import sys
import tempfile
import types
import typing as t

import coverage
import pytest
from mutant_kinds import Mutant

# The deepest that a test may go wrong: seconds of the processor, beside those that the tests took before.
SPARE = 20
# The exit code of a child that could not make its mutant, which says nothing of the tests.
UNMADE = 9
Record = t.Dict[str, t.Dict[str, t.Any]]


class Recorder:
    """Notes for each test how long it takes and which lines of the files it runs."""

    def __init__(self, files: t.Sequence[pathlib.Path], scratch: pathlib.Path) -> None:
        self.files = files
        self.seconds: dict[str, float] = collections.defaultdict(float)
        self.failed: list[str] = []
        self._coverage = coverage.Coverage(
            data_file=str(scratch / "coverage"), config_file=False, include=[str(file) for file in files]
        )

    def pytest_sessionstart(self) -> None:
        self._coverage.start()

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._coverage.switch_context(nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] += report.duration
        if report.failed:
            self.failed.append(report.nodeid)

    def lines(self) -> dict[str, dict[str, list[int]]]:
        """For each test, the lines that it runs in each file."""
        self._coverage.stop()
        data = self._coverage.get_data()
        found: dict[str, dict[str, list[int]]] = {name: {} for name in self.seconds}
        for file in self.files:
            for line, tests in data.contexts_by_lineno(str(file)).items():
                for test in tests:
                    if test in found:
                        found[test].setdefault(file.name, []).append(line)
        return found


class Trials:
    """Instead of the tests themselves: forks a child for each mutant, which runs its tests until one fails."""

    def __init__(
        self, mutants: t.Sequence[tuple[Mutant, list[str]]], seconds: t.Mapping[str, float], jobs: int
    ) -> None:
        self._mutants = mutants
        self._seconds = seconds
        self._jobs = jobs
        self._pids: dict[int, int] = {}
        # The exit code of each mutant's tests: 0 that none failed, 1 that one did, else the signal that ended it.
        self.codes: dict[int, int] = {}
        self.sane = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            os._exit(1)

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        functions = _functions({mutant.path for mutant, tests in self._mutants})
        gc.collect()
        gc.freeze()
        scratch = tempfile.mkdtemp(prefix="mutants-")
        everything = sorted({test for mutant, tests in self._mutants for test in tests}, key=self._cost)
        self._start(-1, None, [items[test] for test in everything], functions, scratch)
        self._wait()
        self.sane = self.codes.pop(-1) == 0
        for number, (mutant, tests) in enumerate(self._mutants if self.sane else []):
            while len(self._pids) >= self._jobs:
                self._wait()
            if tests:
                chosen = [items[test] for test in sorted(tests, key=self._cost)]
                self._start(number, mutant, chosen, functions, scratch)
        while self._pids:
            self._wait()
        shutil.rmtree(scratch, ignore_errors=True)
        return True

    def _cost(self, test: str) -> tuple[float, str]:
        return self._seconds[test], test

    def _start(
        self,
        number: int,
        mutant: Mutant | None,
        items: list[pytest.Item],
        functions: dict[tuple[str, str], list[types.FunctionType]],
        scratch: str,
    ) -> None:
        pid = os.fork()
        if pid:
            self._pids[pid] = number
            return
        limit = SPARE + int(5 * sum(self._seconds[item.nodeid] for item in items))
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
        # A test that waits for what never comes uses no processor.
        signal.alarm(20 * limit)
        own = os.path.join(scratch, str(number))
        os.mkdir(own)
        os.environ["PYTEST_DEBUG_TEMPROOT"] = own
        try:
            if mutant:
                _apply(mutant, functions)
        except BaseException as error:
            print(f"{mutant} cannot be made: {error!r}", file=sys.stderr, flush=True)
            os._exit(UNMADE)
        try:
            for item, following in zip(items, [*items[1:], None]):
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        except BaseException:
            os._exit(3)
        os._exit(0)

    def _wait(self) -> None:
        pid, status = os.wait()
        if pid in self._pids:
            self.codes[self._pids.pop(pid)] = os.waitstatus_to_exitcode(status)


def _functions(files: t.Collection[pathlib.Path]) -> dict[tuple[str, str], list[types.FunctionType]]:
    """The functions that are in memory, by their file and name."""
    names = {str(file) for file in files}
    found = collections.defaultdict(list)
    for one in gc.get_objects():
        if isinstance(one, types.FunctionType):
            file = os.path.realpath(one.__code__.co_filename)
            if file in names:
                found[file, one.__code__.co_qualname].append(one)
    return found


def _apply(mutant: Mutant, functions: t.Mapping[tuple[str, str], list[types.FunctionType]]) -> None:
    """Give each copy of the function the mutant's code: whoever imported it has it too."""
    module = next(one for one in list(sys.modules.values()) if _file(one) == str(mutant.path))
    names: dict[str, t.Any] = {"__name__": module.__name__, "__file__": str(mutant.path)}
    exec(compile(mutant.source, str(mutant.path), "exec", dont_inherit=True), names)
    one: t.Any = types.SimpleNamespace(**names)
    for part in mutant.function.split("."):
        one = getattr(one, part)
    mutated = getattr(one, "__func__", one)
    for function in functions[str(mutant.path), mutant.function]:
        function.__code__ = mutated.__code__
        if mutated.__defaults__ != function.__defaults__:
            function.__defaults__ = mutated.__defaults__
        if mutated.__kwdefaults__ != function.__kwdefaults__:
            function.__kwdefaults__ = mutated.__kwdefaults__


def _file(module: t.Any) -> str:
    return os.path.realpath(getattr(module, "__file__", None) or "")


def _pytest(arguments: t.Sequence[str], plugin: object) -> int:
    # What the tests print is nobody's business here, and a failed one is not reported either.
    quiet = ["-p", "no:cacheprovider", "-p", "no:terminal"]
    return int(pytest.main([*quiet, *arguments], plugins=[plugin]))


def record(tests: t.Sequence[str], files: t.Sequence[pathlib.Path]) -> Record:
    """For each of these tests (paths below the current directory), its seconds and the lines that it runs."""
    with tempfile.TemporaryDirectory() as scratch:
        recorder = Recorder(files, pathlib.Path(scratch))
        code = _pytest(tests, recorder)
        if code not in (0, 1, 5):
            raise SystemExit(f"The unit tests cannot be run: pytest ended with {code}")
        lines = recorder.lines()
    for test in set(recorder.failed):
        # It would be red with any mutant.
        print(f"left out, since it is red without a mutant: {test}", flush=True)
        del lines[test]
    return {test: {"seconds": recorder.seconds[test], "lines": lines[test]} for test in lines}


def in_a_child(work: t.Callable[[], t.Any]) -> t.Any:
    """What work returns, as JSON allows it; what it imports and leaves behind stays in the child."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(reader)
        try:
            with os.fdopen(writer, "w") as stream:
                json.dump(work(), stream)
        except SystemExit as error:
            print(error, file=sys.stderr, flush=True)
            os._exit(1)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        text = stream.read()
    if os.waitpid(pid, 0)[1]:
        raise SystemExit(1)
    return json.loads(text)


def tried(mutants: t.Sequence[tuple[Mutant, list[str]]], seconds: t.Mapping[str, float], jobs: int) -> dict[int, int]:
    """The exit code of each mutant's tests, by its place; a mutant that no test runs has none."""
    trials = Trials(mutants, seconds, jobs)
    code = _pytest(sorted({test.partition("::")[0] for mutant, tests in mutants for test in tests}), trials)
    if UNMADE in trials.codes.values():
        raise SystemExit("Some mutants cannot be made")
    if not trials.sane:
        raise SystemExit(f"The tests fail also without a mutant ({code})")
    return trials.codes
