# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors as EC2 words them."""

from __future__ import annotations

import typing as t

from moto.ec2.exceptions import EC2ClientError


def refuse(code: str, message: str) -> t.NoReturn:
    raise EC2ClientError(code, message)
