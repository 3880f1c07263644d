# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # What the attributes mean. A module adds the fragments below that are true of it; this one says "full" of nothing.
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

    # It changes things, and can do all that the attributes ask for.
    CHANGES = r"""
options: {}
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
"""

    # It looks and changes nothing, so that a run and check mode are the same.
    READS = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - The module changes nothing.
  diff_mode:
    support: N/A
    details:
      - The module changes nothing.
  idempotent:
    support: full
"""

    CONTROLLER = r"""
options: {}
attributes:
  platform:
    support: full
    platforms: all
    details:
      - Runs on the controller.
"""

    LINUX = r"""
options: {}
attributes:
  platform:
    support: full
    platforms: linux
"""

    SMARTOS = r"""
options: {}
attributes:
  platform:
    support: full
    platforms: SmartOS (global zone)
requirements:
  - Python 3.8 or later in the global zone, for example C(/opt/tools/bin/python3) of pkgsrc, and nothing but its
    standard library
"""

    PYTHON = r"""
options: {}
attributes:
  platform:
    support: full
    platforms: any with Python
"""
