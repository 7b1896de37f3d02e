"""The workspace tree: documents say what exists, files below `files/Workspace/<workspace id>` hold the content.

A content file is written before its document and removed after it, so a document never lacks its content.
Source: docs.databricks.com/api/workspace/workspace; docs.databricks.com/aws/en/security/auth/access-control
(folder ACLs: CAN_MANAGE of the folder creates and deletes, CAN_EDIT writes).
Gaps: Git folders, moves, the trash (a delete is final).
"""

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from brickyard_local.callers import Caller
from brickyard_local.clock import now_ms
from brickyard_local.errors import AlreadyExists, InvalidParameter, InvalidState, NotEmulated, NotFound
from brickyard_local.paths import descend, split_path
from brickyard_local.store import Document, Store
from brickyard_local.workspace.access import Access, Permissions
from brickyard_local.workspace.formats import imported
from brickyard_local.workspace.objects import BUILT_IN, DIRECTORY, EXPERIMENT, Objects, parent_of
from brickyard_local.workspace.staged import Staged

RemoveExperiment = Callable[[Caller, str], None]

_SHOWN = ("object_type", "path", "object_id", "language", "created_at", "modified_at")


def tree_path(path: str) -> str:
    """The path as the tree knows it: `/Workspace` in front and a slash at the end mean nothing.

    >>> tree_path("/Workspace/Shared/x/")
    '/Shared/x'
    """
    names = split_path(path)
    if names[:1] == ("Workspace",):
        names = names[1:]
    return "/" + "/".join(names)


