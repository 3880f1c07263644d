#!/usr/bin/python
# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipv6_ledger_import
short_description: Fill a new ledger from an export
version_added: 1.0.0
author:
  - routable.ipv6 contributors (@routable)
description:
  - Fills a ledger that nobody has used yet with what M(routable.ipv6.ipv6_ledger_export) wrote as V(json). Another
    export is the same to the letter. So a ledger moves from a file to a database, and comes back from git.
  - A ledger that is in use is left alone. The task fails, unless it has exactly what is imported.
  - The journal stays with the ledger that wrote it. The new one begins with a line about the import.
  - Runs on the controller. No connection to the host is made.
extends_documentation_fragment:
  - routable.ipv6._attributes
  - routable.ipv6._attributes.changes
  - routable.ipv6._attributes.controller
options:
  src:
    description: The file to read, on the controller. A relative path starts at the playbook.
    type: path
    required: true
  ledger:
    description: The ledger to fill, as for M(routable.ipv6.ipv6_allocate).
    type: str
  run:
    description: What the journal calls this run, as for M(routable.ipv6.ipv6_allocate).
    type: str
seealso:
  - module: routable.ipv6.ipv6_ledger_export
"""

EXAMPLES = r"""
- name: Write what the file has
  routable.ipv6.ipv6_ledger_export:
    format: json
    dest: ledger.json
  run_once: true

- name: Move to a database
  routable.ipv6.ipv6_ledger_import:
    src: ledger.json
    ledger: postgresql://controller@db.example.com/ipv6
  run_once: true
"""

RETURN = r"""
src:
  description: The file that was read.
  returned: success
  type: str
"""
