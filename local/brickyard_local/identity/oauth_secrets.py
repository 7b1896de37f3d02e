"""OAuth secrets of service principals: what the store keeps of them is their digest.

Source: docs.databricks.com/api/workspace/serviceprincipalsecretsproxy (fields, at most five, 730 days).
"""

import secrets
import time
import uuid
from datetime import UTC, datetime

from brickyard_local.account import token_digest
from brickyard_local.errors import InvalidParameter, NotFound
from brickyard_local.store import Document, Store

_KIND = "oauth_secrets"
_MOST = 5
_LONGEST_S = 63_072_000
_HIDDEN = frozenset({"application_id", "expires_at"})


class OauthSecrets:
    """Makes, lists, checks and deletes secrets; expired ones are gone."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, application_id: str, lifetime_s: int | None) -> tuple[str, Document]:
        """A new secret and what the store keeps of it. Errors: InvalidParameter."""
        lifetime_s = _LONGEST_S if lifetime_s is None else lifetime_s
        if not 0 < lifetime_s <= _LONGEST_S:
            raise InvalidParameter(f"`lifetime` is from 1s to {_LONGEST_S}s (730 days); got {lifetime_s}s.")
        secret, now = "dose" + secrets.token_hex(32), time.time()
        document: Document = {
            "id": uuid.uuid4().hex,
            "application_id": application_id,
            "secret_hash": token_digest(secret),
            "status": "ACTIVE",
            "create_time": _written(now),
            "update_time": _written(now),
            "expire_time": _written(now + lifetime_s),
            "expires_at": now + lifetime_s,
        }
        with self._store.write():
            if len(self.listed(application_id)) >= _MOST:
                raise InvalidParameter(
                    f"Service principal {application_id} has {_MOST} secrets already: delete one before making another."
                )
            self._store.put(_KIND, document["secret_hash"], document)
        return secret, document

    def listed(self, application_id: str) -> list[Document]:
        """Secrets that work, oldest first."""
        now = time.time()
        known = [document for document in self._store.all(_KIND) if document["application_id"] == application_id]
        return [document for document in known if document["expires_at"] > now]

    def delete(self, application_id: str, secret_id: str) -> None:
        """Errors: NotFound."""
        with self._store.write():
            for document in self.listed(application_id):
                if document["id"] == secret_id:
                    self._store.delete(_KIND, document["secret_hash"])
                    return
        raise NotFound(f"Service principal {application_id} has no secret with id '{secret_id}'.")

    def delete_all(self, application_id: str) -> None:
        """The service principal is gone."""
        with self._store.write():
            for document in self._store.all(_KIND):
                if document["application_id"] == application_id:
                    self._store.delete(_KIND, document["secret_hash"])

    def holds(self, application_id: str, secret: str) -> bool:
        """Whether the secret is this service principal's, and works.

        It is looked up by its digest, so neither the comparison nor its time tells how near a guess was.
        """
        known = self._store.get(_KIND, token_digest(secret))
        return (
            known is not None
            and secrets.compare_digest(known["application_id"].encode(), application_id.encode())
            and known["expires_at"] > time.time()
        )


def shown(document: Document) -> Document:
    """A secret as the API shows it: never its value."""
    return {name: value for name, value in document.items() if name not in _HIDDEN}


def _written(moment_s: float) -> str:
    return datetime.fromtimestamp(moment_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
