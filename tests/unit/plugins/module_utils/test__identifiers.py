# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import netaddr
import pytest
from ansible_collections.routable.ipv6.plugins.module_utils import _identifiers as i
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from hypothesis import given
from hypothesis import strategies as st

SECRET = b"0123456789abcdef"
PREFIX = 0x20010DB8_0000_0001 << 64
MACS = st.integers(1, 2**48 - 1).filter(lambda mac: not mac >> 40 & 1)


@given(st.integers(0, 2**48 - 1))
def test_a_mac_in_its_two_usual_spellings(mac: int) -> None:
    octets = mac.to_bytes(6, "big")
    for text in (octets.hex(":"), octets.hex("-"), octets.hex(":").upper()):
        assert i.mac_number(text) == mac == int(netaddr.EUI(text))


@given(st.text(alphabet="0123456789abcdefAF:- g.", min_size=17, max_size=17) | st.text(alphabet="0af:-", max_size=20))
def test_what_is_taken_for_a_mac_is_one_for_netaddr(text: str) -> None:
    number = i.mac_number(text)
    if number is not None:
        assert int(netaddr.EUI(text, version=48)) == number


@pytest.mark.parametrize(
    "text",
    ["52:54:00-12:34:56", "52:54:00:12:34:5", "52:54:00:12:34:5g", "5254.0012.3456", "  :54:00:12:34:56", "", None, 17,
     "52:54:00:12:34:5²"],
)  # fmt: skip
def test_other_spellings_are_left_to_netaddr(text: object) -> None:
    assert i.mac_number(text) is None


@given(MACS)
def test_eui64_is_netaddrs(mac: int) -> None:
    assert i.eui64_identifier(mac) == int(netaddr.EUI(mac, version=48).modified_eui64())


@pytest.mark.parametrize("mac", [0, 0x333300000001, 2**48 - 1])
def test_no_interface_has_such_a_mac(mac: int) -> None:
    with pytest.raises(Refused, match=r"mac=..:..:..:..:..:..: no interface"):
        i.eui64_identifier(mac)


@pytest.mark.parametrize(
    ("identifier", "bits", "expected"),
    [
        (0, 64, True),
        (1, 64, False),
        (0x0200_5EFF_FDFF_FFFF, 64, False),
        (0x0200_5EFF_FE00_0000, 64, True),
        (0x0200_5EFF_FEFF_FFFF, 64, True),
        (0x0200_5EFF_FF00_0000, 64, False),
        (0xFDFF_FFFF_FFFF_FF7F, 64, False),
        (0xFDFF_FFFF_FFFF_FF80, 64, True),
        (0xFDFF_FFFF_FFFF_FFFF, 64, True),
        (0xFE00_0000_0000_0000, 64, False),
        (2**64 - 1, 64, False),
        (0, 48, True),
        (2**48 - 129, 48, False),
        (2**48 - 128, 48, True),
        (2**48 - 1, 48, True),
        (127, 8, False),
        (128, 8, True),
        (127, 7, False),
        (0, 7, True),
        (0, 1, False),
        (0, 0, False),
    ],
)
def test_reserved_identifiers(identifier: int, bits: int, expected: bool) -> None:
    assert i.reserved(identifier, bits) is expected


@given(st.integers(0, 126), st.text(min_size=1), st.binary(min_size=16), st.text(), st.integers(0, 9))
def test_a_stable_identifier_fits_and_is_not_reserved(
    length: int, interface: str, secret: bytes, network: str, attempt: int
) -> None:
    interface, network = (text.encode("utf-8", "ignore").decode() for text in (interface + "x", network))
    one = i.stable_identifier(0, length, interface, secret, network, attempt)
    assert 0 <= one < 1 << (128 - length) and not i.reserved(one, 128 - length)
    assert one == i.stable_identifier(0, length, interface, secret, network, attempt)


def test_a_stable_identifier_depends_on_everything() -> None:
    variants = [
        (PREFIX, 64, "web", SECRET),
        (PREFIX + (1 << 64), 64, "web", SECRET),
        (PREFIX, 65, "web", SECRET),
        (PREFIX, 64, "web1", SECRET),
        (PREFIX, 64, "web", SECRET + b"x"),
        (PREFIX, 64, "web", SECRET, "net"),
        # The parts are kept apart.
        (PREFIX, 64, "we", SECRET, "bnet"),
        (PREFIX, 64, "web", SECRET, "", 1),
    ]
    assert len({i.stable_identifier(*one) for one in variants}) == len(variants)


def test_a_stable_identifier_stays_what_it_was() -> None:
    # Golden value: a change would move every address that was made so.
    assert i.stable_identifier(PREFIX, 64, "web", SECRET) == 0xC7CE_A257_DC08_059A


def test_the_counter_goes_on_while_the_outcome_is_reserved() -> None:
    # In a /126 every fourth outcome is the anycast address.
    found = [i.stable_identifier(0, 126, "web", SECRET, attempt=attempt) for attempt in range(20)]
    raw = [i.hmac.new(SECRET, _known(126) + bytes([attempt]), "sha256").digest()[-1] & 3 for attempt in range(40)]
    assert 0 in raw[:20] and found == [next(one for one in raw[attempt:] if one) for attempt in range(20)]


def _known(length: int) -> bytes:
    fields = (bytes(16) + bytes([length]), b"web", b"")
    return b"".join(len(field).to_bytes(4, "big") + field for field in fields)


@pytest.mark.parametrize(
    ("args", "rule"),
    [
        ((PREFIX, 64, "web", b"short"), "at least 16 octets"),
        ((PREFIX, 64, "", SECRET), "that of an interface"),
        ((PREFIX, 64, "web", SECRET, "", -1), "0 to 255"),
        ((PREFIX, 64, "web", SECRET, "", 256), "0 to 255"),
    ],
)
def test_what_gives_no_stable_identifier(args: tuple[object, ...], rule: str) -> None:
    with pytest.raises(Refused, match=rule) as caught:
        i.stable_identifier(*args)  # type: ignore[arg-type]
    assert "short" not in str(caught.value)


def test_only_reserved_outcomes_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(i, "reserved", lambda _identifier, _bits: True)
    with pytest.raises(Refused, match="only reserved identifiers"):
        i.stable_identifier(PREFIX, 64, "web", SECRET)


def test_a_mac_needs_a_64() -> None:
    assert i.slaac_prefix("2001:db8:0:1::/64") == PREFIX
    with pytest.raises(Refused, match=r"2001:db8::/48: .*64 bits"):
        i.slaac_prefix("2001:db8::/48")
