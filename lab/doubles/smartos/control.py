# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""What tests ask of the double itself: `log NAME`, `clear`, `fault NAME VALUE`, `stopped COUNT PREFIX`."""

from __future__ import annotations

import json
import sys
import time
import uuid as uuids

import links
import store


def main(words: list[str]) -> int:
    if len(words) == 2 and words[0] == "log":
        path = store.ROOT / f"{words[1]}.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        print(json.dumps([json.loads(line) for line in lines]))
    elif words == ["clear"]:
        for path in store.ROOT.glob("*.jsonl"):
            path.unlink()
    elif len(words) == 3 and words[0] == "fault" and words[1] in store.FAULTS:
        value = int(words[2]) if words[2].isdigit() else words[2]
        store.write(store.ROOT / "faults.json", {**store.read(store.ROOT / "faults.json", {}), words[1]: value})
    elif len(words) == 3 and words[0] == "stopped":
        _stopped(int(words[1]), words[2])
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


def _stopped(count: int, prefix: str) -> None:
    """So many zones that do not run, which may use their addresses of SLAAC in a prefix, given without its length."""
    with store.locked():
        known = store.Vms()
        for number in range(count):
            uuid = str(uuids.uuid5(uuids.NAMESPACE_OID, f"stopped {number}"))
            mac = f"02:00:5e:00:{number >> 8:02x}:{number & 255:02x}"
            nic = {
                "interface": "net0",
                "mac": mac,
                "allowed_ips": [links.eui64(mac), links.eui64(mac, prefix)],
                "nic_tag": "external",
                "ips": ["addrconf"],
                "primary": True,
            }
            vm = {
                "uuid": uuid,
                "zonename": uuid,
                "zonepath": str(store.ZONES / uuid),
                "alias": f"stopped-{number}",
                "brand": "joyent",
                "hvm": False,
                "autoboot": False,
                "state": "stopped",
                "zone_state": "installed",
                "max_physical_memory": 256,
                "platform_buildstamp": store.fault("buildstamp"),
                "create_timestamp": time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime()),
                "nics": [nic],
                "tags": {},
                "customer_metadata": {},
                "internal_metadata": {},
            }
            known.save(uuid, {"vm": vm, "links": {}})
