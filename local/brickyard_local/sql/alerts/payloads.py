"""Bodies of the alerts v2 API. Source: databricks-sdk's `service/sql.py` (AlertV2 and its parts)."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from brickyard_local.sql.statements.payloads import Parameter

Aggregation = Literal["AVG", "COUNT", "COUNT_DISTINCT", "MAX", "MEDIAN", "MIN", "STDDEV", "SUM"]
Operator = Literal[
    "EQUAL",
    "NOT_EQUAL",
    "GREATER_THAN",
    "GREATER_THAN_OR_EQUAL",
    "LESS_THAN",
    "LESS_THAN_OR_EQUAL",
    "IS_NULL",
    "IS_NOT_NULL",
]


class Payload(BaseModel, defer_build=True):
    """A body without unknown fields; `given()` holds only what the client sent."""

    model_config = ConfigDict(extra="forbid")

    def given(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True, exclude_none=True)


class OperandColumn(Payload):
    """A column of the result; without an aggregation its value in the first row."""

    name: str
    aggregation: Aggregation | None = None
    display: str | None = None


class OperandValue(Payload):
    """A constant: one of the three."""

    bool_value: bool | None = None
    double_value: float | None = None
    string_value: str | None = None


class Operand(Payload):
    """What is compared with: a column or a constant."""

    column: OperandColumn | None = None
    value: OperandValue | None = None


class Subscription(Payload):
    """Who is told."""

    user_email: str | None = None
    destination_id: str | None = None


class Notification(Payload):
    """When somebody is told."""

    notify_on_ok: bool | None = None
    retrigger_seconds: int | None = Field(default=None, ge=0)
    subscriptions: list[Subscription] = []


class Evaluation(Payload):
    """The condition; `state` and `last_evaluated_at` are the server's, what a client sends there is dropped."""

    source: OperandColumn
    comparison_operator: Operator
    threshold: Operand | None = None
    empty_result_state: Literal["OK", "TRIGGERED", "ERROR", "UNKNOWN"] | None = None
    notification: Notification | None = None
    state: str | None = Field(default=None, exclude=True)
    last_evaluated_at: str | None = Field(default=None, exclude=True)

    @model_validator(mode="after")
    def _has_threshold(self) -> "Evaluation":
        needs = self.comparison_operator not in {"IS_NULL", "IS_NOT_NULL"}
        given = self.threshold is not None and (self.threshold.column or self.threshold.value) is not None
        if needs and not given:
            message = f"comparison_operator {self.comparison_operator} needs a threshold: a column or a value"
            raise ValueError(message)
        return self


class CronSchedule(Payload):
    """When the alert is evaluated."""

    quartz_cron_schedule: str
    timezone_id: str
    pause_status: Literal["PAUSED", "UNPAUSED"] | None = None


class RunAs(Payload):
    """Whose rights the query has."""

    user_name: str | None = None
    service_principal_name: str | None = None


class AlertBody(Payload):
    """POST /alerts, PATCH /alerts/{id}; what the server fills is accepted and dropped."""

    display_name: str | None = None
    query_text: str | None = None
    warehouse_id: str | None = None
    evaluation: Evaluation | None = None
    schedule: CronSchedule | None = None
    parameters: list[Parameter] | None = None
    custom_description: str | None = None
    custom_summary: str | None = None
    custom_template_format: Literal["HTML", "MARKDOWN"] | None = None
    parent_path: str | None = None
    run_as: RunAs | None = None
    run_as_user_name: str | None = None
    id: str | None = Field(default=None, exclude=True)
    create_time: str | None = Field(default=None, exclude=True)
    update_time: str | None = Field(default=None, exclude=True)
    owner_user_name: str | None = Field(default=None, exclude=True)
    lifecycle_state: str | None = Field(default=None, exclude=True)
    effective_run_as: RunAs | None = Field(default=None, exclude=True)
