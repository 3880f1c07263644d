# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import pathlib
import re
import typing as t
import xml.etree.ElementTree as ET

import jsonschema
import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._endpoints import parse_endpoints
from ansible_collections.routable.ipv6.plugins.module_utils._probe import (
    Answers,
    Echo,
    Knock,
    Port,
    judge,
    judge_source,
    parse_target,
)
from ansible_collections.routable.ipv6.plugins.plugin_utils import _reachability as reach
from ansible_collections.routable.ipv6.plugins.plugin_utils._reachability_causes import LOOK
from ansible_collections.routable.ipv6.plugins.plugin_utils._reachability_junit import junit
from ansible_collections.routable.ipv6.plugins.plugin_utils._reachability_table import lines, summary
from hypothesis import given, settings
from hypothesis import strategies as st

WEB, API, NAT, HERE = "2001:db8::20", "2001:db8::21", "2001:db8::1", "2001:db8:ffff::9"
Row = t.Dict[str, t.Any]
SCHEMA = json.loads((pathlib.Path(__file__).parents[4] / "docs" / "schemas" / "reachability.json").read_text())
VALID = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER)


def endpoint(name: str = "web", host: str = "docker1", **values: t.Any) -> Row:
    entry = {"name": name, "kind": "container", "address": WEB, **values}
    return parse_endpoints([entry], "docker_host", host)[0]


def probed(*endpoints: Row, dead: t.Collection[str] = (), local: str | None = HERE, port: int | None = 7) -> Row:
    """What a vantage point gives that finds everything as claimed, but for the ``dead`` addresses."""
    rows = []
    for target in reach.targets(endpoints):
        alive = target["address"] not in dead
        echo = Echo(True, 0.42) if alive else Echo(False, None, "no answer within 4 s")
        parsed = parse_target(target)
        knocks = {p: Knock("open") if alive else Knock("filtered", "no answer within 4 s") for p in parsed.open}
        knocks.update({p: Knock("refused", "connection refused") for p in parsed.closed})
        rows.append(judge(parsed, Answers(local, echo, echo, knocks)))
    return {"targets": rows, "seconds": 0.1, "observer": {"port": port, "reason": None if port else "cannot listen"}}


def visited(endpoints: list[Row], probes: dict[str, Row], host: str = "docker1", **changes: Row) -> dict[str, Row]:
    """What the host gives whose containers are all seen as themselves; ``changes`` by the container's name."""
    rows = []
    for entry in reach.visits(endpoints, probes, host):
        name = entry["container"]
        held = next(e["address"] for e in endpoints if e["name"] == name)
        row = {"container": name, "state": "running", "addresses": [held], "to": entry.get("to"), "port": 7}
        row.update({"local": held, "seen": entry.get("expect"), "reason": None, **changes.get(name, {})})
        rows.append(judge_source(row, entry.get("expect")))
    return {host: {"from": rows}}


def found(endpoints: list[Row], probes: dict[str, Row], visits: dict[str, Row]) -> Row:
    matrix = reach.matrix(endpoints, probes, visits, [], "2026-01-01T00:00:00+00:00")
    VALID.validate(matrix)
    return matrix


def test_all_is_well() -> None:
    both = [endpoint(source=WEB, open=[80], closed=[22]), endpoint("api", address=API)]
    probes = {"stranger": probed(*both)}
    matrix = found(both, probes, visited(both, probes))
    assert matrix["ok"] and matrix["failures"] == [] and matrix["warnings"] == []
    assert matrix["vantages"] == [{"name": "stranger", "ok": True, "reason": None, "seconds": 0.1}]
    api, web = matrix["endpoints"]
    assert (api["name"], web["name"]) == ("api", "web")
    assert api["from"]["stranger"]["source"] is None
    assert web["from"]["stranger"]["source"] == {"ok": True, "expected": WEB, "seen": WEB, "reason": None}
    assert summary(matrix) == "✓ All 2 endpoints answer as claimed, seen from stranger."


def test_what_a_host_is_asked() -> None:
    ends = [
        endpoint("web", source=WEB),
        endpoint("quiet", address=API),
        endpoint("other", "docker2", source=WEB),
        endpoint("self", kind="host", address=NAT, source=NAT),
        endpoint("machine", kind="vm", address="2001:db8::30", source="2001:db8::30"),
    ]
    probes = {
        "a": probed(*ends),
        "deaf": probed(*ends, port=None),
        "cut off": probed(*ends, local=None),
        "gone": {"msg": "no"},
    }
    assert reach.visits(ends, probes, "docker1") == [
        {"container": "web", "to": HERE, "port": 7, "expect": WEB},
        {"container": "quiet"},
        {"container": None, "to": HERE, "port": 7, "expect": NAT},
    ]
    assert reach.expected_peers(ends) == 3
    assert reach.visits(ends, probes, "docker3") == []


