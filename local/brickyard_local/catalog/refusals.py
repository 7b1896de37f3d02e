"""Refusals that several services of the catalog share.

Source: messages as quoted in issues 1773, 2621 and 4046 of databricks/terraform-provider-databricks; error codes as
in `securables`.
"""

from collections.abc import Mapping
from typing import Any

from brickyard_local.catalog.securables import CATALOG, MODEL, SCHEMA, TABLE, VOLUME, SecurableType
from brickyard_local.errors import InvalidState, NotEmulated, NotFound
from brickyard_local.store import Document


def unknown_principal(principal: str) -> NotFound:
    """The refusal of a grant to, or ownership by, somebody whom the account does not know."""
    return NotFound(
        f"Could not find principal with name {principal}. Unity Catalog names users by e-mail, service principals "
        "by application id and groups of the account by display name.",
        error_code="PRINCIPAL_DOES_NOT_EXIST",
    )


def not_empty(kind: SecurableType, name: str, below: list[tuple[SecurableType, Document]]) -> InvalidState:
    """The refusal to delete a container without force."""

    def count(*kinds: SecurableType) -> int:
        return sum(each in kinds for each, _ in below)

    if kind is CATALOG:
        contents = f"The catalog has {count(SCHEMA)} schema(s), the automatic 'default' included"
    else:
        contents = f"The schema has {count(TABLE)} tables(s), {count(MODEL)} functions(s), {count(VOLUME)} volumes(s)"
    message = f"{kind.noun} '{name}' is not empty. {contents}. Drop them first, or delete with force."
    return InvalidState(message, error_code=f"{kind.name}_NOT_EMPTY")


def refuse_foreign_storage(fields: Mapping[str, Any]) -> None:
    """Errors: NotEmulated for what needs storage, shares or connections outside this machine."""
    for field in ("storage_root", "connection_name", "provider_name", "share_name", "managed_encryption_settings"):
        if fields.get(field):
            raise NotEmulated(f"`{field}` (its storage is managed by the local workspace; leave the field out)")
