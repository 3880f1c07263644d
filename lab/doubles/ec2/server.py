# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The server, and what a test can do to it: provoke errors, count calls, hide interfaces."""

from __future__ import annotations

import collections
import functools
import logging
import threading
import typing as t
from dataclasses import dataclass

from moto.core.utils import camelcase_to_underscores
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends
from moto.ec2.responses import EC2Response
from moto.moto_api._internal import mock_random
from moto.server import ThreadedMotoServer

from . import interfaces, launches, network
from .errors import refuse

Call = t.Tuple[str, t.Mapping[str, t.Any]]

# What changes which instances there are, or what their interfaces have.
_MOVING = ("RunInstances", "TerminateInstances", "AssignIpv6Addresses", "UnassignIpv6Addresses")
# Nothing waits for ever, in seconds.
_PATIENCE = 120

HANDLERS: dict[str, t.Callable[[t.Any, t.Callable[[], t.Any]], t.Any]] = {
    **interfaces.HANDLERS,
    **launches.HANDLERS,
    **network.HANDLERS,
}


@dataclass
class Fault:
    """An error in the place of an answer. ``performed``: the call is carried out, and only its answer is lost."""

    action: str
    code: str
    message: str
    times: int
    performed: bool


class World(t.Protocol):
    """Instances outside of the double: whether one can be, and all of them after a change."""

    def check(self, params: t.Mapping[str, t.Any]) -> None: ...

    def converge(self, backend: t.Any) -> None: ...


class Hold:
    """A call that is kept waiting: ``reached`` is set when it comes, and it fails once ``release`` is set."""

    def __init__(self) -> None:
        self.reached, self.release = threading.Event(), threading.Event()


class Double:
    """A server on an address of its own, for one process at a time, since it patches moto.

    :arg strict: False is moto with nothing but its mistakes mended; faults and counting work all the same.
    :arg machines: what instances are in the world outside, if anything.
    """

    def __init__(
        self, address: str = "127.0.0.1", port: int = 0, strict: bool = True, machines: World | None = None
    ) -> None:
        self._server = ThreadedMotoServer(address, port, verbose=False)
        self._strict, self._machines = strict, machines
        self._lock = threading.RLock()
        self._faults: list[Fault] = []
        self._original = EC2Response.call_action
        self._barriers: dict[str, threading.Barrier] = {}
        self._holds: dict[str, Hold] = {}
        self.calls: list[Call] = []

    def __enter__(self) -> Double:
        for part in (interfaces, launches, network):
            part.install()
        EC2Response.call_action = self._wrapped()
        # One line per request would bury everything else.
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        mock_random.seed(0)
        self._server.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.stop()
        EC2Response.call_action = self._original
        for part in (interfaces, launches, network):
            part.uninstall()

    @property
    def url(self) -> str:
        return "http://{}:{}".format(*self._server.get_host_and_port())

    def reset(self, seed: int | str = 0) -> None:
        """As if newly started. What moto draws, as prefixes, ids and MAC addresses, follows from ``seed``."""
        with self._lock:
            mock_random.seed(seed)
            ec2_backends.reset()
            self._faults.clear()
            self._barriers.clear()
            self._holds.clear()
            self.calls.clear()

    def fault(self, action: str, code: str, message: str = "", times: int = 1, performed: bool = False) -> None:
        """Answer the next calls of ``action`` with an error."""
        with self._lock:
            self._faults.append(Fault(action, code, message or code, times, performed))

    def meet(self, action: str, count: int) -> None:
        """Hold the calls of ``action`` until that many have come, once: they have all read the same by then."""
        self._barriers[action] = threading.Barrier(count, action=functools.partial(self._barriers.pop, action, None))

    def hold(self, action: str) -> Hold:
        """Keep the next call of ``action`` waiting. It is never carried out."""
        made = self._holds[action] = Hold()
        return made

    def counted(self, *actions: str) -> collections.Counter[str]:
        """How often each action was called since the last reset or :meth:`forget`."""
        with self._lock:
            return collections.Counter(name for name, _params in self.calls if not actions or name in actions)

    def forget(self) -> None:
        """Count from zero."""
        with self._lock:
            self.calls.clear()

    @property
    def writes(self) -> list[str]:
        """The calls that would change something."""
        reading = ("Describe", "Get")
        return [name for name, _params in self.calls if not name.startswith(reading)]

    def hide(self, eni_id: str, region: str = "us-east-1", account: str = "123456789012") -> None:
        """Show the interface to nobody, as those of other accounts in a shared subnet [D]. Its addresses are taken."""
        ec2_backends[account][region].get_network_interface(eni_id).hidden = True

    def backend(self, region: str = "us-east-1", account: str = "123456789012") -> t.Any:
        """moto's own objects."""
        return ec2_backends[account][region]

    def _wrapped(self) -> t.Callable[[t.Any], t.Any]:
        original, double = self._original, self

        def call_action(response: t.Any) -> t.Any:
            action = response._get_action()
            barrier = double._barriers.get(action)
            if barrier is not None:
                barrier.wait(_PATIENCE)
            hold = double._holds.pop(action, None)
            if hold is not None:
                hold.reached.set()
                hold.release.wait(_PATIENCE)
                double.fault(action, "InternalError", "held")
            with double._lock:
                double.calls.append((action, dict(response._get_params())))
                name = camelcase_to_underscores(action)
                method = getattr(response, name, None)
                if method is not None:
                    setattr(response, name, functools.partial(double._answer, action, response, method))
                return original(response)

        return call_action

    def _answer(self, action: str, response: t.Any, method: t.Callable[[], t.Any]) -> t.Any:
        fault = next((one for one in self._faults if one.action == action), None)
        if fault is not None:
            fault.times -= 1
            if not fault.times:
                self._faults.remove(fault)
            if not fault.performed:
                raise EC2ClientError(fault.code, fault.message)
        if self._machines and action == "RunInstances":
            self._machines.check(response._get_params())
        handler = HANDLERS.get(action) if self._strict else None
        answer = handler(response, method) if handler else method()
        if self._machines and action in _MOVING:
            self._machines.converge(response.ec2_backend)
        if fault is not None:
            refuse(fault.code, fault.message)
        return answer
