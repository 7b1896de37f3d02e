"""The life of the Postgres of a workspace: who ends it, what it leaves, what it comes back with."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pyarrow as pa
import pytest

from brickyard_local.databases import server as server_module
from brickyard_local.databases.columns import columns_of
from brickyard_local.databases.errors import CannotLoad
from brickyard_local.databases.keeper import MARK
from brickyard_local.databases.loading import Load, fill
from brickyard_local.databases.naming import OnlineTable
from brickyard_local.databases.postgres import Postgres
from brickyard_local.databases.server import connect
from brickyard_local.errors import TemporarilyUnavailable
from brickyard_local.pytest_plugin import until

TABLE = OnlineTable(instance="store", database="main", schema="silver", name="airports")
NOBODY = 65534
# It still reads root's files, since the interpreter may lie among them; to Postgres it is a user as any other.
BECOME_NOBODY = [
    *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
]


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Postgres]:
    """A server that a test may break."""
    server = Postgres(tmp_path / "postgres", tmp_path / "postgres.log")
    yield server
    server.close()


def _load(postgres: Postgres) -> None:
    batch = pa.record_batch({"code": ["JFK"]})
    postgres.prepare(TABLE)
    fill(postgres.socket, Load(table=TABLE, columns=columns_of(batch.schema), primary_key=("code",)), [batch])


def _has_rows(postgres: Postgres) -> bool:
    if not postgres.has_database("store", "main"):
        return False
    database = connect(postgres.socket, "store/main")
    try:
        return bool(database.run("SELECT count(*) FROM silver.airports")[0][0] == 1)
    finally:
        database.close()


def _keeper(postgres: Postgres) -> psutil.Process:
    return psutil.Process(postgres.pid or 0)


def _gone(processes: list[psutil.Process]) -> Callable[[], bool]:
    def ask() -> bool:
        return all(not one.is_running() or one.status() == psutil.STATUS_ZOMBIE for one in processes)

    return ask


def test_nothing_runs_before_it_is_needed(own: Postgres, tmp_path: Path) -> None:
    assert own.pid is None
    assert not list(tmp_path.iterdir())


def test_a_server_that_was_killed_comes_back_with_its_rows(own: Postgres) -> None:
    _load(own)
    before = own.incarnation
    keeper = _keeper(own)
    everything = [keeper, *keeper.children(recursive=True)]

    (postmaster,) = keeper.children()
    postmaster.kill()
    until(_gone(everything))

    assert _has_rows(own)
    assert own.incarnation == before


def test_a_keeper_that_was_killed_leaves_no_server_behind(own: Postgres) -> None:
    _load(own)
    keeper = _keeper(own)
    children = keeper.children(recursive=True)

    keeper.kill()
    until(lambda: own.pid is None)

    assert _has_rows(own)
    until(_gone(children))


def test_close_ends_everything_and_leaves_no_folder(own: Postgres) -> None:
    _load(own)
    keeper, place = _keeper(own), own.socket
    everything = [keeper, *keeper.children(recursive=True)]

    own.close()

    until(_gone(everything))
    assert not place.parent.exists()
    with pytest.raises(TemporarilyUnavailable, match="The workspace ends"):
        _has_rows(own)


def test_a_server_that_ends_in_the_middle_of_a_load_says_to_try_again(own: Postgres) -> None:
    batch = pa.record_batch({"code": ["JFK"]})
    _load(own)

    def rows() -> Iterator[pa.RecordBatch]:
        yield batch
        (postmaster,) = _keeper(own).children()
        postmaster.kill()
        until(lambda: own.pid is None)
        yield from [batch] * 1000

    with pytest.raises(CannotLoad, match="try again"):
        fill(own.socket, Load(table=TABLE, columns=columns_of(batch.schema), primary_key=("code",)), rows())

    assert _has_rows(own)


def test_calls_of_many_threads_start_one_server(own: Postgres) -> None:
    met: list[str] = []
    threads = [threading.Thread(target=lambda: met.append(own.incarnation)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(met) == 8
    assert len(set(met)) == 1


# What a workspace does, in a process that can be killed, as a user that Postgres runs as itself.
PROGRAM = """
import json, os, sys, time
from pathlib import Path
import psutil, pyarrow as pa
from brickyard_local.databases.columns import columns_of
from brickyard_local.databases.loading import Load, fill
from brickyard_local.databases.naming import OnlineTable
from brickyard_local.databases.postgres import Postgres

