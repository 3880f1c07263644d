#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipv6_probe
short_description: See what answers over IPv6, and with which source address something is seen
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Sends ICMPv6 echo requests and opens TCP connections from the host that it runs on, to all targets at the same time,
    and says for each of them whether it answers as it is claimed to.
  - Tells which source address a container is seen with. A listener, started by O(observe) on one host, answers each
    peer with the address it sees. The clients in O(from) connect to it from inside a container's network namespace on
    another host. The image of the container needs no tool for that.
  - A packet that is lost is sent again within O(timeout), so one lost packet is not a failure.
  - Needs nothing but Python. Echo requests are sent through a raw socket (as root), else through an unprivileged
    ICMP socket, else by the C(ping) command.
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.reads
attributes:
  check_mode:
    details:
      - Probes change nothing, so they are sent in check mode, too.
  platform:
    platforms: posix
    support: full
    details:
      - O(from[].container) needs Linux, a Docker daemon and root.
options:
  targets:
    description:
      - What to probe. The results are in the same order.
    type: list
    elements: dict
    default: []
    suboptions:
      address:
        description:
          - The global unicast address.
        type: str
        required: true
      name:
        description:
          - What the target is called in results. The address when not given.
        type: str
      ping:
        description:
          - Whether the address must answer ICMPv6 echo requests.
          - With V(false) none are sent.
        type: bool
        default: true
      open:
        description:
          - Ports that must be open, each as a number (V(80)), as text (V(tcp/80), V(udp/53)), or as a dictionary with
            C(port) and C(protocol).
          - A UDP port that stays silent counts as open, since UDP cannot tell the difference. It is shown as V(silent).
        type: list
        elements: raw
        default: []
      closed:
        description:
          - Ports that must not be open, in the same forms.
          - A port that is refused or filtered is closed. Where O(targets[].ping) is V(true) and the address answers
            nothing at all, its ports are V(unreachable), which is not the same.
        type: list
        elements: raw
        default: []
      mtu:
        description:
          - The size in bytes of a packet that must come through in one piece and be answered.
        type: int
  timeout:
    description:
      - Seconds after which something that has not answered counts as silent.
      - All probes run at once, so this is about how long the module takes when something is silent. A router needs
        about three seconds to find out that nobody holds an address.
    type: float
    default: 4.0
  observe:
    description:
      - Start a listener that tells each peer the address it is seen with.
      - It starts before the module returns, goes on in the background, and ends by itself.
    type: dict
    suboptions:
      port:
        description:
          - The TCP port to listen on. V(0) takes any free port.
          - Clients must be able to reach it, so a firewall in front of this host must let it through.
        type: int
        default: 0
      expect:
        description:
          - How many peers will come. The listener ends after the last one.
        type: int
        required: true
      seconds:
        description:
          - The listener ends after so many seconds, even if not all have come.
        type: float
        default: 30.0
  from:
    description:
      - Connections to a listener that O(observe) has started elsewhere, made from this host or from its containers.
    type: list
    elements: dict
    default: []
    suboptions:
      container:
        description:
          - The name of a container on this host. Without it, the connection is made from the host itself.
        type: str
      to:
        description:
          - The address of the host with the listener.
          - Without it the module only says whether the container runs, and which addresses it has.
        type: str
      port:
        description:
          - The port of the listener. Required together with O(from[].to).
        type: int
      expect:
        description:
          - The address with which it must be seen.
        type: str
      ipv4:
        description:
          - An IPv4 address that must answer echo requests from there, too, as it answers those of the host.
          - It shows that IPv4 still works. The address that RV(ipv4) gave on a vantage point is such a one.
        type: str
  docker_socket:
    description:
      - Where the Docker daemon of this host listens.
    type: path
    default: /var/run/docker.sock
  fail:
    description:
      - Whether the task fails when something is not as it is claimed to be.
    type: bool
    default: false
seealso:
  - module: routable.ipv6.ipv6_endpoints
  - module: ansible.builtin.wait_for
notes:
  - C(NAT66) between a container and the listener shows as an address that is not the container's own.
"""

EXAMPLES = r"""
- name: See whether the web server answers from here
  routable.ipv6.ipv6_probe:
    targets:
      - address: 2001:db8:0:1:d::20
        open: [80, 443]
        closed: [22]
    fail: true

- name: Listen on a vantage point for two containers
  routable.ipv6.ipv6_probe:
    observe:
      expect: 2
  register: vantage
  delegate_to: stranger

- name: See which address the containers are seen with
  routable.ipv6.ipv6_probe:
    from:
      - container: web
        to: 2001:db8:ffff::9
        port: "{{ vantage.observer.port }}"
        expect: 2001:db8:0:1:d::20
      - container: db
        to: 2001:db8:ffff::9
        port: "{{ vantage.observer.port }}"
        expect: 2001:db8:0:1:d::21
  delegate_to: docker1
