"""One account that is killed again and again under load, and what that shows."""

import os
import random
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from brickyard_local import process, sockets
from brickyard_local.pytest_plugin import LocalWorkspace
from crash_loads.outliving import Life, Outliving
from crash_loads.writer import Writer

_TASK = b"import time, sys\ntime.sleep(float(len(sys.argv)) / 4)\n"
_ENDED_S = 120.0  # what ends by itself is waited for, however busy the machine is
_ANSWER_S = 300.0
_ROUND_S = 900.0
_ROUNDS = 2
_UC = "/api/2.1/unity-catalog"


@dataclass(kw_only=True)
class Crashes:
    """`writers` begin anew after each kill, those in `outliving` go on; `wrong` is what was not as it must be."""

    workspace: LocalWorkspace
    sockets: Path
    writers: list[Writer]
    random: random.Random
    outliving: list[Outliving] = field(default_factory=list)
    life: Life = field(default_factory=Life)
    wrong: list[str] = field(default_factory=list)
    started_s: list[float] = field(default_factory=list)

    def client(self) -> httpx.Client:
        headers = {"authorization": f"Bearer {self.workspace.token}"}
        return httpx.Client(base_url=self.workspace.host, headers=headers, trust_env=False, timeout=_ANSWER_S)

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
        """Load, kill at the `moment`, see that everything ended, start, compare."""
        info = process.running(self.workspace.home)
        assert info is not None
        with self.loaded():
            moment()
            children = psutil.Process(info.pid).children(recursive=True)
            self.life.turn()
            self.workspace.kill()
            killed_at = time.time()
        self.note(number, self.survivors(children))
        begin = time.monotonic()
        self.workspace.start()
        self.started_s.append(time.monotonic() - begin)
        self.life.turn()
        self.note(number, self.leftovers(killed_at))
        self.compare(number)

    @contextmanager
    def loaded(self) -> Iterator[None]:
        """Under load of the writers that end with the server."""
        stop, clients = threading.Event(), [self.client() for _ in self.writers]
        threads = [
            threading.Thread(target=writer.run, args=(client, stop), name=writer.name)
            for writer, client in zip(self.writers, clients, strict=True)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread, client in zip(threads, clients, strict=True):
                thread.join()
                client.close()

    @contextmanager
    def carried_on(self) -> Iterator[None]:
        """With those who outlive the server. In the end each has `_ROUNDS` rounds more, and nobody kills."""
        threads = [
            threading.Thread(target=writer.carry_on, args=(self.client, self.life), name=writer.name)
            for writer in self.outliving
        ]
        for thread in threads:
            thread.start()
        try:
            yield
            for writer in self.outliving:
                self.rest(writer)
        finally:
            self.life.ended.set()
            for thread in threads:
                thread.join()

    def rest(self, writer: Outliving) -> None:
        """Until it had its rounds, or is known to be wrong. Errors: AssertionError when it gets no further."""
        wanted, deadline = writer.rounds + _ROUNDS, time.monotonic() + _ROUND_S
        while writer.rounds < wanted and not writer.faults:
            assert time.monotonic() < deadline, f"{writer.name} had no {_ROUNDS} rounds in {_ROUND_S:g} s"
            time.sleep(0.05)

    def compare(self, number: int, *, everything: bool = False) -> None:
        with self.client() as client:
            for writer in (*self.writers, *self.outliving):
                self.note(number, writer.check(client, everything=everything))
            self.note(number, self.untrue_runs(client))

    def settle(self, number: int) -> None:
        """Let each writer that compares in its next round have that round, and nobody kills."""
        with self.client() as client:
            for writer in self.writers:
                writer.client, writer.stop = client, threading.Event()
                try:
                    for _ in range(_ROUNDS):
                        writer.step()
                except (AssertionError, httpx.HTTPError) as error:
                    self.note(number, [f"{writer.name}: {error!r}"])

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

    def leftovers(self, killed_at: float) -> list[str]:
        """Files from before the kill that only a change under way has; those of the new life may be just that."""
        home = self.workspace.home
        names = (".writing-", ".new", ".restore", ".draft", ".partial")
        left = [path for path in home.root.rglob("*") if any(name in path.name for name in names)]
        left += (home.root / "trash").glob("*")
        left += [path for path in (home.files / ".uploads").rglob("*") if path.is_file()]
        left += self.dead_folders()
        return [f"{path} was left" for path in left if _is_older(path, killed_at)]

    def dead_folders(self) -> list[Path]:
        """Folders for sockets whose makers are dead. A running server may be removing them."""
        dead = []
        for path in self.sockets.glob("brickyard-*"):
            with suppress(FileNotFoundError):
                dead += [path] if sockets._is_dead(path) else []
        return dead

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


def _is_older(path: Path, moment: float) -> bool:
    """By when its inode was changed, which a move is too."""
    try:
        return path.lstat().st_ctime < moment
    except FileNotFoundError:
        return False


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
