"""The body of a statement. Source: databricks-sdk's `service/sql.py`, execute_statement."""

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

_MOST_BYTES = 16 * 1024 * 1024
_WAIT = re.compile(r"(\d+)s")
_SHORTEST_S, _LONGEST_S = 5, 50


class Parameter(BaseModel, defer_build=True):
    """A named parameter; without `type` it is a STRING, without `value` it is NULL."""

    model_config = ConfigDict(extra="forbid")

    name: str
    value: str | None = None
    type: str | None = None


class QueryTag(BaseModel, defer_build=True):
    """Shown in the query history of Databricks; kept with the statement here."""

    model_config = ConfigDict(extra="forbid")

    key: str
    value: str | None = None


class StatementBody(BaseModel, defer_build=True):
    """POST /statements."""

    model_config = ConfigDict(extra="forbid")

    statement: str = Field(min_length=1, max_length=_MOST_BYTES)
    warehouse_id: str
    catalog: str | None = None
    schema_: str | None = Field(default=None, alias="schema")
    parameters: list[Parameter] = []
    row_limit: int | None = Field(default=None, ge=1)
    byte_limit: int | None = Field(default=None, ge=1)
    disposition: Literal["INLINE", "EXTERNAL_LINKS"] = "INLINE"
    format: Literal["JSON_ARRAY", "ARROW_STREAM", "CSV"] = "JSON_ARRAY"
    wait_timeout: str = "10s"
    on_wait_timeout: Literal["CONTINUE", "CANCEL"] = "CONTINUE"
    query_tags: list[QueryTag] = []

    @field_validator("wait_timeout")
    @classmethod
    def _range(cls, given: str) -> str:
        found = _WAIT.fullmatch(given)
        if found is None or not (int(found[1]) == 0 or _SHORTEST_S <= int(found[1]) <= _LONGEST_S):
            message = f"wait_timeout is '{given}'; it must be 0s, or 5s to 50s"
            raise ValueError(message)
        return given

    @model_validator(mode="after")
    def _possible(self) -> "StatementBody":
        if self.disposition == "INLINE" and self.format != "JSON_ARRAY":
            message = f"format {self.format} needs disposition EXTERNAL_LINKS; INLINE results are JSON_ARRAY"
            raise ValueError(message)
        return self

    @property
    def wait_s(self) -> int:
        return int(self.wait_timeout.removesuffix("s"))
