# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real runs of Ansible at -vvvv with --diff, given one secret of each kind: none of them is ever anywhere again.

Not in the output, a diff, Ansible's log, what modules tell the system's log, a temporary file or the state directory.
Nobody lets them in where the tasks go, so what is tested is what they say of it; good runs are tested beside each service.
"""

from __future__ import annotations

import http.server
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import typing as t

import pytest
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.postgresql import _hidden
from ansible_collections.routable.ipv6.plugins.module_utils._ledger.records import without_password

ROOT = pathlib.Path(__file__).parents[3]
NOWHERE = "127.0.0.1:1"
SECRET = {
    name: f"canary-{number}-{name}"
    for number, name in enumerate(
        (
            "secret_key",
            "session_token",
            "password",
            "client_secret",
            "token",
            "dsn",
            "query",
            "odd",
            "metadata",
            "cpi",
            "manifest",
        )
    )
}
AWS = {
    "region": "eu-west-1",
    "access_key": "AKIA",
    "secret_key": SECRET["secret_key"],
    "session_token": SECRET["session_token"],
    "endpoint_url": f"http://{NOWHERE}",
}
PROXY = f"http://user:{SECRET['password']}@{NOWHERE}"
DIRECTOR = {"director": f"https://{NOWHERE}", "client": "admin", "client_secret": SECRET["client_secret"]}
VCENTER = {"hostname": "127.0.0.1", "port": 1, "username": "u", "password": SECRET["password"], "datacenter": "dc"}
CPI = {"cpis": [{"name": "v", "type": "vsphere", "properties": {"password": SECRET["cpi"]}}]}
LEDGERS = (
    f"postgresql://user:{SECRET['dsn']}@{NOWHERE}/ipv6",
    f"postgresql://{NOWHERE}/ipv6?user=user&password={SECRET['query']}",
    f"postgresql://user:%zz{SECRET['odd']}@{NOWHERE}/ipv6",
)
METADATA = {"root_pw": SECRET["metadata"]}
ZONE = {
    "alias": "web",
    "payload": {"brand": "kvm", "vnc_password": SECRET["metadata"]},
    "customer_metadata": METADATA,
    "internal_metadata": {"key": SECRET["metadata"]},
}
# Metadata in the wrong place, misspelt, as a text, or beside a mistake that Ansible itself finds.
ZONES: list[dict[str, t.Any]] = [
    {"alias": "web", "payload": {"brand": "lx", "customer_metadata": METADATA}},
    {"alias": "web", "payload": {"brand": "lx", "internal_metadata": METADATA}},
    {"alias": "web", "payload": {"brand": "lx", "customer_metadta": {"x": [METADATA]}, "x": METADATA}},
    {"alias": "web", "payload": json.dumps({"brand": "lx", "customer_metadata": METADATA})},
    {"alias": "web", "customer_metadata": json.dumps(METADATA)},
    {"alias": "web", "payload": {"brand": "lx", "internal_metadata": METADATA}, "autoboot": "perhaps"},
]
STEMCELL = {"name": "s", "version": "1", "url": f"https://{NOWHERE}/s?signature={SECRET['manifest']}"}
MANIFEST = {"name": "web", "instance_groups": [{"name": "w", "properties": {"password": SECRET["manifest"]}}]}
OF_LEDGER: dict[str, dict[str, t.Any]] = {
    "ipv6_allocate": {"requests": ["web"], "pool": "site", "pools": {"site": {"prefix": "2001:db8::/64"}}},
    "ipv6_ledger_export": {"format": "json"},
    "ipv6_ledger_import": {"src": "ledger.json"},
    "ipv6_ledger_netbox": {"url": f"http://{NOWHERE}", "token": SECRET["token"], "direction": "publish"},
    "ipv6_report": {},
}
TASKS: list[tuple[str, dict[str, t.Any]]] = [
    ("bosh_config", {**DIRECTOR, "type": "cpi", "content": json.dumps(CPI)}),
    ("bosh_deployment", {**DIRECTOR, "name": "web", "state": "absent"}),
    ("ec2_docker_instance", {**AWS, "name": "docker-1", "state": "absent", "user_data": SECRET["manifest"]}),
    ("ec2_docker_subnet", {**AWS, "subnet": "subnet-1", "aws_config": {"proxies": {"https": PROXY}}}),
    ("eni_ipv6_block", {**AWS, "eni_id": "eni-1"}),
    ("bosh_deployment", {**DIRECTOR, "name": "web", "manifest": MANIFEST, "stemcells": [STEMCELL]}),
    ("bosh_deployment", {**DIRECTOR, "name": "web", "manifest": json.dumps(MANIFEST)}),
    ("smartos_zone", {"zones": [ZONE]}),
    *(("smartos_zone", {"zones": [zone]}) for zone in ZONES),
    ("vsphere_network_info", VCENTER),
    ("vsphere_vm_addresses", {**VCENTER, "name": "vm", "addresses": ["2001:db8::1"], "wait": 0}),
    ("ipv6_ledger_netbox", OF_LEDGER["ipv6_ledger_netbox"]),
    *((name, {**options, "ledger": where}) for name, options in OF_LEDGER.items() for where in LEDGERS),
]
# What the environment gives in place of options.
ENVIRON = {
    "AWS_SECRET_ACCESS_KEY": SECRET["secret_key"],
    "AWS_SESSION_TOKEN": SECRET["session_token"],
    "BOSH_CLIENT_SECRET": SECRET["client_secret"],
    "VMWARE_PASSWORD": SECRET["password"],
    "NETBOX_TOKEN": SECRET["token"],
}
# In each module's process: what it tells the system's log, in a file.
SYSLOG = "import os, syslog\nsyslog.syslog = lambda *a: open(os.environ['SEEN'], 'a').write(str(a) + chr(10))\n"


class Refusing(http.server.BaseHTTPRequestHandler):
    """Lets nobody in, as EC2 says it; connections that fail would be tried again and again."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        code = "<Code>AuthFailure</Code><Message>You are not let in.</Message>"
        self.send_response(401)
        self.end_headers()
        self.wfile.write(f"<Response><Errors><Error>{code}</Error></Errors></Response>".encode())

    do_GET = do_POST

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def server() -> t.Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refusing) as refusing:
        threading.Thread(target=refusing.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{refusing.server_port}"
        refusing.shutdown()


def play(place: pathlib.Path, server: str) -> str:
    """Everything that was printed."""
    tasks: list[dict[str, t.Any]] = [
        {"name": f"{number} {name}", f"routable.ipv6.{name}": options} for number, (name, options) in enumerate(TASKS)
    ]
    for name in sorted({name for name, _options in TASKS}):
        bare = dict(next(options for one, options in TASKS if one == name))
        given = {key: value for key, value in bare.items() if key not in SECRET and key != "access_key"}
        tasks.append({"name": f"{name} from the environment", f"routable.ipv6.{name}": given})
    for number, where in enumerate(LEDGERS):
        lookup = "{{ lookup('routable.ipv6.ipv6_address', 'web') }}"
        tasks.append(
            {"name": f"Look up {number}", "ansible.builtin.debug": {"msg": lookup}, "vars": {"ipv6_ledger": where}}
        )
    for zone in ZONES:
        role = {"ansible.builtin.include_role": {"name": "routable.ipv6.smartos_zone"}}
        rescue = [{"ansible.builtin.debug": {"msg": "refused"}}]
        tasks.append({"block": [{**role, "vars": {"smartos_zone_zones": [zone]}}], "rescue": rescue})
    book = [
        {
            "hosts": "localhost",
            "gather_facts": False,
            "module_defaults": {},
            "tasks": [task if "block" in task else {**task, "ignore_errors": True} for task in tasks],
        }
    ]
    given_away = place / "given"
    given_away.mkdir()
    (given_away / "play.json").write_text(json.dumps(book).replace(f"http://{NOWHERE}", server))
    (place / "ledger.json").write_text("{}")
    (place / "ansible.cfg").touch()
    (place / "sitecustomize.py").write_text(SYSLOG)
    for name in ("tmp", "home", "remote"):
        (place / name).mkdir()
    environ = {
        **os.environ,
        **ENVIRON,
        "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".dev"),
        "ANSIBLE_CONFIG": str(place / "ansible.cfg"),
        "ANSIBLE_HOME": str(place / "home"),
        "ANSIBLE_LOG_PATH": str(place / "ansible.log"),
        "ANSIBLE_REMOTE_TMP": str(place / "remote"),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "PYTHONPATH": str(place),
        "SEEN": str(place / "syslog"),
        "TMPDIR": str(place / "tmp"),
    }
    command = [
        sys.executable,
        "-m",
        "ansible",
        "playbook",
        "-vvvv",
        "--diff",
        "-e",
        f"ipv6_state_dir={place / 'state'}",
    ]
    done = subprocess.run(
        [*command, "-e", "ansible_python_interpreter=" + sys.executable, str(given_away / "play.json")],
        capture_output=True,
        text=True,
        env=environ,
        cwd=place,
        check=False,
    )
    return done.stdout + done.stderr


def test_no_secret_is_ever_shown(tmp_path: pathlib.Path, server: str) -> None:
    places = {"output": play(tmp_path, server)}
    for path in tmp_path.rglob("*"):
        if path.is_file() and path.parent.name != "given":
            places[str(path.relative_to(tmp_path))] = path.read_bytes().decode("utf-8", "replace")
    assert "ignored=" in places["output"] and "TASK [0 bosh_config]" in places["ansible.log"]
    assert f"rescued={len(ZONES)}" in re.sub(" ", "", places["output"])
    assert "Invoked with" in places["syslog"] and "eni-1" in places["syslog"]
    assert len(re.findall("^fatal: ", places["output"], re.M)) >= len(TASKS)
    found = [(name, secret) for name, text in places.items() for secret in SECRET.values() if secret in text]
    assert found == []


def test_every_option_that_holds_a_secret_is_given_one() -> None:
    """An option that is hidden from logs, or has the name of a secret, has a canary."""
    given = {key for _name, options in TASKS for key in options} | {*ZONE, *STEMCELL}
    for path in [*(ROOT / "plugins").glob("*/*.py")]:
        for option in re.findall(r'"(\w+)": \{[^{}]*"no_log": True', path.read_text()):
            assert option in given, f"{path.name}: {option}"
        for option in re.findall(r'"(\w*(?:password|secret|token|ledger|dsn)\w*)": \{"type"', path.read_text()):
            assert option in given, f"{path.name}: {option}"


@pytest.mark.parametrize(
    ("where", "shown"),
    [
        (".ipv6/ledger.sqlite", ".ipv6/ledger.sqlite"),
        ("postgresql://db.example/ipv6", "postgresql://db.example/ipv6"),
        ("postgresql://u@db.example/ipv6", "postgresql://u@db.example/ipv6"),
        ("postgresql://u:S@db.example:5432/ipv6", "postgresql://u@db.example:5432/ipv6"),
        ("postgresql://u:S@S@db.example/ipv6", "postgresql://u@db.example/ipv6"),
        ("postgresql://u:S?S@db.example/ipv6", "postgresql://u@db.example/ipv6"),
        ("postgresql://db.example/ipv6?password=S", "postgresql://db.example/ipv6"),
        ("postgresql://db.example/ipv6?password=S@S", "postgresql://db.example/ipv6"),
        ("postgresql://u:S@db.example/ipv6?password=S", "postgresql://u@db.example/ipv6"),
    ],
)
def test_a_ledger_without_its_password(where: str, shown: str) -> None:
    assert without_password(where) == shown


def test_what_libpq_quotes_is_hidden() -> None:
    said = 'invalid percent-encoded token: "%zzS1"'
    assert _hidden(said, "postgresql://u:%zzS1@h/d") == 'invalid percent-encoded token: "***"'
    assert _hidden("S1 and S2", "postgresql://h/d?sslpassword=S1&password=S2") == "*** and ***"
    assert _hidden("plain", "postgresql://h/d") == "plain"
