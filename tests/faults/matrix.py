# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs with faults, and the judgement of what they leave."""

from __future__ import annotations

import difflib
import re
import threading

from plan import Fault
from tally import RERUN, Tally
from world import ROOT, World

# A Docker network that a run has removed is not made again (docs/guard.md, "What it cannot do").
OF_NETWORK = re.compile(r"\broutable0\b|^routable$")


def without(look: str, lines: re.Pattern[str]) -> str:
    return "\n".join(line for line in look.splitlines() if not lines.search(line))


def differs(wanted: str, look: str) -> str:
    lines = difflib.unified_diff(wanted.splitlines(), look.splitlines(), lineterm="", n=0)
    return " / ".join(line for line in lines if not line.startswith(("---", "+++", "@@")))[:1500]


def failures(output: str) -> str:
    return "\n".join(line for line in output.splitlines() if "fatal" in line or "FAILED" in line)[-1500:]


class Matrix:
    """One world's runs with faults.

    :arg states: the fingerprints a host may have, by its name.
    :arg stop: set when nobody wants to know any more: what happens from then on is not judged.
    """

    def __init__(self, world: World, states: dict[str, list[str]], tally: Tally, stop: threading.Event) -> None:
        self.world = world
        self.states = states
        self.tally = tally
        self.stop = stop

    def turn(self, playbook: str, faults: dict[str, Fault], wanted: int) -> None:
        """One run with faults, a plain re-run, and what must be true after each.

        :arg wanted: which of the states the re-run must lead to; one that nobody has seen yet is learnt from it.
        """
        lost, looks = ({}, {}) if self.stop.is_set() else self.happen(playbook, faults)
        again = {} if self.stop.is_set() else self.converge(playbook, wanted)
        if self.stop.is_set():
            return
        for name, fault in faults.items():
            if lost[name] is None:
                continue
            verdicts = [lost[name], self._strange(name, looks[name]), again.pop(name, "")]
            self.tally.add(playbook, name, fault["kind"], fault["at"], " // ".join(v for v in verdicts if v))
        for name, verdict in again.items():
            if verdict:
                self.tally.add(playbook, name, RERUN, 0, verdict)

    def happen(self, playbook: str, faults: dict[str, Fault]) -> tuple[dict[str, str | None], dict[str, str]]:
        """Run with faults, and let the hosts come back by themselves.

        :return: by host why it is lost (nothing when it is not, None when no fault has happened), and what it is now.
        """
        world = self.world
        world.play(playbook, faults)
        lift = (ROOT / "tests" / "faults" / "lift.sh").read_text()
        happened = {name: world.happened(name) for name in world.names}
        # The death of Ansible itself meets every host.
        everybody = any(happened[name] and faults[name]["kind"] == "run" for name in faults)
        lost = world.all(lambda name: world.recover(name, lift))
        looks = world.all(world.look)
        return {name: lost[name] if happened[name] or everybody else None for name in world.names}, looks

    def converge(self, playbook: str, wanted: int) -> dict[str, str]:
        """A plain re-run must lead where a run without faults does.

        :return: by host how it does not.
        """
        code, output, _calls = self.world.play(playbook)
        verdicts = {}
        for name, look in self.world.all(self.world.look).items():
            states = self.states[name]
            if len(states) == wanted:
                states.append(look)
            elsewhere = differs(states[wanted], look) or self.world.half_written(name)
            verdicts[name] = ""
            if code or elsewhere:
                verdicts[name] = f"the plain re-run ({code}) left {elsewhere or 'an error'}\n{failures(output)}"
        return verdicts

    def _strange(self, name: str, look: str) -> str:
        states = self.states[name]
        if look in states or without(look, OF_NETWORK) in [without(state, OF_NETWORK) for state in states]:
            return ""
        closest = min(states, key=lambda state: len(differs(state, look)))
        return f"neither as before nor as wanted: {differs(closest, look)}"
