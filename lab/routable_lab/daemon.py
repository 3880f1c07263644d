# SPDX-License-Identifier: GPL-3.0-or-later
# Copyright (c) 2026, routable.ipv6 contributors
"""The Docker engine: the one that answers already, or a private daemon that changes nothing of the machine."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from .shell import LabError, heartbeat, run, say

START_SECONDS = 60.0
STOP_SECONDS = 30.0
# Places in /run that the private daemon needs to exist, to hide them from itself.
RUN_DIRECTORIES = (Path("/run/containerd"), Path("/run/docker"))
CGROUPS = Path("/sys/fs/cgroup")
CGROUP = "routable-lab"


def cache() -> Path:
    """The lab's cache directory, shared by all checkouts of one user."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "routable-ipv6"


def socket() -> Path:
    """The private daemon's socket."""
    return cache() / "docker.sock"


def private_host() -> str:
    """The private daemon as a value for DOCKER_HOST."""
    return f"unix://{socket()}"


def answers(host: str | None) -> bool:
    """Whether an engine answers there; None asks the docker command's own default context."""
    environment = {key: value for key, value in os.environ.items() if key != "DOCKER_HOST"}
    if host is not None:
        environment["DOCKER_HOST"] = host
    try:
        done = run(["docker", "version", "-f", "{{.Server.Version}}"], check=False, timeout=20, env=environment)
    except LabError:
        if shutil.which("docker") is None:
            raise
        return False
    return done.returncode == 0


def engines() -> list[str]:
    """Every engine that answers, as values for `use`, the preferred one first."""
    found = running()
    if found is None:
        return []
    if found != private_host() and socket().exists() and answers(private_host()):
        return [found, private_host()]
    return [found]


def running() -> str | None:
    """The engine that answers now: DOCKER_HOST's value, "" for the default context, the private one, or None."""
    given = os.environ.get("DOCKER_HOST")
    if given and answers(given):
        return given
    if not given and answers(None):
        return ""
    if socket().exists() and answers(private_host()):
        return private_host()
    return None


def use(endpoint: str) -> None:
    """Make every docker command of this process talk to the engine."""
    if endpoint:
        os.environ["DOCKER_HOST"] = endpoint
    else:
        os.environ.pop("DOCKER_HOST", None)


@contextlib.contextmanager
def _open(path: Path) -> Iterator[int]:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _lock(name: str, how: int) -> Iterator[None]:
    """Hold a lock among all checkouts that share the cache, alone (LOCK_EX) or with others (LOCK_SH)."""
    with _open(cache() / f"{name}.lock") as descriptor:
        try:
            fcntl.flock(descriptor, how | fcntl.LOCK_NB)
        except BlockingIOError:
            with heartbeat(f"waiting for another run of the lab ({name})"):
                fcntl.flock(descriptor, how)
        yield


def exclusive(name: str) -> contextlib.AbstractContextManager[None]:
    """Hold the lock of that name alone among all checkouts that share the cache, waiting for it if need be."""
    return _lock(name, fcntl.LOCK_EX)


@contextlib.contextmanager
def engine() -> Iterator[None]:
    """Use an engine for the block, starting the private one if none answers.

    The lock is held shared, so that nobody stops the private daemon between its start and the first container.
    """
    found = running()
    if found is not None and found != private_host():
        use(found)
        yield
        return
    if os.environ.get("DOCKER_HOST") not in (None, "", private_host()):
        say(f"nothing answers at DOCKER_HOST={os.environ['DOCKER_HOST']}; using the lab's private daemon")
    while True:
        with _lock("daemon", fcntl.LOCK_SH):
            if answers(private_host()):
                use(private_host())
                yield
                return
        with _lock("daemon", fcntl.LOCK_EX):
            if not answers(private_host()):
                _start()


# Hide the machine's /etc/docker (dockerd 20.10 writes a key file there) and whatever runs in /run/containerd and
# /run/docker, where containerd and dockerd put sockets whatever --exec-root says; then become dockerd.
_ISOLATE = """
for d in etc/docker run/docker run/containerd; do
    mkdir -p "$1/own/$d"
    [ ! -d "/$d" ] || mount --bind "$1/own/$d" "/$d"
done
shift
exec "$@"
"""


