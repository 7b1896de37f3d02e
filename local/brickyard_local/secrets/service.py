"""Secret values: kept encrypted, handed out to those who may READ their scope.

Source: docs.databricks.com/api/workspace/secrets; docs.databricks.com/security/secrets (limits)
Gaps: scopes backed by Azure Key Vault.
"""

import base64
import binascii
from dataclasses import asdict

from brickyard_local.callers import Caller
from brickyard_local.clock import now_ms
from brickyard_local.errors import InvalidParameter, NotEmulated, NotFound
from brickyard_local.secrets.payloads import CreateScope, PutSecret
from brickyard_local.secrets.scopes import Scopes, check_name, refuse_beyond
from brickyard_local.secrets.vault import Sealed, Vault
from brickyard_local.store import Document, Store

_KIND = "secrets"
_MAX_BYTES = 128 * 1024
_MAX_SECRETS = 1000
_BETWEEN = "|||"  # stands in no name of a scope or a key


class SecretsService:
    """Secrets of all workspaces; `scopes` holds who may do what."""

    def __init__(self, store: Store, vault: Vault, scopes: Scopes) -> None:
        self._store = store
        self._vault = vault
        self.scopes = scopes

    def create_scope(self, caller: Caller, body: CreateScope) -> None:
        """Errors: InvalidParameter, AlreadyExists, NotEmulated for a Key Vault."""
        if body.backend_azure_keyvault or body.scope_backend_type == "AZURE_KEYVAULT":
            raise NotEmulated("secret scopes backed by Azure Key Vault (backend_azure_keyvault)")
        if body.scope_backend_type not in {None, "", "DATABRICKS"}:
            raise InvalidParameter(f"scope_backend_type is '{body.scope_backend_type}'; here it is DATABRICKS.")
        self.scopes.create(caller, body.scope, body.initial_manage_principal)

    def delete_scope(self, caller: Caller, name: str) -> None:
        """With all its secrets. Errors: NotFound, PermissionDenied."""
        workspace_id = caller.workspace.workspace_id
        with self._store.write():
            self.scopes.remove(caller, name)
            for secret in self._of_scope(workspace_id, name):
                self._store.delete(_KIND, _address(name, secret["key"]), scope=workspace_id)

    def put(self, caller: Caller, body: PutSecret) -> None:
        """Create or overwrite. Errors: NotFound, PermissionDenied, InvalidParameter."""
        check_name(body.key, "key")
        value = _value_of(body)
        workspace_id, address = caller.workspace.workspace_id, _address(body.scope, body.key)
        self.scopes.require(caller, body.scope, "WRITE")
        sealed = self._vault.seal(value, _place(workspace_id, address))
        document = {"key": body.key, "last_updated_timestamp": now_ms(), **asdict(sealed)}
        with self._store.write():
            self.scopes.require(caller, body.scope, "WRITE")
            known = {secret["key"] for secret in self._of_scope(workspace_id, body.scope)}
            refuse_beyond(len(known - {body.key}), _MAX_SECRETS, f"secrets in scope {body.scope}")
            self._store.put(_KIND, address, document, scope=workspace_id)

    def value(self, caller: Caller, scope: str, key: str) -> bytes:
        """The secret itself. Errors: NotFound, PermissionDenied without READ."""
        self.scopes.require(caller, scope, "READ")
        workspace_id, address = caller.workspace.workspace_id, _address(scope, key)
        known = self._store.get(_KIND, address, scope=workspace_id)
        if known is None:
            raise _missing(scope, key)
        sealed = Sealed(ciphertext=known["ciphertext"], key_id=known["key_id"])
        return self._vault.open(sealed, _place(workspace_id, address))

    def listed(self, caller: Caller, scope: str) -> list[Document]:
        """Keys and times, no values. Errors: NotFound, PermissionDenied."""
        self.scopes.require(caller, scope, "READ")
        return [
            {"key": secret["key"], "last_updated_timestamp": secret["last_updated_timestamp"]}
            for secret in self._of_scope(caller.workspace.workspace_id, scope)
        ]

    def delete(self, caller: Caller, scope: str, key: str) -> None:
        """Errors: NotFound, PermissionDenied."""
        with self._store.write():
            self.scopes.require(caller, scope, "WRITE")
            if not self._store.delete(_KIND, _address(scope, key), scope=caller.workspace.workspace_id):
                raise _missing(scope, key)

    def _of_scope(self, workspace_id: int, scope: str) -> list[Document]:
        return self._store.all(_KIND, prefix=_address(scope, ""), scope=workspace_id)


def _address(scope: str, key: str) -> str:
    return f"{scope}{_BETWEEN}{key}"


def _place(workspace_id: int, address: str) -> str:
    return f"{workspace_id}{_BETWEEN}{address}"


def _missing(scope: str, key: str) -> NotFound:
    return NotFound(f"Secret does not exist with scope: {scope} and key: {key}")


def _value_of(body: PutSecret) -> bytes:
    if (body.string_value is None) == (body.bytes_value is None):
        raise InvalidParameter("A secret has either a string_value or a bytes_value; give exactly one.")
    value = _decoded(body) if body.string_value is None else body.string_value.get_secret_value().encode()
    if len(value) > _MAX_BYTES:
        raise InvalidParameter(f"The value has {len(value)} bytes; a secret has at most {_MAX_BYTES} (128 KB).")
    return value


def _decoded(body: PutSecret) -> bytes:
    text = body.bytes_value.get_secret_value() if body.bytes_value else ""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise InvalidParameter("bytes_value is not base64. Text that is not encoded goes into string_value.") from None