home = Path(sys.argv[1])
postgres = Postgres(home / "postgres", home / "postgres.log")
table = OnlineTable(instance="store", database="main", schema="silver", name="airports")
facts = {"found": postgres.has_database("store", "main"), "incarnation": postgres.incarnation}
batch = pa.record_batch({"code": ["JFK"]})
postgres.prepare(table)
fill(postgres.socket, Load(table=table, columns=columns_of(batch.schema), primary_key=("code",)), [batch])
children = psutil.Process().children(recursive=True)
facts["keeper"] = postgres.pid
print(json.dumps({**facts, "children": [one.pid for one in children], "place": str(postgres.socket)}), flush=True)
sys.stdin.read()
postgres.close()
"""


class _Workspace:
    def __init__(self, home: Path, become: list[str]) -> None:
        self.process = subprocess.Popen(
            [*become, sys.executable, "-c", PROGRAM, str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "HOME": str(home)},
            cwd=home,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.facts = json.loads(line or "{}")
        self.children = [one for one in psutil.process_iter() if one.pid in self.facts["children"]]

    def end(self) -> None:
        self.process.communicate(timeout=60)


@pytest.fixture(params=["this user", "an ordinary user"])
def begin(request: pytest.FixtureRequest) -> Iterator[Callable[[], _Workspace]]:
    """Starts a workspace in one home, again and again. Root is no user that Postgres runs as."""
    become: list[str] = []
    # Not pytest's folder: it is closed to other users.
    home = Path(server_module.socket_folder("home", shared=True).path)
    if request.param == "an ordinary user" and os.geteuid() == 0:
        become = BECOME_NOBODY
        if shutil.which(become[0]) is None:
            pytest.skip("no setpriv (util-linux) here to become another user by")
        reach = subprocess.run([*become, sys.executable, "-c", ""], capture_output=True, check=False, cwd="/")
        if reach.returncode != 0:
            pytest.skip(f"another user cannot be become here: {reach.stderr.decode()}")
        os.chown(home, NOBODY, NOBODY)
    made: list[_Workspace] = []

    def start() -> _Workspace:
        made.append(_Workspace(home, become))
        return made[-1]

    yield start
    for one in made:
        one.process.kill()
        one.process.wait()
    shutil.rmtree(home, ignore_errors=True)


def test_the_server_ends_with_a_workspace_that_was_killed(begin: Callable[[], _Workspace]) -> None:
    workspace = begin()
    children = workspace.children
    assert len(children) > 3

    os.kill(workspace.process.pid, signal.SIGKILL)

    until(_gone(children))


def test_a_workspace_comes_back_after_it_was_killed(begin: Callable[[], _Workspace]) -> None:
    """At once, while the server of the one before still ends, and with what it wrote into `postmaster.pid`."""
    first = begin()
    os.kill(first.process.pid, signal.SIGKILL)
    second = begin()

    kept = second.facts["incarnation"] == first.facts["incarnation"]
    assert second.facts["found"] == kept
    until(_gone(first.children))
    second.end()
    assert not Path(second.facts["place"]).parent.exists()


@pytest.mark.parametrize("begin", ["an ordinary user"], indirect=True)
def test_a_server_whose_keeper_was_killed_with_the_workspace_is_ended_by_the_next(
    begin: Callable[[], _Workspace],
) -> None:
    """Two servers must never have the same files."""
    first = begin()
    (keeper,) = [one for one in first.children if one.pid == first.facts["keeper"]]
    servers = [one for one in first.children if one != keeper]
    keeper.kill()
    os.kill(first.process.pid, signal.SIGKILL)
    until(_gone([keeper]))
    assert not _gone(servers)()

    second = begin()

    assert second.facts["found"]
    assert second.facts["incarnation"] == first.facts["incarnation"]
    assert _gone(servers)()


@pytest.fixture
def at_home(own: Postgres, tmp_path: Path) -> Path:
    """The data directory of a server that stopped."""
    if os.geteuid() == 0:
        pytest.skip("as root the files do not outlive the workspace")
    _load(own)
    own.close()
    return tmp_path / "postgres" / "data"


@pytest.mark.parametrize("harm", ["no control file", "another start of the machine", "no mark", "nothing"])
def test_files_that_cannot_be_trusted_are_made_anew(at_home: Path, tmp_path: Path, harm: str) -> None:
    before = json.loads((at_home / MARK).read_text())
    if harm == "no control file":
        (at_home / "global" / "pg_control").write_bytes(b"broken")
    elif harm == "another start of the machine":
        (at_home / MARK).write_text(json.dumps({**before, "machine": "before"}))
    elif harm == "no mark":
        (at_home / MARK).unlink()

    again = Postgres(tmp_path / "postgres", tmp_path / "postgres.log")
    try:
        assert _has_rows(again) == (harm == "nothing")
        assert (again.incarnation == before["incarnation"]) == (harm == "nothing")
    finally:
        again.close()


def test_why_it_does_not_start_is_said_and_not_tried_again_at_once(
    own: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(server_module.SETTINGS, "shared_buffers", "many")

    with pytest.raises(TemporarilyUnavailable, match='invalid value for parameter "shared_buffers": "many"'):
        _has_rows(own)
    begin = time.monotonic()
    with pytest.raises(TemporarilyUnavailable, match="shared_buffers"):
        _has_rows(own)

    assert time.monotonic() - begin < 0.5
    assert own.pid is None
