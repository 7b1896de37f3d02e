"""Federation policies of service principals: whose tokens are to sign in as one.

Source: docs.databricks.com/api/account/serviceprincipalfederationpolicy; docs.databricks.com/aws/en/dev-tools/auth/
oauth-federation-policy (at most 20). Gap: nobody signs in by them here: a token of another issuer is refused.
"""

import re
import uuid
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from brickyard_local.callers import Caller
from brickyard_local.errors import AlreadyExists, InvalidParameter, NotFound, PermissionDenied
from brickyard_local.store import Document, Store

_KIND = "federation_policies"
_MOST = 20
_POLICY_ID = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_FIELDS = ("description", "oidc_policy")


class OidcPolicy(BaseModel, defer_build=True):
    """Which tokens are taken."""

    model_config = ConfigDict(extra="forbid")

    issuer: str | None = None
    subject: str | None = None
    subject_claim: str | None = None
    audiences: list[str] | None = None
    jwks_uri: str | None = None
    jwks_json: str | None = None


class FederationPolicy(BaseModel, defer_build=True):
    """What a client sends; the rest are outputs, which it may send back."""

    description: str | None = None
    oidc_policy: OidcPolicy | None = None


class Federation:
    """Keeps the policies of each service principal, by its application id; only administrators see them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def listed(self, caller: Caller, principal: Document) -> list[Document]:
        """Errors: PermissionDenied."""
        _require_administrator(caller)
        prefix = f"{principal['applicationId']}/"
        return [_shown(document) for document in self._store.all(_KIND, prefix=prefix)]

    def get(self, caller: Caller, principal: Document, policy_id: str) -> Document:
        """Errors: PermissionDenied, NotFound."""
        _require_administrator(caller)
        return _shown(self._existing(principal, policy_id))

    def create(
        self, caller: Caller, principal: Document, policy_id: str | None, body: FederationPolicy, account_id: str
    ) -> Document:
        """Without an id one is made up. Errors: PermissionDenied, InvalidParameter, AlreadyExists."""
        _require_administrator(caller)
        wanted = policy_id or str(uuid.uuid4())
        if not _POLICY_ID.fullmatch(wanted):
            raise InvalidParameter(f"policy_id '{wanted}' must be 1 to 63 of a-z, 0-9 and -, no - first or last.")
        owner, now = str(principal["id"]), _now()
        document: Document = {
            "application_id": principal["applicationId"],
            "name": f"accounts/{account_id}/servicePrincipals/{owner}/federationPolicies/{wanted}",
            "policy_id": wanted,
            "service_principal_id": int(owner),
            "uid": str(uuid.uuid4()),
            "create_time": now,
            "update_time": now,
            **_checked(body),
        }
        with self._store.write():
            if self._store.get(_KIND, _key(principal, wanted)) is not None:
                raise AlreadyExists(f"Service principal {owner} has a federation policy '{wanted}' already.")
            if len(self.listed(caller, principal)) >= _MOST:
                raise InvalidParameter(f"Service principal {owner} has {_MOST} federation policies: delete one first.")
            return _shown(self._store.put(_KIND, _key(principal, wanted), document))

    def update(
        self, caller: Caller, principal: Document, policy_id: str, body: FederationPolicy, mask: str | None
    ) -> Document:
        """The fields of the mask, else those that are sent. Errors: PermissionDenied, NotFound, InvalidParameter."""
        _require_administrator(caller)
        names = tuple(mask.split(",")) if mask else tuple(body.model_fields_set)
        unknown = set(names) - set(_FIELDS)
        if unknown:
            raise InvalidParameter(f"update_mask may name {' and '.join(_FIELDS)}; got {', '.join(sorted(unknown))}.")
        with self._store.write():
            known = self._existing(principal, policy_id)
            sent = _checked(body) if "oidc_policy" in names else body.model_dump(exclude_none=True)
            kept = {name: value for name, value in known.items() if name not in names}
            changed = {**kept, **{name: sent[name] for name in names if name in sent}, "update_time": _now()}
            return _shown(self._store.put(_KIND, _key(principal, policy_id), changed))

    def delete(self, caller: Caller, principal: Document, policy_id: str) -> None:
        """Errors: PermissionDenied, NotFound."""
        _require_administrator(caller)
        with self._store.write():
            self._existing(principal, policy_id)
            self._store.delete(_KIND, _key(principal, policy_id))

    def principal_changed(self, old: str, new: str | None) -> None:
        """A service principal is gone, and its policies with it; its application id never changes."""
        if new is None:
            with self._store.write():
                for document in self._store.all(_KIND, prefix=f"{old}/"):
                    self._store.delete(_KIND, f"{old}/{document['policy_id']}")

    def _existing(self, principal: Document, policy_id: str) -> Document:
        found = self._store.get(_KIND, _key(principal, policy_id))
        if found is None:
            raise NotFound(f"Service principal {principal['id']} has no federation policy '{policy_id}'.")
        return found


def _require_administrator(caller: Caller) -> None:
    if not caller.is_admin:
        raise PermissionDenied(f"'{caller.principal}' is no account administrator: federation policies are theirs.")


def _key(principal: Document, policy_id: str) -> str:
    return f"{principal['applicationId']}/{policy_id}"


def _checked(body: FederationPolicy) -> dict[str, Any]:
    policy = body.oidc_policy
    if policy is None or not policy.issuer or not policy.subject:
        raise InvalidParameter("oidc_policy needs an issuer and a subject: whose tokens, and whom they name.")
    if not policy.issuer.startswith("https://"):
        raise InvalidParameter(f"issuer '{policy.issuer}' must begin with https://, as the token's `iss` says it.")
    return body.model_dump(exclude_none=True)


def _shown(document: Document) -> Document:
    return {name: value for name, value in document.items() if name != "application_id"}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
