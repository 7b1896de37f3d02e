"""Refusals that several services of the catalog share.

Source: messages as quoted in issues 1773, 2621 and 4046 of databricks/terraform-provider-databricks; error codes as
in `securables`.
"""

from collections.abc import Mapping
from typing import Any

from brickyard_local.catalog.securables import CATALOG, MODEL, SCHEMA, TABLE, VOLUME, SecurableType
from brickyard_local.errors import InvalidParameter, InvalidState, NotEmulated, NotFound, PermissionDenied
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
    """Errors: NotEmulated for what needs shares, connections or keys outside this machine."""
    for field in ("connection_name", "provider_name", "share_name", "managed_encryption_settings"):
        if fields.get(field):
            raise NotEmulated(f"`{field}` of a catalog (leave the field out)")


def no_location(url: str) -> NotFound:
    """The refusal of a path that no external location holds."""
    return NotFound(
        f"No parent external location was found for path '{url}'. Please create an external location on one of the "
        "parent paths and then retry the query or command again.",
        error_code="EXTERNAL_LOCATION_DOES_NOT_EXIST",
    )


def overlap(url: str, call: str, taken: list[str]) -> InvalidParameter:
    """The refusal of a path that something else holds, or that would hold it."""
    return InvalidParameter(
        f"LOCATION_OVERLAP: Input path url '{url}' overlaps with other external tables, volumes or locations within "
        f"'{call}' call. Conflicting: {', '.join(taken[:10])}. Choose a path beside them."
    )


def read_only(location: str) -> PermissionDenied:
    """The refusal to write where only reading is allowed."""
    return PermissionDenied(
        f"External Location '{location}' is read-only: nothing can be written there. Fix: its owner can change "
        "`read_only` of it, or of its storage credential."
    )
