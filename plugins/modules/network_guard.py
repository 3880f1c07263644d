#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: network_guard
short_description: Put a host's network back unless the controller, still connected, calls it off
version_added: 1.0.0
description:
  - Arm the guard before a change that could cut the host off, and call it off after it. If nobody does so within
    O(timeout), because the controller died, the connection is gone, or a check has failed, the host puts back all that
    the guard keeps, by itself.
  - It keeps the configuration files of whoever sets up links, kernel parameters, firewall and Docker; addresses,
    routes, NDP proxy entries and kernel parameters of the interfaces with a default route; the tables of C(nftables)
    and the rules of C(iptables); and which units run.
  - An armed guard is also the lock of its host. Another run waits, or is told who has armed it. The lock of a run that
    died ends when its guard does.
author:
  - routable.ipv6 contributors (@routable-ipv6)
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.linux
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: partial
    details:
      - A guard that is armed cannot be armed again. All other states can be asked for again.
  platform:
    details:
      - With systemd the guard is a timer with units on disk. A host that is booted while the guard is armed puts its
        files back before anything reads them, and the rest at the end of its boot.
      - Without systemd it is a process. After a reboot nothing waits any more; the next run that arms the guard puts
        the host back first. Units are not kept there.
      - Python 3.8 or newer is needed on the host.
options:
  state:
    description:
      - V(armed) keeps what there is and starts the timer. It is refused while another guard is armed.
      - V(disarmed) looks, on a fresh connection, whether everything essential is there, and calls the guard off. If
        not, it puts the host back at once and fails. It fails, too, when the guard has put the host back already.
      - V(restored) puts the host back at once, as the timer would. It does nothing when this run has no armed guard.
      - V(absent) is V(disarmed), and removes the journal too.
    type: str
    choices: [armed, disarmed, restored, absent]
    required: true
  timeout:
    description:
      - How long, in seconds, the host waits to be told that all is well. It counts on a clock that nobody sets.
    type: int
    default: 300
  paths:
    description:
      - Further files to keep, or directories with all that is in them; patterns of the shell are possible. What comes
        into such a directory while the guard is armed is removed when the host is put back, whoever made it.
    type: list
    elements: str
    default: []
  interfaces:
    description:
      - The interfaces whose addresses, routes and kernel parameters are kept. When empty, those with a default route.
    type: list
    elements: str
    default: []
  sysctls:
    description:
      - Further kernel parameters to keep, by their path below C(/proc/sys), such as V(net/ipv4/conf/eth0/rp_filter).
    type: list
    elements: str
    default: []
  units:
    description:
      - Further units that run again, or do not, as before.
    type: list
    elements: str
    default: []
  firewall:
    description:
      - Whether to keep the firewall. Put back are the tables of C(nftables), but for those of Docker's own backend, and
        the rules of C(iptables) and C(ip6tables), after which Docker is restarted where it runs, so that it makes its
        own anew.
    type: bool
    default: true
  checks:
    description:
      - What is essential. V(routes) wants a default route through each interface that had one; V(gateways) wants the
        gateways of these to answer, where they did before; V(addresses) wants the addresses of the interfaces.
      - That the controller still reaches the host needs no choice. It does so on a fresh connection, or cannot call the
        guard off.
    type: list
    elements: str
    choices: [routes, gateways, addresses]
    default: [routes, gateways, addresses]
  commands:
    description:
      - Checks of your own. Each is a command on the host, without a shell, that must end with 0.
    type: list
    elements: str
    default: []
  patience:
    description:
      - How long, in seconds, a check may fail until it counts.
    type: int
    default: 20
  wait:
    description:
      - How long, in seconds, to wait for the guard of another run. The default is longer than such a guard can last by
        default. With V(0) the task fails at once and names the other.
    type: int
    default: 330
  reason:
    description:
      - Why the host is put back, with O(state=restored), for the journal.
    type: str
    default: it was asked to
  force:
    description:
      - With O(state=restored), O(state=disarmed) or O(state=absent), also when another run has armed the guard.
    type: bool
    default: false
  run_id:
    description:
      - Who this is. It is filled in, so that all tasks of one run of Ansible are the same.
    type: str
    default: ""
  holder:
    description:
      - Who this is, for people. It is filled in with user, controller and process.
    type: str
    default: ""
seealso:
  - module: routable.ipv6.uplink_ra
  - module: routable.ipv6.docker_ipv6_daemon
"""

EXAMPLES = r"""
- name: Change the uplink
  block:
    - name: Arm the guard
      routable.ipv6.network_guard:
        state: armed
        timeout: 120

    - name: Write the new configuration
      ansible.builtin.copy:
        src: 50-uplink.yaml
        dest: /etc/netplan/50-uplink.yaml
        mode: "0600"

    - name: Apply it
      ansible.builtin.command: netplan apply
      changed_when: true

    - name: Call the guard off
      routable.ipv6.network_guard:
        state: disarmed
        commands:
          - ping -6 -c 1 -W 3 2001:db8:ffff::1
  rescue:
    - name: Do not wait for the time-out
      routable.ipv6.network_guard:
        state: restored
        reason: "{{ ansible_failed_result.msg | default('a task failed') }}"

    - name: Report what went wrong
      ansible.builtin.fail:
        msg: "{{ ansible_failed_result.msg | default('a task failed') }}"
