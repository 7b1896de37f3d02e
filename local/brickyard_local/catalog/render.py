"""Documents as the API shows them. Source: the dataclasses of databricks-sdk's `service/catalog.py`."""

import base64
import binascii
from collections.abc import Sequence

from brickyard_local.catalog.securables import CATALOG, SCHEMA, TABLE, VOLUME, SecurableType
from brickyard_local.errors import InvalidParameter
from brickyard_local.store import Document

# Kept with the document, shown elsewhere or nowhere.
_INTERNAL = frozenset({"id", "grants", "bindings", "aliases", "tags", "next_version", "key"})
_ID = {SCHEMA.name: "schema_id", TABLE.name: "table_id", VOLUME.name: "volume_id"}
_PARENT_NAMES = ("catalog_name", "schema_name")
_PAGE = 10_000


def info(kind: SecurableType, document: Document, metastore_id: str) -> Document:
    """The API's view of a securable."""
    *above, name = document["full_name"].split(".")
    shown = {field: value for field, value in document.items() if field not in _INTERNAL and value is not None}
    shown |= dict(zip(_PARENT_NAMES, above, strict=False)) | {"name": name, "metastore_id": metastore_id}
    if kind.name in _ID:
        shown[_ID[kind.name]] = document["id"]
    if kind in {CATALOG, SCHEMA}:
        shown |= {"catalog_type": "MANAGED_CATALOG"}
    if kind is CATALOG:
        shown |= {"securable_type": "CATALOG"}
    return shown


def page(items: Sequence[Document], field: str, max_results: int | None, page_token: str | None) -> Document:
    """One page of items that are in order of their full names. Errors: InvalidParameter."""
    if max_results is not None and max_results < 0:
        raise InvalidParameter(f"max_results is {max_results}: it must be 0 (the server chooses) or more.")
    size = max_results or _PAGE
    start = _after(page_token)
    rest = [item for item in items if item["full_name"] > start]
    answer: Document = {field: rest[:size]}
    if len(rest) > size:
        answer["next_page_token"] = base64.urlsafe_b64encode(rest[size - 1]["full_name"].encode()).decode()
    return answer


def _after(page_token: str | None) -> str:
    try:
        return base64.urlsafe_b64decode((page_token or "").encode()).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise InvalidParameter(
            f"page_token '{page_token}' was not given out by this API. Use next_page_token of the last answer."
        ) from error
