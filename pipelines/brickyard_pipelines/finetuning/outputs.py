"""Folders that runs write to: one writer at a time, and whole files or none under their names.

Volumes take no writes in the middle of a file and no appends, so everything is made elsewhere and copied.
Source: docs.databricks.com/aws/en/files/files-recommendations (limitations of volumes)
"""

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from brickyard_pipelines.finetuning.errors import OutputTaken


@contextmanager
def alone(output: Path, what: str) -> Iterator[None]:
    """No second writer on one output.

    *Gaps*: other machines are not seen where a file system shares no locks; jobs keep to one run at a time by
    themselves (`max_concurrent_runs`).
    Errors: OutputTaken.
    """
    import fcntl

    output.mkdir(parents=True, exist_ok=True)
    with (output / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OutputTaken(f"{output}: another {what} writes there. Wait for it, or choose another.") from error
        yield


def place(made: Path, target: Path) -> str:
    """A whole file under its name, and its SHA-256: copied beside it first, since `made` may be on another disk."""
    partial = target.with_name(f".{target.name}.partial")
    digest = hashlib.sha256()
    try:
        with made.open("rb") as source, partial.open("wb") as copy:
            while chunk := source.read(1 << 20):
                digest.update(chunk)
                copy.write(chunk)
        partial.replace(target)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    return digest.hexdigest()


def place_folder(made: Path, target: Path) -> None:
    """A whole folder under its name, in the place of what was there."""
    partial = target.with_name(f".{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        place_files(made, partial)
    except OSError:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    shutil.rmtree(target, ignore_errors=True)
    partial.replace(target)


def place_files(made: Path, target: Path) -> dict[str, str]:
    """Every file of a folder under the same name in another, and their hashes."""
    target.mkdir(parents=True, exist_ok=True)
    hashes: dict[str, str] = {}
    for file in sorted(each for each in made.rglob("*") if each.is_file()):
        name = file.relative_to(made).as_posix()
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        hashes[name] = place(file, target / name)
    return hashes


def write_json(target: Path, document: Mapping[str, Any]) -> None:
    """A document as a whole file under its name."""
    write_text(target, json.dumps(document, indent=1, sort_keys=False) + "\n")


def write_text(target: Path, text: str) -> None:
    """A text as a whole file under its name."""
    partial = target.with_name(f".{target.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(target)


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file; `missing` where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "missing"


def file_hashes(folder: Path, names: Iterable[str]) -> dict[str, str]:
    """The SHA-256 of files of a folder."""
    return {name: file_sha256(folder / name) for name in names}


def folder_sha256(folder: Path) -> str:
    """One hash over the names and hashes of a folder's files; hidden ones, such as locks, are left out.

    An empty folder has the hash of nothing.
    """
    lines = []
    for file in sorted(each for each in folder.rglob("*") if each.is_file()):
        name = file.relative_to(folder)
        if not any(part.startswith(".") for part in name.parts):
            lines.append(f"{name.as_posix()} {file_sha256(file)}\n")
    return hashlib.sha256("".join(lines).encode()).hexdigest()
