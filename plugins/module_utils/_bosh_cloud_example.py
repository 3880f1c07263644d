# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is PRIVATE to the collection: its content can change without notice.

"""A whole manifest to begin with: nginx of the community's nginx-release, which answers by IPv6."""

from __future__ import annotations

import typing as t

from ansible_collections.routable.ipv6.plugins.module_utils._bosh_cloud_input import (
    Group,
    Network,
    mapping,
    text_of,
)

GROUP = "nginx"
_KEYS = ("name", "stemcell", "release", "vm_type")
_STEMCELL = ("os", "version")
_RELEASE = ("name", "version", "url", "sha1")
# ipv6only=off: one socket for both families. Without [::] nginx listens to IPv4 alone.
_CONF = """\
user nobody vcap;
worker_processes 1;
error_log /var/vcap/sys/log/nginx/error.log info;
events {
  worker_connections 1024;
}
http {
  include /var/vcap/packages/nginx/conf/mime.types;
  default_type application/octet-stream;
  access_log /var/vcap/sys/log/nginx/access.log;
  server {
    listen [::]:80 ipv6only=off;
    root /var/vcap/data/nginx/document_root;
    index index.html;
  }
}
"""
_START = """\
#!/bin/sh
set -e
mkdir -p /var/vcap/data/nginx/document_root
echo '<!doctype html><title>nginx on BOSH</title><p>This page came over IPv6 or IPv4.</p>' \\
  >/var/vcap/data/nginx/document_root/index.html
"""
_WATCH = "30000-600000"  # milliseconds


def read(said: object) -> dict[str, t.Any]:
    """The example's own options.

    :raises Refused: one that is missing or that there is not.
    """
    options = mapping(said, _KEYS, "example")
    stemcell = mapping(options.get("stemcell"), _STEMCELL, "example: stemcell")
    release = mapping(options.get("release"), _RELEASE, "example: release")
    for key in _STEMCELL:
        text_of(stemcell, key, "example: stemcell: ")
    text_of(release, "version", "example: release: ")
    for values, keys in ((options, ("name", "vm_type")), (release, ("name", "url", "sha1"))):
        for key in keys:
            if key in values:
                text_of(values, key, "example: ")
    return {"name": "nginx", "vm_type": "default", **options, "stemcell": stemcell, "release": release}


def manifest(
    told: t.Mapping[str, t.Any], groups: t.Sequence[Group], beside: str | None, networks: t.Sequence[Network]
) -> dict[str, t.Any]:
    """The manifest with one instance group for each that was given, before the operations on their networks.

    :arg beside: the IPv4 network that they are in, too.
    """
    release = {"name": "nginx", **told["release"]}
    return {
        "name": told["name"],
        "releases": [release],
        "stemcells": [{"alias": "default", **told["stemcell"]}],
        "update": {
            "canaries": 1,
            "max_in_flight": 1,
            "canary_watch_time": _WATCH,
            "update_watch_time": _WATCH,
        },
        "instance_groups": [_group(group, told, release, beside, networks) for group in groups],
    }


def _group(
    group: Group,
    told: t.Mapping[str, t.Any],
    release: t.Mapping[str, t.Any],
    beside: str | None,
    networks: t.Sequence[Network],
) -> dict[str, t.Any]:
    network = next(one for one in networks if one.name == group.network)
    azs = list(dict.fromkeys(zone for subnet in network.subnets for zone in subnet.azs or ()))
    spec: dict[str, t.Any] = {
        "name": group.name,
        "instances": len(group.addresses) or 1,
        "vm_type": told["vm_type"],
        "stemcell": "default",
        "networks": [{"name": beside}] if beside is not None else [],
        "jobs": [
            {
                "name": "nginx",
                "release": release["name"],
                "properties": {"nginx_conf": _CONF, "pre_start": _START},
            }
        ],
    }
    return {**spec, "azs": azs} if azs else spec
