"""Replace folders by new ones so that a `kill -9` leaves all of the old or all of the new.

The new ones lie ready in a folder beside the home; a decision is written there; then come the renames. Killed before
the decision, the old state stays; killed after it, the next start finishes the renames.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from brickyard_local.account import Home, write_private
from brickyard_local.snapshots.errors import CannotRestore

NEW = "new"
_OLD = "old"
_DECISION = "decision.json"


def settle(home: Home) -> None:
    """Finish or forget a restore that was interrupted. Called before a server starts. Errors: CannotRestore."""
    if _work_path(home).exists():
        with work_folder(home):
            pass


def decide(work: Path, targets: Mapping[str, Path]) -> None:
    """From here on the folders below `new` count: each takes the place of its target."""
    write_private(work / _DECISION, json.dumps({name: str(target) for name, target in targets.items()}))
    _swap(work)


def _work_path(home: Home) -> Path:
    return home.root.with_name(home.root.name + ".restore")


@contextmanager
def work_folder(home: Home) -> Iterator[Path]:
    """An empty folder beside the home, for this process only; what a killed restore left in it is settled first."""
    work = _work_path(home)
    work.mkdir(mode=0o700, exist_ok=True)
    holder = os.open(work, os.O_RDONLY)
    try:
        fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if (work / _DECISION).exists():
            _swap(work)
        for left in work.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        try:
            yield work
        finally:
            if not (work / _DECISION).exists():
                shutil.rmtree(work, ignore_errors=True)
    except BlockingIOError as error:
        raise CannotRestore("A restore of this home is under way: wait for its end.") from error
    finally:
        os.close(holder)


def _swap(work: Path) -> None:
    """Put the new trees in place of the old ones. Can be cut off anywhere and run again."""
    targets: dict[str, str] = json.loads((work / _DECISION).read_text())
    (work / _OLD).mkdir(exist_ok=True)
    for name, target in targets.items():
        new, old, place = work / NEW / name, work / _OLD / name, Path(target)
        if not new.exists():
            continue
        if place.exists():
            if old.exists():
                shutil.rmtree(old)
            place.rename(old)
        place.parent.mkdir(parents=True, exist_ok=True)
        new.rename(place)
    shutil.rmtree(work / _OLD)
    (work / _DECISION).unlink()
