"""Documents of securables: by full name, with those below them.

Grants stand in the securable's own document, and a catalog's bindings too: what goes away or is renamed takes
them along in one write.
"""

from collections.abc import Iterator

from brickyard_local.catalog.securables import LEAVES, SCHEMA, SecurableType
from brickyard_local.store import Document, Store


class Documents:
    """Securables in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._followers: list[str] = []

    def follow(self, kind: str) -> None:
        """Documents of `kind` have a `key` of `<full name>/…`, a `full_name`, and share its fate."""
        self._followers.append(kind)

    def get(self, kind: SecurableType, full_name: str) -> Document | None:
        return self._store.get(kind.kind, full_name)

    def put(self, kind: SecurableType, document: Document) -> Document:
        return self._store.put(kind.kind, document["full_name"], document)

    def children(self, kind: SecurableType, parent: str = "") -> list[Document]:
        """Documents of a type, of one parent or of all, by full name."""
        prefix = f"{parent}." if parent else ""
        return sorted(self._store.all(kind.kind, prefix=prefix), key=lambda document: document["full_name"])

    def below(self, full_name: str) -> list[tuple[SecurableType, Document]]:
        """Everything below a catalog or schema."""
        return [(kind, document) for kind in (SCHEMA, *LEAVES) for document in self.children(kind, full_name)]

    def remove(self, kind: SecurableType, full_name: str) -> None:
        """Remove a securable and what follows it; what is below it is the caller's to remove."""
        self._store.delete(kind.kind, full_name)
        for follower, key, _ in list(self._following(full_name)):
            self._store.delete(follower, key)

    def rename(self, kind: SecurableType, old: str, new: str) -> None:
        """Give a securable, what is below it and what follows those their new full names."""
        document = self._store.get(kind.kind, old)
        targets = [(kind, document)] if document else []
        for each, found in [*targets, *self.below(old)]:
            name: str = found["full_name"]
            self._move_followers(name, new + name[len(old) :])
            self._store.delete(each.kind, name)
            self.put(each, {**found, "full_name": new + name[len(old) :]})

    def _move_followers(self, old: str, new: str) -> None:
        for follower, key, document in list(self._following(old)):
            moved = new + key[len(old) :]
            self._store.delete(follower, key)
            self._store.put(follower, moved, {**document, "full_name": new, "key": moved})

    def _following(self, full_name: str) -> Iterator[tuple[str, str, Document]]:
        for follower in self._followers:
            for document in self._store.all(follower, prefix=f"{full_name}/"):
                yield follower, document["key"], document
