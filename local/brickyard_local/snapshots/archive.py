"""The file of a snapshot: a gzipped tar of trees of files, with a description first and checksums last.

Entries: `snapshot.json`, then `<tree>/<path>` for each folder and file, then `checksums.json` with the sha256 of each.
A file that was cut off has no checksums; one with any other entry, a link, or a path that leads out is refused.
"""

import gzip
import hashlib
import io
import json
import os
import tarfile
import zlib
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from pydantic import TypeAdapter

from brickyard_local.snapshots.errors import CannotRestore

_FORMAT = 1
_ABOUT = "snapshot.json"
_CHECKSUMS = "checksums.json"
_BLOCK_BYTES = 1 << 20
_LARGEST_NOTE_BYTES = 1 << 28
_BROKEN = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, UnicodeError)


@dataclass(frozen=True, kw_only=True, slots=True)
class About:
    """What a snapshot says of itself. `roots` are the folders that it was taken from."""

    created_ms: int
    account_id: str
    workspaces: list[str]
    roots: dict[str, str]
    size_bytes: int
    format: int = _FORMAT


def write(file: IO[bytes], about: About, trees: Mapping[str, Path]) -> None:
    """Write a snapshot of the trees, whose files must not change meanwhile."""
    checksums: dict[str, str] = {}
    with (
        gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=1, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        _add_note(tar, _ABOUT, asdict(about), checksums)
        for name, folder in trees.items():
            for path in (folder, *sorted(folder.rglob("*"))):
                below = path.relative_to(folder)
                entry = f"{name}/{below}" if path != folder else name
                if path.is_dir():
                    tar.addfile(_entry(entry, kind=tarfile.DIRTYPE, mode=0o700))
                else:
                    checksums[entry] = _add_file(tar, entry, path)
        _add_note(tar, _CHECKSUMS, checksums, {})


def read_about(file: Path) -> About:
    """What a snapshot says of itself; its content is not verified. Errors: CannotRestore."""
    try:
        with tarfile.open(file, mode="r|gz") as tar:
            first = tar.next()
            if first is None or first.name != _ABOUT:
                raise _no_snapshot(file)
            return _about(file, _note(tar, first))
    except FileNotFoundError as error:
        raise CannotRestore(
            f"There is no snapshot {file}. `brickyard local list` shows those of this clone."
        ) from error
    except (*_BROKEN, OSError, ValueError) as error:
        raise _no_snapshot(file) from error


def extract(file: Path, into: Path, trees: Collection[str]) -> None:
    """Unpack the trees below `into` and verify every byte. Errors: CannotRestore, and nothing of it may be used."""
    checksums: dict[str, str] = {}
    expected: dict[str, str] | None = None
    try:
        _read_to_the_end(file)
        with tarfile.open(file, mode="r|gz") as tar:
            for entry in tar:
                if expected is not None:
                    raise CannotRestore(f"{file} is no snapshot: something follows its checksums.")
                if entry.name == _CHECKSUMS:
                    expected = TypeAdapter(dict[str, str]).validate_json(_note(tar, entry))
                elif entry.name == _ABOUT:
                    checksums[_ABOUT] = hashlib.sha256(_note(tar, entry)).hexdigest()
                else:
                    _unpack(tar, entry, into, trees, checksums)
    except (*_BROKEN, ValueError) as error:
        raise CannotRestore(f"{file} is damaged ({error}): nothing was changed. Use another snapshot.") from error
    if expected is None:
        raise CannotRestore(f"{file} is cut off: nothing was changed. Use another snapshot.")
    wrong = sorted({name for name, _ in set(expected.items()) ^ set(checksums.items())})
    if wrong:
        raise CannotRestore(f"{file} is damaged: '{wrong[0]}' is not what was saved. Nothing was changed.")


def _read_to_the_end(file: Path) -> None:
    """Where gzip's own checksum stands; tarfile stops before it. Errors: as gzip and zlib raise them."""
    with gzip.open(file) as packed:
        while packed.read(_BLOCK_BYTES):
            pass


def _unpack(
    tar: tarfile.TarFile, entry: tarfile.TarInfo, into: Path, trees: Collection[str], checksums: dict[str, str]
) -> None:
    names = entry.name.split("/")
    if names[0] not in trees or any(name in {"", ".", ".."} for name in names) or "\0" in entry.name:
        raise CannotRestore(f"The snapshot holds '{entry.name}', which lies in none of {', '.join(sorted(trees))}.")
    target = into.joinpath(*names)
    if entry.isdir():
        target.mkdir(mode=0o700)
        return
    content = tar.extractfile(entry) if entry.isreg() else None
    if content is None:
        raise CannotRestore(f"The snapshot holds '{entry.name}', which is neither a file nor a folder.")
    digest = hashlib.sha256()
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, entry.mode & 0o777)
    with os.fdopen(descriptor, "wb") as output:
        while block := content.read(_BLOCK_BYTES):
            digest.update(block)
            output.write(block)
    checksums[entry.name] = digest.hexdigest()


def _add_note(tar: tarfile.TarFile, name: str, content: Mapping[str, Any], checksums: dict[str, str]) -> None:
    text = json.dumps(content, indent=1).encode()
    entry = _entry(name)
    entry.size = len(text)
    checksums[name] = hashlib.sha256(text).hexdigest()
    tar.addfile(entry, io.BytesIO(text))


def _add_file(tar: tarfile.TarFile, name: str, path: Path) -> str:
    facts = path.stat()
    entry = _entry(name, mode=facts.st_mode & 0o777)
    entry.size = facts.st_size
    with path.open("rb") as content:
        counted = _Counted(content)
        tar.addfile(entry, counted)
    return counted.digest.hexdigest()


class _Counted:
    """A file that is hashed as it is read."""

    def __init__(self, content: IO[bytes]) -> None:
        self._content = content
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._content.read(size)
        self.digest.update(block)
        return block


def _entry(name: str, *, kind: bytes = tarfile.REGTYPE, mode: int = 0o600) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode = kind, mode
    return entry


def _note(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    content = tar.extractfile(entry) if entry.isreg() and entry.size <= _LARGEST_NOTE_BYTES else None
    if content is None:
        raise ValueError(f"'{entry.name}' is not a file")
    return content.read()


def _about(file: Path, text: bytes) -> About:
    facts = json.loads(text)
    if isinstance(facts, dict) and facts.get("format") != _FORMAT:
        raise CannotRestore(f"{file} has format {facts.get('format')}; this version of Brickyard reads {_FORMAT}.")
    return TypeAdapter(About).validate_python(facts)


def _no_snapshot(file: Path) -> CannotRestore:
    return CannotRestore(f"{file} is not a snapshot that `brickyard local snapshot` made, or it is damaged.")
