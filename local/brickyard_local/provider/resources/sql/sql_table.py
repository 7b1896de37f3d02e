"""databricks_sql_table: a table or view, made by SQL on a warehouse.

Gaps, refused: tables made on a cluster (the local workspace has no command execution API).
"""

from collections.abc import Mapping
from typing import Any

from brickyard_local.provider.client import segment
from brickyard_local.provider.engine.behaviour import (
    Behaviour,
    OneOf,
    ignore_case,
    ignore_slash_or_unset,
    ignore_whitespace,
)
from brickyard_local.provider.errors import InvalidValue, NotEmulated
from brickyard_local.provider.resource import Found, Resource, Session, State
from brickyard_local.provider.resources.catalog.securable import UNITY
from brickyard_local.provider.resources.iam.scim import SCIM
from brickyard_local.provider.resources.sql import table_statements as statements
from brickyard_local.provider.resources.sql.table_statements import column_type
from brickyard_local.provider.wire.values import UNKNOWN, Value

_STATEMENTS = "/api/2.0/sql/statements"
_LONGEST_WAIT = "50s"
_OPTION_PREFIXES = ("option.", "spark.sql.dataSourceOptions.")


def _is_same_format(old: Value, new: Value) -> bool:
    return not new or ignore_case(old, new)


def _is_same_type(old: Value, new: Value) -> bool:
    return isinstance(old, str) and isinstance(new, str) and column_type(old) == column_type(new)


class StatementFailed(InvalidValue):
    """Raised when the warehouse refuses a statement."""


class SqlTable(Resource):
    """A table or view."""

    type_name = "databricks_sql_table"
    import_form = "<catalog_name>.<schema_name>.<name>"
    behaviour = Behaviour(
        force_new=frozenset(
            {
                "catalog_name",
                "data_source_format",
                "options",
                "partitions",
                "schema_name",
                "storage_credential_name",
                "table_type",
            }
        ),
        defaults={"column.nullable": True},
        computed_blocks=frozenset({"column"}),
        suppress={
            **dict.fromkeys(("catalog_name", "name", "schema_name"), ignore_case),
            "column.type": _is_same_type,
            "data_source_format": _is_same_format,
            "storage_location": ignore_slash_or_unset,
            "view_definition": ignore_whitespace,
        },
        one_of=(OneOf(names=("cluster_id", "warehouse_id")), OneOf(names=("cluster_keys", "partitions"))),
        local=frozenset({"id", "cluster_id", "cluster_keys", "options", "properties", "warehouse_id"}),
        not_reported=frozenset({"storage_credential_name"}),
    )

    def create(self, session: Session, planned: State) -> str:
        table = {name: None if value is UNKNOWN else value for name, value in planned.items()}
        _execute(session, planned, statements.create(table))
        return statements.full_name(planned)

    def complete(self, session: Session, state: State) -> None:
        owner = state.get("owner")
        if isinstance(owner, str) and owner:
            session.api.patch(_path(state["id"]), {"owner": owner})

    def read(self, session: Session, state: State) -> Found | None:
        document = session.api.get(_path(state["id"]))
        columns = document.get("columns") or []
        parts = sorted((c["partition_index"], c["name"]) for c in columns if c.get("partition_index") is not None)
        found = session.found({name: value for name, value in document.items() if name != "properties"})
        return {
            **found,
            "column": [
                {**column, "type": column.get("type_text"), "identity": statements.identity_of(column)}
                for column in columns
            ],
            "effective_properties": document.get("properties") or {},
            "partitions": [name for _, name in parts],
        }

    def update(self, session: Session, prior: State, planned: State) -> str:
        reported = session.api.get(_path(prior["id"]))
        for statement in statements.alter(planned, reported):
            _execute(session, planned, statement)
        if "owner" in session.changed(prior, planned):
            owner = planned.get("owner") or session.api.get(f"{SCIM}/Me")["userName"]
            session.api.patch(_path(statements.full_name(planned)), {"owner": owner})
        return str(prior["id"])

    def delete(self, session: Session, prior: State) -> None:
        _execute(session, prior, statements.drop(prior))

    def customize(self, prior: State | None, planned: dict[str, Value]) -> dict[str, Value]:
        if not planned.get("warehouse_id"):
            raise NotEmulated("way to make a databricks_sql_table", "a cluster (set warehouse_id)")
        if prior is not None:
            _refuse_changed_columns(prior.get("column") or [], planned.get("column"))
        return {**planned, "effective_properties": _effective(planned)}

    def replaces(self, prior: State, planned: State) -> tuple[str, ...]:
        """The comment of a view cannot be changed."""
        is_view = planned.get("table_type") == "VIEW"
        return ("comment",) if is_view and (prior.get("comment") or "") != (planned.get("comment") or "") else ()


def _path(full_name: Value) -> str:
    return f"{UNITY}/tables/{segment(str(full_name))}"


def _execute(session: Session, state: State, statement: str) -> None:
    """Errors: StatementFailed."""
    body = {
        "on_wait_timeout": "CANCEL",
        "statement": statement,
        "wait_timeout": _LONGEST_WAIT,
        "warehouse_id": state["warehouse_id"],
    }
    status = session.api.post(_STATEMENTS, body)["status"]
    if status["state"] != "SUCCEEDED":
        said = (status.get("error") or {}).get("message", "")
        raise StatementFailed(f"statement failed to execute: {status['state']}", f"{statement}\n{said}".strip())


def _refuse_changed_columns(before: list[Mapping[str, Any]], after: Value) -> None:
    """What SQL cannot change in place, and what would be ambiguous. Errors: InvalidValue."""
    if not isinstance(after, list) or any(column is UNKNOWN for column in after):
        return
    if len(before) == len(after):
        for old, new in zip(before, after, strict=True):
            _refuse_other_type(old, new)
        return
    by_name = {column["name"]: column for column in after}
    for old in before:
        new = by_name.get(old["name"])
        if new is not None and _differs(old, new):
            raise InvalidValue(
                "detected changes in both number of columns and existing column field values, please do not change "
                "number of columns and update column values at the same time"
            )


def _refuse_other_type(old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    if not _is_same_type(old.get("type"), new.get("type")):
        raise InvalidValue("changing the 'type' of an existing column is not supported")
    if (old.get("identity") or "") != (new.get("identity") or ""):
        raise InvalidValue("changing the 'identity' type of an existing column is not supported")


def _differs(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    named = ("nullable", "comment")
    return not _is_same_type(old.get("type"), new.get("type")) or any(
        (old.get(name) or "") != (new.get(name) or "") for name in named
    )


def _effective(planned: Mapping[str, Value]) -> Value:
    """The properties as they will be: what the configuration says wins over what the workspace reports."""
    reported = planned.get("effective_properties")
    effective = reported if isinstance(reported, dict) else {}
    wanted = planned.get("properties") or {}
    options = planned.get("options") or {}
    if wanted is UNKNOWN or options is UNKNOWN:
        return UNKNOWN
    for name, value in options.items():
        known = (f"{prefix}{name}" for prefix in _OPTION_PREFIXES if f"{prefix}{name}" in effective)
        wanted = {**wanted, next(known, f"{_OPTION_PREFIXES[-1]}{name}"): value}
    return {**effective, **wanted} if wanted else reported