class WorkspaceService:
    """Folders, notebooks, files and experiments. Experiments are made and removed by tracking."""

    def __init__(self, store: Store, files: Path, permissions: Permissions, *, has_home: Callable[[str], bool]) -> None:
        self._store = store
        self._files = files / "Workspace"
        self._staged = Staged(files / ".imports")
        self._objects = Objects(store, has_home)
        self._remove_experiment: RemoveExperiment | None = None
        self.access = Access(self._objects, permissions)

    def start(self) -> None:
        """Sweep the imports that an earlier process left unfinished."""
        self._staged.sweep()
        for left in self._files.glob("*/.writing-*"):  # where they lay before they had a folder of their own
            left.unlink(missing_ok=True)

    def when_experiment_deleted(self, remove: RemoveExperiment) -> None:
        """Have `remove(caller, experiment id)` called when a folder that holds the experiment is deleted."""
        self._remove_experiment = remove

    def exists(self, request_type: str, workspace_id: int, object_id: str) -> bool:
        """Whether the permissions API may speak of the object."""
        return self._objects.by_id(workspace_id, request_type, object_id) is not None

    def status(self, caller: Caller, path: str) -> Document:
        """Errors: NotFound, PermissionDenied."""
        document = self._existing(caller, path)
        self.access.require(caller, document, "CAN_READ")
        return self._shown(caller, document)

    def listed(self, caller: Caller, path: str) -> list[Document]:
        """What lies in a folder and the caller may read; an object lists itself. Errors: NotFound."""
        document = self._existing(caller, path)
        self.access.require(caller, document, "CAN_READ")
        if document["object_type"] != DIRECTORY:
            return [self._shown(caller, document)]
        children = self._objects.children(caller.workspace.workspace_id, document["path"])
        return [self._shown(caller, child) for child in children if self.access.may_read(caller, child)]

    def mkdirs(self, caller: Caller, path: str) -> Document:
        """Make a folder and those above it. Errors: AlreadyExists for another object, PermissionDenied."""
        workspace_id, wanted = caller.workspace.workspace_id, tree_path(path)
        with self._store.write():
            known = self._objects.find(workspace_id, wanted)
            if known is not None:
                if known["object_type"] != DIRECTORY:
                    raise _taken(wanted, known)
                return known
            parent = self.mkdirs_parent(caller, parent_of(wanted))
            self.access.require(caller, parent, "CAN_MANAGE")
            self._content(workspace_id, wanted).mkdir(parents=True, exist_ok=True)
            document = self._objects.add(workspace_id, wanted, DIRECTORY)
            self.access.own(caller, document)
        return document

    def mkdirs_parent(self, caller: Caller, path: str) -> Document:
        """The folder above one that is made, itself made when it is missing."""
        return self._objects.find(caller.workspace.workspace_id, path) or self.mkdirs(caller, path)

    def write(
        self, caller: Caller, path: str, content: bytes, *, format_: str, language: str | None, overwrite: bool
    ) -> Document:
        """Import a notebook or a file. Errors: AlreadyExists, NotFound (parent), PermissionDenied, InvalidParameter."""
        wanted = imported(tree_path(path), format_, language, content)
        workspace_id = caller.workspace.workspace_id
        with self._staged.file(content) as staged, self._store.write():
            known = self._objects.find(workspace_id, wanted.path)
            if known is None:
                self.require_parent(caller, wanted.path)
                document = {"path": wanted.path, "object_type": wanted.object_type}
            else:
                document = self._overwritable(caller, known, wanted.object_type, overwrite=overwrite)
            target = self._content(workspace_id, wanted.path)
            target.parent.mkdir(parents=True, exist_ok=True)
            staged.replace(target)
            facts: dict[str, Any] = {"language": wanted.language, "stored_as": wanted.stored_as}
            if known is not None:
                now = now_ms()
                return self._objects.put(workspace_id, {**document, **facts, "modified_at": now})
            created = self._objects.add(workspace_id, wanted.path, wanted.object_type, **facts)
            self.access.own(caller, created)
            return created

    def read(self, caller: Caller, path: str, format_: str) -> tuple[Document, bytes]:
        """Export. Errors: NotFound, PermissionDenied, InvalidParameter for experiments, NotEmulated for the rest."""
        document = self._existing(caller, path)
        self.access.require(caller, document, "CAN_READ")
        if document["object_type"] == DIRECTORY:
            raise NotEmulated(f"the export of a folder ({document['path']}): export what it holds one by one")
        if document["object_type"] == EXPERIMENT:
            raise InvalidParameter(f"{document['path']} is an experiment: only notebooks and files can be exported.")
        if format_ not in {"AUTO", "RAW", document["stored_as"], "SOURCE" if _is_file(document) else ""}:
            raise NotEmulated(f"the conversion of a notebook from {document['stored_as']} to {format_}")
        return document, self._content(caller.workspace.workspace_id, document["path"]).read_bytes()

    def delete(self, caller: Caller, path: str, *, recursive: bool) -> None:
        """Errors: NotFound, PermissionDenied, InvalidState when a folder is not empty."""
        document = self._existing(caller, path)
        if document["path"] in BUILT_IN:
            raise InvalidParameter(f"{document['path']} is built in and cannot be deleted.")
        self.access.require(caller, document, "CAN_MANAGE")
        while not self._deleted(caller, document, recursive=recursive):
            pass

    def _deleted(self, caller: Caller, document: Document, *, recursive: bool) -> bool:
        """Whether all is gone; not when an experiment was made meanwhile, which tracking has to remove first."""
        workspace_id = caller.workspace.workspace_id
        experiments = [
            each for each in self._leaving(workspace_id, document, recursive=recursive) if _is_experiment(each)
        ]
        for each in experiments:
            if self._remove_experiment is not None:
                self._remove_experiment(caller, str(each["object_id"]))
        with self._store.write():
            leaving = self._leaving(workspace_id, document, recursive=recursive)  # what was written meanwhile goes too
            known = {each["object_id"] for each in experiments}
            if any(_is_experiment(each) and each["object_id"] not in known for each in leaving):
                return False
            for each in leaving:
                self.forget(workspace_id, each)
        self._discard(workspace_id, leaving)
        return True

    def _leaving(self, workspace_id: int, document: Document, *, recursive: bool) -> list[Document]:
        """The object and all below it, deepest first. Errors: InvalidState when there is more than was asked for."""
        below = self._objects.below(workspace_id, document["path"]) if document["object_type"] == DIRECTORY else []
        if below and not recursive:
            raise InvalidState(
                f"Folder ({document['path']}) is not empty: delete what it holds, or ask for recursive.",
                error_code="DIRECTORY_NOT_EMPTY",
            )
        return [*below, document]

    def _discard(self, workspace_id: int, gone: list[Document]) -> None:
        """Remove the content of what left the tree, but of nothing that was made again at the same path since."""
        root = gone[-1]["path"]
        with self._store.write():
            if not self._objects.is_kept(workspace_id, root):
                trash = self._staged.taken(self._content(workspace_id, root))
            else:
                trash = None
                for each in gone:
                    if not self._objects.is_kept(workspace_id, each["path"]):
                        _remove(self._content(workspace_id, each["path"]))
        if trash is not None:
            _remove(trash)

    def folder(self, caller: Caller, names: tuple[str, ...]) -> Path:
        """The folder of this workspace's content, once the caller may read the object. Errors: NotFound."""
        self.status(caller, "/" + "/".join(names))
        return self._files / str(caller.workspace.workspace_id)

    def canonical(self, path: str) -> str:
        """The path as the tree knows it."""
        return tree_path(path)

    def require_parent(self, caller: Caller, path: str) -> None:
        """That something may be made at a path. Errors: NotFound, AlreadyExists, PermissionDenied."""
        parent = parent_of(path)
        document = self._objects.find(caller.workspace.workspace_id, parent)
        if document is None or document["object_type"] != DIRECTORY:
            raise NotFound(
                f"The parent folder ({parent}) does not exist. Make it first: databricks_directory in Terraform, "
                "`databricks workspace mkdirs`, or POST /api/2.0/workspace/mkdirs."
            )
        self.access.require(caller, document, "CAN_MANAGE")

    def granted_above(self, workspace_id: int, path: str) -> list[tuple[str, str, str]]:
        """What an object at a path inherits, for those that the tree does not hold: as `Access.granted_above`."""
        return self.access.granted_above(workspace_id, path)

    def object_at(self, workspace_id: int, path: str) -> Document | None:
        """The object at a path, for tracking. No check of the caller."""
        return self._objects.find(workspace_id, tree_path(path))

    def add_experiment(self, caller: Caller, path: str, experiment_id: str) -> None:
        """The experiment's place in the tree, and the caller's ownership."""
        workspace_id = caller.workspace.workspace_id
        with self._store.write():
            document = self._objects.add(workspace_id, path, EXPERIMENT, object_id=int(experiment_id))
            self.access.own(caller, document)

    def move_experiment(self, workspace_id: int, experiment_id: str, path: str) -> None:
        """The experiment was renamed: its grants stay."""
        with self._store.write():
            document = self._objects.by_id(workspace_id, "experiments", experiment_id)
            if document is not None:
                self._objects.remove(workspace_id, document)
                self._objects.put(workspace_id, {**document, "path": path})

    def remove_experiment(self, workspace_id: int, experiment_id: str) -> None:
        """The experiment is deleted: its path is free."""
        document = self._objects.by_id(workspace_id, "experiments", experiment_id)
        if document is not None:
            self.forget(workspace_id, document)

    def forget(self, workspace_id: int, document: Document) -> None:
        """Take an object out of the tree, with its grants."""
        with self._store.write():
            self._objects.remove(workspace_id, document)
            self.access.forget(workspace_id, document)

    def _existing(self, caller: Caller, path: str) -> Document:
        document = self._objects.find(caller.workspace.workspace_id, tree_path(path))
        if document is None:
            raise NotFound(f"Path ({path}) doesn't exist.")
        return document

    def _overwritable(self, caller: Caller, known: Document, asked: str, *, overwrite: bool) -> Document:
        self.access.require(caller, known, "CAN_EDIT")
        if not overwrite:
            raise _taken(known["path"], known)
        if known["object_type"] != asked:
            raise InvalidParameter(
                f"Cannot overwrite the asset at {known['path']} due to type mismatch (asked: {asked}, actual: "
                f"{known['object_type']}): delete it first."
            )
        return known

    def _shown(self, caller: Caller, document: Document) -> Document:
        shown = {name: document[name] for name in _SHOWN if document.get(name) is not None}
        if _is_file(document):
            content = self._content(caller.workspace.workspace_id, document["path"])
            with contextlib.suppress(FileNotFoundError):
                shown["size"] = content.stat().st_size
        return {**shown, "resource_id": str(document["object_id"])}

    def _content(self, workspace_id: int, path: str) -> Path:
        return descend(self._files / str(workspace_id), split_path(path))


def _is_experiment(document: Document) -> bool:
    return bool(document["object_type"] == EXPERIMENT)


def _is_file(document: Document) -> bool:
    return bool(document["object_type"] == "FILE")


def _taken(path: str, known: Document) -> AlreadyExists:
    return AlreadyExists(f"Path ({path}) already exists, as {known['object_type']}: ask to overwrite it.", status=400)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
