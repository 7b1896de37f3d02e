"""What holds for every securable: reach it, create it, list it, change it, drop it.

Source: who may call: databricks-sdk `service/catalog.py`.
"""

import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from brickyard_local.account import ADMIN, Account
from brickyard_local.callers import Caller
from brickyard_local.catalog.authority import (
    Chain,
    Level,
    allowed,
    authorize,
    enter,
    only_browses,
)
from brickyard_local.catalog.documents import Documents
from brickyard_local.catalog.privileges import MANAGE, READ
from brickyard_local.catalog.refusals import not_empty, unknown_principal
from brickyard_local.catalog.securables import (
    CATALOG,
    INFORMATION_SCHEMA,
    METASTORE,
    MODEL,
    SCHEMA,
    TABLE,
    VOLUME,
    SecurableType,
    checked_name,
    securable_type,
    split_name,
)
from brickyard_local.catalog.storage import FolderMoves, Storage, model_path, volume_path
from brickyard_local.clock import now_ms
from brickyard_local.errors import (
    AlreadyExists,
    NotEmulated,
    NotFound,
    PermissionDenied,
)
from brickyard_local.store import Document, Store

_PATH = (CATALOG, SCHEMA)
WORKSPACE_GROUPS = frozenset({"admins", "users"})


class Principals(Protocol):
    """What Unity Catalog asks of the identity service."""

    def principal_exists(self, name: str) -> bool: ...


