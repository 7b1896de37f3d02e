"""Request bodies of the warehouses API. A field that is not listed is refused, never lost.

Source: databricks-sdk's `service/sql.py` (WarehousesAPI); the provider's sql/resource_sql_endpoint.go (sizes).
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Size = Literal[
    "2X-Small", "X-Small", "Small", "Medium", "Large", "X-Large", "2X-Large", "3X-Large", "4X-Large", "5X-Large"
]
ChannelName = Literal["CHANNEL_NAME_CURRENT", "CHANNEL_NAME_PREVIEW", "CHANNEL_NAME_PREVIOUS", "CHANNEL_NAME_CUSTOM"]
_MOST_CLUSTERS = 40
_LEAST_IDLE_MINS = 10
MOST_TAGS = 44


class Payload(BaseModel, defer_build=True):
    """A body without unknown fields; `given()` holds only what the client sent."""

    model_config = ConfigDict(extra="forbid")

    def given(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True, exclude_none=True)


class Channel(Payload):
    """The release of Databricks SQL; here it is the installed Spark whatever is asked for."""

    name: (
        Literal["CHANNEL_NAME_CURRENT", "CHANNEL_NAME_PREVIEW", "CHANNEL_NAME_PREVIOUS", "CHANNEL_NAME_CUSTOM"] | None
    ) = None
    dbsql_version: str | None = None


class Tag(Payload):
    """A custom tag."""

    key: str
    value: str


class Tags(Payload):
    """Custom tags."""

    custom_tags: list[Tag] = Field(default=[], max_length=MOST_TAGS)


class WarehouseBody(Payload):
    """POST /warehouses, and POST /warehouses/{id}/edit, which keeps what it does not name."""

    id: str | None = None
    name: str | None = Field(default=None, min_length=1, max_length=99)
    cluster_size: Size | None = None
    auto_stop_mins: int | None = None
    min_num_clusters: int | None = Field(default=None, ge=1, le=30)
    max_num_clusters: int | None = Field(default=None, ge=1, le=_MOST_CLUSTERS)
    enable_photon: bool | None = None
    enable_serverless_compute: bool | None = None
    spot_instance_policy: Literal["COST_OPTIMIZED", "POLICY_UNSPECIFIED", "RELIABILITY_OPTIMIZED"] | None = None
    warehouse_type: Literal["PRO", "CLASSIC"] | None = None
    channel: Channel | None = None
    tags: Tags | None = None
    instance_profile_arn: str | None = None
    creator_name: str | None = None

    @model_validator(mode="after")
    def _rules(self) -> "WarehouseBody":
        if self.auto_stop_mins is not None and 0 != self.auto_stop_mins < _LEAST_IDLE_MINS:
            message = f"auto_stop_mins is {self.auto_stop_mins}; it must be 0 (never) or at least {_LEAST_IDLE_MINS}"
            raise ValueError(message)
        low, high = self.min_num_clusters, self.max_num_clusters
        if low is not None and high is not None and low > high:
            message = f"min_num_clusters is {low}; it must not be above max_num_clusters, {high}"
            raise ValueError(message)
        return self


class Pair(Payload):
    """A key and its value."""

    key: str
    value: str


class Pairs(Payload):
    """SQL configuration parameters."""

    configuration_pairs: list[Pair] = []
    config_pair: list[Pair] = []


class WarehouseType(Payload):
    """Whether warehouses of a type may be made."""

    warehouse_type: Literal["PRO", "CLASSIC", "TYPE_UNSPECIFIED"]
    enabled: bool = False


class WorkspaceConfig(Payload):
    """PUT /config/warehouses."""

    security_policy: Literal["DATA_ACCESS_CONTROL", "NONE", "PASSTHROUGH"] = "DATA_ACCESS_CONTROL"
    data_access_config: list[Pair] = []
    sql_configuration_parameters: Pairs | None = None
    enable_serverless_compute: bool | None = None
    enabled_warehouse_types: list[WarehouseType] = []
    channel: Channel | None = None
    config_param: Pairs | None = None
    global_param: Pairs | None = None
    instance_profile_arn: str | None = None
    google_service_account: str | None = None