"""

RETURN = r"""
ok:
  description: Whether all is as it is claimed to be.
  type: bool
  returned: success
  sample: false
seconds:
  description: How long the probes took.
  type: float
  returned: success
  sample: 4.01
targets:
  description: What was seen of each target, in the order of O(targets).
  type: list
  elements: dict
  returned: success
  contains:
    name:
      description: The name from O(targets[].name), or the address.
      type: str
      sample: web
    address:
      description: The address in canonical form.
      type: str
      sample: 2001:db8:0:1:d::20
    local:
      description: The address that this host sends from towards the target, V(null) when it has no route.
      type: str
      sample: 2001:db8:ffff::9
    ping:
      description: The echo requests, V(null) when none were wanted.
      type: dict
      contains:
        answered:
          description: Whether an answer came.
          type: bool
          sample: true
        rtt_ms:
          description: Milliseconds until the first answer, V(null) without one.
          type: float
          sample: 0.412
        reason:
          description: Why there is no answer, V(null) when there is one.
          type: str
          sample: "no answer within 4 s"
    mtu:
      description: As RV(targets[].ping), for a packet of the size C(bytes). V(null) when none was wanted.
      type: dict
      sample: {"bytes": 1500, "answered": true, "rtt_ms": 0.5, "reason": null}
    open:
      description: The ports that must be open.
      type: list
      elements: dict
      contains:
        port:
          description: The number.
          type: int
          sample: 80
        protocol:
          description: V(tcp) or V(udp).
          type: str
          sample: tcp
        state:
          description:
            - V(open), V(refused) (a rejection came), V(filtered) (nothing came, or a prohibition), V(unreachable) (the
              address itself cannot be reached) or V(silent) (UDP only, open or filtered).
          type: str
          sample: open
        reason:
          description: What the state was taken from, V(null) for an open port.
          type: str
          sample: null
        ok:
          description: Whether the state is what is claimed.
          type: bool
          sample: true
    closed:
      description: The ports that must not be open, as in RV(targets[].open).
      type: list
      elements: dict
      sample: [{"port": 22, "protocol": "tcp", "state": "filtered", "reason": "no answer within 4 s", "ok": true}]
    ok:
      description: Whether everything about the target is as claimed.
      type: bool
      sample: true
    reason:
      description: Everything that is not, as one line. V(null) when all is well.
      type: str
      sample: "tcp/80 should be open: refused (connection refused)"
ipv4:
  description: The IPv4 address that this host sends from by default, V(null) without one.
  type: str
  returned: success
  sample: 203.0.113.2
observer:
  description: The listener.
  type: dict
  returned: when O(observe) is given
  contains:
    port:
      description: The port it listens on, V(null) when it could not start.
      type: int
      sample: 41234
    reason:
      description: Why it could not start, V(null) when it did.
      type: str
      sample: null
from:
  description: What became of each connection, in the order of O(from).
  type: list
  elements: dict
  returned: success
  contains:
    container:
      description: The name of the container, V(null) for this host.
      type: str
      sample: web
    state:
      description:
        - The container's state as Docker calls it (V(running), V(exited) and so on), V(absent) when there is none of
          that name, V(unknown) when the daemon could not be asked, V(null) for this host.
      type: str
      sample: running
    addresses:
      description: The global IPv6 addresses that Docker gave to the container.
      type: list
      elements: str
      sample: ["2001:db8:0:1:d::20"]
    to:
      description: The address it connected to.
      type: str
      sample: 2001:db8:ffff::9
    port:
      description: The port it connected to.
      type: int
      sample: 41234
    local:
      description: The address that the connection had at the container's end.
      type: str
      sample: 2001:db8:0:1:d::20
    seen:
      description: The address that the listener saw, V(null) when no connection came about.
      type: str
      sample: 2001:db8:0:1:d::20
    route:
      description:
        - Where the container sends what is for O(from[].to), or by default. V(null) unless a container runs.
      type: dict
      contains:
        found:
          description: Whether there is a route.
          type: bool
          sample: true
        gateway:
          description: The gateway, V(null) when the link itself is the way.
          type: str
          sample: 2001:db8:0:1:d::1
        here:
          description: Whether this host holds the gateway's address, as it does on a bridge.
          type: bool
          sample: true
    ipv4:
      description: What the echo requests to O(from[].ipv4) showed, V(null) when none were sent.
      type: dict
      contains:
        to:
          description: The address that was asked.
          type: str
          sample: 203.0.113.2
        answered:
          description: Whether it answered, V(null) for a container without an IPv4 address.
          type: bool
          sample: true
        reason:
          description: Why there is no answer.
          type: str
          sample: null
        host_answered:
          description: Whether it answered this host itself.
          type: bool
          sample: true
    ok:
      description: Whether the connection came about, with the expected address if one was given.
      type: bool
      sample: true
    reason:
      description: Why not. V(null) when all is well.
      type: str
      sample: "seen as 2001:db8:0:1::5, expected 2001:db8:0:1:d::20"
