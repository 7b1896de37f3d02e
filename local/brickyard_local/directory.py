"""The principals of the account in memory: every request asks who its caller is and which groups hold it.

The documents are the store's; a snapshot of them is kept until one changes. Every change puts a new random
version into the same transaction, so a snapshot is current exactly when its version is the store's: a version of
a transaction that was rolled back never comes back.
"""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from brickyard_local.store import Document, Store

USERS, GROUPS, SERVICE_PRINCIPALS = "users", "groups", "service_principals"
ADMINS_GROUP, USERS_GROUP, EVERYBODY = "admins", "users", "account users"

_NAME_FIELDS = {USERS: "userName", GROUPS: "displayName", SERVICE_PRINCIPALS: "applicationId"}
_ASSIGNMENTS = "permission_assignments"
_VERSION = "directory"


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What a user or service principal is through all groups that hold it, nested ones included."""

    principal_id: str
    active: bool
    groups: frozenset[str]
    entitlements: frozenset[str]
    ids: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """All principals at one moment. Its documents are shared: read them, never change them."""

    version: str
    documents: Mapping[str, Mapping[str, Document]]
    assignments: Mapping[str, Document]

    def listed(self, kind: str) -> list[Document]:
        """All of a kind, oldest first."""
        return list(self.documents[kind].values())

    def find(self, kind: str, principal_id: str) -> Document | None:
        """By SCIM id."""
        return self.documents[kind].get(principal_id)

    def named(self, kind: str, name: str, *, casefold: bool = False) -> Document | None:
        """By user name, application id or a group's display name."""
        found = self._by_name[kind].get(name.casefold())
        return found if found is not None and (casefold or found[_NAME_FIELDS[kind]] == name) else None

    def parents(self, member_id: str) -> list[Document]:
        """The groups that hold a principal directly."""
        return [self.documents[GROUPS][group_id] for group_id in self._parents.get(member_id, ())]

    def standing(self, name: str) -> Standing | None:
        """Of a user name or an application id; None when there is no such principal."""
        if name not in self._standings:
            found = self.named(USERS, name) or self.named(SERVICE_PRINCIPALS, name)
            self._standings[name] = None if found is None else self._standing(found)
        return self._standings[name]

    def group_standing(self, name: str) -> Standing | None:
        """Of a group by its display name: what it is through the groups that hold it."""
        found = self.named(GROUPS, name)
        return None if found is None else self._standing(found)

    def may_enter(self, workspace_id: int, standing: Standing) -> bool:
        """Whether the principal, or a group that holds it, is assigned to the workspace. Administrators always are."""
        assigned = (f"{workspace_id}/{principal_id}" for principal_id in standing.ids)
        return ADMINS_GROUP in standing.groups or any(key in self.assignments for key in assigned)

    def assigned(self, workspace_id: int) -> list[Document]:
        """The assignments of a workspace, oldest first."""
        return [known for known in self.assignments.values() if known["workspace_id"] == workspace_id]

    def _standing(self, found: Document) -> Standing:
        holding: dict[str, Document] = {}
        wanted = [found["id"]]
        while wanted:
            above = {group["id"]: group for member in wanted for group in self.parents(member)}
            wanted = [group_id for group_id in above if group_id not in holding]
            holding |= above
        entitled = [found, *holding.values()]
        return Standing(
            principal_id=found["id"],
            active=bool(found.get("active", True)),
            groups=frozenset(group["displayName"] for group in holding.values()) | {EVERYBODY},
            entitlements=frozenset(e["value"] for document in entitled for e in document.get("entitlements", [])),
            ids=frozenset(holding) | {found["id"]},
        )

    @cached_property
    def _by_name(self) -> dict[str, dict[str, Document]]:
        return {
            kind: {document[field].casefold(): document for document in self.documents[kind].values()}
            for kind, field in _NAME_FIELDS.items()
        }

    @cached_property
    def _parents(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for group in self.documents[GROUPS].values():
            for member in group.get("members", []):
                found.setdefault(member["value"], []).append(group["id"])
        return found

    @cached_property
    def _standings(self) -> dict[str, Standing | None]:
        return {}


class Directory:
    """Reads and writes principals and their assignment to workspaces. Safe to use from any thread."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._cached = Snapshot(version="", documents={kind: {} for kind in _NAME_FIELDS}, assignments={})

    def snapshot(self) -> Snapshot:
        """The principals as they are now; inside a transaction, as it has made them."""
        version, found = self._version(), self._cached
        if not version or found.version != version:
            self._cached = found = self._load(version)
        return found  # not what is kept: another thread may have put its own moment there meanwhile

    @property
    def is_new(self) -> bool:
        """Whether nothing was ever written through a directory: an empty account, or one of an older kind."""
        return not self._version()

    def put(self, kind: str, document: Document) -> Document:
        """Create or replace a principal."""
        with self._store.write():
            before = self.snapshot()
            self._store.put(kind, document["id"], document)
            changed = {**before.documents[kind], document["id"]: document}
            self._keep(before, documents={**before.documents, kind: changed})
        return document

    def delete(self, kind: str, principal_id: str) -> None:
        """Forget a principal and its assignments."""
        with self._store.write():
            before = self.snapshot()
            self._store.delete(kind, principal_id)
            left = {key: document for key, document in before.documents[kind].items() if key != principal_id}
            gone = [key for key, known in before.assignments.items() if known["principal_id"] == principal_id]
            self._keep(before, documents={**before.documents, kind: left}, assignments=self._without(before, gone))

    def assign(self, workspace_id: int, principal_id: str, permissions: Iterable[str]) -> None:
        """Let a principal into a workspace; without permissions it is shown out."""
        key, kept = f"{workspace_id}/{principal_id}", list(permissions)
        with self._store.write():
            before = self.snapshot()
            if not kept:
                self._keep(before, assignments=self._without(before, [key]))
                return
            document = {"workspace_id": workspace_id, "principal_id": principal_id, "permissions": kept}
            self._store.put(_ASSIGNMENTS, key, document)
            self._keep(before, assignments={**before.assignments, key: document})

    def _without(self, before: Snapshot, keys: list[str]) -> dict[str, Document]:
        for key in keys:
            self._store.delete(_ASSIGNMENTS, key)
        return {key: known for key, known in before.assignments.items() if key not in keys}

    def _keep(self, before: Snapshot, **changes: Mapping[str, Mapping[str, Document]] | Mapping[str, Document]) -> None:
        version = uuid.uuid4().hex
        self._store.put(_VERSION, "version", {"version": version})
        self._cached = replace(before, version=version, **changes)  # type: ignore[arg-type]

    def _version(self) -> str:
        return _text(self._store.shared(_VERSION, "version"))

    def _load(self, version: str) -> Snapshot:
        """Read everything; again when a writer came between, so that no two moments are mixed."""
        while True:
            documents = {kind: {found["id"]: found for found in self._store.all(kind)} for kind in _NAME_FIELDS}
            found = self._store.all(_ASSIGNMENTS)
            assignments = {f"{known['workspace_id']}/{known['principal_id']}": known for known in found}
            now = _text(self._store.get(_VERSION, "version"))
            if now == version:
                return Snapshot(version=version, documents=documents, assignments=assignments)
            version = now


def _text(version: Document | None) -> str:
    return "" if version is None else str(version["version"])