@pytest.mark.parametrize(
    ("change", "failure"),
    [
        (
            {"seen": NAT},
            f"source: seen as {NAT}, expected {WEB}, so something on the way translates it (NAT66)",
        ),
        (
            {"seen": None, "reason": f"no connection to [{HERE}]:7: refused"},
            f"source: no connection to [{HERE}]:7: refused",
        ),
        (
            {"state": "absent", "seen": None, "addresses": [], "reason": "there is no container named web"},
            "there is no container named web on docker1",
        ),
        (
            {"state": "exited", "seen": None, "addresses": [], "reason": "the container web does not run: exited"},
            "the container web does not run: exited",
        ),
        (
            {"state": "unknown", "seen": None, "addresses": [], "reason": "the Docker daemon cannot be asked"},
            "the Docker daemon cannot be asked",
        ),
    ],
)
def test_sources_that_are_not_as_claimed(change: Row, failure: str) -> None:
    ends = [endpoint(source=WEB)]
    probes = {"stranger": probed(*ends)}
    matrix = found(ends, probes, visited(ends, probes, web=change))
    assert not matrix["ok"]
    assert matrix["failures"] == [f"web behind docker1 ({WEB}) from stranger: {failure}"]


def test_a_container_that_is_not_there_yet_explains_the_silence() -> None:
    ends = [endpoint()]
    probes = {"stranger": probed(*ends, dead=[WEB])}
    change = {"state": "absent", "addresses": [], "reason": "there is no container named web"}
    assert found(ends, probes, visited(ends, probes, web=change))["failures"] == [
        f"web behind docker1 ({WEB}) from stranger: ping: no answer within 4 s; there is no container named web on docker1"
    ]


def test_a_container_that_has_another_address() -> None:
    ends = [endpoint()]
    probes = {"stranger": probed(*ends, dead=[WEB])}
    matrix = found(ends, probes, visited(ends, probes, web={"addresses": [API]}))
    assert matrix["failures"][0].endswith(f"the container web runs with {API} instead")


def test_what_is_as_claimed_needs_no_explanation() -> None:
    ends = [endpoint()]
    probes = {"stranger": probed(*ends)}
    assert found(ends, probes, visited(ends, probes, web={"addresses": [API]}))["ok"]
    assert found(ends, probes, {"docker1": {"msg": "unreachable", "unreachable": True}})["ok"]


@pytest.mark.parametrize(
    ("visits", "reason"),
    [
        ({"docker1": {"msg": "ssh says\nno", "unreachable": True}}, "docker1 could not be asked: ssh says no"),
        (
            {"docker1": {"msg": "no start", "module_stderr": "sudo: not found\n"}},
            "docker1 could not be asked: no start sudo: not found",
        ),
        ({}, "docker1 took no part in this run"),
    ],
)
def test_a_host_that_cannot_be_asked(visits: dict[str, Row], reason: str) -> None:
    ends = [endpoint(source=WEB)]
    matrix = found(ends, {"stranger": probed(*ends)}, visits)
    assert matrix["failures"] == [f"web behind docker1 ({WEB}) from stranger: {reason}"]


def test_a_vantage_point_that_cannot_listen() -> None:
    ends = [endpoint(source=WEB)]
    probes = {"stranger": probed(*ends, port=None)}
    matrix = found(ends, probes, visited(ends, probes))
    assert matrix["failures"] == [f"web behind docker1 ({WEB}) from stranger: source: stranger cannot listen"]


def test_a_vantage_point_without_a_route_is_one_failure() -> None:
    ends = [endpoint(), endpoint("api", address=API)]
    probes = {"localhost": probed(*ends, dead=[WEB, API], local=None), "stranger": probed(*ends)}
    matrix = found(ends, probes, visited(ends, probes))
    assert matrix["failures"] == [
        "from localhost: no IPv6 route to any endpoint. Choose another vantage point with -e verify_vantage=HOST"
    ]
    assert not matrix["ok"] and not any(row["ok"] for row in matrix["endpoints"])


def test_a_vantage_point_that_is_down_is_one_failure() -> None:
    ends = [endpoint(), endpoint("api", address=API)]
    matrix = found(ends, {"down": {"msg": "no ssh", "unreachable": True}}, {})
    assert matrix["failures"] == ["from down: nothing could be probed: no ssh"]
    assert "?" in "\n".join(lines(matrix))


