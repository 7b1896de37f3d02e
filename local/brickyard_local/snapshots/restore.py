"""Restore a snapshot: unpack and verify beside the home, write down that it counts, then swap by renames."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from brickyard_local import process
from brickyard_local.account import Home
from brickyard_local.snapshots.archive import About, extract, read_about
from brickyard_local.snapshots.errors import CannotRestore
from brickyard_local.snapshots.swap import NEW, decide, settle, work_folder
from brickyard_local.snapshots.take import HOME


def restore(home: Home, file: Path, *, beside: Mapping[str, Path], force: bool = False) -> About:
    """Make the home, and the folders `beside` it, what the snapshot says. Errors: CannotRestore.

    `force` stops a running server; without it one that runs is a reason to refuse.
    """
    settle(home)
    about = read_about(file)
    trees = {HOME: home.root, **beside}
    _check(about, trees, file)
    if process.running(home) is not None and not force:
        raise CannotRestore(
            "The local workspace runs. Stop it first with `brickyard local down`, or let the restore do it with "
            "--force; what it holds now is replaced."
        )
    with work_folder(home) as work:
        (work / NEW).mkdir()
        extract(file, work / NEW, about.roots)
        os.sync()  # the decision must not reach the disk before the files
        process.stop(home)
        home.root.mkdir(parents=True, exist_ok=True)
        with process.held(home) as free:
            if not free:
                raise CannotRestore("The local workspace is just starting or ending: run the command again.")
            decide(work, {name: trees[name] for name in about.roots})
    return about


def _check(about: About, trees: Mapping[str, Path], file: Path) -> None:
    for name, root in about.roots.items():
        here = trees.get(name)
        if here is None or str(here.resolve()) != root:
            raise CannotRestore(
                f"{file} was taken from {root}, and tables are registered with the folder that they lie in: it can "
                f"be restored there only, not in {here or 'this home'}."
            )
    free = shutil.disk_usage(trees[HOME].parent).free
    if free < about.size_bytes * 1.05:
        raise CannotRestore(
            f"The snapshot unpacks to {about.size_bytes / 2**20:.0f} MiB; {free / 2**20:.0f} MiB are free: make room."
        )
