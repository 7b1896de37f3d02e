"""What a synced table may be: the rules that its specification has by itself, and with the table that it copies."""

from typing import Any

from brickyard_local.databases.payloads import SyncedTableSpec
from brickyard_local.errors import InvalidParameter, NotEmulated
from brickyard_local.store import Document

CHANGE_DATA_FEED = "delta.enableChangeDataFeed"
SNAPSHOT, TRIGGERED, CONTINUOUS = "SNAPSHOT", "TRIGGERED", "CONTINUOUS"
_NOT_EMULATED = ("existing_pipeline_id", "accelerated_sync", "type_overrides")


def checked_spec(spec: SyncedTableSpec, source: Document) -> dict[str, Any]:
    """The specification, with the names of columns as the source writes them. Errors: InvalidParameter, NotEmulated."""
    given = {field: value for field, value in spec.given().items() if value is not None}
    policy = given.setdefault("scheduling_policy", SNAPSHOT)
    if policy == CONTINUOUS:
        raise NotEmulated("synced tables that are CONTINUOUS; SNAPSHOT and TRIGGERED are")
    for field in _NOT_EMULATED:
        if given.get(field):
            raise NotEmulated(f"`{field}` of a synced table")
    if not given.get("primary_key_columns"):
        raise InvalidParameter("spec.primary_key_columns is empty: rows of a synced table are found by their key.")
    if policy == TRIGGERED:
        require_change_data_feed(source)
    given["primary_key_columns"] = [_column(source, name, "primary_key_columns") for name in spec.primary_key_columns]
    if len(set(given["primary_key_columns"])) < len(given["primary_key_columns"]):
        raise InvalidParameter(f"spec.primary_key_columns {spec.primary_key_columns} name a column twice.")
    if given.get("timeseries_key"):
        given["timeseries_key"] = _column(source, given["timeseries_key"], "timeseries_key")
    return {**given, "source_table_full_name": source["full_name"]}


def require_change_data_feed(source: Document) -> None:
    """Errors: InvalidParameter for a source that does not record its changes."""
    if str(source.get("properties", {}).get(CHANGE_DATA_FEED, "")).lower() != "true":
        name = source["full_name"]
        raise InvalidParameter(
            f"Source table '{name}' does not have change data feed enabled, which scheduling_policy TRIGGERED needs: "
            f"ALTER TABLE {name} SET TBLPROPERTIES ({CHANGE_DATA_FEED} = true), or ask for SNAPSHOT."
        )


def _column(source: Document, wanted: str, field: str) -> str:
    names = [str(column["name"]) for column in source.get("columns", [])]
    found = next((name for name in names if name.lower() == wanted.lower()), None)
    if found is None:
        raise InvalidParameter(f"spec.{field} names '{wanted}': '{source['full_name']}' has the columns {names}.")
    return found
