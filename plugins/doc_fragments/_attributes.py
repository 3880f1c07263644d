# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # Each module states its own support; nothing here says "full" for a module that nobody looked at.
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: In check mode the module changes nothing and reports what a run would change.
  diff_mode:
    description: In diff mode the module shows what is there and what a run would leave there.
  idempotent:
    description:
      - A second run with the same options changes nothing, unless somebody else has changed the host in between.
  platform:
    description: The systems that the module works on.
"""
