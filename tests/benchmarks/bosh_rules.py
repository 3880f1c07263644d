# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the rules for cloud configs cost: 20 networks and 2,000, as milliseconds and as a ratio.

    PYTHONPATH=.dev python3 tests/benchmarks/bosh_rules.py

A hundred times the networks may take at most GOAL_RATIO times as long, and each size has its limit.
"""

from __future__ import annotations

import sys
import time
import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks import check_cloud_config
from ansible_collections.routable.ipv6.plugins.module_utils._bosh_networks_findings import Director

ROUNDS = 5
GOAL_RATIO = 200.0
LIMITS = {20: 0.05, 2000: 1.0}  # seconds


def config(count: int) -> dict[str, t.Any]:
    networks = [
        {
            "name": f"n{number}",
            "subnets": [
                {
                    "range": f"2001:db8:{number:x}::/64",
                    "gateway": f"2001:db8:{number:x}::1",
                    "dns": ["2001:4860:4860::8888", "2001:4860:4860::8844"],
                    "azs": ["z1"],
                    "reserved": [f"2001:db8:{number:x}::1 - 2001:db8:{number:x}::ff"],
                    "static": [f"2001:db8:{number:x}::100 - 2001:db8:{number:x}::1ff"],
                    "cloud_properties": {"name": "IPv6"},
                }
            ],
        }
        for number in range(count)
    ]
    return {"azs": [{"name": "z1"}], "networks": networks}


def seconds(content: dict[str, t.Any]) -> float:
    begin = time.process_time()
    check_cloud_config(content, Director((283, 1, 6)))
    return time.process_time() - begin


def main() -> int:
    contents = {count: config(count) for count in LIMITS}
    rounds = [{count: seconds(content) for count, content in contents.items()} for _round in range(ROUNDS)]
    best = {count: min(one[count] for one in rounds) for count in LIMITS}
    ratio = best[2000] / best[20]
    for count, taken in best.items():
        print(f"{count:5} networks: {1000 * taken:7.1f} ms, limit {1000 * LIMITS[count]:.0f} ms")
    print(f"ratio {ratio:.0f}, goal at most {GOAL_RATIO:.0f}")
    return 0 if ratio <= GOAL_RATIO and all(best[count] < limit for count, limit in LIMITS.items()) else 1


if __name__ == "__main__":
    sys.exit(main())