def test_vantage_points_with_the_same_reason_share_a_sentence() -> None:
    ends = [endpoint()]
    probes = {name: probed(*ends, dead=[WEB]) for name in ("a", "b")}
    matrix = found(ends, probes, visited(ends, probes))
    assert matrix["failures"] == [f"web behind docker1 ({WEB}) from a, b: ping: no answer within 4 s"]


def test_an_address_claimed_twice() -> None:
    ends = [endpoint(), endpoint("db", "docker2")]
    matrix = found(ends, {"stranger": probed(*ends)}, {})
    assert not matrix["ok"]
    assert matrix["failures"] == [
        f"{WEB} is claimed by db behind docker2 and by web behind docker1: only one can hold it"
    ]


def test_two_roles_about_one_container_are_no_conflict() -> None:
    ends = [endpoint(), {**endpoint(), "role": "vultr_ndp"}]
    assert found(ends, {"stranger": probed(*ends)}, {})["ok"]


def test_nobody_looks_and_nothing_is_claimed() -> None:
    assert not found([endpoint()], {}, {})["ok"]
    assert not found([], {"stranger": {"targets": []}}, {})["ok"]


def test_warnings() -> None:
    ends = [endpoint("vm1", kind="vm", source=WEB)]
    matrix = reach.matrix(ends, {"stranger": probed(*ends)}, {}, ["gone"], "now")
    assert matrix["ok"]
    assert [warning.split()[0] for warning in matrix["warnings"]] == ["gone", "The"]
    assert "source address of vm1 is not tested" in matrix["warnings"][1]


def test_the_table() -> None:
    ends = [
        endpoint("web", source=WEB, open=[80, 443], closed=[22], mtu=1500),
        endpoint("api", address=API, open=["udp/53"], closed=list(range(1, 9)), ping=False),
        endpoint(
            "a-very-long-name-of-a-container-indeed",
            "a-host-with-a-long-name",
            address="2001:db8:1111:2222:3333:4444:5555:6666",
        ),
    ]
    probes = {"stranger": probed(*ends, dead=["2001:db8:1111:2222:3333:4444:5555:6666"])}
    probes["stranger"]["targets"][1]["open"][0]["state"] = "silent"
    visits = visited(ends, probes, web={"seen": NAT})
    visits.update(visited(ends, probes, "a-host-with-a-long-name"))
    text = lines(found(ends, probes, visits))
    (start,) = (number for number, line in enumerate(text) if line.startswith("→ silent (a-very-long-name"))
    advised = text[start:-2]
    assert [line.split()[1] for line in advised if line[0] == "→"] == ["silent", "wrong_source"]
    assert text == [
        "",
        "                                                            from stranger",
        "endpoint  behind    address                                 ping      mtu     open       closed     source",
        "a-very-…  a-host-…  2001:db8:1111:2222:3333:4444:5555:6666  ✗         ·       ·          ·          ·",
        "api       docker1   2001:db8::21                            ·         ·       ✓ 53/udp?  ✓ 8 ports  ·",
        "web       docker1   2001:db8::20                            ✓ 0.4 ms  ✓ 1500  ✓ 80,443   ✓ 22       ✗ other",
        "",
        "✗ a-very-long-name-of-a-container-indeed behind a-host-with-a-long-name",
        "  (2001:db8:1111:2222:3333:4444:5555:6666) from stranger: ping: no answer within 4 s",
        "✗ web behind docker1 (2001:db8::20) from stranger: source: seen as 2001:db8::1, expected",
        "  2001:db8::20, so something on the way translates it (NAT66)",
        *advised,
        "",
        "✗ 1 of 3 endpoints answer as claimed, seen from stranger.",
    ]


def test_narrow_and_wide() -> None:
    ends = [
        endpoint(
            "a-very-long-name-of-a-container-indeed",
            "a-host-with-a-long-name",
            address="2001:db8:1111:2222:3333:4444:5555:6666",
            open=[80],
            closed=[22],
        )
    ]
    one = {"stranger": probed(*ends)}
    text = lines(found(ends, one, {}))
    assert max(len(line) for line in text) <= 100
    assert any("2001:db8:1111:2222:3333:4444:5555:6666" in line for line in text)
    three = {name: probed(endpoint(open=[80])) for name in ("a", "b", "c")}
    wide = lines(found([endpoint(open=[80])], three, {}), 200)
    narrow = lines(found([endpoint(open=[80])], three, {}), 60)
    assert sum(line.startswith("endpoint") for line in wide) == 1
    assert sum(line.startswith("endpoint") for line in narrow) == 3


names = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=60)


