"""One account that is killed again and again under load, and what that shows."""

import os
import random
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from brickyard_local import process, sockets
from brickyard_local.pytest_plugin import LocalWorkspace
from crash_loads.writer import Writer

_TASK = b"import time, sys\ntime.sleep(float(len(sys.argv)) / 4)\n"
_ENDED_S = 10.0
_STATEMENT_S = 30.0
_UC = "/api/2.1/unity-catalog"


@dataclass(kw_only=True)
class Crashes:
    """`wrong` is what was not as it must be; `moment` waits until the server is to be killed."""

    workspace: LocalWorkspace
    sockets: Path
    writers: list[Writer]
    random: random.Random
    wrong: list[str] = field(default_factory=list)
    started_s: list[float] = field(default_factory=list)

    def client(self) -> httpx.Client:
        headers = {"authorization": f"Bearer {self.workspace.token}"}
        return httpx.Client(base_url=self.workspace.host, headers=headers, trust_env=False, timeout=_STATEMENT_S)

    def prepare(self) -> None:
        with self.client() as client:
            volume = {"catalog_name": "crash", "schema_name": "files", "name": "v", "volume_type": "MANAGED"}
            for path, body in (
                ("catalogs", {"name": "crash"}),
                ("schemas", {"catalog_name": "crash", "name": "files"}),
                ("schemas", {"catalog_name": "crash", "name": "sql"}),
                ("volumes", volume),
            ):
                client.post(f"{_UC}/{path}", json=body).raise_for_status()
            client.put("/api/2.0/fs/files/Volumes/crash/files/v/task.py", content=_TASK).raise_for_status()

    def crash(self, number: int, moment: Callable[[], None]) -> None:
        """Load, kill, see that everything ended, start, compare."""
        info = process.running(self.workspace.home)
        assert info is not None
        stop = threading.Event()
        clients = [self.client() for _ in self.writers]
        threads = [
            threading.Thread(target=writer.run, args=(client, stop), name=writer.name)
            for writer, client in zip(self.writers, clients, strict=True)
        ]
        for thread in threads:
            thread.start()
        moment()
        children = psutil.Process(info.pid).children(recursive=True)
        self.workspace.kill()
        stop.set()
        self.join(threads, outlives=False)
        self.note(number, self.survivors(children))
        begin = time.monotonic()
        self.workspace.start()
        self.started_s.append(time.monotonic() - begin)
        self.join(threads, outlives=True)
        for client in clients:
            client.close()
        self.note(number, self.leftovers())
        self.compare(number)

    def join(self, threads: list[threading.Thread], *, outlives: bool) -> None:
        for writer, thread in zip(self.writers, threads, strict=True):
            if writer.outlives == outlives:
                thread.join()

    def compare(self, number: int, *, everything: bool = False) -> None:
        with self.client() as client:
            for writer in self.writers:
                self.note(number, writer.check(client, everything=everything))
            self.note(number, self.untrue_runs(client))

    def settle(self, number: int, steps: int) -> None:
        """Let each writer that compares in its next round have that round, and nobody kills."""
        with self.client() as client:
            for writer in self.writers:
                writer.client, writer.stop = client, threading.Event()
                try:
                    for _ in range(steps):
                        writer.step()
                except AssertionError as error:
                    self.note(number, [f"{writer.name}: {error}"])

    def note(self, number: int, found: list[str]) -> None:
        for text in found:
            self.wrong.append(f"moment {number}: {text}")
            sys.stdout.write(f"{self.wrong[-1]}\n")  # at once, for whoever breaks off a long run
            sys.stdout.flush()

    def survivors(self, children: list[psutil.Process]) -> list[str]:
        """Children of the killed server, and whatever else names its home, that do not end by themselves."""
        deadline = time.monotonic() + _ENDED_S
        left = self.of_home(children)
        while left and time.monotonic() < deadline:
            time.sleep(0.02)
            left = self.of_home(left)
        return [f"process {each.pid} outlived the server: {_command(each)[:200]}" for each in left]

    def of_home(self, known: list[psutil.Process]) -> list[psutil.Process]:
        home = str(self.workspace.home.root)
        found = {each.pid: each for each in known if _lives(each)}
        for each in psutil.process_iter():
            if each.pid != os.getpid() and _lives(each) and home in _command(each):
                found[each.pid] = each
        return list(found.values())

    def leftovers(self) -> list[str]:
        home = self.workspace.home
        names = (".writing-", ".new", ".restore", ".draft", ".partial")
        left = [
            path
            for path in home.root.rglob("*")
            if any(name in path.name for name in names) or path.is_relative_to(home.root / "trash")
        ]
        left += [path for path in (home.files / ".uploads").rglob("*") if path.is_file()]
        left += [path for path in self.sockets.glob("brickyard-*") if sockets._is_dead(path)]
        return [f"{path} was left" for path in left]

    def untrue_runs(self, client: httpx.Client) -> list[str]:
        """A run that is said to run has a process, now or in a moment."""
        deadline = time.monotonic() + _ENDED_S
        while time.monotonic() < deadline:
            found = client.get("/api/2.2/jobs/runs/list", params={"active_only": "true", "limit": 25}).json()
            running = [run for run in found.get("runs", []) if run["state"]["life_cycle_state"] == "RUNNING"]
            if len(running) <= len(self.tasks()):
                return []
            time.sleep(0.02)
        return [f"run {run['run_id']} is RUNNING without a process" for run in running]

    def tasks(self) -> list[psutil.Process]:
        return [each for each in self.of_home([]) if "brickyard_local.jobs.task_main" in _command(each)]


def _lives(process_: psutil.Process) -> bool:
    try:
        return process_.is_running() and process_.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _command(process_: psutil.Process) -> str:
    try:
        return " ".join(process_.cmdline())
    except psutil.Error:
        return ""
