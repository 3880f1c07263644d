# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values that are good, and that a module and the role above it both take."""

from __future__ import annotations

import typing as t

INSTANCE: dict[str, t.Any] = {
    "name": "docker-1",
    "instance_type": "m7i.large",
    "image": "debian-13-amd64-*",
    "image_owners": ["136693071363"],
    "key_name": "operator",
    "public_key": "ssh-ed25519 AAAA",
    "user_data": "#cloud-config",
    "tags": {"team": "web"},
}
