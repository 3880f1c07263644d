# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EC2 for tests: moto's server behind a layer that refuses what AWS refuses.

moto keeps the objects and speaks the protocol, but takes any IPv6 address, also one that is taken, and forgets
prefixes. Each rule of the layer names its source:

- [D] the user guides of Amazon VPC and Amazon EC2, and the Amazon EC2 API Reference
- [M] the documentation in botocore's service model of EC2
- [I] what EC2 answered somebody, by the issue where it is quoted
- [U] not verified against AWS: the likely reading of the other three
"""

from .server import Double

__all__ = ["Double"]
