"""Start, find and stop the server process of a home folder, from another process."""

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from brickyard_local.account import Home, WorkspaceSpec
from brickyard_local.errors import CannotStart
from brickyard_local.snapshots.swap import settle

_START_S = 60.0
_STOP_S = 20.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerInfo:
    """A server that runs: its process and the host of each workspace by name."""

    pid: int
    hosts: Mapping[str, str]
    home: Home


def start(home: Home, workspaces: Sequence[WorkspaceSpec], *, tied: bool = False) -> ServerInfo:
    """Start the server unless it runs already with these workspaces, and wait until it answers.

    A `tied` server ends with the process that started it, whatever ends that.
    Errors: CannotStart with what the server said.
    """
    home = Home(root=home.root.absolute(), cache=home.cache.absolute())  # the server has another working folder
    settle(home)
    known = running(home)
    if known is not None and all(_serves(known, spec) for spec in workspaces):
        return known
    if known is not None:
        stop(home)
    home.create()
    log = home.logs / "server.log"
    names = [part for spec in workspaces for part in ("--workspace", _argument(spec))]
    argv = [
        sys.executable,
        "-m",
        "brickyard_local.server",
        "--home",
        str(home.root),
        "--cache",
        str(home.cache),
    ]
    # The end that the server watches; ours stays open as long as this process lives, and is inherited by nobody.
    watched, _ours = os.pipe() if tied else (os.open(os.devnull, os.O_RDONLY), None)
    with log.open("ab") as output:
        begin = output.tell()
        process = subprocess.Popen(
            [*argv, *names, *(["--tied"] if tied else [])],
            stdin=watched,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=home.root,
            start_new_session=True,
        )
    os.close(watched)
    return _wait_until_ready(home, process, log, begin)


def _serves(info: ServerInfo, spec: WorkspaceSpec) -> bool:
    host = info.hosts.get(spec.name, "")
    return bool(host) and (spec.port is None or host.endswith(f":{spec.port}"))


def running(home: Home) -> ServerInfo | None:
    """The server of this home, or None; a pid that another program has now does not count."""
    try:
        facts = json.loads(home.server_file.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    if _process(facts) is None:
        return None
    hosts = {workspace["name"]: workspace["host"] for workspace in facts["workspaces"]}
    return ServerInfo(pid=facts["pid"], hosts=hosts, home=home)


def stop(home: Home) -> bool:
    """Stop the server and wait for its end. Returns whether one ran."""
    try:
        facts = json.loads(home.server_file.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return False
    process = _process(facts)
    if process is None:
        home.server_file.unlink(missing_ok=True)
        return False
    process.terminate()
    try:
        process.wait(_STOP_S)
    except psutil.TimeoutExpired:
        process.kill()
        process.wait(_STOP_S)
    home.server_file.unlink(missing_ok=True)
    return True


@contextmanager
def held(home: Home) -> Iterator[bool]:
    """Keep any server from starting in this home. Yields False when one has it."""
    with server_lock(home).open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True


def server_lock(home: Home) -> Path:
    """The file that the server of a home holds locked while it lives."""
    return home.root / "server.lock"


def _process(facts: dict[str, object]) -> psutil.Process | None:
    try:
        process = psutil.Process(int(str(facts["pid"])))
        same = abs(process.create_time() - float(str(facts["create_time"]))) < 1.0
    except (psutil.NoSuchProcess, KeyError, ValueError):
        return None
    return process if same and process.status() != psutil.STATUS_ZOMBIE else None


def _argument(spec: WorkspaceSpec) -> str:
    return spec.name if spec.port is None else f"{spec.name}:{spec.port}"


def _wait_until_ready(home: Home, process: subprocess.Popen[bytes], log: Path, begin: int) -> ServerInfo:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        info = running(home)
        if info is not None and info.pid == process.pid:
            return info
        if process.poll() is not None:
            break
        time.sleep(0.02)
    process.kill()
    process.wait()
    with log.open("rb") as output:
        output.seek(begin)
        said = output.read().decode(errors="replace").strip().splitlines()[-5:]
    reason = "\n".join(said) or "it said nothing"
    raise CannotStart(f"The local workspace did not start: {reason}\nIts whole log: {log}")