def _command(directory: Path) -> list[str]:
    """The private daemon's command line: a mount namespace of its own, and no hand on the machine's network."""
    dockerd = [
        "dockerd",
        f"--config-file={directory}/own/etc/docker/daemon.json",
        f"--data-root={directory}/data",
        f"--exec-root={directory}/exec",
        f"--pidfile={directory}/dockerd.pid",
        f"--host={private_host()}",
        f"--cgroup-parent=/{CGROUP}",
        "--exec-opt=native.cgroupdriver=cgroupfs",
        "--bridge=none",
        "--iptables=false",
        "--ip6tables=false",
        "--ip-forward=false",
        "--ip-masq=false",
        "--userland-proxy=false",
    ]
    return ["unshare", "--mount", "--propagation=slave", "sh", "-ec", _ISOLATE, "sh", str(directory), *dockerd]


def _start() -> None:
    directory = cache()
    if os.geteuid() != 0:
        raise LabError("No Docker engine answers, and only root can start the lab's own; start Docker or be root.")
    if shutil.which("dockerd") is None:
        raise LabError("No Docker engine answers and dockerd is not installed; `make setup` installs it.")
    own = directory / "own/etc/docker"
    own.mkdir(parents=True, exist_ok=True)
    (own / "daemon.json").write_text("{}\n", encoding="utf-8")
    made = [path for path in RUN_DIRECTORIES if not path.exists()]
    made_file = directory / "made"
    if not made_file.exists():
        made_file.write_text("".join(f"{path}\n" for path in made), encoding="utf-8")
    for path in made:
        path.mkdir(mode=0o711)
    (directory / "dockerd.pid").unlink(missing_ok=True)
    say(f"starting a private Docker daemon in {directory}")
    with (directory / "dockerd.log").open("wb") as log:
        process = subprocess.Popen(
            _command(directory), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/"
        )
    until = time.monotonic() + START_SECONDS
    while not answers(private_host()):
        if process.poll() is not None or time.monotonic() > until:
            tail = (directory / "dockerd.log").read_text(errors="replace")[-1500:]
            raise LabError(f"The private Docker daemon does not start; the end of {directory}/dockerd.log says: {tail}")
        time.sleep(0.1)


def stop_if_unused() -> bool:
    """Stop the private daemon when it has no container left, and take its traces off the machine; whether it is off."""
    with _open(cache() / "daemon.lock") as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("the private Docker daemon stays: another lab is on its way up")
            return False
        if answers(private_host()):
            left = run(["docker", "-H", private_host(), "ps", "-aq"]).stdout.split()
            if left:
                say(f"the private Docker daemon stays: {len(left)} containers of other labs run in it")
                return False
            _stop()
        _sweep()
        return True


def _stop() -> None:
    pid_file = cache() / "dockerd.pid"
    pid = int(pid_file.read_text(encoding="utf-8"))
    if Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip() != "dockerd":
        raise LabError(f"{pid_file} names process {pid}, which is not dockerd; stop the lab's daemon by hand.")
    os.kill(pid, signal.SIGTERM)
    until = time.monotonic() + STOP_SECONDS
    while _alive(pid):
        if time.monotonic() > until:
            raise LabError(f"The private Docker daemon (process {pid}) did not stop within {STOP_SECONDS:.0f} s.")
        time.sleep(0.05)
    say("stopped the private Docker daemon")


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _sweep() -> None:
    """Remove the empty directories that the daemon made outside the cache: its cgroups and its places in /run."""
    for root in (CGROUPS, *CGROUPS.glob("*")):
        top = root / CGROUP
        if top.is_dir() and not _inhabited(top):
            for path, _directories, _files in os.walk(top, topdown=False):
                with contextlib.suppress(OSError):  # a process has moved in meanwhile
                    os.rmdir(path)
    made_file = cache() / "made"
    if not made_file.exists():
        return
    names = made_file.read_text(encoding="utf-8").splitlines()
    if any(_mount_point(name) for name in names):
        return  # a private daemon with another cache stands on them; the next `down` of this cache tries again
    for name in names:
        for path, _directories, _files in os.walk(name, topdown=False):
            with contextlib.suppress(OSError):  # not empty: somebody else's by now
                os.rmdir(path)
    made_file.unlink()


def _inhabited(cgroup: Path) -> bool:
    """Whether a process is anywhere below; then even the empty cgroups there belong to another daemon's containers."""
    try:
        return any(path.read_text(encoding="utf-8") for path in cgroup.rglob("cgroup.procs"))
    except OSError:  # it changes while we look, or holds threads only
        return True


def _mount_point(path: str) -> bool:
    """Whether the directory is a mount point in any namespace; removing it would take the mount away there."""
    for info in Path("/proc").glob("[0-9]*/mountinfo"):
        with contextlib.suppress(OSError):  # the process has ended
            if f" {path} " in info.read_text(encoding="utf-8", errors="replace"):
                return True
    return False
