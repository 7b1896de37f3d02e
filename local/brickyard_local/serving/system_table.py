"""`system.serving.served_entities`: which model version a served entity's id stood for, also when it is gone.

Payload tables name who answered by that id only, so whoever reads them joins it. Spark sees it as a view that holds its
rows in its text; they change with every config that is set, and are never forgotten.
Source: docs.databricks.com/aws/en/admin/system-tables/model-serving (columns)
Gaps: no other table of the catalog `system`; columns of external and foundation models are left out; who may view an
endpoint sees its rows, and of deleted ones administrators do.
"""

from collections.abc import Sequence

from brickyard_local.callers import Caller
from brickyard_local.clock import now_ms
from brickyard_local.serving.endpoints import Endpoints
from brickyard_local.store import Document, Store

CATALOG, SCHEMA, NAME = "system", "serving", "served_entities"
FULL_NAME = f"{CATALOG}.{SCHEMA}.{NAME}"
_KIND = "served_entities"
_COLUMNS = {
    "served_entity_id": "string",
    "workspace_id": "string",
    "created_by": "string",
    "endpoint_name": "string",
    "endpoint_id": "string",
    "served_entity_name": "string",
    "entity_type": "string",
    "entity_name": "string",
    "entity_version": "string",
    "endpoint_config_version": "int",
    "change_time": "timestamp",
}


class ServedEntities:
    """Keeps every served entity that ever was configured."""

    def __init__(self, store: Store, endpoints: Endpoints) -> None:
        self._store = store
        self._endpoints = endpoints

    def keep(self, endpoint: Document) -> None:
        """Note the entities of a config that was just set; call in the transaction that keeps it."""
        config = endpoint["pending"]
        for entity in config["served_entities"] if config else ():
            row = {
                "served_entity_id": entity["id"],
                "workspace_id": str(endpoint["workspace_id"]),
                "created_by": endpoint["creator"],
                "endpoint_name": endpoint["name"],
                "endpoint_id": endpoint["id"],
                "served_entity_name": entity["name"],
                "entity_type": "CUSTOM_MODEL",
                "entity_name": entity["entity_name"],
                "entity_version": entity["entity_version"],
                "endpoint_config_version": config["config_version"],
                "change_time": now_ms() / 1000,
            }
            self._store.put(_KIND, entity["id"], row, scope=endpoint["workspace_id"])

    def view(self, caller: Caller) -> Document:
        """The view as Unity Catalog describes one, with the rows of the endpoints that the caller may view."""
        visible = {endpoint["id"] for endpoint in self._endpoints.viewable(caller)}
        workspace_id = caller.workspace.workspace_id
        known = self._store.all(_KIND, scope=workspace_id)
        rows = [row for row in known if caller.is_admin or row["endpoint_id"] in visible]
        return {
            "catalog_name": CATALOG,
            "schema_name": SCHEMA,
            "name": NAME,
            "full_name": FULL_NAME,
            "table_id": FULL_NAME,
            "table_type": "VIEW",
            "owner": "System user",
            "comment": "Served entities of Model Serving",
            "columns": [
                {"name": name, "type_text": kind, "type_name": kind.upper(), "position": place, "nullable": True}
                for place, (name, kind) in enumerate(_COLUMNS.items())
            ],
            "view_definition": text_of(rows),
        }


def text_of(rows: Sequence[Document]) -> str:
    """The SQL of a view with these rows."""
    if not rows:
        empty = ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in _COLUMNS.items())
        return f"SELECT * FROM (SELECT {empty}) WHERE false"  # noqa: S608 - constants
    values = ", ".join(f"({', '.join(_literal(row[name], kind) for name, kind in _COLUMNS.items())})" for row in rows)
    return f"SELECT * FROM VALUES {values} AS kept({', '.join(_COLUMNS)})"  # noqa: S608 - every value is a literal


def _literal(value: str | float, kind: str) -> str:
    if kind == "timestamp":
        return f"timestamp_millis({int(float(value) * 1000)})"
    if kind == "int":
        return str(int(value))
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"
