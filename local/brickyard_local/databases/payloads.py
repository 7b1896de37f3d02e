"""Request bodies of database instances, their credentials, synced tables, and updates of their pipelines."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Capacity = Literal["CU_1", "CU_2", "CU_4", "CU_8"]
# What a database instance can be set to, and is where nobody says.
DEFAULTS: dict[str, Any] = {
    "capacity": None,
    "custom_tags": [],
    "enable_pg_native_login": False,
    "enable_readable_secondaries": False,
    "node_count": 1,
    "retention_window_in_days": 7,
    "stopped": False,
    "usage_policy_id": "",
}


class Payload(BaseModel, defer_build=True):
    """A body without unknown fields; `given()` holds only what the client sent."""

    model_config = ConfigDict(extra="forbid")

    def given(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True)


class CustomTag(Payload):
    """A tag that usage is billed under."""

    key: str | None = None
    value: str | None = None


class InstanceBody(Payload):
    """A database instance as clients send it. What the server alone says is taken and left aside, as on Databricks."""

    name: str
    capacity: Capacity | None = None
    custom_tags: list[CustomTag] | None = None
    enable_pg_native_login: bool | None = None
    enable_readable_secondaries: bool | None = None
    node_count: int | None = None
    parent_instance_ref: dict[str, Any] | None = None
    retention_window_in_days: int | None = None
    stopped: bool | None = None
    usage_policy_id: str | None = None
    purge_on_delete: bool | None = None
    child_instance_refs: list[dict[str, Any]] | None = None
    creation_time: str | None = None
    creator: str | None = None
    effective_capacity: str | None = None
    effective_custom_tags: list[CustomTag] | None = None
    effective_enable_pg_native_login: bool | None = None
    effective_enable_readable_secondaries: bool | None = None
    effective_node_count: int | None = None
    effective_retention_window_in_days: int | None = None
    effective_stopped: bool | None = None
    effective_usage_policy_id: str | None = None
    pg_version: str | None = None
    read_only_dns: str | None = None
    read_write_dns: str | None = None
    state: str | None = None
    uid: str | None = None


class RequestedResource(Payload):
    """What a claim is about."""

    table_name: str | None = None
    unspecified_resource_name: str | None = None


class RequestedClaims(Payload):
    """Permissions of Unity Catalog that a credential carries."""

    permission_set: Literal["READ_ONLY"] | None = None
    resources: list[RequestedResource] = []


class CredentialBody(Payload):
    """The body of POST /credentials."""

    instance_names: list[str] = []
    claims: list[RequestedClaims] = []
    request_id: str | None = None


class NewPipelineSpec(Payload):
    """Where a pipeline keeps its own files on Databricks."""

    storage_catalog: str | None = None
    storage_schema: str | None = None
    budget_policy_id: str | None = None


class SyncedTableSpec(Payload):
    """What is copied, and when."""

    source_table_full_name: str | None = None
    primary_key_columns: list[str] = []
    scheduling_policy: Literal["CONTINUOUS", "SNAPSHOT", "TRIGGERED"] | None = None
    timeseries_key: str | None = None
    create_database_objects_if_missing: bool | None = None
    new_pipeline_spec: NewPipelineSpec | None = None
    existing_pipeline_id: str | None = None
    accelerated_sync: bool | None = None
    type_overrides: list[dict[str, Any]] | None = None


class SyncedTableBody(Payload):
    """A synced table as clients send it."""

    name: str
    database_instance_name: str | None = None
    logical_database_name: str | None = None
    spec: SyncedTableSpec = SyncedTableSpec()
    data_synchronization_status: dict[str, Any] | None = None
    effective_database_instance_name: str | None = None
    effective_logical_database_name: str | None = None
    unity_catalog_provisioning_state: str | None = None


class StartUpdate(Payload):
    """The body of POST /pipelines/{id}/updates."""

    full_refresh: bool | None = None
    cause: str | None = None
    development: bool | None = None
    full_refresh_selection: list[str] | None = None
    parameters: dict[str, str] | None = None
    refresh_selection: list[str] | None = None
    replace_where_overrides: list[dict[str, Any]] | None = None
    reset_checkpoint_selection: list[str] | None = None
    rewind_spec: dict[str, Any] | None = None
    validate_only: bool | None = None
