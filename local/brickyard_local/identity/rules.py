"""What a principal must look like before it is kept. Pure: no I/O."""

import uuid
from typing import Any

from brickyard_local.identity.errors import ScimError
from brickyard_local.identity.payloads import ScimResource
from brickyard_local.identity.resource_types import GROUPS, RESERVED_GROUPS, SERVICE_PRINCIPALS, USERS, ResourceType
from brickyard_local.store import Document

_READ_ONLY = frozenset({"schemas", "groups", "meta", "id"})
_LISTS = ("members", "entitlements", "roles")


def stored(kind: ResourceType, body: ScimResource) -> Document:
    """The document to keep: only non-empty list values, no computed attributes.

    Errors: ScimError when what names the principal is missing or malformed.
    """
    sent: dict[str, Any] = body.model_dump(exclude_none=True)
    document = {key: value for key, value in sent.items() if key not in _READ_ONLY}
    for name in _LISTS:
        values = dict.fromkeys(entry["value"] for entry in sent[name] if entry["value"])
        document[name] = [{"value": value} for value in values]
    if kind is GROUPS:
        document.pop("active")
    else:
        document.pop("members")
    return _named(kind, document)


def _named(kind: ResourceType, document: Document) -> Document:
    if kind is USERS:
        name = document.get("userName", "")
        if "@" not in name:
            raise ScimError(f"userName is an e-mail address; got '{name}'.")
        document.setdefault("displayName", name)
        document.setdefault("emails", [{"value": name, "type": "work", "primary": True}])
    elif kind is SERVICE_PRINCIPALS:
        document.setdefault("applicationId", str(uuid.uuid4()))
        _check_application_id(document["applicationId"])
        document.setdefault("displayName", document["applicationId"])
    else:
        check_group_name(document.get("displayName", ""))
    return document


def check_group_name(name: str) -> None:
    """Errors: ScimError."""
    if not name.strip():
        raise ScimError("A group needs a displayName.")
    if name.casefold() in RESERVED_GROUPS:
        raise ScimError(f"'{name}' is a built-in group: choose another displayName.")


def _check_application_id(text: str) -> None:
    try:
        uuid.UUID(text)
    except ValueError as error:
        raise ScimError(
            f"applicationId is a UUID; got '{text}'. Leave it out and the workspace makes one; the name that people "
            "read is displayName."
        ) from error


def taken_message(kind: ResourceType, name: str) -> str:
    """What Databricks says when the name is taken; the provider's `force` compares these very words."""
    if kind is USERS:
        return f"User with username {name} already exists."
    if kind is SERVICE_PRINCIPALS:
        return f"Service principal with application ID {name} already exists."
    return f"Group with name {name} already exists."
