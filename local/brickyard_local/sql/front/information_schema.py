"""Views of `information_schema`, filled for one statement with what its principal may see.

Served: catalogs, schemata, tables, views, columns, volumes, catalog_privileges, schema_privileges, table_privileges,
volume_privileges; of one catalog, or of all in `system`. Every other view: 501 by name.
Source: docs.databricks.com/sql/language-manual/sql-ref-information-schema.
Deviation: only grants on the securable itself are listed, not those that it inherits.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from brickyard_local.errors import NotEmulated, PermissionDenied
from brickyard_local.sql.front.api import CatalogApi
from brickyard_local.sql.front.tokens import Token
from brickyard_local.store import Document

SCHEMA = "information_schema"
SYSTEM = "system"
_TIME = "TIMESTAMP"
Values = tuple[Any, ...]


def rewritten(
    text: str, found: tuple[Token, ...], api: CatalogApi, current_catalog: Callable[[], str]
) -> tuple[str, list[dict[str, Any]]]:
    """The text with names of temporary views, and those views. Errors: NotEmulated for a view that is not served."""
    parts, done = [], 0
    views: dict[tuple[str, str], dict[str, Any]] = {}
    for start, end, catalog, view in _references(found):
        key = (catalog or current_catalog(), view)
        if key not in views:
            views[key] = _view(api, *key, name=f"{view}_{len(views)}" if _is_taken(view, views) else view)
        parts += [text[done:start], f"`{views[key]['name']}`"]
        done = end
    return "".join([*parts, text[done:]]), list(views.values())


def _is_taken(view: str, views: dict[tuple[str, str], dict[str, Any]]) -> bool:
    return any(each["name"] == view for each in views.values())


def _references(found: tuple[Token, ...]) -> Iterator[tuple[int, int, str | None, str]]:
    """Places of `[catalog.]information_schema.view`, with the catalog and the view in lower case."""
    for at, token in enumerate(found):
        after = found[at + 1 : at + 3]
        if not token.is_name or token.value.lower() != SCHEMA or len(after) < 2:
            continue
        if not after[0].is_symbol(".") or not after[1].is_name:
            continue
        qualified = at >= 2 and found[at - 1].is_symbol(".") and found[at - 2].is_name
        start = found[at - 2].start if qualified else token.start
        yield start, after[1].end, found[at - 2].value.lower() if qualified else None, after[1].value.lower()


def _view(api: CatalogApi, catalog: str, view: str, *, name: str) -> dict[str, Any]:
    if view not in _VIEWS:
        raise NotEmulated(f"information_schema.{view}; served are {', '.join(sorted(_VIEWS))}")
    columns, rows = _VIEWS[view]
    shown = [{"name": column, "type_text": kind} for column, kind in columns]
    return {"name": name, "columns": shown, "rows": [list(row) for row in rows(api, catalog)]}


def _catalogs(api: CatalogApi, catalog: str) -> list[Document]:
    return [each for each in api.every("catalogs", "catalogs") if catalog in {SYSTEM, each["name"]}]


def _schemas(api: CatalogApi, catalog: str) -> Iterator[Document]:
    for each in _catalogs(api, catalog):
        yield from api.every("schemas", "schemas", catalog_name=each["name"])


def _below(kind: str, api: CatalogApi, catalog: str) -> Iterator[Document]:
    for schema in _schemas(api, catalog):
        try:
            yield from api.every(kind, kind, catalog_name=schema["catalog_name"], schema_name=schema["name"])
        except PermissionDenied:
            continue


def _stamps(document: Document) -> Values:
    return (
        _seconds(document.get("created_at")),
        document.get("created_by"),
        _seconds(document.get("updated_at")),
        document.get("updated_by"),
    )


def _seconds(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    from datetime import UTC, datetime

    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()


def _catalog_rows(api: CatalogApi, catalog: str) -> Iterator[Values]:
    for each in _catalogs(api, catalog):
        yield (each["name"], each["owner"], each.get("comment"), *_stamps(each))


def _schema_rows(api: CatalogApi, catalog: str) -> Iterator[Values]:
    for each in _schemas(api, catalog):
        yield (each["catalog_name"], each["name"], each["owner"], each.get("comment"), *_stamps(each))


def _table_rows(api: CatalogApi, catalog: str) -> Iterator[Values]:
    for each in _below("tables", api, catalog):
        kind = each["table_type"]
        name = (each["catalog_name"], each["schema_name"], each["name"])
        source = each.get("data_source_format")
        yield (*name, kind, source, each["owner"], each.get("comment"), *_stamps(each))


def _view_rows(api: CatalogApi, catalog: str) -> Iterator[Values]:
    for each in _below("tables", api, catalog):
        if each["table_type"] == "VIEW":
            yield (each["catalog_name"], each["schema_name"], each["name"], each.get("view_definition"))


def _column_rows(api: CatalogApi, catalog: str) -> Iterator[Values]:
    for table in _below("tables", api, catalog):
        name = (table["catalog_name"], table["schema_name"], table["name"])
        for position, each in enumerate(table.get("columns") or []):
            nullable = "YES" if each.get("nullable", True) else "NO"
            type_name = str(each.get("type_name") or "")
            full_type = str(each.get("type_text") or "")
            yield (*name, each["name"], position, nullable, full_type, type_name, each.get("comment"))


def _volume_rows(api: CatalogApi, catalog: str) -> Iterator[Values]:
    for each in _below("volumes", api, catalog):
        name = (each["catalog_name"], each["schema_name"], each["name"])
        yield (*name, each["volume_type"], each["owner"], each.get("comment"), *_stamps(each))


def _privileges(kind: str) -> Callable[[CatalogApi, str], Iterator[Values]]:
    listed: dict[str, Callable[[CatalogApi, str], Any]] = {
        "catalog": _catalogs,
        "schema": _schemas,
        "table": lambda api, catalog: _below("tables", api, catalog),
        "volume": lambda api, catalog: _below("volumes", api, catalog),
    }

    def rows(api: CatalogApi, catalog: str) -> Iterator[Values]:
        for each in listed[kind](api, catalog):
            full_name = str(each.get("full_name") or each["name"])
            for grant in api.every("privilege_assignments", "permissions", kind, full_name):
                for privilege in grant["privileges"]:
                    yield (grant["principal"], *full_name.split("."), privilege.replace("_", " "))

    return rows


def _strings(*names: str) -> list[tuple[str, str]]:
    return [(name, "STRING") for name in names]


_STAMPS = [("created", _TIME), ("created_by", "STRING"), ("last_altered", _TIME), ("last_altered_by", "STRING")]
_NAME = _strings("table_catalog", "table_schema", "table_name")
_VIEWS: dict[str, tuple[Sequence[tuple[str, str]], Callable[[CatalogApi, str], Iterator[Values]]]] = {
    "catalogs": ([*_strings("catalog_name", "catalog_owner", "comment"), *_STAMPS], _catalog_rows),
    "schemata": ([*_strings("catalog_name", "schema_name", "schema_owner", "comment"), *_STAMPS], _schema_rows),
    "tables": (
        [*_NAME, *_strings("table_type", "data_source_format", "table_owner", "comment"), *_STAMPS],
        _table_rows,
    ),
    "views": ([*_NAME, *_strings("view_definition")], _view_rows),
    "columns": (
        [
            *_NAME,
            *_strings("column_name"),
            ("ordinal_position", "INT"),
            *_strings("is_nullable", "full_data_type", "data_type", "comment"),
        ],
        _column_rows,
    ),
    "volumes": (
        [
            *_strings("volume_catalog", "volume_schema", "volume_name", "volume_type", "volume_owner", "comment"),
            *_STAMPS,
        ],
        _volume_rows,
    ),
    "catalog_privileges": (_strings("grantee", "catalog_name", "privilege_type"), _privileges("catalog")),
    "schema_privileges": (_strings("grantee", "catalog_name", "schema_name", "privilege_type"), _privileges("schema")),
    "table_privileges": ([*_strings("grantee"), *_NAME, *_strings("privilege_type")], _privileges("table")),
    "volume_privileges": (
        _strings("grantee", "volume_catalog", "volume_schema", "volume_name", "privilege_type"),
        _privileges("volume"),
    ),
}
