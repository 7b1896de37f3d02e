"""Columns and properties of a Delta table as its log has them now.

Source: github.com/delta-io/delta/blob/master/PROTOCOL.md (schema serialization); names of types as in
docs.databricks.com/api/workspace/tables/get.
"""

import json
import logging
import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brickyard_local.store import Document

_COMMIT = re.compile(r"^(\d{20})\.json$")
_DECIMAL = re.compile(r"^decimal\((\d+),\s*(-?\d+)\)$")
# Delta's name of a primitive type: its SQL name and the API's.
_PRIMITIVES = {
    "string": ("string", "STRING"),
    "long": ("bigint", "LONG"),
    "integer": ("int", "INT"),
    "short": ("smallint", "SHORT"),
    "byte": ("tinyint", "BYTE"),
    "float": ("float", "FLOAT"),
    "double": ("double", "DOUBLE"),
    "boolean": ("boolean", "BOOLEAN"),
    "binary": ("binary", "BINARY"),
    "date": ("date", "DATE"),
    "timestamp": ("timestamp", "TIMESTAMP"),
    "timestamp_ntz": ("timestamp_ntz", "TIMESTAMP_NTZ"),
    "variant": ("variant", "VARIANT"),
}
_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class DeltaFacts:
    """What the log of a Delta table says at one version."""

    version: int
    columns: list[Document]
    properties: dict[str, str]
    comment: str | None


class DeltaLogs:
    """Reads logs lazily and remembers them by version."""

    def __init__(self) -> None:
        self._known: dict[Path, DeltaFacts] = {}
        self._lock = threading.Lock()

    def facts(self, folder: Path) -> DeltaFacts | None:
        """What the log says, or None when there is none yet or it cannot be read."""
        version = _latest_version(folder / "_delta_log")
        if version is None:
            return None
        with self._lock:
            known = self._known.get(folder)
        if known is not None and known.version == version:
            return known
        try:
            facts = _read(folder, version)
        except Exception:  # noqa: BLE001 - whatever is wrong with the log, the table is still listed
            _log.exception("Cannot read the Delta log of %s", folder)
            return None
        with self._lock:
            self._known[folder] = facts
        return facts


def _latest_version(log: Path) -> int | None:
    try:
        names = [entry.name for entry in log.iterdir()]
    except FileNotFoundError:
        return None
    versions = [int(found.group(1)) for found in map(_COMMIT.match, names) if found]
    return max(versions, default=None)


def _read(folder: Path, version: int) -> DeltaFacts:
    from deltalake import DeltaTable

    table = DeltaTable(str(folder))
    metadata = table.metadata()
    partitions = [name.lower() for name in metadata.partition_columns]
    fields = json.loads(table.schema().to_json())["fields"]
    columns = [_column(field, position, partitions) for position, field in enumerate(fields)]
    return DeltaFacts(
        version=max(version, table.version()),
        columns=columns,
        properties=dict(metadata.configuration),
        comment=metadata.description,
    )


def _column(field: Document, position: int, partitions: list[str]) -> Document:
    text, name = sql_type(field["type"])
    column: Document = {
        "name": field["name"],
        "position": position,
        "nullable": field["nullable"],
        "type_text": text,
        "type_name": name,
        "type_json": json.dumps(field),
    }
    decimal = _DECIMAL.match(field["type"]) if isinstance(field["type"], str) else None
    if decimal:
        column |= {"type_precision": int(decimal.group(1)), "type_scale": int(decimal.group(2))}
    if field["metadata"].get("comment"):
        column["comment"] = field["metadata"]["comment"]
    if field["name"].lower() in partitions:
        column["partition_index"] = partitions.index(field["name"].lower())
    return column


def sql_type(delta_type: Any) -> tuple[str, str]:
    """The SQL text of a Delta type, and the API's name of it.

    >>> sql_type({"type": "array", "elementType": "long", "containsNull": True})
    ('array<bigint>', 'ARRAY')
    """
    if isinstance(delta_type, str):
        if delta_type.startswith("decimal"):
            return delta_type.replace(" ", ""), "DECIMAL"
        return _PRIMITIVES.get(delta_type, (delta_type, "USER_DEFINED_TYPE"))
    if delta_type["type"] == "array":
        return f"array<{sql_type(delta_type['elementType'])[0]}>", "ARRAY"
    if delta_type["type"] == "map":
        key, value = sql_type(delta_type["keyType"])[0], sql_type(delta_type["valueType"])[0]
        return f"map<{key},{value}>", "MAP"
    inner = ",".join(f"{field['name']}:{sql_type(field['type'])[0]}" for field in delta_type["fields"])
    return f"struct<{inner}>", "STRUCT"
