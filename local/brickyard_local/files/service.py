"""One file tree: resolve a path, check the caller, act on the disk.

Source: docs.databricks.com/api/workspace/files. Gaps: listing /Volumes and its catalogs and schemas.
"""

import base64
import binascii
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from brickyard_local.callers import Caller
from brickyard_local.errors import AlreadyExists, InvalidParameter, InvalidState, NotEmulated, NotFound
from brickyard_local.files.mounts import Mount, Place
from brickyard_local.files.signing import Signer
from brickyard_local.files.uploads import Part, Session, Uploads, publish, sync_folder
from brickyard_local.paths import split_path
from brickyard_local.store import Document

_PAGE_ENTRIES = 1000

Undisturbed = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Where an upload will go, checked before its body is read and again before it appears."""

    caller: Caller
    path: str
    file: Path
    overwrite: bool


class FilesService:
    """The tree. Namespaces are mounted by the composition: `Volumes`, `Models`, `WorkspaceInternal`, `Workspace`.

    While a namespace's `undisturbed` is held nobody changes who may write where: an upload that took a minute is
    checked again in it and moved to its place, so it can land neither in a model version that has become READY
    meanwhile nor in a volume that is gone.
    """

    def __init__(self, files: Path) -> None:
        self._mounts: dict[str, Mount] = {}
        self._guards: dict[str, Undisturbed] = {}
        self.signer = Signer()
        self.uploads = Uploads(files / ".uploads")

    def mount(self, namespace: str, mount: Mount, undisturbed: Undisturbed = nullcontext) -> None:
        """Say who resolves the paths below /`namespace`, and what keeps its owner from changing them."""
        self._mounts[namespace] = mount
        self._guards[namespace] = undisturbed

    def _undisturbed(self, path: str) -> AbstractContextManager[object]:
        names = split_path(path)
        return self._guards.get(names[0], nullcontext)() if names else nullcontext()

    def start(self) -> None:
        """Sweep the uploads that an earlier process left unfinished."""
        self.uploads.sweep()

    def local_path(self, caller: Caller, path: str, *, write: bool) -> Path:
        """The path on this machine. Errors: InvalidParameter, NotFound, PermissionDenied."""
        return self.place(caller, path, write=write).path

    def place(self, caller: Caller, path: str, *, write: bool) -> Place:
        """The folder that owns the path, and the names below it. Errors: as `local_path`."""
        names = split_path(path)
        mount = self._mounts.get(names[0]) if names else None
        if mount is None:
            known = ", ".join(f"/{namespace}" for namespace in self._mounts)
            raise InvalidParameter(f"Path '{path}' lies in no namespace of the local workspace; they are {known}.")
        return mount(caller, names[1:], write)

    def file(self, caller: Caller, path: str) -> Path:
        """An existing file. Errors: NotFound, and as `local_path`."""
        found = self.local_path(caller, path, write=False)
        if not found.is_file():
            raise _missing(f"The file {path} does not exist.")
        return found

    def target(self, caller: Caller, path: str, *, overwrite: bool) -> Target:
        """Where an upload may go. Errors: AlreadyExists, and as `local_path`."""
        place = self.place(caller, path, write=True)
        if not place.names or path.endswith("/"):
            raise InvalidParameter(f"'{path}' names a folder: add the name of the file.")
        if place.path.is_dir():
            raise InvalidParameter(f"'{path}' is a folder: an upload needs the path of a file.")
        if place.path.exists() and not overwrite:
            raise AlreadyExists(f"The file being created already exists: {path}.", error_code="ALREADY_EXISTS")
        return Target(caller=caller, path=path, file=place.path, overwrite=overwrite)

    def publish(self, target: Target, staged: Path, caller: Callable[[], Caller] | None = None) -> None:
        """Let the upload appear, if it still may, for who the `caller` is now. Errors: as `target`, and its own."""
        try:
            with self._undisturbed(target.path):
                now = target.caller if caller is None else caller()
                file = self.target(now, target.path, overwrite=target.overwrite).file
                publish(staged, file, overwrite=target.overwrite)
        finally:
            staged.unlink(missing_ok=True)
        sync_folder(file.parent)

    def delete_file(self, caller: Caller, path: str) -> None:
        """Errors: NotFound, and as `local_path`."""
        with self._undisturbed(path):
            place = self.place(caller, path, write=True)
            if not place.names or not place.path.is_file():
                raise _missing(f"The file {path} does not exist.")
            place.path.unlink()
        sync_folder(place.path.parent)

    def folder(self, caller: Caller, path: str) -> Path:
        """An existing folder. Errors: NotFound, and as `local_path`."""
        place = self.place(caller, path, write=False)
        if not place.path.is_dir() and place.names:
            raise _missing(f"The directory {path} does not exist.")
        return place.path

    def make_folder(self, caller: Caller, path: str) -> None:
        """With those above it; one that exists is fine. Errors: AlreadyExists for a file."""
        try:
            with self._undisturbed(path):
                self.place(caller, path, write=True).path.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise AlreadyExists(f"A file lies on the way of directory {path}.") from error

    def delete_folder(self, caller: Caller, path: str) -> None:
        """Errors: NotFound, InvalidState when it is not empty."""
        try:
            with self._undisturbed(path):
                place = self.place(caller, path, write=True)
                if not place.names:
                    raise InvalidParameter(f"{path} is the root of a volume, a model version or an experiment's files.")
                if not place.path.is_dir():
                    raise _missing(f"The directory {path} does not exist.")
                place.path.rmdir()
        except OSError as error:
            raise InvalidState(f"The directory {path} is not empty: delete what it holds first.") from error

    def list_folder(self, caller: Caller, path: str, page_size: int | None, page_token: str | None) -> Document:
        """One page, by name. Errors: NotFound, InvalidParameter."""
        if page_size is not None and page_size < 0:
            raise InvalidParameter(f"page_size is {page_size}; it is between 1 and {_PAGE_ENTRIES}.")
        folder = self.folder(caller, path)
        root = "/" + "/".join(split_path(path))
        after = _decode(page_token) if page_token else ""
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name) if folder.is_dir() else []
        waiting = [entry for entry in entries if entry.name > after and not entry.is_symlink()]
        size = min(page_size or _PAGE_ENTRIES, _PAGE_ENTRIES)
        shown = (_entry(root, entry) for entry in waiting[:size])
        page: Document = {"contents": [entry for entry in shown if entry is not None]}
        if len(waiting) > size:
            page["next_page_token"] = base64.urlsafe_b64encode(waiting[size - 1].name.encode()).decode()
        return page

    def open_upload(self, caller: Caller, path: str, *, overwrite: bool) -> str:
        """Begin a multipart upload; returns its session token. Errors: as `target`."""
        self.target(caller, path, overwrite=overwrite)
        return self.uploads.open_session(
            Session(
                principal=caller.principal,
                workspace_id=caller.workspace.workspace_id,
                path=path,
                overwrite=overwrite,
            )
        )

    def part(self, caller: Caller, path: str, token: str, number: int) -> Path:
        """Where a part goes. Errors: NotFound, InvalidParameter."""
        self._session(caller, path, token)
        return self.uploads.part_file(token, number)

    def complete_upload(self, caller: Caller, path: str, token: str, parts: list[Part]) -> None:
        """Errors: NotFound, AlreadyExists, InvalidParameter."""
        session = self._session(caller, path, token)
        target = self.target(caller, path, overwrite=session.overwrite)
        self.publish(target, self.uploads.assemble(token, parts))
        self.uploads.close_session(token)

    def abort_upload(self, caller: Caller, path: str, token: str) -> None:
        """Errors: NotFound."""
        self._session(caller, path, token)
        self.uploads.close_session(token)

    def _session(self, caller: Caller, path: str, token: str) -> Session:
        return self.uploads.session(
            token, principal=caller.principal, workspace_id=caller.workspace.workspace_id, path=path
        )


def _entry(root: str, entry: "os.DirEntry[str]") -> Document | None:
    """None for one that somebody removed since the folder was read."""
    try:
        facts = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    shown: Document = {
        "path": f"{root}/{entry.name}",
        "name": entry.name,
        "is_directory": entry.is_dir(follow_symlinks=False),
        "last_modified": int(facts.st_mtime * 1000),
    }
    return shown if shown["is_directory"] else {**shown, "file_size": facts.st_size}


def _decode(page_token: str) -> str:
    try:
        return base64.b64decode(page_token.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise InvalidParameter("The page_token is not one that this list gave.") from error


def _missing(message: str) -> NotFound:
    return NotFound(message, error_code="NOT_FOUND")


def not_emulated(action: str) -> NotEmulated:
    """For an action of the Files API that has no counterpart here."""
    return NotEmulated(f"the Files API's action '{action}'")
