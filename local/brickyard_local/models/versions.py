"""Documents of model versions, numbered from 1 and never twice."""

import uuid
from collections.abc import Mapping
from typing import Any

from brickyard_local.clock import now_ms
from brickyard_local.errors import NotFound
from brickyard_local.store import Document, Store

KIND = "model_versions"


class Versions:
    """Model versions in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, full_name: str, version: int) -> Document:
        """Errors: NotFound."""
        document = self._store.get(KIND, _key(full_name, version))
        if document is None:
            raise NotFound(f"Model Version {full_name}/{version} does not exist.")
        return document

    def of(self, full_name: str) -> list[Document]:
        """All versions of a model, oldest first."""
        return sorted(self._store.all(KIND, prefix=f"{full_name}/"), key=lambda each: int(each["version"]))

    def new(self, model: Document, principal: str, fields: Mapping[str, Any]) -> Document:
        """The next version of a model, waiting for its files."""
        number, now = int(model["next_version"]), now_ms()
        document = {
            "id": str(uuid.uuid4()),
            "key": _key(model["full_name"], number),
            "full_name": model["full_name"],
            "version": number,
            "status": "PENDING_REGISTRATION",
            "tags": {},
            "created_at": now,
            "created_by": principal,
            "updated_at": now,
            "updated_by": principal,
            **fields,
        }
        return self.put(document)

    def put(self, document: Document) -> Document:
        return self._store.put(KIND, document["key"], document)

    def remove(self, full_name: str, version: int) -> None:
        self._store.delete(KIND, _key(full_name, version))


def _key(full_name: str, version: int) -> str:
    return f"{full_name}/{version:09d}"
