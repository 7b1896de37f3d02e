"""Bodies of the Lakeview API. Source: databricks-sdk's `service/dashboards.py` (Dashboard, PublishRequest)."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class Payload(BaseModel, defer_build=True):
    """A body without unknown fields; `given()` holds only what the client sent."""

    model_config = ConfigDict(extra="forbid")

    def given(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True, exclude_none=True)


class DashboardBody(Payload):
    """POST /dashboards, PATCH /dashboards/{id}; what the server fills is accepted and dropped, but for `etag`."""

    display_name: str | None = None
    parent_path: str | None = None
    serialized_dashboard: str | None = None
    warehouse_id: str | None = None
    etag: str | None = None
    create_time: str | None = Field(default=None, exclude=True)
    dashboard_id: str | None = Field(default=None, exclude=True)
    lifecycle_state: str | None = Field(default=None, exclude=True)
    path: str | None = Field(default=None, exclude=True)
    update_time: str | None = Field(default=None, exclude=True)


class PublishBody(Payload):
    """POST /dashboards/{id}/published. Without `embed_credentials` the platform embeds them."""

    embed_credentials: bool = True
    warehouse_id: str | None = None
    dashboard_id: str | None = Field(default=None, exclude=True)
