"""Documents as the API shows them. Source: the dataclasses of databricks-sdk's `service/catalog.py`."""

from collections.abc import Sequence

from brickyard_local import paging
from brickyard_local.catalog.securables import CATALOG, SCHEMA, STORAGE_CREDENTIAL, TABLE, VOLUME, SecurableType
from brickyard_local.store import Document

# Kept with the document, shown elsewhere or nowhere.
_INTERNAL = frozenset(
    {"id", "grants", "bindings", "aliases", "tags", "entity_tags", "column_tags", "next_version", "key"}
)
_ID = {
    SCHEMA.name: "schema_id",
    TABLE.name: "table_id",
    VOLUME.name: "volume_id",
    STORAGE_CREDENTIAL.name: "id",
}
_PARENT_NAMES = ("catalog_name", "schema_name")


def info(kind: SecurableType, document: Document, metastore_id: str) -> Document:
    """The API's view of a securable."""
    *above, name = document["full_name"].split(".")
    shown = dict(document)
    for field in _INTERNAL:
        shown.pop(field, None)
    if None in shown.values():
        shown = {field: value for field, value in shown.items() if value is not None}
    shown |= zip(_PARENT_NAMES, above, strict=False)
    shown["name"], shown["metastore_id"] = name, metastore_id
    if kind.name in _ID:
        shown[_ID[kind.name]] = document["id"]
    if kind is CATALOG or kind is SCHEMA:
        shown["catalog_type"] = "MANAGED_CATALOG"
    if kind is CATALOG:
        shown["securable_type"] = "CATALOG"
    return shown


def page(items: Sequence[Document], field: str, max_results: int | None, page_token: str | None) -> Document:
    """One page of items that are in order of their full names. Errors: InvalidParameter."""
    chosen, token = paging.page(items, lambda item: str(item["full_name"]), max_results, page_token)
    answer: Document = {field: chosen}
    return {**answer, "next_page_token": token} if token else answer
