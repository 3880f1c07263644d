# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Scripts for a host of the lab that break what a probe is to notice, and mend it."""

from __future__ import annotations

NET = "2001:db8:0:2:1::"
WEB, API = f"{NET}20", f"{NET}21"
# Within the /64 of the link, where somebody must answer the router's neighbour solicitations.
ONLINK = "2001:db8:0:1:d::"
PROXIED = f"{ONLINK}30"
NOBODY = f"{NET}99"
# Where the faults can be made: an NDP proxy, a container whose gateway can be another, and ports to close and open.
BEFORE_FAULTS = f"""
printf 'proxy ens3 {{\\n  rule {ONLINK}/80 {{\\n    iface onlink0\\n  }}\\n}}\\n' >/run/ndppd.conf
ndppd -d -c /run/ndppd.conf -p /run/ndppd.pid
docker exec c20 httpd -p 81
docker run -d --init --name lost --network user --ip6 {NET}22 --cap-add NET_ADMIN lab/busybox:latest \\
    sh -c 'exec sleep 2147483647' >/dev/null
"""
FAULTS = f"""
kill $(cat /run/ndppd.pid)
inside() {{ pid=$(docker inspect -f '{{{{.State.Pid}}}}' $1); shift; nsenter -t $pid -n "$@"; }}
inside lost ip -6 route replace default via {NET}bad
pkill -f 'httpd -p 8[1]'
docker exec c20 httpd -p 23
nft add table ip6 faults
nft 'add chain ip6 faults forward {{type filter hook forward priority 0;}}'
nft 'add chain ip6 faults out {{type nat hook postrouting priority 100;}}'
nft 'add rule ip6 faults forward ip6 daddr {API} tcp dport 80 drop'
nft 'add rule ip6 faults forward ip6 daddr {API} meta length 1500 drop'
nft 'add rule ip6 faults out ip6 saddr {API} oifname ens3 masquerade'
nft add table ip faults
nft 'add chain ip faults forward {{type filter hook forward priority 0;}}'
nft "add rule ip faults forward ip saddr $(docker inspect -f '{{{{.NetworkSettings.Networks.user.IPAddress}}}}' c20) drop"
"""
AFTER_FAULTS = """
nft delete table ip6 faults 2>/dev/null || true
nft delete table ip faults 2>/dev/null || true
docker rm -f lost >/dev/null
pkill -f 'httpd -p (8[1]|2[3])' || true
kill $(cat /run/ndppd.pid 2>/dev/null) 2>/dev/null || true
"""
