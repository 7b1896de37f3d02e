"""Uploads on their way: received beside the tree, moved into it whole or not at all.

A multipart upload is a folder of parts until it is completed; what a stopped server leaves is swept at its start.
"""

import errno
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool

from brickyard_local.errors import AlreadyExists, InvalidParameter, NotFound

_BLOCK_BYTES = 1024 * 1024
_SESSION = "session.json"

Digest = Callable[[bytes], object]


@dataclass(frozen=True, kw_only=True, slots=True)
class Session:
    """A multipart upload: who uploads what."""

    principal: str
    workspace_id: int
    path: str
    overwrite: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A part that the client says it has uploaded."""

    number: int
    etag: str


class Uploads:
    """The folder of uploads, on the same file system as the tree."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def sweep(self) -> None:
        """Remove what an earlier process left."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def stage(self) -> Path:
        """A path for a file on its way."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder / uuid.uuid4().hex

    def open_session(self, session: Session) -> str:
        """A new multipart upload; the token names it."""
        token = uuid.uuid4().hex
        folder = self._folder / token
        folder.mkdir(parents=True)
        (folder / _SESSION).write_text(json.dumps(asdict(session)))
        return token

    def session(self, token: str, *, principal: str, workspace_id: int, path: str) -> Session:
        """Errors: NotFound when it is not an open upload of this caller to this path."""
        try:
            session = Session(**json.loads((self._folder / uuid.UUID(token).hex / _SESSION).read_text()))
        except (ValueError, FileNotFoundError) as error:
            raise NotFound("The multipart upload is unknown, done or aborted: start it again.") from error
        if (session.principal, session.workspace_id, session.path) != (principal, workspace_id, path):
            raise NotFound("The multipart upload belongs to another path or principal.")
        return session

    def part_file(self, token: str, number: int) -> Path:
        """Where a part lies. Errors: InvalidParameter."""
        if not 1 <= number <= 10_000:
            raise InvalidParameter(f"Part numbers run from 1 to 10000; got {number}.")
        return self._folder / uuid.UUID(token).hex / f"{number:05}"

    def assemble(self, token: str, parts: list[Part]) -> Path:
        """One staged file of all parts, in the order of their numbers. Errors: InvalidParameter."""
        staged = self.stage()
        if not parts:
            raise InvalidParameter("complete-upload needs the list of parts.")
        try:
            with staged.open("xb") as whole:
                for part in sorted(parts, key=lambda part: part.number):
                    _append(whole, self.part_file(token, part.number), part)
                _sync(whole)
        except BaseException:
            staged.unlink(missing_ok=True)
            raise
        return staged

    def close_session(self, token: str) -> None:
        """Remove its parts."""
        shutil.rmtree(self._folder / uuid.UUID(token).hex, ignore_errors=True)


async def receive(stream: AsyncIterator[bytes], staged: Path) -> str:
    """Write a body to disk as it comes; returns its hash. A body that breaks off leaves nothing."""
    digest = hashlib.sha256()
    waiting = bytearray()
    file = await run_in_threadpool(staged.open, "wb")
    try:
        async for chunk in stream:
            waiting += chunk
            if len(waiting) >= _BLOCK_BYTES:
                await run_in_threadpool(_write, file, digest.update, bytes(waiting))
                waiting.clear()
        await run_in_threadpool(_write, file, digest.update, bytes(waiting))
        await run_in_threadpool(_sync, file)
    except BaseException:
        os.unlink(staged)  # noqa: PTH108 - at once: this task may be cancelled while it waits
        raise
    finally:
        file.close()
    return digest.hexdigest()


def publish(staged: Path, target: Path, *, overwrite: bool) -> None:
    """Move a staged file to its place; `sync_folder` makes it last. Errors: AlreadyExists, InvalidParameter."""
    try:
        _make_folder(target.parent)
        if overwrite:
            staged.replace(target)
        else:
            os.link(staged, target)
    except FileExistsError as error:
        raise AlreadyExists(
            f"The file being created already exists: {target.name}.", error_code="ALREADY_EXISTS"
        ) from error
    except (IsADirectoryError, NotADirectoryError) as error:
        raise InvalidParameter(f"'{target.name}' or a folder above it exists as something else.") from error
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        raise InvalidParameter(f"The path of '{target.name[:40]}…' is too long for this machine.") from error


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(str(folder)) from error


def _append(whole: BinaryIO, file: Path, part: Part) -> None:
    digest = hashlib.sha256()
    try:
        with file.open("rb") as content:
            while block := content.read(_BLOCK_BYTES):
                digest.update(block)
                whole.write(block)
    except FileNotFoundError as error:
        raise InvalidParameter(f"Part {part.number} was not uploaded.") from error
    if digest.hexdigest() != part.etag.strip('"'):
        raise InvalidParameter(f"Part {part.number} is not the one with ETag {part.etag}: upload it again.")


def _write(file: BinaryIO, count: Digest, block: bytes) -> None:
    count(block)
    file.write(block)


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Write the names in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
