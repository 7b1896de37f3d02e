"""How fast the local workspace starts, creates and reads, beside a floor and minilake: `python bench/workspace.py`.

Prints Markdown rows for bench/RESULTS.md. Clients are processes of their own, so that they share no lock with each
other; each keeps one connection. A create is `POST …/schemas`, answered after the commit (minilake keeps it in memory);
a get is of one schema, a list of the 50 schemas of a catalog. The floor is bench/floor.py. The three take turns, and
each figure is the median of the rounds.
"""

import argparse
import http.client
import json
import multiprocessing
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from brickyard_local import process
from brickyard_local.account import Home, WorkspaceSpec, free_port

_UC = "/api/2.1/unity-catalog"
_FLOOR = Path(__file__).with_name("floor.py")
_LISTED = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Peer:
    """A server that answers the same calls."""

    name: str
    port: int
    schemas: str
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Figure:
    """Calls per second of all clients together, and the 99th percentile of a call in milliseconds."""

    per_s: float
    p99_ms: float


def main() -> None:
    """Start-up first, then throughput."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="per measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--minilake-python", help="the interpreter of a venv with minilake (not measured without it)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="brickyard-bench-") as folder, ExitStack() as stack:
        root = Path(folder)
        _print_start(root)
        peers = [stack.enter_context(_brickyard(root)), stack.enter_context(_floor(root))]
        if options.minilake_python:
            peers.append(stack.enter_context(_minilake(root, options.minilake_python)))
        else:
            print("minilake was not measured: name a venv's interpreter with --minilake-python.")
        for peer in peers:
            _fill(peer)
        print("| call | clients | " + " | ".join(f"{p.name}: per s, p99 ms" for p in peers) + " | of the floor |")
        print("|---|---|" + "---|" * (len(peers) + 1))
        for call in ("create", "get", "list"):
            for clients in options.clients:
                _print_row(call, clients, peers, options.rounds, options.seconds)


def _print_start(root: Path) -> None:
    home = Home(root=root / "start", cache=root / "cache")
    took, resident = [], []
    for _ in range(6):
        begin = time.perf_counter()
        info = process.start(home, (WorkspaceSpec(name="local"),))
        took.append(time.perf_counter() - begin)
        resident.append(psutil.Process(info.pid).memory_info().rss / 2**20)
        process.stop(home)
    warm = sorted(took[1:])
    print(f"start to ready: median {statistics.median(warm):.2f} s, slowest {warm[-1]:.2f} s, first {took[0]:.2f} s")
    print(f"resident when ready: {max(resident):.0f} MiB\n")


@contextmanager
def _brickyard(root: Path) -> Iterator[Peer]:
    home = Home(root=root / "home", cache=root / "cache")
    info = process.start(home, (WorkspaceSpec(name="local"),))
    token = home.token_file.read_text().strip()
    try:
        port = int(info.hosts["local"].rpartition(":")[2])
        yield Peer(name="Brickyard", port=port, schemas=f"{_UC}/schemas", headers={"authorization": f"Bearer {token}"})
    finally:
        process.stop(home)


@contextmanager
def _floor(root: Path) -> Iterator[Peer]:
    port = free_port()
    with _running([sys.executable, str(_FLOOR), str(port), str(root / "floor.db")], port, root):
        yield Peer(name="floor", port=port, schemas="/schemas")


@contextmanager
def _minilake(root: Path, python: str) -> Iterator[Peer]:
    port, folder = free_port(), root / "minilake"
    folder.mkdir()
    serve = f"host='127.0.0.1', port={port}, log_level='warning', access_log=False"
    program = f"import uvicorn, minilake.app as m; uvicorn.run(m.create_app(), {serve})"
    environment = {"MINILAKE_NOTEBOOK": "0", "MINILAKE_JOB_EXECUTOR": "subprocess", "MINILAKE_DATA_DIR": str(folder)}
    with _running([python, "-c", program], port, folder, environment):
        yield Peer(name="minilake", port=port, schemas=f"{_UC}/schemas", headers={"authorization": "Bearer x"})


@contextmanager
def _running(
    argv: list[str], port: int, folder: Path, environment: dict[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    server = subprocess.Popen(argv, cwd=folder, env={**os.environ, **(environment or {})})
    try:
        for _ in range(600):
            try:
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
                connection.request("GET", "/")
                connection.getresponse().read()
                break
            except OSError:
                time.sleep(0.1)
        yield server
    finally:
        server.terminate()
        server.wait()


def _fill(peer: Peer) -> None:
    """A catalog with the schemas that are read, and one that gets the new ones."""
    call = _Caller(peer)
    for catalog in ("read", "write"):
        if peer.name != "floor":
            call("POST", peer.schemas.replace("schemas", "catalogs"), {"name": catalog})
    for number in range(_LISTED):
        call("POST", peer.schemas, {"name": f"s{number}", "catalog_name": "read", "comment": "to be read"})


def _print_row(call: str, clients: int, peers: list[Peer], rounds: int, seconds: float) -> None:
    found: dict[str, list[Figure]] = {peer.name: [] for peer in peers}
    for _ in range(rounds):
        for peer in peers:
            found[peer.name].append(_measure(peer, call, clients, seconds))
    figures = {
        name: Figure(
            per_s=statistics.median(f.per_s for f in of_peer), p99_ms=statistics.median(f.p99_ms for f in of_peer)
        )
        for name, of_peer in found.items()
    }
    shown = " | ".join(f"{figures[p.name].per_s:.0f}, {figures[p.name].p99_ms:.1f}" for p in peers)
    ratio = figures["Brickyard"].per_s / figures["floor"].per_s
    print(f"| {call} | {clients} | {shown} | {ratio:.0%} |", flush=True)


def _measure(peer: Peer, call: str, clients: int, seconds: float) -> Figure:
    context = multiprocessing.get_context("fork")
    answers: multiprocessing.Queue[list[float]] = context.Queue()
    begin = time.time() + 0.3 + clients * 0.01
    workers = [
        context.Process(target=_client, args=(peer, call, begin, begin + seconds, answers)) for _ in range(clients)
    ]
    for worker in workers:
        worker.start()
    took = [each for _ in workers for each in answers.get()]
    for worker in workers:
        worker.join()
    ordered = sorted(took)
    return Figure(per_s=len(took) / seconds, p99_ms=ordered[int(len(ordered) * 0.99)] * 1000)


def _client(peer: Peer, call: str, begin: float, end: float, answers: "multiprocessing.Queue[list[float]]") -> None:
    request = _Caller(peer)
    acts: dict[str, Callable[[], None]] = {
        "create": lambda: request("POST", peer.schemas, {"name": f"s{secrets.token_hex(8)}", "catalog_name": "write"}),
        "get": lambda: request("GET", f"{peer.schemas}/read.s7"),
        "list": lambda: request("GET", f"{peer.schemas}?catalog_name=read"),
    }
    act = acts[call]
    request("GET", f"{peer.schemas}/read.s1")
    time.sleep(max(0.0, begin - time.time()))
    took = []
    while time.time() < end:
        start = time.perf_counter()
        act()
        took.append(time.perf_counter() - start)
    answers.put(took)


class _Caller:
    """One connection of one client, with as little of its own as Python allows."""

    def __init__(self, peer: Peer) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", peer.port, timeout=60)
        self._headers = {**peer.headers, "content-type": "application/json"}

    def __call__(self, method: str, path: str, body: dict[str, str] | None = None) -> None:
        self._connection.request(method, path, json.dumps(body) if body else None, self._headers)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {content[:300]!r}")


if __name__ == "__main__":
    main()
