"""Tokens of principals: what the store keeps of them is their digest."""

import secrets
import time
import uuid
from collections.abc import Collection

from brickyard_local.account import token_digest
from brickyard_local.errors import NotFound
from brickyard_local.store import Document, Store

_KIND = "tokens"
_SWEEP_EVERY_S = 60.0

PERSONAL, ON_BEHALF_OF, OAUTH = "personal", "on-behalf-of", "oauth"
MANAGED = frozenset({PERSONAL, ON_BEHALF_OF})


class Tokens:
    """Mints, lists and revokes tokens."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._swept_at = 0.0

    def mint(
        self,
        principal: str,
        *,
        purpose: str,
        lifetime_s: float | None,
        comment: str = "",
        created_by: str = "",
        reaches: Collection[str] = (),
    ) -> tuple[str, Document]:
        """A new token and what the store keeps of it; expired ones are swept on the way.

        With `reaches` it is good for calls that begin so (`GET /api/2.0/x/`), and for no others.
        """
        token = "dapi" + secrets.token_hex(24)
        now = time.time()
        document: Document = {
            "digest": token_digest(token),
            "token_id": uuid.uuid4().hex,
            "principal": principal,
            "purpose": purpose,
            "comment": comment or purpose,
            "created_at": now,
            "created_by": created_by or principal,
            "expires_at": now + lifetime_s if lifetime_s else None,
        }
        if reaches:
            document["reaches"] = list(reaches)
        with self._store.write():
            self._sweep(now)
            self._store.put(_KIND, document["digest"], document)
        return token, document

    def _sweep(self, now: float) -> None:
        if now < self._swept_at + _SWEEP_EVERY_S:
            return
        self._swept_at = now
        for known in self._store.all(_KIND):
            if known["expires_at"] is not None and known["expires_at"] < now:
                self._store.delete(_KIND, known["digest"])

    def revoke(self, token: str) -> None:
        """Make a token worthless; one that is unknown already is."""
        self._store.delete(_KIND, token_digest(token))

    def revoke_all(self, principal: str) -> None:
        """Make every token of a principal worthless."""
        with self._store.write():
            for known in self._store.all(_KIND):
                if known["principal"] == principal:
                    self._store.delete(_KIND, known["digest"])

    def revoke_made_for(self, purpose: str) -> None:
        """Make every token of a purpose worthless, whoever's."""
        with self._store.write():
            for known in self._store.all(_KIND):
                if known.get("purpose") == purpose:
                    self._store.delete(_KIND, known["digest"])

    def revoke_id(self, token_id: str, *, of: str | None = None) -> None:
        """Revoke by id, of one principal or of anybody. Errors: NotFound."""
        with self._store.write():
            found = self.find(token_id, of=of)
            self._store.delete(_KIND, found["digest"])

    def find(self, token_id: str, *, of: str | None = None) -> Document:
        """Errors: NotFound."""
        for known in self.listed(of=of):
            if known["token_id"] == token_id:
                return known
        raise NotFound(f"Token with id '{token_id}' does not exist.")

    def listed(self, *, of: str | None = None, purposes: Collection[str] = ()) -> list[Document]:
        """Tokens with an id (the administrator's own of the home folder has none), oldest first.

        `purposes` keeps those made for one of them: people list theirs, not those of job runs and OAuth.
        """
        now = time.time()
        return [
            known
            for known in self._store.all(_KIND)
            if "token_id" in known
            and (of is None or known["principal"] == of)
            and (not purposes or known["purpose"] in purposes)
            and (known["expires_at"] is None or known["expires_at"] > now)
        ]


def token_info(document: Document) -> Document:
    """A token as the API shows it: never its value."""
    expires_at = document["expires_at"]
    return {
        "token_id": document["token_id"],
        "creation_time": int(document["created_at"] * 1000),
        "expiry_time": -1 if expires_at is None else int(expires_at * 1000),
        "comment": document["comment"],
    }
