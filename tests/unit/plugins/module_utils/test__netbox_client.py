# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The client against a small NetBox on the loopback."""

from __future__ import annotations

import pathlib
import ssl
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._netbox_client import NetBox, NetBoxError, base_url
from ansible_collections.routable.ipv6.plugins.module_utils._plan import Refused
from doubles.bosh_director.certificates import make_certificates
from doubles.netbox.server import TOKEN, Answer, Double


@pytest.fixture
def double() -> Double:
    return Double()


@pytest.fixture
def netbox(double: Double) -> t.Iterator[NetBox]:
    with double.running() as url:
        yield NetBox(f"{url}/api/", TOKEN, timeout=20)


def test_all_pages_are_read_and_the_token_goes_nowhere_else(double: Double, netbox: NetBox) -> None:
    double.page = 7
    for number in range(20):
        double.add("prefixes", f"2001:db8:0:{number:x}::/64")
    # The links in the answers lead to another host, which has no address.
    assert len(netbox.list("ipam/prefixes", within_include="2001:db8::/48")) == 20
    assert double.requests == [("GET", "/api/ipam/prefixes/")] * 3


def test_tokens_of_both_versions(double: Double) -> None:
    double.token = "nbt_abcdefghijkl.0123456789"
    with double.running() as url:
        assert NetBox(url, double.token).version() == "4.6.8"
        assert double.authorization == [f"Bearer {double.token}"]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (Answer(200, "<html>Login</html>", "text/html"), "answers with HTML instead of JSON"),
        (Answer(200, [1]), "does not say its version"),
        (Answer(403, {"detail": "Invalid v1 token"}), "does not accept the token: Invalid v1 token"),
        (Answer(404, "<html/>", "text/html"), "has no API there: look whether the URL is NetBox's own"),
        (Answer(302, None), "redirects to https://elsewhere.invalid/api/: give its own URL"),
        (Answer(500, {"error": "x"}), r"failed inside \(500\) at status/: look into its log"),
        (Answer(502, "<html/>", "text/html"), r"failed inside \(502\)"),
        (Answer(400, {"detail": "No."}), "refuses status/: No$"),
    ],
)
def test_answers_that_are_none(double: Double, netbox: NetBox, answer: Answer, says: str) -> None:
    double.faults.append(("GET", "status", answer))
    with pytest.raises(NetBoxError, match=says):
        netbox.version()


def test_a_wrong_path_a_wrong_token_and_nobody_there(double: Double) -> None:
    with double.running() as url:
        with pytest.raises(NetBoxError, match="has no API there"):
            NetBox(f"{url}/elsewhere", TOKEN).version()
        with pytest.raises(NetBoxError, match="does not accept the token"):
            NetBox(url, "wrong").version()
        with pytest.raises(NetBoxError, match="does not speak TLS"):
            NetBox(url.replace("http:", "https:"), TOKEN).version()
    with pytest.raises(NetBoxError, match="nobody listens on that port"):
        NetBox(url, TOKEN).version()


def test_a_time_out_says_whether_something_may_have_been_written(double: Double) -> None:
    with double.running() as url:
        netbox = NetBox(url, TOKEN, timeout=0.2)
        # Without a limit of its own it would wait for both.
        double.faults += [("GET", "status", 2.0), ("POST", "prefixes", 2.0)]
        with pytest.raises(NetBoxError, match=r"did not answer within 0\.2 s$"):
            netbox.version()
        with pytest.raises(NetBoxError, match=r"within 0\.2 s, and may have carried it out or not$"):
            netbox.write("create", "prefixes", [{"prefix": "2001:db8::/64"}])


def test_certificates(double: Double, tmp_path: pathlib.Path) -> None:
    make_certificates(tmp_path, ["127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem", tmp_path / "server.key")
    with double.running(context) as url:
        with pytest.raises(NetBoxError, match=r"certificate that cannot be trusted .* as ca_path"):
            NetBox(url, TOKEN).version()
        assert NetBox(url, TOKEN, ca_path=str(tmp_path / "ca.pem")).version() == "4.6.8"
        assert NetBox(url, TOKEN, validate_certs=False).version() == "4.6.8"


def test_what_the_token_may_do_is_known_before(double: Double, netbox: NetBox) -> None:
    netbox.check_may("prefixes", ["create", "update", "delete"])
    double.permissions.discard("add_prefix")
    netbox.check_may("prefixes", ["update", "delete"])
    with pytest.raises(NetBoxError, match=r"does not let this token create prefixes: .* needs ipam.add_prefix"):
        netbox.check_may("prefixes", ["create"])
    double.write_enabled = False
    with pytest.raises(NetBoxError, match=r"create or update ip-addresses: it must be enabled for writing"):
        netbox.check_may("ip-addresses", ["create", "update"])


def test_a_list_is_written_whole_or_not(double: Double, netbox: NetBox) -> None:
    double.add("prefixes", "2001:db8:0:1::/64")
    with pytest.raises(NetBoxError, match=r"refuses ipam/prefixes/: 2001:db8:0:1::/64: prefix: Duplicate"):
        netbox.write("create", "prefixes", [{"prefix": "2001:db8::/64"}, {"prefix": "2001:db8:0:1::/64"}])
    assert list(double.values("prefixes")) == ["2001:db8:0:1::/64"]
    with pytest.raises(NetBoxError, match=r"has written 0 of 1 prefixes .* somebody has deleted them"):
        netbox.write("update", "prefixes", [{"id": 1, "status": "reserved"}])


def test_a_list_that_changes_while_it_is_read(double: Double, netbox: NetBox) -> None:
    page: dict[str, t.Any] = {"count": 2, "next": None, "results": [{"id": 1}]}
    double.faults.append(("GET", "prefixes", Answer(200, page)))
    with pytest.raises(NetBoxError, match="run the task again"):
        netbox.list("ipam/prefixes")
    double.faults.append(("GET", "prefixes", Answer(200, {**page, "next": "http://x/?limit=1000"})))
    with pytest.raises(NetBoxError, match="again and again"):
        netbox.list("ipam/prefixes")
    double.faults.append(("GET", "prefixes", Answer(200, [])))
    with pytest.raises(NetBoxError, match="no list of ipam/prefixes"):
        netbox.list("ipam/prefixes")


def test_urls_and_tokens() -> None:
    assert base_url(" https://n.example/netbox/api/ ") == "https://n.example/netbox"
    assert base_url("http://[2001:db8::1]:8000") == "http://[2001:db8::1]:8000"
    for wrong in ("n.example", "ftp://n.example", "https://", "https://n.example:x", "https://n.example/?a=b"):
        with pytest.raises(Refused, match="no URL of a NetBox"):
            base_url(wrong)
    with pytest.raises(Refused, match="a user has no place in it") as refused:
        base_url("https://me:secret@n.example")
    assert "secret" not in str(refused.value)
    for bad in ("", "with space", "line\nbreak"):
        with pytest.raises(Refused, match="characters that no token has"):
            NetBox("https://n.example", bad)
