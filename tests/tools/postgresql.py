# Copyright (c) 2026, routable.ipv6 contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A PostgreSQL server of Debian's package for the time of a test: private, on a Unix socket in a temporary directory.

    python3 tests/tools/postgresql.py COMMAND...

runs the command with LEDGER_TEST_DSN set to a database on it, and ends with its exit code. ``LEDGER_TEST_FSYNC=1`` makes
it write as it would in earnest, for measurements.
"""

from __future__ import annotations

import contextlib
import glob
import os
import pathlib
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import typing as t

_DATABASE = "ledger"
_ROLE = "postgres"
_NO_CLUSTER = pathlib.Path("/etc/postgresql-common/createcluster.conf")


def binaries() -> str:
    """Where initdb and pg_ctl are, of the newest version; installed from Debian's package if there are none."""
    found = _installed()
    if found is None:
        print(
            "PostgreSQL's server is missing: installing Debian's package, without a cluster of the system", flush=True
        )
        made = not _NO_CLUSTER.exists()
        if made:
            _NO_CLUSTER.parent.mkdir(exist_ok=True)
            _NO_CLUSTER.write_text("create_main_cluster = false\n", encoding="utf-8")
        install = [
            "apt-get",
            "install",
            "-y",
            "-qq",
            "-oDPkg::Lock::Timeout=600",
            "--no-install-recommends",
            "-o",
            "Dpkg::Options::=--force-confold",
        ]
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        try:
            subprocess.run(["apt-get", "update", "-qq"], check=True, env=environment)
            subprocess.run([*install, "postgresql"], check=True, env=environment)
        finally:
            if made:
                _NO_CLUSTER.unlink(missing_ok=True)
        found = _installed()
    if found is None:
        raise SystemExit("Debian's package postgresql has brought no initdb below /usr/lib/postgresql")
    return found


def _installed() -> str | None:
    found = glob.glob("/usr/lib/postgresql/*/bin/initdb")
    return os.path.dirname(max(found, key=lambda path: int(path.split("/")[4]))) if found else None


@contextlib.contextmanager
def server() -> t.Iterator[str]:
    """The DSN of an empty database; all is gone afterwards."""
    programs = binaries()
    directory = tempfile.mkdtemp(prefix="ledger-pg-")
    # The server refuses to run as root.
    as_user: list[str] = []
    if os.getuid() == 0:
        user = pwd.getpwnam(_ROLE)
        os.chown(directory, user.pw_uid, user.pw_gid)
        as_user = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    data = os.path.join(directory, "data")
    earnest = os.environ.get("LEDGER_TEST_FSYNC") == "1"
    options = f"-c listen_addresses='' -c unix_socket_directories={directory} -c max_connections=60" + (
        "" if earnest else " -c fsync=off -c full_page_writes=off"
    )

    def run(*words: str) -> None:
        done = subprocess.run([*as_user, *words], cwd=directory, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(words)} failed:\n{done.stdout}{done.stderr}")

    control = os.path.join(programs, "pg_ctl")
    try:
        run(os.path.join(programs, "initdb"), "-D", data, "-A", "trust", "-U", _ROLE, "-E", "UTF8", "--no-sync")
        run(control, "-D", data, "-o", options, "-l", os.path.join(directory, "log"), "-w", "start")
        try:
            run(os.path.join(programs, "createdb"), "-h", directory, "-U", _ROLE, _DATABASE)
            yield f"postgresql://{_ROLE}@/{_DATABASE}?host={directory}"
        finally:
            run(control, "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(directory)


def main(command: t.Sequence[str]) -> int:
    # A run that is called off leaves no server behind.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    with server() as dsn:
        return subprocess.run(command, env={**os.environ, "LEDGER_TEST_DSN": dsn}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
