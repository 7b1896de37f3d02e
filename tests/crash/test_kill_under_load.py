"""`kill -9` at random moments under load: all that was answered is there, nothing half-made is seen, nothing is left.

`BRICKYARD_CRASH_MOMENTS=200 pytest tests/crash` kills it 200 times; `BRICKYARD_CRASH_SEED` repeats a sequence.
"""

import os
import random
import secrets
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from brickyard_local import process, sockets
from brickyard_local.pytest_plugin import LocalWorkspace, start_local_workspace

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

MOMENTS = int(os.environ.get("BRICKYARD_CRASH_MOMENTS", "25"))
SEED = int(os.environ.get("BRICKYARD_CRASH_SEED", "0")) or secrets.randbelow(10**9) + 1
_TASK = b"import time, sys\ntime.sleep(float(len(sys.argv)) / 4)\n"
_ENDED_S = 10.0


@dataclass(kw_only=True)
class Crashes:
    """One account that is killed again and again, and what that showed."""

    workspace: LocalWorkspace
    sockets: Path
    writers: list[Any]
    random: random.Random
    wrong: list[str] = field(default_factory=list)
    started_s: list[float] = field(default_factory=list)

    def client(self) -> httpx.Client:
        headers = {"authorization": f"Bearer {self.workspace.token}"}
        return httpx.Client(base_url=self.workspace.host, headers=headers, trust_env=False, timeout=30)

    def prepare(self) -> None:
        with self.client() as client:
            uc = "/api/2.1/unity-catalog"
            volume = {"catalog_name": "crash", "schema_name": "files", "name": "v", "volume_type": "MANAGED"}
            for path, body in (
                ("catalogs", {"name": "crash"}),
                ("schemas", {"catalog_name": "crash", "name": "files"}),
                ("volumes", volume),
            ):
                assert client.post(f"{uc}/{path}", json=body).status_code == 200
            client.put("/api/2.0/fs/files/Volumes/crash/files/v/task.py", content=_TASK).raise_for_status()

    def crash(self, moment: int) -> None:
        """Load, kill, see that everything ended, start, compare."""
        info = process.running(self.workspace.home)
        assert info is not None
        stop = threading.Event()
        clients = [self.client() for _ in self.writers]
        threads = [
            threading.Thread(target=writer.run, args=(client, stop))
            for writer, client in zip(self.writers, clients, strict=True)
        ]
        for thread in threads:
            thread.start()
        time.sleep(self.random.uniform(0.05, 0.4))
        children = psutil.Process(info.pid).children(recursive=True)
        self.workspace.kill()
        stop.set()
        for thread in threads:
            thread.join()
        for client in clients:
            client.close()
        self.note(moment, self.survivors(children))
        begin = time.monotonic()
        self.workspace.start()
        self.started_s.append(time.monotonic() - begin)
        self.note(moment, self.leftovers())
        self.compare(moment)

    def compare(self, moment: int, *, everything: bool = False) -> None:
        with self.client() as client:
            for writer in self.writers:
                self.note(moment, writer.check(client, everything=everything))
            self.note(moment, self.untrue_runs(client))

    def note(self, moment: int, found: list[str]) -> None:
        for text in found:
            self.wrong.append(f"moment {moment}: {text}")
            sys.stdout.write(f"{self.wrong[-1]}\n")  # at once, for whoever breaks off a long run
            sys.stdout.flush()

    def survivors(self, children: list[psutil.Process]) -> list[str]:
        """Children of the killed server, and whatever else names its home, that do not end by themselves."""
        deadline = time.monotonic() + _ENDED_S
        left = self.of_home(children)
        while left and time.monotonic() < deadline:
            time.sleep(0.02)
            left = self.of_home(left)
        return [f"process {each.pid} outlived the server" for each in left]

    def of_home(self, known: list[psutil.Process]) -> list[psutil.Process]:
        home = str(self.workspace.home.root)
        found = {each.pid: each for each in known if _lives(each)}
        for each in psutil.process_iter():
            if each.pid != os.getpid() and _lives(each) and home in _command(each):
                found[each.pid] = each
        return list(found.values())

    def leftovers(self) -> list[str]:
        home = self.workspace.home
        names = (".writing-", ".new", ".restore", ".draft")
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


@pytest.fixture
def crashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_writers: Any) -> Iterator[Crashes]:
    folder = Path(tempfile.mkdtemp(prefix="crash-"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    chance = random.Random(SEED)  # noqa: S311 - a sequence that can be repeated
    workspace = start_local_workspace(tmp_path / "home")
    try:
        yield Crashes(workspace=workspace, sockets=folder, writers=make_writers(chance), random=chance)
    finally:
        process.stop(workspace.home)
        sockets.sweep()
        folder.rmdir()


def test_nothing_acknowledged_is_lost_and_nothing_half_made_is_seen(crashes: Crashes) -> None:
    crashes.prepare()
    for moment in range(MOMENTS):
        crashes.crash(moment)
        if len(crashes.wrong) > 20:
            break
    crashes.compare(MOMENTS, everything=True)
    answered = {writer.name: writer.answers for writer in crashes.writers}
    slowest = max(crashes.started_s)
    sys.stdout.write(f"seed {SEED}, {MOMENTS} kills, answered before them {answered}, slowest start {slowest:.2f} s\n")
    assert not crashes.wrong, f"seed {SEED}:\n" + "\n".join(crashes.wrong)
    assert all(answered.values()), f"a writer never wrote: {answered}"
