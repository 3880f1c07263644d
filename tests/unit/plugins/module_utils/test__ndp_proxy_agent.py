# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import io
import pathlib
import subprocess
import sys

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _ndp_proxy_docker as docker
from ansible_collections.routable.ipv6.plugins.module_utils import _ndp_proxy_kernel as kernel
from ansible_collections.routable.ipv6.plugins.module_utils._ndp_proxy_client import agent_text
from hypothesis import given
from hypothesis import strategies as st

RANGES = [kernel.prefix_range("2001:db8:0:1:d::/80"), kernel.prefix_range("2001:db8:0:2::8/125")]

near = st.builds(
    lambda head, tail: (0x20010DB8000000010000000000000000 + (head << 48) + tail).to_bytes(16, "big"),
    st.sampled_from([0xD, 0xE]),
    st.integers(0, 3),
)
anywhere = st.binary(min_size=16, max_size=16)
sets = st.sets(st.one_of(near, anywhere), max_size=12)


@given(sets, sets)
def test_reconcile(held: set[bytes], wanted: set[bytes]) -> None:
    add, remove = kernel.reconcile(held, wanted, RANGES)
    after = held.union(add).difference(remove)
    assert wanted <= after
    assert {a for a in after if kernel.inside(a, RANGES)} == {a for a in wanted if kernel.inside(a, RANGES)}
    # What is outside and not ours is as it was.
    assert {a for a in held - wanted if not kernel.inside(a, RANGES)} <= after
    assert not set(add) & held
    assert kernel.reconcile(after, wanted, RANGES) == ([], [])


@pytest.mark.parametrize(
    ("prefix", "first", "last"),
    [
        ("2001:db8:0:1:d::/80", "2001:db8:0:1:d::", "2001:db8:0:1:d:ffff:ffff:ffff"),
        ("2001:db8::5/126", "2001:db8::4", "2001:db8::7"),
        ("2001:db8::5/128", "2001:db8::5", "2001:db8::5"),
        ("::/0", "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    ],
)
def test_prefix_range(prefix: str, first: str, last: str) -> None:
    assert [kernel.shown(end) for end in kernel.prefix_range(prefix)] == [first, last]


@pytest.mark.parametrize(
    ("subnet", "expected"),
    [
        ("172.17.0.0/16", False),
        ("", False),
        ("2001:db8:0:1:d:8000::/81", True),
        ("2001:db8:0:1::/64", True),
        ("2001:db8:0:1:e::/80", False),
        ("2001:db8:0:2::f/128", True),
        ("2001:db8:0:2::10/128", False),
    ],
)
def test_overlaps(subnet: str, expected: bool) -> None:
    assert docker.overlaps(subnet, RANGES) is expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", (200, b"[]")),
        (b"HTTP/1.1 404 Not Found\r\ncontent-length:5\r\n\r\nabcde", (404, b"abcde")),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\nA;x=y\r\n234567890]\r\n0\r\n\r\n",
            (200, b"[1,234567890]"),
        ),
    ],
)
def test_read_answer(answer: bytes, expected: tuple[int, bytes]) -> None:
    rest = b"HTTP/1.1 200 next"
    stream = io.BytesIO(answer + rest)
    assert docker.read_answer(stream) == expected
    assert stream.read() == rest


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Len", b"HTTP/1.1 200 OK\r\n"])
def test_an_answer_cut_short_is_an_error(answer: bytes) -> None:
    with pytest.raises(ConnectionError):
        docker.read_answer(io.BytesIO(answer))


def test_attributes_come_back() -> None:
    data = kernel.attribute(1, b"x" * 16) + kernel.attribute(7, b"12345678")
    assert kernel.attributes(b"head" + data, 4) == {1: b"x" * 16, 7: b"12345678"}
    assert kernel.attributes(b"\0\0\1\0", 0) == {}


def test_it_stands_alone(tmp_path: pathlib.Path) -> None:
    """As on a target: no collection, no site packages, and only the parts of the standard library that it needs."""
    program = tmp_path / "agent.py"
    program.write_text(agent_text())
    done = subprocess.run([sys.executable, "-I", "-S", "-B", str(program)], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == f"usage: {program} CONFIG.json\n"
    listed = subprocess.run(
        [
            sys.executable,
            "-I",
            "-S",
            "-B",
            "-c",
            f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import agent; sys.stdout.write(' '.join(sys.modules))",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert not {"asyncio", "ansible", "http.client", "typing", "subprocess", "logging"} & set(listed)