"""

import ipaddress
import time
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.routable.ipv6.plugins.module_utils._addresses import parse_address
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from ansible_collections.routable.ipv6.plugins.module_utils._probe import judge, judge_source, parse_target
from ansible_collections.routable.ipv6.plugins.module_utils._probe_client import probe
from ansible_collections.routable.ipv6.plugins.module_utils._probe_ipv4 import local_ipv4, lost
from ansible_collections.routable.ipv6.plugins.module_utils._probe_source import ask, start_observer
from ansible_collections.routable.ipv6.plugins.module_utils._seconds import (
    LONGEST_ANSWER,
    SHORTEST_ANSWER,
    check_seconds,
)


def spec() -> dict[str, t.Any]:
    target = {
        "address": {"type": "str", "required": True},
        "name": {"type": "str"},
        "ping": {"type": "bool", "default": True},
        "open": {"type": "list", "elements": "raw", "default": []},
        "closed": {"type": "list", "elements": "raw", "default": []},
        "mtu": {"type": "int"},
    }
    observe = {
        "port": {"type": "int", "default": 0},
        "expect": {"type": "int", "required": True},
        "seconds": {"type": "float", "default": 30.0},
    }
    source = {
        "container": {"type": "str"},
        "to": {"type": "str"},
        "port": {"type": "int"},
        "expect": {"type": "str"},
        "ipv4": {"type": "str"},
    }
    return {
        "targets": {"type": "list", "elements": "dict", "default": [], "options": target},
        "timeout": {"type": "float", "default": 4.0},
        "observe": {"type": "dict", "options": observe},
        "from": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": source,
            "required_together": [("to", "port")],
        },
        "docker_socket": {"type": "path", "default": "/var/run/docker.sock"},
        "fail": {"type": "bool", "default": False},
    }


def observer(options: dict[str, t.Any]) -> dict[str, t.Any]:
    if options["expect"] < 1:
        return {"port": None, "reason": "no peer is expected"}
    try:
        return {"port": start_observer(options["port"], options["seconds"], options["expect"]), "reason": None}
    except OSError as error:
        return {"port": None, "reason": f"cannot listen on port {options['port']}: {error.strerror}"}


def checked(params: dict[str, t.Any]) -> list[t.Any]:
    """The targets, once every value of the task has been looked at."""
    check_seconds("timeout", params["timeout"], SHORTEST_ANSWER, LONGEST_ANSWER)
    if params["observe"] is not None:
        check_seconds("observe.seconds", params["observe"]["seconds"], SHORTEST_ANSWER)
    if params["observe"] is not None and not 0 <= params["observe"]["port"] <= 65535:
        raise Refused(f"observe.port={params['observe']['port']}", "a port is at most 65535", "Correct the port")
    for entry in params["from"]:
        for name in ("to", "expect"):
            if entry[name] is not None:
                entry[name] = str(parse_address(entry[name], f"from.{name}"))
        if entry["ipv4"] is not None:
            entry["ipv4"] = _ipv4(entry["ipv4"])
    return [parse_target(entry) for entry in params["targets"]]


def _ipv4(text: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise Refused(f"from.ipv4={text}", "this is an IPv4 address", "Give one, as 203.0.113.2") from None


def main() -> None:
    module = AnsibleModule(argument_spec=spec(), supports_check_mode=True)
    params = module.params
    started = time.monotonic()
    try:
        targets = checked(params)
    except Refused as refused:
        module.fail_json(msg=str(refused))
    result: dict[str, t.Any] = {"changed": False, "ipv4": local_ipv4()}
    result["targets"] = [judge(target, answers) for target, answers in zip(targets, probe(targets, params["timeout"]))]
    answered = ask(params["from"], params["docker_socket"], params["timeout"]) if params["from"] else []
    result["from"] = [judge_source(row, entry["expect"]) for row, entry in zip(answered, params["from"])]
    result["seconds"] = round(time.monotonic() - started, 2)
    if params["observe"] is not None:
        result["observer"] = observer(params["observe"])
    bad = [f"{row['name']}: {row['reason']}" for row in result["targets"] if not row["ok"]]
    bad += [f"{row['container'] or 'this host'}: {row['reason']}" for row in result["from"] if not row["ok"]]
    bad += [f"{row['container']}: IPv4: {row['ipv4']['reason']}" for row in result["from"] if lost(row["ipv4"])]
    if "observer" in result and result["observer"]["reason"]:
        bad.append(f"observer: {result['observer']['reason']}")
    result["ok"] = not bad
    if bad and params["fail"]:
        module.fail_json(msg=". ".join(bad), **result)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
