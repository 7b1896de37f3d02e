"""Bodies of the queries API. Source: databricks-sdk's `service/sql.py` (QueriesAPI, QueryParameter)."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class Payload(BaseModel, defer_build=True):
    """A body without unknown fields; `given()` holds only what the client sent."""

    model_config = ConfigDict(extra="forbid")

    def given(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True, exclude_none=True, by_alias=True)


class QueryParameter(Payload):
    """A widget of the query, with its value; kept as it is given."""

    name: str
    title: str | None = None
    text_value: dict[str, Any] | None = None
    numeric_value: dict[str, Any] | None = None
    date_value: dict[str, Any] | None = None
    date_range_value: dict[str, Any] | None = None
    enum_value: dict[str, Any] | None = None
    query_backed_value: dict[str, Any] | None = None


class QueryFields(Payload):
    """A query."""

    display_name: str | None = None
    query_text: str | None = None
    warehouse_id: str | None = None
    description: str | None = None
    parent_path: str | None = None
    catalog: str | None = None
    schema_: str | None = Field(default=None, alias="schema")
    parameters: list[QueryParameter] | None = None
    tags: list[str] | None = None
    run_as_mode: Literal["OWNER", "VIEWER"] | None = None
    apply_auto_limit: bool | None = None
    owner_user_name: str | None = None


class CreateQuery(Payload):
    """POST /queries."""

    query: QueryFields = QueryFields()
    auto_resolve_display_name: bool = False


class UpdateQuery(Payload):
    """PATCH /queries/{id}."""

    query: QueryFields = QueryFields()
    update_mask: str
    auto_resolve_display_name: bool = False
    id: str | None = None
