# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A certificate authority and server certificates, made anew at each start."""

from __future__ import annotations

import ipaddress
import pathlib
import ssl
import subprocess
import typing as t

DAYS = "2"


def _openssl(directory: pathlib.Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=directory, check=True, capture_output=True)


def make_certificates(directory: pathlib.Path, names: t.Sequence[str]) -> None:
    """``ca.pem``, ``server.pem`` and ``server.key`` below ``directory``, good for these names and addresses."""
    directory.mkdir(parents=True, exist_ok=True)
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    _openssl(
        directory,
        *("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", DAYS, "-subj", "/CN=Double CA"),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
    )
    _openssl(directory, "req", "-new", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=director")
    (directory / "server.ext").write_text(f"subjectAltName={','.join(_alternative(name) for name in names)}\n")
    _openssl(
        directory,
        *("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"),
        *("-out", "server.pem", "-days", DAYS, "-extfile", "server.ext"),
    )


def _alternative(name: str) -> str:
    try:
        return f"IP:{ipaddress.ip_address(name)}"
    except ValueError:
        return f"DNS:{name}"


def server_context(directory: pathlib.Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "server.pem", directory / "server.key")
    return context
