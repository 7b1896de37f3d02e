"""Privileges on securables: what databricks_grants and databricks_grant have in common."""

from collections.abc import Mapping

from brickyard_local.provider.client import segment
from brickyard_local.provider.errors import InvalidValue
from brickyard_local.provider.resource import Session, State
from brickyard_local.provider.resources.catalog.securable import UNITY
from brickyard_local.provider.wire.values import Value

Privileges = dict[str, frozenset[str]]
"""Privileges by principal."""

SECURABLES: Mapping[str, str] = {
    "catalog": "catalog",
    "credential": "credential",
    "external_location": "external_location",
    "foreign_connection": "connection",
    "function": "function",
    "metastore": "metastore",
    "model": "function",
    "pipeline": "pipeline",
    "recipient": "recipient",
    "schema": "schema",
    "share": "share",
    "storage_credential": "storage_credential",
    "table": "table",
    "volume": "volume",
}
"""The API's securable type by argument: a registered model is a function there."""


def normalized(privilege: Value) -> str:
    """Databricks takes "use catalog" for USE_CATALOG.

    >>> normalized("use catalog")
    'USE_CATALOG'
    """
    return str(privilege).replace(" ", "_").upper()


def target(state: State) -> tuple[str, str]:
    """The argument which names the securable, and the securable's name."""
    for argument in SECURABLES:
        name = state.get(argument)
        if isinstance(name, str) and name:
            return argument, name
    raise InvalidValue("No securable is named", f"Set one of {', '.join(SECURABLES)}.")


def current(session: Session, argument: str, name: str) -> Privileges:
    """What is granted now."""
    assignments = session.api.get(_path(argument, name)).get("privilege_assignments") or []
    return {item["principal"]: _set(item.get("privileges") or []) for item in assignments}


def replace(session: Session, argument: str, name: str, before: Privileges, wanted: Privileges) -> None:
    """Grant and revoke until `before` is `wanted`; nothing is sent when it is already."""
    changes = []
    for principal in sorted({*before, *wanted}):
        have, want = before.get(principal, frozenset()), wanted.get(principal, frozenset())
        change = {"add": sorted(want - have), "remove": sorted(have - want)}
        sent = {key: privileges for key, privileges in change.items() if privileges}
        if sent:
            changes.append({"principal": principal, **sent})
    if changes:
        session.api.patch(_path(argument, name), {"changes": changes})


def _set(privileges: Value) -> frozenset[str]:
    return frozenset(normalized(privilege) for privilege in privileges)


def wanted(principal: Value, privileges: Value) -> Privileges:
    """The privileges a configuration gives one principal."""
    return {str(principal): _set(privileges)}


def _path(argument: str, name: str) -> str:
    if argument not in SECURABLES:
        raise InvalidValue(f"{argument} is no securable", f"Use one of {', '.join(SECURABLES)}.")
    if argument == "share":
        return f"{UNITY}/shares/{segment(name)}/permissions"
    return f"{UNITY}/permissions/{SECURABLES[argument]}/{segment(name)}"
