"""Take a snapshot: copy while the server works, pause it for what changed meanwhile, pack after it goes on.

What is copied during the pause is what a `kill -9` would have left at that moment, and the account is made to come
back from that: a restore is a restart.
"""

import fcntl
import json
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from brickyard_local import process
from brickyard_local.account import Home
from brickyard_local.clock import now_ms
from brickyard_local.snapshots.archive import About, write
from brickyard_local.snapshots.errors import CannotSnapshot
from brickyard_local.snapshots.freeze import frozen
from brickyard_local.snapshots.mirror import Mirror

HOME = "home"
_DATABASE_FILES = ("account.db", "account.db-wal", "account.db-shm", "account.db-journal")
# Of the running process only, or made again at every start.
_FLEETING = frozenset({*_DATABASE_FILES, "server.json", "server.lock", "spark", "databases", "trash", "files/.uploads"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Taken:
    """A snapshot on disk. `paused_s`: how long the workspace stood still; `left_out`: links and sockets."""

    file: Path
    size_bytes: int
    paused_s: float
    left_out: tuple[str, ...]


def take(home: Home, file: Path, *, beside: Mapping[str, Path], replace: bool = False) -> Taken:
    """Save the home, and the folders `beside` it, in one file of mode 0600. Errors: CannotSnapshot."""
    if not home.database.exists():
        raise CannotSnapshot(f"{home.root} holds no local account: start one with `brickyard local up`.")
    if file.exists() and not replace:
        raise CannotSnapshot(f"{file} exists already: choose another name, or say --replace.")
    draft = home.root.with_name(home.root.name + ".snapshot")
    with _alone(draft):
        mirrors = _mirrors(home, draft, beside)
        for mirror in mirrors.values():
            mirror.bring_up_to_date()
        with _held_still(home):
            begin = time.monotonic()
            for mirror in mirrors.values():
                mirror.bring_up_to_date()
            _copy_database(home, mirrors[HOME].target / home.database.name)
        paused_s = time.monotonic() - begin
        about = _about(home, mirrors)
        _pack(file, about, {name: mirror.target for name, mirror in mirrors.items()}, replace=replace)
    left_out = tuple(sorted(path for mirror in mirrors.values() for path in mirror.left_out))
    return Taken(file=file, size_bytes=file.stat().st_size, paused_s=paused_s, left_out=left_out)


@contextmanager
def _alone(draft: Path) -> Iterator[None]:
    """The folder of the copy, for this process only; what a killed one left is removed."""
    draft.mkdir(mode=0o700, exist_ok=True)
    holder = os.open(draft, os.O_RDONLY)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(holder)
        raise CannotSnapshot("Another snapshot of this home is being taken: wait for its end.") from error
    try:
        for left in draft.iterdir():
            shutil.rmtree(left)
        yield
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        os.close(holder)


@contextmanager
def _held_still(home: Home) -> Iterator[None]:
    """Nobody writes to the home inside the block: its server is paused, or cannot start."""
    info = process.running(home)
    if info is not None:
        with frozen(info.pid):
            yield
        return
    with process.held(home) as free:
        if not free:
            raise CannotSnapshot("The local workspace is just starting or ending: run the command again.")
        yield


def _mirrors(home: Home, draft: Path, beside: Mapping[str, Path]) -> dict[str, Mirror]:
    mirrors = {HOME: Mirror(source=home.root, target=draft / HOME, without=_FLEETING)}
    for name, folder in beside.items():
        if folder.is_dir():
            mirrors[name] = Mirror(source=folder, target=draft / name)
    return mirrors


def _copy_database(home: Home, target: Path) -> None:
    """Through SQLite, which reads the last commit whatever the paused writer was at."""
    source = sqlite3.connect(home.database, timeout=10)
    copy = sqlite3.connect(target)
    try:
        target.chmod(0o600)
        source.backup(copy)
    except sqlite3.Error as error:
        raise CannotSnapshot(f"The account's database cannot be read now ({error}): run the command again.") from error
    finally:
        copy.close()
        source.close()


def _about(home: Home, mirrors: Mapping[str, Mirror]) -> About:
    copy = sqlite3.connect(f"{(mirrors[HOME].target / home.database.name).as_uri()}?immutable=1", uri=True)
    rows = copy.execute(
        "SELECT kind, body FROM documents WHERE scope=0 AND kind IN ('account', 'workspaces') ORDER BY seq"
    ).fetchall()
    copy.close()
    return About(
        created_ms=now_ms(),
        account_id=next(json.loads(body)["account_id"] for kind, body in rows if kind == "account"),
        workspaces=[json.loads(body)["name"] for kind, body in rows if kind == "workspaces"],
        roots={name: str(mirror.source.resolve()) for name, mirror in mirrors.items()},
        size_bytes=sum(f.stat().st_size for m in mirrors.values() for f in m.target.rglob("*") if f.is_file()),
    )


def _pack(file: Path, about: About, trees: Mapping[str, Path], *, replace: bool) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.new")
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as output:
            write(output, about, trees)
            output.flush()
            os.fsync(output.fileno())
        if replace:
            draft.replace(file)
        else:
            os.link(draft, file)
    except FileExistsError as error:
        raise CannotSnapshot(f"{file} exists already: choose another name, or say --replace.") from error
    finally:
        draft.unlink(missing_ok=True)