class CatalogService:
    """Securables of the account's metastore."""

    def __init__(self, store: Store, account: Account, storage: Storage, principals: Principals) -> None:
        self.documents = Documents(store)
        self.storage = storage
        self.metastore_id = account.metastore_id
        self._store = store
        self._principals = principals
        with store.write():
            if store.get(METASTORE.kind, self.metastore_id) is None:
                self.documents.put(METASTORE, self._new(self.metastore_id, ADMIN, {"name": "brickyard"}))

    # Reaching

    def require(self, caller: Caller, securable_type_name: str, full_name: str, privilege: str) -> None:
        """Let the caller pass who holds `privilege` on the securable. Errors: NotFound, PermissionDenied."""
        self.reach(caller, securable_type(securable_type_name), full_name, privilege)

    def reach(
        self, caller: Caller, kind: SecurableType, full_name: str, need: str = READ, *, browse: bool = False
    ) -> Chain:
        """The chain down to a securable that the caller may use for `need`. Errors: NotFound, PermissionDenied."""
        chain = self.chain(kind, full_name, caller=caller, browse=browse)
        authorize(caller, chain, need, browse=browse)
        return chain

    def chain(
        self, kind: SecurableType, full_name: str, *, caller: Caller | None = None, browse: bool = False
    ) -> Chain:
        """The chain down to a securable; for a caller, each container must be open. Errors as `reach`."""
        if kind is METASTORE:
            return (self.metastore(full_name),)
        parts = split_name(kind, full_name)
        chain: Chain = ()
        for depth, level in enumerate((*_PATH[: kind.levels - 1], kind), start=1):
            chain += (self._level(level, ".".join(parts[:depth])),)
            if caller is not None and level is not kind:
                enter(caller, chain, browse=browse)
        return chain

    def metastore(self, metastore_id: str) -> Level:
        """Errors: NotFound for any but the account's."""
        return self._level(METASTORE, metastore_id)

    def read(self, caller: Caller, kind: SecurableType, full_name: str, *, browse: bool = False) -> Document:
        """A securable's document; `browse_only` when nothing but BROWSE shows it."""
        chain = self.reach(caller, kind, full_name, READ, browse=browse)
        return self._seen(caller, chain)

    def visible(self, caller: Caller, kind: SecurableType, parent: str = "", *, browse: bool = False) -> list[Document]:
        """Documents of a type that the caller may see below one parent, or everywhere; by name."""
        chains: dict[str, Chain | None] = {"": ()}
        if parent:
            parent = ".".join(split_name(_PATH[kind.levels - 2], parent))
            chains[parent] = self.reach(caller, _PATH[kind.levels - 2], parent, READ, browse=browse)
        found = []
        for document in self.documents.children(kind, parent):
            above = document["full_name"].rpartition(".")[0]
            if above not in chains:
                chains[above] = self._open(caller, above, browse=browse)
            start = chains[above]
            if start is None:
                continue
            chain = (*start, Level(kind=kind, document=document))
            if allowed(caller, chain, READ, browse=browse):
                found.append(self._seen(caller, chain))
        return found

    def catalog_names(self, caller: Caller) -> list[str]:
        """Catalogs that the caller may use in this workspace."""
        return [document["full_name"] for document in self.visible(caller, CATALOG)]

    # Changing

    def create(
        self, caller: Caller, kind: SecurableType, parent: str, name: str, fields: Mapping[str, Any]
    ) -> Document:
        """A new securable, owned by the caller. Errors: NotFound, AlreadyExists, PermissionDenied."""
        name = checked_name(name)
        with self.storage.change():
            if kind is CATALOG:
                above, full_name = self.reach(caller, METASTORE, self.metastore_id, kind.create), name
            else:
                above = self.reach(caller, _PATH[kind.levels - 2], parent, kind.create)
                full_name = f"{above[-1].document['full_name']}.{name}"
            self._refuse_taken(kind, full_name)
            document = self._new(full_name, caller.principal, fields)
            self.documents.put(kind, document)
            if kind is CATALOG:
                self.documents.put(SCHEMA, self._new(f"{name}.default", caller.principal, {}))
            for folder in self._folders(kind, full_name):
                folder.mkdir(parents=True, exist_ok=True)
            return document

    def update(self, caller: Caller, kind: SecurableType, full_name: str, changes: Mapping[str, Any]) -> Document:
        """Change fields, `owner` and `new_name` among them. Errors: as `reach`, and AlreadyExists."""
        given = {field: value for field, value in changes.items() if value is not None}
        rest = {field: value for field, value in given.items() if field != "new_name"}
        new_name = given.get("new_name")
        with self.storage.change() as moves:
            chain = self.reach(caller, kind, full_name, MANAGE)
            if "owner" in rest:
                self._refuse_unknown(rest["owner"])
            document = {**chain[-1].document, **rest, "updated_at": now_ms(), "updated_by": caller.principal}
            self.documents.put(kind, document)
            if new_name and checked_name(new_name) != document["full_name"].rpartition(".")[2]:
                document = self._rename(caller, chain, checked_name(new_name), moves)
            return document

    def delete(self, caller: Caller, kind: SecurableType, full_name: str, *, force: bool = False) -> None:
        """Drop a securable, its data, and with `force` all that is below it. Errors: InvalidState when not empty."""
        with self.storage.change() as moves:
            chain = self.reach(caller, kind, full_name, MANAGE)
            name: str = chain[-1].document["full_name"]
            below = self.documents.below(name) if kind in _PATH else []
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
        chain = self.reach(caller, VOLUME, f"{catalog}.{schema}.{volume}", need)
        return self.storage.volume_folder(chain[-1].document["full_name"])

    # For other services and the next start

    def start(self) -> None:
        """Finish what an earlier process did not get to."""
        self.storage.finish_interrupted()

    def principal_changed(self, old: str, new: str | None) -> None:
        """Grants and ownership follow a principal to its new name; grants end with it."""
        everywhere = [(METASTORE, self._level(METASTORE, self.metastore_id).document)]
        everywhere += [(CATALOG, document) for document in self.documents.children(CATALOG)]
        everywhere += self.documents.below("")
        for kind, document in everywhere:
            if old not in document["grants"] and old != document["owner"]:
                continue
            grants = {principal: held for principal, held in document["grants"].items() if principal != old}
            if new is not None and old in document["grants"]:
                grants[new] = document["grants"][old]
            owner = new if new is not None and old == document["owner"] else document["owner"]
            self.documents.put(kind, {**document, "grants": grants, "owner": owner})

    def follow(self, kind: str) -> None:
        """As `Documents.follow`, for services that keep documents of their own about securables."""
        self.documents.follow(kind)

    # Details

    def _level(self, kind: SecurableType, full_name: str) -> Level:
        document = self.documents.get(kind, full_name)
        if document is not None:
            return Level(kind=kind, document=document)
        if kind is SCHEMA and full_name.endswith(f".{INFORMATION_SCHEMA}"):
            raise NotEmulated("information_schema")
        raise NotFound(f"{kind.noun} '{full_name}' does not exist.", error_code=kind.missing)

    def _open(self, caller: Caller, full_name: str, *, browse: bool) -> Chain | None:
        """The chain of a container that the caller may enter, or None."""
        kind = _PATH[full_name.count(".")]
        try:
            chain = self.chain(kind, full_name, caller=caller, browse=browse)
            enter(caller, chain, browse=browse)
        except PermissionDenied:
            return None
        return chain

    def _seen(self, caller: Caller, chain: Chain) -> Document:
        document = chain[-1].document
        return {**document, "browse_only": True} if only_browses(caller, chain) else document

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

    def _folders(self, kind: SecurableType, full_name: str) -> list[Path]:
        if kind is VOLUME:
            return [self.storage.volume_folder(full_name)]
        return [self.storage.model_folder(full_name)] if kind is MODEL else []


_FOLDERS: Mapping[str, tuple[Callable[[str], str], ...]] = {
    CATALOG.name: (volume_path, model_path),
    SCHEMA.name: (volume_path, model_path),
    VOLUME.name: (volume_path,),
    MODEL.name: (model_path,),
    TABLE.name: (),
}


def _folder_paths(kind: SecurableType, full_name: str) -> list[str]:
    """Folders that are named after a securable: they move and go with it."""
    return [path(full_name) for path in _FOLDERS[kind.name]]
