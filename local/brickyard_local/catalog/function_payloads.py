"""Request bodies of functions. Source: `CreateFunction` of databricks-sdk's `service/catalog.py`."""

from typing import Any, Literal

from pydantic import Field

from brickyard_local.catalog.payloads import Payload


class Parameter(Payload):
    """An argument of a function, or a column of what a table function returns."""

    name: str
    type_text: str
    type_name: str
    position: int
    comment: str | None = None
    parameter_default: str | None = None
    parameter_mode: Literal["IN"] | None = None
    parameter_type: Literal["PARAM", "COLUMN"] | None = None
    type_interval_type: str | None = None
    type_json: str | None = None
    type_precision: int | None = None
    type_scale: int | None = None


class Parameters(Payload):
    """In the order of their positions."""

    parameters: list[Parameter] = Field(default_factory=list)


class NewFunction(Payload):
    """A function as a client describes it."""

    catalog_name: str
    schema_name: str
    name: str
    input_params: Parameters
    data_type: str
    full_data_type: str
    routine_body: Literal["SQL", "EXTERNAL"]
    routine_definition: str
    parameter_style: Literal["S"]
    is_deterministic: bool
    sql_data_access: Literal["CONTAINS_SQL", "READS_SQL_DATA", "NO_SQL"]
    is_null_call: bool
    security_type: Literal["DEFINER"]
    specific_name: str
    comment: str | None = None
    external_language: str | None = None
    external_name: str | None = None
    properties: str | None = None
    return_params: Parameters | None = None
    routine_dependencies: dict[str, Any] | None = None
    sql_path: str | None = None


class CreateFunction(Payload):
    """POST /functions."""

    function_info: NewFunction


class UpdateFunction(Payload):
    """PATCH /functions/{name}."""

    owner: str | None = None
