"""Documents of securables: by full name, with those below them.

Grants stand in the securable's own document, and a catalog's bindings too: what goes away or is renamed takes
them along in one write.
"""

from collections.abc import Callable, Iterator

from brickyard_local.catalog.securables import LEAVES, PARENTS, SCHEMA, TABLE, SecurableType
from brickyard_local.store import Document, Store

_TABLE_IDS = "table_ids"


class Documents:
    """Securables in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._followers: list[tuple[str, SecurableType]] = []
        self._told: dict[str, Callable[[], None]] = {}

    def follow(self, kind: str, of: SecurableType, told: Callable[[], None] | None = None) -> None:
        """Documents of `kind` have a `key` of `<full name>/…`, a `full_name`, and share the fate of an `of`.

        `told` is called when one was removed, in the transaction that does so.
        """
        self._followers.append((kind, of))
        if told is not None:
            self._told[kind] = told

    def get(self, kind: SecurableType, full_name: str) -> Document | None:
        return self._store.get(kind.kind, full_name)

    def container(self, kind: SecurableType, full_name: str) -> Document | None:
        """As `get`, of what is only passed through. Read it, never change it."""
        return self._store.shared(kind.kind, full_name)

    def put(self, kind: SecurableType, document: Document) -> Document:
        with self._store.write():
            if kind is TABLE:
                self._store.put(_TABLE_IDS, document["id"], {"full_name": document["full_name"]})
            return self._store.put(kind.kind, document["full_name"], document)

    def table_of_id(self, table_id: str) -> Document | None:
        """The table or view of an id; engines name tables so."""
        known = self._store.get(_TABLE_IDS, table_id)
        if known is not None:
            return self.get(TABLE, known["full_name"])
        # Tables of a home that an older version made are in no index until they change.
        return next((each for each in self.children(TABLE) if each["id"] == table_id), None)

    def names(self, kind: SecurableType, parent: str, after: str) -> list[str]:
        """Full names below a parent, in order, after the name `after`; no document is read."""
        return self._store.keys(kind.kind, prefix=f"{parent}." if parent else "", after=after)

    def page(self, kind: SecurableType, parent: str, after: str, limit: int) -> list[Document]:
        """At most `limit` documents below a parent, by full name, after the name `after`."""
        return self._store.page(kind.kind, prefix=f"{parent}." if parent else "", after=after, limit=limit)

    def children(self, kind: SecurableType, parent: str = "") -> list[Document]:
        """Documents of a type, of one parent or of all, by full name."""
        prefix = f"{parent}." if parent else ""
        return sorted(self._store.all(kind.kind, prefix=prefix), key=lambda document: document["full_name"])

    def below(self, full_name: str) -> list[tuple[SecurableType, Document]]:
        """Everything below a catalog or schema."""
        return [(kind, document) for kind in (SCHEMA, *LEAVES) for document in self.children(kind, full_name)]

    def remove(self, kind: SecurableType, full_name: str) -> None:
        """Remove a securable and what follows it; what is below it is the caller's to remove."""
        document = self.get(kind, full_name)
        self._store.delete(kind.kind, full_name)
        if kind is TABLE and document is not None:
            self._store.delete(_TABLE_IDS, document["id"])
        for follower, key, _ in list(self._following(kind, full_name)):
            self._store.delete(follower, key)
            if follower in self._told:
                self._told[follower]()

    def rename(self, kind: SecurableType, old: str, new: str) -> None:
        """Give a securable, what is below it and what follows those their new full names."""
        document = self._store.get(kind.kind, old)
        targets = [(kind, document)] if document else []
        below = self.below(old) if kind in PARENTS else []
        for each, found in [*targets, *below]:
            name: str = found["full_name"]
            self._move_followers(each, name, new + name[len(old) :])
            self._store.delete(each.kind, name)
            self.put(each, {**found, "full_name": new + name[len(old) :]})

    def _move_followers(self, kind: SecurableType, old: str, new: str) -> None:
        for follower, key, document in list(self._following(kind, old)):
            moved = new + key[len(old) :]
            self._store.delete(follower, key)
            self._store.put(follower, moved, {**document, "full_name": new, "key": moved})

    def _following(self, kind: SecurableType, full_name: str) -> Iterator[tuple[str, str, Document]]:
        for follower in [follower for follower, of in self._followers if of is kind]:
            for document in self._store.all(follower, prefix=f"{full_name}/"):
                yield follower, document["key"], document
