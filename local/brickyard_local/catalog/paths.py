"""Who may use files by their path: cloud URLs, `/Volumes/…`, and folders of this machine.

Engines of the local workspace ask here before they touch a path that no table name stands for.
Source: docs.databricks.com/api/workspace/temporarypathcredentials;
…/connect/unity-catalog/cloud-storage/manage-external-locations (READ FILES, WRITE FILES).
Gaps: EXTERNAL USE LOCATION is not asked: no engine here is outside of the workspace.
"""

import posixpath
import re
from itertools import takewhile
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

from brickyard_local.callers import Caller
from brickyard_local.catalog.authority import Chain
from brickyard_local.catalog.locations import LocationsService
from brickyard_local.catalog.securables import TABLE
from brickyard_local.catalog.service import CatalogService
from brickyard_local.catalog.urls import StorageUrl, as_file_url, storage_url
from brickyard_local.clock import now_ms
from brickyard_local.errors import InvalidParameter, PermissionDenied
from brickyard_local.paths import split_path
from brickyard_local.store import Document

_CREDENTIAL_S = 3600
Operation = Literal["PATH_READ", "PATH_READ_WRITE", "PATH_CREATE_TABLE"]


class PathsService:
    """Access to paths."""

    def __init__(self, catalog: CatalogService, locations: LocationsService, home: Path) -> None:
        self._catalog = catalog
        self._locations = locations
        self._home = home

    def credential(self, caller: Caller, text: str, operation: Operation) -> Document:
        """Where the path lies on this machine. Errors: NotFound, PermissionDenied, InvalidParameter."""
        folder = self._folder(caller, text, operation)
        return {"url": as_file_url(folder), "expiration_time": now_ms() + _CREDENTIAL_S * 1000}

    def _folder(self, caller: Caller, text: str, operation: Operation) -> Path:
        plain = text.removeprefix("dbfs:")
        if plain.startswith("file:"):
            plain = "/" + unquote(plain.removeprefix("file:").lstrip("/"))
        _refuse_hidden_steps(plain)
        if not plain.startswith("/"):
            return self._external(caller, storage_url(text), operation)
        if not plain.startswith("/Volumes/"):
            plain = _normal(plain)
        if plain == "/Volumes" or plain.startswith("/Volumes/"):
            return self._volume(caller, plain, operation)
        return self._local(caller, Path(plain), operation)

    def _external(self, caller: Caller, url: StorageUrl, operation: Operation) -> Path:
        if operation == "PATH_CREATE_TABLE":
            self._locations.claim(caller, str(url), "CREATE_EXTERNAL_TABLE", "CreateTable")
        else:
            self._use(caller, url, write=operation == "PATH_READ_WRITE")
        return self._catalog.storage.external_folder(url)

    def _use(self, caller: Caller, url: StorageUrl, *, write: bool) -> None:
        """The rights on the table or volume that lies there count, else those on the location."""
        found = self._locations.occupant(url)
        if found is None:
            self._locations.use(caller, url, "WRITE_FILES" if write else "READ_FILES", write=write)
            return
        kind, document = found
        needs = {True: ("SELECT", "MODIFY"), False: ("SELECT",)} if kind is TABLE else _ON_VOLUME
        for need in needs[write]:
            self._catalog.reach(caller, kind, document["full_name"], need)
        if write:
            self._locations.refuse_read_only(self._location(url))

    def _location(self, url: StorageUrl) -> Chain:
        return self._locations.of(url)

    def _volume(self, caller: Caller, path: str, operation: Operation) -> Path:
        names = split_path(path.rstrip("/") or path)[1:]
        if operation == "PATH_CREATE_TABLE":
            raise InvalidParameter(f"A table cannot lie in a volume ({path}). Give it a path of its own.")
        if len(names) < 3:
            raise InvalidParameter("A path in a volume starts with /Volumes/<catalog>/<schema>/<volume>.")
        write = operation == "PATH_READ_WRITE"
        return self._catalog.volume_folder(caller, *names[:3], write=write).joinpath(*names[3:])

    def _local(self, caller: Caller, path: Path, operation: Operation) -> Path:
        """Of the home, only what stands for cloud storage; what lies beside the home is not the workspace's."""
        home = self._home.resolve()
        if home.is_relative_to(_fixed(path).resolve()) and _fixed(path) != path:
            raise PermissionDenied(
                f"'{path}' is a pattern that could lead into the folder of the local workspace, or to /Volumes. Fix: "
                "write the path up to there without * ? [ ] { }."
            )
        resolved = path.resolve()
        if not resolved.is_relative_to(home):
            return path
        url = self._catalog.storage.url_of(as_file_url(resolved))
        if url is not None:
            return self._external(caller, url, operation)
        raise PermissionDenied(
            f"'{path}' lies in the folder of the local workspace, which is closed to paths. Fix: read and write "
            "managed tables by name, and files by /Volumes/<catalog>/<schema>/<volume>/…"
        )


def _normal(path: str) -> str:
    """As Hadoop reads a path: `///Volumes`, `/./Volumes` and `/x/../Volumes` are `/Volumes`.

    >>> _normal("///x/../Volumes/c/./s")
    '/Volumes/c/s'
    """
    return "/" + posixpath.normpath(path).lstrip("/")


def _refuse_hidden_steps(path: str) -> None:
    """Errors: InvalidParameter for `..` inside a pattern, which Hadoop takes out of it: `v/{a,../w}` also is `w`."""
    if _PATTERN & set(path) and ".." in re.split(r"[/{},]", path.replace("\\", "")):
        raise InvalidParameter(f"'{path}' holds '..' in a pattern: write the path without it.")


def _fixed(path: Path) -> Path:
    """The part of a path before the first name that Hadoop takes for a pattern: all of it when there is none.

    >>> _fixed(Path("/tmp/a/{b,c}/d")), _fixed(Path("/tmp/a"))
    (PosixPath('/tmp/a'), PosixPath('/tmp/a'))
    """
    names = takewhile(lambda name: not _PATTERN & set(name), path.parts)
    return Path(*names)


_PATTERN = frozenset("*?[]{}\\")
_ON_VOLUME = {True: ("WRITE_VOLUME",), False: ("READ_VOLUME",)}