"""

RETURN = r"""
armed:
  description: Whether a guard of this run is armed now.
  returned: success
  type: bool
  sample: true
holder:
  description: Who has armed the guard of this host, V(none) where there is no guard.
  returned: always
  type: str
  sample: admin on controller1, process 4711
run:
  description: The run that has armed it.
  returned: always
  type: str
  sample: 1d2c9d3e5a7b
since:
  description: When it was armed, by the host's clock.
  returned: always
  type: str
  sample: "2026-11-28T07:30:00+00:00"
restorations:
  description: What guards of former runs did on this host and nobody has been told yet. It is told once.
  returned: success
  type: list
  elements: str
  sample:
    - >-
      The guard that admin on controller1, process 4711 had armed put this host back at 2026-11-28T07:35:00+00:00,
      because nobody called it off within 300 s: Bring back /etc/netplan/50-uplink.yaml; Restart
      systemd-networkd.service.
missing:
  description: What was essential and is missing, with O(state=disarmed).
  returned: when the host was put back
  type: list
  elements: str
  sample: ["IPv6 has no default route through enp1s0"]
changes:
  description: What was done, or would be in check mode, one sentence each.
  returned: success
  type: list
  elements: str
  sample: ["Arm the guard for 300 s"]
"""

import os
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard as rules
from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard_agent as agent
from ansible_collections.routable.ipv6.plugins.module_utils import _network_guard_host as host
from ansible_collections.routable.ipv6.plugins.module_utils._interface_names import parse_interface_name
from ansible_collections.routable.ipv6.plugins.module_utils._network_guard_client import Guard
from ansible_collections.routable.ipv6.plugins.module_utils._outcome import conclude
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._seconds import LONGEST_ANSWER, check_seconds

ARGUMENTS: dict[str, t.Any] = {
    "state": {"type": "str", "choices": ["armed", "disarmed", "restored", "absent"], "required": True},
    "timeout": {"type": "int", "default": 300},
    "paths": {"type": "list", "elements": "str", "default": []},
    "interfaces": {"type": "list", "elements": "str", "default": []},
    "sysctls": {"type": "list", "elements": "str", "default": []},
    "units": {"type": "list", "elements": "str", "default": []},
    "firewall": {"type": "bool", "default": True},
    "checks": {"type": "list", "elements": "str", "choices": list(rules.CHECKS), "default": list(rules.CHECKS)},
    "commands": {"type": "list", "elements": "str", "default": []},
    "patience": {"type": "int", "default": 20},
    "wait": {"type": "int", "default": 330},
    "reason": {"type": "str", "default": "it was asked to"},
    "force": {"type": "bool", "default": False},
    "run_id": {"type": "str", "default": ""},
    "holder": {"type": "str", "default": ""},
}
TROUBLE = (host.Trouble, OSError)


class Held(Exception):
    """Another run has armed the guard."""

    def __init__(self, armed: dict[str, t.Any]) -> None:
        super().__init__(rules.held(armed))
        self.armed = armed


def result(armed: dict[str, t.Any] | None, mine: str, changes: list[str], **more: t.Any) -> dict[str, t.Any]:
    """What the module returns while ``armed`` is what there is."""
    now = armed or {"holder": None, "run": None, "since": None}
    return {
        "changed": bool(changes),
        "armed": armed is not None and armed["run"] == mine,
        **{key: now[key] for key in ("holder", "run", "since")},
        "changes": changes,
        "restorations": [],
        **more,
    }


def diff(before: dict[str, t.Any] | None, after: str | None) -> dict[str, t.Any]:
    return {"before": {"guard": before and before["holder"]}, "after": {"guard": after}}


def restorations(module: AnsibleModule, guard: Guard) -> list[str]:
    """Tell once what former guards did."""
    found = [rules.told(entry) for entry in guard.unreported()]
    for text in found:
        module.warn(text)
    if found and not module.check_mode:
        guard.reported()
    return found


def arm(module: AnsibleModule, guard: Guard) -> dict[str, t.Any]:
    """:raises Held: somebody else has armed it."""
    params = module.params
    options = rules.options(params)
    timeout = params["timeout"]
    check_seconds("timeout", timeout, rules.SHORTEST)
    check_seconds("wait", params["wait"])
    for link in options["interfaces"]:
        parse_interface_name(link, "interfaces")
        if not os.path.isdir(f"/sys/class/net/{link}"):
            raise Refused(f"interfaces={link}", "this host has no such interface", "Name one that it has")
    armed = guard.armed()
    if armed is not None and guard.alive(armed):
        if armed["run"] == params["run_id"]:
            raise Refused(
                "state=armed",
                "this run has armed the guard of this host already, and there is one guard per host",
                "Put both changes into one guard, or set ipv6_guard=false for the inner one",
            )
        raise Held(armed)
    changes = [f"Arm the guard for {timeout} s"]
    if module.check_mode:
        return result(armed, params["run_id"], changes, diff=diff(armed, params["holder"]))
    if armed is not None:
        put_back(guard, armed, "nothing waited for its time-out any more")
    told = restorations(module, guard)
    try:
        done = guard.arm(agent.take(options), params["run_id"], params["holder"], timeout)
    except (*TROUBLE, KeyboardInterrupt):
        agent.take_away(guard.directory)
        raise
    return result(done, params["run_id"], changes, restorations=told, diff=diff(armed, done["holder"]))


def put_back(guard: Guard, armed: dict[str, t.Any], why: str) -> list[str]:
    """Put the host back; gives what was done.

    :raises Trouble: not all could be put back; what could has been, and the guard stays armed.
    """
    failed = agent.restore(guard.directory, why)
    if failed:
        raise host.Trouble(f"not all could be put back, and it is tried again: {'; '.join(failed)}")
    last = agent.journal(guard.directory)[-1:]
    return [f"Put the host back, because {why}", *(last[0]["steps"] if last else [])]


def own_guard(module: AnsibleModule, guard: Guard) -> dict[str, t.Any] | None:
    """The guard of this run, None where there is none.

    :raises Refused: another run has armed it.
    """
    armed = guard.armed()
    if armed is not None and armed["run"] != module.params["run_id"] and not module.params["force"]:
        raise Refused(
            f"state={module.params['state']}",
            rules.held(armed),
            "Wait for it to end, or set force=true if it never will",
        )
    return armed


def restore(module: AnsibleModule, guard: Guard) -> dict[str, t.Any]:
    params = module.params
    armed = guard.armed()
    if armed is None or (armed["run"] != params["run_id"] and not params["force"]):
        return result(armed, params["run_id"], [], diff=diff(armed, armed["holder"] if armed else None))
    changes = [f"Put the host back, because {params['reason']}"]
    if not module.check_mode:
        changes = put_back(guard, armed, params["reason"])
        # Told by this very result.
        guard.reported()
    return result(None, params["run_id"], changes, diff=diff(armed, None))


def disarm(module: AnsibleModule, guard: Guard, commands: list[list[str]]) -> dict[str, t.Any]:
    params = module.params
    forget = params["state"] == "absent"
    armed = own_guard(module, guard)
    if armed is None:
        mine = [entry for entry in guard.unreported() if entry["run"] == params["run_id"]]
        told = restorations(module, guard)
        if mine:
            raise host.Trouble(f"it could not be called off any more. {rules.told(mine[-1])}")
        changes = ["Remove the journal"] if forget and os.path.isdir(guard.directory) else []
        if changes and not module.check_mode:
            guard.forget()
        return result(None, params["run_id"], changes, restorations=told, diff=diff(None, None))
    changes = ["Call the guard off", *(["Remove the journal"] if forget else [])]
    if module.check_mode:
        return result(armed, params["run_id"], changes, diff=diff(armed, None))
    missing = guard.missing(armed, params["checks"], commands, params["patience"])
    with agent.locked():
        if (guard.armed() or {}).get("token") != armed["token"]:
            return disarm(module, guard, commands)
        if missing:
            put_back(guard, armed, "; ".join(missing))
            guard.reported()
            module.fail_json(
                msg=f"Guard: {'; '.join(missing)}. The host was put back as it was before.", missing=missing
            )
        for left in guard.disarm(armed):
            module.warn(f"A file of the guard could not be removed, and its timer will try again: {left}.")
        if forget:
            guard.forget()
    return result(None, params["run_id"], changes, diff=diff(armed, None))


def run(module: AnsibleModule) -> dict[str, t.Any]:
    state = module.params["state"]
    commands = rules.commands(module.params["commands"])
    if os.geteuid() != 0:
        raise Refused(f"state={state}", "only root may keep a host's network", "Run the task with become")
    guard = Guard()
    if state in ("disarmed", "absent"):
        check_seconds("patience", module.params["patience"], most=LONGEST_ANSWER)
        return disarm(module, guard, commands)
    with agent.locked():
        return arm(module, guard) if state == "armed" else restore(module, guard)


def main() -> None:
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)

    def told(given: AnsibleModule) -> dict[str, t.Any]:
        try:
            return run(given)
        except Held as other:
            who = {key: other.armed[key] for key in ("holder", "run", "since")}
            given.fail_json(msg=f"{other}. Wait for it to end, or ask there.", held=True, **who)
            raise  # fail_json has ended the module

    conclude(module, told, "Guard", TROUBLE)


if __name__ == "__main__":
    main()
