# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is PRIVATE to the collection: its content can change without notice.

"""The reachability matrix as JUnit XML, which CI systems show. Pure functions.

The form is the common part of what they read: ``testsuites``, ``testsuite``, ``testcase``, ``failure`` and ``error``.
"""

from __future__ import annotations

import re
import typing as t
import xml.etree.ElementTree as ET

from ansible_collections.routable.ipv6.plugins.plugin_utils import _reachability_ipv4 as ipv4_of
from ansible_collections.routable.ipv6.plugins.plugin_utils._reachability import conflicts

Result = t.Mapping[str, t.Any]

# XML 1.0, section 2.2: no document may have these, not even as references. What a remote shell said may.
_NO_CHARACTER = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
SITE = "the site"


def junit(matrix: Result) -> str:
    """The matrix of ``_reachability.matrix``: a suite for each vantage point, and one for what no one of them saw.

    A test case is an endpoint as one vantage point sees it. What could not be looked at is an error, no failure.
    """
    suites = [_vantage(vantage, matrix["endpoints"]) for vantage in matrix["vantages"]]
    suites.append(_site(matrix))
    root = ET.Element("testsuites", {"name": "reachability"})
    for suite in suites:
        suite.set("timestamp", matrix["at"])
        for key, tag in (("tests", "testcase"), ("failures", "testcase/failure"), ("errors", "testcase/error")):
            suite.set(key, str(len(suite.findall(tag))))
        root.append(suite)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _vantage(vantage: Result, rows: t.Sequence[Result]) -> ET.Element:
    name = vantage["name"]
    suite = _suite(f"from {name}", vantage["seconds"])
    _case(suite, name, "the vantage point", [vantage["reason"]] if vantage["reason"] else [], "error")
    for row in rows:
        cell = row["from"][name]
        causes = [f"{cause['cause']}: {cause['what']}: {cause['observed']}" for cause in cell["causes"]]
        reasons = [] if cell["ok"] else [cell["reason"], *causes]
        _case(
            suite, row["behind"], f"{row['name']} ({row['address']})", reasons, "failure" if cell["probed"] else "error"
        )
    return suite


def _site(matrix: Result) -> ET.Element:
    suite = _suite(SITE, 0)
    _case(suite, SITE, "each address is claimed once", conflicts(matrix["endpoints"]))
    for row in matrix["ipv4"]:
        wrong = ipv4_of.sentence(row)
        _case(suite, row["host"], f"IPv4 from {row['vantage']} ({row['to']})", [wrong] if wrong else [])
    return suite


def _suite(name: str, seconds: float | None) -> ET.Element:
    return ET.Element("testsuite", {"name": _text(name), "time": f"{seconds or 0:.2f}"})


def _case(suite: ET.Element, where: str, name: str, reasons: t.Sequence[str], kind: str = "failure") -> None:
    case = ET.SubElement(suite, "testcase", {"classname": _text(where), "name": _text(name)})
    if reasons:
        ET.SubElement(case, kind, {"message": _text(reasons[0])}).text = _text("\n".join(reasons))


def _text(value: str) -> str:
    return _NO_CHARACTER.sub("\ufffd", value)
