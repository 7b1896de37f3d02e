"""SCIM PATCH: operations on a resource become a new resource. Pure: no I/O.

Source: RFC 7644, 3.5.2; the forms that the provider sends (scim/scim.go: PatchRequest…).
"""

import re
from typing import Any

from brickyard_local.identity.errors import ScimError
from brickyard_local.identity.payloads import PatchOperation
from brickyard_local.store import Document

_PATH = re.compile(r"""^(\w+)(?:\[\s*value\s+eq\s+["']([^"']*)["']\s*\])?$""", re.IGNORECASE)
_LISTS = {"members": "members", "entitlements": "entitlements", "roles": "roles"}
_SINGLE = {name.lower(): name for name in ("active", "displayName", "userName", "externalId", "name", "emails")}


def apply_patch(document: Document, operations: list[PatchOperation]) -> Document:
    """The resource after all operations. Errors: ScimError for a path or form that SCIM does not know."""
    result = dict(document)
    for operation in operations:
        for path, value in _steps(operation):
            _apply(result, operation.op.lower(), path, value)
    return result


def _steps(operation: PatchOperation) -> list[tuple[str, Any]]:
    if operation.op.lower() not in {"add", "remove", "replace"}:
        raise ScimError(f"Operation '{operation.op}' is unknown: use add, remove or replace.")
    if operation.path:
        return [(operation.path, operation.value)]
    if not isinstance(operation.value, dict):
        raise ScimError("An operation without `path` needs an object as its `value`.")
    return list(operation.value.items())


def _apply(result: Document, op: str, path: str, value: Any) -> None:
    match = _PATH.match(path.strip())
    attribute = match.group(1).lower() if match else ""
    chosen = match.group(2) if match else None
    if attribute in _LISTS:
        name = _LISTS[attribute]
        wanted = [chosen] if chosen is not None else _list_values(value)
        result[name] = _patched_list(result.get(name, []), op, wanted, everything=chosen is None and value is None)
    elif attribute in _SINGLE and chosen is None:
        result[_SINGLE[attribute]] = None if op == "remove" else _single(_SINGLE[attribute], value)
    else:
        known = ", ".join([*_LISTS, *_SINGLE.values()])
        raise ScimError(f"Path '{path}' cannot be patched here; paths are {known} and LIST[value eq \"x\"].")


def _patched_list(have: list[Document], op: str, wanted: list[str], *, everything: bool) -> list[Document]:
    if op == "remove":
        return [] if everything else [entry for entry in have if entry["value"] not in wanted]
    kept = have if op == "add" else []
    known = {entry["value"] for entry in kept}
    return kept + [{"value": value} for value in dict.fromkeys(wanted) if value and value not in known]


def _list_values(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [] if value is None else [value]
    return [str(item.get("value") or "") if isinstance(item, dict) else str(item) for item in values]


def _single(name: str, value: Any) -> Any:
    if name in {"name", "emails"}:
        return value
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict):
        value = value.get("value")
    if name != "active":
        return value
    text = str(value).lower()
    if text not in {"true", "false"}:
        raise ScimError(f"`active` is true or false, not '{value}'.")
    return text == "true"
