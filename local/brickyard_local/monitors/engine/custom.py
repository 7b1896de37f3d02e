"""Custom metrics: Jinja templates of SQL expressions.

Aggregates are computed over the rows of a group, derived ones over the metrics of a row of the profile, and drift
metrics over two such rows.
Source: docs.databricks.com/lakehouse-monitoring/custom-metrics
"""

# ruff: noqa: S608 - names are quoted; expressions are those of the principal that runs them

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from brickyard_local.monitors.engine.request import Request

AGGREGATE, DERIVED, DRIFT = (f"CUSTOM_METRIC_TYPE_{name}" for name in ("AGGREGATE", "DERIVED", "DRIFT"))
_CURRENT, _BASE = "current_df", "base_df"


@dataclass(frozen=True, kw_only=True, slots=True)
class Aggregate:
    """One aggregate metric of one column, as an expression."""

    name: str
    column: str
    expression: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomMetrics:
    """The custom metrics of a monitor."""

    request: Request

    def of_type(self, type_: str) -> list[Mapping[str, Any]]:
        return [metric for metric in self.request.custom_metrics if metric["type"] == type_]

    def columns(self, *types: str) -> dict[str, str]:
        """Columns of an output table and their types."""
        return {metric["name"]: output_type(metric) for type_ in types for metric in self.of_type(type_)}

    def aggregates(self, known: Sequence[str]) -> list[Aggregate]:
        """Those of columns that a table has."""
        return [
            Aggregate(name=metric["name"], column=column, expression=self._expression(metric, column))
            for metric in self.of_type(AGGREGATE)
            for column in metric["input_columns"]
            if column in known or column == ":table"
        ]

    def derive(self, spark: Any, view: str, rows: Sequence[dict[str, Any]]) -> None:
        """Add derived metrics to rows of the profile that a view shows, each with its position as `:row`."""
        for metric in self.of_type(DERIVED):
            for column in metric["input_columns"]:
                query = (
                    f"SELECT `:row`, {self._expression(metric, column)} AS v FROM {view} WHERE column_name = :column"
                )
                _keep(rows, metric["name"], spark.sql(query, args={"column": column}).collect())

    def compare(self, spark: Any, views: tuple[str, str], rows: Sequence[dict[str, Any]]) -> None:
        """Add drift metrics to rows of the drift; `views` show the profile, and pairs of positions in it."""
        profile, pairs = views
        for metric in self.of_type(DRIFT):
            for column in metric["input_columns"]:
                query = (
                    f"SELECT p.`:row`, {self._expression(metric, column)} AS v FROM {pairs} p "
                    f"JOIN {profile} {_CURRENT} ON {_CURRENT}.`:row` = p.`:now` "
                    f"JOIN {profile} {_BASE} ON {_BASE}.`:row` = p.`:before` WHERE {_CURRENT}.column_name = :column"
                )
                _keep(rows, metric["name"], spark.sql(query, args={"column": column}).collect())

    def _expression(self, metric: Mapping[str, Any], column: str) -> str:
        """Errors: jinja2.TemplateError."""
        log = self.request.inference_log
        environment = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
        text = environment.from_string(metric["definition"]).render(
            input_column=column,
            prediction_col=log.get("prediction_col"),
            label_col=log.get("label_col"),
            current_df=_CURRENT,
            base_df=_BASE,
        )
        return f"CAST(({text}) AS {output_type(metric)})"


def output_type(metric: Mapping[str, Any]) -> str:
    """A SQL type; clients send it as such or as the JSON of a Spark field or type.

    >>> output_type({"output_data_type": '{"name":"output","type":"double","nullable":true,"metadata":{}}'})
    'double'
    """
    text: str = metric["output_data_type"]
    try:
        parsed = json.loads(text)
    except ValueError:
        return text
    return str(parsed["type"]) if isinstance(parsed, dict) else str(parsed)


def _keep(rows: Sequence[dict[str, Any]], name: str, answers: Sequence[Any]) -> None:
    for answer in answers:
        rows[answer[":row"]][name] = answer["v"]
