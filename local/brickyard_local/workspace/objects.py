"""The documents of the workspace tree: by path, and by type and id."""

from collections.abc import Callable
from pathlib import PurePosixPath

from brickyard_local.clock import now_ms
from brickyard_local.store import Document, Store

DIRECTORY = "DIRECTORY"
EXPERIMENT = "MLFLOW_EXPERIMENT"

_OBJECTS = "workspace_objects"
_INDEX = "workspace_object_ids"
_REQUEST_TYPES = {
    DIRECTORY: "directories",
    "NOTEBOOK": "notebooks",
    "FILE": "files",
    EXPERIMENT: "experiments",
}
BUILT_IN = frozenset({"/", "/Shared", "/Users"})


def request_type(document: Document) -> str:
    """The object's type in paths of the permissions API."""
    return _REQUEST_TYPES[document["object_type"]]


def parent_of(path: str) -> str:
    """The folder that holds the path."""
    return str(PurePosixPath(path).parent)


class Objects:
    """What exists in the tree of each workspace. Built-in folders and the homes of principals always do."""

    def __init__(self, store: Store, has_home: Callable[[str], bool]) -> None:
        self._store = store
        self._has_home = has_home

    def find(self, workspace_id: int, path: str) -> Document | None:
        """The object at a path, or None."""
        if path == "/":
            return {"object_id": 0, "path": "/", "object_type": DIRECTORY, "created_at": 0, "modified_at": 0}
        known = self._store.get(_OBJECTS, path, scope=workspace_id)
        if known is None and self._must_exist(path):
            with self._store.write():
                known = self._store.get(_OBJECTS, path, scope=workspace_id)
                return known or self.add(workspace_id, path, DIRECTORY)
        return known

    def is_kept(self, workspace_id: int, path: str) -> bool:
        """Whether a document is there now; none is made, as `find` does for homes."""
        return self._store.get(_OBJECTS, path, scope=workspace_id) is not None

    def by_id(self, workspace_id: int, wanted_type: str, object_id: str) -> Document | None:
        """The object of a type and id of the permissions API, or None."""
        if (wanted_type, object_id) == ("directories", "0"):
            return self.find(workspace_id, "/")
        known = self._store.get(_INDEX, f"{wanted_type}/{object_id}", scope=workspace_id)
        return None if known is None else self.find(workspace_id, known["path"])

    def add(
        self, workspace_id: int, path: str, object_type: str, *, object_id: int | None = None, **facts: str | None
    ) -> Document:
        """A new object; an experiment brings its id."""
        now = now_ms()
        document: Document = {
            "object_id": object_id if object_id is not None else self._store.next_id(),
            "path": path,
            "object_type": object_type,
            "created_at": now,
            "modified_at": now,
            **facts,
        }
        return self.put(workspace_id, document)

    def put(self, workspace_id: int, document: Document) -> Document:
        """Keep the object and its place in the index of ids."""
        with self._store.write():
            key = f"{request_type(document)}/{document['object_id']}"
            self._store.put(_INDEX, key, {"path": document["path"]}, scope=workspace_id)
            return self._store.put(_OBJECTS, document["path"], document, scope=workspace_id)

    def remove(self, workspace_id: int, document: Document) -> None:
        """Forget the object."""
        with self._store.write():
            self._store.delete(_INDEX, f"{request_type(document)}/{document['object_id']}", scope=workspace_id)
            self._store.delete(_OBJECTS, document["path"], scope=workspace_id)

    def below(self, workspace_id: int, path: str) -> list[Document]:
        """Everything below a folder, deepest first."""
        prefix = path.rstrip("/") + "/"
        found = self._store.all(_OBJECTS, prefix=prefix, scope=workspace_id)
        return sorted(found, key=lambda document: -document["path"].count("/"))

    def children(self, workspace_id: int, path: str) -> list[Document]:
        """What lies directly in a folder, by name."""
        if path == "/":
            for built_in in BUILT_IN - {"/"}:
                self.find(workspace_id, built_in)
        found = [document for document in self.below(workspace_id, path) if parent_of(document["path"]) == path]
        return sorted(found, key=lambda document: str(document["path"]))

    def _must_exist(self, path: str) -> bool:
        parent, name = parent_of(path), PurePosixPath(path).name
        return path in BUILT_IN or (parent == "/Users" and self._has_home(name))
