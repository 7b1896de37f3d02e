"""What holds for every securable: reach it, create it, list it, change it, drop it.

Source: who may call: databricks-sdk `service/catalog.py`.
"""

import uuid
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Protocol

from brickyard_local.account import ADMIN, Account
from brickyard_local.callers import Caller
from brickyard_local.catalog.authority import ISOLATED, Chain
from brickyard_local.catalog.privileges import MANAGE
from brickyard_local.catalog.reaching import PATH, Reaching
from brickyard_local.catalog.refusals import not_empty, unknown_principal
from brickyard_local.catalog.securables import (
    BESIDE,
    CATALOG,
    METASTORE,
    MODEL,
    SCHEMA,
    TABLE,
    VOLUME,
    SecurableType,
    checked_name,
)
from brickyard_local.catalog.storage import FolderMoves, Storage, model_path, volume_path
from brickyard_local.catalog.urls import storage_url
from brickyard_local.clock import now_ms
from brickyard_local.errors import AlreadyExists
from brickyard_local.store import Document, Store

WORKSPACE_GROUPS = frozenset({"admins", "users"})


class Principals(Protocol):
    """What Unity Catalog asks of the identity service."""

    def principal_exists(self, name: str) -> bool: ...


class CatalogService(Reaching):
    """Securables of the account's metastore."""

    def __init__(self, store: Store, account: Account, storage: Storage, principals: Principals) -> None:
        super().__init__(store)
        self.storage = storage
        self.metastore_id = account.metastore_id
        self._principals = principals
        with store.write():
            if store.get(METASTORE.kind, self.metastore_id) is None:
                self.documents.put(METASTORE, self._new(self.metastore_id, ADMIN, {"name": "brickyard"}))

    # Changing

    def create(
        self, caller: Caller, kind: SecurableType, parent: str, name: str, fields: Mapping[str, Any]
    ) -> Document:
        """A new securable, owned by the caller. Errors: NotFound, AlreadyExists, PermissionDenied."""
        name = checked_name(name)
        with self.storage.change():
            if kind.levels == 1:
                above, full_name = self.reach(caller, METASTORE, self.metastore_id, kind.create), name
            else:
                above = self.reach(caller, PATH[kind.levels - 2], parent, kind.create)
                full_name = f"{above[-1].document['full_name']}.{name}"
            self._refuse_taken(kind, full_name)
            document = self._new(full_name, caller.principal, fields)
            self.documents.put(kind, document)
            if kind is CATALOG:
                self.documents.put(SCHEMA, self._new(f"{name}.default", caller.principal, {}))
            self._make_folders(kind, document)
            return document

    def update(
        self,
        caller: Caller,
        kind: SecurableType,
        full_name: str,
        changes: Mapping[str, Any],
        *,
        clear: Collection[str] = (),
    ) -> Document:
        """Change fields, `owner` and `new_name` among them. None changes nothing, but takes away fields of `clear`.

        Errors: as `reach`, and AlreadyExists.
        """
        given = {field: value for field, value in changes.items() if value is not None}
        rest = {field: value for field, value in given.items() if field != "new_name"}
        new_name = given.get("new_name")
        with self.storage.change() as moves:
            chain = self.reach(caller, kind, full_name, MANAGE)
            if "owner" in rest:
                self._refuse_unknown(rest["owner"])
            gone = {field for field in clear if field in changes and changes[field] is None}
            kept = {field: value for field, value in chain[-1].document.items() if field not in gone}
            document = {**kept, **rest, "updated_at": now_ms(), "updated_by": caller.principal}
            self.documents.put(kind, document)
            if new_name and checked_name(new_name) != document["full_name"].rpartition(".")[2]:
                document = self._rename(caller, chain, checked_name(new_name), moves)
            return document

    def delete(self, caller: Caller, kind: SecurableType, full_name: str, *, force: bool = False) -> None:
        """Drop a securable, its data, and with `force` all that is below it. Errors: InvalidState when not empty."""
        with self.storage.change() as moves:
            chain = self.reach(caller, kind, full_name, MANAGE)
            name: str = chain[-1].document["full_name"]
            below = self.documents.below(name) if kind in PATH else []
            if below and not force:
                raise not_empty(kind, name, below)
            for each, document in [*below, (kind, chain[-1].document)]:
                if each is TABLE and document["table_type"] == "MANAGED":
                    moves.discard(f"tables/{document['id']}")
                self.documents.remove(each, document["full_name"])
            for folder in _folder_paths(kind, name):
                moves.discard(folder)

    def volume_folder(self, caller: Caller, catalog: str, schema: str, volume: str, *, write: bool) -> Path:
        """The folder of a volume's files for a caller that may read, or write, them. Errors: as `reach`."""
        need = "WRITE_VOLUME" if write else "READ_VOLUME"
        document = self.reach(caller, VOLUME, f"{catalog}.{schema}.{volume}", need)[-1].document
        if document["volume_type"] == "EXTERNAL":
            return self.storage.external_folder(storage_url(document["storage_location"]))
        return self.storage.volume_folder(document["full_name"])

    # For other services and the next start

    def start(self) -> None:
        """Finish what an earlier process did not get to."""
        self.storage.finish_interrupted()

    def principal_changed(self, old: str, new: str | None) -> None:
        """Grants and ownership follow a principal to its new name; grants end with it."""
        everywhere = [(METASTORE, self._level(METASTORE, self.metastore_id).document)]
        everywhere += [(kind, document) for kind in (CATALOG, *BESIDE) for document in self.documents.children(kind)]
        everywhere += self.documents.below("")
        for kind, document in everywhere:
            if old not in document["grants"] and old != document["owner"]:
                continue
            grants = {principal: held for principal, held in document["grants"].items() if principal != old}
            if new is not None and old in document["grants"]:
                grants[new] = document["grants"][old]
            owner = new if new is not None and old == document["owner"] else document["owner"]
            self.documents.put(kind, {**document, "grants": grants, "owner": owner})

    def follow(self, kind: str, of: SecurableType, told: Callable[[], None] | None = None) -> None:
        """As `Documents.follow`, for services that keep documents of their own about securables."""
        self.documents.follow(kind, of, told)

    def isolating(self, caller: Caller, document: Document, changes: Mapping[str, Any]) -> Document:
        """Becoming ISOLATED binds the caller's workspace when nothing is bound: it would be lost otherwise."""
        if changes.get("isolation_mode") not in ISOLATED or document["bindings"]:
            return {}
        return {"bindings": {str(caller.workspace.workspace_id): "BINDING_TYPE_READ_WRITE"}}

    # Details

    def _new(self, full_name: str, owner: str, fields: Mapping[str, Any]) -> Document:
        now = now_ms()
        return {
            "id": str(uuid.uuid4()),
            "full_name": full_name,
            "owner": owner,
            "grants": {},
            "created_at": now,
            "created_by": owner,
            "updated_at": now,
            "updated_by": owner,
            **fields,
        }

    def _rename(self, caller: Caller, chain: Chain, name: str, moves: FolderMoves) -> Document:
        kind, old = chain[-1].kind, chain[-1].document["full_name"]
        new = ".".join((*old.split(".")[:-1], name))
        if kind is SCHEMA:
            self.reach(caller, CATALOG, old.split(".")[0], kind.create)
        self._refuse_taken(kind, new)
        self.documents.rename(kind, old, new)
        for before, after in zip(_folder_paths(kind, old), _folder_paths(kind, new), strict=True):
            moves.move(before, after)
        return self._level(kind, new).document

    def _refuse_taken(self, kind: SecurableType, full_name: str) -> None:
        if self.documents.get(kind, full_name) is not None:
            raise AlreadyExists(f"{kind.noun} '{full_name}' already exists", error_code=kind.existing)

    def _refuse_unknown(self, principal: str) -> None:
        if not self.known_principal(principal):
            raise unknown_principal(principal)

    def known_principal(self, principal: str) -> bool:
        """Whether Unity Catalog can name it: groups of one workspace only are not principals of the account."""
        return principal not in WORKSPACE_GROUPS and self._principals.principal_exists(principal)

    def _make_folders(self, kind: SecurableType, document: Document) -> None:
        if kind is VOLUME:
            target = document.get("storage_location") if document["volume_type"] == "EXTERNAL" else None
            self.storage.make_volume(document["full_name"], storage_url(target) if target else None)
        elif kind is MODEL and "routine_body" not in document:
            self.storage.model_folder(document["full_name"]).mkdir(parents=True, exist_ok=True)


_FOLDERS: Mapping[str, tuple[Callable[[str], str], ...]] = {
    CATALOG.name: (volume_path, model_path),
    SCHEMA.name: (volume_path, model_path),
    VOLUME.name: (volume_path,),
    MODEL.name: (model_path,),
    TABLE.name: (),
    **{kind.name: () for kind in BESIDE},
}


def _folder_paths(kind: SecurableType, full_name: str) -> list[str]:
    """Folders that are named after a securable: they move and go with it."""
    return [path(full_name) for path in _FOLDERS[kind.name]]
