"""Database instances, synced tables and pipelines as their APIs show them.

Source: databricks-sdk's `service/database.py` and `service/pipelines.py`.
"""

from datetime import UTC, datetime
from typing import Any

from brickyard_local.account import HOST
from brickyard_local.databases.payloads import DEFAULTS
from brickyard_local.store import Document

QUEUED, RUNNING, COMPLETED, FAILED, CANCELED = "QUEUED", "RUNNING", "COMPLETED", "FAILED", "CANCELED"
ACTIVE = frozenset({QUEUED, RUNNING})
_CAPACITY, _PG_VERSION = "CU_2", "PG_VERSION_16"
_STATE = "SYNCED_TABLE_"
_LISTED_UPDATE = ("update_id", "pipeline_id", "state", "cause", "creation_time", "full_refresh")


def moment(milliseconds: int) -> str:
    """RFC 3339, as these APIs write times.

    >>> moment(1500)
    '1970-01-01T00:00:01.500Z'
    """
    text = datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def instance_info(instance: Document) -> Document:
    """DatabaseInstance. Settings are input; what they came to is `effective_…`."""
    found = {**instance, "capacity": instance["capacity"] or _CAPACITY}
    effective = {f"effective_{name}": found[name] for name in DEFAULTS if found[name] not in ("", [])}
    capacity = {"capacity": instance["capacity"]} if instance["capacity"] else {}
    tags = {"custom_tags": instance["custom_tags"]} if instance["custom_tags"] else {}
    secondary = {"read_only_dns": HOST} if instance["enable_readable_secondaries"] else {}
    return {
        "name": instance["name"],
        "uid": instance["uid"],
        "creator": instance["creator"],
        "creation_time": moment(instance["created_at"]),
        "pg_version": _PG_VERSION,
        "read_write_dns": HOST,
        "state": "STOPPED" if instance["stopped"] else "AVAILABLE",
        **capacity,
        **tags,
        **secondary,
        **effective,
    }


def synced_table_info(synced: Document, update: Document | None) -> Document:
    """SyncedDatabaseTable; `update` is the last of its pipeline."""
    return {
        "name": synced["full_name"],
        "database_instance_name": synced["instance_name"],
        "effective_database_instance_name": synced["instance_name"],
        "logical_database_name": synced["database"],
        "effective_logical_database_name": synced["database"],
        "spec": synced["spec"],
        "unity_catalog_provisioning_state": "ACTIVE",
        "data_synchronization_status": _status(synced, update),
    }


def _status(synced: Document, update: Document | None) -> Document:
    """What was synced is told only while its rows are there to be read."""
    synced_now = synced["last_sync"] if synced["present"] else None
    state = _detailed(synced, update)
    status: Document = {
        "detailed_state": _STATE + state,
        "pipeline_id": synced["pipeline_id"],
        "message": _message(synced, state),
    }
    if synced_now is not None:
        status["last_sync"] = _position(synced_now)
    progress = _progress(synced_now)
    if state in {"OFFLINE_FAILED", "ONLINE_PIPELINE_FAILED"}:
        status["failed_status"] = progress
    elif state.startswith("ONLINE"):
        status["triggered_update_status"] = progress
    elif state == "PROVISIONING_INITIAL_SNAPSHOT":
        phase = {"provisioning_phase": "PROVISIONING_PHASE_MAIN"}
        status["provisioning_status"] = {"initial_pipeline_sync_progress": phase}
    return status


def _progress(sync: Document | None) -> Document:
    if sync is None:
        return {}
    return {"last_processed_commit_version": sync["version"], "timestamp": moment(sync["ended_at"])}


def _detailed(synced: Document, update: Document | None) -> str:
    active = update is not None and update["state"] in ACTIVE
    failed = synced["failure"] is not None
    if synced["present"]:
        if active:
            return "ONLINE_TRIGGERED_UPDATE"
        return "ONLINE_PIPELINE_FAILED" if failed else "ONLINE_NO_PENDING_UPDATE"
    if active or synced["restoring"]:
        return "PROVISIONING_INITIAL_SNAPSHOT"
    return "OFFLINE_FAILED" if failed else "PROVISIONING_PIPELINE_RESOURCES"


def _message(synced: Document, state: str) -> str:
    if state.endswith("FAILED"):
        return str(synced["failure"])
    if synced["last_sync"] is None:
        return "The first copy is under way."
    version = synced["last_sync"]["version"]
    if synced["present"]:
        return f"Version {version} of the source is there."
    return f"The rows of version {version} are copied again: the local workspace was started anew."


def _position(sync: Document) -> Document:
    return {
        "delta_table_sync_info": {
            "delta_commit_version": sync["version"],
            "delta_commit_timestamp": moment(sync["committed_at"]),
        },
        "sync_start_timestamp": moment(sync["began_at"]),
        "sync_end_timestamp": moment(sync["ended_at"]),
    }


def pipeline_info(synced: Document, updates: list[Document]) -> Document:
    """GetPipelineResponse; updates are newest first."""
    latest = updates[0] if updates else None
    state = "RUNNING" if latest is not None and latest["state"] in ACTIVE else "IDLE"
    failed = latest is not None and latest["state"] == FAILED
    return {
        "pipeline_id": synced["pipeline_id"],
        "name": pipeline_name(synced),
        "creator_user_name": synced["creator"],
        "run_as_user_name": synced["creator"],
        "state": state,
        "health": "UNHEALTHY" if failed else "HEALTHY",
        "last_modified": synced["created_at"],
        "latest_updates": [
            {"update_id": each["update_id"], "state": each["state"], "creation_time": moment(each["creation_time"])}
            for each in updates[:5]
        ],
        "spec": {"id": synced["pipeline_id"], "name": pipeline_name(synced), "continuous": False, "serverless": True},
        **({"cause": latest["message"]} if failed and latest is not None else {}),
    }


def pipeline_name(synced: Document) -> str:
    """What people read of the pipeline that Databricks makes for a synced table."""
    return f"Synced table: {synced['full_name']}"


def update_info(update: Document) -> dict[str, Any]:
    """UpdateInfo."""
    return {field: update[field] for field in _LISTED_UPDATE}