@settings(max_examples=50)
@given(st.lists(st.tuples(names, names), min_size=1, max_size=6, unique=True), st.integers(1, 4), st.integers(90, 200))
def test_every_table_fits_and_shows_every_address(hosts: list[tuple[str, str]], vantages: int, width: int) -> None:
    ends = [endpoint(n, h, address=f"2001:db8:1:2:3:4:5:{i + 1:x}", open=[80]) for i, (n, h) in enumerate(hosts)]
    probes = {f"v{number}": probed(*ends) for number in range(vantages)}
    text = lines(found(ends, probes, {}), width)
    assert max(len(line) for line in text) <= width
    for end in ends:
        assert any(f" {end['address']} " in line for line in text)


def test_the_targets_of_a_probe_are_what_the_module_takes() -> None:
    (target,) = reach.targets([endpoint(open=[80], mtu=1500)])
    parsed = parse_target(target)
    assert (parsed.name, parsed.open, parsed.mtu) == ("docker_host/docker1/web", (Port(80),), 1500)


def ipv4_of(host_answered: bool, answered: bool | None) -> Row:
    return {"ipv4": {"to": "203.0.113.2", "answered": answered, "reason": "x", "host_answered": host_answered}}


def test_ipv4_is_asked_where_a_vantage_point_has_it_and_shown() -> None:
    ends = [endpoint(source=WEB), endpoint("api", address=API, source=API)]
    probes = {"stranger": {**probed(*ends), "ipv4": "203.0.113.2"}}
    assert [entry["ipv4"] for entry in reach.visits(ends, probes, "docker1")] == ["203.0.113.2"] * 2
    matrix = found(ends, probes, visited(ends, probes, web=ipv4_of(True, False), api=ipv4_of(True, True)))
    assert matrix["failures"] == [f"web behind docker1 ({WEB}) from stranger: IPv4: x"]
    assert [line.split()[-1] for line in lines(matrix)[2:5]] == ["ipv4", "✓", "✗"]
    assert matrix["ipv4"][0]["answered_at"] == matrix["at"]
    later = reach.matrix(
        ends, probes, visited(ends, probes, web=ipv4_of(False, False)), [], "2026-01-02T00:00:00Z", matrix
    )
    VALID.validate(later)
    assert later["failures"] == [
        f"docker1 gets no answer over IPv4 from stranger (203.0.113.2), and got one at {matrix['at']}"
    ]
    assert not later["ok"] and all(row["ok"] for row in later["endpoints"])


def test_a_size_is_asked_of_what_answers_a_ping_and_claims_none() -> None:
    ends = [endpoint(), endpoint("b", address=API, mtu=1280), endpoint("c", address=NAT, ping=False)]
    assert [target["mtu"] for target in reach.targets(ends, 1500)] == [1500, 1280, None]


def test_junit_has_a_case_for_each_endpoint_and_vantage_point() -> None:
    ends = [endpoint(), endpoint("db", "docker2"), endpoint('a<&>"\N{SNOWMAN}' * 40, address=API)]
    probes = {"a": probed(*ends, dead=[API]), "down": {"msg": "said \x1b[31mno\x00", "unreachable": True}}
    text = junit(found(ends, probes, {}))
    root = ET.fromstring(text)
    assert [(s.get("name"), s.get("tests"), s.get("failures"), s.get("errors")) for s in root] == [
        ("from a", "4", "1", "0"),
        ("from down", "4", "0", "4"),
        ("the site", "1", "1", "0"),
    ]
    (failure,) = root[0].iter("failure")
    assert failure.get("message") == "ping: no answer within 4 s; docker1 took no part in this run"
    assert failure.text and failure.text.endswith("\nsilent: ping: no answer within 4 s")
    assert ends[2]["name"] in {(case.get("name") or "").rpartition(" (")[0] for case in root[0]}
    assert next(root[1].iter("error")).get("message") == "nothing could be probed: said \ufffd[31mno\ufffd"
    assert "only one can hold it" in text


@given(st.text(max_size=20))
def test_junit_is_well_formed_whatever_was_said(said: str) -> None:
    ends = [endpoint()]
    ET.fromstring(junit(found(ends, {"down": {"msg": said or "x"}}, {})))


def test_the_schema_is_one_and_the_guide_names_what_it_has() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$defs"]["cause"]["enum"] == list(LOOK)
    guide = (pathlib.Path(__file__).parents[4] / "docs" / "reachability.md").read_text()
    words = set(re.findall(r"`([a-z0-9_]+)`", guide))
    keys = {*SCHEMA["properties"], *(key for part in SCHEMA["$defs"].values() for key in part.get("properties", ()))}
    assert not (keys | set(LOOK)) - words
